#!/usr/bin/env python3
"""A really booted systemd, and what berth says of the sockets that it holds.

usage: systemd.py BERTH [CASE...]

systemd runs as process 1 of namespaces of its own (PID, mount, network, UTS, IPC, cgroup), with an
overlay of / whose changes live in memory, private /run and /tmp, and its own branch of the cgroup2
tree. Nothing of it reaches the system: when its process 1 ends, the kernel ends everything it
started and forgets its mounts and changes; its control groups are removed here, come what may.

Needs root and systemd; without them the whole suite is left out (exit 77) and says so.
"""
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

CLONE = {"mount": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000,
         "pid": 0x20000000, "net": 0x40000000}
SYSTEMD = "/lib/systemd/systemd"
HOME = "/opt/berth-test"  # of the programs, inside
PATIENCE_S = 60
UNITS = {
    "demo.socket": """[Socket]
ListenStream=7001
ListenDatagram=127.0.0.1:7002
""",
    "demo.service": """[Service]
ExecStart=/bin/sleep 100000
""",
    # Another name, another place, a drop-in that changes the port.
    "odd.socket": """[Socket]
ListenStream=1
Service=oddly-named.service
BindIPv6Only=ipv6-only
""",
    "odd.socket.d/10-port.conf": """[Socket]
ListenStream=
ListenStream=[::]:7003
""",
    "oddly-named.service": f"""[Service]
ExecStart={HOME}/permify 100000
""",
    "each.socket": """[Socket]
ListenStream=127.0.0.1:7004
Accept=yes
""",
    "each@.service": """[Service]
ExecStart=-/bin/sleep 100000
StandardInput=socket
""",
    "web@.socket": """[Socket]
ListenStream=127.0.0.1:%i
""",
    "web@7005.service": """[Service]
ExecStart=/bin/sleep 100000
""",
    # Its program is the one that registered the port: Permify is known to use 3476.
    "permify.socket": """[Socket]
ListenStream=3476
""",
    "permify.service": f"""[Service]
ExecStart={HOME}/permify 100000
""",
    "stranger.socket": """[Socket]
ListenStream=5432
""",
    "stranger.service": """[Service]
ExecStart=/bin/sleep 100000
""",
    "ready.service": """[Unit]
After=demo.socket odd.socket each.socket web@7005.socket permify.socket stranger.socket
[Service]
Type=oneshot
ExecStart=/bin/touch /run/berth-ready
""",
}
WANTED = ("demo.socket", "odd.socket", "each.socket", "web@7005.socket", "permify.socket",
          "stranger.socket", "ready.service")
CASES = {}
libc = ctypes.CDLL(None, use_errno=True)


class LeftOut(Exception):
    """This machine cannot run the suite; the text says why."""


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def check(condition, text=""):
    if not condition:
        raise AssertionError(text)


def equal(a, b, text=""):
    check(a == b, f"{a!r} is not {b!r} {text}")


def wait_for(what, condition):
    """A condition that only a hanging machine does not meet."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen")


# --- the machine --------------------------------------------------------------------------------

def cgroup2():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, after = line.split(" - ")
            if after.startswith("cgroup2 "):
                return before.split()[4]
    raise LeftOut("no cgroup2 is mounted")


class Machine:
    """systemd, booted. `pid` is its process 1 as it is seen from outside."""

    def __init__(self, berth):
        self.pid, self.keeper = None, None
        self.group = f"{cgroup2()}/berth-systemd-{os.getpid()}"
        self.top = tempfile.mkdtemp(prefix="berth-systemd-")
        self.berth = berth
        try:
            os.mkdir(self.group)
        except OSError as error:
            os.rmdir(self.top)
            raise LeftOut(f"control groups cannot be made: {error.strerror}") from error

    def boot(self):
        reader, writer = os.pipe()
        self.keeper = os.fork()
        if self.keeper == 0:
            os.close(reader)
            self.keep(writer)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            said = pipe.readline()
        check(said.strip().isdigit(), f"no namespaces: {said}")
        self.pid = int(said)
        wait_for("the boot", self.is_ready)

    def is_ready(self):
        if not os.path.exists(f"/proc/{self.pid}"):
            raise AssertionError(f"systemd ended\n{self.log()}")
        return os.path.exists(f"/proc/{self.pid}/root/run/berth-ready")

    def log(self):
        if not os.path.exists(f"{self.top}/log"):
            return ""
        with open(f"{self.top}/log", encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-30:])

    def keep(self, writer):
        """The process that stands between: its end is that of the machine."""
        libc.prctl(1, signal.SIGKILL)
        os.setsid()
        with open(f"{self.group}/cgroup.procs", "w", encoding="utf-8") as file:
            file.write("0")
        if libc.unshare(sum(CLONE.values())) != 0:
            os.write(writer, os.strerror(ctypes.get_errno()).encode() + b"\n")
            os._exit(1)
        pid = os.fork()
        if pid != 0:
            os.write(writer, f"{pid}\n".encode())
            os.close(writer)
            os.waitpid(pid, 0)
            os._exit(0)
        libc.prctl(1, signal.SIGKILL)
        os.close(writer)
        try:
            self.become_systemd()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def become_systemd(self):
        log = os.open(f"{self.top}/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        root = self.mount()
        self.write_units(root)
        os.chroot(root)
        os.chdir("/")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        os.execve(SYSTEMD, [SYSTEMD, "--system", "--unit=berth-test.target", "--show-status=no",
                            "--log-target=console", "--log-level=notice"],
                  {"container": "berth-test", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})

    def mount(self):
        def run(*command):
            subprocess.run(command, check=True)
        memory = f"{self.top}/memory"
        root = f"{memory}/root"
        run("mount", "--make-rprivate", "/")
        os.mkdir(memory)
        run("mount", "-t", "tmpfs", "tmpfs", memory)
        for name in ("upper", "scratch", "root"):
            os.mkdir(f"{memory}/{name}")
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir=/,upperdir={memory}/upper,workdir={memory}/scratch", root)
        run("mount", "-t", "proc", "proc", f"{root}/proc")
        run("mount", "-t", "sysfs", "-o", "ro", "sysfs", f"{root}/sys")
        run("mount", "-t", "cgroup2", "cgroup2", f"{root}/sys/fs/cgroup")
        run("mount", "--rbind", "/dev", f"{root}/dev")
        for name in ("run", "tmp", "etc/systemd/system"):  # nothing of this system's own units
            os.makedirs(f"{root}/{name}", exist_ok=True)
            run("mount", "-t", "tmpfs", "tmpfs", f"{root}/{name}")
        os.makedirs(root + HOME)
        shutil.copy(self.berth, f"{root}{HOME}/berth")
        shutil.copy("/bin/sleep", f"{root}{HOME}/permify")
        return root

    def write_units(self, root):
        directory = f"{root}/etc/systemd/system"
        files = dict(UNITS)
        files["berth-test.target"] = f"[Unit]\nRequires={' '.join(WANTED)}\n"
        for name, text in files.items():
            os.makedirs(os.path.dirname(f"{directory}/{name}"), exist_ok=True)
            if name.count(".") == 1 and "[Unit]" not in text:
                text = "[Unit]\nDefaultDependencies=no\n" + text
            elif name.count(".") == 1:
                text = text.replace("[Unit]", "[Unit]\nDefaultDependencies=no")
            with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        os.mkdir(f"{directory}/sockets.target.wants")
        os.symlink("../web@.socket", f"{directory}/sockets.target.wants/web@7005.socket")

    def inside(self, *command):
        return ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--net", "--cgroup",
                "--ipc", "--uts", f"--root=/proc/{self.pid}/root", f"--wd=/proc/{self.pid}/root",
                "--", *command]

    def connect(self, port, address="127.0.0.1"):
        """A connection from inside; the caller closes it."""
        here = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)
        try:
            check(libc.setns(there, CLONE["net"]) == 0, "setns")
            return socket.create_connection((address, port))
        finally:
            check(libc.setns(here, CLONE["net"]) == 0, "setns back")
            os.close(here)
            os.close(there)

    def end(self):
        if self.keeper:
            for pid in (self.pid, self.keeper):
                if pid:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
            os.waitpid(self.keeper, 0)
        deadline = time.monotonic() + PATIENCE_S
        for directory, _, _ in os.walk(self.group, topdown=False):
            while time.monotonic() < deadline:
                try:
                    os.rmdir(directory)
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.05)  # what was killed takes a moment to be gone
        shutil.rmtree(self.top)


# --- what berth says ----------------------------------------------------------------------------

class Berth:
    """berth, run inside the machine or outside, on the same sockets."""

    def __init__(self, machine, is_inside):
        self.machine, self.is_inside = machine, is_inside

    def run(self, *args, before=()):
        command = [*before, f"{HOME}/berth" if self.is_inside else self.machine.berth, *args]
        if self.is_inside:
            command = self.machine.inside(*command)
        elif args[0] != "here":
            command += ["--netns", f"/proc/{self.machine.pid}/ns/net"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"{command}: {done.returncode} {done.stderr}")
        return done.stdout

    def answer(self, port, *args, before=()):
        return json.loads(self.run(str(port), "--json", *args, before=before))

    def listener(self, port, *args, before=()):
        found = self.answer(port, *args, before=before)["listeners"]
        equal(len(found), 1, f"listeners at {port}: {found}")
        return found[0]

    def manager(self):
        return 1 if self.is_inside else self.machine.pid


def told(listener):
    return listener["unit"], listener["activates"], [o["program"] for o in listener["owners"]]


@case
def held_for_a_service(b):
    tcp, udp = b.listener(7001), b.listener(7002)
    equal(told(tcp), ("demo.socket", "demo.service", ["systemd"]))
    equal((tcp["dual_stack"], tcp["owners"][0]["pid"]), (True, b.manager()))
    equal(told(udp), ("demo.socket", "demo.service", ["systemd"]))
    text = b.run("7001")
    check("held by systemd for demo.socket, which starts demo.service\n" in text, text)
    check("by its unit" not in text, text)


@case
def service_of_another_name(b):
    equal(told(b.listener(7003)), ("odd.socket", "oddly-named.service", ["systemd"]))
    equal(b.answer(1)["listeners"], [], "the drop-in emptied the list")


@case
def service_for_each_connection(b):
    with b.machine.connect(7004):
        wait_for("a service", lambda: "each@" in subprocess.run(
            b.machine.inside("systemctl", "--no-legend", "list-units", "each@*"),
            capture_output=True, text=True, check=True).stdout)
        equal(told(b.listener(7004)), ("each.socket", "each@.service", ["systemd"]))
        held = b.answer(7004, "--owners", "all")
        owners = [(h["kind"], h["owner"]["program"]) for h in held["holders"] if h["owner"]]
        equal(owners, [("connection", "systemd")], "it keeps the connection, too, and is older")
    text = b.run("7004")
    check("which starts each@.service for each connection\n" in text, text)


@case
def instance_of_a_template(b):
    equal(told(b.listener(7005)), ("web@7005.socket", "web@7005.service", ["systemd"]))


@case
def after_the_first_connection(b):
    """Both hold it then, and both are shown without a search of everything."""
    with b.machine.connect(7003, "::1"):
        wait_for("the service", lambda: subprocess.run(
            b.machine.inside("systemctl", "is-active", "-q", "oddly-named.service"),
            check=False).returncode == 0)
        listener = b.listener(7003)
    equal(told(listener), ("odd.socket", "oddly-named.service", ["systemd", "permify"]))
    equal(listener["owners_search"], "cgroup")
    equal([o["unit"] for o in listener["owners"]], ["init.scope", "oddly-named.service"])


@case
def its_program_counts(b):
    answer = b.answer(3476)
    equal(told(answer["listeners"][0]), ("permify.socket", "permify.service", ["systemd"]))
    equal(answer["verdicts"]["tcp"]["word"], "customary")
    equal(b.answer(5432)["verdicts"]["tcp"]["word"], "occupied", "no program of the port's")


@case
def found_by_its_names(b):
    if not b.is_inside:
        return  # `unit:` looks everywhere, and this system may have units of these names
    for word in ("unit:demo.socket", "unit:demo.service"):
        equal([a["port"] for a in json.loads(b.run(word, "--json"))], [7001, 7002], word)
    text = b.run("here")
    line = next(l for l in text.splitlines() if l.startswith("7001/tcp"))
    check(line.split()[-1] == "demo.socket", text)


@case
def without_control_groups(b):
    """Only the unit files tell then; what they do not tell is a gap."""
    if not b.is_inside:
        return
    hide = ["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup && exec "$@"', "sh"]
    for port, unit, service in ((7001, "demo.socket", "demo.service"),
                                (7002, "demo.socket", "demo.service"),
                                (7003, "odd.socket", "oddly-named.service"),
                                (7004, "each.socket", "each@.service"),
                                (7005, "web@7005.socket", "web@7005.service")):
        equal(told(b.listener(port, before=hide))[:2], (unit, service))
    lost = ["unshare", "--mount", "sh", "-c",
            'umount /sys/fs/cgroup && mount -t tmpfs t /etc/systemd/system && exec "$@"', "sh"]
    # The manager's own view of the files counts, not the one in which berth happens to run.
    equal(told(b.listener(7001, before=lost))[:2], ("demo.socket", "demo.service"))


@case
def without_root(b):
    """The group is there for everybody to see, and so are the unit files."""
    if not b.is_inside:
        return
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
              "--bounding-set", "-all", "--inh-caps", "-all"]
    listener = b.listener(7001, before=nobody)
    equal(told(listener), ("demo.socket", "demo.service", []))
    text = b.run("7001", before=nobody)
    check("held by systemd for demo.socket, which starts demo.service" in text, text)


@case
def two_units_of_one_address(b):
    """Then neither is named: a guess would be right half of the time."""
    if not b.is_inside:
        return
    rival = f"/proc/{b.machine.pid}/root/run/systemd/system/rival.socket"
    os.makedirs(os.path.dirname(rival), exist_ok=True)
    with open(rival, "w", encoding="utf-8") as file:
        file.write("[Socket]\nListenStream=7001\n")
    hide = ["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup && exec "$@"', "sh"]
    try:
        answer = b.answer(7001, before=hide)
    finally:
        os.unlink(rival)
    equal(told(answer["listeners"][0])[:2], (None, None))
    check([g for g in answer["gaps"] if g["what"] == "unit"], answer["gaps"])


# --- the whole ----------------------------------------------------------------------------------

def run_cases(machine, names):
    n_failed = 0
    for name in names:
        for is_inside in (True, False):
            label = f"{name} ({'inside' if is_inside else 'outside'})"
            try:
                CASES[name](Berth(machine, is_inside))
                print(f"ok {label}", flush=True)
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                n_failed += 1
                print(f"not ok {label}: {error}", flush=True)
    return n_failed


def interrupted(number, _):
    raise KeyboardInterrupt(f"signal {number}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    names = sys.argv[2:] or list(CASES)
    if os.geteuid() != 0:
        raise LeftOut("it needs root")
    if not os.path.exists(SYSTEMD):
        raise LeftOut("systemd is not installed")
    signal.signal(signal.SIGTERM, interrupted)
    machine = Machine(os.path.abspath(sys.argv[1]))
    try:
        machine.boot()
        n_failed = run_cases(machine, names)
    finally:
        machine.end()
    print(f"{2 * len(names) - n_failed} passed, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LeftOut as reason:
        print(f"left out: systemd, because {reason}")
        sys.exit(77)
