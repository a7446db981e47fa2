"""Random mixes of sockets, and the truth about them.

A mix is a list of orders for mkmix, drawn from a seed. Truth plays them and keeps the books: which
process holds what in which way. @7 in an order stands for the address or port of socket 7. Orders
that make no sense without another one (shrinking leaves some out) are passed over.
"""
import random
import socket
import subprocess
import time

NAMED = ("blue", "green")
GROUPS = ("web.service", "db.service/worker", "plain", "docker-" + "0123456789abcdef" * 4 + ".scope")
USERS = (1001, 65534, 4294900001)
V4 = ("0.0.0.0", "127.0.0.1", "127.0.0.1", "127.0.0.2", "192.0.2.1", "169.254.7.7")
V6 = ("[::]", "[::1]", "[::1]", "[2001:db8::1]", "[fe80::7%lo]", "[::ffff:127.0.0.1]",
      "[::ffff:0.0.0.0]")
PORTS = (*range(5001, 5013), 8080, 3476, 40000, 40001, 59999)
MOST_ACTORS = 12
PROTOCOLS = {6: "tcp", 262: "mptcp", 17: "udp", 136: "udplite"}


# --- drawing a mix ------------------------------------------------------------------------------

class Draw:
    """Orders from a seed. What it assumes of their effect need not be true: Truth knows better."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.orders, self.actors, self.ids = [], [0], []
        self.next_actor, self.next_id = 1, 1

    def say(self, actor, text):
        self.orders.append(f"{actor} {text}")

    def actor(self):
        return self.random.choice(self.actors)

    def fresh(self):
        self.next_id += 1
        self.ids.append(self.next_id - 1)
        return self.next_id - 1

    def address(self):
        return self.random.choice(V4 if self.random.random() < 0.5 else V6)

    def port(self):
        if self.ids and self.random.random() < 0.15:
            return f"@{self.random.choice(self.ids)}"
        return self.random.choice(PORTS) if self.random.random() < 0.8 else 0

    def flags(self, address):
        flags = [f for f, p in (("reuseaddr", 0.4), ("reuseport", 0.2)) if self.random.random() < p]
        if address.startswith("["):
            flags += [["v6only"], ["dual"], []][self.random.randrange(3)]
        if self.random.random() < 0.1:
            flags.append("device=lo")
        return flags

    def stream(self):
        address = self.address()
        protocol = "mptcp" if self.random.random() < 0.15 else "tcp"
        action = self.random.choices(("listen", "bound", "open"), (8, 2, 1))[0]
        flags = self.flags(address) + ([f"backlog={self.random.randrange(1, 300)}"]
                                       if self.random.random() < 0.3 else [])
        return ",".join([f"{protocol}:{address}:{self.port()}:{action}", *flags])

    def datagram(self):
        address = self.address()
        protocol = "udplite" if self.random.random() < 0.15 else "udp"
        action = "open" if self.random.random() < 0.1 else "bound"
        return ",".join([f"{protocol}:{address}:{self.port()}:{action}", *self.flags(address)])

    def spec(self):
        return self.stream() if self.random.random() < 0.65 else self.datagram()

    def fork(self):
        if self.next_actor >= MOST_ACTORS:
            return
        actor, self.next_actor = self.next_actor, self.next_actor + 1
        self.say(self.actor(), f"fork {actor}")
        self.actors.append(actor)
        for chance, order in ((0.3, f"netns {self.random.choice(NAMED)}"), (0.1, "newnet"),
                              (0.4, f"cgroup {self.random.choice(GROUPS)}"),
                              (0.2, f"name {self.random.choice(('a) R 1', 'x' * 15, 'b'))}"),
                              (0.3, f"uid {self.random.choice(USERS)}")):
            if self.random.random() < chance:
                self.say(actor, order)

    def open(self):
        self.say(self.actor(), f"open {self.fresh()} {self.spec()}")

    def open_many(self):
        for _ in range(self.random.randrange(3, 12)):
            self.open()

    def reuse_group(self):
        address, port = self.address(), self.random.choice(PORTS)
        protocol = self.random.choice(("tcp", "udp", "mptcp", "udplite"))
        action = "bound" if protocol.startswith("udp") else "listen"
        for _ in range(self.random.randrange(2, 5)):
            self.say(self.actor(),
                     f"open {self.fresh()} {protocol}:{address}:{port}:{action},reuseport")

    def connection(self):
        """A listener, clients, and as many of them accepted as luck will have."""
        protocol = "mptcp" if self.random.random() < 0.2 else "tcp"
        address = self.random.choice(("0.0.0.0", "127.0.0.1", "[::]", "[::1]", "192.0.2.1"))
        server, listener = self.actor(), self.fresh()
        self.say(server, f"open {listener} {protocol}:{address}:0:listen,backlog=50")
        family = "127.0.0.1:0" if address[0] != "[" else "[::1]:0"
        for _ in range(self.random.randrange(1, 4)):
            client, end = self.fresh(), self.fresh()
            other = self.actor()
            action = "bound" if self.random.random() < 0.5 and address != "192.0.2.1" else "open"
            self.say(other, f"open {client} {protocol}:{family}:{action}")
            self.say(other, f"connect {client} @{listener}")
            if protocol == "mptcp" or self.random.random() < 0.7:
                self.say(server, f"accept {listener} {end}")

    def datagram_pair(self):
        actor, first, second = self.actor(), self.fresh(), self.fresh()
        ending = self.random.choice(("127.0.0.1", "[::1]"))
        self.say(actor, f"open {first} udp:{ending}:0")
        self.say(actor, f"open {second} udp:{ending}:0:{self.random.choice(('open', 'bound'))}")
        self.say(actor, f"connect {second} @{first}")

    def autobound(self):
        self.say(self.actor(), f"open {self.fresh()} udp:0.0.0.0:0:open,send=127.0.0.1:9")

    def private(self):
        self.say(self.actor(), f"private {self.fresh()} {self.spec()}")

    def share(self):
        if self.ids:
            self.say(self.actor(), f"pass {self.random.choice(self.ids)} {self.actor()}")

    def hide(self):
        """In a ring or in flight, mostly without a descriptor left."""
        actor = self.actor()
        if self.random.random() < 0.6:
            self.say(actor, f"open {self.fresh()} {self.spec()}")
        if not self.ids:
            return
        last = self.ids[-1]
        self.say(actor, f"{self.random.choice(('ring', 'flight'))} {last}")
        if self.random.random() < 0.7:
            self.say(actor, f"close {last}")

    def change(self):
        if self.ids:
            self.say(self.actor(), f"{self.random.choice(('dup', 'close', 'close'))} "
                                   f"{self.random.choice(self.ids)}")

    def time_wait(self):
        spec = self.random.choice(("tcp:127.0.0.1:0", "tcp:[::1]:0", "tcp:127.0.0.1:5010"))
        self.say(self.actor(), f"timewait {spec}:timewait")

    def move(self):
        self.say(self.actor(), f"cgroup {self.random.choice(GROUPS)}")

    def end(self):
        if len(self.actors) > 2:
            self.say(self.actor(), self.random.choice(("leave", "exit")))


DRAWS = ((Draw.open, 10), (Draw.open_many, 2), (Draw.fork, 6), (Draw.reuse_group, 3),
         (Draw.connection, 4), (Draw.datagram_pair, 2), (Draw.autobound, 1), (Draw.private, 1),
         (Draw.share, 4), (Draw.hide, 2), (Draw.change, 4), (Draw.time_wait, 1), (Draw.move, 2),
         (Draw.end, 1))


def draw(seed):
    """The orders of a mix."""
    d = Draw(seed)
    for _ in range(d.random.choice((4, 8, 8, 16, 16, 32))):
        d.random.choices([function for function, _ in DRAWS], [n for _, n in DRAWS])[0](d)
    return d.orders


# --- the truth ----------------------------------------------------------------------------------

class Sock:
    """A socket as its maker knows it."""

    def __init__(self, number, namespace, spec):
        self.number, self.namespace, self.spec = number, namespace, spec
        self.queued = 0
        self.told = {}

    def __getattr__(self, key):
        try:
            return self.told[key]
        except KeyError:
            raise AttributeError(key) from None

    @property
    def protocol_name(self):
        return PROTOCOLS[int(self.protocol)]

    @property
    def is_datagram(self):
        return self.protocol_name.startswith("udp")

    @property
    def kind(self):
        """What berth shows it as; None: not at all."""
        if "peer" in self.told:
            return "connection"
        if self.listening == "1":
            return "listener"
        if self.port == "0":
            return None
        return "listener" if self.is_datagram else "bound-only"


class Actor:
    def __init__(self, pid, namespace):
        self.pid, self.namespace = pid, namespace
        self.group, self.is_gone, self.has_left = None, False, False
        self.table = {}    # id -> descriptor numbers
        self.privates = [] # sets of ids
        self.rings, self.flights = set(), set()

    def fork(self, pid):
        child = Actor(pid, self.namespace)
        child.group = self.group
        child.table = {number: list(fds) for number, fds in self.table.items()}
        child.rings, child.flights = set(self.rings), set(self.flights)
        return child

    def method(self, number):
        """How it is found to hold a socket; None: it does not."""
        if self.is_gone:
            return None
        if number in self.table:
            return "thread" if self.has_left else "fd"
        if any(number in table for table in self.privates):
            return "thread"
        return "io_uring" if number in self.rings else None


class Truth:
    """Plays orders. `paths` names namespaces and groups: {"blue": "/run/netns/blue", ...}; `here`
    is what Truth calls the namespace it is played in."""

    def __init__(self, program, paths, here="here"):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1)
        self.paths, self.here = paths, here
        self.socks, self.time_waits, self.log = {}, [], []
        self.soiled = set() # namespaces in which something outlasts the mix for a while
        self.pending = {} # listener -> clients that were not accepted
        self.actors = {0: Actor(int(self.answer()["pid"]), here)}

    def answer(self):
        line = self.process.stdout.readline().rstrip("\n")
        self.log.append(line)
        if line.startswith("ok"):
            return dict(word.split("=", 1) for word in line.split()[1:])
        if not line:
            raise AssertionError("mkmix ended")
        return None

    def order(self, actor, text):
        self.log.append(f"{actor} {text}")
        self.process.stdin.write(f"{actor} {text}\n")
        return self.answer()

    def does(self, actor, text):
        """An order whose answer tells nothing more: whether it was obeyed."""
        return self.order(actor, text) is not None

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    # --- orders

    def play(self, orders):
        for order in orders:
            number, verb, *rest = order.split(" ", 2)
            actor = self.actors.get(int(number))
            if not actor or actor.is_gone:
                continue
            getattr(self, f"play_{verb}")(int(number), actor, *rest)

    def play_fork(self, number, actor, child):
        if int(child) in self.actors:
            return
        told = self.order(number, f"fork {child}")
        if told:
            self.actors[int(child)] = actor.fork(int(told["pid"]))

    def play_netns(self, number, actor, name):
        if not actor.has_left and self.does(number, f"netns {self.paths[name]}"):
            actor.namespace = name

    def play_newnet(self, number, actor):
        told = not actor.has_left and self.order(number, "newnet")
        if told:
            actor.namespace = int(told["ns"])

    def play_cgroup(self, number, actor, name):
        if name in self.paths and self.does(number, f"cgroup {self.paths[name]}"):
            actor.group = name

    def play_name(self, number, _, text):
        self.order(number, f"name {text}")

    def play_uid(self, number, _, uid):
        self.order(number, f"uid {uid}")

    def resolve(self, text):
        """@7 in a SPEC: that port. None when there is none."""
        head, at, tail = text.partition("@")
        if not at:
            return text
        digits = tail.split(":", 1)[0].split(",", 1)[0]
        known = self.socks.get(int(digits))
        return f"{head}{known.port}{tail[len(digits):]}" if known else None

    def play_open(self, number, actor, rest, verb="open"):
        wanted, spec = rest.split(" ", 1)
        spec = self.resolve(spec)
        told = spec and self.order(number, f"{verb} {wanted} {spec}")
        if not told:
            return
        sock = Sock(int(wanted), actor.namespace, spec)
        sock.told = told
        self.socks[sock.number] = sock
        if verb == "open":
            actor.table[sock.number] = [int(told["fd"])]
        else:
            actor.privates.append(set(actor.table) | {sock.number})

    def play_private(self, number, actor, rest):
        self.play_open(number, actor, rest, "private")

    def play_connect(self, number, actor, rest):
        own, to = (int(word.lstrip("@")) for word in rest.split(" "))
        to = self.socks.get(to)
        if own not in actor.table or not to or not to.port:
            return
        address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(to.local, to.local)
        address = f"[{address}]" if ":" in address else address
        told = self.order(number, f"connect {own} {address}:{to.port}")
        if not told:
            # Half a socket: some of its port may be gone.
            self.play_close(number, actor, str(own))
            return
        self.socks[own].told = told
        if to.listening == "1":
            to.queued += 1
            self.pending.setdefault(to.number, []).append(own)

    def play_accept(self, number, actor, rest):
        listener, end = map(int, rest.split(" "))
        if listener not in actor.table or not self.socks[listener].queued:
            return
        told = self.order(number, f"accept {listener} {end}")
        if not told:
            return
        self.socks[listener].queued -= 1
        self.pending[listener].pop(0)
        self.socks[end] = Sock(end, self.socks[listener].namespace, "accepted")
        self.socks[end].told = told
        actor.table[end] = [int(told["fd"])]

    def play_timewait(self, number, actor, spec):
        told = self.order(number, f"timewait {spec}")
        if told:
            address = "::1" if "[" in spec else "127.0.0.1"
            self.soiled.add(actor.namespace)
            self.time_waits.append((actor.namespace, address, int(told["port"])))

    def play_pass(self, number, actor, rest):
        own, to = map(int, rest.split(" "))
        other = self.actors.get(to)
        if own not in actor.table or not other or other.is_gone:
            return
        told = self.order(number, f"pass {own} {to}")
        if told:
            other.table.setdefault(own, []).append(int(told["fd"]))

    def play_dup(self, number, actor, own):
        if int(own) in actor.table:
            self.order(number, f"dup {own}")

    def play_ring(self, number, actor, own):
        if int(own) in actor.table and self.does(number, f"ring {own}"):
            self.soiled.add(self.socks[int(own)].namespace)
            actor.rings.add(int(own))

    def play_flight(self, number, actor, own):
        if int(own) in actor.table and self.does(number, f"flight {own}"):
            actor.flights.add(int(own))

    def is_tied(self, lost, actor):
        """Whether the last hold of `actor` on one of `lost` would also end a connection."""
        return any(("peer" in self.socks[n].told or self.socks[n].queued) and not self.holders(n, actor)
                   for n in lost if n in self.socks)

    def play_close(self, number, actor, own):
        if int(own) in actor.table and not self.is_tied([int(own)], actor):
            self.order(number, f"close {own}")
            del actor.table[int(own)]

    def play_exit(self, number, actor):
        lost = set(actor.table) | set().union(*actor.privates) | actor.rings | actor.flights
        if not self.is_tied(lost, actor):
            self.order(number, "exit")
            actor.is_gone = True
            if actor.rings:  # the kernel takes a ring apart some time after its process has ended
                time.sleep(0.5)

    def play_leave(self, number, actor):
        if not actor.has_left and self.does(number, "leave"):
            actor.has_left = True

    # --- the books

    def holders(self, number, but=None):
        """[(pid, method)] of a socket."""
        return [(a.pid, a.method(number)) for a in self.actors.values()
                if a is not but and a.method(number)]

    def is_alive(self, sock):
        return bool(self.holders(sock.number)) or any(
            sock.number in a.flights for a in self.actors.values() if not a.is_gone)

    def is_reachable(self, namespace):
        """Whether there is a way into a namespace: its name, or a process that lives in it."""
        return not isinstance(namespace, int) or any(
            a.namespace == namespace for a in self.actors.values() if not a.is_gone)

    def alive(self):
        """The sockets that there are and that can be seen."""
        return [s for s in self.socks.values()
                if s.kind and self.is_reachable(s.namespace) and self.is_alive(s)]

    def live_namespaces(self):
        """{name: a path to enter it by} of those that sockets are in."""
        found = {}
        for sock in self.alive():
            if sock.namespace == self.here:
                continue
            inside = [a.pid for a in self.actors.values()
                      if a.namespace == sock.namespace and not a.is_gone and not a.has_left]
            if sock.namespace in self.paths:
                found[sock.namespace] = self.paths[sock.namespace]
            elif inside:
                found[sock.namespace] = f"/proc/{inside[0]}/ns/net"
        return found


def unmapped(address):
    """::ffff:1.2.3.4 is 1.2.3.4."""
    if address.startswith("::ffff:") and "." in address:
        return address[7:]
    return address


def is_v6(address):
    return ":" in address


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if is_v6(address) else socket.AF_INET, address)
