#!/usr/bin/env python3
"""berth listen, with real visitors in private namespaces.

usage: listen.py BERTH MKSOCK [CASE...]
"""
import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import time

from common import Berth, expect, is_sanitized, wait
from inside import NOBODY, Mksock, case, check, equal, main

V6 = socket.AF_INET6


def listening(*arguments, **options):
    """berth listen, once it does."""
    berth = Berth("listen", *arguments, **options)
    berth.begun = berth.process.stderr.readline().decode()
    check("listening quietly" in berth.begun, f"{arguments}: {berth.begun!r}")
    return berth


def send(text, port=8001, address="127.0.0.1", family=socket.AF_INET):
    """Connect, say it, close; returns the port that it came from."""
    with socket.socket(family) as s:
        s.connect((address, port))
        s.sendall(text)
        s.shutdown(socket.SHUT_WR)
        s.settimeout(30)
        equal(s.recv(100), b"", "it says nothing")
        return s.getsockname()[1]


def throw(text, port=8001, address="127.0.0.1", family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.sendto(text, (address, port))


def knocks(berth):
    return [json.loads(line) for line in berth.out.splitlines()]


@case
def both_transports_and_families():
    berth = listening("8001", "--jsonl", "--max", "4")
    port = send(b"a")
    send(b"b", address="::1", family=V6)
    keep = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    keep.sendto(b"c", ("127.0.0.1", 8001))
    throw(b"d", address="::1", family=V6)
    found = {k["data"]: k for k in knocks(berth.end(0))}
    equal(sorted(found), ["a", "b", "c", "d"])
    equal([(found[x]["protocol"], found[x]["address"], found[x]["port"]) for x in "abcd"],
          [("tcp", "127.0.0.1", 8001), ("tcp", "::1", 8001), ("udp", "127.0.0.1", 8001), ("udp", "::1", 8001)])
    equal(found["a"]["peer"]["port"], port)
    equal(found["a"]["ended"], "closed")
    for x in "abc":
        equal((found[x]["peer"]["pid"], found[x]["peer"]["uid"]), (os.getpid(), 0), x)
    expect(berth, "4 knocks (2 tcp, 2 udp) from 2 addresses")


@case
def seen_by_berth_and_wait():
    berth = listening("8001/tcp", "8002/udp")
    answer = json.loads(Berth("8001", "--json").end(0).out)
    equal([(s["protocol"], s["address"]) for s in answer["listeners"]], [("tcp", "127.0.0.1"), ("tcp", "::1")])
    equal(answer["listeners"][0]["owners"][0]["pid"], berth.process.pid)
    equal(answer["verdicts"]["tcp"]["word"] in ("occupied", "unclaimed"), True)
    wait("8002/udp", "--by", "berth").end(0)
    wait("127.0.0.1:8001", "--accepting").end(0)
    berth.interrupt()
    expect(berth.end(0), "1 knock (1 tcp, 0 udp)", "1 without a byte")
    wait("8001", "--until", "unlistened").end(0)


@case
def openers():
    berth = listening("8001", "--jsonl", "--max", "6")
    send(b"GET /x HTTP/1.1\r\nHost: example.org\r\n\r\n")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="berth.example")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    send(hello)
    send(b"SSH-2.0-test\r\n")
    throw(b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\7example\3org\0\0\x01\0\x01")
    with socket.create_connection(("127.0.0.1", 8001)) as halves:  # a hello in two pieces
        halves.sendall(hello[:90])
        time.sleep(0.05)
        halves.sendall(hello[90:])
        halves.recv(1)
    with socket.create_connection(("127.0.0.1", 8001)):
        pass
    found = [(k["opener"], k["name"], k["request"]) for k in knocks(berth.end(0))]
    for wanted in (("http", "example.org", "GET /x"), ("tls", "berth.example", None), ("ssh", None, "SSH-2.0-test"),
                   ("dns", "example.org", "A"), (None, None, None)):
        check(wanted in found, f"{wanted} is not in {found}")
    equal(found.count(("tls", "berth.example", None)), 2)
    expect(berth, "2 tls", "1 http", "1 ssh", "1 dns", "1 without a byte")


@case
def hostile_bytes():
    everything = bytes(range(256))
    for options in ([], ["-v"], ["--jsonl"]):
        berth = listening("8001/tcp", "--max", "2", *options)
        send(everything)
        send(b"GET /\x1b]0;x\x07 HTTP/1.1\r\nHost: \x1b[31m\xc2\x9b\r\n\r\n")
        berth.end(0)
        for c in berth.out:
            check(c == "\n" or " " <= c < "\x7f", f"{c!r} in {berth.out!r}")
        expect(berth, "\\x1b]0;x\\x07" if not options or options == ["-v"] else "\\\\x1b]0;x\\\\x07")
    equal(knocks(berth)[0]["bytes"], 256)


@case
def huge_and_slow_peers():
    berth = listening("8001/tcp", "--jsonl")
    with socket.create_connection(("127.0.0.1", 8001)) as huge, socket.create_connection(("127.0.0.1", 8001)) as silent:
        try:
            for _ in range(1000):
                huge.sendall(b"x" * 65536)
        except OSError:
            pass  # it was let go
        send(b"quick")
        silent.settimeout(40)
        slow = socket.create_connection(("127.0.0.1", 8001))
        try:
            while True:  # a byte now and then does not keep it open for ever
                slow.sendall(b"y")
                time.sleep(0.1)
        except OSError:
            pass
        equal(silent.recv(1), b"", "it is let go in the end")
    berth.interrupt(signal.SIGTERM)
    found = {k["data"][:1]: k for k in knocks(berth.end(0))}
    equal(set(found), {"x", "q", "y", ""})
    check(found["x"]["cut"] and len(found["x"]["data"]) == 256 and found["x"]["ended"] == "kept", found["x"])
    check(found["x"]["bytes"] < 4096 + 2 * 65536, found["x"]["bytes"])
    equal((found["y"]["ended"], found[""]["ended"], found["q"]["ended"]), ("kept", "silent", "closed"))


def status_of(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(rf"^{key}:\s*(\d+)", file.read(), re.M)[1])


@case
def flood():
    """5,000 connections that stay open, and as many datagrams; few descriptors are allowed."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    with open("/run/knocks", "wb") as out:
        berth = listening("8001", "--jsonl", "-4", stdout=out)
        most_fds, held = 0, []
        for i in range(5000):
            held.append(socket.create_connection(("127.0.0.1", 8001)))
            if len(held) > 500:
                held.pop(0).close()
            throw(b"z")
            if i % 250 == 0:
                most_fds = max(most_fds, len(os.listdir(f"/proc/{berth.process.pid}/fd")))
        peak = status_of(berth.process.pid, "VmHWM")
        berth.interrupt()
        berth.end(0)
    check(most_fds < 300, f"{most_fds} descriptors")
    if not is_sanitized():  # its shadow and quarantine are not berth's
        check(peak < 40000, f"{peak} kB at most")
    with open("/run/knocks", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    n_tcp = sum(k["protocol"] == "tcp" for k in found)
    n_udp = len(found) - n_tcp
    check(n_tcp <= 5000 and n_tcp > 4000, n_tcp)
    expect(berth, f"{len(found)} knocks ({n_tcp} tcp, {n_udp} udp) from 1 address", "let go early to make room")
    early = sum(k["ended"] == "displaced" for k in found)
    expect(berth, f"; {early} let go early")


def n_not_accepted(port):
    """Connections in the queue of the IPv4 listener."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return sum(int(row[4].split(":")[1], 16) for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A")


@case
def few_descriptors():
    script = 'ulimit -n 120; exec "$@"'
    berth = listening("8001/tcp", "-4", "--jsonl", before=["sh", "-c", script, "sh"])
    held = [socket.create_connection(("127.0.0.1", 8001)) for _ in range(60)]
    while n_not_accepted(8001):
        time.sleep(0.01)
    berth.interrupt()
    equal(len(knocks(berth.end(0))), 60)
    check(held)


@case
def ends():
    berth = listening("8001", "--for", "200ms").end(0)
    expect(berth, "nobody knocked in ")
    equal(berth.out, "")
    berth = listening("8001", "--json", "--for", "100ms").end(0)
    equal(json.loads(berth.out), [])
    berth = listening("8001/udp", "--max", "3", "--jsonl")
    for _ in range(10):
        throw(b"x")
    equal(len(knocks(berth.end(0))), 3)
    berth = listening("8001/tcp")
    kept = socket.create_connection(("127.0.0.1", 8001))
    kept.sendall(b"still here")
    wait("8001").end(0)
    berth.interrupt()
    expect(berth.end(0), "still here", "1 knock")
    with open("/dev/full", "wb") as full:
        berth = listening("8001/udp", stdout=full)
        throw(b"x")
        berth.end(4)


@case
def cannot_bind():
    server = Mksock("tcp:127.0.0.1:8001:listen")
    taken = Berth("listen", "8001").end(4)
    equal(taken.err, f"berth: 127.0.0.1:8001/tcp is taken by mksock (pid {server.pid}): berth why 8001/tcp tells more\n")
    listening("8001/udp", "--for", "50ms").end(0)
    expect(Berth("listen", "80", before=NOBODY).end(4), "127.0.0.1:80/tcp needs a privilege to bind: berth why 80/tcp")
    expect(Berth("listen", "8002", "--on", "10.1.2.3").end(4), "10.1.2.3 is no address of this host")
    for arguments in ([], ["ssh"], ["0"], ["80/sctp"], ["80", "--on", "localhost"], ["80", "--for", "0"], ["80", "--max", "0"],
                      ["80", "--max", "x"], ["1-100"], ["80", "--timeout", "1s"], ["127.0.0.1:80"]):
        bad = Berth("listen", *arguments).end(2)
        equal(bad.err.count("\n"), 1, f"{arguments}: {bad.err!r}")


@case
def addresses():
    everywhere = listening("8001", "--on", "all")
    rows = subprocess.run(["ss", "-Htuln", "sport", "=", ":8001"], capture_output=True, text=True, check=True).stdout
    equal(sorted(line.split()[0] + line.split()[4] for line in rows.splitlines()),
          ["tcp0.0.0.0:8001", "tcp[::]:8001", "udp0.0.0.0:8001", "udp[::]:8001"])
    everywhere.interrupt()
    everywhere.end(0)
    for options, line in ((["-4", "-t"], "127.0.0.1, port 8001/tcp"), (["-6", "-u"], "[::1], port 8001/udp"),
                          (["--on", "127.0.0.7"], "127.0.0.7, port 8001 (tcp, udp)")):
        expect_begun = listening("8001", "--for", "20ms", *options)
        check(line in expect_begun.begun, expect_begun.begun)
        expect_begun.end(0)
    with open("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w", encoding="utf-8") as file:
        file.write("1")
    without = listening("8001", "--for", "20ms")
    check("on 127.0.0.1, port" in without.begun, without.begun)
    without.end(0)
    expect(Berth("listen", "8001", "-6").end(4), "::1 is no address of this host")


if __name__ == "__main__":
    main(__doc__, "berth", "mksock")
