#!/usr/bin/env python3
"""berth evict and the units of a really booted systemd.

usage: units.py BERTH [CASE...]

How it is booted, and why nothing of it reaches the system, says tests/helpers/booted.py. Needs root
and systemd; without them the whole suite is left out (exit 77) and says so.
"""
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "helpers"))
import booted
import groups
from booted import HOME, DidNotBoot, LeftOut, wait_for
from terminal import Terminal

SERVER = """import socket, sys, time, os
kept = []
for port in sys.argv[1:]:
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", int(port)))
    s.listen()
    kept.append(s)
if os.environ.get("FORK") and os.fork() == 0:
    os.setsid()
if os.environ.get("NOTIFY_READY"):
    open(os.environ["NOTIFY_READY"], "w").close()
time.sleep(100000)
"""
PYTHON = "/usr/bin/python3"


def serve(*ports, more=""):
    return f"[Service]\n{more}ExecStart={PYTHON} {HOME}/server.py {' '.join(map(str, ports))}\n"


UNITS = {
    "plain.service": serve(7101, 7102),
    "forking.service": serve(7103, more="Environment=FORK=1\n"),
    "always.service": serve(7104, more="Restart=always\nRestartSec=50ms\nStartLimitIntervalSec=0\n"),
    "demo.socket": "[Socket]\nListenStream=127.0.0.1:7105\n",
    "demo.service": "[Service]\nExecStart=/bin/sleep 100000\n",
    "cron.service": serve(7106),
    "systemd-web.service": serve(7107),
    "wrong.service": "[Service]\nExecStart=/bin/sleep 100000\n",
    "again.service": serve(7109, more="Restart=always\nRestartSec=50ms\n"),
    "asked.service": serve(7111, more="Restart=always\n"),
    "idle.socket": "[Socket]\nListenStream=127.0.0.1:7110\n",
    "idle.service": "[Service]\nExecStart=/bin/sleep 100000\n",
}
WANTED = ("plain.service", "forking.service", "always.service", "demo.socket", "cron.service",
          "systemd-web.service", "wrong.service", "again.service", "idle.socket",
          "asked.service")
CASES = {}


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def check(condition, text=""):
    if not condition:
        raise AssertionError(text)


def equal(a, b, text=""):
    check(a == b, f"{a!r} is not {b!r} {text}")


class Inside:
    def __init__(self, machine):
        self.machine = machine

    def run(self, *command):
        return subprocess.run(self.machine.inside(*command), capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, start_new_session=True, timeout=booted.PATIENCE_S)

    def evict(self, *args):
        done = self.run(f"{HOME}/berth", "evict", *args, "--json")
        check(done.stdout, f"{args}: {done.returncode} {done.stderr}")
        return done.returncode, json.loads(done.stdout)

    def is_active(self, unit):
        return self.run("systemctl", "is-active", "-q", unit).returncode == 0

    def main_pid(self, unit):
        return int(self.run("systemctl", "show", "-p", "MainPID", "--value", unit).stdout)

    def wait_for_listener(self, port):
        """Services are said to be active before they listen."""
        wait_for(f"a listener at {port}", lambda: self.evict(str(port), "--dry-run")[1]["steps"])


def acts(record):
    return [(s["action"], s["unit"], s["outcome"]) for s in record["steps"]]


def others_live(m, *units):
    for unit in units:
        check(m.is_active(unit), f"{unit} was not to be touched")


@case
def a_signal_names_the_unit(m):
    m.wait_for_listener(7103)
    code, record = m.evict("7103", "--dry-run")
    equal((code, acts(record)), (0, [("signal", "forking.service", None)] * 2))
    check("--stop stops that unit" in record["steps"][0]["reason"], record)


@case
def a_second_question(m):
    """No stops nothing and leaves the first question; yes shows the other plan, which is asked about."""
    m.wait_for_listener(7111)
    command = m.machine.inside(f"{HOME}/berth", "evict", "7111", "--width", "0", "--color", "never")
    t = Terminal(*command)
    t.read_until("Stop asked.service, which may start it again, instead? [y/N] ")
    t.type("n\n")
    t.read_until("Do it? [y/N] ")
    t.type("n\n")
    equal(os.waitstatus_to_exitcode(t.end()), 1, t.text)
    check("Nothing was done." in t.text and m.is_active("asked.service"), t.text)
    t = Terminal(*command)
    t.read_until("instead? [y/N] ")
    t.type("y\n")
    t.read_until("stop      asked.service")
    t.read_until("Do it? [y/N] ")
    check(m.is_active("asked.service"), "not before the second yes")
    t.type("y\n")
    equal(os.waitstatus_to_exitcode(t.end()), 0, t.text)
    check(not m.is_active("asked.service"), t.text)


@case
def service_stopped(m):
    m.wait_for_listener(7101)
    code, record = m.evict("7101", "--stop", "--dry-run")
    equal([s["port"] for s in record["steps"][0]["also_serves"]], [7102])
    check(m.is_active("plain.service"))
    code, record = m.evict("7101", "--stop", "-y")
    equal((code, record["outcome"], acts(record)), (0, "freed", [("stop-unit", "plain.service", "stopped")]))
    check(not m.is_active("plain.service"))
    others_live(m, "always.service", "demo.socket", "cron.service", "forking.service")


@case
def service_with_workers_stopped(m):
    m.wait_for_listener(7103)
    code, record = m.evict("7103", "--stop", "-y")
    equal((code, acts(record)), (0, [("stop-unit", "forking.service", "stopped")]))
    check(not m.is_active("forking.service"))


@case
def service_that_is_always_restarted(m):
    m.wait_for_listener(7104)
    before = m.main_pid("always.service")
    code, record = m.evict("7104", "-y")
    equal((code, record["outcome"], record["steps"][0]["outcome"]), (1, "held", "ended"))
    result = record["results"][0]
    equal((result["new"], result["parents"][0]["program"], result["parents"][0]["pid"]), (True, "systemd", 1))
    check(result["pid"] != before, result)
    check(result["reason"].endswith("took it again, started by systemd (pid 1); --stop stops always.service"), result)
    code, record = m.evict("7104", "-y", "--stop")
    equal((code, acts(record)), (0, [("stop-unit", "always.service", "stopped")]))
    check(not m.is_active("always.service"))


@case
def socket_unit(m):
    code, record = m.evict("7110", "-y")
    equal((code, record["outcome"], acts(record)), (1, "refused", [("refuse", "idle.socket", "not-done")]))
    check("--stop stops that unit" in record["steps"][0]["reason"], record)
    check(m.is_active("idle.socket"))
    code, record = m.evict("7110", "-y", "--stop")
    equal((code, acts(record)), (0, [("stop-unit", "idle.socket", "stopped")]))
    check(not m.is_active("idle.socket"))


@case
def socket_unit_with_its_service(m):
    with m.machine.connect(7105):
        wait_for("the service", lambda: m.is_active("demo.service"))
        code, record = m.evict("7105", "-y")
        equal((code, sorted(a[0] for a in acts(record))), (1, ["refuse", "refuse"]))
        check(m.is_active("demo.service"), "its end would free nothing")
        code, record = m.evict("7105", "-y", "--stop")
    equal((code, acts(record)), (0, [("stop-unit", "demo.socket", "stopped"),
                                     ("stop-unit", "demo.service", "stopped")]))


@case
def units_that_are_never_stopped(m):
    for port, unit in ((7106, "cron.service"), (7107, "systemd-web.service")):
        m.wait_for_listener(port)
        code, record = m.evict(str(port), "-y", "--stop", "--force")
        equal((code, acts(record)), (1, [("refuse", unit, "not-done")]))
        check(f"systemctl stop {unit}" in record["steps"][0]["reason"], record)
        check(m.is_active(unit))


@case
def not_below_the_main_process(m):
    """A stranger in the control group of a service is not that service."""
    script = ("echo $$ >/sys/fs/cgroup/system.slice/wrong.service/cgroup.procs && "
              f"exec {PYTHON} {HOME}/server.py 7108")
    # Started by process 1, as far as anybody can see: its parent ends at once.
    m.run("sh", "-c", f"setsid sh -c '{script}' >/dev/null 2>&1 &")
    m.wait_for_listener(7108)
    code, record = m.evict("7108", "-y", "--stop")
    equal((code, record["outcome"]), (1, "held"), record)
    step = record["steps"][0]
    equal((step["action"], step["unit"], step["outcome"]), ("stop-unit", "wrong.service", "failed"), record)
    check("is not the main process of wrong.service" in step["error"], step)
    check(m.is_active("wrong.service"))
    code, record = m.evict("7108", "-y")
    equal((code, acts(record)), (0, [("signal", "wrong.service", "ended")]))
    check(m.is_active("wrong.service"))


@case
def nobody_stops_nothing(m):
    m.wait_for_listener(7109)
    done = m.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all",
                 "--inh-caps", "-all", f"{HOME}/berth", "evict", "7109", "-y", "--stop", "--json")
    equal(done.returncode, 1, done.stdout + done.stderr)
    check(m.is_active("again.service"))


def interrupted(number, _):
    raise KeyboardInterrupt(f"signal {number}")


def run_cases(machine, names):
    n_failed = 0
    for name in names:
        try:
            CASES[name](Inside(machine))
            print(f"ok {name}", flush=True)
        except (AssertionError, DidNotBoot, OSError, ValueError, LookupError,
                subprocess.SubprocessError) as error:
            n_failed += 1
            print(f"not ok {name}: {type(error).__name__}: {error}", flush=True)
    return n_failed


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    names = sys.argv[2:] or list(CASES)
    reason = booted.why_not()
    if not reason and not os.path.exists(PYTHON):
        reason = f"there is no {PYTHON}"
    if reason:
        raise LeftOut(reason)
    signal.signal(signal.SIGTERM, interrupted)
    group = f"berth-evict-{os.getpid()}"
    server = Path(f"/tmp/{group}.py")
    with groups.removed(group):
        machine = None
        try:
            server.write_text(SERVER, encoding="utf-8")
            machine = booted.Machine(UNITS, WANTED,
                                     {"berth": os.path.abspath(sys.argv[1]), "server.py": server}, group)
            machine.boot()
            n_failed = run_cases(machine, names)
        finally:
            server.unlink(missing_ok=True)
            if machine:
                machine.end()
    print(f"{len(names) - n_failed} passed, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LeftOut as reason:
        print(f"left out: units, because {reason}")
        sys.exit(77)
