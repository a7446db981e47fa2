"""What the tests of leases share."""

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "netns"))

from inside import TOOLS, check  # noqa: E402

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "TZ": "UTC", "HOME": "/nonexistent",
               "PYTHONDONTWRITEBYTECODE": "1"}


def start(*arguments, before=(), **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True,
               "env": ENVIRONMENT, **options}
    return subprocess.Popen([*before, TOOLS["berth"], *arguments], **options)


def end(process, status):
    out, err = process.communicate(timeout=50)
    check(process.returncode == status, f"exit {process.returncode} instead of {status}: {out!r} {err!r}")
    return out, err


def run(status, *arguments, **options):
    return end(start(*arguments, **options), status)


def leases():
    """The leases of this namespace, by port."""
    out, _ = run(0, "leases", "--json")
    return {one["port"]: one for one in json.loads(out)["leases"]}


def until(condition, what):
    for _ in range(4000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError(f"never: {what}")


def refused(status, words, *arguments, **options):
    """One clear line, and nothing else."""
    out, err = run(status, *arguments, **options)
    check(out == "" and err.count("\n") == 1 and words in err, f"{arguments}: {out!r} {err!r}")
