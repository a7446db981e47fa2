#!/usr/bin/env python3
"""Bad input of every kind: one clear line, the exit status of the contract, nothing changed, nothing said twice.

  bad-input.py BERTH

Everything is asked of recorded worlds, so the machine does not matter. Prints a line for each case that fails; closes
with "N passed, N failed".
"""

import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BERTH = os.path.abspath(sys.argv[1])
IMAGE = Path(BERTH).with_name("registry.image")
WORLDS = ROOT / "tests" / "worlds"
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"}
ENVIRONMENT.update({k: v for k, v in os.environ.items() if k in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")})
LONG = 131071  # the longest argument that Linux passes on
QUIET = ["--replay", str(WORLDS / "quiet.world")]
results = {"passed": 0, "failed": 0}


def world(name):
    return ["--replay", str(WORLDS / f"{name}.world")]


def run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, environment=None, **options):
    return subprocess.run([BERTH, *arguments], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, check=False,
                          env={**ENVIRONMENT, **(environment or {})}, **options)


def judge(what, faults):
    faults = [fault for fault in faults if fault]
    results["failed" if faults else "passed"] += 1
    if faults:
        what = what if len(what) < 200 else f"{what[:150]}... ({len(what)} characters)"
        print(f"FAILED {what}: " + "; ".join(faults))


def one_line(stderr):
    text = stderr.decode("utf-8", "replace")
    if not re.fullmatch(r"berth: [^\x00-\x1f\x7f-\x9f]+\n", text):
        return f"not one clear line on standard error: {text[:300]!r}"
    return len(text) > 700 and f"a line of {len(text)} characters"


def bad(arguments, says="", exits=2):
    """Refused with that status, and one line that matches `says`."""
    done = run(arguments)
    judge("berth " + " ".join(map(str, arguments)), [
        done.returncode != exits and f"exit {done.returncode}, expected {exits}",
        done.stdout and f"standard output: {done.stdout[:100]!r}",
        one_line(done.stderr),
        not re.search(says, done.stderr.decode("utf-8", "replace")) and f"{done.stderr[:300]!r} lacks {says!r}",
    ])


def good(arguments, exits=0, silent=False):
    """Answered with that status, nothing on standard error."""
    done = run(arguments)
    judge("berth " + " ".join(map(str, arguments)), [
        done.returncode != exits and f"exit {done.returncode}, expected {exits}: {done.stderr[:200]!r}",
        done.stderr and f"standard error: {done.stderr[:200]!r}",
        silent and done.stdout and f"standard output: {done.stdout[:100]!r}",
    ])


def questions():
    for what in ("70000", "65536", "4294967297", "18446744073709551617", "-5", "-65535", "9-3", "80-", "-80-90", "80-70000", "80/xyz",
                 "80/", "/tcp", "80/tcp/udp", "", " ", ":", ":70000", "::", "host:", "host:70000", "[::1]", "[::1]:", "[::1:80",
                 "1.2.3.4:0x50", "80 90", "80,90", "0x50", "+80", "8e1", "pid:", "pid:x", "pid:-1", "pid:99999999999", "service:",
                 "program:", "unit:", "container:", "\x1b[31m", "a\nb", "\x7f", "\u202e", "\udcff\udcfe", "%s%n", "../../etc/passwd"):
        bad([*QUIET, "--", what])
        bad([*QUIET, "--json", "--", what])
    for options in ([], ["--json"]):
        bad([*QUIET, *options, "3476", "70000"])  # one bad question spoils them all before any is answered
    bad([*QUIET, "-5"], "ports are 0 to 65535")
    bad([*QUIET, "70000"], "65535")
    bad([*QUIET, "nppmpp"], "did you mean nppmp")
    bad([*QUIET, "fnd"], "did you mean .*find")
    bad([*QUIET, "here", "there"], "takes no")
    bad([*QUIET, "ranges", "x"], "takes no")


def options():
    for arguments, says in [
            (["--jsn", "80"], "did you mean --json"), (["--no-such-thing"], "no option"), (["-Z"], "no option -Z"),
            (["--", "--json"], "nothing is called"), (["-"], ""), (["--="], "no option"), (["--=x"], "no option"),
            (["--json=yes", "80"], "takes no value"), (["--color"], "takes"), (["--color="], "takes"),
            (["--color", "blue", "80"], "auto.always.never"), (["--owners", "some", "80"], "cgroup.all"),
            (["--width", "-1", "80"], "number of columns"), (["--width", "x", "80"], "number of columns"),
            (["--width", "99999999999999999999", "80"], "number of columns"), (["--netns"], "takes"),
            (["--netns=", "80"], "not nothing"), (["--replay=", "80"], "not nothing"), (["--registry", "", "80"], "not nothing"),
            (["--json", "--jsonl", "80"], "exclude"), (["--csv", "here", "--json"], "exclude"),
            (["--csv", "80"], "does not go with"), (["ranges", "--csv"], "does not go with"),
            (["--exposed", "80"], "does not go with"), (["here", "--peers"], "does not go with"),
            (["find", "ssh", "--replay", "x"], "does not go with"), (["find", "ssh", "-t"], "does not go with"),
            (["export", "json", "--netns", "all"], "does not go with"), (["version", "--json"], "does not go with"),
            (["here", "--verdict", "fine"], "--verdict takes"), (["here", "--verdict", "dark"], "--verdict takes"),
            (["find"], "words"), (["find", ""], "words"), (["find", "  "], "words"), (["find", *"abcdefghijklmnopqrstuvwxyz"], "at most"),
            (["export"], "format"), (["export", "xml"], "no format"), (["export", "json", "csv"], "format"),
            (["export", "json", "--csv"], "format"), (["help", "nothing"], "no verb"), (["help", "a", "b"], "one verb"),
            (["report"], "one file"), (["report", "a", "b"], "one file"),
            (["evict"], "one or more ports"), (["evict", "--dry-run", "x"], "takes ports"), (["evict", "--dry-run", "0"], "takes ports"),
            (["evict", "--dry-run", "80-81"], "takes ports"), (["evict", "--dry-run", "localhost:80"], "takes ports"),
            (["evict", "80/dccp", "--dry-run"], "dccp"), (["evict", "80", "--dry-run", "--grace", "1x"], "duration"),
            (["evict", "80", "--dry-run", "--grace", "-1"], "duration"), (["evict", "80", "--dry-run", "--netns", "all"], "one namespace"),
            (["evict", "80", "--peers"], "does not go with"), (["80", "--yes"], "does not go with"), (["80", "--stop"], "does not go with"),
            (["evict", *QUIET, "80"], "recording"), (["evict", *QUIET, "80", "-y"], "recording"),
            (["-i", "@host:80"], "not understood"), (["-i", ":99999"], "65535"), (["export", "--csv", "--json"], "exclude")]:
        bad(arguments, says)
    good(["export", "--csv"])
    good(["version", "--help", "--json"])


def long_arguments():
    for what in ("9" * LONG, "a" * LONG, "x" * (LONG - 3) + ":80", "80/" + "x" * (LONG - 3), "-" * LONG, "--" + "j" * (LONG - 2),
                 "-" + "Z" * (LONG - 1), "service:" + "s" * (LONG - 8), "pid:" + "7" * (LONG - 4), "\x1b" * LONG, "\udcff" * LONG,
                 "[" * LONG):
        bad([*QUIET, what])
    for arguments in (["--replay", "f" * LONG, "80"], ["--registry", "f" * LONG, "80"], ["--width", "1" * LONG, "80"],
                      ["--color", "a" * LONG, "80"], ["help", "h" * LONG], ["export", "e" * LONG], ["here", "h" * LONG],
                      ["here", "--verdict", "v" * LONG]):
        bad(arguments)
    bad(["find", "w" * LONG], "nothing found", 1)


def images(directory):
    """A registry image that is damaged, foreign, cut short or not a file is refused, whatever the verb."""
    image = IMAGE.read_bytes()
    variants = {"empty": b"", "short": image[:20], "nul": bytes(4096), "text": b"hello\n" * 1000, "zeros": bytes(len(image)),
                "half": image[:len(image) // 2], "one-less": image[:-1], "one-more": image + b"\0", "twice": image * 2,
                "elf": Path(BERTH).read_bytes()[:100000]}
    for at in (0, 4, 8, 12, 16, 24, 32, 40, 64, 100, 200, 1000, len(image) // 3, len(image) // 2, len(image) - 1):
        variants[f"flip-{at}"] = image[:at] + bytes([image[at] ^ 0x40]) + image[at + 1:]
    for name, content in variants.items():
        path = Path(directory, name + ".image")
        path.write_bytes(content)
        bad([*QUIET, "--registry", path, "3476"], "not a registry image")
        judge(f"{name} is unchanged", [path.read_bytes() != content and "it was written to"])
    for verb in (["find", "ssh"], ["ranges", *QUIET], ["export", "json"], ["here", *QUIET], ["version"]):
        bad([*verb, "--registry", Path(directory, "half.image")], "not a registry image")
    bad([*QUIET, "--registry", "/nonexistent/image", "80"], "/nonexistent/image")
    bad([*QUIET, "--registry", directory, "80"])
    bad([*QUIET, "--registry", "/dev/null", "80"])
    bad([*QUIET, "--registry", "/dev/zero", "80"])
    fifo = Path(directory, "fifo")
    os.mkfifo(fifo)
    bad([*QUIET, "--registry", fifo, "80"])  # would wait for ever
    whole = Path(directory, "whole.image")
    whole.write_bytes(image)
    good([*QUIET, "--registry", whole, "3476"])
    done = run([*QUIET, "3476"], environment={"BERTH_REGISTRY": str(Path(directory, "half.image"))})
    judge("BERTH_REGISTRY=half.image", [done.returncode != 2 and f"exit {done.returncode}", one_line(done.stderr)])


def worlds(directory):
    text = (WORLDS / "system.world").read_bytes()
    variants = {"empty": b"", "nul": bytes(100), "nul-inside": text[:300] + b"\0" + text[300:], "binary": IMAGE.read_bytes()[:50000],
                "foreign": b"[section]\nkey=value\n", "newer": text.replace(b"berth-world 1", b"berth-world 2", 1),
                "cut": text[:len(text) // 2].rsplit(b"\n", 1)[0] + b"\nsocket tcp lis", "not-utf-8": text + b"# \xff\n",
                "control": text + b"# \x1b[2J\n", "long-line": b"berth-world 1\n#" + b"x" * 2000000 + b"\n\x01"}
    for name, content in variants.items():
        path = Path(directory, name + ".world")
        path.write_bytes(content)
        for verb in (["3476"], ["here"], ["ranges", "--json"]):
            bad(["--replay", path, *verb])
        judge(f"{name} is unchanged", [path.read_bytes() != content and "it was written to"])
    for path in ("/nonexistent/world", directory, "/dev/null", "/dev/zero"):
        bad(["--replay", path, "3476"])


def reports(directory):
    """`report` writes a new file or none, and never over one."""
    taken = Path(directory, "taken")
    taken.write_text("mine")
    bad([*QUIET, "report", taken], "taken")
    judge("a file is not written over", [taken.read_text() != "mine" and "it was"])
    link = Path(directory, "link")
    link.symlink_to(taken)
    bad([*QUIET, "report", link], "link")
    bad([*QUIET, "report", "/nonexistent/there"], "/nonexistent/there", 4)
    bad([*QUIET, "report", "/dev/full"], "/dev/full")
    done = run([*QUIET, "report", Path(directory, "fresh")])
    judge("report", [done.returncode and f"exit {done.returncode}", done.stdout and "standard output is not empty"])
    good(["--replay", Path(directory, "fresh"), "3476"])


OUTPUTS = [["3476"], ["3476", "--json"], ["20-25"], ["here"], ["here", "--json"], ["here", "--jsonl"], ["here", "--csv"], ["ranges"],
           ["find", "ssh"], ["find", "ssh", "--json"], ["export", "services"], ["export", "json"], ["export", "jsonl"], ["export", "csv"],
           ["help"], ["help", "here"], ["version"], ["report", "-"], ["evict", "3476", "--dry-run"],
           ["evict", "3476", "--dry-run", "--json"]]


def with_world(arguments):
    return arguments if arguments[0] in ("find", "export", "help", "version") else [*arguments, *QUIET]


def closed_descriptors():
    """All combinations of closed standard descriptors: only a closed standard output is a failure."""
    for closed in itertools.chain.from_iterable(itertools.combinations((0, 1, 2), n) for n in range(4)):
        for arguments in OUTPUTS:
            done = run(with_world(arguments), preexec_fn=lambda fds=closed: [os.close(fd) for fd in fds])
            expected = 4 if 1 in closed else 0
            errors = done.stderr and (arguments[0] != "export" or expected)
            judge(f"berth {' '.join(arguments)} with {closed} closed", [
                done.returncode != expected and f"exit {done.returncode}, expected {expected}",
                1 in closed and 2 not in closed and one_line(done.stderr),
                1 not in closed and errors and f"standard error: {done.stderr[:100]!r}",
            ])
        done = run(["70000"], preexec_fn=lambda fds=closed: [os.close(fd) for fd in fds])
        judge(f"berth 70000 with {closed} closed", [done.returncode != 2 and f"exit {done.returncode}"])


def broken_outputs():
    for arguments in OUTPUTS:
        with open("/dev/full", "wb") as full:
            done = run(with_world(arguments), stdout=full)
        judge(f"berth {' '.join(arguments)} > /dev/full", [
            done.returncode != 4 and f"exit {done.returncode}, expected 4", one_line(done.stderr)])
        for ignores in (False, True):
            reader, writer = os.pipe()
            os.close(reader)
            done = run(with_world(arguments), stdout=writer, restore_signals=not ignores)
            os.close(writer)
            judge(f"berth {' '.join(arguments)} | closed (SIGPIPE {'ignored' if ignores else 'as usual'} before)", [
                done.returncode != -signal.SIGPIPE and f"exit {done.returncode}, expected SIGPIPE",
                arguments != ["export", "services"] and done.stderr and f"standard error: {done.stderr[:100]!r}"])


def hostile_names():
    """Names, paths and command lines of others never reach a terminal raw."""
    for arguments in (["here"], ["here", "--all", "-v"], ["here", "--json"], ["here", "--jsonl"], ["here", "--csv"], ["0-65535"],
                      ["0-65535", "--jsonl"], ["3476", "-v"], ["here", "--color", "always"], ["here", "--width", "40"], ["ranges"],
                      ["report", "-"]):
        for locale in ("C.UTF-8", "C"):
            done = run([*world("hostile"), *arguments], environment={"LC_ALL": locale})
            text = done.stdout.decode("utf-8", "surrogateescape")
            if "always" in arguments:
                text = re.sub(r"\x1b\[[0-9;]*m", "", text)
            ascii_only = locale == "C" and "report" not in arguments and not any(a.startswith("--json") or a == "--csv" for a in arguments)
            found = re.search("[^\n -~]" if ascii_only else "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\udc80-\udcff]",
                              text)
            judge(f"hostile.world {' '.join(arguments)} in {locale}", [
                done.returncode != 0 and f"exit {done.returncode}", done.stderr and f"standard error: {done.stderr[:100]!r}",
                not text and "nothing was printed", found and f"{found.group(0)!r} in {text[max(0, found.start() - 40):found.end()]!r}"])


def exit_codes():
    good([*world("permify"), "-q", "3476"], 0, silent=True)
    good([*QUIET, "-q", "3476"], 1, silent=True)
    good([*world("blind"), "-q", "3476"], 3, silent=True)
    good([*QUIET, "-q", "3476", "--json"], 1, silent=True)
    good([*world("blind"), "3476"], 0)
    good([*world("blind"), "3476", "--strict"], 3)
    good([*world("nobody"), "3476", "--strict"], 3)
    good([*world("nobody"), "here", "--strict"], 3)
    good([*world("system"), "here", "--program", "no-such-program"], 1)
    good([*world("system"), "here", "--exposed"], 0)
    good(["find", "-q", "ssh"], 0, silent=True)
    good(["find", "-q", "no-such-thing-anywhere"], 1, silent=True)
    bad(["find", "no-such-thing-anywhere"], "nothing found", 1)


def main():
    with tempfile.TemporaryDirectory() as directory:
        for group in (questions, options, long_arguments, exit_codes, closed_descriptors, broken_outputs, hostile_names):
            group()
        for group in (images, worlds, reports):
            group(directory)
    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
