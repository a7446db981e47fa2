#!/usr/bin/env python3
"""All of IANA's registry survives the way through an image: every cell of every row of every file.

  exactness.py BERTH

Each CSV in $BERTH_SHARED/registry (default: ../shared beside the checkout), and the XML of the newest day, is taken by
`berth update --from` and written again by `berth export csv`. Compared are all twelve columns of all rows, byte for byte,
where whitespace is folded (src/registry/iana.h) and rows stand by first port (src/registry/iana-table.h). Then what the
cells mean, as `export jsonl` shows it, is compared with the rules of tools/make-baseline, which are the same in Python. The
XML's image must be that of the CSV of the same day but for people's names and organizations.

Without the files the test is left out by name (exit 77).
"""

import csv
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COLUMNS = ["Service Name", "Port Number", "Transport Protocol", "Description", "Assignee", "Contact", "Registration Date",
           "Modification Date", "Reference", "Service Code", "Unauthorized Use Reported", "Assignment Notes"]
ONLY_XML = ("assignee", "contact", "organization")
counts = {"passed": 0, "failed": 0}


def check(what, holds, detail=""):
    counts["passed" if holds else "failed"] += 1
    print(f"{'ok' if holds else 'FAILED'}: {what}" + (f": {detail}" if detail and not holds else ""))


def rules_of_baseline():
    loader = importlib.machinery.SourceFileLoader("make_baseline", str(ROOT / "tools" / "make-baseline"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("make_baseline", loader))
    loader.exec_module(module)
    return module


def fold(text):
    return re.sub(r"[ \t\n\r\v\f]+", " ", text).strip(" ")


def first_port(row):
    return (0, int(row[1].partition("-")[0])) if row[1] else (1, 0)


def read_iana(path):
    with open(path, newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    rows = [[fold(cell) for cell in row] for row in rows]
    return head, sorted(rows, key=first_port)


class Registry:
    """One image, made by berth."""

    def __init__(self, berth, folder, source):
        self.command = [berth, "--registry", str(folder / (source.name + ".image"))]
        done = self.run("update", "--from", str(source), "--force", "--json")
        self.update = json.loads(done)

    def run(self, *arguments):
        return subprocess.run([*self.command, *arguments], check=True, stdout=subprocess.PIPE).stdout

    def csv(self):
        return list(csv.reader(io.StringIO(self.run("export", "csv").decode("utf-8"), newline="")))

    def rows(self):
        return [json.loads(line) for line in self.run("export", "jsonl").decode("utf-8").splitlines()]


def compare_cells(name, iana, berth):
    head, *rows = berth
    check(f"{name}: header", head == COLUMNS)
    check(f"{name}: {len(iana)} rows", len(rows) == len(iana), f"{len(rows)} here")
    wrong = [(ours, theirs) for ours, theirs in zip(rows, iana) if ours != theirs]
    n = sum(a == b for ours, theirs in zip(rows, iana) for a, b in zip(ours, theirs))
    check(f"{name}: {12 * len(iana)} cells equal", n == 12 * len(iana), f"{n} are; first {wrong[:1]}")


def meaning(rules, cells):
    """What a row says, by make-baseline's rules."""
    name, _, _, description, assignee, contact, registered, modified, reference, code, unauthorized, note = cells
    note = rules.without_addresses(note)
    row = {"name": name or None, "description": description or None, "assignee": rules.people(assignee) or None,
           "contact": rules.people(contact) or None, "registered": registered or None, "modified": modified or None,
           "references": [one for one in rules.references(reference).split(";") if one],
           "service_code": int(code) if code else None, "note": note or None, "alias_of": rules.alias_target(note) or None,
           "unauthorized_use": rules.without_addresses(unauthorized) or None,
           "status": "assigned" if name else rules.status_of_text(description),
           "widespread": "unassigned but widespread use" in note}
    if name and row["widespread"]:
        row["status"] = "unassigned"
    former = (one.split("|") for one in rules.former_in_text(description, note))
    row["former"] = [{"name": a.strip() or None, "listed": b or None, "removed": c or None} for a, b, c in former]
    return row


def compare_meanings(name, rules, iana, berth):
    wrong = []
    for cells, row in zip(iana, berth):
        for key, value in meaning(rules, cells).items():
            if row[key] != value:
                wrong.append((cells[0], cells[1], key, row[key], value))
    check(f"{name}: {len(iana)} rows mean what tools/make-baseline reads", not wrong, f"{len(wrong)}, first {wrong[:2]}")
    addresses = [(key, value) for row in berth for key, value in row.items()
                 if isinstance(value, str) and re.search(r"[\w.+-]+[&@][\w-]+(\.[\w-]+)+", value)]
    check(f"{name}: no address of a person in any field", not addresses, str(addresses[:2]))


def compare_forms(from_csv, from_xml):
    check("XML and CSV of one day: export csv is the same, byte for byte",
          from_csv.run("export", "csv") == from_xml.run("export", "csv"))
    check("XML and CSV of one day: export services is the same",
          from_csv.run("export", "services") == from_xml.run("export", "services"))
    ours, theirs = from_xml.rows(), from_csv.rows()
    differing = {key for a, b in zip(ours, theirs) for key in a if a[key] != b[key]}
    check("XML and CSV of one day: fields differ only where the XML knows people", differing <= set(ONLY_XML), str(differing))
    named = sum(row["organization"] is not None for row in ours)
    check("the XML gives organizations", named > 10000, f"{named}")
    check("the XML resolves people", any(row["contact"] and "_" not in row["contact"] for row in ours))


def main():
    berth = sys.argv[1]
    shared = pathlib.Path(os.environ.get("BERTH_SHARED", ROOT.parent / "shared")) / "registry"
    files = sorted(shared.glob("iana-*.csv"))
    if not files:
        print(f"left out: exactness, because {shared} has no iana-*.csv")
        sys.exit(77)
    rules = rules_of_baseline()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        made = {}
        for path in files:
            _, iana = read_iana(path)
            registry = made[path.stem] = Registry(berth, folder, path)
            compare_cells(path.name, iana, registry.csv())
            compare_meanings(path.name, rules, iana, registry.rows())
            again = folder / (path.name + ".again.csv")
            again.write_bytes(registry.run("export", "csv"))
            check(f"{path.name}: what export csv writes is the same registry",
                  Registry(berth, folder, again).run("export", "csv") == again.read_bytes())
        xml = shared / (files[-1].stem + ".xml")
        if "--no-xml" in sys.argv or not xml.exists():
            print(f"left out: the XML, because {'this build reads none' if xml.exists() else f'{xml} is not there'}")
        else:
            compare_forms(made[files[-1].stem], Registry(berth, folder, xml))
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    sys.exit(1 if counts["failed"] else 0)


if __name__ == "__main__":
    main()
