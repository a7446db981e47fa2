#!/usr/bin/python3
"""Names that only a container runtime's API tells: when berth asks for them, and when it must not.

  api.py BERTH

A real podman service, then sockets of the test's own that are slow, somebody else's, waiting for systemd or
hostile. Everything happens in network, mount and process namespaces of the test's own, as in podman.py. Prints
a line a check and closes with "N passed, N failed"; 77 and the reason when it cannot be run here.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "helpers"))
import containers
import groups
from podman import Checks, wait_for

IMAGE = "localhost/berth-test:1"
SOCKET = "/run/podman/podman.sock"
DOCKER = "/run/docker.sock"
USER = 1234
STATE = ("/var/lib/containers", "/run/containers")
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all",
          "--inh-caps", "-all"]


def ask(berth, *arguments, prefix=()):
    """What berth says where it cannot read the files of a runtime. The bound on time is a deadlock's."""
    cover = " && ".join(f"mount -t tmpfs tmpfs {place}" for place in STATE)
    done = subprocess.run(["unshare", "--mount", "sh", "-c", f'{cover} && exec "$@"', "sh", *prefix, berth,
                           *arguments], text=True, capture_output=True, check=False, timeout=120)
    return json.loads(done.stdout) if "--json" in arguments else done.stdout


def gaps_of(answer):
    return [g for g in answer["gaps"] if g["what"] == "container name"]


def name_at(berth, port):
    """(container, reasons of the gaps) of the one owner at that port."""
    answer = ask(berth, str(port), "--json")
    owners = [o["container"] for l in answer["listeners"] for o in l["owners"]]
    return owners, [g["why"] for g in gaps_of(answer)]


@contextlib.contextmanager
def child(work):
    """A process that runs `work`; it ends with the block."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print(f"child: {error}", flush=True)
        finally:
            os._exit(1)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@contextlib.contextmanager
def contained(group, ident, port, uid=0):
    """A process with a listener in the control group of a container that no file knows."""
    place = pathlib.Path(groups.cgroup2()) / group / f"libpod-{ident}.scope"
    place.mkdir(parents=True)
    ready, is_ready = os.pipe()

    def work():
        (place / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")
        os.setresuid(uid, uid, uid)
        with socket.create_server(("127.0.0.1", port)):
            os.write(is_ready, b"x")
            signal.pause()

    with child(work):
        os.close(is_ready)
        assert os.read(ready, 1), "it does not listen"
        os.close(ready)
        yield
    place.rmdir()


def listen(path, uid):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    os.chmod(path, 0o666)
    os.chown(path, uid, uid)
    server.listen(16)
    return server


@contextlib.contextmanager
def served(path, serve, uid=0, file_uid=None, title="podman"):
    """A process that listens at `path` and hands each connection to `serve`; yields a count of them."""
    count, counted = os.pipe()
    os.set_blocking(count, False)
    ready, is_ready = os.pipe()

    def work():
        pathlib.Path("/proc/self/comm").write_text(title, encoding="utf-8")
        os.setresgid(uid, uid, uid)
        server = listen(path, uid if file_uid is None else file_uid) if uid == 0 else None
        if server is None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.chown(os.path.dirname(path), uid, uid)
            os.setresuid(uid, uid, uid)
            server = listen(path, uid)
        os.write(is_ready, b"x")
        while True:
            connection, _ = server.accept()
            os.write(counted, b"x")
            with contextlib.suppress(OSError):
                serve(connection)
            connection.close()

    def accepted():
        with contextlib.suppress(BlockingIOError):
            return len(os.read(count, 4096))
        return 0

    with child(work):
        os.close(is_ready)  # should it die, this does not wait for ever
        assert os.read(ready, 1), "it does not listen"
        yield accepted
    for descriptor in (count, counted, ready):
        os.close(descriptor)
    os.unlink(path)


def replying(body, head="HTTP/1.0 200 OK\r\n\r\n"):
    def serve(connection):
        connection.recv(4096)
        connection.sendall((head + body).encode() if isinstance(body, str) else head.encode() + body)
    return serve


def hang(_):
    signal.pause()


def drip(connection):
    """Always a little more, never all of it."""
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.01)


def flood(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"[" * 65536)


def body_of(ident, name):
    return json.dumps({"Id": ident, "Name": f"/{name}", "Config": {"Image": "image:1"}})


def check_real(c, berth, front, folder):
    """A podman whose files berth cannot read, and whose conmon does not tell names."""
    os.environ["TMPDIR"] = folder
    containers.make_image(front, folder, IMAGE, "/bin/httpd", "-f", "-p", "80", "-h", "/www")
    containers.run(front, "run", "-d", "--name", "web", "-p", "8080:80", IMAGE)
    wait_for(lambda: ask(berth, "80", "--json")["listeners"])
    owners, why = name_at(berth, 80)
    c.equal("no service: no name", (len(owners), "web" in owners), (1, False))
    c.equal("no service: a gap", why, ["no file of a runtime tells it, and neither Docker nor Podman has an "
                                       "API socket here"])
    nobody = gaps_of(ask(berth, "80", "--json", prefix=NOBODY))
    c.equal("without root: what would help", [g["fix"] for g in nobody], ["run as root"])
    os.makedirs("/run/podman")
    service = subprocess.Popen([front, "system", "service", "--time", "0", f"unix://{SOCKET}"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: os.path.exists(SOCKET))
        # A slow machine may need more than berth's 100 ms for the very first answer.
        wait_for(lambda: name_at(berth, 80)[0] == ["web"])
        answer = ask(berth, "8080", "--json")
        c.equal("podman's service tells the name", name_at(berth, 80), (["web"], []))
        c.equal("the published port's, too", [p["container"] for p in answer["published"]], ["web"])
        nobody = ask(berth, "80", "--json", prefix=NOBODY)
        c.equal("without root: a gap", [g["fix"] for g in gaps_of(nobody)], ["run as root"])
    finally:
        service.terminate()
        service.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(SOCKET)


def check_patience(c, berth, group):
    idents = ["a" * 64, "b" * 64, "c" * 64]
    with contextlib.ExitStack() as stack:
        for at, ident in enumerate(idents):
            stack.enter_context(contained(group, ident, 9001 + at))
        for name, serve in ("hangs", hang), ("drips", drip):
            with served(SOCKET, serve) as accepted:
                gaps = gaps_of(ask(berth, "here", "--json"))
                c.equal(f"{name}: one gap for all", [g["why"] for g in gaps],
                        [f"{SOCKET}: no answer within 100 ms"])
                c.equal(f"{name}: for how many", ["2 more" in g["where"] for g in gaps], [True])
                c.equal(f"{name}: the first used the time up", accepted(), 1)


def check_owner(c, berth, group):
    ident = "d" * 64
    good = replying(body_of(ident, "good"))
    with contained(group, ident, 9010):
        with served(SOCKET, good, file_uid=USER) as accepted:
            c.equal("a stranger's file", name_at(berth, 9010)[1],
                    [f"{SOCKET}: belongs to user {USER}, not to root"])
            c.equal("a stranger's file is not spoken to", accepted(), 0)
        with served(SOCKET, good) as accepted:
            c.equal("root's", name_at(berth, 9010), (["good"], []))
            c.equal("root's is asked once", accepted(), 1)
        with served(SOCKET, good, title="engine") as accepted:
            c.equal("by another name", name_at(berth, 9010), (["good"], []))
        with served(DOCKER, good) as accepted:
            c.equal("Docker's", name_at(berth, 9010), (["good"], []))
        with served(SOCKET, replying("", "HTTP/1.0 404 No\r\n\r\n")), served(DOCKER, good):
            c.equal("one knows it, one does not", name_at(berth, 9010), (["good"], []))
        with served(SOCKET, replying("", "HTTP/1.0 404 No\r\n\r\n")):
            c.equal("nobody knows it", name_at(berth, 9010)[1], [f"{SOCKET}: it does not know the container"])
    mine = f"/run/user/{USER}/podman/podman.sock"
    with contained(group, ident, 9010, USER):
        with served(mine, good, USER) as accepted:
            c.equal("of who runs it", name_at(berth, 9010), (["good"], []))
        with served(mine, good, USER + 1) as accepted:
            c.equal("of another user", name_at(berth, 9010)[1],
                    [f"{mine}: belongs to user {USER + 1}, not to root or to who runs the container"])
            c.equal("of another user: not spoken to", accepted(), 0)


def check_activation(c, berth, group):
    """Connecting would start a service: it must not happen."""
    ident = "e" * 64
    why = [f"{SOCKET}: only systemd has it: asking would start the service"]
    with contained(group, ident, 9020):
        with listen(SOCKET, 0) as server:  # this very process is number 1 here
            server.setblocking(False)
            c.equal("process 1 has it", name_at(berth, 9020)[1], why)
            try:
                server.accept()
                c.equal("process 1 was not disturbed", "a connection", "none")
            except BlockingIOError:
                c.equal("process 1 was not disturbed", "none", "none")
        c.equal("nobody listens any more", name_at(berth, 9020)[1],
                [f"{SOCKET}: nothing listens at it in this network namespace"])
        os.unlink(SOCKET)
        started = "/run/was-started"
        manager = subprocess.Popen(["systemd-socket-activate", "-l", SOCKET, "touch", started],
                                   stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: os.path.exists(SOCKET))
            c.equal("systemd-socket-activate has it", name_at(berth, 9020)[1], why)
            c.equal("nothing was started", os.path.exists(started), False)
            with socket.socket(socket.AF_UNIX) as client:  # it would have been
                client.connect(SOCKET)
            wait_for(lambda: os.path.exists(started))
            c.equal("a connection would have started it", os.path.exists(started), True)
        finally:
            manager.kill()
            manager.wait()
            os.unlink(SOCKET)


def check_hostile(c, berth, group):
    ident = "f" * 64
    odd = "its answer is none that berth understands"
    with contained(group, ident, 9030):
        for name, serve, why in (
                ("nothing", replying("", ""), odd),
                ("no HTTP", replying(body_of(ident, "x"), ""), odd),
                ("no JSON", replying("\xff\0{{{"), odd),
                ("depth", replying("[" * 200000), odd),
                ("another container", replying(body_of("0" * 64, "x")), odd),
                ("a name too long", replying(body_of(ident, "x" * 300)), odd),
                ("in chunks", replying("5\r\n{\"Id\"\r\n0\r\n\r\n"), odd),
                ("a refusal", replying("", "HTTP/1.0 500 No\r\n\r\n"), "it answers with HTTP status 500"),
                ("a flood", flood, "its answer is too long")):
            with served(SOCKET, serve):
                owners, whys = name_at(berth, 9030)
                # Reading half a megabyte may take longer than berth waits, on a busy machine.
                late = f"{SOCKET}: no answer within 100 ms"
                c.equal(f"hostile: {name}", (len(owners), whys in ([f"{SOCKET}: {why}"], [late])), (1, True))
        with served(SOCKET, replying(body_of(ident, "a\x1b[31m\nb"))):
            c.equal("escapes: the record has them", name_at(berth, 9030), (["a\x1b[31m\nb"], []))
            text = ask(berth, "9030")
            c.equal("escapes: the terminal does not", ("\x1b" in text, "[31m" in text), (False, True))


def inside(berth, group):
    checks = Checks()
    containers.run("mount", "-t", "tmpfs", "tmpfs", "/run")
    containers.run("ip", "link", "set", "lo", "up")
    containers.hide_the_machine()
    os.makedirs("/run/containers")
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        front, conmon = f"{folder}/podman", pathlib.Path(folder) / "conmon"
        conmon.write_text('#!/bin/bash\nfor word; do [ "$last" = -n ] || [ "$word" = -n ] || words+=("$word"); '
                          f'last=$word; done\nexec {shutil.which("conmon")} "${{words[@]}}"\n', encoding="utf-8")
        conmon.chmod(0o755)
        containers.OF_ALL[:0] = ["--conmon", str(conmon)]
        containers.write_front(front, group)
        try:
            check_real(checks, berth, front, folder)
        finally:
            containers.remove_all(front)
    check_patience(checks, berth, group)
    check_owner(checks, berth, group)
    check_activation(checks, berth, group)
    check_hostile(checks, berth, group)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if sys.argv[1] == "--inside":
        return inside(*sys.argv[2:4])
    reason = containers.why_not()
    if not reason and not groups.cgroup2():
        reason = "no cgroup2 is mounted"
    if not reason and not shutil.which("systemd-socket-activate"):
        reason = "systemd is not installed"
    if reason:
        print(f"left out: api, because {reason}")
        return 77
    group = f"berth-api-{os.getpid()}"
    with groups.removed(group):
        return subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
                               "--mount-proc", sys.executable, __file__, "--inside",
                               os.path.abspath(sys.argv[1]), group], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
