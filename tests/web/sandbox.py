#!/usr/bin/env python3
"""What the front of the atlas gives up, seen from outside, and tried from inside (helpers/confined.c).

usage: sandbox.py CONFINED [CASE...]
"""
import atexit
import os
import shutil
import signal
import subprocess
import tempfile

from front import DEADLINE_S  # noqa: F401  (finds inside.py)
from inside import NOBODY, TOOLS, Skip, case, check, equal, main

# EACCES is Landlock's word, EPERM seccomp's.
OUTCOMES = {
    "read what is allowed": "done", "write what is allowed to be read": "EPERM", "append": "EPERM",
    "read /etc/passwd": "EACCES", "read /proc/self/environ": "EACCES", "list /": "EACCES", "make a file": "EPERM",
    "make a nameless file": "EPERM", "unlink": "EPERM", "chmod": "EPERM", "memfd": "EPERM",
    "socket": "EPERM", "unix socket": "EPERM", "netlink socket": "EPERM", "bind": "EPERM", "listen": "EPERM",
    "getsockname": "done", "connect": "EPERM", "accept": "EAGAIN",
    "fork": "EPERM", "kill": "EPERM", "setuid": "EPERM", "chroot": "EPERM", "setrlimit": "EPERM", "code": "EPERM",
    "memory": "done", "open from another thread": "EACCES", "thread": "done",
}


def directory():
    path = tempfile.mkdtemp(prefix="berth-confined-")
    atexit.register(shutil.rmtree, path)
    os.chmod(path, 0o755)
    with open(f"{path}/file", "w", encoding="utf-8") as file:
        file.write("x")
    return path


def status(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def confined(before=()):
    """(process, what it said)"""
    # A build with a sanitizer looks for leaks at its end by tracing its own threads, which the sandbox forbids.
    environment = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
    process = subprocess.Popen([*before, TOOLS["confined"], directory()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True, env=environment)
    said = {}
    for line in process.stdout:
        if line == "ready\n":
            return process, said
        key, _, value = line.rstrip("\n").partition(": ")
        said[key] = value
    raise AssertionError(f"it ended with {process.wait()} after {said}")


def check_inside(said):
    equal(said["enter"], "0")
    if said["missing"]:
        raise Skip(said["missing"])
    equal({key: said.get(key) for key in OUTCOMES}, OUTCOMES)


def check_outside(pid, uid):
    facts = status(pid)
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        equal(int(facts[name], 16), 0, name)
    equal(facts["Seccomp"], "2")
    equal(facts["NoNewPrivs"], "1")
    equal(facts["Uid"].split(), [str(uid)] * 4)
    equal(facts["Gid"].split(), [str(uid)] * 4)
    equal(facts["Groups"].split(), [])


@case
def from_root():
    process, said = confined()
    check_inside(said)
    check_outside(process.pid, 65534)
    equal(int(status(process.pid)["CapBnd"], 16), 0)
    check(said["in force"].startswith("uid 65534, no capabilities, no new privileges, Landlock "), said["in force"])
    # Not dumpable: its files in /proc are root's.
    equal(os.stat(f"/proc/{process.pid}/mem").st_uid, 0)
    process.stdin.close()
    equal(process.wait(), 0)


@case
def from_nobody():
    process, said = confined(NOBODY)
    check_inside(said)
    check_outside(process.pid, 65534)
    process.stdin.close()
    equal(process.wait(), 0)


@case
def from_a_user_with_a_capability():
    process, said = confined(["setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups", "--inh-caps",
                              "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search"])
    check_inside(said)
    check_outside(process.pid, 1234)
    process.stdin.close()
    process.wait()


@case
def from_lonely_root():
    """A user namespace with nobody in it but root: it stays that one, and says so."""
    process, said = confined(["unshare", "--user", "--map-root-user"])
    check("uid 65534: Invalid argument" in said["missing"] or "groups" in said["missing"], said["missing"])
    facts = status(process.pid)
    equal(int(facts["CapEff"], 16), 0)
    equal(facts["Seccomp"], "2")
    equal({key: said.get(key) for key in OUTCOMES}, OUTCOMES)
    process.stdin.close()
    process.wait()


@case
def deadly_calls():
    place = directory()
    for call in ("execve", "ptrace", "unshare"):
        run = subprocess.run([TOOLS["confined"], place, call], stdout=subprocess.PIPE, text=True, check=False)
        if "seccomp (" not in run.stdout:
            raise Skip("seccomp cannot be had here")
        equal(run.returncode, -signal.SIGSYS, call)


if __name__ == "__main__":
    main(__doc__, "confined")
