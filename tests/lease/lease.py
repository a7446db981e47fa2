#!/usr/bin/env python3
"""berth lease and berth leases, with real commands in private namespaces.

usage: lease.py BERTH [CASE...]   (FULL=1: a thousand leases at once instead of a hundred)
"""
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from common import ENVIRONMENT, end, leases, refused, run, start, until
from inside import NOBODY, TOOLS, case, check, equal, listen, main

PYTHON = sys.executable
HOLD = ["sh", "-c", "echo $PORT; exec sleep 1000"]


def leased(*arguments, command=HOLD, **options):
    """A lease that goes on; .port is its first port."""
    process = start("lease", *arguments, "--", *command, **options)
    process.port = int(process.stdout.readline())
    return process


def kill(process, number=signal.SIGTERM):
    """End wrapper and command; returns the status."""
    process.send_signal(number)
    process.wait(timeout=50)
    process.stdout.close()
    process.stderr.close()
    return process.returncode


def sockets(pid):
    n = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            n += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
        except FileNotFoundError:
            pass  # closed meanwhile
    return n


def gone():
    until(lambda: not leases(), "all leases end")


@case
def environment_and_places():
    out, _ = run(0, "lease", "web-api", "db=7000-7009", "--", "sh", "-c",
                 "echo $PORT $WEB_API_PORT $DB_PORT {PORT} {web-api} {db} {other} '{' {}")
    port, again, db, *rest = out.split()
    check(port == again and 12346 <= int(port) <= 14935 and 7000 <= int(db) <= 7009, out)
    equal(rest, [port, port, db, "{other}", "{", "{}"])
    out, _ = run(0, "lease", "--", "sh", "-c", "env | grep -c PORT")
    equal(out, "1\n", "only PORT")
    gone()


@case
def status_is_passed_on():
    run(0, "lease", "--", "true")
    run(7, "lease", "-q", "--", "sh", "-c", "exit 7")
    run(137, "lease", "--", "sh", "-c", "kill -9 $$")
    refused(127, "cannot run nosuch", "lease", "--", "nosuch")
    refused(126, "cannot run /", "lease", "--", "/")
    gone()


@case
def signals_are_passed_on():
    script = "trap 'exit 5' USR1; trap 'exit 6' INT; echo $PORT; while :; do sleep 0.01; done"
    for number, status in ((signal.SIGUSR1, 5), (signal.SIGINT, 6), (signal.SIGTERM, 143)):
        equal(kill(leased("-q", command=["sh", "-c", script]), number), status)
    out, _ = run(0, "lease", "--", "sh", "-c", "grep SigIgn /proc/self/status; grep SigBlk /proc/self/status",
                 before=["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"])
    ours = next(line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines()
                if line.startswith("SigIgn"))
    ignored = int(ours.split()[1], 16) & ~(1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1) | 1  # Python's own
    check(f"SigIgn:\t{ignored:016x}" in out and "SigBlk:\t0000000000000000" in out, out)


@case
def the_lease_outlives_its_wrapper():
    lease = leased()
    owner = leases()[lease.port]["pid"]
    lease.kill()
    lease.wait()
    equal(leases()[lease.port]["pid"], owner, "the command has it still")
    refused(125, "1 leased", "lease", f"x={lease.port}", "--", "true")
    os.kill(owner, signal.SIGKILL)
    gone()


@case
def a_grandchild_keeps_it():
    lease = leased(command=["sh", "-c", "echo $PORT; sleep 1000 >/dev/null 2>&1 & echo $!"])
    grandchild = int(lease.stdout.readline())
    end(lease, 0)
    equal([h["pid"] for h in leases()[lease.port]["holders"]], [grandchild])
    os.kill(grandchild, signal.SIGKILL)
    gone()


@case
def a_command_that_closes_everything():
    """The wrapper keeps it until the command ends."""
    lease = leased(command=[PYTHON, "-c", "import os,time;print(os.environ['PORT'],flush=True);os.closerange(3,1024);time.sleep(1000)"])
    until(lambda: [h["program"] for h in leases()[lease.port]["holders"]] == ["berth"], "only berth holds it")
    equal(kill(lease), 143)
    gone()


@case
def leases_tells_whose():
    lease = leased("web")
    until(lambda: leases()[lease.port]["owner"]["program"] == "sleep", "the shell has become sleep")
    one = leases()[lease.port]
    equal((one["name"], one["kind"], one["protocols"], one["user"]), ("web", "command", ["tcp", "udp"], "root"))
    equal((one["owner"]["program"], one["owner"]["pid"]), ("sleep", one["pid"]))
    equal(sorted(h["program"] for h in one["holders"]), ["berth", "sleep"])
    check(abs(time.time() - time.mktime(time.strptime(one["since"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 120, one["since"])
    out, _ = run(0, "leases")
    check(f"{lease.port}/tcp,udp" in out and "web" in out and "sleep (pid" in out, out)
    out, _ = run(0, "leases", before=NOBODY)
    check("permission denied" in out and "root" in out, out)
    kill(lease)
    equal(run(0, "leases")[0], "nothing is leased\n")
    run(1, "leases", "-q")


@case
def names_that_only_look_like_leases():
    """Another user's record beside a lock, a name with a line break, nonsense: none of it counts."""
    lease = leased("web")
    code = ("import socket,time\n"
            "def n(x):\n s=socket.socket(socket.AF_UNIX); s.bind('\\0'+x); return s\n"
            f"a=[n('berth/leased/{lease.port}/2/0/5/c/evil'), n('berth/leased/{lease.port}/1/1/1/c/'),"
            "n('berth/lease/tcp/0'), n('berth/lease/tcp/99999'), n('berth/lease/sctp/7'), n('berth/leased/7/7/7/7/x/'),"
            "n('x\\n0: 2 0 0 1 1 7 @berth/lease/tcp/9'), n('berth/lease/tcp/09'), n('berth/leased/9/9/9/9/c/a\\x1b')]\n"
            "print(1,flush=True)\ntime.sleep(1000)\n")
    with subprocess.Popen([*NOBODY, PYTHON, "-c", code], stdout=subprocess.PIPE, env=ENVIRONMENT) as forger:
        forger.stdout.readline()
        found = leases()
        equal((sorted(found), found[lease.port]["name"]), ([lease.port], "web"))
        forger.kill()
    kill(lease)


@case
def held_until_the_command_listens():
    plain = "import socket\ns=socket.socket()\ntry:\n s.bind(('',{port}))\n print('bound')\nexcept OSError as e: print('refused')"
    server = ("import socket,os,sys\nprint(os.environ['PORT'],flush=True)\nsys.stdin.readline()\n"
              "s=socket.socket()\ns.setsockopt(1,2,1)\ns.bind(('127.0.0.1',int(os.environ['PORT'])))\ns.listen()\n"
              "print('up',flush=True)\nsys.stdin.readline()")
    lease = leased(command=[PYTHON, "-c", server], stdin=subprocess.PIPE)
    stranger = [PYTHON, "-c", plain.format(port=lease.port)]
    equal(subprocess.run(stranger, stdout=subprocess.PIPE, check=True).stdout, b"refused\n")
    before = sockets(lease.pid)
    lease.stdin.write("\n")
    lease.stdin.flush()
    equal(lease.stdout.readline(), "up\n")

    until(lambda: sockets(lease.pid) == before - 2, "it lets go")
    check(lease.port in leases(), "the lease stays")
    end(lease, 0)
    none = leased("--hold", "none")
    stranger = [PYTHON, "-c", plain.format(port=none.port)]
    equal(subprocess.run(stranger, stdout=subprocess.PIPE, check=True).stdout, b"bound\n")
    kill(none)


@case
def udp_is_leased_and_not_held():
    lease = leased()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("", lease.port))
    refused(125, "1 leased", "lease", f"x={lease.port}", "--", "true")
    kill(lease)


@case
def passed_as_sockets():
    code = ("import os,socket\nassert int(os.environ['LISTEN_PID'])==os.getpid()\n"
            "names=os.environ['LISTEN_FDNAMES'].split(':')\nassert os.environ['LISTEN_FDS']==str(len(names))\n"
            "for i,n in enumerate(names):\n s=socket.socket(fileno=3+i)\n"
            " c=socket.create_connection(('127.0.0.1',int(os.environ[n.upper()+'_PORT'])))\n s.accept()\n"
            " print(n,s.getsockname()[0])")
    out, _ = run(0, "lease", "--hold", "fd", "web", "api", "--", PYTHON, "-c", code)
    equal(out, "web 127.0.0.1\napi 127.0.0.1\n")
    out, _ = run(0, "lease", "--hold", "fd", "--on", "all", "web", "--", PYTHON, "-c", code)
    equal(out, "web ::\n")
    out, _ = run(0, "lease", "--hold", "fd", "--on", "127.0.0.2", "--", "sh", "-c", "ss -Hltn; echo $LISTEN_FDNAMES")
    check("127.0.0.2:" in out and out.endswith("port\n"), out)
    refused(125, "--on goes with --hold fd", "lease", "--on", "all", "--", "true")
    refused(125, "cannot run the command", "lease", "--hold", "fd", "--on", "192.0.2.1", "--", "true")


@case
def without_ipv6():
    with open("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w", encoding="ascii") as file:
        file.write("1")
    run(0, "lease", "--", "true")
    out, _ = run(0, "lease", "--hold", "fd", "--on", "all", "--", "true")
    equal(out, "")


@case
def exhausted_and_bad():
    a, b = leased("a=20000-20001"), leased("b=20000-20001")
    equal({a.port, b.port}, {20000, 20001})
    refused(125, "no port is left for c: 2 leased", "lease", "c=20000-20001", "--", "true")
    with listen(20002):
        refused(125, "2 leased, 1 bound by somebody", "lease", "c=20000-20002", "--", "true")
        refused(125, "1 bound by somebody; berth why 20002 says by whom", "lease", "c=20002", "--", "true")
    refused(125, "1 privileged", "lease", "c=80", "--", "true", before=NOBODY)
    refused(125, "no range of ports", "lease", "c=9-8", "--", "true")
    refused(125, "no range of ports", "lease", "c=0", "--", "true")
    refused(125, "no range of ports", "lease", "c=8000,", "--", "true")
    refused(125, "no NAME[=RANGE]", "lease", "a\x1b[31m", "--", "true")
    refused(125, "would both be called A_B_PORT", "lease", "a-b", "a_b", "--", "true")
    refused(125, "a command behind --", "lease", "a")
    refused(125, "--hold takes", "lease", "--hold", "x", "--", "true")
    refused(125, "at most 64 ports", "lease", *[f"n{i}" for i in range(65)], "--", "true")
    kill(a)
    kill(b)


@case
def a_closed_connection_is_not_in_the_way():
    """A fixed port can be leased again while its last server's connections are in TIME_WAIT."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 20000))
        server.listen()
        client = socket.create_connection(("127.0.0.1", 20000))
        there, _ = server.accept()
        there.close()
        client.close()
    out, _ = run(0, "lease", "x=20000", "--", "sh", "-c", "echo $PORT")
    equal(out, "20000\n")


@case
def everything_ephemeral():
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
        file.write("1024 65535")
    _, err = run(0, "lease", "--", "true")
    check("ephemeral range 1024-65535" in err, err)
    with open("/proc/sys/net/ipv4/ip_local_reserved_ports", "w", encoding="ascii") as file:
        file.write("13500-13520")
    out, err = run(0, "lease", "--", "sh", "-c", "echo $PORT")
    check(err == "" and 13500 <= int(out) <= 13520, f"{out} {err}")


@case
def who_took_it():
    """The command fails since a stranger, who asks nobody, took the port: that is said."""
    thief = ("import os,socket,sys\ns=socket.socket()\ns.setsockopt(1,2,1)\ns.bind(('127.0.0.1',int(sys.argv[1])))\ns.listen()\n"
             "print(1,flush=True)\nsys.stdin.read()")
    lease = leased(command=[PYTHON, "-c", "import os,sys\nprint(os.environ['PORT'],flush=True)\nsys.stdin.readline()\nsys.exit(3)"],
                   stdin=subprocess.PIPE)
    with subprocess.Popen([PYTHON, "-c", thief, str(lease.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stranger:
        stranger.stdout.readline()
        lease.stdin.write("\n")
        _, err = end(lease, 3)
        check(f"{lease.port} was leased, and is taken" in err and f"{stranger.pid}" in err, err)
        stranger.stdin.close()
    _, err = run(3, "lease", "--", "sh", "-c", "exit 3")
    check("SO_REUSEADDR" in err and "is taken" not in err, err)


@case
def environment_files():
    os.chdir("/run")
    with open("env", "w", encoding="utf-8") as file:
        file.write("A=1\r\nexport PORT=7\n  WEB_PORT=9\r\nXPORT=1\nPORTS=2")
    os.chmod("env", 0o600)
    os.symlink("env", "link")
    out, _ = run(0, "lease", "web", "db", "--env", "link", "--", "sh", "-c", "echo $WEB_PORT $DB_PORT")
    web, db = out.split()
    with open("env", newline="", encoding="utf-8") as file:
        equal(file.read(), f"A=1\r\nexport PORT={web}\n  WEB_PORT={web}\r\nXPORT=1\nPORTS=2\nDB_PORT={db}\n")
    check(os.path.islink("link") and os.stat("env").st_mode & 0o777 == 0o600)
    out, _ = run(0, "lease", "--env", "new", "--", "cat", "new")
    check(out.startswith("PORT=") and out.count("\n") == 1, out)
    with open("bad", "wb") as file:
        file.write(b"A=\0")
    refused(125, "no environment file", "lease", "--env", "bad", "--", "true")
    refused(125, "no environment file", "lease", "--env", "/dev/null", "--", "true")
    refused(125, "cannot write", "lease", "--env", "no/such", "--", "true")
    equal(sorted(os.listdir("/run")), ["bad", "env", "link", "new"], "nothing is left")


@case
def many_at_once():
    """No port twice at a time, none left after any kind of death."""
    most = 1000 if os.environ.get("FULL") == "1" else 100
    pool = f"x=20000-{20000 + most * 6 // 5 - 1}"
    running = [start("lease", pool, "--", *HOLD, stderr=subprocess.DEVNULL) for _ in range(most)]
    ports = [int(process.stdout.readline() or 0) for process in running]
    equal(len(set(ports) - {0}), most, "no port is given twice, and everybody got one")
    found = leases()
    equal(sorted(found), sorted(ports))
    commands = {port: one["pid"] for port, one in found.items()}
    again = []
    for i, process in enumerate(running):
        if i % 4 == 0:    # the command is killed
            os.kill(commands[ports[i]], signal.SIGKILL)
        elif i % 4 == 1:  # the wrapper first: the command has the lease still
            process.kill()
        elif i % 4 == 2:  # politely
            process.terminate()
        if i % 4 in (0, 2):  # and somebody new comes in its place
            equal(process.wait(timeout=50), 137 if i % 4 == 0 else 143)
            again.append(start("lease", pool, "--", *HOLD, stderr=subprocess.DEVNULL))
    fresh = [int(process.stdout.readline() or 0) for process in again]
    kept = [ports[i] for i in range(most) if i % 4 in (1, 3)]
    equal(len(set(fresh + kept) - {0}), most, "those of killed wrappers are not given again")
    for one in leases().values():
        os.kill(one["pid"], signal.SIGKILL)
    for process in running + again:
        process.wait(timeout=50)
        process.stdout.close()
    gone()


if __name__ == "__main__":
    main(__doc__, "berth")
