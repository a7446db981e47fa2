#!/usr/bin/python3
"""Real containers: what berth says of a published port of podman's.

  podman.py BERTH

Everything happens in network, mount and process namespaces of the test's own, with storage and /run in
memory: nothing of it is left on the machine, however the test ends. Prints a line a check and closes
with "N passed, N failed"; 77 and the reason when it cannot be run here.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "helpers"))
import containers
import groups

IMAGE = "localhost/berth-test:1"


def ask(berth, *arguments):
    done = subprocess.run([berth, *arguments, "--json"], text=True, capture_output=True, check=False)
    return json.loads(done.stdout)


def wait_for(check, seconds=20):
    """Until something is there: no test of how fast it is."""
    end = time.monotonic() + seconds
    while not check() and time.monotonic() < end:
        time.sleep(0.1)


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def equal(self, name, got, wanted):
        self.passed += got == wanted
        self.failed += got != wanted
        print(f"ok   {name}" if got == wanted else f"FAIL {name}\n  got    {got}\n  wanted {wanted}")


def check_published(c, berth, ident):
    answer = ask(berth, "8080")
    rows = answer["published"]
    c.equal("one published port", len(rows), 1)
    row = rows[0]
    c.equal("where it leads", (row["protocol"], row["port"], row["to_port"], row["container"]),
            ("tcp", 8080, 80, "web"))
    c.equal("by rules of nf_tables", row["by"] in ("iptables-nft", "nftables"), True)
    inside = [l for l in ask(berth, "80")["listeners"] if l["cookie"] == row["listener_cookie"]]
    c.equal("the listener behind it", len(inside), 1)
    owner = inside[0]["owners"][0]
    c.equal("its program and container", (owner["program"], owner["container"]), ("busybox", "web"))
    c.equal("its namespace", (inside[0]["namespace"]["name"], inside[0]["namespace"]["container"]),
            ("web", "web"))
    holder = [o["program"] for l in answer["listeners"] for o in l["owners"]]
    c.equal("conmon keeps the number", holder, ["conmon"])
    c.equal("somebody is here", answer["verdicts"]["tcp"]["word"], "occupied")
    c.equal("no gap about published ports",
            [g for g in answer["gaps"] if g["what"] == "published ports"], [])
    short = ask(berth, f"container:{ident[:8]}")
    c.equal("found by its id", sorted({a["port"] for a in short}), [80, 5353, 8080])
    named = ask(berth, "container:web")
    c.equal("found by its name", sorted({a["port"] for a in named}), [80, 5353, 8080])


def check_here(c, berth):
    here = ask(berth, "here")
    rows = sorted((p["protocol"], p["address"], p["port"], p["to_port"], p["container"])
                  for p in here["published"])
    c.equal("published in here", rows,
            [("tcp", None, 8080, 80, "web"), ("udp", "127.0.0.1", 5353, 53, "web")])
    only = ask(berth, "here", "--container", "web")
    c.equal("here of one container", ([l["port"] for l in only["listeners"]],
                                      sorted(p["port"] for p in only["published"])),
            ([80], [5353, 8080]))
    there = ask(berth, "--netns", "web", "80")
    c.equal("a namespace by its container's name",
            [l["namespace"]["name"] for l in there["listeners"]], ["web"])


def check_without_root(c, berth):
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                           "--bounding-set", "-all", "--inh-caps", "-all", berth, "8080", "--json"],
                          text=True, capture_output=True, check=False)
    answer = json.loads(done.stdout)
    c.equal("a gap without privilege",
            [g["where"] for g in answer["gaps"] if g["what"] == "published ports"], ["of NAT"])


def check_report(c, berth, folder, ident):
    path = f"{folder}/report.world"
    containers.run(berth, "report", path)
    text = pathlib.Path(path).read_text()
    c.equal("no id in a report", ident in text, False)
    replayed = ask(berth, "--replay", path, "8080")
    c.equal("a report answers the same", [(p["port"], p["container"]) for p in replayed["published"]],
            [(8080, "web")])


def inside(berth, group):
    checks = Checks()
    containers.run("mount", "-t", "tmpfs", "tmpfs", "/run")
    containers.run("ip", "link", "set", "lo", "up")
    containers.hide_the_machine()
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        os.environ["TMPDIR"] = folder
        front = f"{folder}/podman"
        containers.write_front(front, group)
        containers.make_image(front, folder, IMAGE, "/bin/httpd", "-f", "-p", "80", "-h", "/www")
        try:
            ident = containers.run(front, "run", "-d", "--name", "web", "-p", "8080:80",
                                   "-p", "127.0.0.1:5353:53/udp", IMAGE).splitlines()[-1]
            wait_for(lambda: ask(berth, "80")["listeners"])
            check_published(checks, berth, ident)
            check_here(checks, berth)
            check_without_root(checks, berth)
            check_report(checks, berth, folder, ident)
            containers.remove_all(front)
            checks.equal("gone with its container", ask(berth, "8080")["published"], [])
        finally:
            containers.remove_all(front)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if sys.argv[1] == "--inside":
        return inside(*sys.argv[2:4])
    reason = containers.why_not()
    if reason:
        print(f"left out: podman, because {reason}")
        return 77
    group = f"berth-podman-{os.getpid()}"
    with groups.removed(group):
        return subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
                               "--mount-proc", sys.executable, __file__, "--inside",
                               os.path.abspath(sys.argv[1]), group], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
