#!/usr/bin/env python3
"""berth evict with real processes in private namespaces.

usage: evict.py BERTH MKSOCK [CASE...]

Each case runs as process 1 of fresh network, mount and PID namespaces, see tests/netns/inside.py.
Two bystanders are there in every case that ends something: a client that is connected to the port
and one whose own port has that number. Both must survive. Needs root; without it the whole suite is
left out (exit 77) and says so.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import termios
import time
from pathlib import Path

for folder in ("netns", "helpers"):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / folder))
from inside import (NOBODY, TOOLS, Mksock, Skip, case, check, equal, listen, main, name_namespace,
                    run)
from terminal import Terminal

PORT = 5001
AT = f"127.0.0.1:{PORT}"
DEAF = ["sh", "-c", "trap '' TERM; exec \"$@\"", "sh"]
PATIENCE_S = 30
STARTED = []


# --- helpers ------------------------------------------------------------------------------------

def start(*args, **options):
    m = Mksock(*args, **options)
    STARTED.append(m)
    return m


class Bystanders:
    """Clients that no eviction of PORT may touch."""

    def __init__(self, is_connected=True):
        self.other = start("tcp:127.0.0.9:6001:listen")
        specs = [f"tcp:127.0.0.9:{PORT}:bound,connect=127.0.0.9:6001"]
        if is_connected:
            specs.append(f"tcp:127.0.0.1:6002:bound,connect={AT}")
        self.clients = [start(s) for s in specs]

    def check(self):
        for m in (self.other, *self.clients):
            equal(m.process.poll(), None, "a bystander was ended")


def evict(*args, before=(), is_json=True, **options):
    """(exit code, the record) or (exit code, standard output, standard error)."""
    command = [*before, TOOLS["berth"], "evict", *args, *(["--json"] if is_json else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          start_new_session=True, stdin=subprocess.DEVNULL, **options)
    if not is_json:
        return done.returncode, done.stdout, done.stderr
    check(done.stdout, f"{command}: {done.returncode} {done.stderr}")
    return done.returncode, json.loads(done.stdout)


def acts(record):
    return [(s["action"], str(s["pid"]), s["outcome"]) for s in record["steps"]]


def results(record):
    return [(f"{r['address']}:{r['port']}/{r['protocol']}", r["result"], r["tried"])
            for r in record["results"]]


def wait_until(what, condition):
    """A condition that only a hanging machine does not meet."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen")


def has_ended(m, number=signal.SIGTERM):
    equal(m.process.wait(timeout=PATIENCE_S), -number)


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def ends(*specs, more=(), is_connected=True, number=signal.SIGTERM, port=str(PORT), **options):
    """A server made of `specs` is ended, and nobody else."""
    m = start(*specs, **options)
    bystanders = Bystanders(is_connected)
    code, record = evict(port, "-y", *more)
    equal((code, record["outcome"]), (0, "freed"), record)
    has_ended(m, number)
    bystanders.check()
    check(all(r[1:] == ("free", "ok") for r in results(record)), record["results"])
    return m, record


# --- what is ended ------------------------------------------------------------------------------

@case
def plain_server():
    m, record = ends(f"tcp:{AT}:listen", "tcp:127.0.0.1:5100:listen")
    equal(acts(record)[0], ("signal", m.pid, "ended"))
    equal([s["port"] for s in record["steps"][0]["also_serves"]], [5100])
    equal(record["steps"][0]["sockets"][0]["cookie"], m.sockets[0]["cookie"])
    equal(results(record), [(f"{AT}/tcp", "free", "ok")])
    equal((record["dry_run"], record["ports"]), (False, [{"port": PORT, "protocol": None}]))


@case
def nothing_there():
    code, record = evict(str(PORT), "-y")
    equal((code, record["outcome"], record["steps"], record["results"]), (0, "nothing-there", [], []))
    code, out, err = evict(str(PORT), "-y", is_json=False)
    equal((code, out.split(), err), (0, ["here", "nothing", "holds", str(PORT)], ""))


@case
def forked_workers():
    m, record = ends(f"tcp:{AT}:listen,backlog=9", "tcp:127.0.0.1:5002:listen", "--children=3")
    equal(sorted(a[1] for a in acts(record) if a[0] == "signal"), sorted([m.pid, *m.children]))
    for child in m.children:
        wait_until("the end of a child", lambda child=child: not is_running(child))


@case
def heirs_that_outlive_their_parent():
    """A child that inherited the listener holds the port when its parent is long gone."""
    heir = subprocess.Popen([sys.executable, "-c", "import os, socket, time\n"
                             "s = socket.create_server(('127.0.0.1', 5001))\n"
                             "if os.fork() == 0:\n    time.sleep(1000)\n"], start_new_session=True)
    heir.wait()
    code, record = evict(str(PORT), "-y")
    equal((code, [a[2] for a in acts(record)]), (0, ["ended"]))


@case
def reuse_port_group():
    a = start(f"tcp:{AT}:listen,reuseport")
    b = start(f"tcp:{AT}:listen,reuseport")
    bystanders = Bystanders()
    code, record = evict(str(PORT), "-y")
    equal((code, acts(record)[:2]), (0, [("signal", a.pid, "ended"), ("signal", b.pid, "ended")]))
    has_ended(a)
    has_ended(b)
    bystanders.check()


@case
def held_by_a_thread():
    ends(f"tcp:{AT}:listen,thread-table")


@case
def held_by_io_uring():
    ends(f"tcp:{AT}:listen,io_uring")


@case
def main_thread_exited():
    ends("--leader-exit", f"tcp:{AT}:listen")


@case
def bound_and_not_listening():
    _, record = ends(f"tcp:{AT}:bound", is_connected=False)
    equal(record["steps"][0]["sockets"][0]["kind"], "bound-only")


@case
def udp():
    _, record = ends(f"udp:{AT}", is_connected=False)
    equal(results(record), [(f"{AT}/udp", "free", "ok")])


@case
def one_transport_only():
    tcp = start(f"tcp:{AT}:listen")
    ends(f"udp:{AT}", port=f"{PORT}/udp")
    equal(tcp.process.poll(), None)


@case
def both_families():
    m, record = ends(f"tcp:[::]:{PORT + 1}:listen,dual", f"tcp:[::1]:{PORT}:listen", f"tcp:{AT}:listen",
                     port=str(PORT), more=[str(PORT + 1)])
    equal(acts(record)[0], ("signal", m.pid, "ended"))
    equal(sorted(r[0] for r in results(record)), [f"{AT}/tcp", f"::1:{PORT}/tcp", f":::{PORT + 1}/tcp"])


@case
def stopped_at_a_terminal():
    """SIGTERM waits until a stopped job goes on: so it is made to go on."""
    m = start(f"tcp:{AT}:listen")
    os.kill(int(m.pid), signal.SIGSTOP)
    code, record = evict(str(PORT), "-y")
    equal((code, acts(record)), (0, [("signal", m.pid, "ended")]))
    has_ended(m)


# --- what does not end ----------------------------------------------------------------------------

@case
def deaf_to_sigterm():
    m = start(f"tcp:{AT}:listen", before=DEAF)
    bystanders = Bystanders()
    code, record = evict(str(PORT), "-y", "--grace", "200ms")
    equal((code, record["outcome"], acts(record)[0]), (1, "held", ("signal", m.pid, "survived")))
    equal((record["results"][0]["result"], record["results"][0]["new"]), ("held", False))
    check(is_running(m.pid))
    code, out, _ = evict(str(PORT), "-y", "--grace", "0.1s", is_json=False)
    equal(code, 1)
    check("--force sends SIGKILL" in out and f"mksock (pid {m.pid}) holds it still" in out, out)
    code, record = evict(str(PORT), "-y", "--grace", "100ms", "--force")
    equal((code, acts(record)[0]), (0, ("signal", m.pid, "killed")))
    has_ended(m, signal.SIGKILL)
    bystanders.check()


@case
def gives_the_port_up_and_runs_on():
    server = subprocess.Popen([sys.executable, "-c", "import signal, socket, time\n"
                               "s = socket.create_server(('127.0.0.1', 5001))\n"
                               "signal.signal(signal.SIGTERM, lambda *_: s.close())\n"
                               "print('ready', flush=True)\n"
                               "while True: time.sleep(1)"], stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    code, record = evict(str(PORT), "-y", "--grace", "20s", "--force")
    equal((code, acts(record)), (0, [("signal", str(server.pid), "released")]))
    check(is_running(server.pid), "it was not killed for it")


@case
def respawned_by_a_supervisor():
    script = f'while :; do "{TOOLS["mksock"]}" tcp:{AT}:listen <&3; done'
    reader, _ = os.pipe()
    supervisor = subprocess.Popen(["sh", "-c", f"exec 3<&{reader}; {script}"], pass_fds=[reader],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until("a server", lambda: evict(str(PORT), "--dry-run")[1]["steps"])
    code, record = evict(str(PORT), "-y")
    equal((code, record["outcome"], acts(record)[0][2]), (1, "held", "ended"))
    result = record["results"][0]
    equal((result["result"], result["new"], result["parents"][0]["pid"]), ("held", True, supervisor.pid))
    check(result["pid"] != record["steps"][0]["pid"], result)
    _, out, _ = evict(str(PORT), "-y", is_json=False)
    check(f"took it again, started by " in out and f"(pid {supervisor.pid})" in out, out)


# --- what the kernel keeps ------------------------------------------------------------------------

def leave_closing(*flags):
    """A server with an accepted connection whose client lives on: FIN_WAIT2 when it ends."""
    code = f"""
import socket, sys, time
s = socket.socket(); {'s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)' if flags else ''}
s.bind(('127.0.0.1', 5001)); s.listen(); print('ready', flush=True)
c, _ = s.accept(); print('accepted', flush=True); time.sleep(1000)"""
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    client = socket.create_connection(("127.0.0.1", PORT))
    server.stdout.readline()
    return server, client


@case
def must_wait_for_a_closing_connection():
    server, client = leave_closing()
    code, record = evict(str(PORT), "-y")
    equal((code, record["outcome"], acts(record)), (1, "held", [("signal", str(server.pid), "ended")]))
    result = record["results"][0]
    equal((result["result"], result["tried"], result["pid"]), ("held", "EADDRINUSE", None))
    check(0 < result["seconds_left"] <= 60, result)
    client.close()


@case
def plain_servers_must_wait():
    _, client = leave_closing("reuseaddr")
    code, record = evict(str(PORT), "-y")
    result = record["results"][0]
    equal((code, result["result"], result["tried"]), (0, "free", "ok"))
    check(0 < result["seconds_left"] <= 60, result)
    check("without SO_REUSEADDR has to wait" in result["reason"], result)
    client.close()


def leave_time_wait():
    """Without SO_REUSEADDR, which is what keeps everybody else from the port."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", PORT))
        s.listen()
        with socket.create_connection(("127.0.0.1", PORT)) as client:
            s.accept()[0].close()
            equal(client.recv(1), b"")


@case
def time_wait_of_a_server_with_reuse():
    start(f"tcp:{AT}:timewait")
    code, record = evict(str(PORT), "-y")
    equal((code, record["outcome"], results(record)), (0, "nothing-there", [(f"{AT}/tcp", "free", "ok")]))
    check(0 < record["results"][0]["seconds_left"] <= 60, record)


@case
def time_wait():
    leave_time_wait()
    code, record = evict(str(PORT), "-y")
    equal((code, record["outcome"], record["steps"]), (1, "held", []))
    check(0 < record["results"][0]["seconds_left"] <= 60, record)
    code, record = evict(str(PORT), "-y", "--time-wait", before=NOBODY)
    equal((code, acts(record)), (1, [("destroy", "None", "failed")]))
    check("CAP_NET_ADMIN" in record["steps"][0]["error"], record)
    code, record = evict(str(PORT), "--dry-run", "--time-wait")
    equal((code, acts(record)), (0, [("destroy", "None", None)]))
    code, record = evict(str(PORT), "-y", "--time-wait")
    if "supported" in (record["steps"][0]["error"] or ""):
        raise Skip("this kernel removes no sockets")
    equal((code, acts(record)), (0, [("destroy", "None", "destroyed")]))


@case
def time_wait_of_what_was_just_ended():
    server, client = leave_closing()
    client.close()  # the server's end is in CLOSE_WAIT: its own end comes last, and leaves nothing
    with socket.create_server(("127.0.0.1", 6100)) as other:
        equal(other.getsockname()[1], 6100)
    code, record = evict(str(PORT), "-y", "--time-wait")
    equal((code, acts(record)[0]), (0, ("signal", str(server.pid), "ended")))


# --- identities -----------------------------------------------------------------------------------

def terminal(*args):
    return Terminal(TOOLS["berth"], "evict", *args, "--width", "0", "--color", "never")


@case
def asked_and_meant():
    m = start(f"tcp:{AT}:listen")
    bystanders = Bystanders()
    t = terminal(str(PORT))
    t.read_until("Do it? [y/N] ")
    check(f"mksock (pid {m.pid})" in t.text, t.text)
    equal(m.process.poll(), None, "not before the answer")
    t.type("y\n")
    equal(os.waitstatus_to_exitcode(t.end()), 0, t.text)
    has_ended(m)
    bystanders.check()


@case
def asked_and_declined():
    m = start(f"tcp:{AT}:listen")
    for answer in ("n\n", "\n", "yn\n", "\x04"):
        t = terminal(str(PORT))
        t.read_until("Do it? [y/N] ")
        t.type(answer)
        equal(os.waitstatus_to_exitcode(t.end()), 1, t.text)
        check("Nothing was done." in t.text, t.text)
    check(is_running(m.pid))
    t = terminal(str(PORT), "--json")
    t.read_until("Do it? [y/N] ")
    t.type("no\n")
    t.end()
    check('"outcome": "declined"' in t.text, t.text)


@case
def interrupted_at_the_question():
    m = start(f"tcp:{AT}:listen")
    t = terminal(str(PORT))
    t.read_until("Do it? [y/N] ")
    t.type("\x03")
    status = t.end()
    equal((os.WIFSIGNALED(status), os.WTERMSIG(status)), (True, signal.SIGINT), t.text)
    check("interrupted: nothing was done" in t.text, t.text)
    check(is_running(m.pid))
    equal(t.modes, termios.tcgetattr(t.fd), "the terminal is as it was")


@case
def interrupted_during_the_grace():
    m = start(f"tcp:{AT}:listen", before=DEAF)
    t = terminal(str(PORT), "-y", "--grace", "10m", "--force")
    t.read_until("sent a signal; waiting up to 600 s")
    t.type("\x03")
    status = t.end()
    equal((os.WIFSIGNALED(status), os.WTERMSIG(status)), (True, signal.SIGINT), t.text)
    check(f"mksock (pid {m.pid}): still runs after SIGTERM" in t.text, t.text)
    check(is_running(m.pid), "no SIGKILL after an interrupt")


@case
def a_terminal_is_needed():
    m = start(f"tcp:{AT}:listen")
    code, out, err = evict(str(PORT), is_json=False)
    equal((code, out, err.count("\n")), (2, "", 1))
    check("-y" in err, err)
    check(is_running(m.pid))


@case
def another_process_with_the_same_number():
    """It is not ended, though it holds the port under the very pid of the plan."""
    m = start(f"tcp:{AT}:listen")
    t = terminal(str(PORT))
    t.read_until("Do it? [y/N] ")
    m.stop()
    try:
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(int(m.pid) - 1), encoding="utf-8")
    except OSError as error:
        raise Skip(f"pids cannot be chosen here: {error.strerror}") from error
    other = start(f"tcp:{AT}:listen")
    equal(other.pid, m.pid, "the number was given again")
    t.type("y\n")
    equal(os.waitstatus_to_exitcode(t.end()), 1, t.text)
    check(is_running(other.pid), t.text)
    check("it had ended before" in t.text, t.text)


@case
def another_process_on_the_port():
    m = start(f"tcp:{AT}:listen")
    t = terminal(str(PORT))
    t.read_until("Do it? [y/N] ")
    m.stop()
    other = start(f"tcp:{AT}:listen")
    t.type("y\n")
    equal(os.waitstatus_to_exitcode(t.end()), 1, t.text)
    check(is_running(other.pid), t.text)
    check(f"mksock (pid {other.pid}) took it again" in t.text, t.text)


CHANGING = """
import socket, sys
s = socket.create_server(("127.0.0.1", 5001))
print("ready", flush=True)
sys.stdin.readline()
s.close()
if sys.argv[1:]:
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 5001)); s.listen()
print("closed", flush=True)
sys.stdin.readline()
"""


def change_at_the_question(*args):
    server = subprocess.Popen([sys.executable, "-c", CHANGING, *args], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    t = terminal(str(PORT))
    t.read_until("Do it? [y/N] ")
    server.stdin.write("\n")
    server.stdin.flush()
    server.stdout.readline()
    t.type("y\n")
    code = os.waitstatus_to_exitcode(t.end())
    check(is_running(server.pid), "what it was asked about was gone, so it is left alone")
    return code, t.text


@case
def it_closed_the_socket():
    code, text = change_at_the_question()
    equal(code, 0, text)
    check("nothing was done" in text and "free" in text, text)


@case
def it_is_another_socket_now():
    code, text = change_at_the_question("again")
    equal(code, 1, text)
    check("nothing was done" in text and "holds it still" in text, text)


# --- what is refused ------------------------------------------------------------------------------

@case
def process_one():
    with listen(PORT):
        code, record = evict(str(PORT), "-y", "--force")
    equal((code, record["outcome"], acts(record)), (1, "refused", [("refuse", "1", "not-done")]))
    equal(record["steps"][0]["reason"], "process 1 is never ended")


@case
def what_berth_was_started_from():
    code = """
import socket, subprocess, sys
s = socket.create_server(("127.0.0.1", 5001))
sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)"""
    done = subprocess.run([sys.executable, "-c", code, TOOLS["berth"], "evict", str(PORT), "-y", "--json"],
                          capture_output=True, text=True, check=False)
    record = json.loads(done.stdout)
    equal((done.returncode, record["outcome"]), (1, "refused"), record)
    equal(record["steps"][0]["reason"], "berth itself was started from it")


@case
def nobody_and_the_process_of_root():
    m = start(f"tcp:{AT}:listen")
    code, out, err = evict(str(PORT), "-y", before=NOBODY, is_json=False)
    equal(code, 1)
    said = [line for line in (out + err).splitlines() if "run as root" in line]
    check(said, out + err)
    check(is_running(m.pid))
    own = start("tcp:127.0.0.1:5002:listen", before=NOBODY)
    code, record = evict("5002", "-y", before=NOBODY)
    equal((code, acts(record)), (0, [("signal", own.pid, "ended")]))
    has_ended(own)


@case
def one_of_several_owners_is_refused():
    """Then the others are left alone, too: it would free nothing."""
    with listen(PORT) as s:
        child = subprocess.Popen(["sleep", "1000"], pass_fds=[s.fileno()])
        code, record = evict(str(PORT), "-y")
        equal((code, record["outcome"]), (1, "refused"))
        equal(sorted(a[:2] for a in acts(record)), [("refuse", "1"), ("refuse", str(child.pid))])
        check(is_running(child.pid))


@case
def another_namespace():
    m = name_namespace("blue", lambda: start(f"tcp:{AT}:listen"))
    code, record = evict(str(PORT), "-y")
    equal((code, record["outcome"]), (0, "nothing-there"), record)
    equal([(s["action"], s["blocking"]) for s in record["steps"]], [("refuse", False)])
    check("--netns blue" in record["steps"][0]["reason"], record)
    here = start(f"tcp:{AT}:listen")
    code, record = evict(str(PORT), "-y", "--netns", "blue")
    equal((code, acts(record)), (0, [("signal", m.pid, "ended")]))
    equal(results(record), [(f"{AT}/tcp", "free", "ok")])
    has_ended(m)
    check(is_running(here.pid))
    equal(evict(str(PORT), "-y", "--netns", "green", is_json=False)[0], 2)


@case
def sockets_of_the_kernel():
    done = subprocess.run(["ip", "link", "add", "vx0", "type", "vxlan", "id", "7", "dstport", "4789", "dev",
                           "lo"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skip("no VXLAN device can be made")
    run("ip", "link", "set", "vx0", "up")
    code, record = evict("4789/udp", "-y")
    equal((code, record["outcome"]), (1, "refused"))
    equal(record["steps"][0]["reason"], "the kernel itself holds it: vxlan vx0")


@case
def a_client_alone_is_left_alone():
    bystanders = Bystanders(is_connected=False)
    code, record = evict(str(PORT), "-y")
    equal((code, record["outcome"]), (1, "held"), record)
    equal([(s["action"], s["blocking"]) for s in record["steps"]], [("refuse", False)])
    check("connections are left alone" in record["results"][0]["reason"], record)
    bystanders.check()


@case
def the_ssh_server_of_this_login():
    program = f"{os.environ['BERTH_TEST_FOLDER']}/sshd" if "BERTH_TEST_FOLDER" in os.environ else "/run/sshd"
    subprocess.run(["cp", TOOLS["mksock"], program], check=True)
    m = start(f"tcp:{AT}:listen", program=program)
    environment = dict(os.environ, SSH_CONNECTION=f"127.0.0.1 40000 127.0.0.1 {PORT}")
    code, record = evict(str(PORT), "-y", env=environment)
    equal((code, record["steps"][0]["reason"]), (1, "this login came through it"))
    check(is_running(m.pid))
    code, record = evict(str(PORT), "-y", env=dict(environment, SSH_CONNECTION="127.0.0.1 1 127.0.0.1 22"))
    equal(code, 0)


# --- the rest -------------------------------------------------------------------------------------

@case
def dry_run():
    m = start(f"tcp:{AT}:listen")
    code, record = evict(str(PORT), "--dry-run", "--force", "--stop")
    equal((code, record["outcome"], record["dry_run"], acts(record)),
          (0, "planned", True, [("signal", m.pid, None)]))
    equal(record["results"], [])
    check(is_running(m.pid))
    with listen(5002):
        equal(evict("5002", "--dry-run")[0], 1, "it would not be freed")


@case
def several_ports():
    a = start(f"tcp:{AT}:listen")
    b = start("udp:127.0.0.1:5002")
    with listen(5003):
        code, record = evict(str(PORT), "5002", "5003", "5004", "-y")
    equal((code, record["outcome"]), (1, "held"))
    equal(sorted(acts(record)), sorted([("signal", a.pid, "ended"), ("signal", b.pid, "ended"),
                                        ("refuse", "1", "not-done")]))
    equal(sorted(r[1] for r in results(record)), ["free", "free", "held"])


@case
def quiet():
    m = start(f"tcp:{AT}:listen")
    code, out, err = evict(str(PORT), "-q", is_json=False)
    equal((code, out), (2, ""))
    check("-y" in err and is_running(m.pid), err)
    equal(evict(str(PORT), "-q", "-y", is_json=False), (0, "", ""))
    has_ended(m)


@case
def hostile_names():
    m = start("--name=a) \x1b[31m\n", f"tcp:{AT}:listen")
    _, out, err = evict(str(PORT), "-y", is_json=False)
    check("\x1b" not in out + err, out)
    has_ended(m)


if __name__ == "__main__":
    main(__doc__, "berth", "mksock")
