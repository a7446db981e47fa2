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
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

PROGRAMS = {"podman": "podman", "runc": "runc", "conmon": "conmon", "ip": "iproute2", "nft": "nftables",
            "iptables": "iptables", "busybox": "busybox-static"}
IMAGE = "localhost/berth-test:1"
GROUP = "/berth-podman-test"
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
PODMAN = ["podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--storage-driver", "vfs",
          "--events-backend", "none"]


def run(*command, is_checked=True):
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if is_checked and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-600:]}")
    return done.stdout


def podman(*arguments, is_checked=True):
    return run(*PODMAN, *arguments, is_checked=is_checked).strip()


def why_not():
    if os.geteuid() != 0:
        return "it needs root"
    for program, package in PROGRAMS.items():
        if not shutil.which(program):
            return f"there is no {program} (Debian: {package})"
    if "static" not in run("file", "-L", shutil.which("busybox"), is_checked=False) and \
            "not a dynamic" not in run("sh", "-c", f"ldd {shutil.which('busybox')} 2>&1", is_checked=False):
        return "busybox is not static (Debian: busybox-static)"
    return None


def hide_the_machine():
    """In memory from here on: what podman writes, and what of it berth reads."""
    run("mount", "--make-rprivate", "/")
    for place in ("/run", "/var/lib/containers", "/etc/cni", "/var/tmp"):
        if os.path.isdir(place):
            run("mount", "-t", "tmpfs", "tmpfs", place)
        elif place == "/var/lib/containers":
            # A folder is needed to mount upon; what is above it is in memory instead.
            raise RuntimeError(f"there is no {place}")
    run("ip", "link", "set", "lo", "up")


def make_image(folder):
    root = pathlib.Path(folder) / "root"
    (root / "bin").mkdir(parents=True)
    (root / "www").mkdir()
    shutil.copy(shutil.which("busybox"), root / "bin" / "busybox")
    for name in ("sh", "httpd", "udpsvd", "sleep"):
        (root / "bin" / name).symlink_to("busybox")
    (root / "www" / "index.html").write_text("hello\n")
    with tarfile.open(root.parent / "image.tar", "w") as tar:
        tar.add(root, arcname=".")
    podman("import", "-q", str(root.parent / "image.tar"), IMAGE)


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
    run(berth, "report", path)
    text = pathlib.Path(path).read_text()
    c.equal("no id in a report", ident in text, False)
    replayed = ask(berth, "--replay", path, "8080")
    c.equal("a report answers the same", [(p["port"], p["container"]) for p in replayed["published"]],
            [(8080, "web")])


def inside(berth):
    checks = Checks()
    hide_the_machine()
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        os.environ["TMPDIR"] = folder
        make_image(folder)
        try:
            ident = podman("run", "-d", "--name", "web", "--cgroup-parent", GROUP, *LIMITS,
                           "-p", "8080:80", "-p", "127.0.0.1:5353:53/udp", IMAGE,
                           "/bin/httpd", "-f", "-p", "80", "-h", "/www").splitlines()[-1]
            wait_for(lambda: ask(berth, "80")["listeners"])
            check_published(checks, berth, ident)
            check_here(checks, berth)
            check_without_root(checks, berth)
            check_report(checks, berth, folder, ident)
            podman("rm", "-f", "-t", "0", "web")
            checks.equal("gone with its container", ask(berth, "8080")["published"], [])
        finally:
            podman("rm", "-f", "-a", "-t", "0", is_checked=False)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


def remove_groups():
    for hierarchy in ["/sys/fs/cgroup", *map(str, pathlib.Path("/sys/fs/cgroup").glob("*/"))]:
        for folder, _, _ in os.walk(hierarchy + GROUP, topdown=False):
            try:
                os.rmdir(folder)
            except OSError as error:
                print(f"left behind: {folder}: {error}")


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if sys.argv[1] == "--inside":
        return inside(sys.argv[2])
    reason = why_not()
    if reason:
        print(f"left out: podman, because {reason}")
        return 77
    is_made = not os.path.isdir("/var/lib/containers")
    os.makedirs("/var/lib/containers", exist_ok=True)
    try:
        return subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
                               "--mount-proc", sys.executable, __file__, "--inside",
                               os.path.abspath(sys.argv[1])], check=False).returncode
    finally:
        remove_groups()
        if is_made:
            os.rmdir("/var/lib/containers")


if __name__ == "__main__":
    sys.exit(main())
