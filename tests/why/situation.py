"""Situations on a port, and servers that would like to have it: one line of text each.

  tcp/127.0.0.1/served/ra/uid=1000; udp/::/bound/rp ? tcp/0.0.0.0/ra

Before the question mark stand items, made in this order; after it the candidate: protocol, address
and flags of the server that asks. An item is PROTOCOL/ADDRESS/STATE[/FLAG...]; one that the kernel
refuses is passed over, like an item that makes no sense.

  STATE   bound     bound, nothing else            closed   bound and closed again
          listen    a listener                     unlisten a listener, shut down: bound again
          accepted  a listener and a connection    served   the same, the listener is gone
          queued    a listener, its connection not accepted
          timewait  a server that closed first     lingering the same, the client stays (FIN_WAIT2)
          restarted TIME_WAIT and the listener     half     FIN_WAIT2 with its owner
          closewait the client closed first        client   bound, then connected to another port
          refused   bound, its connect() refused   auto     the port came by connect()
          autowait  the same in TIME_WAIT          sent     (udp) the port came by sendto()
          left      a listener that was closed again
  FLAG    ra rp     SO_REUSEADDR, SO_REUSEPORT before bind
          v6only=N  IPV6_V6ONLY                    dev=NAME  SO_BINDTODEVICE
          uid=N     of whoever makes it            by=N      of whoever accepts
          ns=NAME   network namespace              via=ADDR  what the client connects to
          flight    in flight over a unix socket afterwards: no process has it
"""
import dataclasses
import ipaddress

TCP_STATES = ("bound", "closed", "listen", "unlisten", "accepted", "served", "queued", "timewait",
              "lingering", "restarted", "half", "closewait", "client", "refused", "auto",
              "autowait", "left")
UDP_STATES = ("bound", "closed", "client", "auto", "sent")
CONNECTED = ("accepted", "served", "queued", "timewait", "lingering", "restarted", "half",
             "closewait")

OUTSIDE = {4: "192.0.2.1", 6: "2001:db8::1"}  # on the veth "v0"
LINK = "fe80::7%v0"
V4 = ("0.0.0.0", "127.0.0.1", "127.0.0.2", OUTSIDE[4])
V6 = ("::", "::1", OUTSIDE[6], "::ffff:127.0.0.1", "::ffff:0.0.0.0", LINK)
# Not here; other loopback ones; routed here as a whole, broadcast, multicast; nowhere.
ODD = ("192.0.2.77", "2001:db8::77", "::ffff:192.0.2.77", "127.0.0.6", "127.9.9.9", "198.51.100.9",
       "192.0.2.255", "224.0.0.5", "255.255.255.255", "203.0.113.5", "240.0.0.1", "2001:db8::")
USERS = (0, 1000, 65534)
DEVICES = ("lo", "v0")


@dataclasses.dataclass(frozen=True)
class Item:
    """One line's worth of sockets, or (state None) the candidate."""
    proto: str
    address: str
    state: str | None
    ra: bool = False
    rp: bool = False
    v6only: int | None = None
    uid: int = 0
    dev: str | None = None
    ns: str | None = None
    via: str | None = None
    by: int = 0
    flight: bool = False

    @property
    def is_udp(self):
        return self.proto.startswith("udp")

    def __str__(self):
        words = [self.proto, self.address] + ([self.state] if self.state else [])
        for field in dataclasses.fields(self)[3:]:
            value = getattr(self, field.name)
            if value is True:
                words.append(field.name)
            elif value != field.default:
                words.append(f"{field.name}={value}")
        return "/".join(words)


def parse_item(text, is_candidate=False):
    words = text.strip().split("/")
    proto, address, *rest = words
    state = None if is_candidate else rest.pop(0)
    values = {}
    for word in rest:
        name, equals, value = word.partition("=")
        if not equals:
            values[name] = True
        else:
            values[name] = int(value) if name in ("v6only", "uid", "by") else value
    return Item(proto, address, state, **values)


def parse(text):
    """(items, candidate) of a whole line."""
    before, _, after = text.partition("?")
    items = [parse_item(part) for part in before.split(";") if part.strip()]
    return items, parse_item(after, True) if after.strip() else None


def line(items, candidate=None):
    return "; ".join(map(str, items)) + (f" ? {candidate}" if candidate else "")


# --- addresses ----------------------------------------------------------------------------------

def plain(address):
    return ipaddress.ip_address(address.partition("%")[0])


def is_v6(address):
    return ":" in address


def is_mapped(address):
    return is_v6(address) and plain(address).ipv4_mapped is not None


def is_v4ish(address):
    return not is_v6(address) or is_mapped(address)


def is_any(address):
    return unmapped(address) in ("0.0.0.0", "::")


def unmapped(address):
    return str(plain(address).ipv4_mapped) if is_mapped(address) else address


# --- drawing ------------------------------------------------------------------------------------

class Draw:
    """Random items and candidates; the address and the flags tend to repeat, as in life."""

    def __init__(self, random):
        self.random = random

    def chance(self, p):
        return self.random.random() < p

    def address(self, links=True):
        found = self.random.choice(V4 if self.chance(0.5) else V6)
        return found if links or found != LINK else "::"

    def flags(self, address):
        values = {}
        if self.chance(0.45):
            values["ra"] = True
        if self.chance(0.3):
            values["rp"] = True
        if is_v6(address) and self.chance(0.4):
            values["v6only"] = 0 if is_mapped(address) else self.random.randrange(2)
        if self.chance(0.3):
            values["uid"] = self.random.choice(USERS)
        if self.chance(0.12):
            values["dev"] = self.random.choice(DEVICES)
        return values

    def via(self, item):
        """Where a client of this server can go, or None."""
        if not is_any(item.address):
            return unmapped(item.address)
        near = {4: ["127.0.0.1", "127.0.0.2", OUTSIDE[4]], 6: ["::1", OUTSIDE[6]]}
        if is_v4ish(item.address):
            return self.random.choice(near[4])
        return self.random.choice(near[6] if item.v6only else near[6] + near[4])

    def item(self, twin=None):
        is_udp = self.chance(0.2)
        address = self.address()
        if twin and self.chance(0.5):
            address, is_udp = twin.address, twin.is_udp
        proto = ("udplite" if self.chance(0.1) else "udp") if is_udp else "tcp"
        if proto == "tcp" and self.chance(0.1):
            proto = "mptcp"
        state = self.random.choice(UDP_STATES if is_udp else TCP_STATES + ("listen", "bound"))
        if proto == "mptcp":
            state = self.random.choice(("bound", "listen", "served"))
        if proto == "udplite":
            state = "bound"
        item = Item(proto, address, state, **self.flags(address))
        if state in ("auto", "autowait", "sent"):
            address = self.random.choice(("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"))
            item = Item(proto, address, state, **{**self.flags(address), "dev": None})
        more = {}
        if state in CONNECTED:
            more["via"] = self.via(item)
            if self.chance(0.15):
                more["by"] = self.random.choice(USERS)
        if self.chance(0.04):
            more["ns"] = "b"
        if state in ("bound", "listen", "served") and self.chance(0.03):
            more["flight"] = True
        return dataclasses.replace(item, **more)

    def items(self):
        items = []
        for _ in range(self.random.choice((0, 1, 1, 1, 1, 2, 2, 2, 3, 4))):
            items.append(self.item(self.random.choice(items) if items else None))
        return items

    def candidate(self):
        """One that `berth why` can be asked about."""
        address = self.address()
        if self.chance(0.05):
            address = self.random.choice(ODD)
        values = self.flags(address)
        values["v6only"] = 0 if is_mapped(address) else None
        if address == "::" and self.chance(0.4):
            values["v6only"] = 1
        if address == LINK:
            values["dev"] = None  # the zone is one
        if self.chance(0.05):
            values["ns"] = "b"
        return Item("udp" if self.chance(0.2) else "tcp", address, None, **values)
