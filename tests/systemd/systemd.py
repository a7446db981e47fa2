#!/usr/bin/env python3
"""A really booted systemd, and what berth says of the sockets that it holds.

usage: systemd.py BERTH [CASE...]

How it is booted, and why nothing of it reaches the system, says tests/helpers/booted.py.

Needs root and systemd; without them the whole suite is left out (exit 77) and says so.
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

UNITS = {
    "demo.socket": """[Socket]
ListenStream=7001
ListenDatagram=127.0.0.1:7002
""",
    "demo.service": """[Service]
ExecStart=/bin/sleep 100000
""",
    # Another name, another place, a drop-in that changes the port.
    "odd.socket": """[Socket]
ListenStream=1
Service=oddly-named.service
BindIPv6Only=ipv6-only
""",
    "odd.socket.d/10-port.conf": """[Socket]
ListenStream=
ListenStream=[::]:7003
""",
    "oddly-named.service": f"""[Service]
ExecStart={HOME}/permify 100000
""",
    "each.socket": """[Socket]
ListenStream=127.0.0.1:7004
Accept=yes
""",
    "each@.service": """[Service]
ExecStart=-/bin/sleep 100000
StandardInput=socket
""",
    "web@.socket": """[Socket]
ListenStream=127.0.0.1:%i
""",
    "web@7005.service": """[Service]
ExecStart=/bin/sleep 100000
""",
    "sockets.target.wants/web@7005.socket": Path("../web@.socket"),
    # Its program is the one that registered the port: Permify is known to use 3476.
    "permify.socket": """[Socket]
ListenStream=3476
""",
    "permify.service": f"""[Service]
ExecStart={HOME}/permify 100000
""",
    "stranger.socket": """[Socket]
ListenStream=5432
""",
    "stranger.service": """[Service]
ExecStart=/bin/sleep 100000
""",
}
WANTED = ("demo.socket", "odd.socket", "each.socket", "web@7005.socket", "permify.socket",
          "stranger.socket")
CASES = {}

def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


def check(condition, text=""):
    if not condition:
        raise AssertionError(text)


def equal(a, b, text=""):
    check(a == b, f"{a!r} is not {b!r} {text}")


# --- what berth says ----------------------------------------------------------------------------

class Berth:
    """berth, run inside the machine or outside, on the same sockets."""

    def __init__(self, machine, is_inside):
        self.machine, self.is_inside = machine, is_inside

    def run(self, *args, before=()):
        command = [*before, f"{HOME}/berth" if self.is_inside else self.machine.programs["berth"], *args]
        if self.is_inside:
            command = self.machine.inside(*command)
        elif args[0] != "here":
            command += ["--netns", f"/proc/{self.machine.pid}/ns/net"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"{command}: {done.returncode} {done.stderr}")
        return done.stdout

    def answer(self, port, *args, before=()):
        return json.loads(self.run(str(port), "--json", *args, before=before))

    def listener(self, port, *args, before=()):
        found = self.answer(port, *args, before=before)["listeners"]
        equal(len(found), 1, f"listeners at {port}: {found}")
        return found[0]

    def manager(self):
        return 1 if self.is_inside else self.machine.pid


def told(listener):
    return listener["unit"], listener["activates"], [o["program"] for o in listener["owners"]]


@case
def held_for_a_service(b):
    tcp, udp = b.listener(7001), b.listener(7002)
    equal(told(tcp), ("demo.socket", "demo.service", ["systemd"]))
    equal((tcp["dual_stack"], tcp["owners"][0]["pid"]), (True, b.manager()))
    equal(told(udp), ("demo.socket", "demo.service", ["systemd"]))
    text = b.run("7001")
    check("held by systemd for demo.socket, which starts demo.service\n" in text, text)
    check("by its unit" not in text, text)


@case
def service_of_another_name(b):
    equal(told(b.listener(7003)), ("odd.socket", "oddly-named.service", ["systemd"]))
    equal(b.answer(1)["listeners"], [], "the drop-in emptied the list")


@case
def service_for_each_connection(b):
    with b.machine.connect(7004):
        wait_for("a service", lambda: "each@" in subprocess.run(
            b.machine.inside("systemctl", "--no-legend", "list-units", "each@*"),
            capture_output=True, text=True, check=True).stdout)
        equal(told(b.listener(7004)), ("each.socket", "each@.service", ["systemd"]))
        held = b.answer(7004, "--owners", "all")
        owners = [(h["kind"], h["owner"]["program"]) for h in held["holders"] if h["owner"]]
        equal(owners, [("connection", "systemd")], "it keeps the connection, too, and is older")
    text = b.run("7004")
    check("which starts each@.service for each connection\n" in text, text)


@case
def instance_of_a_template(b):
    equal(told(b.listener(7005)), ("web@7005.socket", "web@7005.service", ["systemd"]))


@case
def after_the_first_connection(b):
    """Both hold it then, and both are shown without a search of everything."""
    with b.machine.connect(7003, "::1"):
        wait_for("the service", lambda: subprocess.run(
            b.machine.inside("systemctl", "is-active", "-q", "oddly-named.service"),
            check=False).returncode == 0)
        listener = b.listener(7003)
    equal(told(listener), ("odd.socket", "oddly-named.service", ["systemd", "permify"]))
    equal(listener["owners_search"], "cgroup")
    equal([o["unit"] for o in listener["owners"]], ["init.scope", "oddly-named.service"])


@case
def its_program_counts(b):
    answer = b.answer(3476)
    equal(told(answer["listeners"][0]), ("permify.socket", "permify.service", ["systemd"]))
    equal(answer["verdicts"]["tcp"]["word"], "customary")
    equal(b.answer(5432)["verdicts"]["tcp"]["word"], "occupied", "no program of the port's")


@case
def found_by_its_names(b):
    if not b.is_inside:
        return  # `unit:` looks everywhere, and this system may have units of these names
    for word in ("unit:demo.socket", "unit:demo.service"):
        equal([a["port"] for a in json.loads(b.run(word, "--json"))], [7001, 7002], word)
    text = b.run("here")
    line = next(l for l in text.splitlines() if l.startswith("7001/tcp"))
    check(line.split()[-1] == "demo.socket", text)


@case
def without_control_groups(b):
    """Only the unit files tell then; what they do not tell is a gap."""
    if not b.is_inside:
        return
    hide = ["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup && exec "$@"', "sh"]
    for port, unit, service in ((7001, "demo.socket", "demo.service"),
                                (7002, "demo.socket", "demo.service"),
                                (7003, "odd.socket", "oddly-named.service"),
                                (7004, "each.socket", "each@.service"),
                                (7005, "web@7005.socket", "web@7005.service")):
        equal(told(b.listener(port, before=hide))[:2], (unit, service))
    lost = ["unshare", "--mount", "sh", "-c",
            'umount /sys/fs/cgroup && mount -t tmpfs t /etc/systemd/system && exec "$@"', "sh"]
    # The manager's own view of the files counts, not the one in which berth happens to run.
    equal(told(b.listener(7001, before=lost))[:2], ("demo.socket", "demo.service"))


@case
def without_root(b):
    """The group is there for everybody to see, and so are the unit files."""
    if not b.is_inside:
        return
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
              "--bounding-set", "-all", "--inh-caps", "-all"]
    listener = b.listener(7001, before=nobody)
    equal(told(listener), ("demo.socket", "demo.service", []))
    text = b.run("7001", before=nobody)
    check("held by systemd for demo.socket, which starts demo.service" in text, text)


@case
def two_units_of_one_address(b):
    """Then neither is named: a guess would be right half of the time."""
    if not b.is_inside:
        return
    rival = f"/proc/{b.machine.pid}/root/run/systemd/system/rival.socket"
    os.makedirs(os.path.dirname(rival), exist_ok=True)
    with open(rival, "w", encoding="utf-8") as file:
        file.write("[Socket]\nListenStream=7001\n")
    hide = ["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup && exec "$@"', "sh"]
    try:
        answer = b.answer(7001, before=hide)
    finally:
        os.unlink(rival)
    equal(told(answer["listeners"][0])[:2], (None, None))
    check([g for g in answer["gaps"] if g["what"] == "unit"], answer["gaps"])


# --- the whole ----------------------------------------------------------------------------------

def run_cases(machine, names):
    n_failed = 0
    for name in names:
        for is_inside in (True, False):
            label = f"{name} ({'inside' if is_inside else 'outside'})"
            try:
                CASES[name](Berth(machine, is_inside))
                print(f"ok {label}", flush=True)
            except (AssertionError, DidNotBoot, OSError, subprocess.SubprocessError) as error:
                n_failed += 1
                print(f"not ok {label}: {error}", flush=True)
    return n_failed


def interrupted(number, _):
    raise KeyboardInterrupt(f"signal {number}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    names = sys.argv[2:] or list(CASES)
    if booted.why_not():
        raise LeftOut(booted.why_not())
    signal.signal(signal.SIGTERM, interrupted)
    group = f"berth-systemd-{os.getpid()}"
    programs = {"berth": os.path.abspath(sys.argv[1]), "permify": "/bin/sleep"}
    with groups.removed(group):
        machine = booted.Machine(UNITS, WANTED, programs, group)
        try:
            machine.boot()
            n_failed = run_cases(machine, names)
        finally:
            machine.end()
    print(f"{2 * len(names) - n_failed} passed, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LeftOut as reason:
        print(f"left out: systemd, because {reason}")
        sys.exit(77)
