#!/usr/bin/env python3
"""berth wait, with real sockets in private namespaces.

usage: wait.py BERTH MKSOCK REFUSE [CASE...]

Nothing here measures time: what must happen is waited for, what must not happen is counted.
"""
import os
import pty
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from common import Berth, expect, wait
from inside import NOBODY, TOOLS, Mksock, Skip, case, check, equal, listen, main, name_namespace, run

V6 = socket.AF_INET6


def reset(connection):
    """Close without TIME_WAIT."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Server:
    """Answers each connection in a thread by answer(connection, number)."""

    def __init__(self, port, answer, family=socket.AF_INET, address="127.0.0.1"):
        self.socket, self.n, self.requests = listen(port, family, address), 0, []

        def serve():
            while True:
                connection, _ = self.socket.accept()
                self.n += 1
                threading.Thread(target=answer, args=(self, connection, self.n), daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()


def http(*codes, head=b""):
    """Statuses in turn, the last one for ever."""
    def answer(server, connection, number):
        server.requests.append(connection.recv(4096))
        connection.sendall(head + b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % codes[min(number, len(codes)) - 1])
        connection.close()
    return answer


# --- until it listens -----------------------------------------------------------------------------

@case
def listens_wherever_it_is():
    run("ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1")
    run("ip", "link", "set", "d1", "up")
    run("ip", "addr", "add", "10.7.0.1/24", "dev", "d0")
    run("ip", "addr", "add", "fd00::7/64", "dev", "d0", "nodad")
    run("ip", "link", "set", "d0", "up")
    for port, address, family in ((8001, "127.0.0.1", socket.AF_INET), (8002, "0.0.0.0", socket.AF_INET),
                                  (8003, "::1", V6), (8004, "::", V6), (8005, "10.7.0.1", socket.AF_INET),
                                  (8006, "fd00::7", V6), (8007, "127.0.0.5", socket.AF_INET)):
        waiting = wait(str(port)).settle()
        server = listen(port, family, address)
        expect(waiting.end(0), f"{port} listens on {address} after")
        expect(wait(str(port)).end(0), f"{port} listens on {address} after")
        server.close()


@case
def listens_at_one_device():
    waiting = wait("8001").settle()
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        s.bind(("0.0.0.0", 8001))
        s.listen()
        expect(waiting.end(0), "listens on 0.0.0.0")


@case
def families():
    server = listen(8001, V6, "::1")
    expect(wait("8001", "-4", "--timeout", "50ms").end(1), "nothing listens on 8001 (IPv4); a listener on [::1] only")
    expect(wait("8001", "-6").end(0), "listens on ::1")
    expect(wait("127.0.0.1:8001", "--timeout", "50ms").end(1), "nothing listens on 127.0.0.1:8001",
           "a listener on [::1] only", f"pid {os.getpid()}")
    expect(wait("[::1]:8001").end(0))
    with open("/run/hosts", "w", encoding="utf-8") as file:
        file.write("127.0.0.1 localhost\n::1 localhost\n")
    run("mount", "--bind", "/run/hosts", "/etc/hosts")
    expect(wait("localhost:8001").end(0), "localhost:8001 listens on ::1")
    server.close()
    with socket.socket(V6) as dual:
        dual.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        dual.bind(("::", 8002))
        dual.listen()
        expect(wait("127.0.0.1:8002").end(0), "listens on ::")
        expect(wait("8002", "-4").end(0))


@case
def datagrams():
    waiting = wait("8001/udp").settle()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        client.bind(("127.0.0.1", 8001))
        client.connect(("127.0.0.1", 9))  # it takes nothing from others
        expect(wait("8001/udp", "--timeout", "50ms").end(1), "nothing listens on 8001/udp")
        check(waiting.is_running())
        client.close()
        server.bind(("127.0.0.1", 8001))
        expect(waiting.end(0), "8001/udp listens on 127.0.0.1")
        expect(wait("8001", "--timeout", "50ms").end(1), "nothing listens on 8001", "a UDP socket on 127.0.0.1")
        expect(wait("8001/udp", "--until", "free", "--timeout", "50ms").end(1), "listens on 127.0.0.1")
    wait("8001/udp", "--until", "free").end(0)


@case
def several_ports():
    first = listen(8001)
    waiting = wait("8001", "8002").settle()
    any_one = wait("8002", "8001", "--any", "--json").end(0)
    expect(any_one, '"any": true', '"met": true', '"met": false')
    expect(wait("8002", "8003", "--any", "--timeout", "50ms").end(1), "nothing listens on 8002",
           "nothing listens on 8003")
    expect(wait("8001-8003", "--timeout", "50ms").end(1), "nothing listens on 8003")
    check(waiting.is_running())
    second = listen(8002, V6, "::1")
    expect(waiting.end(0), "8001 listens on 127.0.0.1", "8002 listens on ::1")
    first.close()
    second.close()


@case
def seen_instead():
    Mksock("tcp:127.0.0.1:8001:bound")
    expect(wait("8001", "--timeout", "50ms").end(1), "timed out after", "nothing listens on 8001",
           "mksock (pid", "has bound it and does not listen")
    name_namespace("blue", lambda: Mksock("tcp:0.0.0.0:8002:listen"))
    expect(wait("8002", "--timeout", "50ms").end(1), "nothing listens on 8002", "a listener in namespace blue only")
    quiet = wait("8003", "--timeout", "50ms").end(1)
    equal(quiet.out, "")
    check(quiet.err.startswith("berth: timed out after ") and quiet.err.endswith(": nothing listens on 8003\n"), quiet.err)
    silent = wait("8003", "--timeout", "50ms", "-q").end(1)
    equal(silent.out + silent.err, "")


@case
def published_by_rules():
    if not shutil.which("nft"):
        raise Skip("nft is not installed")
    waiting = wait("8001").settle()
    run("nft", "add table ip n; add chain ip n p { type nat hook prerouting priority -100; };"
        "add rule ip n p tcp dport 8001 dnat to 10.9.9.9:80")
    expect(waiting.end(0), "nftables leads it elsewhere")


# --- who listens ------------------------------------------------------------------------------------

@case
def by_program():
    server = Mksock("tcp:127.0.0.1:8001:listen")
    expect(wait("8001", "--by", "mksock").end(0), f"(mksock, pid {server.pid})")
    expect(wait("8001", "--by", "nginx", "--timeout", "100ms").end(1), "mksock (pid", "listens on 127.0.0.1, not nginx")
    waiting = wait("8001", "--by", "othersock").settle()
    server.stop()
    shutil.copy(TOOLS["mksock"], "/run/othersock")
    other = Mksock("tcp:127.0.0.1:8001:listen", program="/run/othersock")
    expect(waiting.end(0), f"(othersock, pid {other.pid})")
    hidden = wait("8001", "--by", "othersock", "--timeout", "100ms", before=NOBODY).end(1)
    expect(hidden, "a process of root listens on 127.0.0.1, not othersock")


@case
def by_interpreted_program():
    script = "import socket,time; s=socket.socket(); s.bind(('127.0.0.1',8001)); s.listen(); time.sleep(60)"
    os.makedirs("/run/bin")
    with open("/run/bin/shopd", "w", encoding="utf-8") as file:
        file.write(script)
    child = subprocess.Popen([sys.executable, "/run/bin/shopd"])
    wait("8001", "--by", "shopd").end(0)
    wait("8001", "--by", os.path.basename(sys.executable)).end(0)
    child.kill()
    child.wait()


@case
def nobody():
    waiting = wait("8001", "--accepting", before=NOBODY).settle()
    server = listen(8001)
    server.settimeout(30)
    server.accept()[0].close()
    expect(waiting.end(0), "8001 accepts connections on 127.0.0.1")
    expect(wait("8001", before=NOBODY).end(0), "listens")
    expect(wait("8001", "--until", "unlistened", "--timeout", "50ms", before=NOBODY).end(1), "a process of root listens")


# --- until it accepts -------------------------------------------------------------------------------

@case
def kernel_accepts_before_the_process():
    server = listen(8001)
    expect(wait("8001").end(0), "listens")
    expect(wait("8001", "--accepting", "--timeout", "300ms").end(1), "listens on 127.0.0.1 and accepts nothing")
    waiting = wait("8001", "--accepting").settle()
    check(select.select([server], [], [], 30)[0], "nobody connected")
    check(waiting.is_running())
    connections = []
    server.settimeout(30)
    for _ in range(2):  # that of the wait before stands in front
        connections.append(server.accept()[0])
    expect(waiting.end(0), "accepts connections on 127.0.0.1")
    expect(wait("localhost:8001", "--accepting", "--timeout", "100ms").end(1), "accepts nothing")


@case
def server_comes_back_while_accepting():
    server = listen(8001)
    waiting = wait("8001", "--accepting", "--timeout", "40s").settle()
    check(select.select([server], [], [], 30)[0])
    server.close()  # the connection that waited is reset
    check(waiting.is_running())
    server = listen_again(8001)
    server.settimeout(30)
    server.accept()
    expect(waiting.end(0), "accepts")


def listen_again(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen()
    return s


@case
def proxies_accept_early():
    """A real proxy by name and arguments; behind it nothing listens yet."""
    shutil.copy(os.path.realpath("/proc/self/exe"), "/run/docker-proxy")
    code = ("import socket\ns=socket.socket(); s.bind(('127.0.0.1',8001)); s.listen()\n"
            "def go():\n"
            "    c,_=s.accept()\n"
            "    try: t=socket.create_connection(('127.0.0.1',8080))\n"
            "    except OSError: c.close(); return\n"
            "    t.sendall(c.recv(4096)); c.sendall(t.recv(4096)); c.close(); t.close()\n"
            "while True: go()\n")
    with open("/run/proxy.py", "w", encoding="utf-8") as file:
        file.write(code)
    proxy = subprocess.Popen(["/run/docker-proxy", "/run/proxy.py", "-proto", "tcp", "-host-ip", "127.0.0.1",
                              "-host-port", "8001", "-container-ip", "127.0.0.1", "-container-port", "8080"])
    try:
        early = wait("8001", "--accepting").end(0)
        expect(early, "accepts connections", "docker-proxy takes connections for 127.0.0.1", "--http PATH")
        expect(wait("8001", "--accepting", "--json").end(0), '"proxy": "docker-proxy"')
        commanded = wait("8001", "--accepting", "--", "echo", "done").end(0)
        equal(commanded.out, "done\n")
        expect(commanded, "docker-proxy takes connections")
        waiting = wait("8001", "--http", "/").settle()
        check(waiting.is_running())
        Server(8080, http(200))
        expect(waiting.end(0), "answers HTTP 200")
    finally:
        proxy.kill()
        proxy.wait()


# --- until it answers -------------------------------------------------------------------------------

@case
def http_statuses():
    server = Server(8001, http(503, 503, 204))
    expect(wait("8001", "--http", "/health?a=b").end(0), "8001 answers HTTP 204 on 127.0.0.1")
    equal(server.n, 3)
    check(server.requests[0].startswith(b"GET /health?a=b HTTP/1.1\r\nHost: localhost:8001\r\n"), server.requests[0])
    Server(8002, http(404))
    expect(wait("8002", "--http", "/", "--timeout", "100ms").end(1), "HTTP answered 404")
    expect(wait("127.0.0.1:8002", "--http", "/x=404").end(0), "HTTP 404")
    Server(8003, http(200, head=b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"), V6, "::1")
    expect(wait("8003", "--http", "/").end(0), "HTTP 200 on ::1")
    six = Server(8004, http(200), V6, "::1")
    wait("[::1]:8004", "--http", "/").end(0)
    check(b"\r\nHost: [::1]:8004\r\n" in six.requests[0], six.requests)


@case
def http_from_peers_that_are_none():
    def say(text, then=None):
        def answer(_server, connection, _number):
            try:
                connection.sendall(text)
                while then:
                    connection.sendall(then)
            except OSError:
                return
            time.sleep(60)
        return answer
    Server(8001, say(b"SSH-2.0-x\r\n"))
    Server(8002, say(b""))
    Server(8003, say(b"HTTP/1.1 100 X\r\n", b"A: " + b"x" * 10000 + b"\r\n"))
    Server(8004, say(b"HTTP/1.1 2"))
    expect(wait("8001", "--http", "/", "--timeout", "200ms").end(1), "what answers there is not HTTP")
    expect(wait("8002", "--http", "/", "--timeout", "200ms").end(1), "no answer yet")
    expect(wait("8003", "--http", "/", "--timeout", "200ms").end(1), "what answers there is not HTTP")
    expect(wait("8004", "--http", "/", "--timeout", "200ms").end(1), "no answer yet")
    # One that hangs holds up nobody else.
    Server(8005, http(200))
    expect(wait("8002", "8003", "8005", "--any", "--http", "/").end(0), "8005 answers HTTP 200")


# --- until it is gone -------------------------------------------------------------------------------

@case
def already_so():
    """What was so from the beginning has not come to pass: nothing is said of "again" or "any more"."""
    equal(wait("8001", "--until", "free").end(0).out, "8001 is free\n")
    equal(wait("8001/udp", "127.0.0.1:8002", "--until", "free").end(0).out, "8001/udp is free\n127.0.0.1:8002 is free\n")
    equal(wait("8001", "--until", "unlistened").end(0).out, "8001 nobody listens\n")
    server = listen(8001)
    for until, words in (("free", "8001 can be bound again after "), ("unlistened", "8001 nobody listens any more after ")):
        waiting = wait("8001", "--until", until).settle()
        server.close()
        check(waiting.end(0).out.startswith(words), waiting.out)
        server = listen(8001)
    server.close()


def calls_of(*arguments):
    """Names of the system calls of a wait that times out, from its first sleep to its last, as strace saw them."""
    log = f"/run/strace-{time.monotonic_ns()}"
    wait(*arguments, before=["strace", "-qq", "-o", log]).end(1)
    with open(log, encoding="utf-8") as file:
        calls = [line.split("(")[0] for line in file if "(" in line]
    return calls[calls.index("ppoll"):len(calls) - calls[::-1].index("ppoll")]


@case
def two_calls_for_a_round():
    """A quiet round sleeps and asks: no answer is read, no clock, no memory; now and then a whole look comes between."""
    if not shutil.which("strace"):
        raise Skip("strace is not installed")
    held = listen(8004)
    client = socket.create_connection(("127.0.0.1", 8004))
    accepted, _ = held.accept()
    for arguments in (["127.0.0.1:8001"], ["8001"], ["8001", "8002", "[::1]:8003", "8005/udp"], ["8001", "-q", "--by", "x"],
                      ["8004", "--until", "unlistened"], ["8004", "--until", "free"]):
        calls = calls_of(*arguments, "--timeout", "2s")
        n = calls.count("ppoll")
        check(n >= 50, f"{arguments}: {n} rounds only")
        check(calls.count("sendto") >= n * 3 // 4, f"{arguments}: {calls.count('sendto')} questions in {n} rounds")
        check(len(calls) <= (3 if len(arguments) < 4 else 5) * n, f"{arguments}: {len(calls)} calls in {n} rounds: {sorted(set(calls))}")
        pairs = sum(calls[i:i + 3] == ["ppoll", "sendto", "ppoll"] for i in range(len(calls)))
        check(pairs >= n * 3 // 4, f"{arguments}: {pairs} of {n} rounds are a sleep and a question")
    accepted.close()
    client.close()
    held.close()


@case
def without_a_filter():
    """Where no filter may be attached, each round is a whole look."""
    waiting = wait("8001", before=[TOOLS["refuse"], "attach_filter", "--"]).settle()
    server = listen(8001)
    expect(waiting.end(0), "8001 listens on 127.0.0.1")
    waiting = wait("8001", "--until", "unlistened", before=[TOOLS["refuse"], "attach_filter", "--"]).settle()
    server.close()
    expect(waiting.end(0), "nobody listens any more")


@case
def unlistened():
    wait("8001", "--until", "unlistened").end(0)
    server = listen(8001)
    client = socket.create_connection(("127.0.0.1", 8001))
    accepted, _ = server.accept()
    expect(wait("8001", "--until", "unlistened", "--timeout", "50ms").end(1), f"(pid {os.getpid()}) listens on 127.0.0.1")
    waiting = wait("8001", "--until", "unlistened").settle()
    server.close()
    expect(waiting.end(0), "nobody listens any more")
    expect(wait("8001", "--until", "free", "--timeout", "50ms").end(1), "held by 1 connection of")
    reset(accepted)
    client.close()
    odd = listen(8001, address="127.0.0.9")
    expect(wait("8001", "--until", "unlistened", "--timeout", "150ms").end(1), "127.0.0.9")
    wait("127.0.0.1:8001", "--until", "unlistened").end(0)
    odd.close()


@case
def free():
    server = listen(8001)
    client = socket.create_connection(("127.0.0.1", 8001))
    accepted, _ = server.accept()
    waiting = wait("8001", "--until", "free").settle()
    server.close()
    waiting.settle()
    reset(accepted)
    expect(waiting.end(0), "8001 can be bound again")
    with socket.socket() as proof:
        proof.bind(("0.0.0.0", 8001))
        held = wait("8001", "--until", "free", "--timeout", "50ms").end(1)
        expect(held, f"(pid {os.getpid()}) has bound it and does not listen")
        waiting = wait("8001", "--until", "free").settle()
    expect(waiting.end(0))
    client.close()
    # Another address of the same port is in nobody's way.
    other = listen(8002)
    wait("127.0.0.2:8002", "--until", "free").end(0)
    expect(wait("0.0.0.0:8002", "--until", "free", "--timeout", "50ms").end(1), "listens on 127.0.0.1")
    other.close()


@case
def free_after_time_wait():
    server = listen(8001)
    client = socket.create_connection(("127.0.0.1", 8001))
    accepted, _ = server.accept()
    accepted.close()  # who closes first keeps the TIME_WAIT
    client.recv(1)
    client.close()
    server.close()
    expect(wait("8001", "--until", "free", "--timeout", "100ms").end(1), "8001: held by TIME_WAIT, ", " s left")
    wait("8001", "--until", "unlistened").end(0)
    waiting = wait("8001", "--until", "free").settle()
    killed = subprocess.run(["ss", "-K", "-tn", "state", "time-wait", "sport", "=", ":8001"], capture_output=True, check=False)
    if b":8001" not in killed.stdout:
        waiting.interrupt(signal.SIGKILL)
        raise Skip("this kernel or ss destroys no TIME_WAIT")
    expect(waiting.end(0), "8001 can be bound again")


# --- the command ------------------------------------------------------------------------------------

@case
def commands():
    server = listen(8001)
    for command, status in ((["sh", "-c", "exit 7"], 7), (["true"], 0), (["sh", "-c", "kill -9 $$"], -9),
                            (["/run/none"], 127), (["/run"], 126)):
        wait("8001", "--", *command).end(status)
    said = wait("8001", "--", "printf", "%s.", "a b", "--any", "-x", "--").end(0)
    equal(said.out, "a b.--any.-x.--.")
    equal(said.err, "")
    late = wait("8002", "--timeout", "50ms", "--", "echo", "no").end(124)
    equal(late.out, "")
    expect(late, "nothing listens on 8002")
    for wrong in (["nosuchname", "--", "true"], ["8001", "--nosuch", "--", "true"], ["8001", "--"],
                  ["10.1.1.1:80", "--until", "free", "--", "true"]):
        wait(*wrong).end(125)
    with_json = wait("8001", "--jsonl", "--", "echo", "next").end(0)
    check(with_json.out.startswith('{"type":"wait","schema":"berth.wait/1"') and with_json.out.endswith("}\nnext\n"),
          with_json.out)
    ignored = wait("8001", "--", "sh", "-c", "trap '' PIPE; grep SigIgn /proc/self/status; grep SigBlk /proc/self/status").end(0)
    expect(ignored, "SigBlk:\t0000000000000000")
    server.close()


@case
def wrong_usage():
    for arguments in ([], ["ssh"], ["0"], ["70000"], ["1-300"], ["80/sctp"], ["80", "--timeout", "soon"],
                      ["80", "--timeout", "-1"], ["80", "--until", "never"], ["80", "--until", "free", "--accepting"],
                      ["80", "--until", "free", "--by", "x"], ["80", "--http", "x"], ["80", "--http", "/a b"],
                      ["80", "--http", "/=150"], ["80", "--http", "/", "--accepting"], ["80/udp", "--accepting"],
                      ["10.1.1.1:80", "--by", "x"], ["10.1.1.1:80", "--until", "free"], ["[::1]:80", "-4"],
                      ["80", "--max", "1"], ["80", "--csv"]):
        bad = wait(*arguments).end(2)
        equal(bad.out, "", arguments)
        equal(bad.err.count("\n"), 1, f"{arguments}: {bad.err!r}")
    with open("/dev/full", "w", encoding="utf-8") as full:
        server = listen(8001)
        wait("8001", stdout=full).end(4)
        server.close()


# --- the terminal -----------------------------------------------------------------------------------

def read_terminal(fd, until):
    text = b""
    while until not in text:
        check(select.select([fd], [], [], 30)[0], f"{until!r} does not come: {text!r}")
        try:
            text += os.read(fd, 4096)
        except OSError:
            break
    return text


def on_terminal(arguments, columns=80):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8"})
        os.execv(TOOLS["berth"], ["berth", *arguments])
    import fcntl  # pylint: disable=import-outside-toplevel
    import termios  # pylint: disable=import-outside-toplevel
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    return pid, fd


@case
def terminal_is_restored():
    pid, fd = on_terminal(["wait", "8001", "8002", "--timeout", "1h"], 30)
    shown = read_terminal(fd, b"s of 60 min, 0 of 2  wait")
    check(b"\x1b[?" not in shown, shown)  # no mode is changed
    os.kill(pid, signal.SIGINT)
    _, status = os.waitpid(pid, 0)
    equal(os.WTERMSIG(status), signal.SIGINT)
    rest = read_terminal(fd, b"\r\x1b[K")
    check(rest.endswith(b"\r\x1b[K"), rest)
    for line in (shown + rest).split(b"\r"):
        check(len(line.replace(b"\x1b[K", b"")) < 30, f"{line!r} is too wide")
    server = listen(8001)
    pid, fd = on_terminal(["wait", "8001"])
    expect_text = read_terminal(fd, b"after")
    check(f"pid {os.getpid()}".encode() in expect_text, expect_text)
    os.waitpid(pid, 0)
    server.close()


@case
def pipes_stay_quiet_and_signals_kill():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        waiting = wait("8001", "--timeout", "0").settle()
        waiting.interrupt(number)
        ended = waiting.end(-number)
        equal(ended.out + ended.err, "")
    ignoring = wait("8001", "--timeout", "300ms", before=["sh", "-c", 'trap "" INT; exec "$@"', "sh"]).settle()
    ignoring.interrupt()
    expect(ignoring.end(1), "nothing listens")


@case
def no_busy_loop():
    """How often it wakes up: never more than every two milliseconds, and not once for each look."""
    for arguments in (["8001"], ["8001", "8002", "8003/udp"], ["8004", "--accepting"], ["8004", "--until", "unlistened"]):
        held = listen(8004)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        wait(*arguments, "--timeout", "1s").end(1)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        n = after.ru_nvcsw - before.ru_nvcsw
        check(n < 700, f"{arguments}: {n} times in a second")
        held.close()


@case
def looks_go_on_between_tries():
    """Where nobody listens it connects once a second, and looks all the time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wait("8001", "--accepting", "--timeout", "5s").end(1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    check(after.ru_nvcsw - before.ru_nvcsw > 400, f"{after.ru_nvcsw - before.ru_nvcsw} looks in 5 seconds")


# --- other hosts ------------------------------------------------------------------------------------

@case
def other_hosts():
    name_namespace("far")
    run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", "far")
    run("ip", "addr", "add", "10.8.0.1/24", "dev", "v0")
    run("ip", "link", "set", "v0", "up")
    run("ip", "-n", "far", "addr", "add", "10.8.0.2/24", "dev", "v1")
    run("ip", "-n", "far", "link", "set", "v1", "up")
    with open("/run/hosts", "w", encoding="utf-8") as file:
        file.write("127.0.0.1 localhost\nfd00::dead far\n10.8.0.2 far\n")
    run("mount", "--bind", "/run/hosts", "/etc/hosts")
    expect(wait("10.8.0.2:8001", "--timeout", "100ms").end(1), "10.8.0.2: connection refused")
    wait("10.8.0.2:8001", "--until", "unlistened").end(0)
    waiting = wait("far:8001").settle()
    server = subprocess.Popen(["ip", "netns", "exec", "far", TOOLS["mksock"], "tcp:10.8.0.2:8001:listen"],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    expect(waiting.end(0), "far:8001 listens on 10.8.0.2")
    expect(wait("far:8001", "--accepting").end(0), "accepts connections on 10.8.0.2")
    expect(wait("10.8.0.2:8001", "--until", "unlistened", "--timeout", "100ms").end(1), "takes connections")
    server.stdin.close()
    server.wait()
    wait("10.8.0.2:8001", "--until", "unlistened").end(0)
    expect(wait("nowhere.invalid:80", "--timeout", "200ms").end(1), "nowhere.invalid:")
    # A host that is this one by another name needs no connection.
    own = listen(8001, address="10.8.0.1")
    expect(wait("10.8.0.1:8001", "--by", "wait").end(0), "listens on 10.8.0.1")
    own.close()


# --- without tables ---------------------------------------------------------------------------------

@case
def without_sock_diag():
    before = [TOOLS["refuse"], "sock_diag", "--"]
    server = listen(8001)
    expect(wait("8001", before=before).end(0), "listens on 127.0.0.1")
    expect(wait("8002", "--timeout", "300ms", before=before).end(1), "nothing listens on 8002")
    waiting = wait("8001", "--until", "free", before=before)
    expect(wait("8001", "--until", "free", "--timeout", "50ms", before=before).end(1), "listens on 127.0.0.1")
    check(waiting.is_running())
    server.close()
    expect(waiting.end(0), "can be bound again")
    server = listen(8003)
    wait("8003", "--accepting", before=before).end(0)
    server.close()
    equal(Berth("wait", "8003", "--until", "unlistened", before=before).end(0).err, "")


if __name__ == "__main__":
    main(__doc__, "berth", "mksock", "refuse")
