"""Control groups of what is started for real: where they are, and that none is left behind.

A process that ends is forgotten by the kernel with its sockets, namespaces and mounts; an empty
control group stays until somebody removes it. So a process apart does that, however its maker ends.
"""
import contextlib
import os
import signal
import time

PATIENCE_S = 30


def hierarchies():
    """(kind, mount point) of each, "cgroup" or "cgroup2", as they are seen here."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            if after.split()[0] in ("cgroup", "cgroup2"):
                yield after.split()[0], before.split()[4]


def cgroup2():
    """Where the second kind is mounted, or None."""
    return next((place for kind, place in hierarchies() if kind == "cgroup2"), None)


def remove(name):
    """The groups called `name` at the top of every hierarchy, with what is below them."""
    deadline = time.monotonic() + PATIENCE_S
    for _, place in hierarchies():
        for folder, _, _ in os.walk(f"{place}/{name}", topdown=False):
            while time.monotonic() < deadline:
                try:
                    os.rmdir(folder)
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)  # what was killed takes a moment to be gone


def remove_at_end(name):
    """(descriptor, pid): a process that waits until nobody has the descriptor any more, then removes.

    Only a kill of that very process keeps it from doing so. The descriptor is not inherited by
    programs unless its owner says so.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid != 0:
        os.close(reader)
        return writer, pid
    try:
        os.close(writer)
        os.setsid()
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # nobody waits for the end of its output
            os.dup2(nothing, descriptor)
        os.read(reader, 1)
        remove(name)
    finally:
        os._exit(0)


@contextlib.contextmanager
def removed(name):
    """For a block; at its end they are gone."""
    descriptor, pid = remove_at_end(name)
    try:
        yield
    finally:
        os.close(descriptor)
        os.waitpid(pid, 0)
