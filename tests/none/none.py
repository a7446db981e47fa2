#!/usr/bin/env python3
"""berth without a system: -Dsource=none builds with everything else, and its unit and golden suites pass.

  none.py BUILD SOURCE

A second build, BUILD/none, so that no file of Linux's is in it. The golden cases are those of every build: recorded
systems are answered with the same bytes whatever berth was built for. Then the program itself is asked: it knows the
registry, and says that it could not look. Closes with "N passed, N failed", counted as tools/check counts.
"""

import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

WHY = "this build of berth knows no way to ask it"


def load_check(source):
    """tools/check as a module: it has no ending that Python knows."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("check", str(source / "tools" / "check"))
    spec = importlib.util.spec_from_loader("check", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def run(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **more)


def build(folder, source):
    """Build it, quickly rather than well. Returns what was said when it could not be built."""
    options = ["-Dsource=none", "-Dbuildtype=debug", "-Dupdate=disabled", "-Dtests=true"]
    if not (folder / "build.ninja").exists():
        found = run(["meson", "setup", str(folder), str(source), *options])
        if found.returncode != 0:
            return found.stdout
    found = run(["ninja", "-C", str(folder)])
    return found.stdout if found.returncode != 0 else None


def ask(folder, *arguments):
    found = run([str(folder / "src" / "berth"), *arguments])
    return found.returncode, found.stdout


def try_program(folder):
    """(what is promised, whether it is kept)"""
    status, text = ask(folder, "3476", "--json")
    answer = json.loads(text)
    yield "a port is answered", status == 0 and answer["assignments"][0]["name"] == "nppmp"
    yield "nothing is guessed", {v["word"] for v in answer["verdicts"].values()} == {"unknown"}
    yield "what was not seen is a gap", {(g["what"], g["why"]) for g in answer["gaps"]} >= {("sockets", WHY), ("rules", WHY)}
    yield "quiet: could not look", ask(folder, "-q", "3476")[0] == 3
    yield "strict: gaps", ask(folder, "--strict", "3476")[0] == 3
    status, text = ask(folder, "here")
    yield "here says so", status == 0 and "could not look" in text and "0 listeners" not in text


def main(build_root, source):
    folder = build_root / "none"
    check = load_check(source)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MESON_TEST")}
    said = build(folder, source)
    if said is not None:
        print(said[-6000:])
        print("0 passed, 1 failed")
        return 1
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    found = run(["meson", "test", "-C", str(folder), "--no-rebuild", "--no-suite", "once", "--suite", "unit", "--suite",
                 "golden"], env=environment)
    results = [check.meson_result("none", json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []
    passed, failed = sum(r.count.passed for r in results), sum(r.count.failed for r in results)
    if not results or (found.returncode != 0 and not failed):
        print(found.stdout[-6000:])
        failed += 1
    check.print_failures(results)
    for promise, is_kept in try_program(folder):
        print(("ok      " if is_kept else "FAILED  ") + promise)
        passed, failed = passed + is_kept, failed + (not is_kept)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: none.py BUILD SOURCE")
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
