#!/usr/bin/env python3
"""Every kind of JSON that berth writes, over every recorded world, against the schema files.

  schemas.py BERTH

The schemas are data/schema/*.json; the validator is python3-jsonschema, which knows nothing of berth.
Beyond what a schema says it is checked that keys stand in the schema's order, that instants are
instants, that a line's "type" is one of the documented ones, and that the schemas refuse broken records.
Prints one line for each world and kind that fails; closes with "N passed, N failed".
"""

import copy
import json
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import jsonschema
except ImportError:
    print("left out: schemas, because python3-jsonschema is not installed")
    sys.exit(77)

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMAS = {p.stem: json.loads(p.read_text()) for p in (ROOT / "data" / "schema").glob("*.json")}
VALIDATORS = {name: jsonschema.Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
# What a line of --jsonl is, by its type.
LINES = {"answer": "answer", "listener": "here-listener", "published": "published", "holder": "holder", "gap": "gap",
         "checked": "checked", "ranges": "ranges", "match": "found", "assignment": "row", "update": "update", "why": "why",
         "evict": "evict",
         "wait": "wait", "knock": "knock", "claim": "claim", "entry": "entry", "ledger": "ledger",
         "finding": "finding", "lease": "lease", "suggest": "suggest", "atlas": "atlas"}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
BERTH = sys.argv[1]


class Broken(Exception):
    """Output that is not as it should be."""


def run(*arguments, exits=(0,)):
    done = subprocess.run([BERTH, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env={"LC_ALL": "C.UTF-8", "TZ": "UTC"}, stdin=subprocess.DEVNULL)
    if done.returncode not in exits:
        raise Broken(f"exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("utf-8")  # anything else than UTF-8 is a failure


def no_twice(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Broken(f"a key twice: {keys}")
    return dict(pairs)


def parse(text):
    return json.loads(text, object_pairs_hook=no_twice)


def check_order(value, schema, definitions, where):
    """Keys stand in the order of the schema; "type" first, "lossy" last."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema and value is not None:
        schema = next(choice for choice in schema["anyOf"] if choice.get("type") != "null")
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    if isinstance(value, list):
        for i, item in enumerate(value):
            check_order(item, schema.get("items", {}), definitions, f"{where}[{i}]")
    if not isinstance(value, dict):
        if schema.get("format") == "date-time" and value is not None and not INSTANT.fullmatch(value):
            raise Broken(f"{where}: {value!r} is not an instant")
        return
    properties = schema.get("properties", {})
    order = ["type"] * ("type" in value) + schema.get("required", []) + ["lossy"] * ("lossy" in value)
    if list(value) != order:
        raise Broken(f"{where}: keys {list(value)}, expected {order}")
    for key, item in value.items():
        check_order(item, properties.get(key, {}), definitions, f"{where}.{key}")


def check(name, value):
    for error in VALIDATORS[name].iter_errors(value):
        raise Broken(f"{name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")
    check_order(value, SCHEMAS[name], SCHEMAS[name].get("$defs", {}), name)


def sample(values):
    """All of them, or some 300 spread over a long list: the validator takes milliseconds for each."""
    return values if len(values) <= 300 else values[:20] + values[20::len(values) // 280] + values[-20:]


def check_lines(text, expected):
    """Every line is a record of its type; the expected types occur, and no others."""
    types = set()
    for line in sample(text.splitlines()):
        value = parse(line)
        if next(iter(value)) != "type" or value["type"] not in LINES:
            raise Broken(f"a line without a known type: {line[:100]}")
        types.add(value["type"])
        check(LINES[value["type"]], value)
    if not types <= expected:
        raise Broken(f"lines of types {types - expected}")
    return types


def as_object(name):
    return lambda text: check(name, parse(text))


def as_list(name):
    def checker(text):
        values = parse(text)
        if not isinstance(values, list):
            raise Broken("not a list")
        for value in sample(values):
            check(name, value)
    return checker


def as_lines(*types):
    return lambda text: check_lines(text, set(types))


HERE_LINES = ("listener", "published", "holder", "gap", "checked")
# What is asked of every world.
IN_WORLDS = [
    (["3476", "--json"], as_object("answer")),
    ([":443", "--json", "--peers"], as_object("answer")),
    (["53/udp", "--json", "--owners", "all"], as_object("answer")),
    (["3476", "--json", "--strict"], as_object("answer")),
    (["20-25", "--json"], as_list("answer")),
    (["8000-8015", "--jsonl", "--all"], as_lines("answer")),
    (["3476", "5173", "--json"], as_list("answer")),
    (["22", "--jsonl"], as_lines("answer")),
    (["domain", "--json"], as_list("answer")),
    (["service:http", "--jsonl"], as_lines("answer")),
    (["1000-1015", "--jsonl", "--netns", "all"], as_lines("answer")),
    (["here", "--json"], as_object("here")),
    (["here", "--json", "--all"], as_object("here")),
    (["here", "--json", "--exposed"], as_object("here")),
    (["here", "--jsonl", "--all"], as_lines(*HERE_LINES)),
    (["--json"], as_object("here")),
    (["ranges", "--json"], as_object("ranges")),
    (["ranges", "--jsonl"], as_lines("ranges")),
    (["why", "7001", "--json"], as_object("why")),
    (["why", "22", "80", "443", "53/udp", "3476", "5173", "7001-7015", "8080", "9200", "--json"], as_list("why")),
    (["why", "7001-7015", "40000", "--reuseaddr", "--reuseport", "--uid", "7", "--jsonl"], as_lines("why")),
    (["why", "7001-7015", "-6", "-u", "--jsonl"], as_lines("why")),
    (["suggest", "api", "--json"], as_object("suggest")),
    (["suggest", "--jsonl", "-t", "-u", "--block", "4", "--count", "3", "--explain"], as_lines("suggest")),
    (["evict", "22", "53/udp", "80", "443", "631", "5173", "8080", "--dry-run", "--json"], as_object("evict")),
    (["evict", "22", "80", "9200", "--dry-run", "--stop", "--time-wait", "--jsonl"], as_lines("evict")),
]
# What does not depend on a world.
ELSEWHERE = [
    (["find", "ssh", "--json"], as_list("found")),
    (["find", "server", "--jsonl"], as_lines("match")),
    (["find", "no-such-thing-anywhere", "--json"], as_list("found")),
    (["export", "json"], as_list("row")),
    (["export", "jsonl"], as_lines("assignment")),
]


def updates():
    """An update from what export wrote: every record of a result that changes little."""
    with tempfile.TemporaryDirectory() as directory:
        table, image = Path(directory, "table.csv"), Path(directory, "registry.image")
        table.write_text(run("export", "csv"), newline="")
        arguments = ["update", "--from", str(table), "--registry", str(image), "--force"]
        check("update", parse(run(*arguments, "--json")))
        check_lines(run(*arguments, "--jsonl"), {"update"})


def claims():
    """A ledger from its first claim on: what was written, what stands in it, the trail, and answers with claims."""
    with tempfile.TemporaryDirectory() as directory:
        ledger = ("--ledger", str(Path(directory, "claims.db")))
        web = ("claim", "web", "8080", "8000-8010/tcp,udp", "--address", "127.0.0.1", "--until", "30d", *ledger)
        check("ledger", parse(run(*web, "--json")))
        check_lines(run(*web, "--jsonl"), {"ledger"})
        check("ledger", parse(run("claim", "other", "8080", "--json", *ledger, exits=(1,))))
        check("ledger", parse(run("unclaim", "nothing", "--json", *ledger, exits=(1,))))
        as_list("claim")(run("claims", "--json", *ledger))
        check_lines(run("claims", "--jsonl", *ledger), {"claim"})
        as_list("entry")(run("claims", "--log", "--json", *ledger))
        check_lines(run("claims", "--log", "--jsonl", *ledger), {"entry"})
        check("answer", parse(run("8080", "--json", *ledger)))
        as_list("found")(run("find", "web", "--json", *ledger))
        check("ledger", parse(run("unclaim", "web", "--json", *ledger)))


def claims_files():
    """A claims file with something to find, and one without."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ports.claims"
        path.write_text("web 8080/tcp\napi 8080/tcp owner=me\nold 40000/udp retired # gone\n")
        check("check", parse(run("check", str(path), "--json", exits=(1,))))
        check_lines(run("check", str(path), "--jsonl", exits=(1,)), {"finding"})
        path.write_text("")
        check("check", parse(run("check", str(path), "--json")))


def leases():
    """One for a command with a name."""
    check("leases", parse(run("lease", "web", "--", BERTH, "leases", "--json")))
    check_lines(run("lease", "--", BERTH, "leases", "--jsonl"), {"lease"})


def pictures():
    """Of the atlas: the map; its pages need the helper and have a test of their own (tests/web/export.py)."""
    with tempfile.TemporaryDirectory() as folder:
        picture = ["atlas", "--map", f"{folder}/map.svg", "--no-live"]
        check("atlas", parse(run(*picture, "--json")))
        check_lines(run(*picture, "--jsonl"), {"atlas"})


def waits_and_knocks():
    """A wait that is over, one that is not, and a listener that is knocked at once by a datagram."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])
        check("wait", parse(run("wait", port, "--json")))
        check_lines(run("wait", port, "--jsonl", "--accepting", "--timeout", "100ms", exits=(1,)), {"wait"})
        check("wait", parse(run("wait", port, "--until", "free", "--timeout", "20ms", "--json", exits=(1,))))
        check("wait", parse(run("wait", port, "--http", "/=200", "--timeout", "20ms", "--json", exits=(1,))))
    for option, checker in (("--json", as_list("knock")), ("--jsonl", as_lines("knock"))):
        listening = subprocess.Popen([BERTH, "listen", port + "/udp", "-4", "--max", "1", option], text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        listening.stderr.readline()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocker:
            knocker.sendto(b"GET / HTTP/1.1\r\nHost: \xff\x1b\r\n\r\n", ("127.0.0.1", int(port)))
            output = listening.communicate()[0]
        if listening.returncode != 0 or not output.strip("[]\n "):
            raise Broken(f"listen: exit {listening.returncode}, {output!r}")
        checker(output)


def cases():
    for world in sorted((ROOT / "tests" / "worlds").glob("*.world")):
        for arguments, checker in IN_WORLDS:
            if world.stem == "blind" and arguments[0] == "evict":
                continue  # nothing is planned without a look: exit 4
            yield world.stem, ["--replay", str(world), *arguments], checker
    for arguments, checker in ELSEWHERE:
        yield "", arguments, checker


def breakings(name, value):
    """The same record, broken in ways that its schema must refuse."""
    for key in value:
        without = copy.deepcopy(value)
        del without[key]
        yield f"{name} without {key}", without
    yield f"{name} with another key", {**value, "surplus": 1}
    for key in value:
        yield f"{name} with a number list as {key}", {**value, key: [{"x": [1]}]}


def check_refusals():
    """The schemas themselves are valid, and they are not so loose that they take anything."""
    system = ROOT / "tests" / "worlds" / "system.world"
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for name, arguments in (("answer", ["22", "--json"]), ("why", ["why", "7001", "--no-trial", "--json"]), ("here", ["here", "--json"]), ("ranges", ["ranges", "--json"])):
        value = parse(run("--replay", str(system), *arguments))
        for what, broken in breakings(name, value):
            if VALIDATORS[name].is_valid(broken):
                raise Broken(f"accepted: {what}")
    if set(LINES.values()) != set(SCHEMAS) - {"here", "check", "leases"}:
        raise Broken(f"schemas {set(SCHEMAS)} and types of lines {LINES} do not fit")


def main():
    passed = failed = 0
    for world, arguments, checker in cases():
        try:
            checker(run(*arguments, exits=(0, 1, 3)))
            passed += 1
        except (Broken, ValueError) as error:
            failed += 1
            print(f"FAILED {world or 'no world'}: berth {' '.join(arguments)}\n       {error}")
    for more in (updates, claims, claims_files, waits_and_knocks, leases, pictures, check_refusals):
        try:
            more()
            passed += 1
        except (Broken, ValueError) as error:
            failed += 1
            print(f"FAILED {more.__name__}: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
