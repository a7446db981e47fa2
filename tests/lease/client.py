#!/usr/bin/env python3
"""portpicker's own client, unchanged, beside berth portserver and berth lease, in private namespaces.

usage: client.py BERTH [CASE...]

Needs a Python that can import portpicker (Debian: python3-portpicker); without it the suite is left out.
"""
import signal
import socket
import subprocess
import sys

from common import ENVIRONMENT, end, leases, refused, start, until
from inside import LEFT_OUT, NOBODY, case, check, equal, main

# What a program does that uses portpicker; "pick" and "return" come from outside, so that a case can tell when.
PROGRAM = """
import os, sys, portpicker
print(os.getpid(), flush=True)
for line in sys.stdin:
    what, n = line.split()
    if what == "pick":
        print(*(portpicker.pick_unused_port() for _ in range(int(n))), flush=True)
    else:
        portpicker.return_port(int(n))
"""


def find_python():
    """Debian's own Python is where Debian's modules are; another one may come first in PATH."""
    for python in ("/usr/bin/python3", sys.executable):
        try:
            if subprocess.run([python, "-c", "import portpicker"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return python
        except FileNotFoundError:
            pass
    return None


PYTHON = find_python()


class Client:
    """A process that uses portpicker and lives until end()."""

    def __init__(self, address, before=()):
        self.process = subprocess.Popen([*before, PYTHON, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**ENVIRONMENT, "PORTSERVER_ADDRESS": address})
        self.pid = int(self.process.stdout.readline())

    def say(self, what, n):
        self.process.stdin.write(f"{what} {n}\n")
        self.process.stdin.flush()

    def ports(self):
        return [int(word) for word in self.process.stdout.readline().split()]

    def pick(self, n=1):
        self.say("pick", n)
        return self.ports()

    def end(self):
        """What it said on standard error."""
        return self.process.communicate(timeout=50)[1]


def serve(*words):
    server = start("portserver", *words)
    check(server.stdout.readline().startswith("PORTSERVER_ADDRESS="))
    return server


def stop(server):
    server.terminate()
    end(server, -signal.SIGTERM)


def holders():
    return {port: one["pid"] for port, one in leases().items()}


def can_be_bound(port):
    for family in (socket.AF_INET, socket.AF_INET6):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as s:
                if family == socket.AF_INET6:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.bind(("", port))


@case
def one_process_many_ports():
    server = serve("@unittest-portserver", "20000-20199")
    client = Client("@unittest-portserver")
    ports = client.pick(150)
    equal(len(set(ports)), 150, "each is another one")
    check(all(20000 <= port <= 20199 for port in ports), "all are of the pool")
    equal(holders(), {port: client.pid for port in ports}, "berth leases says whose they are")
    can_be_bound(ports[0])
    client.say("return", ports[7])
    equal(client.pick(1), [ports[7]], "what it returned it gets again, without asking")
    equal(len(leases()), 150)
    equal(client.end(), "", "portpicker has nothing to complain of")
    until(lambda: not leases(), "all are given back at its end")
    stop(server)


@case
def many_processes_at_a_path():
    """Everybody asks at the same time; then one after the other ends and another one comes."""
    server = serve("/run/ports", "20000-20399")
    clients = [Client("/run/ports") for _ in range(30)]
    for client in clients:
        client.say("pick", 10)
    for client in clients:
        client.had = client.ports()
    equal(len({port for client in clients for port in client.had}), 300, "no port twice while all live")
    for _ in range(30):
        gone = clients.pop(0)
        equal(gone.end(), "")
        until(lambda: gone.pid not in holders().values(), "its ports are given back")  # pylint: disable=cell-var-from-loop
        fresh = Client("/run/ports")
        fresh.had = fresh.pick(10)
        clients.append(fresh)
        equal(len({port for client in clients for port in client.had}), 300, "no port of a living process")
    for client in clients:
        equal(client.end(), "")
    until(lambda: not leases(), "none is left")
    stop(server)


@case
def one_pool_with_leases():
    """portpicker's clients and `berth lease` take from the same ports, at the same time."""
    server = serve("@mixed", "20000-20059")
    clients = [Client("@mixed") for _ in range(10)]
    for client in clients:
        client.say("pick", 4)
    wrappers = [start("lease", "web=20000-20059", "--", "sh", "-c", "echo $PORT; exec sleep 1000") for _ in range(20)]
    got = [port for client in clients for port in client.ports()] + [int(one.stdout.readline()) for one in wrappers]
    equal(sorted(got), list(range(20000, 20060)), "each port once")
    refused(125, "60 leased", "lease", "x=20000-20059", "--", "true")
    wrappers[0].terminate()
    end(wrappers[0], 143)
    equal(clients[0].pick(1), [got[40]], "what a lease gave back")
    for one in wrappers[1:]:
        one.terminate()
        end(one, 143)
    for client in clients:
        equal(client.end(), "")
    until(lambda: not leases(), "none is left")
    stop(server)


@case
def without_a_port():
    """Where berth has none to give, portpicker says so and looks for itself."""
    server = serve("@few", "20000-20002")
    client = Client("@few")
    equal(sorted(client.pick(3)), [20000, 20001, 20002])
    other = client.pick(1)[0]
    check(not 20000 <= other <= 20002, "a port of portpicker's own choice")
    stop(server)
    check(client.pick(1)[0] > 0, "without a server, too")
    said = client.end()
    check("Portserver failed to find a port." in said and "Socket error when connecting to portserver" in said, said)


@case
def for_another_process():
    """As scripts use it: the module is asked on behalf of the shell."""
    server = serve("@shell")
    script = f'{PYTHON} -m portpicker $$ && read -r line'
    shell = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             env={**ENVIRONMENT, "PORTSERVER_ADDRESS": "@shell"})
    port = int(shell.stdout.readline())
    equal(holders(), {port: shell.pid}, "it stays while the shell lives")
    shell.communicate("\n")
    until(lambda: not leases(), "and no longer")
    stop(server)


@case
def without_privilege():
    server = serve("@all")
    clients = [Client("@all", NOBODY), Client("@all")]
    ports = [client.pick(2) for client in clients]
    equal(holders(), {port: client.pid for client, some in zip(clients, ports) for port in some})
    for client in clients:
        equal(client.end(), "")
    until(lambda: not leases(), "none is left")
    stop(server)


if __name__ == "__main__":
    if not PYTHON:
        print("left out: no python3 can import portpicker (Debian's package: python3-portpicker)")
        sys.exit(LEFT_OUT)
    main(__doc__, "berth")
