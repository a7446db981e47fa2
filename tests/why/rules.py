"""The kernel's rules for bind(2) and listen(2) of a given port, as found on Linux 6.18.

What decides: protocol, network namespace, and for each socket that has the port: local address,
IPv6 only or not, state, SO_REUSEADDR, SO_REUSEPORT, uid, bound device. The order:

  1. address and privilege
       IPv4      address neither local nor multicast nor broadcast: EADDRNOTAVAIL; then a port below
                 ip_unprivileged_port_start without CAP_NET_BIND_SERVICE: EACCES
       IPv6      the other way round: EACCES first, whatever the address; then, for a mapped address
                 with IPV6_V6ONLY: EINVAL; then EADDRNOTAVAIL. A global address may be on any
                 interface, ::1 and fe80:: only on the one that the socket is bound to; the scope of
                 fe80::1%v0 replaces SO_BINDTODEVICE
  2. sockets of the same protocol (UDP-Lite is not UDP, MPTCP is TCP) and namespace: EADDRINUSE if
     one of them blocks: devices meet, addresses meet, and the flags do not excuse it
       devices   one of both has none, or both the same. Connections of a bound listener have its
                 device, TIME_WAIT too (sock_diag: idiag_if)
       addresses equal (mapped = IPv4), or one a wildcard that covers the other; see meets_tcp(). An
                 odd one: for a candidate 0.0.0.0 an IPv6 socket that is not "v6only" counts as
                 127.0.0.6. bind() to a specific IPv6 address sets v6only silently, but these are
                 not: connections accepted by a dual-stack listener, ports that came by connect(),
                 and a bound [::] that connected. So they block 0.0.0.0 - and sock_diag tells v6only
                 of LISTEN and CLOSE only, getsockopt of whoever has an fd, nobody of TIME_WAIT.
                 (getsockopt on an MPTCP socket does not know the v6only of its TCP half.) UDP
                 uses the same rule for every IPv4 candidate: a connected IPv6 UDP socket blocks
                 127.0.0.6 and 0.0.0.0
       tcp flags both SO_REUSEADDR and the old one not LISTEN; or both SO_REUSEPORT and the same uid
                 (TIME_WAIT, also with substate FIN_WAIT2: any uid). The uid is that of the socket:
                 of an accepted connection, whoever called accept()
       udp flags both SO_REUSEADDR (any state, any uid); or both SO_REUSEPORT and the same uid. The
                 kernel stops at the first socket that meets the candidate and is excused by
                 SO_REUSEPORT (the youngest first, mostly), so that a blocker behind it is not seen
  3. listen() succeeds whenever bind() did. (Except a race, and flags that were changed after bind.)

Connections, TIME_WAIT and orphans have the flags their listener had when they were made. Request
sockets (SYN_RECV) do not count. A connected socket that was bound to a wildcard counts with the
address that it has now, also after its connect() failed.

What sock_diag does not say: SO_REUSEADDR and SO_REUSEPORT of any socket; v6only of connections and
TIME_WAIT. An fd knows all three; TIME_WAIT, orphans, connections not yet accepted and sockets in
flight have none.

History. A bind bucket keeps caches (fastreuse, fastreuseport with uid and address) of who was bound
while it lived, also of sockets long closed. A candidate with SO_REUSEPORT whose uid and address are
those of the last such binder X is let in without any look at the others, at bind and at listen. So
what would block it blocks it surely only if it would have blocked X, too, which may have had
SO_REUSEADDR or another device; see memories(). The ways to it:
  * the blocker has SO_REUSEADDR and does not listen, the candidate has only SO_REUSEPORT
  * the blocker is bound to a device (the cache knows none)
  * the candidate is [::], dual-stack, and the blocker is not: a cached 0.0.0.0, or [::] v6only,
    matches it; and the candidate is 0.0.0.0 and the blocker an IPv6 connection
  * the blocker was accepted by another user than the listener's (the cache has the listener's)
Candidates without SO_REUSEPORT never depend on history. (Flags that are changed after bind are
not seen by the caches either: a socket that sets SO_REUSEADDR, binds and clears it lets a
SO_REUSEADDR candidate bind, which then fails at listen. No situation here does that.)
"""
import dataclasses
import ipaddress
import itertools

from situation import is_any, is_mapped, is_v4ish, is_v6, unmapped


@dataclasses.dataclass(frozen=True)
class Row:
    """One socket that has the port."""
    proto: str
    address: str
    v6only: bool
    state: str          # bound, listen, connected, timewait
    ra: bool
    rp: bool
    uid: int
    dev: str | None
    ns: str | None
    hidden: str | None  # why nobody can ask it for its flags; None: somebody has it
    is_kept: bool = False  # a process of the user nobody has it, too
    is_mptcp: bool = False


# Local, broadcast and multicast addresses will do, and what the table "local" has besides.
LOCAL4 = [ipaddress.ip_network(n) for n in (
    "127.0.0.0/8", "198.51.100.0/24", "192.0.2.255/32", "224.0.0.0/4", "255.255.255.255/32",
    "0.0.0.0/32", "192.0.2.1/32")]


def address_error(c, port, world):
    """What speaks against a candidate whatever the others do, or None."""
    privileged = c.uid != 0 and port < world.get("net.ipv4.ip_unprivileged_port_start", 1024)
    if not is_v6(c.address):
        if not is_local4(c.address, world):
            return "EADDRNOTAVAIL"
        return "EACCES" if privileged else None
    if privileged:
        return "EACCES"
    if is_mapped(c.address):
        if v6only(c, world):
            return "EINVAL"
        return None if is_local4(unmapped(c.address), world) else "EADDRNOTAVAIL"
    return None if is_local6(c, world) else "EADDRNOTAVAIL"


def v6only(c, world):
    if not is_v6(c.address):
        return False
    if c.v6only is None:
        return bool(world.get("net.ipv6.bindv6only", 0))
    return bool(c.v6only)


def is_local4(address, world):
    return (any(ipaddress.ip_address(address) in network for network in LOCAL4) or
            world.get("net.ipv4.ip_nonlocal_bind", 0))


def is_local6(c, world):
    on = {"::": None, "::1": "lo", "2001:db8::1": "v0", "fe80::7%v0": "v0"}
    if world.get("net.ipv6.ip_nonlocal_bind", 0):
        return True
    if c.address == "::1" and c.dev:
        return c.dev == "lo"
    return c.address in on


def both_addresses(c, c_v6only, r):
    """inet_rcv_saddr_equal: do two addresses meet, wildcards counted?"""
    if not is_v6(c.address):
        if r.v6only:
            return False
        # An IPv6 socket that is not v6only and has an IPv6 address counts as 127.0.0.6 here.
        theirs = unmapped(r.address) if is_v4ish(r.address) else (
            "0.0.0.0" if is_any(r.address) else "127.0.0.6")
        return c.address == theirs or "0.0.0.0" in (c.address, theirs)
    mine6, theirs6 = not is_mapped(c.address), not is_v4ish(r.address)
    if not mine6 and not theirs6:
        a, b = unmapped(c.address), unmapped(r.address)
        return not r.v6only and (a == b or "0.0.0.0" in (a, b))
    if c.address == "::" and r.address == "::":
        return True
    if r.address == "::" and not (r.v6only and not mine6):
        return True
    if c.address == "::" and not (c_v6only and not theirs6):
        return True
    return theirs6 and plain(c.address) == plain(r.address)


def plain(address):
    return address.partition("%")[0]


def meets_tcp(c, c_v6only, r):
    if is_any(c.address):
        return both_addresses(c, c_v6only, r)
    if r.address == "::":
        return not (r.v6only and is_v4ish(c.address))
    if is_any(r.address):
        return is_v4ish(c.address)
    return plain(unmapped(c.address)) == plain(unmapped(r.address))


def device_of(c):
    return c.address.partition("%")[2] or c.dev


def tcp_blocks(c, r):
    if c.ra and r.ra and r.state != "listen":
        return False
    return not (c.rp and r.rp and (r.state == "timewait" or c.uid == r.uid))


def udp_blocks(c, r):
    if c.ra and r.ra:
        return False
    return not (c.rp and r.rp and c.uid == r.uid)


def blocks(c, r, world):
    """Does this row make bind() fail?"""
    if r.proto != c.proto or r.ns != c.ns:
        return False
    if device_of(c) and r.dev and device_of(c) != r.dev:
        return False
    if c.is_udp:
        return both_addresses(c, v6only_bound(c, world), r) and udp_blocks(c, r)
    return meets_tcp(c, v6only_bound(c, world), r) and tcp_blocks(c, r)


def v6only_bound(c, world):
    """What bind() makes of it."""
    return v6only(c, world) or (is_v6(c.address) and not is_mapped(c.address)
                                and not is_any(c.address))


# --- what can be known --------------------------------------------------------------------------

def memories(c, world):
    """The candidate, and every closed one that the kernel could take it for: what was let in then
    comes in now."""
    yield c
    if c.is_udp or not c.rp:
        return
    addresses = [{"address": c.address.partition("%")[0], "v6only": c.v6only}]
    if c.address == "::" and not v6only(c, world):
        addresses += [{"address": "0.0.0.0"}, {"address": "::", "v6only": 1}]
    if c.address == "0.0.0.0":
        addresses += [{"address": "::ffff:0.0.0.0"}]
    for place, dev in itertools.product(addresses, (device_of(c), "another")):
        yield dataclasses.replace(c, ra=True, dev=dev, **place)


def is_v6only_open(r):
    """Whether sock_diag does not tell."""
    return is_v6(r.address) and not is_mapped(r.address) and r.state in ("connected", "timewait")


def worlds_of(r, is_hidden):
    """The row with every value that may be what is not known of it."""
    flags = list(itertools.product((False, True), repeat=2)) if is_hidden else [(r.ra, r.rp)]
    is_open = is_v6only_open(r) and (is_hidden or r.is_mptcp)
    return [dataclasses.replace(r, ra=ra, rp=rp, v6only=only)
            for ra, rp in flags for only in ((False, True) if is_open else (r.v6only,))]


def stops(x, c, r, world):
    """Whether this row would have kept a remembered one out. One that was accepted has no say: it
    may have come after, with another uid than its listener's."""
    return blocks(x, r, world) and (x is c or not (r.rp and r.state == "connected"))


def is_blocked(c, rows, world, is_hidden):
    """Surely, whatever the flags that are not known and the history."""
    return all(any(all(stops(x, c, possible, world) for possible in worlds_of(r, is_hidden(r)))
                   for r in rows) for x in memories(c, world))


def in_the_way(c, rows, world, is_hidden):
    """The rows that may block."""
    return [r for r in rows if any(blocks(c, p, world) for p in worlds_of(r, is_hidden(r)))]


def is_excuse(c, r, world):
    """A UDP socket at which the kernel stops looking, content."""
    return c.is_udp and c.rp and r.rp and c.uid == r.uid and not (c.ra and r.ra) and blocks(
        c, dataclasses.replace(r, rp=False), world)


def judge(c, port, rows, world, is_hidden=lambda row: False):
    """(bind, listen, kinds): "unknown" where nothing but trying tells, and then why.

    `is_hidden` says whose flags cannot be read.
    """
    error = address_error(c, port, world)
    if error:
        return error, None, set()
    suspects = in_the_way(c, rows, world, is_hidden)
    if not suspects:
        return "ok", None if c.is_udp else "ok", set()
    kinds = {r.hidden or "unreadable" for r in suspects if is_hidden(r)}
    kinds |= {"mptcp" for r in suspects if r.is_mptcp and is_v6only_open(r)}
    if is_blocked(c, suspects, world, is_hidden):
        if not any(is_excuse(c, p, world) for r in rows for p in worlds_of(r, is_hidden(r))):
            return "EADDRINUSE", None, set()
        kinds.add("order")
    return "unknown", None if c.is_udp else "unknown", kinds or {"history"}


# --- causes -------------------------------------------------------------------------------------

EPHEMERAL = range(32768, 61000)
CAUSES = {"EACCES": "privileged-port", "EADDRNOTAVAIL": "address-not-local", "EINVAL": "unknown"}


def cause_of_listener(c, r, is_rp_hidden):
    if c.rp and r.rp and c.uid != r.uid and not is_rp_hidden:
        return "reuseport-other-user"
    if is_v4ish(c.address) != is_v4ish(r.address):
        return "dual-stack-overlap"
    is_same = plain(unmapped(c.address)) == plain(unmapped(r.address))
    return "exact-listener" if is_same else "wildcard-overlap"


def cause_of(c, port, r, is_hidden):
    """The word for one socket that is in the way."""
    if r.state == "listen" or (c.is_udp and r.state == "bound"):
        return cause_of_listener(c, r, is_hidden)
    if r.state == "timewait":
        return r.hidden  # time-wait or fin-wait-2
    if r.state == "connected" and port in EPHEMERAL:
        return "ephemeral-client"
    return "dead-server" if r.state == "connected" and not c.is_udp else "bound-only"


def causes(c, port, rows, world, is_hidden=lambda row: False):
    """Every cause that may be given: one, where only one socket may be in the way."""
    error = address_error(c, port, world)
    if error:
        return {CAUSES[error]}
    return {cause_of(c, port, r, is_hidden(r)) for r in in_the_way(c, rows, world, is_hidden)}
