#!/usr/bin/python3
"""NAT rules and the ports that they publish, a case file each.

  run.py NAT-DUMP                    the recorded bytes of each case (tests/fuzz/corpus/nft/NAME)
  run.py --real LIVE-DUMP            the rules in a network namespace of their own, through berth
  run.py --record NAT-DUMP [NAME..]  make the rules and record their bytes again

A case is tests/nat/NAME.rules: lines that begin with "$" are commands (iptables-nft ...), "@" gives
addresses of the machine, "?" asks for a port or a range, "=" is an answer, "!" a gap that only a real
look can have; all other lines are fed to nft -f. The command "sk_lookup" attaches a BPF program. Prints a line a question and closes with "N passed, N failed". Exit 0, 1, 77 (left out).
"""

import ctypes
import os
import pathlib
import re
import shlex
import shutil
import socket
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / "fuzz" / "corpus" / "nft"
CLONE_NEWNET = 0x40000000
NEWTABLE, GETTABLE, GETCHAIN, GETRULE, GETSET, GETSETELEM = 0, 1, 4, 7, 10, 13
NFTABLES = 10 << 8


class Case:
    def __init__(self, path):
        self.name = path.stem
        self.rules, self.commands, self.addresses, self.questions = [], [], [], []
        self.gaps = []
        for line in path.read_text().splitlines():
            kind, rest = line[:1], line[1:].strip()
            if kind == "$":
                self.commands.append(shlex.split(rest))
            elif kind == "@":
                self.addresses += rest.split()
            elif kind == "?":
                first, _, last = rest.partition("-")
                self.questions.append((rest, first, last or first, []))
            elif kind == "=":
                self.questions[-1][3].append(rest)
            elif kind == "!":
                self.gaps.append(rest)
            else:
                self.rules.append(line)

    def apply(self):
        """The rules, in the namespace that this process is in."""
        run("ip", "link", "set", "lo", "up")
        for address in self.addresses:
            run("ip", "address", "add", address, "dev", "lo")
        run("nft", "-f", "-", text="\n".join(self.rules) + "\n")
        for command in self.commands:
            if command == ["sk_lookup"]:
                self.held = attach_sk_lookup()
            else:
                run(*command)


def bpf(command, attributes):
    """bpf(2), system call 321 on x86-64 and 280 elsewhere."""
    number = 321 if os.uname().machine == "x86_64" else 280
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(number, command, attributes, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result


def attach_sk_lookup():
    """A program that lets every look-up pass, attached to this network namespace. The descriptors."""
    kind, attach, load, link = 30, 36, 5, 28
    code = ctypes.create_string_buffer(bytes.fromhex("b700000001000000" "9500000000000000"), 16)
    licence = ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack("IIQQ", kind, 2, ctypes.addressof(code), ctypes.addressof(licence))
    attributes = attributes.ljust(68, b"\0") + struct.pack("I", attach)
    program = bpf(load, attributes)
    space = os.open("/proc/self/ns/net", os.O_RDONLY)
    return program, space, bpf(link, struct.pack("IIII", program, space, attach, 0))


def run(*command, text=None):
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{shlex.join(command)}: {done.stderr.strip()}")
    return done.stdout


def in_own_namespace(work):
    """Run `work` in a child with a network namespace of its own, which ends with it."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "unshare")
            status = work()
        except Exception as error:  # the child must not run its parent's code
            print(f"FAIL {error}")
        finally:
            sys.stdout.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def attribute(kind, text):
    value = text.encode() + b"\0"
    raw = struct.pack("HH", len(value) + 4, kind) + value
    return raw + b"\0" * (-len(raw) % 4)


def ask(sock, kind, attributes=b"", family=0, is_dump=True):
    """The messages that answer a request, and their bytes."""
    body = struct.pack("BBH", family, 0, 0) + attributes
    flags = 0x301 if is_dump else 0x1
    sock.send(struct.pack("IHHII", 16 + len(body), NFTABLES | kind, flags, 1, 0) + body)
    messages = []
    while True:
        data = sock.recv(1 << 20)
        while data:
            length, kind_of, flags = struct.unpack_from("IHH", data)
            if kind_of in (2, 3):
                return messages
            messages.append(data[:length] + b"\0" * (-length % 4))
            data = data[(length + 3) & ~3:]
            if not flags & 2:
                return messages


def names(message):
    """Family, and the first two texts of a set's message: table and name."""
    found, at = [], 20
    while at + 4 <= len(message) and len(found) < 2:
        length, kind = struct.unpack_from("HH", message, at)
        if kind & 0x3fff in (1, 2):
            found.append(message[at + 4:at + length].split(b"\0")[0].decode())
        at += (length + 3) & ~3
    return message[16], found


def record(case):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    sock.bind((0, 0))
    parts = ask(sock, GETTABLE) + ask(sock, GETCHAIN) + ask(sock, GETRULE)
    for message in ask(sock, GETSET):
        family, (table, name) = names(message)
        parts.append(message)
        parts += ask(sock, GETSETELEM, attribute(1, table) + attribute(2, name), family)
    CORPUS.mkdir(parents=True, exist_ok=True)
    (CORPUS / case.name).write_bytes(b"".join(parts))


def compare(case, question, got):
    text, _, _, wanted = question
    if got == wanted:
        print(f"ok   {case.name} {text}")
        return True
    print(f"FAIL {case.name} {text}")
    for line in got:
        print(("  = " if line in wanted else "  + ") + line)
    for line in wanted:
        if line not in got:
            print("  - " + line)
    return False


def decode_recorded(program, case):
    failed = 0
    for question in case.questions:
        out = run(program, str(CORPUS / case.name), question[1], question[2], *case.addresses)
        failed += not compare(case, question, out.splitlines())
    return failed


def look_for_real(program, case):
    def work():
        case.apply()
        failed = 0
        for question in case.questions:
            out = run(program, "-H", f"{question[1]}-{question[2]}")
            lines = [line.removeprefix("published ") for line in out.splitlines()
                     if line.startswith("published ")]
            gaps = [line.removeprefix("gap what=published ports ") for line in out.splitlines()
                    if line.startswith("gap what=published ports")]
            failed += not compare(case, (*question[:3], question[3] + case.gaps), lines + gaps)
        return failed
    return in_own_namespace(work)


# What nf_tables is asked for by one look at port 80: the kinds of messages, once each, in order.
REQUESTS = (
    ("no chain", "", [GETCHAIN]),
    ("chains that filter", "table inet f { set s { type inet_service; elements = { 80 } }\n"
     "chain c { type filter hook input priority 0; tcp dport @s accept\n}\n}\n", [GETCHAIN]),
    ("a chain that filters and one of nat", "table ip n { chain f { type filter hook input priority 0; accept\n}\n"
     "chain c { type nat hook prerouting priority -100; tcp dport 80 dnat to 10.0.0.2\n}\n}\n",
     [GETCHAIN, GETTABLE, GETRULE]),
)


def count_requests(program):
    """Rules are asked for only where a chain of type nat is there. How many of REQUESTS were wrong."""
    def work(name, rules, wanted):
        run("nft", "-f", "-", text=rules)
        # Who is traced cannot look for leaks.
        environment = dict(os.environ, ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
        done = subprocess.run(["strace", "-f", "-qq", "-X", "raw", "-e", "trace=sendto", program, "-H", "80-80"], text=True,
                              capture_output=True, check=True, env=environment)
        sent = [int(kind, 16) for kind in re.findall(r"nlmsg_type=0xa(?:<<8\|0x)?([0-9a-f]{1,2})\b", done.stderr)]
        got = list(dict.fromkeys(sent))
        print(f"ok   requests: {name}" if got == wanted else f"FAIL requests: {name}: {got} instead of {wanted}")
        return got != wanted
    return sum(in_own_namespace(lambda case=case: work(*case)) for case in REQUESTS)


def why_not():
    if os.geteuid() != 0:
        return "it needs root"
    for program in ("nft", "iptables-nft", "ip6tables-nft", "strace"):
        if not shutil.which(program):
            return f"there is no {program} (Debian: nftables, iptables, strace)"
    return None


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    mode = sys.argv.pop(1) if sys.argv[1].startswith("--") else ""
    program, wanted = sys.argv[1], sys.argv[2:]
    cases = [Case(path) for path in sorted(HERE.glob("*.rules"))
             if not wanted or path.stem in wanted]
    if mode and why_not():
        print(f"left out: {why_not()}")
        return 77
    passed = failed = 0
    for case in cases:
        if mode == "--record":
            in_own_namespace(lambda case=case: (case.apply(), record(case), 0)[2])
        bad = (look_for_real if mode == "--real" else decode_recorded)(program, case)
        failed += bad
        passed += len(case.questions) - bad
    if mode == "--real" and not wanted:
        bad = count_requests(program)
        failed += bad
        passed += len(REQUESTS) - bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
