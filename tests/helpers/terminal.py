"""A program at a terminal of its own."""
import os
import pty
import select
import termios
import time

PATIENCE_S = 30


class Terminal:
    """`command`, started; .text is what it showed so far, .modes how it found the terminal."""

    def __init__(self, *command):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvp(command[0], command)
            finally:
                os._exit(127)
        self.modes = termios.tcgetattr(self.fd)

    def read_until(self, words):
        deadline = time.monotonic() + PATIENCE_S
        while words not in self.text:
            if time.monotonic() > deadline or not self.read(0.1):
                raise AssertionError(f"{words!r} was not said: {self.text}")

    def read(self, patience_s):
        """False at the end."""
        if not select.select([self.fd], [], [], patience_s)[0]:
            return True
        try:
            part = os.read(self.fd, 4096)
        except OSError:
            return False
        self.text += part.decode(errors="replace")
        return bool(part)

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """Its wait status, when it has ended by itself."""
        deadline = time.monotonic() + PATIENCE_S
        while self.read(0.1):
            if time.monotonic() > deadline:
                raise AssertionError(f"it goes on: {self.text}")
        return os.waitpid(self.pid, 0)[1]
