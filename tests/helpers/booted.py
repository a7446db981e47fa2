"""A really booted systemd: for tests and the demo.

systemd runs as process 1 of namespaces of its own, with an overlay of / whose changes live in
memory, private /run and /tmp, and its own branch of the cgroup2 tree. Nothing of it reaches the
system: when its process 1 ends, the kernel ends everything it started and forgets its mounts and
changes; its control groups are removed by groups.py, come what may.
"""
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import traceback
from pathlib import Path

import groups

CLONE = {"mount": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000,
         "pid": 0x20000000, "net": 0x40000000}
SYSTEMD = "/lib/systemd/systemd"
HOME = "/opt/berth-test"  # of the programs, inside
PATIENCE_S = 60
libc = ctypes.CDLL(None, use_errno=True)


class LeftOut(Exception):
    """This machine cannot boot one; the text says why."""


class DidNotBoot(Exception):
    """It should have."""


def why_not():
    """None when a systemd can be booted here, as far as is known without doing it; else the reason."""
    if os.geteuid() != 0:
        return "it needs root"
    if not os.access(SYSTEMD, os.X_OK):
        return "systemd is not installed"
    if not groups.cgroup2():
        return "no cgroup2 is mounted"
    return None


def wait_for(what, condition):
    """A condition that only a hanging machine does not meet."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise DidNotBoot(f"{what} did not happen")


def set_network(descriptor):
    if libc.setns(descriptor, CLONE["net"]) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Machine:
    """systemd, booted. `pid` is its process 1 as it is seen from outside.

    `units` are the files below /etc/systemd/system and their text (a Path: a link to it); `programs`
    are copied to HOME, by name; `wanted` units are started, and boot() returns when they are. Its
    groups are `group`, a path in the cgroup2 tree that the caller has removed; its log and what it
    is mounted upon are in a new folder below `folder`. Without `has_net` it has its maker's network.
    """

    def __init__(self, units, wanted, programs, group, has_net=True, folder=None):
        self.units, self.wanted, self.programs, self.has_net = units, wanted, programs, has_net
        self.pid, self.keeper = None, None
        self.group = f"{groups.cgroup2()}/{group}"
        self.top = tempfile.mkdtemp(prefix="berth-systemd-", dir=folder)
        try:
            os.makedirs(self.group)
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
        if not said.strip().isdigit():
            raise DidNotBoot(f"no namespaces: {said}")
        self.pid = int(said)
        wait_for("the boot", self.is_ready)

    def is_ready(self):
        if not os.path.exists(f"/proc/{self.pid}"):
            raise DidNotBoot(f"systemd ended\n{self.log()}")
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
        wanted = sum(bit for name, bit in CLONE.items() if name != "net" or self.has_net)
        if libc.unshare(wanted) != 0:
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
        if self.has_net:
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
        for name, program in self.programs.items():
            shutil.copy(program, f"{root}{HOME}/{name}")
        return root

    def write_units(self, root):
        directory = f"{root}/etc/systemd/system"
        files = dict(self.units)
        files["berth-test.target"] = f"[Unit]\nRequires={' '.join(self.wanted)} ready.service\n"
        files["ready.service"] = (f"[Unit]\nAfter={' '.join(self.wanted)}\n"
                                  "[Service]\nType=oneshot\nExecStart=/bin/touch /run/berth-ready\n")
        for name, text in files.items():
            os.makedirs(os.path.dirname(f"{directory}/{name}"), exist_ok=True)
            if isinstance(text, Path):
                os.symlink(text, f"{directory}/{name}")
                continue
            if name.count(".") == 1 and "[Unit]" not in text:
                text = "[Unit]\nDefaultDependencies=no\n" + text
            elif name.count(".") == 1:
                text = text.replace("[Unit]", "[Unit]\nDefaultDependencies=no")
            with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
                file.write(text)

    def inside(self, *command):
        return ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--net", "--cgroup",
                "--ipc", "--uts", f"--root=/proc/{self.pid}/root", f"--wd=/proc/{self.pid}/root",
                "--", *command]

    def connect(self, port, address="127.0.0.1"):
        """A connection from inside; the caller closes it."""
        here = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)
        try:
            set_network(there)
            return socket.create_connection((address, port))
        finally:
            set_network(here)
            os.close(here)
            os.close(there)

    def end_systemd(self):
        """The end of a process 1 is told when all others of its namespace have ended."""
        try:
            process = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            signal.pidfd_send_signal(process, signal.SIGKILL)
            select.select([process], [], [], PATIENCE_S)
        except ProcessLookupError:
            pass
        finally:
            os.close(process)

    def end(self):
        """Returns when all its processes have ended, and their sockets are closed."""
        if self.pid:
            self.end_systemd()
        if self.keeper:
            os.kill(self.keeper, signal.SIGKILL)
            os.waitpid(self.keeper, 0)
        shutil.rmtree(self.top)
