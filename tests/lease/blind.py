#!/usr/bin/env python3
"""Leases where /proc is not to be seen. (A program of its own: the sanitizers need /proc.)

usage: blind.py BERTH
"""
import subprocess

from common import refused, run, start
from inside import case, check, main


@case
def without_proc():
    lease = start("lease", "--", "sh", "-c", "echo $PORT; exec sleep 1000")
    port = lease.stdout.readline().strip()
    subprocess.run(["mount", "-t", "tmpfs", "none", "/proc"], check=True)
    out, _ = run(0, "leases")
    check(port in out and "not seen" in out, out)
    out, err = run(0, "lease", "--", "sh", "-c", "echo $PORT")
    check(out.strip().isdigit() and err.count("\n") <= 1, f"{out} {err}")
    refused(4, "/proc is not there", "portserver")  # it could answer nobody
    lease.terminate()
    lease.wait()


if __name__ == "__main__":
    main(__doc__, "berth")
