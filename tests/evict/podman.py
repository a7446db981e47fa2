#!/usr/bin/python3
"""berth evict and real containers: a port that podman published.

usage: podman.py BERTH

Everything happens in namespaces of the test's own with storage in memory, see
tests/helpers/containers.py: nothing of it is left on the machine, however the test ends. 77 and the
reason when it cannot be run here.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "helpers"))
import containers
import groups
from terminal import Terminal

IMAGE = "localhost/berth-test:1"
PODMAN = "/usr/bin/podman"  # the one that berth runs
PATIENCE_S = 30


def podman(*arguments):
    return containers.run(PODMAN, *arguments).strip()


def evict(*arguments):
    done = subprocess.run([Evict.berth, "evict", *arguments, "--json"], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL, start_new_session=True)
    return done.returncode, json.loads(done.stdout)


def acts(record):
    return [(s["action"], s["program"], s["container"], s["outcome"]) for s in record["steps"]]


def is_running(name):
    return podman("inspect", "--format", "{{.State.Running}}", name) == "true"


def wait_for_listener(port):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        done = subprocess.run([Evict.berth, port, "--json"], capture_output=True, text=True, check=True)
        if json.loads(done.stdout)["listeners"]:
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on {port}")


class Evict(unittest.TestCase):
    """Each with containers of its own; what the others have must not be touched."""
    berth = None

    @classmethod
    def setUpClass(cls):
        podman("run", "-d", "--name", "other", "-p", "8090:80", IMAGE)

    def tearDown(self):
        self.assertTrue(is_running("other"), "another container was not to be touched")
        podman("rm", "-f", "-i", "-t", "0", "web")

    def start(self, *options):
        """Its stop is quick: busybox as process 1 of a container does not hear SIGTERM."""
        podman("run", "-d", "--name", "web", "--stop-timeout", "1", *options)

    def test_published_port(self):
        self.start("-p", "8080:80", IMAGE)
        for more in ((), ("--force",)):
            code, record = evict("8080", "-y", *more)
            self.assertEqual((code, record["outcome"]), (1, "refused"), record)
            self.assertEqual(acts(record), [("refuse", "conmon", "web", "not-done")])
            self.assertIn("--stop stops that container", record["steps"][0]["reason"])
            self.assertTrue(is_running("web"), "neither the proxy nor the container was ended")
        code, record = evict("8080", "-y", "--stop")
        self.assertEqual((code, record["outcome"]), (0, "freed"), record)
        self.assertEqual(acts(record), [("stop-container", "conmon", "web", "stopped")])
        self.assertFalse(is_running("web"))

    def test_published_datagrams(self):
        self.start("-p", "127.0.0.1:5353:53/udp", IMAGE)
        code, record = evict("5353/udp", "-y")
        self.assertEqual((code, acts(record)[0][0]), (1, "refuse"), record)
        self.assertTrue(is_running("web"))
        code, record = evict("5353/udp", "-y", "--stop")
        self.assertEqual((code, acts(record)[0][::3]), (0, ("stop-container", "stopped")), record)

    def test_second_question(self):
        self.start("-p", "8080:80", IMAGE)
        for answer, code in (("n\n", 1), ("y\n", 0)):
            t = Terminal(Evict.berth, "evict", "8080", "--width", "0", "--color", "never")
            t.read_until("Stop container web? [y/N] ")
            self.assertTrue(is_running("web"))
            t.type(answer)
            if code == 0:
                t.read_until("stop      container web")
                t.read_until("Do it? [y/N] ")
                self.assertTrue(is_running("web"), "not before the second yes")
                t.type(answer)
            self.assertEqual(os.waitstatus_to_exitcode(t.end()), code, t.text)
            self.assertEqual(is_running("web"), code == 1, t.text)

    def test_dry_run(self):
        self.start("-p", "8080:80", IMAGE)
        code, record = evict("8080", "--dry-run", "--stop")
        self.assertEqual((code, acts(record)), (0, [("stop-container", "conmon", "web", None)]))
        self.assertTrue(is_running("web"))

    def test_what_listens_inside_is_not_this_port(self):
        self.start(IMAGE)
        wait_for_listener("80")
        code, record = evict("80", "-y", "--stop", "--force")
        self.assertEqual((code, record["outcome"]), (0, "nothing-there"), record)
        self.assertTrue(all(not s["blocking"] for s in record["steps"]))
        self.assertTrue(is_running("web"))
        code, record = evict("80", "-y", "--stop", "--netns", "web")
        self.assertEqual((code, acts(record)), (0, [("stop-container", "busybox", "web", "stopped")]))
        self.assertFalse(is_running("web"))

    def test_network_of_the_host(self):
        self.start("--network", "host", IMAGE, "/bin/httpd", "-f", "-p", "8081", "-h", "/www")
        wait_for_listener("8081")
        code, record = evict("8081", "--dry-run")
        self.assertEqual((code, acts(record)), (0, [("signal", "busybox", "web", None)]))
        code, record = evict("8081", "-y", "--stop")
        self.assertEqual((code, acts(record)), (0, [("stop-container", "busybox", "web", "stopped")]))
        self.assertFalse(is_running("web"))


def inside(berth, group):
    Evict.berth = berth
    containers.run("mount", "-t", "tmpfs", "tmpfs", "/run")
    containers.run("ip", "link", "set", "lo", "up")
    containers.hide_the_machine()
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        os.environ["TMPDIR"] = folder
        # berth runs /usr/bin/podman; here that is the front, and the program itself has moved.
        os.mkdir(f"{folder}/bin")
        shutil.copy(shutil.which("podman"), f"{folder}/bin/podman")
        os.environ["PATH"] = f"{folder}/bin:{os.environ['PATH']}"
        containers.write_front(f"{folder}/front", group)
        containers.run("mount", "--bind", f"{folder}/front", PODMAN)
        containers.make_image(PODMAN, folder, IMAGE, "/bin/httpd", "-f", "-p", "80", "-h", "/www")
        try:
            program = unittest.main(argv=[__file__, "-v"], exit=False)
        finally:
            containers.run(PODMAN, "rm", "-f", "-a", "-t", "0", is_checked=False)
    return 0 if program.result.wasSuccessful() else 1


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if sys.argv[1] == "--inside":
        return inside(*sys.argv[2:4])
    reason = containers.why_not()
    if not reason and not os.path.exists(PODMAN):
        reason = f"podman is not at {PODMAN}"
    if reason:
        print(f"left out: podman, because {reason}")
        return 77
    group = f"berth-evict-podman-{os.getpid()}"
    with groups.removed(group):
        return subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
                               "--mount-proc", sys.executable, __file__, "--inside",
                               os.path.abspath(sys.argv[1]), group], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
