#!/usr/bin/python3
"""Proxies of rootless containers as they really run: pasta and slirp4netns, and what berth says of their ports.

  proxies.py BERTH

Everything happens in network, mount and process namespaces of the test's own. Prints a line a check and closes with
"N passed, N failed"; 77 and the reason when it cannot be run here.
"""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "helpers"))
import containers
from podman import Checks, ask, wait_for


@contextlib.contextmanager
def running(*command):
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def published(berth, port):
    """What berth says of the port, once somebody listens there."""
    wait_for(lambda: ask(berth, str(port))["listeners"])
    return [(p["protocol"], p["by"], p["to_port"], p["note"]) for p in ask(berth, str(port))["published"]]


def check_pasta(c, berth):
    containers.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    for device in ("lo", "eth0", "eth1"):
        containers.run("ip", "link", "set", device, "up")
    containers.run("ip", "address", "add", "10.9.9.2/24", "dev", "eth0")
    containers.run("ip", "route", "add", "default", "via", "10.9.9.1")
    with running("pasta", "--config-net", "--ipv4-only", "-t", "18080-18081:80-81", "-u", "15353:53", "-T", "none",
                 "-U", "none", "--no-map-gw", "-f", "--", "sleep", "600"):
        c.equal("pasta: the second of a range", sorted(set(published(berth, 18081))), [("tcp", "pasta", 81, None)])
        c.equal("pasta: UDP", sorted(set(published(berth, 15353))), [("udp", "pasta", 53, None)])


def check_slirp(c, berth, folder):
    with running("unshare", "--net", "sleep", "600") as guest:
        # It has a network namespace of its own by then.
        wait_for(lambda: os.stat(f"/proc/{guest.pid}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino)
        api = f"{folder}/api"
        with running("slirp4netns", "--disable-host-loopback", "--mtu=65520", "-c", "--api-socket", api,
                     str(guest.pid), "tap0"):
            wait_for(lambda: os.path.exists(api))
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(api)
                client.sendall(json.dumps({"execute": "add_hostfwd", "arguments": {
                    "proto": "tcp", "host_addr": "0.0.0.0", "host_port": 18090, "guest_addr": "10.0.2.100",
                    "guest_port": 80}}).encode())
                client.shutdown(socket.SHUT_WR)
                client.recv(4096)
            # The port inside was told through its socket, not by its arguments: it is not known.
            c.equal("slirp4netns", published(berth, 18090),
                    [("tcp", "slirp4netns", None, f"network of pid {guest.pid}")])


def inside(berth):
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        check_pasta(checks, berth)
        check_slirp(checks, berth, folder)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if sys.argv[1] == "--inside":
        return inside(sys.argv[2])
    reason = "it needs root" if os.geteuid() != 0 else None
    for program, package in ("pasta", "passt"), ("slirp4netns", "slirp4netns"), ("ip", "iproute2"):
        if not reason and not shutil.which(program):
            reason = f"there is no {program} (Debian: {package})"
    if reason:
        print(f"left out: proxies, because {reason}")
        return 77
    return subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                           sys.executable, __file__, "--inside", os.path.abspath(sys.argv[1])],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
