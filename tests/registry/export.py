#!/usr/bin/env python3
"""What `berth export` writes is read back by others: services(5) by glibc, JSON, JSON lines and CSV.

Usage: export.py BERTH. glibc is asked in a mount namespace of its own, where the file is /etc/services;
that needs root and unshare(1), and is left out by name without them.
"""

import csv
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest

BERTH = None
ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8",
               "BERTH_REGISTRY": "built-in"}


def export(kind):
    done = subprocess.run([BERTH, "export", kind], env=ENVIRONMENT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=True)
    return done.stdout.decode(), done.stderr.decode()


def read_services(text):
    """(name, port, protocol, aliases) of each line, as services(5) says."""
    rows = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words:
            port, _, protocol = words[1].partition("/")
            rows.append((words[0], int(port), protocol, words[2:]))
    return rows


def ask_glibc(path):
    """Runs where PATH is /etc/services: every line by getent, a part of them by name and by port."""
    with open(path, encoding="utf-8") as file:
        rows = read_services(file.read())
    said = subprocess.run(["getent", "services"], stdout=subprocess.PIPE, check=True).stdout.decode()
    listed = [line.split() for line in said.splitlines()]
    assert [(w[0], w[1], w[2:]) for w in listed] == [(n, f"{p}/{t}", a) for n, p, t, a in rows], \
        "getent lists something else"
    first = {}
    for name, port, protocol, aliases in rows:
        for one in [name, *aliases]:
            first.setdefault((one, protocol), port)
    for name, port, protocol, aliases in rows[::97] + rows[:20]:
        assert socket.getservbyport(port, protocol) == name, (port, protocol)
        for one in [name, *aliases]:
            assert socket.getservbyname(one, protocol) == first[one, protocol], one


class Services(unittest.TestCase):
    def test_glibc_reads_it_back(self):
        text, _ = export("services")
        self.assertGreater(len(read_services(text)), 11000)
        if os.geteuid() != 0:
            self.skipTest("needs root to put a file in the place of /etc/services")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "services")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(folder, 0o755)
            command = ["unshare", "--mount", "sh", "-c",
                       'mount --bind "$1" /etc/services && exec "$2" "$3" --ask "$1"', "sh", path,
                       sys.executable, os.path.abspath(__file__)]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  check=False)
            self.assertEqual((done.returncode, done.stdout.decode()), (0, ""))

    def test_what_it_cannot_hold_is_counted(self):
        _, said = export("services")
        portless = sum(1 for line in export("jsonl")[0].splitlines()
                       if json.loads(line)["ports"] is None and json.loads(line)["name"])
        self.assertIn(f"{portless} names without a port", said)

    def test_ranges_are_expanded(self):
        rows = read_services(export("services")[0])
        ports = {port for name, port, protocol, _ in rows if (name, protocol) == ("x11", "tcp")}
        self.assertEqual(ports, set(range(6000, 6064)))


class Records(unittest.TestCase):
    def test_json_and_lines_say_the_same(self):
        whole = json.loads(export("json")[0])
        lines = [json.loads(line) for line in export("jsonl")[0].splitlines()]
        for line in lines:
            self.assertEqual(line.pop("type"), "assignment")
            self.assertEqual(line["source"], "iana")
        self.assertEqual(lines, whole)

    def test_csv_has_the_same_rows(self):
        rows = list(csv.DictReader(io.StringIO(export("csv")[0], newline="")))
        records = json.loads(export("json")[0])
        self.assertEqual(len(rows), len(records))
        for row, record in zip(rows, records):
            ports = record["ports"]
            number = "" if ports is None else "-".join(map(str, ports[:1] + ports[1:] * (
                ports[0] != ports[1])))
            self.assertEqual((row["Service Name"], row["Port Number"], row["Transport Protocol"]),
                             (record["name"] or "", number, record["protocol"] or ""))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ask"]:
        ask_glibc(sys.argv[2])
    else:
        BERTH = os.path.abspath(sys.argv.pop(1))
        unittest.main(verbosity=2)
