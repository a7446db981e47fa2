#!/usr/bin/env python3
"""The torture suite: hard cases, made for real, against the whole program's answer.

usage: torture.py BERTH MKSOCK MKMIX [CASE...]

What is compared is what a user gets: the fields of `berth here --json` and `berth PORT --json`, and
the text where people must be able to tell. netns.py shows the same kernel facts one level below.
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from inside import (NOBODY, TOOLS, Groups, Mksock, Skip, case, check, equal, listen, main,
                    name_namespace, run)
from mix import Truth

GAPS_OF_THIS_VERSION = ("claims", "published ports", "user")


# --- asking berth -------------------------------------------------------------------------------

def text(*arguments, before=(), status=0):
    done = subprocess.run([*before, TOOLS["berth"], *arguments], capture_output=True, check=False)
    check(done.returncode == status, f"berth {arguments}: {done.returncode} {done.stderr}")
    return done.stdout.decode("utf-8")


class Answer:
    """One JSON answer, with its listeners by port."""

    def __init__(self, *arguments, before=(), status=0):
        self.json = json.loads(text(*arguments, "--json", before=before, status=status))
        self.rows = self.json["listeners"]
        self.gaps = [g for g in self.json["gaps"] if g["what"] not in GAPS_OF_THIS_VERSION]

    def at(self, port):
        return [row for row in self.rows if row["port"] == int(port)]

    def one(self, port):
        found = self.at(port)
        check(len(found) == 1, f"{len(found)} listeners at {port}: {self.rows}")
        return found[0]

    def holders(self, port):
        return [h for h in self.json["holders"] if h["port"] == int(port)]


def here(*options, **more):
    return Answer("here", *options, **more)


def everywhere(port=None, **more):
    """The two ways to every owner of everything; `port`: what is common to both is asked for."""
    yield here("--owners", "all", **more)
    if port is not None:
        yield Answer(str(port), "--owners", "all", **more)


def pids(row):
    return [owner["pid"] for owner in row["owners"]]


def methods(row):
    return [(owner["pid"], owner["method"]) for owner in row["owners"]]


def expect(record, **fields):
    """Of a listener or an owner."""
    for key, value in fields.items():
        equal(record[key], value, f"{key} of {record}")


# --- owners that a scan of /proc/PID/fd misses --------------------------------------------------

def in_group(name, *specs):
    """mksock in a control group, or in the present one where none can be made; its path."""
    try:
        return Groups().start(name, *specs), f"/{os.environ['BERTH_TEST_GROUP']}/{name}"
    except Skip:
        return Mksock(*specs), None


@case
def thread_with_a_private_table():
    m = Mksock("tcp:127.0.0.1:5001:listen,thread-table", "udp:0.0.0.0:5002,thread-table",
               "tcp:[::1]:5003:bound,thread-table")
    for answer in everywhere(5001):
        row = answer.one(5001)
        equal(methods(row), [(int(m.pid), "thread")])
        expect(row["owners"][0], program="mksock", user="root", uid=0)
    equal(methods(Answer("5002").one(5002)), [(int(m.pid), "thread")])
    holder = here("--all").holders(5003)[0]
    equal((holder["kind"], holder["owner"]["pid"], holder["owner"]["method"]),
          ("bound-only", int(m.pid), "thread"))
    check(f"pid {m.pid}" in text("5001"), "people see it, too")


@case
def exited_main_thread():
    m = Mksock("--leader-exit", "tcp:127.0.0.1:5001:listen", "udp:[::]:5002,dual")
    for port in (5001, 5002):
        for answer in everywhere(port):
            owner = answer.one(port)["owners"][0]
            expect(owner, pid=int(m.pid), method="thread", program="mksock", user="root")
            check(owner["path"].endswith("/mksock") and owner["command"][1] == "--leader-exit",
                  owner)
            check(owner["directory"] == os.getcwd() and owner["parents"], owner)


@case
def namespace_of_an_exited_main_thread():
    m = Mksock("--leader-exit", "tcp:127.0.0.1:5001:listen", "udp:0.0.0.0:5002",
               before=["unshare", "--net"])
    for answer in (here(), Answer("5001")):
        row = answer.one(5001)
        equal(methods(row), [(int(m.pid), "thread")])
        check(row["namespace"]["name"].startswith("net:["), row["namespace"])
    equal(here().json["checked"]["namespaces"], 2)


def held_namespace(is_kept_by_descriptor):
    """A process of ours that keeps a namespace with a listener on 5001, in which no process is."""
    program = """if True:
        import ctypes, os, socket, sys, threading
        def go():
            ctypes.CDLL(None).unshare(0x40000000)  # CLONE_NEWNET, of this thread alone
            s = socket.create_server(("0.0.0.0", 5001))
            fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY) if DESCRIPTOR else -1
            print(os.stat("/proc/thread-self/ns/net").st_ino, fd, threading.get_native_id(),
                  flush=True)
            if not DESCRIPTOR:
                sys.stdin.read()
            return s
        t = threading.Thread(target=lambda: keep.append(go()))
        keep = []
        t.start()
        t.join()
        sys.stdin.read()
        """.replace("DESCRIPTOR", str(is_kept_by_descriptor))
    return subprocess.Popen(["python3", "-c", program], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)


@case
def namespace_without_a_process():
    for is_kept_by_descriptor in (True, False):
        with held_namespace(is_kept_by_descriptor) as keeper:
            namespace, fd, thread = keeper.stdout.readline().split()
            path = (f"/proc/{keeper.pid}/fd/{fd}" if is_kept_by_descriptor
                    else f"/proc/{keeper.pid}/task/{thread}/ns/net")
            for answer in everywhere(5001):
                equal([g for g in answer.gaps if g["what"] == "namespace"],
                      [{"what": "namespace", "where": f"net:[{namespace}]",
                        "why": f"only a descriptor of pid {keeper.pid} keeps it"
                        if is_kept_by_descriptor else f"only a thread of pid {keeper.pid} is in it",
                        "fix": f"berth --netns {path} here"}])
            inside = Answer("5001", "--netns", path)
            equal(pids(inside.one(5001)), [keeper.pid])
            keeper.stdin.close()


@case
def io_uring_only():
    m = Mksock("tcp:127.0.0.1:5001:listen,io_uring", "udp:127.0.0.1:5002,io_uring")
    for port in (5001, 5002):
        for answer in everywhere(port):
            expect(answer.one(port)["owners"][0], pid=int(m.pid), fd=None, method="io_uring")


@case
def in_flight_is_a_gap():
    m, group = in_group("sender.service", "tcp:127.0.0.1:5001:listen,scm-rights",
                        "tcp:0.0.0.0:5002:bound,scm-rights")
    inode = m.sockets[0]["inode"]
    words = f"inode {inode}, user 0, cgroup {group or ''}"
    for answer in (Answer("5001"), here()):
        row = answer.one(5001)
        equal((row["owners"], row["owners_search"]), ([], "all"))
        equal((row["inode"], row["cookie"], row["uid"]),
              (int(inode), m.sockets[0]["cookie"], 0))
        gaps = [g for g in answer.gaps if g["what"] == "owner"]
        equal([g["where"] for g in gaps], ["tcp 127.0.0.1:5001"])
        check(words in gaps[0]["why"] and "in flight between processes" in gaps[0]["why"], gaps)
    check(words in text("5001") and "in flight" in text("here"))
    text("5001", "--strict", status=3)
    holders = Answer("5002")
    equal(holders.holders(5002)[0]["owner"], None)
    check(f"inode {m.sockets[1]['inode']}" in holders.gaps[0]["why"], holders.gaps)


# --- several owners -----------------------------------------------------------------------------

@case
def reuseport_group():
    spec = "tcp:0.0.0.0:5001:listen,reuseport"
    groups = [Mksock(spec, "udp:[::]:5002,dual,reuseport") for _ in range(3)]
    groups.append(Mksock("--children=2", spec))
    for answer in everywhere(5001):
        by_inode = {row["inode"]: pids(row) for row in answer.at(5001)}
        equal(by_inode, {int(m.sockets[0]["inode"]): [int(p) for p in (m.pid, *m.children)]
                         for m in groups})
    equal(sorted(pids(row) for row in here().at(5002)), [[int(m.pid)] for m in groups[:3]])
    equal(len({row["cookie"] for row in here().rows}), 7, "each is a socket of its own")


@case
def inherited_and_passed():
    truth = Truth(TOOLS["mkmix"], {})
    truth.play(["0 open 1 tcp:127.0.0.1:0:listen", "0 fork 1", "1 fork 2", "0 fork 3",
                "1 close 1", "3 open 2 udp:0.0.0.0:0", "3 pass 2 1", "3 close 2", "2 dup 1"])
    maker, first, second, third = (truth.actors[i].pid for i in range(4))
    port, other = truth.socks[1].port, truth.socks[2].port
    for answer in everywhere(port):
        equal(pids(answer.one(port)), [maker, second, third], "the oldest first, each once")
    equal(pids(here("--owners", "all").one(other)), [first], "who made it does not hold it")
    truth.play(["0 exit"])
    equal(pids(here("--owners", "all").one(port)), [second, third])
    truth.close()


@case
def many_descriptors_one_owner():
    truth = Truth(TOOLS["mkmix"], {})
    truth.play(["0 open 1 tcp:127.0.0.1:0:listen", *["0 dup 1"] * 500])
    for answer in everywhere(truth.socks[1].port):
        equal(pids(answer.one(truth.socks[1].port)), [truth.actors[0].pid])
    truth.close()


@case
def passed_to_and_fro():
    """A socket that changes hands without a pause is never anybody else's and never lost."""
    truth = Truth(TOOLS["mkmix"], {})
    truth.play(["0 fork 1", "0 fork 2", "1 open 1 tcp:127.0.0.1:0:listen"])
    # In between it is in the hands of the conductor, or in flight.
    ends = {truth.actors[1].pid, truth.actors[2].pid, truth.process.pid}
    port = truth.socks[1].port
    others = [Mksock(f"tcp:127.0.0.1:{5001 + i}:listen") for i in range(5)]
    is_over = threading.Event()

    def juggle():
        while not is_over.is_set():
            truth.play(["1 pass 1 2", "1 close 1", "2 pass 1 1", "2 close 1"])

    juggler = threading.Thread(target=juggle)
    juggler.start()
    try:
        for _ in range(40):
            answer = here("--owners", "all")
            row = answer.one(port)
            check(set(pids(row)) <= ends, row)
            if not row["owners"]:
                check(any(str(row["inode"]) in g["why"] for g in answer.gaps), answer.gaps)
            equal([pids(answer.one(5001 + i)) for i in range(5)], [[int(m.pid)] for m in others])
    finally:
        is_over.set()
        juggler.join()
    truth.close()


# --- addresses ----------------------------------------------------------------------------------

@case
def dual_stack_and_v6only():
    Mksock("tcp:[::]:5001:listen,dual", "tcp:[::]:5002:listen,v6only", "udp:[::]:5003,dual",
           "udplite:[::]:5004,v6only", "tcp:[::ffff:127.0.0.1]:5005:listen,dual",
           "tcp:0.0.0.0:5002:listen")
    answer = here()
    expect(answer.one(5001), family="ipv6", address="::", dual_stack=True, exposure="all")
    expect(answer.one(5003), dual_stack=True, exposure="all")
    expect(answer.one(5004), protocol="udplite", dual_stack=False, exposure="all-v6")
    expect(answer.one(5005), family="ipv4", address="127.0.0.1", exposure="loopback")
    equal([(r["family"], r["exposure"], r["dual_stack"]) for r in answer.at(5002)],
          [("ipv4", "all-v4", False), ("ipv6", "all-v6", False)])
    equal(len(here("-4").at(5001)), 1, "it takes IPv4, too")
    equal([r["family"] for r in here("-4").at(5002)], ["ipv4"])


@case
def link_local_and_devices():
    run("ip", "addr", "add", "fe80::7/64", "dev", "lo", "nodad")
    Mksock("tcp:[fe80::7%lo]:5001:listen", "udp:0.0.0.0:5002,device=lo",
           "tcp:[::]:5003:listen,dual,device=lo", "mptcp:[fe80::7%lo]:5004:listen")
    answer = here()
    expect(answer.one(5001), address="fe80::7%1", interface="lo", exposure="link")
    expect(answer.one(5002), interface="lo", exposure="interface")
    expect(answer.one(5003), interface="lo", exposure="interface", dual_stack=True)
    expect(answer.one(5004), protocol="mptcp", interface="lo", exposure="link")
    check("5001/tcp  [fe80::7%lo]" in text("here") or "fe80::7" in text("here"))
    check("on lo" in text("5002") or "%lo" in text("5002"), text("5002"))


@case
def mptcp():
    if not os.path.exists("/proc/sys/net/mptcp/enabled"):
        raise Skip("this kernel has no MPTCP")
    m = Mksock("mptcp:127.0.0.1:5001:listen,accept",
               "mptcp:127.0.0.1:5002:bound,connect=127.0.0.1:5001",
               "mptcp:127.0.0.1:5003:bound,connect=127.0.0.1:5001",
               *["mptcp:[::1]:5004:listen,reuseport"] * 5)
    answer = Answer("5001")
    expect(answer.one(5001), protocol="mptcp", inode=int(m.sockets[0]["inode"]))
    equal(answer.one(5001)["cookie"], m.sockets[0]["cookie"])
    # Accepted, and waiting to be: two connections, each counted once from either end.
    equal((answer.json["connections"]["local"], answer.json["connections"]["remote"]), (2, 2))
    holders = answer.holders(5001)
    equal(sorted((h["kind"], h["protocol"], h["count"], h["owner"] and h["owner"]["pid"])
                 for h in holders if h["owner"]), [("connection", "mptcp", 1, int(m.pid))])
    equal([(h["protocol"], h["count"]) for h in holders if not h["owner"]], [("mptcp", 1)])
    rows = Answer("5004").rows
    equal(sorted(r["inode"] for r in rows), sorted(int(s["inode"]) for s in m.sockets[3:]))
    equal({r["protocol"] for r in rows}, {"mptcp"}, "also those that MPTCP's own table leaves out")


@case
def udp_of_every_kind():
    m = Mksock("udp:127.0.0.1:5001", "udp:127.0.0.1:5002,connect=127.0.0.1:5001",
               "udp:0.0.0.0:0:open,send=127.0.0.1:5001", "udplite:[::1]:5001",
               "udp:0.0.0.0:40000", "udp:0.0.0.0:0:open", "tcp:127.0.0.1:0:open")
    answer = here("--all")
    client = m.sockets[2]["port"]
    expect(answer.one(client), role="maybe-client", verdict=None, exposure="all-v4")
    equal(pids(answer.one(client)), [int(m.pid)])
    equal([r["role"] for r in answer.at(40000)], ["maybe-client"], "nothing tells them apart")
    equal([(r["protocol"], r["role"]) for r in answer.at(5001)],
          [("udp", "listener"), ("udplite", "listener")])
    equal(answer.at(5002), [])
    holder = answer.holders(5002)[0]
    equal((holder["kind"], holder["protocol"], holder["samples"][0]["peer_port"]),
          ("connection", "udp", 5001))
    equal(len(answer.rows), 4, "sockets without a port are nowhere")
    plain = text("here")
    check(f"{client}/udp" not in plain and "2 that may be UDP clients left out (--all)" in plain,
          plain)
    check(f"{client}/udp" in text("here", "--all"))


@case
def shut_down_listener():
    """It takes nothing any more, and holds its port."""
    truth = Truth(TOOLS["mkmix"], {})
    truth.play(["0 open 1 tcp:127.0.0.1:5001:listen"])
    truth.order(0, "shutdown 1")
    answer = Answer("5001")
    equal(answer.rows, [])
    equal([(h["kind"], h["owner"]["pid"]) for h in answer.holders(5001)],
          [("bound-only", truth.actors[0].pid)])
    truth.close()


# --- namespaces ---------------------------------------------------------------------------------

@case
def two_hundred_namespaces():
    held = [name_namespace(f"n{i}", lambda: listen(5001)) for i in range(200)]
    m = Mksock("tcp:127.0.0.1:5001:listen")
    for answer in everywhere(5001):
        by_name = {row["namespace"]["name"]: pids(row) for row in answer.at(5001)}
        equal(by_name, {f"n{i}": [1] for i in range(200)} | {"here": [int(m.pid)]})
        equal(answer.json["checked"]["namespaces"], 201)
        equal(answer.gaps, [])
    equal(pids(Answer("5001", "--netns", "n77").one(5001)), [1])
    for s in held:
        s.close()


# --- while everything moves ---------------------------------------------------------------------

@case
def thousands_opened_and_closed_meanwhile():
    """None is lost that lived through it, none is invented."""
    stable = Mksock(*[f"tcp:127.0.0.{1 + i % 200}:{5001 + i // 200}:listen" for i in range(1000)])
    churning = [Mksock("--churn=250", f"udp:127.0.0.1:{7000 + i}",
                       f"tcp:127.0.0.1:{6000 + i}:listen,reuseport") for i in range(4)]
    makers = {6000 + i: int(m.pid) for i, m in enumerate(churning)}
    inodes = sorted(int(s["inode"]) for s in stable.sockets)
    for _ in range(12):
        answer = here("--owners", "all")
        mine = [row for row in answer.rows if row["port"] < 6000]
        equal(sorted(row["inode"] for row in mine), inodes)
        check(all(pids(row) == [int(stable.pid)] for row in mine), "an owner is lost")
        equal({row["port"]: pids(row) for row in answer.rows if row["port"] >= 7000},
              {7000 + i: [int(m.pid)] for i, m in enumerate(churning)})
        for row in answer.rows:
            if 6000 <= row["port"] < 7000:
                check(pids(row) in ([makers[row["port"]]], []), f"invented: {row}")
        cookies = [row["cookie"] for row in answer.rows]
        equal(len(cookies), len(set(cookies)), "no socket twice")
        equal(answer.gaps, [], "what is closed is no gap")


def set_last_pid(number):
    """The next process of this case gets a number after that."""
    try:
        with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as file:
            file.write(str(number))
    except OSError as error:
        raise Skip(f"this kernel cannot be told the next process number: {error}") from error


def churn_processes(is_over, *specs, before=()):
    """Processes that open sockets and die, one after the other."""
    while not is_over.is_set():
        m = Mksock(*specs, before=before)
        os.kill(int(m.pid), signal.SIGKILL)
        m.stop()
        m.process.stdout.close()


@case
def processes_dying_meanwhile():
    stable = Mksock("--children=3", "tcp:127.0.0.1:5001:listen")
    is_over = threading.Event()
    spec = "tcp:0.0.0.0:6001:listen,reuseport"
    threads = [threading.Thread(target=churn_processes,
                                args=(is_over, spec, "udp:0.0.0.0:6002,reuseport"))
               for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(60):
            answer = here("--owners", "all")
            equal(pids(answer.one(5001)), [int(p) for p in (stable.pid, *stable.children)])
            for row in answer.at(6001) + answer.at(6002):
                for owner in row["owners"]:
                    equal(owner["program"], "mksock")
                    if owner["command"] is None or owner["path"] is None:
                        check("the process is ending" in [g["why"] for g in answer.gaps], owner)
                    else:
                        equal(owner["command"][1], spec)
            equal({row["port"] for row in answer.rows} - {5001, 6001, 6002}, set())
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


@case
def processes_of_a_namespace_dying_meanwhile():
    """Whoever is met there first may be gone when it is to be entered: the others live on."""
    set_last_pid(20000)
    stable = Mksock("tcp:127.0.0.1:5002:listen", before=["unshare", "--net"])
    set_last_pid(1000)  # whoever comes now is met before that one
    before = ["nsenter", f"--net=/proc/{stable.pid}/ns/net"]
    is_over = threading.Event()
    threads = [threading.Thread(target=churn_processes, args=(is_over, "udp:0.0.0.0:0"),
                                kwargs={"before": before}) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(100):
            answer = here()
            equal(pids(answer.one(5002)), [int(stable.pid)])
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


@case
def pid_taken_by_another_meanwhile():
    """One number, two programs in turn: what one holds is never given to the other."""
    set_last_pid(5000)  # and not 9999: that thread there would have the number
    with tempfile.TemporaryDirectory() as directory:
        programs = {5001: shutil.copy(TOOLS["mksock"], f"{directory}/alpha"),
                    5002: shutil.copy(TOOLS["mksock"], f"{directory}/beta")}
        is_over, n_taken = threading.Event(), [0, 0]

        def take_turns():
            turn = 0
            while not is_over.is_set():
                set_last_pid(9999)
                port = 5001 + turn
                m = Mksock(f"tcp:127.0.0.1:{port}:listen", program=programs[port])
                n_taken[turn] += m.pid == "10000"
                time.sleep(0.001)
                os.kill(int(m.pid), signal.SIGKILL)
                m.stop()
                m.process.stdout.close()
                turn = 1 - turn

        thread = threading.Thread(target=take_turns)
        thread.start()
        try:
            n_seen = 0
            for _ in range(400):
                if n_seen >= 40 and min(n_taken) >= 10:
                    break
                answer = here("--owners", "all")
                for row in answer.rows:
                    path, spec = programs[row["port"]], f"tcp:127.0.0.1:{row['port']}:listen"
                    for owner in row["owners"]:
                        n_seen += 1
                        equal(owner["program"], os.path.basename(path))
                        # null: it was ending, and had no memory any more
                        check(owner["path"] in (path, None), owner)
                        check(owner["command"] in ([path, spec], None), owner)
            check(n_seen > 0 and min(n_taken) > 0, f"shows nothing: {n_seen} seen, {n_taken}")
        finally:
            is_over.set()
            thread.join()


# --- the accept queue ---------------------------------------------------------------------------

TCP_SYN_SENT = 2


def told_of_queue(port):
    """What the record, the answer and the list say of it: (queued, limit), words, words."""
    row, plain, listing = Answer(str(port)).one(port), text(str(port)), text("here")
    line = next(line for line in plain.splitlines() if f":{port} " in line)
    equal(here().one(port)["backlog"], row["backlog"])
    return (row["backlog"]["queued"], row["backlog"]["limit"]), line, listing


@case
def full_queue():
    server = socket.socket()
    server.bind(("127.0.0.1", 5001))
    server.listen(2)
    clients = []
    for waiting, words in ((1, "1 connection waits to be accepted (backlog 2)"),
                           (2, "2 connections wait to be accepted (backlog 2)")):
        clients.append(socket.create_connection(("127.0.0.1", 5001)))
        numbers, line, listing = told_of_queue(5001)
        equal(numbers, (waiting, 2))
        check(line.endswith(words) and "full" not in line + listing, line + listing)
    clients.append(socket.create_connection(("127.0.0.1", 5001)))  # so it was not full before
    numbers, line, listing = told_of_queue(5001)
    equal(numbers, (3, 2))
    check("queue full: 3 connections wait to be accepted (backlog 2), more get no answer" in line, line)
    check("unclaimed, full" in listing or "occupied, full" in listing, listing)
    check("1 full: so many connections wait to be accepted that more get no answer" in listing, listing)
    late = socket.socket()
    late.setblocking(False)
    late.connect_ex(("127.0.0.1", 5001))
    equal(late.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0], TCP_SYN_SENT, "no answer")
    late.close()
    server.accept()[0].close()
    numbers, line, listing = told_of_queue(5001)
    equal(numbers, (2, 2))
    check("full" not in line + listing, line + listing)


# --- names --------------------------------------------------------------------------------------

HOSTILE = {
    5001: b"a-name-longer-than-fifteen-bytes",
    5002: b"a) R 1 (b",
    5003: b"two\nlines",
    5004: b"\x1b[31mred\x07\r",
    5005: b"\xff\xfe\xc3(",
    5006: b"quote\"back\\slash\ttab",
    5007: "caf\u00e9\u202eevil".encode(),
}


@case
def hostile_names():
    with tempfile.TemporaryDirectory() as directory:
        pids_by_port = {}
        for port, name in HOSTILE.items():
            path = os.fsencode(directory) + b"/" + name
            shutil.copy(TOOLS["mksock"], path)
            pids_by_port[port] = int(Mksock(f"tcp:127.0.0.1:{port}:listen", program=path).pid)
        answer, plain = here(), text("here")
        for port, name in HOSTILE.items():
            owner = answer.one(port)["owners"][0]
            equal(owner["pid"], pids_by_port[port])
            try:
                equal(owner["program"], name.decode())
            except UnicodeDecodeError:
                equal(owner["program"], r"\xff\xfe\xc3(")
                check(owner.get("lossy") is True, owner)
            row = [line for line in plain.splitlines() if line.startswith(f"{port}/tcp")]
            equal(len(row), 1, plain)
            check(str(owner["pid"]) in row[0], "a line of its own, whole")
            for one in (plain, text(str(port)), text("here", "--csv")):
                check(not any(c in one for c in "\x1b\x07\r\u202e"), repr(one))
        check("a-name-longer-than-fifteen-bytes" in plain, "not cut at 15 bytes")
        check(any(str(pids_by_port[5002]) in line and "a) R 1 (b" in line
                  for line in plain.splitlines()), "not cut at the first parenthesis")


@case
def started_by_tmux_and_a_shell():
    if not shutil.which("tmux"):
        raise Skip("there is no tmux (Debian: tmux)")
    shell = ["tmux", "-S", "/run/tmux", "-f", "/dev/null"]
    inner = f"sh -c '{TOOLS['mksock']} tcp:127.0.0.1:5001:listen; exit'"
    try:
        run(*shell, "new-session", "-d", inner)
        for _ in range(600):
            said = text("5001")
            if "mksock" in said:
                break
            time.sleep(0.05)
        lines = [line.split(" in ")[0].strip() for line in said.splitlines() if "started by" in line]
        equal(len(lines), 1, said)
        sh = os.path.basename(os.path.realpath("/bin/sh"))
        # Between them may be the shell that tmux starts commands with: the user's own.
        check(lines[0].startswith(f"started by {sh} ") and "tmux" in lines[0], said)
    finally:
        run(*shell, "kill-server")


@case
def user_of_who_may_not_be_dumped():
    """All of its /proc/PID is root's, but the directory itself."""
    Mksock("tcp:127.0.0.1:5001:listen", before=["setpriv", "--reuid", "1234", "--clear-groups"])
    quiet = ("import ctypes, os, socket, signal; s = socket.create_server(('127.0.0.1', 5002)); "
             "os.setresuid(1235, 1235, 1235); ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); signal.pause()")
    with subprocess.Popen(["python3", "-c", quiet]) as process:
        try:
            status = f"/proc/{process.pid}"
            for _ in range(600):
                if os.stat(status).st_uid == 1235 and os.stat(f"{status}/fd").st_uid == 0:
                    break
                time.sleep(0.05)
            answer = here()
            equal([o["uid"] for o in answer.one(5001)["owners"]], [1234])
            equal([o["uid"] for o in answer.one(5002)["owners"]], [1235])
        finally:
            process.kill()


@case
def deleted_executable():
    with tempfile.TemporaryDirectory() as directory:
        program = shutil.copy(TOOLS["mksock"], f"{directory}/gone")
        m = Mksock("tcp:127.0.0.1:5001:listen", program=program)
        expect(here().one(5001)["owners"][0], path=program, path_deleted=False)
        os.unlink(program)
        for answer in (here(), Answer("5001")):
            expect(answer.one(5001)["owners"][0], pid=int(m.pid), program="gone", path=program,
                   path_deleted=True)
        check("deleted" in text("5001"), text("5001"))


# --- without privileges -------------------------------------------------------------------------

def show_all_to_nobody():
    """A program that nobody can run, wherever the build tree lies."""
    path = "/run/berth"
    shutil.copy(TOOLS["berth"], path)
    os.chmod(path, 0o755)
    TOOLS["berth"] = path


@case
def nobody():
    show_all_to_nobody()
    own = Mksock("tcp:127.0.0.1:5001:listen", before=NOBODY, program=shutil.copy(
        TOOLS["mksock"], "/run/mksock"))
    Mksock("tcp:0.0.0.0:5002:listen", "udp:[::]:5003,dual", "tcp:127.0.0.1:5004:bound")
    Mksock("tcp:127.0.0.1:5005:listen", before=["unshare", "--net"])
    answer = here(before=NOBODY)
    equal(pids(answer.one(5001)), [int(own.pid)])
    for port in (5002, 5003):
        expect(answer.one(port), owners=[], owners_search="none", user="root", uid=0)
    expect(answer.one(5005), owners=[], cookie=None)
    gaps = {g["what"]: g for g in answer.gaps}
    check("permission denied" in gaps["owner"]["why"] and gaps["owner"]["fix"] == "run as root",
          answer.gaps)
    check("read from /proc/net text" in gaps["sockets"]["why"], answer.gaps)
    plain = text("here", before=NOBODY)
    check("3 without a visible owner" in plain and "run as root" in plain, plain)
    equal([h["kind"] for h in Answer("5004", before=NOBODY).holders(5004)], ["bound-only"])
    text("here", "--strict", before=NOBODY, status=3)


@case
def hidepid():
    show_all_to_nobody()
    m = Mksock("tcp:127.0.0.1:5001:listen")
    for option in ("invisible", "ptraceable", "noaccess"):
        run("mount", "-t", "proc", "-o", f"hidepid={option}", "proc", "/proc")
        answer = here(before=NOBODY)
        expect(answer.one(5001), owners=[], uid=0, inode=int(m.sockets[0]["inode"]))
        check(any("hidepid" in g["why"] for g in answer.gaps) == (option != "noaccess") or
              answer.gaps, answer.gaps)
        check("hidepid" in text("here", before=NOBODY) or option == "noaccess", option)
        answer = here()
        equal((pids(answer.one(5001)), answer.gaps), ([int(m.pid)], []), option)


if __name__ == "__main__":
    main(__doc__, "berth", "mksock", "mkmix")
