#!/usr/bin/env python3
"""Compare berth's built-in registry with IANA's own CSV of 2026-08, column by column, and print the agreement.

  compare-iana.py DUMP-REGISTRY        DUMP-REGISTRY prints what berth's image holds ("rows") and answers ("lookups")

IANA's file is found in $BERTH_SHARED/registry (default: ../shared beside the checkout); without it the test is left out
by name (exit 77). It fails unless the names and the status of every (port, protocol) of 0-65535 x tcp, udp, sctp, dccp are
equal, and every other column is equal (whitespace folded), null, or marked as of 2015. The one exception is 5543/tcp, which
was renamed after IANA's file was made.
"""

import csv
import os
import pathlib
import re
import subprocess
import sys
from collections import Counter, defaultdict

PROTOCOLS = ("tcp", "udp", "sctp", "dccp")
NEWER_THAN_THE_CSV = {(5543, "tcp")}
OLD = "2015-07-24"

# Every description that a row without a name has, and what it means. A new one fails the test: somebody must read it.
STATUS_OF = {
    "Unassigned": "unassigned", "unassigned": "unassigned", "Unassigned [was netstat]": "unassigned",
    "(unassigned) Possibly assigned": "unassigned", "Unassigned (FRP-Released 12/7/00)": "unassigned",
    "Possibly used by Sun Solaris????": "unassigned",
    "Reserved": "reserved", "Reserved - IANA": "reserved", "IANA Reserved": "reserved",
    "De-registered": "de-assigned", "Removed": "de-assigned", "Deprecated": "de-assigned",
    "De-Commissioned Port": "de-assigned", "Decomissioned Port 04/14/00, ms": "de-assigned",
    "any private mail system": "assigned", "any private printer server": "assigned",
    "any private terminal access": "assigned", "any private file service": "assigned",
    "any private dial out service": "assigned", "any private RJE service": "assigned",
    "any private terminal link": "assigned",
}

# berth's column -> (IANA's column, how to write IANA's cell as berth does)
COLUMNS = {
    "description": ("Description", lambda cell: fold(cell)),
    "assignee": ("Assignee", lambda cell: names_of_people(cell)),
    "contact": ("Contact", lambda cell: names_of_people(cell)),
    "registered": ("Registration Date", lambda cell: cell),
    "modified": ("Modification Date", lambda cell: cell),
    "references": ("Reference", lambda cell: documents(cell)),
    "service_code": ("Service Code", lambda cell: cell),
    "unauthorized_use": ("Unauthorized Use Reported", lambda cell: fold(cell)),
    "alias_of": ("Assignment Notes", lambda cell: alias(cell)),
    "widespread": ("Assignment Notes", lambda cell: "yes" if "unassigned but widespread" in cell else ""),
    "note": ("Assignment Notes", lambda cell: scrub(cell)),
}


def fold(text):
    return " ".join(text.split())


def scrub(text):
    return fold(re.sub(r"<?[\w.+-]+[&@][\w-]+(?:\.[\w-]+)+>?", "", text))


def names_of_people(cell):
    parts = [part for part in cell.strip("[]").split("][") if part]
    return ", ".join(re.sub(r"_\d+$", "", part).replace("_", " ") for part in parts)


def documents(cell):
    parts = [fold(part) for part in cell.strip("[]").split("][") if part]
    return ";".join(part for part in parts if part not in ("1", "n/a") and "&" not in part)


def alias(cell):
    found = re.search(r'(?:alias to|duplicate of the) "([^"]+)"', fold(cell))
    return found[1] if found else ""


def status_of(row):
    if row["Service Name"]:
        return "unassigned" if "unassigned but widespread" in row["Assignment Notes"] else "assigned"
    return STATUS_OF[row["Description"]]


def bounds(cell):
    first, _, last = cell.partition("-")
    return (int(first), int(last or first)) if cell else None


def read_iana(path):
    """IANA's rows, and for each (port, protocol) the rows that cover it."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    covering = defaultdict(list)
    for row in rows:
        row["ports"] = bounds(row["Port Number"])
        row["status"] = status_of(row) if row["ports"] else "assigned"
        if row["ports"]:
            for protocol in [row["Transport Protocol"]] if row["Transport Protocol"] else PROTOCOLS:
                for port in range(row["ports"][0], row["ports"][1] + 1):
                    covering[port, protocol].append(row)
    return rows, covering


def expected(port, rows):
    """The status of a number as a person reads it from the rows: a name that counts, else the narrowest row's word."""
    if port >= 49152:
        return "dynamic" if not rows else "a row above 49151"
    if not rows:
        return "none"
    if any(row["Service Name"] and row["status"] == "assigned" for row in rows):
        return "assigned"
    return min(rows, key=lambda row: (row["ports"][1] - row["ports"][0], row["Transport Protocol"] == ""))["status"]


def compare_lookups(lines, covering):
    """Names and status of every (port, protocol). Returns the list of differences."""
    wrong, seen = [], set()
    for line in lines:
        port, protocol, status, names = line.split("\t")
        key = (int(port), protocol)
        seen.add(key)
        if key in NEWER_THAN_THE_CSV:
            continue
        rows = covering.get(key, [])
        theirs = sorted(row["Service Name"] for row in rows if row["Service Name"])
        ours = sorted(name for name in names.split(";") if name)
        if ours != theirs:
            wrong.append(f"{port}/{protocol}: names {ours}, IANA has {theirs}")
        if status != expected(key[0], rows):
            wrong.append(f"{port}/{protocol}: status {status}, IANA has {expected(key[0], rows)}")
    missing = 65536 * len(PROTOCOLS) - len(seen)
    if missing:
        wrong.append(f"{missing} (port, protocol) were not answered")
    return wrong


def find_twin(row, by_key, covering):
    """IANA's row for one of ours: the same name, ports and protocol; for a row without a name the one that covers it."""
    ports = (int(row["first"]), int(row["last"])) if row["first"] else None
    twins = by_key.get((row["name"], ports, row["protocol"]), [])
    same = [twin for twin in twins if fold(twin["Description"]) == row["description"]]
    if twins:
        return (same or twins)[0]
    if row["name"] or not ports:
        return None
    for twin in covering.get((ports[0], row["protocol"] or "tcp"), []):
        if not twin["Service Name"] and twin["Transport Protocol"] == row["protocol"]:
            return twin
    return None


def compare_rows(rows, iana, covering):
    """Every column of every row. Returns the tally by column, the differences, and what has no twin."""
    by_key = defaultdict(list)
    for row in iana:
        by_key[row["Service Name"], row["ports"], row["Transport Protocol"]].append(row)
    tally, wrong, alone = defaultdict(Counter), [], []
    for row in rows:
        if row["first"] and (int(row["first"]), row["protocol"]) in NEWER_THAN_THE_CSV:
            continue
        twin = find_twin(row, by_key, covering)
        if twin is None:
            alone.append(row)
            continue
        for column, (theirs, write) in COLUMNS.items():
            mark = row["names_as_of" if column == "description" else "details_as_of"]
            if row[column] == write(twin[theirs]):
                verdict = "equal" if row[column] else "both null"
            elif row[column] == "":
                verdict = "null"
            elif mark == OLD:
                verdict = "as of 2015"
            else:
                verdict = "WRONG"
                wrong.append(f"{row['first']}/{row['protocol']} {row['name']}: {column} is {row[column]!r}, "
                             f"IANA has {write(twin[theirs])!r}, and nothing marks it as old")
            tally[column][verdict] += 1
    return tally, wrong, alone


def check_alone(alone):
    """Rows of ours that IANA has no more (or not in these bounds) must say that they are of 2015, or be plain Unassigned."""
    wrong = []
    for row in alone:
        derived = row["status"] == "unassigned" and not row["name"]
        if row["names_as_of"] != OLD and not derived:
            wrong.append(f"{row['first']}/{row['protocol']} {row['name']}: not in IANA's file and not marked as old")
    return wrong


def check_former(rows, covering):
    """A former claimant must not be a present one."""
    wrong = []
    for row in rows:
        for entry in filter(None, row["former"].split(";")):
            name = entry.split("|")[0]
            for protocol in [row["protocol"]] if row["protocol"] else PROTOCOLS:
                if name and any(name == twin["Service Name"] for twin in covering.get((int(row["first"]), protocol), [])):
                    wrong.append(f"{row['first']}/{protocol}: {name} is called former and is listed")
    return wrong


def check_types(rows):
    """Columns are typed; no address of a person is in the table."""
    wrong = []
    patterns = {"first": r"\d*", "last": r"\d*", "protocol": r"(tcp|udp|sctp|dccp)?",
                "status": r"assigned|reserved|unassigned|de-assigned", "registered": r"(\d{4}-\d\d(-\d\d)?)?",
                "modified": r"(\d{4}-\d\d(-\d\d)?)?", "service_code": r"\d*", "widespread": r"(yes)?", "rank": r"\d*",
                "names_as_of": r"2015-07-24|2026-08", "details_as_of": r"(2015-07-24)?"}
    for row in rows:
        for column, pattern in patterns.items():
            if not re.fullmatch(pattern, row[column]):
                wrong.append(f"{row['first']} {row['name']}: {column} is {row[column]!r}")
        for column, cell in row.items():
            if re.search(r"[\w.-]+[@&][\w-]+\.\w", cell):
                wrong.append(f"{row['first']} {row['name']}: an address in {column}: {cell!r}")
    return wrong


def print_tally(tally):
    verdicts = ("equal", "both null", "null", "as of 2015", "WRONG")
    print(f"{'column':18}" + "".join(f"{verdict:>12}" for verdict in verdicts))
    for column, counts in tally.items():
        print(f"{column:18}" + "".join(f"{counts[verdict]:12}" for verdict in verdicts))


def run(program, argument):
    output = subprocess.run([program, argument], check=True, stdout=subprocess.PIPE).stdout
    return output.decode("utf-8").splitlines()


def main():
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    shared = pathlib.Path(os.environ.get("BERTH_SHARED", root.parent / "shared"))
    path = shared / "registry" / "iana-2026-08.csv"
    if not path.exists():
        print(f"left out: compare-iana, because {path} is not there")
        sys.exit(77)
    iana, covering = read_iana(path)
    head, *lines = run(sys.argv[1], "rows")
    columns = head.split("\t")
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]
    wrong = compare_lookups(run(sys.argv[1], "lookups"), covering)
    print(f"(port, protocol): {65536 * 4} compared, {len(wrong)} differ in names or status (5543/tcp excepted)")
    tally, wrong_cells, alone = compare_rows(rows, iana, covering)
    print(f"rows: {len(rows)} here, {len(iana)} in IANA's file, {len(rows) - len(alone)} compared")
    print_tally(tally)
    kinds = Counter("without a port, of 2015" if not row["first"] else "Unassigned, other bounds" if not row["name"]
                    else "named" for row in alone)
    print("not compared, because IANA's file has no such row: " + ", ".join(f"{n} {kind}" for kind, n in kinds.items()))
    wrong += wrong_cells + check_alone(alone) + check_former(rows, covering) + check_types(rows)
    for line in wrong[:50]:
        print("  " + line)
    print(f"{len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
