#!/usr/bin/env python3
"""`berth why` on the real kernel, row by row: what is there, who asks, what happens, what is said.

usage: table.py BERTH REFUSE [ROW...]

Each row is one test. It holds for Linux 6.18; what an older kernel does differently fails here.
"""
import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "netns"))
from inside import leave_out_unless_possible, settle_in, start_inside  # noqa: E402
from property import ask  # noqa: E402
from situation import parse  # noqa: E402
from stage import Stage, new_socket  # noqa: E402

IN_USE = "EADDRINUSE"

# situation ? candidate, what bind() does, what berth judges (None: the same), the cause
ROWS = (
    ("nothing there", "? tcp/0.0.0.0", "ok", None, None),
    ("listener, same address, SO_REUSEADDR on both sides",
     "tcp/127.0.0.1/listen/ra ? tcp/127.0.0.1/ra", IN_USE, None, "exact-listener"),
    ("wildcard listener, one address, SO_REUSEADDR on both sides",
     "tcp/0.0.0.0/listen/ra ? tcp/127.0.0.1/ra", IN_USE, None, "wildcard-overlap"),
    ("listener on one address, wildcard",
     "tcp/127.0.0.1/listen ? tcp/0.0.0.0", IN_USE, None, "wildcard-overlap"),
    ("listener on another address", "tcp/127.0.0.1/listen ? tcp/127.0.0.2", "ok", None, None),
    ("dual-stack listener, IPv4 wildcard",
     "tcp/::/listen ? tcp/0.0.0.0", IN_USE, None, "dual-stack-overlap"),
    ("dual-stack listener, one IPv4 address",
     "tcp/::/listen ? tcp/127.0.0.1", IN_USE, None, "dual-stack-overlap"),
    ("v6only listener, IPv4 wildcard", "tcp/::/listen/v6only=1 ? tcp/0.0.0.0", "ok", None, None),
    ("IPv4 listener, dual-stack", "tcp/127.0.0.1/listen ? tcp/::", IN_USE, None,
     "dual-stack-overlap"),
    ("IPv4 listener, v6only", "tcp/127.0.0.1/listen ? tcp/::/v6only=1", "ok", None, None),
    ("two localhosts", "tcp/::1/listen ? tcp/127.0.0.1", "ok", None, None),
    ("listener on a mapped address", "tcp/::ffff:127.0.0.1/listen ? tcp/127.0.0.1", IN_USE, None,
     "exact-listener"),
    ("bound-only, SO_REUSEADDR new", "tcp/127.0.0.1/bound ? tcp/127.0.0.1/ra", IN_USE, None,
     "bound-only"),
    ("bound-only, SO_REUSEADDR on both sides", "tcp/127.0.0.1/bound/ra ? tcp/127.0.0.1/ra", "ok",
     None, None),
    ("a listener that was shut down", "tcp/127.0.0.1/unlisten ? tcp/127.0.0.1", IN_USE, None,
     "bound-only"),
    ("bound-only in flight", "tcp/127.0.0.1/bound/flight ? tcp/127.0.0.1", IN_USE, None,
     "bound-only"),
    ("bound-only in flight, SO_REUSEADDR on both sides",
     "tcp/127.0.0.1/bound/ra/flight ? tcp/127.0.0.1/ra", "ok", "unknown", None),
    ("SO_REUSEPORT, same user", "tcp/127.0.0.1/listen/rp ? tcp/127.0.0.1/rp", "ok", None, None),
    ("SO_REUSEPORT, another user", "tcp/127.0.0.1/listen/rp/uid=1000 ? tcp/127.0.0.1/rp/uid=65534",
     IN_USE, None, "reuseport-other-user"),
    ("SO_REUSEPORT on one side", "tcp/127.0.0.1/listen/rp ? tcp/127.0.0.1", IN_USE, None,
     "exact-listener"),
    ("connection of a dead server", "tcp/127.0.0.1/served/via=127.0.0.1 ? tcp/127.0.0.1", IN_USE,
     None, "dead-server"),
    ("connection of a dead server, SO_REUSEADDR new",
     "tcp/127.0.0.1/served/via=127.0.0.1 ? tcp/127.0.0.1/ra", IN_USE, None, "dead-server"),
    ("connection of a dead server that had SO_REUSEADDR",
     "tcp/127.0.0.1/served/ra/via=127.0.0.1 ? tcp/127.0.0.1", IN_USE, None, "dead-server"),
    ("connection of a dead server, SO_REUSEADDR on both sides",
     "tcp/127.0.0.1/served/ra/via=127.0.0.1 ? tcp/127.0.0.1/ra", "ok", None, None),
    ("IPv6 connection of a dead dual-stack server, IPv4 wildcard",
     "tcp/::/served/via=::1 ? tcp/0.0.0.0", IN_USE, None, "dead-server"),
    ("IPv6 connection of a dead IPv6 server, IPv4 wildcard",
     "tcp/::1/served/via=::1 ? tcp/0.0.0.0", "ok", None, None),
    ("TIME_WAIT", "tcp/127.0.0.1/timewait/via=127.0.0.1 ? tcp/127.0.0.1", IN_USE, None,
     "time-wait"),
    ("TIME_WAIT, SO_REUSEADDR new", "tcp/127.0.0.1/timewait/via=127.0.0.1 ? tcp/127.0.0.1/ra",
     IN_USE, "unknown", "time-wait"),
    ("TIME_WAIT of SO_REUSEADDR", "tcp/127.0.0.1/timewait/ra/via=127.0.0.1 ? tcp/127.0.0.1", IN_USE,
     None, "time-wait"),
    ("TIME_WAIT, SO_REUSEADDR on both sides",
     "tcp/127.0.0.1/timewait/ra/via=127.0.0.1 ? tcp/127.0.0.1/ra", "ok", "unknown", None),
    ("TIME_WAIT of another address", "tcp/127.0.0.1/timewait/via=127.0.0.1 ? tcp/127.0.0.2", "ok",
     None, None),
    ("FIN_WAIT2 that nobody owns", "tcp/127.0.0.1/lingering/via=127.0.0.1 ? tcp/127.0.0.1", IN_USE,
     None, "fin-wait-2"),
    ("FIN_WAIT2 that nobody owns, SO_REUSEADDR on both sides",
     "tcp/127.0.0.1/lingering/ra/via=127.0.0.1 ? tcp/127.0.0.1/ra", "ok", "unknown", None),
    ("listener and TIME_WAIT", "tcp/127.0.0.1/restarted/ra/via=127.0.0.1 ? tcp/127.0.0.1/ra",
     IN_USE, None, "exact-listener"),
    ("client that uses the port", "tcp/127.0.0.1/auto ? tcp/127.0.0.1", IN_USE, None,
     "ephemeral-client"),
    ("client that uses the port, SO_REUSEADDR new", "tcp/127.0.0.1/auto ? tcp/127.0.0.1/ra", IN_USE,
     None, "ephemeral-client"),
    ("client that uses the port, wildcard", "tcp/127.0.0.1/auto ? tcp/0.0.0.0", IN_USE, None,
     "ephemeral-client"),
    ("client that uses the port, another address", "tcp/127.0.0.1/auto ? tcp/127.0.0.2", "ok", None,
     None),
    ("UDP", "udp/127.0.0.1/bound ? udp/127.0.0.1", IN_USE, None, "exact-listener"),
    ("UDP, SO_REUSEADDR on both sides", "udp/127.0.0.1/bound/ra ? udp/127.0.0.1/ra", "ok", None,
     None),
    ("UDP-Lite is not UDP", "udplite/127.0.0.1/bound ? udp/127.0.0.1", "ok", None, None),
    ("UDP is not TCP", "udp/127.0.0.1/bound ? tcp/127.0.0.1", "ok", None, None),
    ("MPTCP is TCP", "mptcp/127.0.0.1/listen ? tcp/127.0.0.1", IN_USE, None, "exact-listener"),
    ("another device", "tcp/0.0.0.0/listen/dev=lo ? tcp/0.0.0.0/dev=v0", "ok", None, None),
    ("the same device", "tcp/0.0.0.0/listen/dev=lo ? tcp/0.0.0.0/dev=lo", IN_USE, None,
     "exact-listener"),
    ("another namespace", "tcp/0.0.0.0/listen/ns=b ? tcp/0.0.0.0", "ok", None, None),
    ("asked of another namespace", "tcp/0.0.0.0/listen/ns=b ? tcp/0.0.0.0/ns=b", IN_USE, None,
     "exact-listener"),
    ("privileged port 80", "? tcp/0.0.0.0/uid=1000", "EACCES", None, "privileged-port"),
    ("address that is not local", "? tcp/192.0.2.77", "EADDRNOTAVAIL", None, "address-not-local"),
    ("IPv4 address that is not local, privileged port 80", "? tcp/192.0.2.77/uid=1000",
     "EADDRNOTAVAIL", None, "address-not-local"),
    ("IPv6 address that is not local, privileged port 80", "? tcp/2001:db8::77/uid=1000", "EACCES",
     None, "privileged-port"),
    ("no such device", "? tcp/0.0.0.0/dev=nosuch0", "ENODEV", None, "no-such-device"),
)


def port_of(name, items):
    """The number matters for the privilege and for clients only."""
    if "port 80" in name:
        return 80
    return 33000 if any(item.state == "auto" for item in items) else 2000


def check(berth, stage, row):
    """What is wrong with one row: lines."""
    name, text, real, judged, cause = row
    items, candidate = parse(text)
    port = port_of(name, items)
    stage.renew()
    rows = stage.make(items, port)
    if not rows and items and "another namespace" not in name:
        return ["the situation could not be made"]
    answer = ask(berth, candidate, [port], "root")[0]
    happened, listening = stage.attempt(candidate, port)
    wrong = []
    if happened != real:
        wrong.append(f"the kernel says {happened}, the table {real}")
    expected = {"bind": judged or real, "listen": None}
    if expected["bind"] in ("ok", "unknown") and not candidate.is_udp:
        expected["listen"] = expected["bind"]
    if happened == "ok" and listening not in ("ok", None):
        wrong.append(f"listen() says {listening}")
    if answer["judged"] != expected:
        wrong.append(f"judged {answer['judged']}, expected {expected}")
    if judged != "unknown" and answer["cause"] != cause:
        wrong.append(f"cause {answer['cause']}, expected {cause}")
    return wrong


# --- what is no row -----------------------------------------------------------------------------

def check_policy(berth, refuse, stage):
    """Something that no snapshot shows forbids bind(): the trial says so, and the difference."""
    stage.renew()
    _, candidate = parse("? tcp/127.0.0.1")
    answer = ask([refuse, "bind=13", "--", berth], candidate, [2000], "root", True)[0]
    wrong = []
    if (answer["judged"]["bind"], answer["tried"]) != ("ok", {"bind": "EACCES"}):
        wrong.append(f"judged {answer['judged']}, tried {answer['tried']}")
    if answer["cause"] != "policy":
        wrong.append(f"cause {answer['cause']}, expected policy")
    if not any("trial" in w or "judge" in w for w in answer["warnings"]):
        wrong.append(f"no warning that they differ: {answer['warnings']}")
    return wrong


def check_second_listen(berth, _, stage):
    """Two bound with SO_REUSEADDR: whoever listens last is refused, as berth warned."""
    stage.renew()
    items, candidate = parse("tcp/127.0.0.1/bound/ra ? tcp/127.0.0.1/ra")
    stage.make(items, 2000)
    answer = ask(berth, candidate, [2000], "root")[0]
    second = new_socket(candidate)
    with second:
        second.bind(("127.0.0.1", 2000))
        stage.kept[0].listen()
        try:
            second.listen()
            return ["the second listen() was let through"]
        except OSError as error:
            wrong = [] if error.errno == errno.EADDRINUSE else [str(error)]
    if not any("listen" in w for w in answer["warnings"]):
        wrong.append(f"no warning of a clash at listen: {answer['warnings']}")
    return wrong


CASES = (("a policy that refuses bind", check_policy), ("the second listen", check_second_listen))


def run_inside(berth, refuse, names):
    settle_in()
    stage = Stage()
    tests = [(row[0], row[1], lambda row=row: check(berth, stage, row)) for row in ROWS]
    tests += [(name, name, lambda case=case: case(berth, refuse, stage)) for name, case in CASES]
    tests = [test for test in tests if not names or test[0] in names]
    n_failed = 0
    print(f"TAP version 13\n1..{len(tests)}")
    for number, (name, what, run) in enumerate(tests, 1):
        wrong = run()
        n_failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        for text in wrong:
            print(f"  # {what}: {text}", flush=True)
    return 1 if n_failed else 0


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if sys.argv[1] == "--inside":
        sys.exit(run_inside(sys.argv[2], sys.argv[3], sys.argv[4:]))
    leave_out_unless_possible()
    arguments = ["--inside", *map(os.path.abspath, sys.argv[1:3]), *sys.argv[3:]]
    with start_inside(arguments, f"berth-test-{os.getpid()}-why") as process:
        sys.exit(process.wait())


if __name__ == "__main__":
    main()
