#!/usr/bin/env python3
"""The proof that `berth why` is exact: random situations, judged and then tried for real.

usage: property.py BERTH [--situations N] [--seed N] [--jobs N] [--users root]
       property.py BERTH --replay 'LINE' [--settings NAME=VALUE,...] [--port N]

Each situation (situation.py has the language) is made in private namespaces and judged by `berth
why --no-trial --json` for several candidates, as root and as nobody; then again with the trial;
then bind(2) and listen(2) are called for each candidate. What is asserted:

  wrong    a judged value that is not "unknown" is what really happens
  bold     a value is given only where what is known decides, so that it is no lucky guess
  lazy     "unknown" only where what is not known can decide it: flags that nobody can be asked for,
           or history (rules.py has the rules, and is held against the kernel, too: "rules")
  trial    what was tried is what happens; where it differs from the judgement, a warning says so

A case that fails is made as small as it can be and printed as a line for --replay.
"""
import argparse
import collections
import dataclasses
import json
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "netns"))
from inside import NOBODY, leave_out_unless_possible, settle_in, start_inside  # noqa: E402
import rules  # noqa: E402
from situation import Draw, line, parse  # noqa: E402
from stage import NOBODY_ID, Stage  # noqa: E402

SITUATIONS = 300
BATCH = 150
CANDIDATES = 8
PRIVILEGED = 15          # of a batch, ports below 1024
KINDS = {"privilege", "mptcp", "time-wait", "fin-wait-2", "not-accepted", "in-flight",
         "unreadable", "history", "order"}
MAY_TELL = {"not-accepted"}  # the listener has the same flags
WORLDS = ({}, {}, {}, {}, {"net.ipv6.bindv6only": 1}, {"net.ipv4.ip_unprivileged_port_start": 105},
          {"net.ipv4.ip_nonlocal_bind": 1}, {"net.ipv6.ip_nonlocal_bind": 1})
MOST_SHOWN = 12
SHRINK_TRIES = 120


@dataclasses.dataclass(frozen=True)
class Place:
    """A situation that was made."""
    port: int
    items: list
    rows: list


@dataclasses.dataclass(frozen=True)
class Failure:
    kind: str
    who: str
    text: str


# --- asking berth -------------------------------------------------------------------------------

def question(candidate):
    words = ["--address", candidate.address, "--uid", str(candidate.uid)]
    for name, value in (("--reuseaddr", candidate.ra), ("--reuseport", candidate.rp),
                        ("--v6only", candidate.v6only)):
        words += [name] if value else []
    words += ["--device", candidate.dev] if candidate.dev else []
    words += ["--netns", candidate.ns] if candidate.ns else []
    return words


def ask(berth, candidate, ports, who, with_trial=False):
    """berth's answers, one for each port. `berth` may be a list: with what runs it."""
    words = [f"{port}/{candidate.proto}" for port in ports] + question(candidate)
    command = [*([berth] if isinstance(berth, str) else berth), "why", "--json", *words]
    command += [] if with_trial else ["--no-trial"]
    done = subprocess.run((NOBODY if who == "nobody" else []) + command, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60, check=False)
    if done.returncode not in (0, 1):
        raise AssertionError(f"{' '.join(command[:3])} ... {' '.join(question(candidate))}: exit "
                             f"{done.returncode}: {done.stderr.decode(errors='replace')[:300]}")
    answers = json.loads(done.stdout)
    answers = answers if isinstance(answers, list) else [answers]
    if [a["port"] for a in answers] != list(ports):
        raise AssertionError("not one answer for each port, in order")
    if (done.returncode == 0) != all(said_ok(a) for a in answers):
        raise AssertionError(f"exit {done.returncode} does not fit {answers}")
    return answers


def said_ok(answer):
    """Whether berth says that it works: the trial weighs more than the judgement."""
    return (answer["tried"] or answer["judged"])["bind"] == "ok"


# --- holding it against reality ------------------------------------------------------------------

def is_hidden_from(who):
    if who == "root":
        return lambda row: row.hidden is not None
    return lambda row: row.hidden is not None or not row.is_kept


def is_privilege_open(candidate, port, world):
    """Whether root has a capability here is nothing that others can know."""
    return candidate.uid == 0 and port < world.get("net.ipv4.ip_unprivileged_port_start", 1024)


def compare_judged(answer, place, candidate, who, real, world):
    """(failures, kinds of unknown)"""
    *expected, kinds = rules.judge(candidate, place.port, place.rows, world, is_hidden_from(who))
    if who == "nobody" and is_privilege_open(candidate, place.port, world):
        kinds = kinds | {"privilege"}
    judged = answer["judged"]
    said = f"judged {judged['bind']}, {judged['listen']}; really {real[0]}, {real[1]}"
    failures = compare_cause(answer, place, candidate, who, world)
    if expected[0] != "unknown" and tuple(expected) != real:
        failures.append(Failure("rules", who, f"rules.py says {expected[0]}; really {real[0]}"))
    if any(judged[word] not in ("unknown", happened) and happened is not None
           for word, happened in zip(("bind", "listen"), real)):
        failures.append(Failure("wrong", who, said))
    if not kinds <= MAY_TELL and judged["bind"] != "unknown" and expected[0] == "unknown":
        failures.append(Failure("bold", who, f"{said}, but {', '.join(sorted(kinds))} may decide"))
    if judged["bind"] == "unknown" and not kinds:
        failures.append(Failure("lazy", who, said))
    if judged["bind"] != "unknown" and judged["listen"] == "unknown":
        failures.append(Failure("lazy", who, f"{said} (listen)"))
    if not kinds <= KINDS:
        raise AssertionError(f"not in the list of what the kernel does not reveal: {kinds - KINDS}")
    return failures, kinds if judged["bind"] == "unknown" else set()


def compare_cause(answer, place, candidate, who, world):
    """The cause, where only one is possible."""
    if answer["judged"]["bind"] == "unknown":
        return []
    wanted = {None}
    if answer["judged"]["bind"] != "ok":
        wanted = rules.causes(candidate, place.port, place.rows, world, is_hidden_from(who))
    if answer["cause"] in wanted:
        return []
    return [Failure("cause", who, f"cause {answer['cause']}, not {' or '.join(map(str, wanted))}")]


def compare_tried(answer, real):
    tried, judged = answer["tried"], answer["judged"]
    if tried is None:
        return []
    failures = []
    if tried["bind"] != real[0]:
        failures.append(Failure("trial", "root", f"tried {tried['bind']}; really {real[0]}"))
    if judged["bind"] not in ("unknown", tried["bind"]) and not answer["warnings"]:
        failures.append(Failure("trial", "root", "judged and tried differ, and no warning says so"))
    return failures


class Judge:
    """Plays situations, keeps the counts."""

    def __init__(self, berth, users):
        self.berth, self.users = berth, users
        self.stage = Stage()
        self.counts = collections.Counter()
        self.unknown = {"root": collections.Counter(), "nobody": collections.Counter()}
        self.shown = set()

    def play(self, places, candidates):
        """[(place, candidate, earlier candidates, failures)] of what failed."""
        ports = [place.port for place in places]
        asked = [(self.ask_all(c, ports), c) for c in candidates]
        failed = []
        for number, (answers, c) in enumerate(asked):
            for i, place in enumerate(places):
                real = self.stage.attempt(c, place.port)
                failures = self.compare(place, c, real, {w: a[i] for w, a in answers.items()})
                self.counts["judged"] += 1
                if failures:
                    failed.append((place, c, candidates[:number], failures))
        return failed

    def ask_all(self, c, ports):
        answers = {"root": ask(self.berth, c, ports, "root"),
                   "trial": ask(self.berth, c, ports, "root", True)}
        if "nobody" in self.users and not c.ns:  # nobody may not enter namespaces
            answers["nobody"] = ask(self.berth, c, ports, "nobody")
        return answers

    def compare(self, place, c, real, answers):
        failures = compare_tried(answers["trial"], real)
        self.counts["tried"] += answers["trial"]["tried"] is not None
        self.counts["really " + real[0]] += 1
        for who in ("root", "nobody"):
            if who in answers:
                more, kinds = compare_judged(answers[who], place, c, who, real, self.stage.settings)
                failures += more
                self.unknown[who].update(kinds)
                self.counts[f"unknown to {who}"] += bool(kinds)
        return failures

    # --- one batch ----------------------------------------------------------------------------

    def batch(self, seed, n):
        """True for each situation that agreed."""
        draw = Draw(random.Random(seed))
        self.stage.renew(draw.random.choice(WORLDS))
        places = []
        for i in range(n):
            port = 100 + i if i < PRIVILEGED else 33000 + i if i % 2 else 2000 + i
            items = draw.items()
            places.append(Place(port, items, self.stage.make(items, port)))
            self.counts["rows"] += len(places[-1].rows)
        failed = self.play(places, [draw.candidate() for _ in range(CANDIDATES)])
        settings = self.stage.settings
        for case in failed:
            label = (case[1], case[3][0].kind, case[3][0].who)
            if label not in self.shown and len(self.shown) < MOST_SHOWN:
                self.shown.add(label)
                self.show(case, settings)
        bad = {place.port for place, *_ in failed}
        self.counts.update("failed: " + f.kind for *_, failures in failed for f in failures)
        return [place.port not in bad for place in places]

    # --- small cases --------------------------------------------------------------------------

    def once(self, items, candidate, port, settings):
        """The failures of one situation, alone."""
        self.stage.renew(settings)
        failed = self.play([Place(port, items, self.stage.make(items, port))], [candidate])
        return failed[0][3] if failed else []

    def shrink(self, items, candidate, port, settings, wanted):
        """Fewer items and flags that fail still in the same way."""
        def fails(items, candidate):
            found = self.once(items, candidate, port, settings)
            return any((f.kind, f.who) == wanted for f in found)

        tries, at = SHRINK_TRIES, 0
        smaller = list(simpler(items, candidate))
        while at < len(smaller) and tries > 0:
            tries -= 1
            if fails(*smaller[at]):
                items, candidate = smaller[at]
                smaller, at = list(simpler(items, candidate)), 0
            else:
                at += 1
        return items, candidate

    def show(self, case, settings):
        place, candidate, earlier, failures = case
        wanted = (failures[0].kind, failures[0].who)
        before = [dataclasses.replace(c, state="left" if c.proto == "tcp" else "closed")
                  for c in earlier]
        items = place.items
        for attempt in (items, items + before):
            found = self.once(attempt, candidate, place.port, settings)
            if any((f.kind, f.who) == wanted for f in found):
                items, candidate = self.shrink(attempt, candidate, place.port, settings, wanted)
                failures = self.once(items, candidate, place.port, settings) or found
                break
        else:
            print("(not again when alone)")
        text = ",".join(f"{name}={value}" for name, value in settings.items())
        print(f"FAIL; again: property.py BERTH --port {place.port} --replay "
              f"'{line(items, candidate)}'" + (f" --settings {text}" if text else ""))
        for f in failures:
            print(f"    {f.kind} ({f.who}): {f.text}", flush=True)


def simpler(items, candidate):
    """Every situation that is a little less than this one."""
    for i in range(len(items)):
        yield items[:i] + items[i + 1:], candidate
    for i, item in enumerate(items):
        for less in fewer_flags(item):
            yield items[:i] + [less] + items[i + 1:], candidate
    for less in fewer_flags(candidate):
        yield items, less


def fewer_flags(item):
    for field in dataclasses.fields(item)[3:]:
        if getattr(item, field.name) != field.default and field.name not in ("via", "v6only"):
            yield dataclasses.replace(item, **{field.name: field.default})


# --- running ------------------------------------------------------------------------------------

def run_shard(options):
    settle_in()
    judge = Judge(options.berth, options.users)
    start, good, total = time.monotonic(), 0, 0
    while total < options.situations:
        agreed = judge.batch(f"{options.seed}.{total}", min(BATCH, options.situations - total))
        good, total = good + sum(agreed), total + len(agreed)
    print(f"shard: {good} of {total} situations agree (seed {options.seed}); "
          f"{dict(sorted(judge.counts.items()))}; {time.monotonic() - start:.0f} s")
    for who, counts in judge.unknown.items():
        print(f"  unknown to {who}, why: {dict(counts.most_common())}", flush=True)
    return 0 if good == total else 1


def replay(options):
    settle_in()
    judge = Judge(options.berth, options.users)
    items, candidate = parse(options.replay)
    pairs = (part.partition("=") for part in options.settings.split(",") if part)
    settings = {name: int(value) for name, _, value in pairs}
    failures = judge.once(items, candidate, options.port, settings)
    judge.stage.renew(settings)
    rows = judge.stage.make(items, options.port)
    for row in rows:
        print(f"  {row}")
    for who in ("root", "nobody"):
        expected = rules.judge(candidate, options.port, rows, settings, is_hidden_from(who))
        answer = ask(options.berth, candidate, [options.port], who)[0]
        print(f"{who}: rules {expected}; judged {answer['judged']}, cause {answer['cause']}")
    print(f"really: {judge.stage.attempt(candidate, options.port)}")
    for f in failures:
        print(f"FAIL {f.kind} ({f.who}): {f.text}")
    return 1 if failures else 0


def options_of(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("berth", type=os.path.abspath)
    parser.add_argument("--situations", type=int, default=SITUATIONS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--replay")
    parser.add_argument("--settings", default="")
    parser.add_argument("--port", type=int, default=2000)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--users", default="root,nobody", help="who asks")
    return parser.parse_args(arguments)


def start(options, seed, n, label):
    arguments = [options.berth, "--inside", "--seed", str(seed), "--situations", str(n),
                 "--port", str(options.port), "--settings", options.settings,
                 "--users", options.users]
    arguments += ["--replay", options.replay] if options.replay else []
    return start_inside(arguments, label, stdout=subprocess.PIPE, text=True)


def main():
    options = options_of(sys.argv[1:])
    if options.inside:
        sys.exit(replay(options) if options.replay else run_shard(options))
    leave_out_unless_possible()
    jobs = 1 if options.replay else max(1, min(options.jobs, options.situations // 50))
    cuts = [options.situations * i // jobs for i in range(jobs + 1)]
    label = f"berth-test-{os.getpid()}-why"
    shards = [start(options, options.seed + i, cuts[i + 1] - cuts[i], f"{label}-{i}")
              for i in range(jobs)]
    output = "".join(shard.communicate()[0] for shard in shards)
    print(output, end="")
    if options.replay:
        sys.exit(shards[0].returncode)
    said = re.findall(r"^shard: (\d+) of (\d+) situations", output, re.M)
    good = sum(int(g) for g, _ in said)
    print(f"{good} passed, {options.situations - good} failed")
    sys.exit(0 if good == options.situations else 1)


if __name__ == "__main__":
    main()
