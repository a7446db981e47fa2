#!/usr/bin/env python3
"""The oracle: random mixes of sockets whose owners are known, against berth's whole answer.

usage: oracle.py BERTH MKMIX [--mixes N] [--seed N [--keep N,N,...]] [--jobs N] [--no-ss] [-v]

Every mix is drawn from a seed, played in private namespaces, and compared row by row with `berth
here --all --owners all --json`, the ladder's answer (`berth here --json`) and one `berth PORT
--json`; ss is asked, too, about what it can see. A mix that fails is made as small as it can be
without passing, and printed with the command that plays it again.
"""
import argparse
import collections
import ctypes
import fcntl
import json
import os
import random
import re
import socket
import struct
import subprocess
import sys
import time

from inside import (CLONE_NEWNET, LEFT_OUT, MS_BIND, Skip, call, cgroup2, leave_out_unless_possible,
                    remove_groups, settle_in, start_inside)
from mix import GROUPS, NAMED, Truth, draw, is_v6, packed, unmapped

HERE = "here"
LOOPBACK = "lo"  # interface 1
EPHEMERAL = range(32768, 61000)
SETTLE_S = 5
MIXES = 30
SHRINK_TRIES = 150


# --- where a mix is played ----------------------------------------------------------------------

def configure_loopback():
    """lo is up and has addresses of every kind."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
        for i, address in enumerate(("192.0.2.1", "169.254.7.7"), 1):
            place = struct.pack("16sHH4s16x", f"lo:{i}".encode(), socket.AF_INET, 0, packed(address))
            fcntl.ioctl(s, 0x8916, place)  # SIOCSIFADDR
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        for address, length in (("2001:db8::1", 128), ("fe80::7", 64)):
            fcntl.ioctl(s, 0x8916, struct.pack("16sIi", packed(address), length, 1))


class Stage:
    """This process's own namespace and named ones. Making them is dear: they serve many mixes."""

    def __init__(self, groups):
        self.paths = {name: f"/run/netns/{name}" for name in NAMED} | groups
        self.ids = {}
        os.makedirs("/run/netns", exist_ok=True)
        for name in NAMED:
            open(self.paths[name], "w", encoding="ascii").close()
        self.renew({HERE, *NAMED})

    def renew(self, names):
        """Fresh ones for those in which something is left."""
        own = None if HERE in names else os.open("/proc/self/ns/net", os.O_RDONLY)
        for name in sorted(names - {HERE}):
            if name in self.ids:
                call("umount2", self.paths[name].encode(), ctypes.c_int(2))
            call("unshare", CLONE_NEWNET)
            configure_loopback()
            call("mount", b"/proc/self/ns/net", self.paths[name].encode(), None, MS_BIND, None)
            self.ids[name] = os.stat(self.paths[name]).st_ino
        if own is None:
            call("unshare", CLONE_NEWNET)
            configure_loopback()
        else:
            call("setns", own, CLONE_NEWNET)
            os.close(own)
        self.ids[HERE] = os.stat("/proc/self/ns/net").st_ino


def make_groups():
    """{name: directory} of control groups; empty where there are none."""
    try:
        root = f"{cgroup2()}/{os.environ['BERTH_TEST_GROUP']}"
        for name in GROUPS:
            os.makedirs(f"{root}/{name}")
            os.chmod(f"{root}/{name}/cgroup.procs", 0o666)
    except (Skip, OSError):
        return {}
    return {name: f"{root}/{name}" for name in GROUPS}


# --- what is expected ---------------------------------------------------------------------------

def exposure(address, is_dual, has_device):
    if address.startswith("127.") or address == "::1":
        return "loopback"
    if address.startswith("169.254.") or address.startswith("fe80:"):
        return "link"
    if has_device or address not in ("0.0.0.0", "::"):
        return "interface"
    return "all-v4" if address == "0.0.0.0" else "all" if is_dual else "all-v6"


def age(pid):
    """When a process started, in ticks."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[19])


def owners_of(truth, sock):
    return [list(o) for o in sorted(truth.holders(sock.number), key=lambda o: (age(o[0]), o[0]))]


def place_of(truth, sock, stage):
    """(id, name) of its namespace: without another name, that of the container of its first process."""
    if isinstance(sock.namespace, int):
        first = min((a for a in truth.actors.values()
                     if a.namespace == sock.namespace and not a.is_gone), key=lambda a: a.pid)
        if (first.group or "").startswith("docker-"):
            return sock.namespace, first.group[7:19]
        return sock.namespace, f"net:[{sock.namespace}]"
    return stage.ids[sock.namespace], sock.namespace


def shown_address(sock):
    """MPTCP tells its holder of no zone; its TCP half, which takes the connections, has it."""
    zone = "%1" if sock.local.startswith("fe80:") else ""
    return unmapped(sock.local) + zone


def listener_of(truth, sock, stage):
    """The record that berth must show."""
    address = shown_address(sock)
    is_dual = address == "::" and sock.v6only == "0"
    device = sock.device or (LOOPBACK if "%" in address else None)
    port = int(sock.port)
    is_client = sock.protocol_name == "udp" and port in EPHEMERAL
    backlog = re.search("backlog=([0-9]+)", sock.spec)
    return {
        "protocol": sock.protocol_name, "family": "ipv6" if is_v6(address) else "ipv4",
        "address": address, "port": port, "dual_stack": is_dual, "interface": device,
        "exposure": exposure(address, is_dual, device),
        "role": "maybe-client" if is_client else "listener",
        "backlog": None if sock.is_datagram else {
            "queued": sock.queued, "limit": int(backlog[1]) if backlog else 128},
        "inode": int(sock.inode), "uid": int(sock.uid),
        "namespace": list(place_of(truth, sock, stage)), "owners": owners_of(truth, sock),
    }


def listeners_of(truth, stage):
    """{inode: record}"""
    return {int(s.inode): listener_of(truth, s, stage) for s in truth.alive() if s.kind == "listener"}


def holders_of(truth):
    """{(kind, protocol, address, port, first owner): (how many, inodes)}"""
    found = collections.defaultdict(lambda: [0, []])
    for sock in truth.alive():
        if sock.kind == "listener":
            continue
        owners = owners_of(truth, sock)
        # The kernel lists an MPTCP socket that is only bound by its TCP half alone.
        protocol = sock.protocol_name
        if (sock.kind, protocol) == ("bound-only", "mptcp"):
            protocol = "tcp"
        group = found[(sock.kind, protocol, shown_address(sock), int(sock.port),
                       owners[0][0] if owners else None)]
        group[0] += 1
        group[1].append(int(sock.inode))
    for number, clients in truth.pending.items():
        # Nobody has accepted these: the kernel's half is there, without an inode.
        listener = truth.socks[number]
        for client in clients:
            if truth.is_reachable(listener.namespace):
                peer = truth.socks[client]
                found[("connection", listener.protocol_name, unmapped(peer.peer), int(peer.pport),
                       None)][0] += 1
    for namespace, address, port in truth.time_waits:
        if truth.is_reachable(namespace):
            found[("time-wait", "tcp", address, port, None)][0] += 1
    return {key: (n, sorted(inodes)) for key, (n, inodes) in found.items()}


# --- what berth says ----------------------------------------------------------------------------

def ask(tool, *arguments):
    done = subprocess.run([tool, *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: status {done.returncode} {done.stderr.decode()}")
    return json.loads(done.stdout)


def seen_listener(row):
    keys = ("protocol", "family", "address", "port", "dual_stack", "interface", "exposure", "role",
            "backlog", "inode", "uid")
    seen = {key: row[key] for key in keys}
    seen["namespace"] = [row["namespace"]["id"], row["namespace"]["name"]]
    seen["owners"] = [[o["pid"], o["method"]] for o in row["owners"]]
    return seen


def seen_holders(rows):
    found = {}
    for row in rows:
        key = (row["kind"], row["protocol"], row["address"], row["port"],
               row["owner"]["pid"] if row["owner"] else None)
        inodes = sorted(s["inode"] for s in row["samples"] if s["inode"])
        n, others = found.get(key, (0, []))
        found[key] = (n + row["count"], sorted(others + inodes))
    return found


def differences(expected, seen, name):
    """Lines that say what is missing, invented or different."""
    lines = [f"{name} {key}: missing, should be {expected[key]}" for key in expected.keys() - seen.keys()]
    lines += [f"{name} {key}: invented: {seen[key]}" for key in seen.keys() - expected.keys()]
    for key in expected.keys() & seen.keys():
        a, b = expected[key], seen[key]
        if isinstance(a, dict):
            lines += [f"{name} {a['protocol']} {a['address']}:{a['port']} ({key}): {field} is {b[field]}, "
                      f"should be {a[field]}" for field in a if a[field] != b[field]]
        elif a != b:
            lines.append(f"{name} {key}: {b}, should be {a}")
    return lines


def check_cookies(truth, rows):
    """The kernel leaves some MPTCP listeners out of its table of MPTCP: their TCP half's is shown."""
    cookies = {int(s.inode): s.cookie for s in truth.socks.values()}
    for row in rows:
        if row["protocol"] != "mptcp" and row["cookie"] != cookies.get(row["inode"]):
            yield f"cookie of {row['inode']} is {row['cookie']}, should be {cookies.get(row['inode'])}"


def check_descriptors(rows):
    """The descriptor that berth names leads to the socket."""
    for row in rows:
        for owner in row["owners"]:
            if owner["method"] != "fd":
                continue
            try:
                link = os.readlink(f"/proc/{owner['pid']}/fd/{owner['fd']}")
            except OSError as error:
                link = str(error)
            if link != f"socket:[{row['inode']}]":
                yield f"descriptor {owner['fd']} of {owner['pid']} is {link}, not {row['inode']}"


def check_units(truth, rows):
    """An owner's unit is that of the group it is in now."""
    groups = {a.pid: a.group for a in truth.actors.values() if a.group}
    for row in rows:
        for owner in row["owners"]:
            group = groups.get(owner["pid"], "")
            unit = group.split("/")[0] if group.endswith((".service", ".scope", "/worker")) else None
            if group and unit and owner["unit"] != unit:
                yield f"unit of {owner['pid']} is {owner['unit']}, should be {unit}"


def check_gaps(truth, answer):
    """A gap for each thing in flight, with its inode and uid, and no other gap of this kind."""
    gaps = [g["why"] for g in answer["gaps"] if g["what"] == "owner"]
    lost = [s for s in truth.alive() if not truth.holders(s.number)]
    for sock in lost:
        words = f"inode {sock.inode}, user {sock.uid}, cgroup "
        if not any(words in why for why in gaps):
            yield f"no gap says {words}"
    if len(gaps) != len(lost):
        yield f"{len(gaps)} gaps of owners instead of {len(lost)}: {gaps}"


def without_leftovers(answer, old):
    """Whether the answer has none of what earlier mixes left for the kernel to clear away."""
    inodes = {row["inode"] for row in answer["listeners"]}
    inodes |= {s["inode"] for row in answer.get("holders", []) for s in row["samples"]}
    return not inodes & old


def check_all(berth, truth, stage, old):
    until = time.monotonic() + SETTLE_S
    answer = ask(berth, "here", "--all", "--owners", "all", "--json")
    while not without_leftovers(answer, old) and time.monotonic() < until:
        time.sleep(0.01)
        answer = ask(berth, "here", "--all", "--owners", "all", "--json")
    rows = answer["listeners"]
    inodes = [row["inode"] for row in rows]
    lines = [f"inode {i} twice" for i, n in collections.Counter(inodes).items() if n > 1]
    lines += check_cookies(truth, rows)
    lines += differences(listeners_of(truth, stage),
                         {row["inode"]: seen_listener(row) for row in rows}, "listener")
    holders = holders_of(truth)
    seen = seen_holders(answer["holders"])
    for key, (n, inodes) in holders.items():
        if n > 8 and key in seen:  # samples are bounded
            holders[key] = (n, seen[key][1] if set(seen[key][1]) <= set(inodes) else inodes)
    lines += differences(holders, seen, "holder")
    lines += [f"owners_search {row['owners_search']}" for row in rows if row["owners_search"] != "all"]
    return lines + [*check_descriptors(rows), *check_units(truth, rows), *check_gaps(truth, answer)]


def check_ladder(truth, stage, rows, name):
    """The same rows; owners are some of the true ones, all of them where that is said."""
    expected = listeners_of(truth, stage)
    seen = {row["inode"]: seen_listener(row) for row in rows}
    if name != "here":
        expected = {i: row for i, row in expected.items() if row["port"] == int(name)}
    lines = []
    for row in rows:
        owners, inode = seen[row["inode"]].pop("owners"), row["inode"]
        true = expected[inode]["owners"] if inode in expected else owners
        if not all(o in true for o in owners):
            lines.append(f"{name}: owners {owners} are not among {true}")
        elif true and not owners or row["owners_search"] == "all" and owners != true:
            lines.append(f"{name}: {row['owners_search']} found {owners} of {true}")
    expected = {i: {k: v for k, v in row.items() if k != "owners"} for i, row in expected.items()}
    return lines + differences(expected, seen, name)


# --- what ss says -------------------------------------------------------------------------------

def ask_ss(path):
    """Rows of ss in a namespace: dicts of inode, cookie, port, uid, pids, state."""
    enter = ["nsenter", f"--net={path}"] if path else []
    text = subprocess.run([*enter, "ss", "-HOtuanpe"], capture_output=True, check=True).stdout
    rows = []
    for line in text.decode(errors="replace").splitlines():
        fields = line.split(None, 6)
        rest = fields[6] if len(fields) > 6 else ""
        found = {key: re.search(rf"\b{key}:(\S+)", rest) for key in ("ino", "sk", "uid")}
        rows.append({
            "state": fields[1], "port": fields[4].rpartition(":")[2],
            "inode": int(found["ino"][1]) if found["ino"] else 0,
            "cookie": str(int(found["sk"][1], 16)) if found["sk"] else None,
            "uid": found["uid"][1] if found["uid"] else "0",
            "pids": sorted({int(pid) for pid in re.findall(r'",pid=(\d+),fd=', rest)}),
        })
    return rows


def check_ss(truth, namespace, path):
    """Does ss see what the maker says it made? By inode, as far as ss can see it."""
    rows = {row["inode"]: row for row in ask_ss(path) if row["inode"]}
    socks = {int(s.inode): s for s in truth.alive() if s.namespace == namespace}
    for inode, row in rows.items():
        if inode not in socks:
            yield f"ss {namespace}: {row} is not known to the maker"
    for inode, sock in socks.items():
        if sock.protocol_name == "udplite" or sock.kind == "bound-only":
            continue
        row = rows.get(inode)
        if not row:
            yield f"ss {namespace}: no row of {sock.told}"
            continue
        pids = sorted(pid for pid, method in truth.holders(sock.number) if method == "fd")
        seen = (row["port"], row["uid"], row["pids"])
        if seen != (sock.port, sock.uid, pids):
            yield f"ss {namespace}: {seen}, should be {(sock.port, sock.uid, pids)}"
        if sock.protocol_name != "mptcp" and row["cookie"] != sock.cookie:
            yield f"ss {namespace}: cookie {row['cookie']}, should be {sock.cookie}"


# --- mixes --------------------------------------------------------------------------------------

class Player:
    def __init__(self, options):
        self.options = options
        self.groups = make_groups()
        self.stage = Stage(self.groups)
        self.old = set()
        self.n_sockets = self.n_shared = self.n_hidden = 0

    def compare(self, truth, stage, seed):
        lines = check_all(self.options.berth, truth, stage, self.old)
        rows = ask(self.options.berth, "here", "--json")["listeners"]
        lines += check_ladder(truth, stage, rows, "here")
        ports = sorted({s.port for s in truth.alive() if s.kind == "listener"})
        if ports:
            port = random.Random(seed).choice(ports)
            rows = ask(self.options.berth, port, "--json")["listeners"]
            lines += check_ladder(truth, stage, rows, port)
        if not self.options.no_ss:
            for name, path in ({HERE: None} | truth.live_namespaces()).items():
                lines += check_ss(truth, name, path)
        return lines

    def play(self, seed, keep=None):
        """What is wrong with a mix: lines, none when all is well."""
        orders = draw(seed)
        stage = self.stage
        truth = Truth(self.options.mkmix, stage.paths)
        try:
            truth.play([o for i, o in enumerate(orders) if keep is None or i in keep])
            lines = self.compare(truth, stage, seed)
            for sock in truth.alive():
                holders = truth.holders(sock.number)
                self.n_sockets += 1
                self.n_shared += len(holders) > 1
                self.n_hidden += all(method != "fd" for _, method in holders)
        finally:
            truth.close()
        stage.renew({name for name in truth.soiled if name in stage.ids})
        self.old |= {int(s.inode) for s in truth.socks.values()}
        if self.options.verbose:
            print("\n".join(truth.log))
        return lines

    def shrink(self, seed, keep):
        """Fewer orders that fail still: leave out ever smaller pieces."""
        tries, size = SHRINK_TRIES, max(len(keep) // 2, 1)
        while size and tries > 0:
            at = 0
            while at < len(keep) and tries > 0:
                fewer = keep[:at] + keep[at + size:]
                tries -= 1
                if fewer and self.play(seed, set(fewer)):
                    keep = fewer
                else:
                    at += size
            size //= 2
        return keep

    def judge(self, seed):
        """Play one mix; True when berth and the maker agree."""
        keep = self.options.keep
        lines = self.play(seed, keep)
        if not lines:
            return True
        orders = draw(seed)
        small = sorted(keep) if keep else self.shrink(seed, list(range(len(orders))))
        lines = self.play(seed, set(small)) or lines
        print(f"FAIL mix {seed}; again: oracle.py BERTH MKMIX --seed {seed} --keep "
              f"{','.join(map(str, small))}")
        print("".join(f"    {orders[i]}\n" for i in small), end="")
        print("\n".join(f"  {line}" for line in lines[:20]), flush=True)
        return False


def run_shard(options):
    settle_in()
    player = Player(options)
    n_good = sum(player.judge(seed) for seed in range(options.seed, options.seed + options.mixes))
    groups = "" if player.groups else "; no control groups can be made here"
    print(f"shard: {n_good} of {options.mixes} mixes agree; {player.n_sockets} sockets, "
          f"{player.n_shared} with several owners, {player.n_hidden} with none that a scan of "
          f"/proc/PID/fd finds{groups}", flush=True)
    return 0 if n_good == options.mixes else 1


# --- the whole ----------------------------------------------------------------------------------

def parse():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("berth", type=os.path.abspath)
    parser.add_argument("mkmix", type=os.path.abspath)
    parser.add_argument("--mixes", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=lambda text: {int(n) for n in text.split(",")})
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--no-ss", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    options.no_ss = options.no_ss or not any(
        os.path.exists(f"{place}/ss") for place in os.get_exec_path())
    if options.mixes is None:
        options.mixes = 1 if "--seed" in sys.argv else MIXES
    return options


def start_shard(options, first, n, label):
    arguments = [options.berth, options.mkmix, "--inside", "--seed", str(first), "--mixes", str(n)]
    arguments += ["--no-ss"] if options.no_ss else []
    arguments += ["-v"] if options.verbose else []
    arguments += ["--keep", ",".join(map(str, options.keep))] if options.keep else []
    return start_inside(arguments, label, stdout=subprocess.PIPE, text=True)


def count(outputs):
    """(agreed, asked, failed shards) of what the shards said."""
    said = [re.findall(r"^shard: (\d+) of (\d+) mixes", text, re.M) for text in outputs]
    return (sum(int(s[0][0]) for s in said if s), sum(int(s[0][1]) for s in said if s))


def main():
    options = parse()
    if options.inside:
        sys.exit(run_shard(options))
    leave_out_unless_possible()
    jobs = max(1, min(options.jobs, options.mixes))
    cuts = [options.seed + options.mixes * i // jobs for i in range(jobs + 1)]
    labels = [f"berth-test-{os.getpid()}-oracle-{i}" for i in range(jobs)]
    try:
        shards = [start_shard(options, cuts[i], cuts[i + 1] - cuts[i], labels[i]) for i in range(jobs)]
        outputs = [shard.communicate()[0] for shard in shards]
    finally:
        for label in labels:
            remove_groups(label)
    print("".join(outputs), end="")
    if options.no_ss:
        print("without a second opinion: ss is not here or was not wanted")
    n_good, _ = count(outputs)
    print(f"{n_good} passed, {options.mixes - n_good} failed")
    sys.exit(0 if n_good == options.mixes else 1)


if __name__ == "__main__":
    main()
