"""Where situations are made for real: private namespaces, and the sockets in them.

Everything is made by this process (which is root in namespaces of its own), under another effective
user where an item says so, and closed by Stage.clear().
"""
import contextlib
import ctypes
import dataclasses
import errno
import itertools
import os
import select
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "netns"))
from inside import CLONE_NEWNET, MS_BIND, NOBODY, call, libc  # noqa: E402
from rules import Row  # noqa: E402
from situation import LINK, OUTSIDE, is_any, is_mapped, is_v6, plain, unmapped  # noqa: E402

IP_LOCAL_PORT_RANGE = 51
IPPROTO_MPTCP = 262
PROTOCOLS = {"tcp": (socket.SOCK_STREAM, 0), "mptcp": (socket.SOCK_STREAM, IPPROTO_MPTCP),
             "udp": (socket.SOCK_DGRAM, 0), "udplite": (socket.SOCK_DGRAM, 136)}
BASE = {"net.ipv6.conf.default.accept_dad": 0, "net.ipv4.ip_local_port_range": "32768 60999"}
CLOSED = 8            # a port where nobody does
CLIENTS = (45000, 60000)  # ports of those who connect to a situation
SINKS = range(9, 17)  # ports where somebody listens, for those who only want to connect
NOBODY_ID = 65534
WAIT_S = 1          # for what must come
HOPE_S = 0.02       # for what may go elsewhere, or nowhere


class PassedOver(Exception):
    """This item cannot be made here and now."""


@contextlib.contextmanager
def user(uid):
    """Act as another user; root comes back."""
    if uid:
        os.seteuid(uid)
    try:
        yield
    finally:
        if uid:
            os.seteuid(0)


def configure(settings):
    """Addresses and settings of a fresh namespace."""
    for name, value in {**BASE, **settings}.items():
        with open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as file:
            file.write(str(value))
    batch = ["link set lo up", "link add v0 type veth peer name v1",
             f"addr add {OUTSIDE[4]}/24 dev v0", f"addr add {OUTSIDE[6]}/64 dev v0 nodad",
             f"addr add {LINK.partition('%')[0]}/64 dev v0 nodad",
             "link set v1 up", "link set v0 up", "route add local 198.51.100.0/24 dev lo",
             "route add unreachable 203.0.113.0/24"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(batch), text=True, check=True)


def endpoint(family, address, port):
    """What bind() and connect() of a socket of this family take."""
    if family == socket.AF_INET:
        return (address, port)
    if not is_v6(address):
        address = f"::ffff:{address}"
    base, _, zone = address.partition("%")
    return (base, port, 0, socket.if_nametoindex(zone) if zone else 0)


KEEPER = """
import socket, sys
over, kept = socket.socket(fileno=0), []
while True:
    data, fds, _, _ = socket.recv_fds(over, 1, 250)
    if not data:
        break
    kept += fds
    over.send(data)
"""


class Keeper:
    """A process of the user nobody that has copies of descriptors."""

    def __init__(self):
        self.over, far = socket.socketpair()
        with far:
            self.process = subprocess.Popen([*NOBODY, sys.executable, "-I", "-S", "-c", KEEPER],
                                            stdin=far)

    def keep(self, sockets):
        if sockets:
            socket.send_fds(self.over, [b"x"], [s.fileno() for s in sockets])
            self.over.recv(1)

    def stop(self):
        self.over.close()
        self.process.wait()


class Stage:
    """Two fresh network namespaces, "a" (where this process is) and "b"."""

    def __init__(self, settings=None):
        self.settings = settings or {}
        self.kept = []   # every socket that lives
        self.home = None
        self.other = None
        self.keeper = None
        self.renew()

    def renew(self, settings=None):
        """Fresh namespaces, with other settings if wanted."""
        if settings is not None:
            self.settings = settings
        self.clear()
        for descriptor in (self.home, self.other):
            if descriptor is not None:
                os.close(descriptor)
        call("unshare", CLONE_NEWNET)
        configure(self.settings)
        self.other = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.sinks_b = self.sinks()
        self.name_other()
        call("unshare", CLONE_NEWNET)
        configure(self.settings)
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.sinks_a = self.sinks()

    def name_other(self):
        """So that --netns b finds it."""
        os.makedirs("/run/netns", exist_ok=True)
        libc.umount2(b"/run/netns/b", 2)
        with open("/run/netns/b", "w", encoding="ascii"):
            call("mount", b"/proc/self/ns/net", b"/run/netns/b", None, MS_BIND, None)

    def sinks(self):
        found = []
        for (family, address), port in itertools.product(
                ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")), SINKS):
            s = socket.socket(family, socket.SOCK_STREAM)
            if family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            s.bind((address, port))
            s.listen(4096)
            found.append(s)
        return found

    def clear(self):
        for s in self.kept:
            s.close()
        self.kept = []
        if self.keeper:
            self.keeper.stop()
        self.keeper = Keeper()

    @contextlib.contextmanager
    def namespace(self, name):
        if name:
            call("setns", self.other, CLONE_NEWNET)
        try:
            yield
        finally:
            if name:
                call("setns", self.home, CLONE_NEWNET)

    # --- candidates ---------------------------------------------------------------------------

    def attempt(self, candidate, port):
        """(bind, listen): what really happens; listen is None where it was not called."""
        with self.namespace(candidate.ns), user(candidate.uid):
            try:
                s = new_socket(candidate)
            except OSError as error:
                return errno.errorcode[error.errno], None
            try:
                try:
                    s.bind(endpoint(s.family, candidate.address, port))
                except OSError as error:
                    return errno.errorcode[error.errno], None
                if candidate.is_udp:
                    return "ok", None
                try:
                    s.listen(1)
                except OSError as error:
                    return "ok", errno.errorcode[error.errno]
                return "ok", "ok"
            finally:
                s.close()

    # --- items --------------------------------------------------------------------------------

    def make(self, items, port):
        """Make a situation; the rows that are on the port then."""
        rows = []
        for number, item in enumerate(items):
            before = len(self.kept)
            try:
                with self.namespace(item.ns):
                    made = Maker(self, item, port, number).make()
            except PassedOver:
                for s in self.kept[before:]:
                    abandon(s)
                del self.kept[before:]
                continue
            if item.flight:
                self.fly(before)
            elif item.uid == NOBODY_ID:
                self.keeper.keep(self.kept[before:])
                made = [dataclasses.replace(row, is_kept=True) for row in made]
            rows += made
        return rows

    def fly(self, first):
        """Put what was kept since into flight over a unix socket that nobody reads."""
        pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        socket.send_fds(pair[0], [b"x"], [s.fileno() for s in self.kept[first:]])
        for s in self.kept[first:]:
            s.close()
        self.kept[first:] = pair


def new_socket(item):
    kind, protocol = PROTOCOLS[item.proto]
    s = socket.socket(socket.AF_INET6 if is_v6(item.address) else socket.AF_INET, kind, protocol)
    if item.ra:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if item.rp:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if item.v6only is not None:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, item.v6only)
    if item.dev:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, item.dev.encode())
    return s


def choose_port(s, low, high):
    """The port that connect() or sendto() gives a socket."""
    s.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("I", high << 16 | low))


def abandon(s):
    """Close it so that nothing stays on its port."""
    if s.type == socket.SOCK_STREAM:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def wait_end(s):
    """Until the other side's end of the stream is here."""
    s.settimeout(WAIT_S)
    if s.recv(1):
        raise AssertionError("data on a connection where nobody writes")
    s.settimeout(None)


class Maker:
    """One item."""

    def __init__(self, stage, item, port, number):
        self.stage, self.item, self.port = stage, item, port
        self.sink = SINKS[number % len(SINKS)]

    def make(self):
        return getattr(self, "make_" + self.item.state)()

    def keep(self, s):
        self.stage.kept.append(s)
        return s

    def drop(self, s):
        self.stage.kept.remove(s)
        s.close()

    def row(self, s, state, **other):
        """What the kernel has of a socket on the port; asked of the socket where it can be."""
        address, *_, scope = s.getsockname() if s.family == socket.AF_INET6 else (
            *s.getsockname(), 0)
        v6only = s.family == socket.AF_INET6 and bool(
            s.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
        device = s.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
        if self.item.proto == "mptcp":  # it does not know the v6only of its TCP half
            v6only = self.is_v6only()
        if self.item.proto == "mptcp" and "%" in self.item.address:
            scope = socket.if_nametoindex(self.item.address.partition("%")[2])
        device = scope and socket.if_indextoname(scope) or device.rstrip(b"\0").decode()
        values = {"proto": {"mptcp": "tcp"}.get(self.item.proto, self.item.proto),
                  "address": address, "v6only": v6only, "state": state, "ra": self.item.ra,
                  "rp": self.item.rp, "uid": self.item.uid, "dev": device or None,
                  "ns": self.item.ns,
                  "is_mptcp": self.item.proto == "mptcp",
                  "hidden": "in-flight" if self.item.flight else None}
        return Row(**{**values, **other})

    def is_v6only(self):
        """What bind() makes of this item's socket, and accept() keeps."""
        address = self.item.address
        if not is_v6(address) or is_mapped(address):
            return False
        if not is_any(address) or self.item.v6only is not None:
            return not is_any(address) or bool(self.item.v6only)
        return bool(self.stage.settings.get("net.ipv6.bindv6only", 0))

    def socket(self, address=None):
        item = self.item
        with user(item.uid):
            s = self.keep(new_socket(item))
            try:
                s.bind(endpoint(s.family, address or item.address, self.port))
            except OSError as error:
                raise PassedOver from error
        return s

    def listener(self):
        s = self.socket()
        with user(self.item.uid):
            try:
                s.listen(64)
            except OSError as error:
                raise PassedOver from error
        return s

    def connect(self, s, address, port):
        s.settimeout(HOPE_S)
        try:
            s.connect(endpoint(s.family, address, port))
        except OSError as error:
            raise PassedOver from error
        s.settimeout(None)
        return s

    def pair(self, is_accepting=True):
        """(listener, client, the server's end)"""
        listener = self.listener()
        via = self.item.via
        if not via:
            raise PassedOver
        if via.startswith("fe80:"):
            via = LINK
        client = self.keep(socket.socket(socket.AF_INET6 if is_v6(via) else socket.AF_INET,
                                         *PROTOCOLS[self.item.proto]))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        choose_port(client, *CLIENTS)
        self.connect(client, via, self.port)
        if not select.select([listener], [], [], HOPE_S)[0]:
            raise PassedOver  # it went to another listener of the port
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
        if not is_accepting:
            return listener, client, None
        with user(self.item.by):
            server = self.keep(listener.accept()[0])
        return listener, client, server

    # --- states -------------------------------------------------------------------------------

    def make_bound(self):
        return [self.row(self.socket(), "bound")]

    def make_closed(self):
        self.drop(self.socket())
        return []

    def make_listen(self):
        return [self.row(self.listener(), "listen")]

    def make_left(self):
        self.drop(self.listener())
        return []

    def make_unlisten(self):
        s = self.listener()
        s.shutdown(socket.SHUT_RDWR)
        return [self.row(s, "bound")]

    def make_accepted(self):
        listener, _, server = self.pair()
        return [self.row(listener, "listen"), self.row(server, "connected", uid=self.item.by)]

    def make_served(self):
        listener, _, server = self.pair()
        rows = [self.row(server, "connected", uid=self.item.by)]
        self.drop(listener)
        return rows

    def make_queued(self):
        listener, client, _ = self.pair(is_accepting=False)
        address = client.getpeername()[0]
        if listener.family == socket.AF_INET6 and not is_v6(address):
            address = f"::ffff:{address}"
        row = self.row(listener, "listen")
        return [row, self.row(listener, "connected", address=address, hidden="not-accepted")]

    def timewait(self, listener, client, server):
        row = self.row(server, "timewait", hidden="time-wait")
        self.drop(server)
        wait_end(client)
        self.drop(client)
        return row

    def make_timewait(self):
        listener, client, server = self.pair()
        rows = [self.timewait(listener, client, server)]
        self.drop(listener)
        return rows

    def make_restarted(self):
        listener, client, server = self.pair()
        return [self.row(listener, "listen"), self.timewait(listener, client, server)]

    def make_lingering(self):
        listener, client, server = self.pair()
        rows = [self.row(server, "timewait", hidden="fin-wait-2")]
        self.drop(server)
        wait_end(client)
        if self.item.proto == "tcp":  # answer now: until then it is FIN_WAIT1
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self.drop(listener)
        return rows

    def make_half(self):
        listener, client, server = self.pair()
        rows = [self.row(server, "connected", uid=self.item.by)]
        server.shutdown(socket.SHUT_WR)
        wait_end(client)
        self.drop(listener)
        return rows

    def make_closewait(self):
        listener, client, server = self.pair()
        rows = [self.row(server, "connected", uid=self.item.by)]
        self.drop(client)
        wait_end(server)
        self.drop(listener)
        return rows

    def target(self):
        """Where this one can connect to without leaving."""
        if is_any(self.item.address):
            if is_v6(self.item.address) and not is_mapped(self.item.address):
                return "::1"
            return "127.0.0.1"
        return self.item.address

    def make_client(self):
        s = self.socket()
        self.connect(s, self.target(), self.sink)
        return [self.row(s, "connected")]

    def make_refused(self):
        s = self.socket()
        try:
            s.settimeout(HOPE_S)
            s.connect(endpoint(s.family, self.target(), CLOSED))
        except ConnectionRefusedError:
            return [self.row(s, "bound")]
        except OSError as error:
            raise PassedOver from error
        raise PassedOver

    def autobound(self):
        with user(self.item.uid):
            s = self.keep(new_socket(self.item))
        choose_port(s, self.port, self.port)
        return s

    def check_port(self, s):
        if s.getsockname()[1] != self.port:
            raise PassedOver  # the kernel gives no port below its range

    def make_auto(self):
        s = self.autobound()
        self.connect(s, self.item.address, self.sink)
        self.check_port(s)
        return [self.row(s, "connected")]

    def make_autowait(self):
        s = self.autobound()
        self.connect(s, self.item.address, self.sink)
        self.check_port(s)
        server = self.far_end(s)
        row = self.row(s, "timewait", hidden="time-wait")
        self.drop(s)
        wait_end(server)
        server.close()
        return [row]

    def far_end(self, s):
        """What the sink accepts for this client; earlier ones are kept."""
        ends = (s.getsockname()[:2], s.getpeername()[:2])
        wanted = [(unmapped(address), port) for address, port in ends]
        sinks = self.stage.sinks_b if self.item.ns else self.stage.sinks_a
        while True:
            ready = select.select(sinks, [], [], WAIT_S)[0]
            if not ready:
                raise PassedOver
            server, peer = ready[0].accept()
            if [(unmapped(a), p) for a, p, *_ in (peer, server.getsockname())] == wanted:
                return server
            self.keep(server)

    def make_sent(self):
        s = self.autobound()
        try:
            s.sendto(b"", endpoint(s.family, self.item.address, self.sink))
        except OSError as error:
            raise PassedOver from error
        self.check_port(s)
        return [self.row(s, "bound")]
