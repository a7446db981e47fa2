#!/usr/bin/env python3
"""Real sockets in private namespaces, looked at with live-dump.

usage: netns.py MKSOCK LIVE-DUMP REFUSE [CASE...]

Each case runs as process 1 of fresh network, mount and PID namespaces: when it ends, however it
ends, the kernel ends everything it started and forgets everything it mounted. Needs root; without
it the whole suite is left out (exit 77) and says so.
"""
import os
import re
import socket
import shutil
import subprocess
import tempfile
import time

from inside import (NOBODY, TOOLS, Groups, Mksock, Skip, case, check, equal, listen, main,
                    name_namespace, run)


# --- what live-dump says ------------------------------------------------------------------------

class Row:
    """A socket line of live-dump: words, key=value fields, and its owners."""

    def __init__(self, line):
        words = line.split()
        self.kind = " ".join(words[1:3])
        self.flags = {w for w in words[3:] if "=" not in w}
        self.fields = dict(w.split("=", 1) for w in words[3:] if "=" in w)
        self.owners = []

    def __getitem__(self, key):
        return self.fields.get(key)

    def pids(self):
        return [o["pid"] for o in self.owners]


class Dump:
    def __init__(self, *args, before=()):
        done = subprocess.run([*before, TOOLS["dump"], *args], capture_output=True, text=True,
                              check=False)
        self.text = done.stdout
        check(done.returncode == 0, f"live-dump {args}: {done.returncode} {done.stderr}")
        self.rows, self.gaps, self.namespaces = [], [], []
        for line in self.text.splitlines():
            if line.startswith("socket "):
                self.rows.append(Row(line))
            elif line.startswith("  owner "):
                fields = dict(w.split("=", 1) for w in line.split()[1:] if "=" in w)
                fields["parents"] = re.findall(r"parent=(\d+)", line)
                fields["deleted"] = " deleted " in line
                if "kernel" in fields:
                    fields["kernel"] = line.split(" kernel=")[1]
                self.rows[-1].owners.append(fields)
            elif line.startswith("gap "):
                self.gaps.append(line)
            elif line.startswith("namespace "):
                self.namespaces.append(line)

    def at(self, port, kind=None):
        """All rows of a local port, of one kind ("tcp listener") or of any."""
        return [r for r in self.rows
                if r["local"].endswith(f":{port}") and kind in (None, r.kind)]

    def one(self, port, kind=None):
        found = self.at(port, kind)
        check(len(found) == 1, f"{len(found)} rows instead of one at {port} {kind}\n{self.text}")
        return found[0]

    def gap(self, *parts):
        found = [g for g in self.gaps if all(p in g for p in parts)]
        check(len(found) == 1, f"{len(found)} gaps instead of one with {parts}\n{self.text}")
        return found[0]


# --- sockets of berth's own namespace -----------------------------------------------------------

@case
def families():
    m = Mksock("tcp:0.0.0.0:5001:listen,backlog=7", "tcp:[::]:5002:listen,dual",
               "tcp:[::]:5003:listen,v6only", "tcp:[::1]:5004:listen",
               "udp:[::]:5005,dual", "tcp:[::ffff:127.0.0.1]:5006:listen,dual")
    d = Dump()
    row = d.one(5001, "tcp listener")
    equal(row["local"], "0.0.0.0:5001")
    equal(row["queue"], "0/7")
    equal(row["inode"], m.sockets[0]["inode"])
    equal(row["cookie"], m.sockets[0]["cookie"])
    equal(row["uid"], "0")
    equal(row.pids(), [m.pid])
    check("dual-stack" in d.one(5002).flags)
    check("dual-stack" not in d.one(5003).flags)
    equal(d.one(5004)["local"], "[::1]:5004")
    check("dual-stack" in d.one(5005, "udp listener").flags)
    equal(d.one(5006)["local"], "127.0.0.1:5006", "a mapped address is IPv4")
    only4, only6 = Dump("-4"), Dump("-6")
    equal([bool(only4.at(p)) for p in range(5001, 5007)], [True, True, False, False, True, True])
    equal([bool(only6.at(p)) for p in range(5001, 5007)], [False, True, True, True, True, False])


@case
def one_port_exactly():
    Mksock("tcp:127.0.0.1:3476:listen", "tcp:127.0.0.1:34760:listen", "tcp:127.0.0.1:347:listen",
           "udp:127.0.0.1:3476", "tcp:127.0.0.1:3477:listen")
    equal([r.kind for r in Dump("3476").rows], ["tcp listener", "udp listener"])
    equal(sorted(r["local"] for r in Dump("3476-3477").rows),
          ["127.0.0.1:3476", "127.0.0.1:3476", "127.0.0.1:3477"])
    equal(len(Dump("347").rows), 1)
    equal(Dump("9").rows, [])


@case
def mptcp_once():
    if not os.path.exists("/proc/sys/net/mptcp/enabled"):
        raise Skip("this kernel has no MPTCP")
    m = Mksock("mptcp:127.0.0.1:5005:listen,accept",
               "mptcp:127.0.0.1:5007:bound,connect=127.0.0.1:5005")
    d = Dump("-a", "-p")
    equal([r.kind for r in d.at(5005)], ["mptcp listener", "mptcp connection"], d.text)
    equal([r.kind for r in d.at(5007)], ["mptcp connection"], d.text)
    equal(d.at(5005)[0]["inode"], m.sockets[0]["inode"])
    equal(d.at(5007)[0].pids(), [m.pid])
    equal(d.at(5005)[1]["inode"], m.accepted[0]["inode"])


@case
def udp_connected_or_not():
    Mksock("udp:127.0.0.1:5004", "udp:127.0.0.1:5005,connect=127.0.0.1:5004")
    d = Dump()
    d.one(5004, "udp listener")
    equal(d.at(5005), [], "a connected socket is no listener")
    d = Dump("-a")
    equal(d.one(5005, "udp connection")["remote"], "127.0.0.1:5004")
    equal([r.kind for r in Dump("-a", "5004").rows], ["udp listener", "udp connection"],
          "its remote port counts")


@case
def udplite():
    try:
        Mksock("udplite:127.0.0.1:5004", "udplite:[::1]:5004", "udp:127.0.0.1:5004")
    except AssertionError as error:
        raise Skip("this kernel has no UDP-Lite") from error
    equal([r.kind for r in Dump("5004").rows],
          ["udp listener", "udplite listener", "udplite listener"])


@case
def bound_only():
    m = Mksock("tcp:127.0.0.1:5001:bound", "tcp:[::]:5002:bound,dual", "tcp:[::]:5003:bound,v6only")
    equal(Dump().rows, [])
    d = Dump("-a")
    equal([r.kind for r in d.rows], ["tcp bound"] * 3)
    equal(d.one(5001).pids(), [m.pid])
    check("dual-stack" in d.one(5002).flags)
    check("dual-stack" not in d.one(5003).flags)
    equal(len(Dump("-a", "5002").rows), 1)


@case
def time_wait():
    Mksock("tcp:127.0.0.1:5001:timewait")
    d = Dump("-a", "-p", "5001")
    row = d.one(5001, "tcp time-wait")
    equal((row["inode"], row["uid"], row["expires"], row["search"]), ("0", None, "soon", "none"))
    equal(row.owners, [])
    equal(d.gaps, [], "nobody's socket is no gap")


@case
def connections_both_ways():
    m = Mksock("tcp:127.0.0.1:5001:listen,accept",
               "tcp:127.0.0.1:5002:bound,connect=127.0.0.1:5001")
    equal([r.kind for r in Dump("5001").rows], ["tcp listener"])
    d = Dump("-a", "5001")
    equal([(r.kind, r["local"][-4:]) for r in d.rows],
          [("tcp listener", "5001"), ("tcp connection", "5001"), ("tcp connection", "5002")])
    # The connection on the asked port holds it: its owner is part of the answer, the far end not.
    equal([(r["search"], r.pids()) for r in d.rows if r.kind == "tcp connection"],
          [("cgroup", [m.pid]), ("none", [])])
    d = Dump("-a", "-p", "5001")
    equal([r.pids() for r in d.rows], [[m.pid]] * 3)
    equal(d.one(5002)["inode"], m.sockets[1]["inode"])
    equal(d.one(5001, "tcp connection")["inode"], m.accepted[0]["inode"])


@case
def devices_and_zones():
    run("ip", "addr", "add", "fe80::7/64", "dev", "lo", "nodad")
    Mksock("tcp:0.0.0.0:5001:listen,device=lo", "tcp:[fe80::7%lo]:5002:listen",
           "tcp:0.0.0.0:5003:listen")
    d = Dump()
    equal(d.one(5001)["interface"], "lo")
    equal((d.one(5002)["local"], d.one(5002)["interface"]), ("[fe80::7%1]:5002", "lo"))
    equal(d.one(5003)["interface"], None)


@case
def thousands_of_rows():
    specs = [f"tcp:127.0.0.{1 + i // 1000}:{20000 + i % 1000}:listen" for i in range(3000)]
    m = Mksock(*specs)
    d = Dump()
    equal(len(d.rows), 3000)
    check(all(r.pids() == [m.pid] for r in d.rows))
    equal(d.gaps, [])


# --- owners -------------------------------------------------------------------------------------

@case
def shared_across_fork():
    m = Mksock("--children=3", "tcp:127.0.0.1:5001:listen")
    row = Dump("-o").one(5001)
    equal(row.pids(), [m.pid, *m.children], "all of them, the oldest first")
    equal(row["search"], "all")
    equal(row.owners[1]["parents"][0], m.pid)


@case
def hostile_names():
    name = "a) R 1 (\n\x1b["
    m = Mksock(f"--name={name}", "tcp:127.0.0.1:5001:listen")
    with open(f"/proc/{m.pid}/comm", "rb") as file:
        equal(file.read(), name.encode() + b"\n")
    owner = Dump().one(5001).owners[0]
    equal((owner["pid"], owner["program"]), (m.pid, "mksock"))
    equal(owner["parents"], [str(os.getpid())])
    check(abs(int(owner["started"]) / 1000 - time.time()) < 3600)


@case
def deleted_program():
    with tempfile.TemporaryDirectory() as directory:
        program = shutil.copy(TOOLS["mksock"], f"{directory}/hello world (deleted)")
        m = Mksock("tcp:127.0.0.1:5001:listen", program=program)
        text = Dump().text
        check(f"path={program} user" in text, f"an ordinary file of that name\n{text}")
        os.unlink(program)
        text = Dump().text
        check(f"path={program} deleted" in text, text)
        check("program=hello world (deleted)" in text, text)
        m.stop()


@case
def what_a_scan_misses():
    m = Mksock("tcp:127.0.0.1:5001:listen,thread-table", "tcp:127.0.0.1:5002:listen,io_uring",
               "tcp:127.0.0.1:5003:listen,scm-rights")
    d = Dump()
    equal([(o["method"], o["pid"]) for o in d.one(5001).owners], [("thread", m.pid)])
    equal([(o["method"], o["pid"], o["fd"]) for o in d.one(5002).owners],
          [("io_uring", m.pid, "-1")])
    row = d.one(5003)
    equal((row.owners, row["search"]), ([], "all"))
    d.gap("what=owner where=tcp 127.0.0.1:5003", f"inode {m.sockets[2]['inode']}, user 0, cgroup ",
          "in flight between processes")
    equal(len(d.gaps), 1)
    only_thread = Dump("5001", before=[TOOLS["refuse"], "kcmp", "--"])
    equal([o["method"] for o in only_thread.one(5001).owners], ["thread"], "without kcmp")


@case
def main_thread_exited():
    m = Mksock("--leader-exit", "tcp:127.0.0.1:5001:listen")
    deadline = time.monotonic() + 10
    while os.listdir(f"/proc/{m.pid}/fd") and time.monotonic() < deadline:
        time.sleep(0.01)
    owner = Dump().one(5001).owners[0]
    equal((owner["pid"], owner["method"], owner["program"]), (m.pid, "thread", "mksock"))
    check("arg=--leader-exit" in Dump().text)


@case
def sockets_that_come_and_go():
    m = Mksock("--churn=64", "tcp:127.0.0.1:5001:listen", "tcp:127.0.0.1:5002:listen,reuseport")
    for _ in range(50):
        d = Dump("-a", "-o")
        equal(d.one(5001).pids(), [m.pid])
        for row in d.at(5002):
            check(row.pids() in ([m.pid], []), d.text)
        cookies = [r["cookie"] for r in d.rows]
        equal(len(cookies), len(set(cookies)), "no socket twice")


@case
def users():
    Mksock("tcp:127.0.0.1:5001:listen", before=NOBODY)
    row = Dump().one(5001)
    equal((row["uid"], row["user"], row.owners[0]["uid"], row.owners[0]["user"]),
          ("65534", "nobody", "65534", "nobody"))


@case
def user_of_another_user_namespace():
    Mksock("tcp:127.0.0.1:5001:listen", before=["unshare", "--user", "--map-root-user"])
    owner = Dump().one(5001).owners[0]
    equal(owner.get("user"), None, "a number of another user namespace has no name here")


# --- the kernel's own sockets ---------------------------------------------------------------------

def vxlan(name, *options, number=iter(range(1, 1000))):
    done = subprocess.run(["ip", "link", "add", name, "type", "vxlan", "id", str(next(number)),
                           *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skip(f"no VXLAN device can be made: {done.stderr.strip()}")
    run("ip", "link", "set", name, "up")


def kernel_owners(row):
    return [(o["method"], o["kernel"]) for o in row.owners]


@case
def vxlan_devices():
    vxlan("vx0", "dstport", "4789", "local", "127.0.0.1", "dev", "lo")
    vxlan("vx6", "dstport", "8472", "local", "::1", "dev", "lo")
    Mksock("udp:0.0.0.0:5001")
    d = Dump()
    row = d.one(4789, "udp listener")
    check(row["inode"] != "0", "it has an inode, and nobody has it open")
    equal((row["local"], kernel_owners(row)), ("0.0.0.0:4789", [("kernel", "vxlan vx0")]))
    row = d.one(8472, "udp listener")
    equal((row["local"], kernel_owners(row)), ("[::]:8472", [("kernel", "vxlan vx6")]))
    equal(d.one(5001).owners[0]["method"], "fd")
    equal(d.gaps, [])
    # Two devices share one socket; a third that is down has none.
    vxlan("vx1", "dstport", "4789", "local", "127.0.0.1", "dev", "lo")
    vxlan("vx2", "dstport", "4790", "local", "127.0.0.1", "dev", "lo")
    run("ip", "link", "set", "vx2", "down")
    equal(kernel_owners(Dump().one(4789)), [("kernel", "vxlan vx0 and 1 more")])
    equal(Dump().at(4790), [])


@case
def vxlan_of_every_family():
    done = subprocess.run(["ip", "link", "add", "vx0", "type", "vxlan", "dstport", "4789",
                           "external"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skip(f"no VXLAN device can be made: {done.stderr.strip()}")
    run("ip", "link", "set", "vx0", "up")
    equal([(r["local"], kernel_owners(r)) for r in Dump("4789").rows],
          [("0.0.0.0:4789", [("kernel", "vxlan vx0")]), ("[::]:4789", [("kernel", "vxlan vx0")])])


@case
def vxlan_without_root():
    vxlan("vx0", "dstport", "4789", "local", "127.0.0.1", "dev", "lo")
    d = Dump(before=NOBODY)
    equal(kernel_owners(d.one(4789)), [("kernel", "vxlan vx0")], "everybody may ask rtnetlink")
    equal([g for g in d.gaps if "what=published" not in g], [])


@case
def vxlan_of_another_namespace():
    """In a namespace of its own; and moved to another one, while its socket stays."""
    name_namespace("blue", lambda: vxlan("vx0", "dstport", "4789", "local", "127.0.0.1", "dev",
                                         "lo"))
    row = Dump().one(4789)
    equal((row["ns"], kernel_owners(row)), ("blue", [("kernel", "vxlan vx0")]))
    name_namespace("green")
    vxlan("vx9", "dstport", "5789", "local", "127.0.0.1", "dev", "lo")
    run("ip", "link", "set", "vx9", "netns", "green")
    run("ip", "-n", "green", "link", "set", "vx9", "up")
    d = Dump("5789")
    row = d.one(5789)
    equal((row["ns"], kernel_owners(row)), ("here", [("kernel", "vxlan vx9")]))
    # Another socket of the same number is not its.
    held = name_namespace("red", lambda: Mksock("udp:0.0.0.0:5789,scm-rights"))
    rows = {r["ns"]: kernel_owners(r) for r in Dump("5789").rows}
    equal(rows, {"here": [("kernel", "vxlan vx9")], "red": []})
    held.stop()


@case
def what_no_driver_claims():
    vxlan("vx0", "dstport", "4789", "local", "127.0.0.1", "dev", "lo")
    Mksock("udp:0.0.0.0:4788,scm-rights", "tcp:0.0.0.0:4789:listen,scm-rights")
    d = Dump()
    equal(d.one(4788).owners, [], "another port")
    equal(d.one(4789, "tcp listener").owners, [], "another protocol")
    check(d.gap("what=owner where=udp 0.0.0.0:4788"), d.text)


@case
def mptcp_endpoint():
    if not os.path.exists("/proc/sys/net/mptcp/enabled"):
        raise Skip("this kernel has no MPTCP")
    run("ip", "addr", "add", "10.9.9.9/24", "dev", "lo")
    run("ip", "mptcp", "endpoint", "add", "10.9.9.9", "port", "7777", "id", "3", "signal")
    for d in (Dump(), Dump("7777")):
        row = d.one(7777)
        equal((row["local"], kernel_owners(row)),
              ("10.9.9.9:7777", [("kernel", "mptcp endpoint 3")]))
        equal((d.at(0), d.gaps), ([], []))


# --- without privileges -------------------------------------------------------------------------

@case
def nobody():
    Mksock("tcp:127.0.0.1:5001:listen", "udp:0.0.0.0:5002", "tcp:[::1]:5003:listen")
    d = Dump(before=NOBODY)
    equal(len(d.rows), 3)
    equal([r["uid"] for r in d.rows], ["0"] * 3)
    equal([(r["search"], r.owners) for r in d.rows], [("none", [])] * 3)
    gap = d.gap("what=owner where=tcp 127.0.0.1:5001 why=permission denied fix=run as root")
    check(gap.endswith("similar=2"), gap)
    equal([g for g in d.gaps if "what=published" not in g], [gap], d.text)


@case
def nobody_with_own_sockets():
    m = Mksock("tcp:127.0.0.1:5001:listen", before=NOBODY)
    Mksock("tcp:127.0.0.1:5002:listen")
    d = Dump(before=NOBODY)
    equal(d.one(5001).pids(), [m.pid])
    equal(d.one(5002).pids(), [])
    d.gap("what=owner where=tcp 127.0.0.1:5002", "similar=0")


@case
def nobody_reads_other_namespaces_as_text():
    Mksock("tcp:127.0.0.1:5001:listen", "udp:0.0.0.0:5002", "tcp:127.0.0.1:5003:bound",
           before=["unshare", "--net"])
    Mksock("tcp:127.0.0.1:5009:listen")
    d = Dump(before=NOBODY)
    equal(d.one(5001)["ns"][:4], "pid:")
    equal(d.one(5002).kind, "udp listener")
    equal(d.one(5001)["cookie"], "0")
    equal(d.one(5009)["ns"], "here")
    equal(len([n for n in d.namespaces if n.endswith("as-text")]), 1)
    d.gap("what=sockets", "may not be entered", "read from /proc/net text", "fix=run as root")


@case
def hidden_processes():
    Mksock("tcp:127.0.0.1:5001:listen")
    run("mount", "-t", "proc", "-o", "hidepid=invisible", "proc", "/proc")
    d = Dump(before=NOBODY)
    d.one(5001)
    d.gap("what=processes where=/proc", "hidepid")
    d = Dump()
    equal((d.one(5001).owners[0]["program"], d.gaps), ("mksock", []))


# --- without sock_diag --------------------------------------------------------------------------

@case
def sock_diag_refused():
    m = Mksock("tcp:127.0.0.1:5001:listen,accept",
               "tcp:127.0.0.1:5002:bound,connect=127.0.0.1:5001",
               "udp:0.0.0.0:5003", "tcp:[::1]:5004:listen", "tcp:127.0.0.1:5005:timewait")
    d = Dump("-a", before=[TOOLS["refuse"], "sock_diag", "--"])
    equal(d.one(5001, "tcp listener").pids(), [m.pid])
    equal(d.one(5001, "tcp connection")["remote"], "127.0.0.1:5002")
    equal(d.one(5003).kind, "udp listener")
    equal(d.one(5004)["local"], "[::1]:5004")
    equal(d.one(5005)["expires"], "soon")
    check("sock_diag: operation not permitted; read from /proc/net text" in
          d.gap("what=sockets where=tcp "), d.text)
    equal(len(Dump("5001", before=[TOOLS["refuse"], "sock_diag", "--"]).rows), 1)


@case
def sock_diag_without_its_modules():
    Mksock("tcp:127.0.0.1:5001:listen", "udp:127.0.0.1:5002", "tcp:127.0.0.1:5003:bound")
    for options in ((), ("-a",)):
        d = Dump(*options, before=[TOOLS["refuse"], "sendto=2", "--"])
        equal([r["local"][-4:] for r in d.rows], ["5001", "5002"], "each once")
        d.gap("what=sockets where=tcp ", "fix=load the kernel module tcp_diag")
        d.gap("what=sockets where=udp ", "fix=load the kernel module udp_diag")


# --- namespaces ---------------------------------------------------------------------------------

@case
def another_namespace():
    m = Mksock("tcp:127.0.0.1:5001:listen", "tcp:127.0.0.1:5002:bound",
               before=["unshare", "--net"])
    ns = os.stat(f"/proc/{m.pid}/ns/net").st_ino
    d = Dump("-a")
    row = d.one(5001)
    equal((row["ns"], row.pids()), (f"net:[{ns}]", [m.pid]))
    equal(d.at(5002), [], "holders are asked for here only")
    d.one(5001)
    equal(Dump("-a", "-A").one(5002).kind, "tcp bound")
    equal(Dump("-H").rows, [])
    equal(len(d.namespaces), 2)
    check(" here" in d.namespaces[0])


@case
def named_namespace():
    held = name_namespace("blue", lambda: listen(5001))
    ns = os.stat("/run/netns/blue").st_ino
    d = Dump()
    row = d.one(5001)
    equal((row["ns"], row.pids()), ("blue", ["1"]), "nobody lives there, process 1 holds it")
    for name in ("blue", str(ns), f"net:[{ns}]", "/run/netns/blue"):
        named = Dump("-a", "-n", name)
        equal(len(named.rows), 1, name)
        equal(len(named.namespaces), 1, name)
    m = Mksock("tcp:127.0.0.1:5002:listen", before=["nsenter", "--net=/run/netns/blue"])
    equal(Dump().one(5002)["ns"], "blue")
    equal(len(Dump("-n", f"/proc/{m.pid}/ns/net").rows), 2)
    held.close()


@case
def no_such_namespace():
    for name in ("green", "net:[7]", "/etc/passwd", "/nowhere", "-1", ""):
        d = Dump("-n", name)
        equal(d.rows, [], name)
        check(d.text.startswith("looked no"), f"{name}\n{d.text}")
        d.gap("what=namespace")


@case
def namespace_that_may_not_be_entered():
    Mksock("tcp:127.0.0.1:5001:listen", before=["unshare", "--net"])
    held = name_namespace("blue", lambda: listen(5002))
    d = Dump(before=[TOOLS["refuse"], "setns", "--"])
    equal(d.one(5001).kind, "tcp listener")
    d.gap("what=sockets", "may not be entered")
    equal(d.at(5002), [])
    d.gap("what=namespace where=blue", "may not be entered")
    held.close()


@case
def fifty_namespaces():
    held = [name_namespace(f"n{i}", lambda: listen(5001)) for i in range(50)]
    d = Dump()
    equal(sorted(r["ns"] for r in d.rows), sorted(f"n{i}" for i in range(50)))
    check(all(r.pids() == ["1"] for r in d.rows))
    equal(len(d.namespaces), 51)
    for s in held:
        s.close()


# --- control groups -----------------------------------------------------------------------------

@case
def units():
    groups = Groups()
    m = groups.start("demo.service/worker", "--children=1", "tcp:127.0.0.1:5001:listen")
    # One child moves elsewhere and keeps the socket.
    with open(groups.make("else.scope") + "/cgroup.procs", "w", encoding="utf-8") as file:
        file.write(m.children[0])
    d = Dump()
    row = d.one(5001)
    equal((row["unit"], row["search"], row.pids()), ("demo.service", "cgroup", [m.pid]))
    equal(row.owners[0]["unit"], "demo.service")
    d = Dump("-o")
    equal(d.one(5001).pids(), [m.pid, m.children[0]])
    equal(d.one(5001).owners[1]["unit"], "else.scope")
    # The same without the privilege to open a group by its number.
    d = Dump(before=[TOOLS["refuse"], "open_by_handle_at", "--"])
    equal((d.one(5001)["unit"], d.one(5001)["search"]), ("demo.service", "cgroup"))
    d = Dump(before=NOBODY)
    equal((d.one(5001)["unit"], d.one(5001).owners), ("demo.service", []))


@case
def containers():
    identity = "0123456789abcdef" * 4
    groups = Groups()
    groups.start(f"docker-{identity}.scope/init.scope", "tcp:127.0.0.1:5001:listen",
                 "tcp:127.0.0.1:5002:bound")
    row = Dump().one(5001)
    equal((row["container"], row["unit"], row["user"]), (identity, f"docker-{identity}.scope",
                                                         None))
    equal((row.owners[0]["container"], row.owners[0].get("user")), (identity, None))
    directory = groups.make(f"docker-{identity}.scope")
    Mksock("tcp:127.0.0.1:5003:listen",
           before=["unshare", "--net", "sh", "-c",
                   f'echo $$ >"{directory}/cgroup.procs" && exec "$@"', "sh"])
    row = Dump().one(5003)
    equal(row["ns"], identity[:12])
    check(f"container={identity}" in [n for n in Dump().namespaces if identity[:12] in n][0])
    equal(len(Dump("-n", identity).rows), 1)


@case
def moved_away_from_its_group():
    groups = Groups()
    m = groups.start("gone.service", "tcp:127.0.0.1:5001:listen")
    with open(groups.make("now.service") + "/cgroup.procs", "w", encoding="utf-8") as file:
        file.write(m.pid)
    row = Dump().one(5001)
    equal((row["unit"], row["search"], row.pids()), ("gone.service", "cgroup", [m.pid]))
    equal(row.owners[0]["unit"], "now.service")
    os.rmdir(groups.make("gone.service"))
    row = Dump().one(5001)
    equal((row["unit"], row["search"], row.pids()), (None, "all", [m.pid]), "a group of the past")


@case
def socket_unit():
    groups = Groups()
    m = groups.start("web.socket", "tcp:127.0.0.1:5001:listen")
    with open(groups.make("web.service") + "/cgroup.procs", "w", encoding="utf-8") as file:
        file.write(m.pid)
    row = Dump().one(5001)
    equal((row["unit"], row["search"], row.pids(), row.owners[0]["unit"]),
          ("web.socket", "cgroup", [m.pid], "web.service"))


if __name__ == "__main__":
    main(__doc__, "mksock", "dump", "refuse")
