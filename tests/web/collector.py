#!/usr/bin/env python3
"""The collector of berth serve, from the other end of its pipe: what it says, and what it survives.

usage: collector.py BERTH MKSOCK [CASE...]
"""
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from front import (CLAIMS, DEADLINE_S, EVERYTHING, FACE, FACES, HELLO, HERE, LOOK, PORT, SAME, STAKE, STAKED, WATCH,
                   Front, sockets)
from inside import NOBODY, TOOLS, Mksock, Skip, case, check, equal, listen, main

HOST = ["--listen", "127.0.0.1:0"]


def open_front(*arguments, **options):
    if not os.path.ismount("/var/lib"):   # root's ledger and faces are this machine's
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/lib"], check=True)
    return Front(*HOST, *arguments, **options)


def status_of(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(line.split()[1] for line in file if line.startswith(key + ":"))


# --- what is said -------------------------------------------------------------------------------

@case
def hello():
    front = open_front("--host", "atlas.example", "--host", "b")
    said = front.begin()
    url = front.process.stdout.readline().decode().strip()
    token = said[HELLO][2].decode()
    check(len(token) == 32 and set(token) <= set("0123456789abcdef"), token)
    check(url.startswith("http://127.0.0.1:") and url.endswith(f"/?token={token}"), url)
    equal(said[HELLO][1], 1)
    equal(said[FACES][2], b"")
    equal(sorted(key[1] for key in said if isinstance(key, tuple)), [0, 16, 17])
    port = int(url.split(":")[2].split("/")[0])
    lines = said[HERE][2].decode().split("\n")
    check(len(sockets(lines, port)) == 1, lines)
    equal(front.arguments, ["serve", "--pipe", "3", "--listen", "4", "--host", "atlas.example", "--host", "b"])
    check(not any("SECRET" in word or "HOME" in word for word in front.environment), front.environment)
    status, err = front.stop()
    equal((status, err), (-signal.SIGTERM, ""))


@case
def two_tokens_differ():
    tokens = set()
    for _ in range(2):
        front = open_front()
        tokens.add(front.begin()[HELLO][2])
        front.stop()
    equal(len(tokens), 2)


@case
def as_nobody():
    front = open_front(before=NOBODY)
    equal(front.begin()[HELLO][1], 0)
    front.stop()


@case
def with_one_capability():
    """Whoever may read what belongs to others is privileged without being root."""
    before = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all,+dac_read_search",
              "--ambient-caps", "-all,+dac_read_search", "--bounding-set", "-all,+dac_read_search"]
    front = open_front(before=before)
    equal(front.begin()[HELLO][1], 1)
    front.stop()


@case
def recording():
    world = os.path.join(os.path.dirname(__file__), "..", "worlds")
    name = sorted(os.listdir(world))[0] if not os.path.exists(f"{world}/desk.world") else "desk.world"
    front = open_front("--replay", f"{os.path.realpath(world)}/{name}")
    said = front.begin()
    equal(said[HELLO][1], 2)
    check("gap what=claims-aside" in said[HERE][2].decode(), said[HERE][2].decode())
    front.send(STAKE, 5, b"web 8080/tcp")
    check(b"this is a recording" in front.until(STAKED)[2])
    front.stop()


@case
def comes_and_goes():
    front = open_front()
    front.begin()
    front.send(WATCH, 1)
    server = Mksock("tcp:127.0.0.1:5555:listen")
    _, before, payload = front.until_here(lambda lines: sockets(lines, 5555))
    text = payload.decode()
    check(f"owners={server.pid}:" in sockets(text.split("\n"), 5555)[0], text)
    server.stop()
    _, after, _ = front.until_here(lambda lines: not sockets(lines, 5555))
    check(after > before, f"{before} {after}")
    front.stop()


@case
def many_come_at_once():
    front = open_front()
    front.begin()
    front.send(WATCH, 1)
    servers = [listen(6000 + i) for i in range(100)]
    front.until_here(lambda lines: all(sockets(lines, 6000 + i) and "owners=" in sockets(lines, 6000 + i)[0]
                                       for i in range(100)))
    for s in servers:
        s.close()
    front.until_here(lambda lines: not any(sockets(lines, 6000 + i) for i in range(100)))
    front.stop()


@case
def unchanged_is_the_same():
    front = open_front()
    generation = front.begin()[HERE][1]
    front.send(WATCH, 1)
    times = []
    for _ in range(4):
        kind, argument, payload = front.receive()
        equal((kind, argument, len(payload)), (SAME, generation, 8))
        times.append(struct.unpack("<q", payload)[0])
    check(times == sorted(times) and len(set(times)) == 4, times)
    check(abs(times[-1] / 1e9 - time.time()) < 3600, times)
    front.stop()


@case
def sleeps_unwatched():
    front = open_front()
    front.begin()
    front.send(WATCH, 1)
    front.until(SAME)
    front.send(WATCH, 0)
    front.send(LOOK, 1)
    front.until(PORT)
    pid = front.process.pid
    time.sleep(0.5)   # until it has gone to sleep after that
    before = status_of(pid, "voluntary_ctxt_switches")
    time.sleep(3)
    equal(status_of(pid, "voluntary_ctxt_switches"), before)
    front.stop()


@case
def queues():
    front = open_front()
    generation = front.begin()[HERE][1]
    server = socket.socket()
    server.bind(("127.0.0.1", 5000))
    server.listen(4)
    front.send(WATCH, 1)
    _, generation, _ = front.until_here(lambda lines: sockets(lines, 5000))
    clients = []
    for _ in range(5):
        client = socket.socket()
        client.connect(("127.0.0.1", 5000))
        clients.append(client)
    _, later, _ = front.until_here(lambda lines: sockets(lines, 5000) and "queue=5/4" in sockets(lines, 5000)[0])
    equal(later, generation, "queues alone make no generation")
    front.stop()


@case
def owner_that_ends():
    """A socket lives on in a child: the parent is not shown for ever."""
    front = open_front()
    front.begin()
    ends = os.pipe()
    parent = os.fork()
    if parent == 0:
        os.close(ends[1])
        s = listen(5001)
        child = os.fork()
        if child == 0:
            time.sleep(1000)
        os.read(ends[0], 1)
        s.close()
        os._exit(0)
    front.send(WATCH, 1)
    front.until_here(lambda lines: sockets(lines, 5001) and f"owners={parent}:" in sockets(lines, 5001)[0])
    os.write(ends[1], b"x")
    os.waitpid(parent, 0)
    front.until_here(lambda lines: sockets(lines, 5001) and f"owners={parent}:" not in sockets(lines, 5001)[0]
                     and f",{parent}:" not in sockets(lines, 5001)[0] and "owners=" in sockets(lines, 5001)[0])
    front.stop()


@case
def one_port():
    front = open_front()
    front.begin()
    server = Mksock("tcp:127.0.0.1:5555:listen", "udp:127.0.0.1:5555")
    client = socket.socket()
    client.connect(("127.0.0.1", 5555))
    front.send(LOOK, 5555)
    _, port, payload = front.until(PORT)
    lines = payload.decode().split("\n")
    equal(port, 5555)
    kinds = sorted(" ".join(line.split()[1:3]) for line in lines if line.startswith("socket "))
    check({"tcp listener", "udp listener", "tcp connection"} <= set(kinds), kinds)
    check(f"owners={server.pid}:" in payload.decode(), payload)
    front.stop()


# --- claims and faces ---------------------------------------------------------------------------

@case
def claims_of_files():
    front = open_front()
    front.begin()
    front.send(WATCH, 1)
    path = os.path.join(front.home, "ports.claims")
    with open(path, "w", encoding="utf-8") as file:
        file.write('web 8080/tcp 127.0.0.1 owner="a b" until=2999-01-01 # it\'s "so"\nold 81/udp retired\nbad\n')
    _, _, payload = front.until(CLAIMS, lambda argument, payload: argument == 0 and payload)
    lines = payload.decode().split("\n")
    equal(lines[0::2], ["# 0 ports.claims:2", "# 0 ports.claims:1", ""])
    equal([" ".join(line.split()) for line in lines[1::2]],
          ["old 81/udp retired", 'web 8080/tcp 127.0.0.1 owner="a b" until=2999-01-01 # it\'s "so"'])
    front.until_here(lambda lines: any(line.startswith("gap what=claims ") for line in lines))
    with open(path, "w", encoding="utf-8") as file:
        file.write("web 8081/tcp\n")
    front.until(CLAIMS, lambda argument, payload: argument == 0 and b"8081" in payload)
    front.until_here(lambda lines: not any(line.startswith("gap what=claims") for line in lines))
    os.unlink(path)
    front.until(CLAIMS, lambda argument, payload: argument == 0 and not payload)
    front.stop()


def berth(front, *arguments):
    return subprocess.run([os.path.join(front.directory, "berth"), *arguments], cwd=front.home, text=True,
                          env={"HOME": front.home, "LC_ALL": "C.UTF-8"}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False).stdout


@case
def stake():
    if not os.path.exists(os.path.join(os.path.dirname(TOOLS["berth"]), "berth-ledger")):
        raise Skip("berth is built without SQLite")
    ledger = f"{tempfile.mkdtemp(prefix='berth-front-')}/claims.db"
    front = open_front("--ledger", ledger)
    front.begin()
    with open(os.path.join(front.home, "ports.claims"), "w", encoding="utf-8") as file:
        file.write("team 9000/tcp\n")
    for number, (line, wanted) in enumerate([
            (b"web 8080/tcp # for tests", b"outcome 0"), (b"web 8080/tcp", b""),
            (b"other 8080/tcp", b"8080/tcp is taken"), (b"other 9000/tcp", b"9000/tcp is taken"),
            (b"no name 1/tcp", b"ports need a transport"), (b"", b"nothing is claimed"), (b"# nothing", b"this is no claim"),
            (b"a 1/tcp\nb 2/tcp", b"one line is one claim"), (b"a 0/tcp", b"port 0 cannot be claimed"),
            (b"a 1/tcp retired", b"does not begin retired"), (b"a 1/tcp until=2000-01-01", b"over already"),
            (b"\xff 1/tcp", b"not UTF-8"), (b"include /etc/passwd", b"this is no claim"),
            (b"x" * 4096, b""), (b"late 8085/tcp", b"")]):
        front.send(STAKE, number + 1, line)
        _, argument, payload = front.until(STAKED)
        equal(argument, number + 1)
        if wanted and wanted != b"outcome 0":
            check(wanted in payload, f"{line!r}: {payload!r}")
    front.send(LOOK, 1)
    front.until(CLAIMS, lambda argument, payload: argument == 16 and b"late" in payload)
    out = berth(front, "claims", "--ledger", ledger, "--jsonl")
    check('"name":"web"' in out and '"reason":"for tests"' in out and "other" not in out and "late" in out, out)
    shutil.rmtree(os.path.dirname(ledger))
    front.stop()


@case
def faces():
    directory = tempfile.mkdtemp(prefix="berth-front-")
    front = open_front(directory=directory)
    front.begin()
    for port, face in [(22, 0), (22, 0), (22, 2), (65535, 1)]:
        front.send(FACE, port * 4 + face)
    _, _, payload = front.until(FACES)
    equal(payload, b"22 2 0 1\n65535 0 1 0\n")
    front.send(FACE, 80 * 4)
    front.send(LOOK, 1)
    front.until(PORT)
    front.stop()   # what was not written yet is
    again = open_front(directory=directory)
    equal(again.begin()[FACES][2], b"22 2 0 1\n80 1 0 0\n65535 0 1 0\n")
    again.stop()
    shutil.rmtree(directory)


# --- what it survives ---------------------------------------------------------------------------

def broken(send):
    front = open_front()
    front.begin()
    send(front)
    status, err = front.wait()
    equal(status, 4, err)
    equal(err.count("\n"), 1, err)
    return err


@case
def garbage():
    for send in [lambda f: f.pipe.sendall(b"GET / HTTP/1.1\r\n"),
                 lambda f: f.pipe.sendall(b"b"[:1] + b"x"),
                 lambda f: f.pipe.sendall(struct.pack("<4sIII", b"bAtl", STAKE, 1, 4097)),
                 lambda f: f.pipe.sendall(struct.pack("<4sIII", b"bAtl", STAKE, 1, 0xffffffff)),
                 lambda f: f.send(HELLO), lambda f: f.send(HERE), lambda f: f.send(99), lambda f: f.send(0),
                 lambda f: f.send(LOOK, 65537), lambda f: f.send(LOOK, 0xffffffff), lambda f: f.send(WATCH, 2),
                 lambda f: f.send(FACE, 3), lambda f: f.send(FACE, 65536 * 4), lambda f: f.send(LOOK, 1, b"x")]:
        check("broke the rules" in broken(send))


@case
def front_that_ends():
    front = open_front()
    front.begin()
    front.end_front(9)
    status, err = front.wait()
    equal((status, err), (4, "berth: the helper berth-atlas ended (status 9)\n"))


@case
def half_a_frame():
    front = open_front()
    front.begin()
    front.pipe.sendall(b"bAtl\x41")
    front.end_front(0)
    equal(front.wait()[0], 4)


@case
def flood():
    """A hundred thousand looks, unread: they wait in the pipe, not in memory; then all are answered."""
    front = open_front()
    front.begin()
    frame = b"".join(struct.pack("<4sIII", b"bAtl", LOOK, port, 0) for port in range(1, 1001))
    front.pipe.setblocking(False)
    n = 0
    end = time.monotonic() + 5
    rest = b""
    while time.monotonic() < end and n < 100:
        rest = rest or frame
        try:
            rest = rest[front.pipe.send(rest):]
            n += not rest
        except BlockingIOError:
            time.sleep(0.05)
    check(int(status_of(front.process.pid, "VmRSS")) < 100_000, status_of(front.process.pid, "VmRSS"))
    front.pipe.setblocking(True)
    front.pipe.settimeout(DEADLINE_S)
    seen = set()
    while len(seen) < 64:
        seen.add(front.until(PORT)[1])
    front.stop()


@case
def stall():
    """A front that takes nothing costs nothing: no look is made for it."""
    front = open_front()
    front.begin()
    front.send(WATCH, 1)
    servers = []
    for i in range(60):
        servers.append(listen(7000 + i))
        for k in range(20):
            front.send(LOOK, 7000 + k)
        time.sleep(0.02)
    check(int(status_of(front.process.pid, "VmRSS")) < 100_000)
    front.until_here(lambda lines: sockets(lines, 7059))
    equal(front.stop()[0], -signal.SIGTERM)


@case
def stops_in_the_middle():
    front = open_front()
    front.begin()
    for port in range(64):
        front.send(LOOK, port)
    equal(front.stop(signal.SIGINT), (-signal.SIGINT, ""))


@case
def ends_with_berth():
    """Whoever kills berth itself leaves nobody behind: the pipe ends."""
    front = open_front()
    front.begin()
    front.process.kill()
    front.process.wait()
    while front.receive() is not None:
        pass


# --- where it listens ---------------------------------------------------------------------------

def url_of(front):
    return front.process.stdout.readline().decode().strip()


@case
def usual_port():
    front = Front()
    front.begin()
    check(url_of(front).startswith("http://127.0.0.1:13476/?token="))
    lines = front.here()[1] or []
    equal(front.arguments, ["serve", "--pipe", "3", "--listen", "4,5"])
    second = Front()
    second.begin()
    url = url_of(second)
    check(url.startswith("http://127.0.0.1:13477/?token="), url)
    front.stop()
    status, err = second.stop()
    check("port 13476, where the atlas usually is, is taken by" in err and "at port 13477" in err, err)


@case
def usual_port_is_a_good_one():
    """berth suggest has nothing against it, whatever the registry says one day."""
    out = subprocess.run([TOOLS["berth"], "suggest", "--browser", "--range", "13476-13476", "--json"], text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    check('"reasons": []' in out and '"cost": 0' in out, out)


def refused(*arguments, env=None):
    run = subprocess.run([TOOLS["berth"], "serve", *arguments], text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False, env={**os.environ, **(env or {})})
    equal(run.stdout.count("\n"), 1, run.stdout)
    return run.returncode, run.stdout


@case
def taken():
    keep = listen(5555)
    status, text = refused("--listen", "127.0.0.1:5555")
    equal(status, 4)
    check(f"127.0.0.1:5555 is taken by collector (pid {os.getpid()})" in text, text)
    keep.close()


@case
def bad_places():
    for place in ["x", "", "1.2.3.4.5:80", "127.0.0.1:70000", "[127.0.0.1]:80", "::1:80", "unix:" + "x" * 200]:
        status, text = refused("--listen", place)
        equal(status, 2, f"{place} {text}")
    equal(refused("--listen", "192.0.2.1:8080")[0], 4)
    equal(refused("--listen", "fd")[0], 2)
    equal(refused("--host", "a b")[0], 2)
    equal(refused("word")[0], 2)


def is_answered(path):
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0


@case
def unix_socket():
    path = f"{tempfile.mkdtemp(prefix='berth-front-')}/socket"
    old = os.umask(0o077)
    front = Front("--listen", f"unix:{path}")
    os.umask(old)
    front.begin()
    equal(oct(os.stat(path).st_mode & 0o777), "0o666")
    check(url_of(front).startswith(f"unix:{path} http://localhost/?token="))
    check("answers at" in refused("--listen", f"unix:{path}")[1])
    front.process.kill()   # it leaves the path behind: the next one takes it
    front.process.wait()
    front.control.close()
    while is_answered(path):   # the front has the socket still
        time.sleep(0.01)
    check(os.path.exists(path))
    front = Front("--listen", f"unix:{path}")
    front.begin()
    front.end_front(1)
    equal(front.wait()[0], 4)
    check(not os.path.exists(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write("mine")
    equal(refused("--listen", f"unix:{path}")[0], 2)
    with open(path, encoding="utf-8") as file:
        equal(file.read(), "mine")
    shutil.rmtree(os.path.dirname(path))


@case
def passed_sockets():
    """As systemd does it: descriptor 3, LISTEN_PID set between fork and exec."""
    s = listen(5556)
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind("\0berth-test-notify")
    script = 'LISTEN_PID=$$ LISTEN_FDS=1 NOTIFY_SOCKET=@berth-test-notify exec "$@" 3<&%d' % s.fileno()
    os.set_inheritable(s.fileno(), True)
    front = None
    # The shell's redirection stands for systemd's dup2.
    popen = subprocess.Popen

    def start(command, **options):
        return popen(["sh", "-c", script, "sh", *command], close_fds=False, **options)
    subprocess.Popen = start
    try:
        front = Front("--listen", "fd")
    finally:
        subprocess.Popen = popen
    front.begin()
    check(url_of(front).startswith("http://127.0.0.1:5556/?token="))
    check(notify.recv(1000).startswith(b"READY=1"))
    front.stop()
    equal(notify.recv(1000), b"STOPPING=1")
    status, text = refused("--listen", "fd", env={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
    check(status == 2 and "no sockets were passed" in text, text)


@case
def no_helper():
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy2(TOOLS["berth"], directory)
        run = subprocess.run([f"{directory}/berth", "serve"], text=True, stderr=subprocess.PIPE, check=False)
    equal(run.returncode, 4)
    check("berth-atlas, which serves the pages, is not installed" in run.stderr, run.stderr)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="berth-collector-") as folder:
        os.chmod(folder, 0o755)  # some of it is run by nobody
        tempfile.tempdir = folder
        main(__doc__, "berth", "mksock")
