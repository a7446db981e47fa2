"""What the tests with real sockets share: private namespaces, programs under test, control groups.

A suite is a program whose cases are functions marked @case. Each runs as process 1 of fresh
network, mount and PID namespaces: when it ends, however it ends, the kernel ends everything it
started and forgets everything it mounted. Needs root; without it the whole suite is left out (exit
77) and says so.
"""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
MS_BIND = 4096
TIMEOUT_S = 180
LEFT_OUT = 77
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
          "--bounding-set", "-all", "--inh-caps", "-all"]
CASES = {}
TOOLS = {}
libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    """This machine cannot run the case; the text says why."""


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


# --- helpers ------------------------------------------------------------------------------------

def call(name, *args):
    if getattr(libc, name)(*args) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


class Mksock:
    """A running mksock: .pid, .children, .sockets (dicts of inode, cookie, port), in order."""

    def __init__(self, *args, before=(), program=None):
        self.process = subprocess.Popen([*before, program or TOOLS["mksock"], *args],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sockets, self.accepted, self.children, self.pid = [], [], [], None
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "pid":
                self.pid = words[1]
            elif words[0] == "child":
                self.children.append(words[1])
            elif words[0] in ("socket", "accepted"):
                fields = dict(w.split("=", 1) for w in words[2:])
                (self.sockets if words[0] == "socket" else self.accepted).append(fields)
            elif words[0] == "ready":
                return
        raise AssertionError(f"mksock {args} did not become ready")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def check(condition, text=""):
    if not condition:
        raise AssertionError(text)


def equal(a, b, text=""):
    check(a == b, f"{a!r} is not {b!r} {text}")


def run(*command):
    subprocess.run(command, check=True)


def name_namespace(name, make=None):
    """A new network namespace at /run/netns/NAME. `make` runs in it and its result is returned."""
    os.makedirs("/run/netns", exist_ok=True)
    path = f"/run/netns/{name}"
    open(path, "w").close()
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    call("unshare", CLONE_NEWNET)
    try:
        call("mount", b"/proc/self/ns/net", path.encode(), None, MS_BIND, None)
        run("ip", "link", "set", "lo", "up")
        return make() if make else None
    finally:
        call("setns", home, CLONE_NEWNET)
        os.close(home)


def listen(port, family=socket.AF_INET, address="127.0.0.1"):
    s = socket.socket(family, socket.SOCK_STREAM)
    s.bind((address, port))
    s.listen()
    return s


# --- control groups -----------------------------------------------------------------------------

def cgroup2():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            fields = line.split(" - ")
            if fields[1].startswith("cgroup2 "):
                return fields[0].split()[4]
    raise Skip("no cgroup2 is mounted")


class Groups:
    """Control groups below a directory of this case; run_case() removes them, come what may."""

    def __init__(self):
        self.root = f"{cgroup2()}/{os.environ['BERTH_TEST_GROUP']}"
        try:
            self.make("")
        except OSError as error:
            raise Skip(f"control groups cannot be made: {error.strerror}") from error

    def make(self, path):
        os.makedirs(f"{self.root}/{path}", exist_ok=True)
        return f"{self.root}/{path}"

    def start(self, path, *args):
        directory = self.make(path)
        script = f'echo $$ >"{directory}/cgroup.procs" && exec "$@"'
        return Mksock(*args, before=["sh", "-c", script, "sh"])


def remove_groups(name):
    """Groups in which nothing runs any more, from the leaves up."""
    try:
        top = f"{cgroup2()}/{name}"
    except Skip:
        return
    for directory, _, _ in os.walk(top, topdown=False):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                os.rmdir(directory)
                break
            except OSError:  # the last process is still ending
                time.sleep(0.01)


# --- running ------------------------------------------------------------------------------------

def settle_in():
    """In fresh namespaces: only what a case mounts is seen there, and /run is its own."""
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    run("ip", "link", "set", "lo", "up")


def run_inside(name):
    """In the fresh namespaces: one case."""
    settle_in()
    try:
        CASES[name]()
    except Skip as reason:
        print(f"skip {name}: {reason}")
        return LEFT_OUT
    except (AssertionError, OSError, subprocess.CalledProcessError, KeyError, IndexError,
            TypeError, ValueError) as error:
        print(f"FAIL {name}: {type(error).__name__}: {error}")
        return 1
    print(f"ok   {name}")
    return 0


def start_inside(arguments, label, **options):
    """This program once more with `arguments`, as process 1 of fresh namespaces. Its control groups
    are those of `label`: remove_groups(label) when it has ended."""
    # However this program ends, that one does, and with it everything in its PID namespace.
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount",
               "--pid", "--fork", "--kill-child", "--mount-proc",
               sys.executable, os.path.abspath(sys.argv[0]), *arguments]
    environment = dict(os.environ, BERTH_TEST_GROUP=label)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment, **options)


def run_case(arguments, name):
    label = f"berth-test-{os.getpid()}-{name}"
    try:
        with start_inside([*arguments, "--inside", name], label) as process:
            try:
                return process.wait(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                print(f"FAIL {name}: not done after {TIMEOUT_S} s")
                return 1
    finally:
        remove_groups(label)


def leave_out_unless_possible():
    """Ends this program where private namespaces cannot be had."""
    if os.geteuid() != 0:
        print("left out: namespaces are made by root only")
        sys.exit(LEFT_OUT)
    if subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "true"],
                      stderr=subprocess.DEVNULL, check=False).returncode != 0:
        print("left out: this system does not let root make namespaces")
        sys.exit(LEFT_OUT)


def main(manual, *tools):
    """A suite: arguments are the programs called `tools`, then names of cases (none: all)."""
    arguments = [os.path.abspath(a) for a in sys.argv[1:1 + len(tools)]]
    names = sys.argv[1 + len(tools):]
    if len(arguments) < len(tools):
        sys.exit(manual)
    TOOLS.update(zip(tools, arguments))
    # A background job of a shell ignores it, and so would everything that is started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if names[:1] == ["--inside"]:
        sys.stdout.reconfigure(line_buffering=True)
        sys.exit(run_inside(names[1]))
    leave_out_unless_possible()
    results = [run_case(arguments, name) for name in names or CASES]
    n_failed = len(results) - results.count(0) - results.count(LEFT_OUT)
    print(f"{results.count(0)} passed, {n_failed} failed, {results.count(LEFT_OUT)} skipped")
    sys.exit(1 if any(r not in (0, LEFT_OUT) for r in results) else 0)
