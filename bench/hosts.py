"""What the benchmarks share: where the programs are, busy hosts, runs in turn and what to make of them."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = (HERE.parent / os.environ.get("BERTH_BUILD", "build")).resolve()
BERTH = str(BUILD / "src" / "berth")
MKSOCK = str(BUILD / "tests" / "mksock")

MAKING_LIMIT_S = 180
LEFT_OUT = 77  # exit status: cannot run here

Run = namedtuple("Run", "wall_ms user_ms system_ms peak_kb faults status")
Result = namedtuple("Result", "name runs output")


class Unable(Exception):
    """The benchmark cannot be run here; the text says why."""


def program(name):
    """A program of bench/ as it was built."""
    path = BUILD / "bench" / name
    if not path.exists():
        raise Unable(f"{path} is not built; make bench builds it")
    return str(path)


def check_needs():
    """What every benchmark needs."""
    if os.geteuid() != 0:
        raise Unable("needs root: it makes network namespaces and cgroups")
    if not Path(BERTH).exists():
        raise Unable(f"{BERTH} is not built")


PICKER = """
import sys, time, portpicker
begun = time.monotonic()
ports = [portpicker.pick_unused_port() for _ in range(int(sys.argv[1]))]
print(time.monotonic() - begun, *ports)
"""


def portpicker_python():
    """A Python that has portpicker, or None. Debian's own comes first: that is where Debian's modules are."""
    for python in ("/usr/bin/python3", sys.executable):
        try:
            if subprocess.run([python, "-c", "import portpicker"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return python
        except FileNotFoundError:
            pass
    return None


def portpicker(n, address=None):
    """Seconds for n ports that one process of portpicker's picks, and the ports; asked of the server at `address`, if any."""
    environment = {name: value for name, value in os.environ.items() if name != "PORTSERVER_ADDRESS"}
    if address:
        environment["PORTSERVER_ADDRESS"] = address
    said = subprocess.run([portpicker_python(), "-c", PICKER, str(n)], stdout=subprocess.PIPE, check=True, text=True,
                          env=environment).stdout.split()
    return float(said[0]), [int(word) for word in said[1:]]


def has(name):
    return shutil.which(name) is not None


class BusyHost:
    """A running busy-host; `with BusyHost(processes=20) as host:` removes it at the end. An option without a value
    is True."""

    def __init__(self, **options):
        self.map = tempfile.NamedTemporaryFile(prefix="berth-bench-map-")
        self.command = [program("busy-host"), "--map", self.map.name]
        for name, value in options.items():
            self.command += ["--" + name] + ([] if value is True else [str(value)])
        self.child = None

    def __enter__(self):
        self.child = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
        line = self.child.stdout.readline()
        if not line.startswith("ready "):
            self.child.stdin.close()
            raise Unable(self.child.stderr.read().strip() or "busy-host ended without a word")
        words = dict(word.split("=", 1) for word in line.split()[1:])
        self.cgroups, self.inside = words["cgroups"], int(words["inside"])
        self.pid, self.port, self.owner = int(words["pid"]), int(words["port"]), int(words["owner"])
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        try:
            self.child.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.child.terminate()
            self.child.wait(timeout=60)
        said = self.child.stderr.read().strip()
        self.map.close()
        if self.child.returncode != 0:
            raise Unable(said or f"busy-host ended with status {self.child.returncode}")

    def listeners(self):
        """{(namespace index, port): pid} as the host made them."""
        with open(self.map.name) as lines:
            rows = [tuple(map(int, line.split())) for line in lines]
        return {(namespace, port): pid for namespace, port, pid in rows}


def run_in_turn(commands, inside=None, runs=15, warm=2, limit=60):
    """Run [(name, argv)] in turn; a list of Result in the same order."""
    with tempfile.TemporaryDirectory(prefix="berth-bench-") as kept:
        command = [program("launch"), "--runs", str(runs), "--warm", str(warm), "--limit", str(limit), "--keep", kept]
        if inside:
            command += ["--enter", str(inside)]
        command.append("--")
        for i, (_, argv) in enumerate(commands):
            command += (["---"] if i else []) + list(map(str, argv))
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL).stdout
        outputs = [(Path(kept) / f"{i}.out").read_bytes() for i in range(len(commands))]
    rows = [list(map(int, line.split())) for line in said.splitlines()]
    results = []
    for i, (name, _) in enumerate(commands):
        mine = [Run(w / 1e6, u / 1e3, s / 1e3, kb, minor + major, status)
                for index, w, u, s, kb, minor, major, status in rows if index == i]
        results.append(Result(name, mine, outputs[i].decode(errors="replace")))
    return results


def ask(argv, inside=None, limit=60):
    """One run; (output, status)."""
    result = run_in_turn([("", argv)], inside=inside, runs=1, warm=0, limit=limit)[0]
    return result.output, result.runs[0].status


def ask_json(argv, inside=None):
    output, status = ask(argv, inside)
    if status != 0:
        raise AssertionError(f"{' '.join(map(str, argv))}: status {status}")
    return json.loads(output)


def median_ms(result):
    return statistics.median(run.wall_ms for run in result.runs)


def peak_kb(result):
    return max(run.peak_kb for run in result.runs)


def pairwise(result, base):
    """How many times longer `result` takes than `base`: the median over the rounds."""
    return statistics.median(theirs.wall_ms / ours.wall_ms for theirs, ours in zip(result.runs, base.runs))


# --- whether answers are right ------------------------------------------------------------------

def problems_of_port(host, options=()):
    """What is wrong with berth's answer for the port of interest; an empty list is good."""
    answer = ask_json([BERTH, *options, "--json", str(host.port)], host.inside)
    here = [row for row in answer["listeners"] if row["namespace"]["name"] == "here"]
    found = [owner["pid"] for row in here for owner in row["owners"]]
    problems = []
    if found != [host.owner]:
        problems.append(f"port {host.port} is of {host.owner}; berth says {found}")
    problems += [f"gap at port {host.port}: {gap}" for gap in answer["gaps"] if gap["what"] == "owner"]
    return problems


def problems_of_all(host, options=()):
    """The same for every listener of the host's first namespace."""
    rows = ask_json([BERTH, "here", *options, "--json"], host.inside)
    rows = rows["listeners"] if isinstance(rows, dict) else rows
    found = {}
    for row in rows:
        listeners = row.get("listeners", [row])
        for listener in listeners:
            if listener["namespace"]["name"] == "here":
                found.setdefault(listener["port"], []).extend(owner["pid"] for owner in listener["owners"])
    made = {port: [pid] for (namespace, port), pid in host.listeners().items() if namespace == 0}
    if found == made:
        return []
    wrong = [port for port in sorted(set(made) | set(found)) if made.get(port) != found.get(port)]
    return [f"{len(wrong)} listeners differ, first {wrong[0]}: made {made.get(wrong[0])}, found {found.get(wrong[0])}"]


def main_guard(main):
    """Run main(); a missing need is one line and status 77. Hosts are removed on SIGTERM, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except Unable as error:
        print(f"left out: {Path(sys.argv[0]).name}, because {error}")
        sys.exit(LEFT_OUT)
    except KeyboardInterrupt:
        sys.exit(130)
