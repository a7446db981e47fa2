#!/usr/bin/env python3
"""berth portserver, asked as portpicker's clients ask it, in private namespaces.

usage: portserver.py BERTH [CASE...]
"""
import os
import resource
import signal
import socket
import subprocess
import sys

from common import ENVIRONMENT, end, leases, refused, start, until
from inside import NOBODY, case, check, equal, listen, main

ADDRESS = "@unittest-portserver"


def serve(*words, before=(), **options):
    server = start("portserver", *words, before=before, **options)
    server.line = server.stdout.readline()
    return server


def stop(server, status=-signal.SIGTERM):
    server.terminate()
    return end(server, status)


def connect(address=ADDRESS):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(40)
    s.connect("\0" + address[1:] if address[0] == "@" else address)
    return s


def ask(text, address=ADDRESS):
    """All that comes before the end."""
    with connect(address) as s:
        try:
            s.sendall(text)
            return s.recv(1024)
        except (BrokenPipeError, ConnectionResetError):
            return b""  # closed with something unread


def port_for(pid, address=ADDRESS):
    """What a client of portpicker does: one recv of 1024 bytes, int()."""
    return int(ask(f"{pid}\n".encode(), address))


class Sleeper:
    def __init__(self, before=()):
        self.process = subprocess.Popen([*before, "sleep", "1000"])
        self.pid = self.process.pid

    def kill(self):
        self.process.kill()
        self.process.wait()


def status(server):
    server.send_signal(signal.SIGUSR1)
    return server.stderr.readline()


@case
def the_protocol():
    server = serve("20000-20009")
    equal(server.line, f"PORTSERVER_ADDRESS={ADDRESS}\n")
    me = os.getpid()
    check(me == 1, "a case is process 1, which gets nothing")
    equal(ask(b"1\n"), b"")
    a, b = Sleeper(), Sleeper()
    reply = ask(f"{a.pid}\n".encode())
    check(reply.endswith(b"\n") and 20000 <= int(reply) <= 20009, repr(reply))
    second = port_for(a.pid)
    check(second != int(reply), "the same process again: another port")
    equal(len({int(reply), second, int(ask(str(b.pid).encode())), int(ask(f"  {b.pid} \r\n".encode()))}), 4)
    for port in leases():
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as s:
                s.bind(("", port))  # free, also without SO_REUSEADDR
    a.kill()
    until(lambda: len(leases()) == 2, "those of a are given back")
    b.kill()
    until(lambda: not leases(), "all are given back")
    stop(server)


@case
def its_holes_are_closed():
    server = serve("20000-20009")
    dead = Sleeper()
    dead.kill()
    zombie = subprocess.Popen(["true"])
    until(lambda: open(f"/proc/{zombie.pid}/stat", encoding="ascii").read().split()[2] == "Z", "it is a zombie")
    for text in (b"0\n", b"-1\n", b"-7", b"1\n", b"\n", b"x\n", b"1.5\n", b"0x10\n", b"99999999\n", b"9" * 20, b"7" * 21, b"7 7\n",
                 b"\0", b"\xff\xfe", b"A" * 5000, f"{dead.pid}\n".encode(), f"{zombie.pid}\n".encode(), b"4294967298\n", b"+7\n"):
        equal(ask(text), b"", repr(text))
    with connect() as s:
        s.shutdown(socket.SHUT_WR)
        equal(s.recv(10), b"", "nothing is asked")
    zombie.wait()
    check("served 0" in status(server) and not leases(), "nothing was leased")
    stop(server)


@case
def only_for_ones_own():
    """Peer credentials: nobody may ask for nobody's processes, root for anybody's."""
    server = serve("20000-20009")
    mine, his = Sleeper(), Sleeper(NOBODY)
    until(lambda: os.stat(f"/proc/{his.pid}").st_uid == 65534, "it is nobody's")
    code = ("import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect('\\0unittest-portserver')\n"
            "s.sendall(sys.argv[1].encode())\nprint(repr(s.recv(100)))")

    def ask_as_nobody(pid):
        return subprocess.run([*NOBODY, sys.executable, "-c", code, str(pid)], stdout=subprocess.PIPE, check=True,
                              env=ENVIRONMENT, text=True).stdout
    equal(ask_as_nobody(mine.pid), "b''\n")
    equal(ask_as_nobody(2), "b''\n")
    check("b'200" in ask_as_nobody(his.pid), "his own")
    check(port_for(his.pid), "root may")
    mine.kill()
    his.kill()
    stop(server)


@case
def another_pid_namespace():
    """A number means what the client means: itself, or nothing."""
    server = serve("20000-20009")
    code = ("import os,socket,sys\n"
            "def ask(pid):\n s=socket.socket(socket.AF_UNIX); s.connect('\\0unittest-portserver'); s.sendall(str(pid).encode()); return s.recv(99)\n"
            "pid=os.fork()\nif pid: os.waitpid(pid,0); sys.exit()\n"
            "print(os.getpid(), len(ask(os.getpid())), len(ask(3)), len(ask(os.getppid())), flush=True)\nos._exit(0)")
    sleeper = Sleeper()
    out = subprocess.run(["unshare", "--pid", "--fork", sys.executable, "-c", code], stdout=subprocess.PIPE, check=True,
                         env=ENVIRONMENT, text=True).stdout.split()
    equal(out[0], "2")
    equal(out[1:], ["6", "0", "0"])
    until(lambda: not leases(), "it has ended")
    sleeper.kill()
    stop(server)


@case
def the_proc_of_another_pid_namespace():
    """Its numbers are others' processes: whose they are cannot be told from it."""
    refused(4, "of another PID namespace", "portserver", before=["unshare", "--pid", "--fork", "--kill-child"])
    server = serve("20000-20009", before=["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"])
    check(server.line.startswith("PORTSERVER_ADDRESS="), "with its own")
    server.kill()
    server.communicate(timeout=50)


@case
def shared_with_leases():
    server = serve("20000-20002")
    lease = start("lease", "web=20000-20002", "--", "sh", "-c", "echo $PORT; exec sleep 1000")
    first = int(lease.stdout.readline())
    sleeper = Sleeper()
    got = [ask(f"{sleeper.pid}\n".encode()) for _ in range(3)]
    equal({first, *(int(x) for x in got if x)}, {20000, 20001, 20002})
    equal(got[2], b"", "the pool is exhausted: closed")
    check("3 of 3" in status(server) or "none left 1" in status(server), "it counts")
    refused(125, "3 leased", "lease", "x=20000-20002", "--", "true")
    found = leases()
    equal(sorted(one["kind"] for one in found.values()), ["command", "portserver", "portserver"])
    equal({one["pid"] for one in found.values() if one["kind"] == "portserver"}, {sleeper.pid})
    lease.terminate()
    end(lease, 143)
    equal(port_for(sleeper.pid), first, "it comes back")
    server.kill()  # however it dies
    server.wait()
    until(lambda: not leases(), "its leases end with it")
    sleeper.kill()


@case
def what_is_bound_is_not_given():
    server = serve("20000-20005")
    sleeper = Sleeper()
    v6only = socket.socket(socket.AF_INET6)
    v6only.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    v6only.bind(("::", 20001))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    udp.bind(("127.0.0.1", 20002))
    dual = socket.socket(socket.AF_INET6)
    dual.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    dual.bind(("::", 20003))
    shared = socket.socket()
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    shared.bind(("127.0.0.1", 20004))
    shared.listen()
    with listen(20000):
        equal(port_for(sleeper.pid), 20005)
        equal(ask(f"{sleeper.pid}\n".encode()), b"")
    sleeper.kill()
    stop(server)


@case
def at_a_path():
    server = serve("/run/ports")
    check(server.line == "PORTSERVER_ADDRESS=/run/ports\n" and os.stat("/run/ports").st_mode & 0o002 == 0)
    sleeper = Sleeper()
    check(12346 <= port_for(sleeper.pid, "/run/ports") <= 14935, "the usual pool")
    refused(4, "somebody answers at /run/ports", "portserver", "/run/ports")
    server.kill()
    server.wait()
    server = serve("/run/ports")  # what a dead one left behind is replaced
    check(port_for(sleeper.pid, "/run/ports"))
    stop(server)
    check(not os.path.exists("/run/ports"), "it tidies up")
    with open("/run/file", "w", encoding="ascii"):
        refused(2, "is no socket", "portserver", "/run/file")
    environment = dict(ENVIRONMENT, PORTSERVER_ADDRESS="@elsewhere")
    server = serve(env=environment)
    check(port_for(sleeper.pid, "@elsewhere"))
    refused(4, "somebody answers at @elsewhere", "portserver", env=environment)
    stop(server)
    refused(2, "no address of a unix socket", "portserver", "@")
    refused(2, "no address of a unix socket", "portserver", "/" + "x" * 200)
    refused(2, "no range of ports", "portserver", "20000-1")
    refused(2, "no address (@NAME, or a path with a / in it)", "portserver", "ports")
    refused(2, "at one address", "portserver", "@a", "@b")
    sleeper.kill()


@case
def the_silent_and_the_many():
    """Two thousand connections that say nothing are displaced, and somebody who asks is answered."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    server = serve("20000-20009")
    sleeper = Sleeper()
    crowd = []
    for _ in range(2000):
        crowd.append(connect())
    check(port_for(sleeper.pid), "in the crowd")
    line = status(server)
    displaced = int(line.split("displaced ")[1].split(";")[0])
    check(displaced >= 2000 - 128, line)
    with open(f"/proc/{server.pid}/limits", encoding="ascii") as file:
        limit = next(row.split()[3:5] for row in file if row.startswith("Max open files"))
    equal(limit[0], limit[1], "the soft limit is the hard one")
    check(len(os.listdir(f"/proc/{server.pid}/fd")) < 200, "descriptors are bounded")
    for s in crowd:
        s.close()
    check(port_for(sleeper.pid), "afterwards")
    slow = connect()
    equal(slow.recv(10), b"", "silence ends after a while")
    check("silent 1" in status(server), "and is counted")
    sleeper.kill()
    stop(server)


@case
def few_descriptors():
    """No room for a lease of every port: said at once, and closing is the answer."""
    server = serve("20000-20099", before=["prlimit", "--nofile=600:600"])
    line = server.stderr.readline()
    check("room for 6 leases of 100 ports" in line, line)
    sleeper = Sleeper()
    equal([bool(ask(f"{sleeper.pid}\n".encode())) for _ in range(8)], [True] * 6 + [False] * 2)
    check("4 descriptors a lease" in status(server))
    sleeper.kill()
    until(lambda: not leases(), "all are given back")
    stop(server)


@case
def the_last_ones():
    """A port that came back is the last to be given again; those that somebody has are not even tried."""
    trace = "/run/trace"
    server = serve("20000-20099", before=["strace", "-qq", "-e", "trace=bind", "-e", "signal=none", "-o", trace])
    keeper, seen = Sleeper(), []
    held = {port_for(keeper.pid) for _ in range(90)}
    for _ in range(100):
        brief = Sleeper()
        seen.append(port_for(brief.pid))
        brief.kill()
        until(lambda: len(leases()) == 90, "it is given back")
    equal([len(set(seen[i:i + 10]) | held) for i in range(0, 100, 10)], [100] * 10, "each of the ten has its turn")
    keeper.kill()
    until(lambda: not leases(), "all are given back")
    os.kill(int(subprocess.run(["pgrep", "-P", str(server.pid)], stdout=subprocess.PIPE, check=True).stdout), signal.SIGTERM)
    server.communicate(timeout=50)
    with open(trace, encoding="ascii") as file:
        binds = file.read().count("bind(")
    check(190 * 7 <= binds <= 190 * 9, f"{binds} binds for 190 ports")


@case
def many_clients():
    """Ports are never given twice at a time while processes come and go."""
    server = serve("20000-20119")
    held, sleepers = {}, []
    for i in range(400):
        sleeper = Sleeper()
        port = port_for(sleeper.pid)
        check(port not in held, f"{port} twice")
        held[port] = sleeper
        sleepers.append((port, sleeper))
        if i >= 100:
            gone_port, gone_one = sleepers.pop(0)
            gone_one.kill()
            until(lambda p=gone_port: p not in leases() if i % 50 == 0 else True, "it is given back")
            del held[gone_port]
    for _, sleeper in sleepers:
        sleeper.kill()
    until(lambda: not leases(), "none is left")
    check("served 400, given back 400" in status(server))
    stop(server)


if __name__ == "__main__":
    main(__doc__, "berth")
