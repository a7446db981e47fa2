"""What the tests of wait and listen share: berth beside real sockets, in the private namespaces of ../netns/inside.py."""

import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "netns"))

from inside import TOOLS, check  # noqa: E402

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC"}


def is_sanitized():
    """Whether this berth carries AddressSanitizer: its memory says nothing then."""
    with open(TOOLS["berth"], "rb") as file:
        return b"__asan_init" in file.read()


class Berth:
    """A running berth; end() waits for it. Everything in it that is text is read when it has ended."""

    def __init__(self, *arguments, before=(), **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
        self.process = subprocess.Popen([*before, TOOLS["berth"], *arguments], env=ENVIRONMENT, **options)
        self.out = self.err = ""

    def end(self, status):
        out, err = self.process.communicate(timeout=50)
        self.out, self.err = ((text or b"").decode("utf-8") for text in (out, err))
        check(self.process.returncode == status,
              f"exit {self.process.returncode} instead of {status}: {self.out!r} {self.err!r}")
        return self

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def is_running(self):
        return self.process.poll() is None

    def settle(self):
        """Until it sleeps between two looks: it has looked at least once by then."""
        before = None
        for _ in range(2000):
            if not self.is_running():
                raise AssertionError(f"it has ended: {self.process.communicate()}")
            with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
                now = int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", file.read(), re.M)[1])
            before = now if before is None else before
            if now > before + 3:
                return self
            time.sleep(0.005)
        raise AssertionError("it never sleeps")


def wait(*arguments, **options):
    return Berth("wait", *arguments, **options)


def expect(berth, *words):
    """All of the words in what it printed."""
    for word in words:
        check(word in berth.out + berth.err, f"{word!r} is not in {berth.out!r} {berth.err!r}")
