#!/usr/bin/env python3
"""berth why as its users meet it: trials elsewhere and as others, devices, policies, two looks.

usage: why.py BERTH [CASE...]

What it judges is held against the kernel in tests/why; here is what stands around the judgement.
"""
import contextlib
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys

from inside import NOBODY, TOOLS, case, check, equal, libc, listen, main, name_namespace, run

SO_BINDTODEVICE = 25
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
BIND = {"x86_64": (49, 0xC000003E), "aarch64": (200, 0xC00000B7)}


def why(*words, before=(), exits=None, preexec=None):
    done = subprocess.run([*before, TOOLS["berth"], "why", *words], capture_output=True, text=True,
                          check=False, preexec_fn=preexec)
    check(done.returncode in ((0, 1) if exits is None else (exits,)),
          f"exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def ask(*words, **options):
    return json.loads(why("--json", *words, **options))


@contextlib.contextmanager
def listening(port, family=socket.AF_INET, address="127.0.0.1"):
    s = listen(port, family, address)
    try:
        yield s
    finally:
        s.close()


@case
def tried_and_judged():
    with listening(9100):
        a = ask("9100", exits=1)
        equal((a["judged"]["bind"], a["tried"], a["cause"]), ("EADDRINUSE", {"bind": "EADDRINUSE"}, "wildcard-overlap"))
        equal(a["holders"][0]["owners"][0]["pid"], os.getpid())
        equal((a["holders"][0]["reuse_address"], a["holders"][0]["reuse_port"]), ("no", "no"))
        b = ask("9100", "--address", "127.0.0.2", exits=0)
        equal((b["judged"], b["tried"], b["cause"]), ({"bind": "ok", "listen": "ok"}, {"bind": "ok"}, None))
        check(any("another address" in line for line in b["warnings"]), b["warnings"])
        equal(ask("9100", "--no-trial", exits=1)["tried"], None)
    ask("9100", exits=0)


@case
def never_tried():
    equal(ask("9100", "--reuseport", exits=0)["tried"], None)
    equal(ask("9100/udp", "--reuseaddr", exits=0)["tried"], None)
    equal(ask("9100/udp", exits=0)["tried"], {"bind": "ok"})
    many = ask("20000-20400", exits=0)
    equal({w["tried"] is None for w in many}, {True})


@case
def a_trial_takes_nothing():
    """While berth tries, a listener gets every connection and a UDP socket every datagram."""
    with listening(9100, address="0.0.0.0") as server, socket.socket(type=socket.SOCK_DGRAM) as u:
        u.bind(("0.0.0.0", 9101))
        sender = socket.socket(type=socket.SOCK_DGRAM)
        for _ in range(20):
            asking = subprocess.Popen([TOOLS["berth"], "why", "-q", "9100", "9101/udp"])
            for _ in range(10):
                sender.sendto(b"x", ("127.0.0.1", 9101))
                equal(u.recv(9), b"x")
                client = socket.create_connection(("127.0.0.1", 9100))
                server.accept()[0].close()
                client.close()
            equal(asking.wait(), 1)


@case
def another_user():
    a = ask("80", "--uid", "12345", exits=1)
    equal((a["judged"]["bind"], a["tried"], a["cause"]), ("EACCES", {"bind": "EACCES"}, "privileged-port"))
    equal(ask("80", exits=0)["tried"], {"bind": "ok"})
    equal(ask("8080", "--uid", "12345", exits=0)["tried"], {"bind": "ok"})
    b = ask("8080", "--uid", "12345", before=NOBODY, exits=0)
    equal((b["judged"]["bind"], b["tried"]), ("ok", None), "nobody cannot try as somebody else")
    run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=80")
    equal(ask("80", "--uid", "12345", exits=0)["tried"], {"bind": "ok"})


@case
def another_namespace():
    with name_namespace("blue", lambda: listen(9100, address="0.0.0.0")):
        a = ask("9100", "--netns", "blue", exits=1)
        equal((a["tried"], a["cause"]), ({"bind": "EADDRINUSE"}, "exact-listener"))
        check(any(f["command"][-2:] == ["--netns", "blue"] for f in a["fixes"]), a["fixes"])
    equal(ask("9100", "--netns", "blue", exits=0)["tried"], {"bind": "ok"})
    equal(ask("9100", exits=0)["holders"], [])
    b = ask("9100", "--netns", "blue", before=NOBODY, exits=1)
    equal((b["judged"]["bind"], b["tried"]), ("unknown", None))
    check(any(g["what"] == "namespace" for g in b["gaps"]), b["gaps"])


@case
def devices():
    run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1")
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"v0")
        s.bind(("0.0.0.0", 9100))
        s.listen()
        equal(ask("9100", "--device", "v1", exits=0)["tried"], {"bind": "ok"})
        a = ask("9100", "--device", "v0", exits=1)
        equal((a["judged"]["bind"], a["holders"][0]["interface"]), ("EADDRINUSE", "v0"))
    a = ask("9100", "--device", "nothing", exits=1)
    equal((a["judged"]["bind"], a["tried"], a["cause"]), ("ENODEV", {"bind": "ENODEV"}, "no-such-device"))
    run("ip", "link", "set", "v0", "up")
    run("ip", "-6", "address", "add", "fe80::7/64", "dev", "v0", "nodad")
    equal(ask("9100", "--address", "fe80::7%v0", exits=0)["judged"]["bind"], "ok")
    a = ask("9100", "--address", "fe80::7%v1", exits=1)
    equal((a["judged"]["bind"], a["tried"]), ("EADDRNOTAVAIL", {"bind": "EADDRNOTAVAIL"}))


def refuse_bind():
    """A policy that no table shows: bind(2) is EPERM from here on."""
    number, arch = BIND[os.uname().machine]
    ret = 0x06
    program = [(0x20, 0, 0, 4), (0x15, 1, 0, arch), (ret, 0, 0, 0x7FFF0000), (0x20, 0, 0, 0),
               (0x15, 0, 3, number), (0x20, 0, 0, 32), (0x15, 0, 1, 16), (ret, 0, 0, 0x00050001),
               (ret, 0, 0, 0x7FFF0000)]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code)
    prog = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.c_char_p(prog), 0, 0) != 0:
        os._exit(9)


@case
def a_policy():
    """Only bind(2) with the 16 bytes of an IPv4 address is refused: netlink's has 12."""
    a = ask("9100", preexec=refuse_bind, exits=1)
    equal((a["judged"]["bind"], a["tried"], a["cause"]), ("ok", {"bind": "EPERM"}, "policy"))
    check(any("a trial said EPERM" in line for line in a["warnings"]), a["warnings"])


@case
def no_flags_without_permission():
    """nobody cannot read root's flags, and says so instead of guessing."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 9100))
        a = ask("9100", "--reuseaddr", "--no-trial", before=NOBODY, exits=1)
        equal((a["judged"]["bind"], a["cause"]), ("unknown", "bound-only"))
        check([g for g in a["gaps"] if g["what"] == "flags" and g["fix"] == "run as root"], a["gaps"])
        equal(ask("9100", "--reuseaddr", "--no-trial", exits=0)["judged"], {"bind": "ok", "listen": "ok"})


@case
def answers_show_bind():
    with listening(9100, address="0.0.0.0"):
        done = subprocess.run([TOOLS["berth"], "9100", "--json"], capture_output=True, text=True, check=True)
        equal(json.loads(done.stdout)["bind"], {"tcp": {"judged": "EADDRINUSE", "cause": "exact-listener"},
                                                "udp": {"judged": "ok", "cause": None}})
        done = subprocess.run([TOOLS["berth"], "9100", "--json", "-u"], capture_output=True, text=True, check=True)
        equal(json.loads(done.stdout)["bind"], None, "a look at half of it judges nothing")


@case
def a_port_of_a_dual_stack_that_left_a_connection():
    """Its IPv6 connection is in the way of 0.0.0.0: berth PORT knows it, too."""
    with socket.socket(socket.AF_INET6) as server:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.bind(("::", 9100))
        server.listen()
        client = socket.create_connection(("::1", 9100))
        taken = server.accept()[0]
    done = subprocess.run([TOOLS["berth"], "9100", "--json"], capture_output=True, text=True, check=True)
    equal(json.loads(done.stdout)["bind"]["tcp"], {"judged": "EADDRINUSE", "cause": "dead-server"})
    client.close()
    taken.close()


if __name__ == "__main__":
    sys.exit(main(__doc__, "berth"))
