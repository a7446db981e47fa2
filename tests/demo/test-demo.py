#!/usr/bin/env python3
"""tools/demo: its transcript stands in README.md, it leaves nothing behind, and it works without root."""

import contextlib
import fcntl
import importlib.util
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from importlib.machinery import SourceFileLoader
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent.parent / "tools/demo"
LEFT_OUT = 77
F_SETPIPE_SZ = 1031  # fcntl.F_SETPIPE_SZ, since Python 3.10


def load_demo():
    sys.dont_write_bytecode = True
    loader = SourceFileLoader("demo", str(DEMO))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("demo", loader))
    loader.exec_module(module)
    return module


demo = load_demo()
README = demo.README
WHY_NOT = demo.why_not_private()


def leave_out(test, name, reason):
    print(f"left out: {name}, because {reason}", flush=True)
    test.skipTest(reason)


def network_namespaces():
    """The network namespace of every process that can be seen, by pid."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found[int(process.name)] = os.stat(process / "ns/net").st_ino
    return found


def children(pid):
    with contextlib.suppress(OSError):
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def name_of(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    return None


class Readme(unittest.TestCase):
    def test_shows_what_the_demo_prints(self):
        done = subprocess.run([DEMO, "--check-readme"], capture_output=True, encoding="utf-8", check=False)
        if done.returncode == LEFT_OUT:
            print(done.stdout, end="", flush=True)
            self.skipTest(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_the_demo_says_fits_80_columns(self):
        said = [line for line in README.read_text(encoding="utf-8").splitlines() if re.match("[#$] ", line)]
        self.assertGreater(len(said), 20)
        for line in said:
            self.assertLess(len(line), 80, line)

    def test_what_changes_from_run_to_run(self):
        for a, b in (("newcomer (pid 11)", "newcomer (pid 4711)"),
                     ("3476/tcp  *  newcomer  21   root  nppmp", "3476/tcp  *  newcomer  1021  root  nppmp"),
                     ("pid=160,fd=5", "pid=7,fd=25"), (64 * "a", 64 * "b"),
                     ("conmon  160 root    5u  IPv4 71531096      0t0  TCP *:3476 (LISTEN)",
                      "conmon  97 root    25u  IPv4 815      0t0  TCP *:3476 (LISTEN)"),
                     ("published 3476/tcp -> 10.88.0.2:80 by nftables  httpd (171)",
                      "published 3476/tcp -> 10.88.0.2:80 by nftables  httpd (8)"),
                     ("LISTEN 0 1\nLISTEN 0 2\n", "LISTEN 0 2\nLISTEN 0 1\n"),
                     ("in net:[4026532178]", "in net:[4026531840]"), ("in pid:21", "in pid:3"),
                     ("since 2026-11-22T08:46:55Z", "since 2027-01-02T03:04:05Z")):
            self.assertEqual(demo.normal(a), demo.normal(b))

    def test_what_does_not_change(self):
        for a, b in (("pid 11   user root", "pid 11   user nobody"), ("names as of 2026-08", "names as of 2026-09"),
                     ("3476/tcp  0.0.0.0  permify  21   root", "3476/tcp  0.0.0.0  newcomer  21   root"),
                     ("conmon  160 root  5u  IPv4 1  0t0  TCP *:3476 (LISTEN)",
                      "systemd  160 root  5u  IPv4 1  0t0  TCP *:3476 (LISTEN)"),
                     ("published 3476/tcp -> 10.88.0.2:80 by nftables  httpd (171)",
                      "published 3476/tcp -> 10.88.0.2:81 by nftables  httpd (171)"),
                     ("LISTEN 0 1\n\nLISTEN 0 2\n", "LISTEN 0 2\n\nLISTEN 0 1\n"),
                     ("3476/tcp  0.0.0.0  ?  root", "3477/tcp  0.0.0.0  ?  root"), ("1 listener", "2 listeners"),
                     ("tcp:127.0.0.1:3476:listen", "tcp:127.0.0.2:3476:listen")):
            self.assertNotEqual(demo.normal(a), demo.normal(b))

    def checked(self, readme, transcript):
        demo.README, demo.transcript = readme, lambda: transcript
        with contextlib.redirect_stdout(io.StringIO()) as said:
            return demo.check_readme(), said.getvalue()

    def test_a_difference_is_told_and_written(self):
        transcript = "# 1. first\n$ berth 3476\nan answer (pid 1)\n\nits end\n\n# 2. second\n$ berth here\na row\n"
        with tempfile.TemporaryDirectory() as folder:
            readme = Path(folder, "README.md")
            readme.write_text("before\n<!-- tools/demo: answer -->\n```text\n```\nbetween\n"
                              "<!-- tools/demo: demo -->\n```text\nold\n```\nafter\n", encoding="utf-8")
            status, said = self.checked(readme, transcript)
            self.assertEqual(status, 1)
            self.assertIn("-old", said)
            self.assertEqual(demo.update_readme(), 0)
            self.assertEqual(readme.read_text(encoding="utf-8"),
                             "before\n<!-- tools/demo: answer -->\n```text\n$ berth 3476\nan answer (pid 1)\n\n"
                             f"its end\n```\nbetween\n<!-- tools/demo: demo -->\n```text\n{transcript}```\nafter\n")
            self.assertEqual(self.checked(readme, transcript.replace("pid 1)", "pid 77)"))[0], 0)
            status, said = self.checked(readme, transcript.replace("a row", "another"))
            self.assertEqual((status, "+another" in said), (1, True), said)


def descendants(pid):
    for child in children(pid):
        yield child
        yield from descendants(child)


def groups_of(pid):
    """The control groups of a demo, in every hierarchy."""
    return [f"{place}/berth-demo-{pid}" for _, place in demo.groups.hierarchies()
            if os.path.exists(f"{place}/berth-demo-{pid}")]


def what_stays():
    """What needs no process to be there: mounts, and what podman, systemd and the demo write."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    places = [Path(place) for place in ("/tmp", "/run", "/var/lib", "/var/tmp", "/etc", "/opt")]
    written = [path for place in places if place.is_dir() for path in place.iterdir()
               if re.match("berth-demo|podman|libpod|containers|cni|netavark", path.name)]
    return sorted(mounts), sorted(written)


TENANTS = ("newcomer", "permify")


class Ending(unittest.TestCase):
    """However the demo ends, nothing of it stays: no process in its network namespace, no control
    group, no mount, no file."""

    def setUp(self):
        if WHY_NOT:
            leave_out(self, f"demo, {self._testMethodName}", WHY_NOT)

    def run_until(self, *names, has_groups=False):
        """The demo with a process of that name, and control groups if wanted; it cannot end before its
        full pipe is read."""
        process = subprocess.Popen([DEMO, "--fast"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(process.stdout.close)
        fcntl.fcntl(process.stdout, F_SETPIPE_SZ, 4096)
        player = None
        patience = time.monotonic() + 1
        while player is None:  # unshare, then the demo, then the process
            self.assertIsNone(process.poll(), "the demo ended before the pipe was full")
            player = next((child for child in children(process.pid)
                           if any(name_of(pid) in names for pid in descendants(child))), None)
            if has_groups and not groups_of(process.pid):
                player = None
            if player is None and time.monotonic() > patience:  # it waits between two of them
                os.read(process.stdout.fileno(), 128)
                patience = time.monotonic() + 0.1
        namespace = network_namespaces()[player]
        self.assertNotEqual(namespace, os.stat("/proc/self/ns/net").st_ino)
        return process, namespace

    def wait_until_gone(self, process, namespace):
        while namespace in network_namespaces().values() or groups_of(process.pid):
            os.sched_yield()

    def interrupt(self, process, namespace):
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate()[0]
        self.assertEqual(process.returncode, 130, said)
        self.assertNotIn(b"Traceback", said)
        self.wait_until_gone(process, namespace)

    def kill(self, process, namespace):
        process.kill()
        process.communicate()
        self.wait_until_gone(process, namespace)

    def test_interrupted(self):
        self.interrupt(*self.run_until(*TENANTS))

    def test_killed(self):
        self.kill(*self.run_until(*TENANTS))

    def test_with_a_container(self):
        reason = demo.containers.why_not()
        if reason:
            leave_out(self, "demo, ended with a container", reason)
        for end in (self.interrupt, self.kill):
            before = what_stays()
            process, namespace = self.run_until("conmon", has_groups=True)
            end(process, namespace)
            self.assertEqual(what_stays(), before)

    def test_with_a_systemd(self):
        reason = demo.booted.why_not()
        if reason:
            leave_out(self, "demo, ended with a systemd", reason)
        for end in (self.interrupt, self.kill):
            before = what_stays()
            process, namespace = self.run_until("systemd", has_groups=True)
            end(process, namespace)
            self.assertEqual(what_stays(), before)

    def test_reader_goes_away(self):
        with subprocess.Popen([DEMO, "--fast"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.returncode, 141)


class WithoutPrograms(unittest.TestCase):
    def test_what_is_not_installed_is_left_out_by_name(self):
        if WHY_NOT:
            leave_out(self, f"demo, {self._testMethodName}", WHY_NOT)
        hidden = [p for p in (shutil.which("podman"), demo.booted.SYSTEMD) if p and os.path.exists(p)]
        line = " && ".join([f"mount --bind /dev/null {os.path.realpath(path)}" for path in hidden] +
                           [f"exec {DEMO} --transcript"])
        done = subprocess.run(["unshare", "--mount", "sh", "-c", line], capture_output=True, encoding="utf-8",
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("Left out: a container of podman behind NAT, because\n# there is no podman (Debian: podman).)\n"
                      "# A listener in a network namespace stands for it:\n", done.stdout)
        self.assertIn("not here  in net:[", done.stdout)
        self.assertIn("Left out: a socket that systemd holds, because\n# systemd is not installed.)", done.stdout)


class WithoutRoot(unittest.TestCase):
    def setUp(self):
        if WHY_NOT:
            leave_out(self, f"demo, {self._testMethodName}", WHY_NOT)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        os.chmod(self.folder.name, 0o777)
        if self.as_nobody(f"test -x {demo.build_folder()}/src/berth && test -r {DEMO}").returncode != 0:
            leave_out(self, f"demo, {self._testMethodName}", "the user nobody cannot read this folder")

    def as_nobody(self, command, before="true"):
        """A shell line as nobody, in namespaces where nobody else is."""
        line = f"ip link set lo up && {before} && {demo.NOBODY} env TMPDIR={self.folder.name} sh -c '{command}'"
        return subprocess.run([*demo.PRIVATE, "sh", "-c", line], capture_output=True, encoding="utf-8", check=False)

    def test_what_needs_root_is_skipped_by_name(self):
        done = self.as_nobody(f"{DEMO} --transcript")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("newcomer  ", done.stdout)
        self.assertIn("customary: permify is here", done.stdout)
        self.assertIn("found by its thread", done.stdout)
        for what in ("a container of podman behind NAT, because\n# only root",
                     "a socket that systemd holds, because\n# only root", "the same seen by the user nobody"):
            self.assertIn(f"Left out: {what}", done.stdout)
        self.assertEqual(os.listdir(self.folder.name), [])

    def test_a_taken_port(self):
        helper = demo.build_folder() / "tests/mksock"
        wait = f"mkfifo {self.folder.name}/in && {{ {helper} tcp:127.0.0.1:3476:listen < {self.folder.name}/in & }}"
        ready = f"exec 9>{self.folder.name}/in && until {demo.build_folder()}/src/berth -q 3476; do :; done"
        done = self.as_nobody(f"{DEMO} --transcript", before=f"{wait} && {ready}")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("somebody lives on 3476 of this machine", done.stderr)
        self.assertEqual(os.listdir(self.folder.name), ["in"])


if __name__ == "__main__":
    # A background job of a shell ignores it, and so would the demos that are interrupted here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    unittest.main()
