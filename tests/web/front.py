"""A front made for tests: berth serve with a helper berth-atlas that hands its pipe to the test.

The frames are written and read here a second time, from the words of src/act/atlas-pipe.h alone.
"""
import array
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "netns"))

from inside import TOOLS, check  # noqa: E402

HELLO, CLAIMS, HERE, PORT, STAKED, FACES, SAME = range(1, 8)
WATCH, LOOK, STAKE, FACE = range(64, 68)
EVERYTHING = 65536
DEADLINE_S = 60

# Standard error is berth's; the descriptors from 3 on are the pipe and what is listened at.
FAKE = """#!{python}
import array, os, signal, socket, sys
here = os.path.dirname(os.path.realpath(__file__))
s = socket.socket(socket.AF_UNIX)
s.connect(here + "/control")
text = "\\0".join([*sys.argv, "--env", *(f"{{k}}={{v}}" for k, v in os.environ.items())])
s.sendmsg([text.encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [3]))])
os.close(3)
s.recv(1)          # until the test has had enough
sys.exit(int.from_bytes(s.recv(1), "big"))
"""


def public_python():
    """One that nobody may run, too."""
    return next((path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if os.path.exists(path)), sys.executable)


class Front:
    """berth serve, and its pipe. `.frames` holds what came and was not asked for yet."""

    def __init__(self, *arguments, before=(), env=None, cwd=None, directory=None, stderr=subprocess.PIPE):
        self.is_own = directory is None
        self.directory = directory or tempfile.mkdtemp(prefix="berth-front-")
        os.chmod(self.directory, 0o755)
        self.home = os.path.join(self.directory, "home")
        os.makedirs(self.home, exist_ok=True)
        os.chmod(self.home, 0o777)
        self._install()
        control = os.path.join(self.directory, "control")
        if os.path.exists(control):
            os.unlink(control)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(control)
        os.chmod(control, 0o777)
        listener.listen()
        listener.settimeout(DEADLINE_S)
        environment = {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC",
                       "HOME": self.home, "SECRET": "not for strangers",
                       **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}, **(env or {})}
        self.process = subprocess.Popen([*before, os.path.join(self.directory, "berth"), "serve", *arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr,
                                        env=environment, cwd=cwd or self.home)
        self.control, _ = listener.accept()
        listener.close()
        text, ancillary, _, _ = self.control.recvmsg(65536, 1024)
        fds = array.array("i")
        fds.frombytes(ancillary[0][2])
        self.pipe = socket.socket(fileno=fds[0])
        self.pipe.settimeout(DEADLINE_S)
        words = text.decode().split("\0")
        at = words.index("--env")
        self.arguments, self.environment = words[1:at], words[at + 1:]
        self.buffer, self.frames = b"", []

    def _install(self):
        berth = TOOLS["berth"]
        for name in ("berth", "berth-ledger"):
            source = os.path.join(os.path.dirname(berth), name)
            target = os.path.join(self.directory, name)
            if os.path.exists(source) and not os.path.exists(target):
                shutil.copy2(source, target)
        fake = os.path.join(self.directory, "berth-atlas")
        with open(fake, "w", encoding="utf-8") as file:
            file.write(FAKE.format(python=public_python()))
        os.chmod(fake, os.stat(fake).st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    # --- frames

    def send(self, kind, argument=0, payload=b""):
        self.pipe.sendall(struct.pack("<4sIII", b"bAtl", kind, argument, len(payload)) + payload)

    def receive(self):
        """The next frame: (kind, argument, payload); None when berth has closed the pipe."""
        while True:
            if len(self.buffer) >= 16:
                magic, kind, argument, n = struct.unpack("<4sIII", self.buffer[:16])
                check(magic == b"bAtl", f"no frame: {self.buffer[:16]!r}")
                if len(self.buffer) >= 16 + n:
                    payload, self.buffer = self.buffer[16:16 + n], self.buffer[16 + n:]
                    return kind, argument, payload
            try:
                more = self.pipe.recv(1 << 20)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.buffer += more

    def until(self, kind, accept=lambda argument, payload: True):
        """The first frame of that kind that is accepted; others are passed over."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            frame = self.receive()
            check(frame is not None, "berth has closed the pipe")
            if frame[0] == kind and accept(frame[1], frame[2]):
                return frame
        raise AssertionError(f"no frame of kind {kind} came that would do")

    def until_here(self, accept):
        """The first recording of all listeners of which `accept`, given its lines, holds."""
        return self.until(HERE, lambda _, payload: accept(payload.decode().split("\n")))

    def here(self):
        """All listeners, now: (generation, lines); None instead of the lines if nothing has changed."""
        self.send(LOOK, EVERYTHING)
        while True:
            frame = self.receive()
            check(frame is not None, "berth has closed the pipe")
            if frame[0] == HERE:
                return frame[1], frame[2].decode().split("\n")
            if frame[0] == SAME:
                return frame[1], None

    def begin(self):
        """What is said at the beginning, by kind; claims by place."""
        said = {}
        while HERE not in said:
            frame = self.receive()
            check(frame is not None, "berth has closed the pipe")
            key = (CLAIMS, frame[1]) if frame[0] == CLAIMS else frame[0]
            said[key] = frame
        return said

    # --- the end

    def end_front(self, status):
        """The front dies."""
        self.pipe.close()
        self.control.sendall(bytes([1, status]))

    def wait(self):
        """(exit status, standard error)"""
        _, err = self.process.communicate(timeout=DEADLINE_S)
        if self.is_own:
            shutil.rmtree(self.directory, ignore_errors=True)
        return self.process.returncode, (err or b"").decode()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait()


def sockets(lines, port):
    """The socket lines of a port."""
    return [line for line in lines if line.startswith("socket ") and f":{port} " in line.split("ns=")[0] + " "]
