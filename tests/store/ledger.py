#!/usr/bin/env python3
"""Ledgers as people use them, and what no accident may do to them.

  ledger.py BERTH KILL-AT CLOCK

Races: two processes want one port; exactly one gets it (50 rounds, with FULL=1 1,000). Kills: the helper that writes is
killed before each of its system calls; no acknowledged claim is lost, none is half made, and image and database agree
after the next start. Disks that are full or read-only, locks that are kept, clocks that go backwards, ledgers of others.
"""

import contextlib
import csv
import ctypes
import io
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

FULL = os.environ.get("FULL") == "1"
RACES = 1000 if FULL else 50
KILL_STEP = 1 if FULL else 9
NOBODY = 65534
DAY_S = 86400
KEPT = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH", "PATH")
CLONE_NEWNS, MS_REC, MS_PRIVATE, MS_RDONLY, MS_REMOUNT = 0x20000, 0x4000, 0x40000, 1, 32
BERTH = KILL_AT = CLOCK = None  # set by main()


class Sandbox(unittest.TestCase):
    """A folder that goes away, and berth with its ledger in it."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)
        self.folder.chmod(0o755)
        self.place = self.folder / "ledger"
        self.place.mkdir()
        self.database = self.place / "claims.db"
        self.image = self.place / "claims.image"
        self.mark = self.place / "claims.image.pending"

    def environment(self, **more):
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        env.update(LC_ALL="C.UTF-8", HOME=str(self.folder), XDG_DATA_HOME=str(self.folder / "data"), **more)
        return env

    def run_it(self, *arguments, env=None, before=(), **options):
        options.setdefault("timeout", 60)
        return subprocess.run([*map(str, before), BERTH, *map(str, arguments)], env=env or self.environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="surrogateescape", check=False, **options)

    def berth(self, *arguments, **options):
        return self.run_it(*arguments, "--ledger", self.database, **options)

    def done(self, *arguments, **options):
        """It works, and says nothing on standard error."""
        result = self.berth(*arguments, **options)
        self.assertEqual((result.returncode, result.stderr), (0, ""), (arguments, result.stdout))
        return result.stdout

    def claims(self, **options):
        return json.loads(self.done("claims", "--json", **options))

    def names(self):
        return [(one["name"], one["ports"][0]) for one in self.claims()]

    def stored(self):
        """What another reader finds in the database; nothing where its maker was killed before there was anything."""
        if not self.database.exists() or self.database.stat().st_size == 0:
            return [], []
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(db.execute("PRAGMA foreign_key_check").fetchall(), [])
            rows = db.execute("SELECT name, first, last, owner, until, reason, (SELECT group_concat(protocol) FROM "
                              "claim_protocol WHERE claim = id) FROM claim ORDER BY first, last, name").fetchall()
            trail = db.execute("SELECT action, name, ports FROM audit ORDER BY number").fetchall()
        return rows, trail

    def assert_agreement(self):
        """The image says what the database says."""
        rows, _ = self.stored()
        shown = [(c["name"], *c["ports"], c["owner"], c["until"], c["reason"], ",".join(c["protocols"]))
                 for c in self.claims()]
        self.assertEqual(shown, rows)
        self.assertFalse(self.mark.exists())


class Verbs(Sandbox):
    """claim, claims, unclaim: words, fields, exit codes."""

    def test_a_claim_is_made_listed_and_given_up(self):
        made = json.loads(self.done("claim", "web", "8080", "8443/tcp", "5353/udp,tcp", "--owner", "team-a", "--until",
                                    "2999-12-31", "--reason", "the shop", "--program", "nginx", "--scope", "host7",
                                    "--json"))
        self.assertEqual((made["schema"], made["result"], made["message"]), ("berth.ledger/1", "claimed", None))
        self.assertEqual([entry["claimed"] for entry in made["log"]], ["5353/tcp,udp", "8080/tcp", "8443/tcp"])
        first = self.claims()[0]
        self.assertEqual(first["protocols"], ["tcp", "udp"])
        self.assertEqual({key: first[key] for key in ("name", "ports", "address", "owner", "scope", "until", "source",
                                                      "program", "reason", "state")},
                         {"name": "web", "ports": [5353, 5353], "address": None, "owner": "team-a", "scope": "host7",
                          "until": "2999-12-31", "source": "ledger", "program": "nginx", "reason": "the shop",
                          "state": "active"})
        self.done("unclaim", "8443")
        self.assertEqual(self.names(), [("web", 5353), ("web", 8080)])
        self.done("unclaim", "WEB")
        self.assertEqual(self.names(), [])
        self.assertIn("nothing is claimed", self.done("claims"))

    def test_csv_and_lines_show_the_same(self):
        self.done("claim", "web", "8080", "--reason", 'a "b", c')
        rows = list(csv.DictReader(io.StringIO(self.done("claims", "--csv"))))
        self.assertEqual((rows[0]["name"], rows[0]["ports"], rows[0]["reason"]), ("web", "8080", 'a "b", c'))
        line = json.loads(self.done("claims", "--jsonl"))
        self.assertEqual((line["type"], line["name"], line["reason"]), ("claim", "web", 'a "b", c'))

    def test_what_is_taken_is_refused_with_the_name_of_the_owner(self):
        self.done("claim", "web", "8000-8010", "--owner", "team-a")
        done = self.berth("claim", "shop", "9000", "8005")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("8005/tcp is taken: web 8000-8010/tcp, of team-a", done.stderr)
        self.assertEqual(self.names(), [("web", 8000)])  # none of it was done
        record = json.loads(self.berth("claim", "shop", "8005", "--json").stdout)
        self.assertEqual((record["result"], record["claims"], record["log"]), ("taken", [], []))
        self.done("claim", "shop", "8005/udp")

    def test_collisions_are_the_kernels(self):
        self.done("claim", "a", "80", "--address", "127.0.0.1")
        self.done("claim", "b", "80", "--address", "127.0.0.2")
        self.done("claim", "c", "80", "--address", "::1")
        for address in ("127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.2"):
            self.assertEqual(self.berth("claim", "d", "80", "--address", address).returncode, 1, address)
        self.assertEqual(self.berth("claim", "d", "80").returncode, 1)
        self.done("claim", "d", "80", "--address", "192.0.2.1")

    def test_the_same_claim_again_is_renewed_or_unchanged(self):
        self.done("claim", "web", "8080", "--owner", "team-a", "--reason", "first")
        again = json.loads(self.done("claim", "web", "8080", "--json"))
        self.assertEqual((again["result"], again["log"]), ("unchanged", []))
        renewed = json.loads(self.done("claim", "web", "8080", "--until", "2999-01-01", "--json"))
        self.assertEqual([entry["action"] for entry in renewed["log"]], ["renew"])
        self.assertEqual([(c["owner"], c["reason"], c["until"]) for c in self.claims()],
                         [("team-a", "first", "2999-01-01")])
        self.assertEqual(self.berth("claim", "web", "8080", "--owner", "team-b").returncode, 1)

    def test_a_part_of_a_range_is_not_given_up_alone(self):
        self.done("claim", "web", "8000-8010/tcp,udp")
        done = self.berth("unclaim", "8005")
        self.assertEqual(done.returncode, 1)
        self.assertIn("only as part of web 8000-8010/tcp,udp", done.stderr)
        self.assertEqual(self.berth("unclaim", "8000-8010/tcp").returncode, 1)
        self.done("unclaim", "8000-8010")

    def test_the_trail_tells_everything(self):
        self.done("claim", "web", "8080")
        self.done("claim", "web", "8080", "--reason", "x")
        self.done("unclaim", "web")
        trail = json.loads(self.done("claims", "--log", "--json"))
        self.assertEqual([(entry["number"], entry["action"], entry["claimed"]) for entry in trail],
                         [(1, "claim", "8080/tcp"), (2, "renew", "8080/tcp"), (3, "unclaim", "8080/tcp")])
        self.assertTrue(all(entry["uid"] == os.getuid() and entry["user"] and entry["at"].endswith("Z")
                            for entry in trail))
        self.assertIn("given up", self.done("claims", "--log"))

    def test_nonsense_is_bad_usage(self):
        for arguments in (["claim"], ["claim", "web"], ["claim", "8080", "web"], ["claim", "web", "0"],
                          ["claim", "web", "65536"], ["claim", "web", "80/ip"], ["claim", "we_b", "80"],
                          ["claim", "a" * 64, "80"], ["claim", "web", "80", "--until", "2020-01-01"],
                          ["claim", "web", "80", "--until", "soon"], ["claim", "web", "80", "--until", "30"],
                          ["claim", "web", "80", "--address", "localhost"], ["claim", "web", "80", "80"],
                          ["claim", "web", "80", "--reason", "a\nb"], ["claim", "web", "80", "--owner", "\x1b[31m"],
                          ["claim", "web", "80", "--reason", "x" * 201], ["unclaim"], ["unclaim", "we_b"],
                          ["claims", "web"], ["claim", "web", "80", "--csv"], ["claim", "web", "80", "--to", "nowhere"]):
            done = self.berth(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertNotIn("\x1b", done.stderr)
        self.assertFalse(self.database.exists())

    def test_the_ledger_can_be_asked_for(self):
        self.done("claim", "web", "8080", "--to", "ledger")
        self.assertEqual(self.names(), [("web", 8080)])
        done = self.berth("claim", "shop", "8081", "--to", "file", cwd="/")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no ports.claims", done.stderr)
        self.assertEqual(self.names(), [("web", 8080)])

    def test_long_names_are_a_warning(self):
        done = self.berth("claim", "a-rather-long-name", "80")
        self.assertEqual(done.returncode, 0)
        self.assertIn("longer than the 15 characters", done.stderr)

    def test_nothing_is_made_by_reading_or_giving_up(self):
        self.assertEqual(self.claims(), [])
        self.assertEqual(self.berth("unclaim", "web").returncode, 1)
        self.assertIn("nothing was ever written", self.done("claims", "--log"))
        self.assertEqual(os.listdir(self.place), [])

    def test_a_full_standard_output_is_no_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([BERTH, "claim", "web", "80", "--ledger", self.database], env=self.environment(),
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 4)


class Answers(Sandbox):
    """Claims in every other verb."""

    def setUp(self):
        super().setUp()
        self.done("claim", "zzclaim", "40123", "--owner", "team-a", "--program", "zzprog", "--reason", "quite unusual")

    def test_one_port(self):
        answer = json.loads(self.done("40123", "--json"))
        self.assertEqual([(c["name"], c["owner"]) for c in answer["claims"]], [("zzclaim", "team-a")])
        self.assertEqual(answer["verdicts"]["tcp"], {"word": "dark", "basis": "claim"})
        self.assertEqual(answer["verdicts"]["udp"]["basis"], None)
        self.assertEqual([gap for gap in answer["gaps"] if gap["what"] == "claims"], [])
        self.assertIn("own claim of team-a", self.done("40123"))
        self.assertEqual(json.loads(self.done("40123/udp", "--json"))["claims"], [])

    def test_a_name_leads_to_its_ports(self):
        answers = json.loads(self.done("ZZclaim", "--json"))
        self.assertEqual([(a["port"], a["matched"]) for a in answers], [(40123, [{"kind": "claim", "value": "zzclaim"}])])
        self.assertIn("did you mean zzclaim", self.berth("zzclaimm").stderr)

    def test_find_and_export(self):
        found = json.loads(self.done("find", "unusual", "quite", "--json"))
        self.assertEqual((found[0]["kind"], found[0]["claim"]["name"]), ("claim", "zzclaim"))
        lines = self.run_it("export", "services", "--ledger", self.database).stdout.splitlines()
        self.assertTrue(lines[0].startswith("zzclaim\t40123/tcp"))

    def test_an_expired_claim_holds_nothing(self):
        self.done("claim", "brief", "40124", "--until", "1d")
        env = self.environment(LD_PRELOAD=CLOCK, CLOCK_OFFSET=str(3 * DAY_S))
        self.assertEqual(json.loads(self.done("40124", "--json"))["verdicts"]["tcp"]["word"], "dark")
        later = json.loads(self.done("40124", "--json", env=env))
        self.assertEqual((later["claims"][0]["state"], later["verdicts"]["tcp"]["word"]), ("expired", "vacant"))
        taken = json.loads(self.done("claim", "next", "40124", "--json", env=env))
        self.assertEqual([entry["action"] for entry in taken["log"]], ["expire", "claim"])
        # The clock goes back: the claim that gave way does not come to life again.
        self.assertEqual([c["name"] for c in self.claims() if c["ports"][0] == 40124], ["next"])
        self.assertEqual(self.berth("claim", "brief", "40124").returncode, 1)
        self.done("claim", "another", "40125")
        trail = json.loads(self.done("claims", "--log", "--json"))
        self.assertEqual([entry["number"] for entry in trail], list(range(1, len(trail) + 1)))
        self.assert_agreement()

    def test_a_damaged_image_is_made_again(self):
        for damage in (lambda b: b[:100], lambda b: b"", lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b"x" * 500):
            whole = self.image.read_bytes()
            self.image.write_bytes(damage(whole))
            self.assertEqual(self.names(), [("zzclaim", 40123)])
        self.image.unlink()
        self.assertEqual(self.names(), [("zzclaim", 40123)])
        self.assertTrue(self.image.exists())

    def test_without_the_helper_reading_goes_on(self):
        alone = self.folder / "bin" / "berth"
        alone.parent.mkdir()
        shutil.copy(BERTH, alone)
        done = subprocess.run([alone, "claims", "--ledger", self.database], env=self.environment(), text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0)
        self.assertIn("zzclaim", done.stdout)
        if any(p.exists() for p in (pathlib.Path("/usr/local/libexec/berth"), pathlib.Path("/usr/libexec/berth"))):
            self.skipTest("berth is installed here")
        done = subprocess.run([alone, "claim", "a", "1", "--ledger", self.database], env=self.environment(), text=True,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 4)
        self.assertIn("berth-ledger is not installed", done.stderr)


class Races(Sandbox):
    """Two want one port at once."""

    def test_exactly_one_wins(self):
        for i in range(RACES):
            port = 1000 + i
            racers = [subprocess.Popen([BERTH, "claim", name, str(port), "--ledger", self.database],
                                       env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                      for name in ("red", "blue")]
            ends = [(racer.communicate(timeout=60), racer.returncode) for racer in racers]
            self.assertEqual(sorted(code for _, code in ends), [0, 1], (port, ends))
            loser = next(said for said, code in ends if code == 1)
            self.assertIn(f"{port}/tcp is taken", loser[1])
        self.assertEqual(len(self.claims()), RACES)
        self.assert_agreement()
        self.assertEqual(len(self.stored()[1]), RACES)

    def test_many_writers_lose_nothing(self):
        ends = {}

        def write(name):
            ends[name] = [self.berth("claim", name, str(port)).returncode for port in range(2000, 2010)]

        threads = [threading.Thread(target=write, args=(f"w{i}",)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sum(codes.count(0) for codes in ends.values()), 10)
        self.assertEqual(sum(codes.count(1) for codes in ends.values()), 30)
        for name, codes in ends.items():
            won = [2000 + i for i, code in enumerate(codes) if code == 0]
            self.assertEqual([port for owner, port in self.names() if owner == name], won)
        self.assert_agreement()


class Kills(Sandbox):
    """kill -9 at every step of a write."""

    def kill_at(self, n, *arguments):
        """berth, its helper killed before system call n. Returns (exit status, number of calls, killed or not)."""
        done = self.run_it(*arguments, "--ledger", self.database, before=(KILL_AT, n, "berth-ledger"))
        last = done.stderr.strip().splitlines()[-1]
        self.assertRegex(last, r"^kill-at: \d+ calls")
        return done.returncode, int(last.split()[1]), last.endswith("killed")

    def fresh(self):
        shutil.rmtree(self.place)
        self.place.mkdir()

    def kill_everywhere(self, arguments, before, after, prepare):
        """Whatever the call: the state is the one before or the one after, never between, and what was said is true."""
        self.fresh()
        prepare()
        code, n_calls, is_killed = self.kill_at(0, *arguments)
        if code == 125:
            self.skipTest("processes cannot be traced here")
        self.assertEqual((code, is_killed), (0, False))
        self.assertEqual(self.names(), after)
        self.assertGreater(n_calls, 50)
        outcomes = set()
        for n in [*range(1, n_calls, KILL_STEP), n_calls]:
            self.fresh()
            prepare()
            code, _, is_killed = self.kill_at(n, *arguments)
            self.assertTrue(is_killed or code == 0, n)
            if code == 0:
                self.assertEqual(self.names(), after, n)  # acknowledged: there
            else:
                self.assertEqual(code, 4, n)
                self.assertIn(self.names(), (before, after), n)
            outcomes.add(self.names() == after)
            self.assert_agreement()
            if code != 0:  # the next writer comes through
                self.assertEqual(self.berth(*arguments).returncode in (0, 1), True, n)
                self.assertEqual(self.names(), after, n)
                self.assert_agreement()
        self.assertEqual(outcomes, {True, False})

    def prepare_two(self):
        self.done("claim", "a", "1", "2/udp")

    def test_the_first_claim_of_all(self):
        self.kill_everywhere(("claim", "c", "3"), [], [("c", 3)], lambda: None)

    def test_a_claim_of_two_ports(self):
        self.kill_everywhere(("claim", "c", "3", "4"), [("a", 1), ("a", 2)], [("a", 1), ("a", 2), ("c", 3), ("c", 4)],
                             self.prepare_two)

    def test_giving_up(self):
        self.kill_everywhere(("unclaim", "1"), [("a", 1), ("a", 2)], [("a", 2)], self.prepare_two)

    def test_the_repair_itself(self):
        """A repair that is killed is repaired by the next."""
        self.prepare_two()
        _, n_calls, _ = self.kill_at(0, "claims")
        self.mark.touch()
        _, n_calls, _ = self.kill_at(0, "claims")
        self.assertGreater(n_calls, 50)
        self.assertFalse(self.mark.exists())
        for n in range(1, n_calls, KILL_STEP):
            self.mark.touch()
            self.kill_at(n, "claims")
            self.assertEqual(self.names(), [("a", 1), ("a", 2)])
            self.assert_agreement()


def call(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def settle_in_mounts(path, options):
    """In a forked child: a mount namespace of its own, a tmpfs at path."""
    libc = ctypes.CDLL(None, use_errno=True)
    call(libc.unshare(CLONE_NEWNS))
    call(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    call(libc.mount(b"tmpfs", os.fsencode(path), b"tmpfs", 0, options.encode()))


class Accidents(Sandbox):
    """Disks, locks, owners."""

    def with_tmpfs(self, options, body):
        """Run body in a child whose ledger lies on a tmpfs of its own; what it says must be empty."""
        if os.geteuid() != 0:
            self.skipTest("needs root to mount")
        read_end, write_end = os.pipe()
        pid = os.fork()
        if pid == 0:
            said = ""
            try:
                settle_in_mounts(self.place, options)
                body()
            except BaseException as error:  # pylint: disable=broad-except
                said = f"{type(error).__name__}: {error}"
            os.write(write_end, said.encode("utf-8", "replace")[:60000])
            os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end, encoding="utf-8") as pipe:
            said = pipe.read()
        os.waitpid(pid, 0)
        if said.startswith("PermissionError"):
            self.skipTest("mounting is not permitted here")
        self.assertEqual(said, "")

    def test_a_full_disk_changes_nothing(self):
        """Filled up more and more, until not even the first page fits: refused or done, nothing between."""
        def fill_and_claim():
            self.done("claim", "a", "1")
            codes = []
            for left in range(0, 80, 4):
                ballast = self.place / "ballast"
                ballast.unlink(missing_ok=True)
                free = os.statvfs(self.place)
                keep = left * 1024
                with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
                    while os.statvfs(self.place).f_bavail * free.f_frsize > keep:
                        file.write(b"x" * 4096)
                before = self.names()
                done = self.berth("claim", f"n{left}", str(100 + left))
                codes.append(done.returncode)
                self.assertIn(done.returncode, (0, 4), done.stderr)
                wanted = before + [(f"n{left}", 100 + left)] if done.returncode == 0 else before
                if done.returncode == 4:
                    self.assertIn("No space left", done.stderr)
                ballast.unlink()
                self.assertEqual(sorted(self.names()), sorted(wanted))
                self.assert_agreement()
            self.assertEqual(set(codes), {0, 4})

        self.with_tmpfs("size=256k", fill_and_claim)

    def test_a_read_only_disk(self):
        def remount_and_claim():
            self.done("claim", "a", "1")
            libc = ctypes.CDLL(None, use_errno=True)
            call(libc.mount(b"none", os.fsencode(self.place), None, MS_REMOUNT | MS_RDONLY, None))
            done = self.berth("claim", "b", "2")
            self.assertEqual(done.returncode, 4)
            self.assertIn("Read-only file system", done.stderr)
            self.assertEqual(self.names(), [("a", 1)])

        self.with_tmpfs("size=1m", remount_and_claim)

    def test_a_directory_that_may_not_be_written(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        self.done("claim", "a", "1")
        someone = ("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--bounding-set", "-all",
                   "--inh-caps", "-all")
        done = self.berth("claim", "b", "2", before=someone)
        self.assertEqual(done.returncode, 4)
        self.assertIn("Permission denied", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        seen = self.berth("claims", "--json", before=someone)
        self.assertEqual([c["name"] for c in json.loads(seen.stdout)], ["a"])  # root's claims are everybody's to see

    def test_a_ledger_of_somebody_else_is_not_believed(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to give files away")
        self.done("claim", "a", "1")
        for path in (self.image, self.database):
            os.chown(path, NOBODY, NOBODY)
        done = self.berth("1", "--json")
        gaps = [gap for gap in json.loads(done.stdout)["gaps"] if gap["what"] == "claims"]
        self.assertTrue(any("owned by somebody else" in gap["why"] for gap in gaps), gaps)
        self.assertEqual(json.loads(done.stdout)["claims"], [])
        self.assertEqual(self.berth("claim", "b", "2").returncode, 4)

    def test_a_locked_database_is_waited_for_and_told(self):
        self.done("claim", "a", "1")
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as db:
            db.execute("BEGIN EXCLUSIVE")
            done = self.berth("claim", "b", "2")
            self.assertEqual((done.returncode, done.stdout), (4, ""))
            self.assertIn(f"is locked by process {os.getpid()} (", done.stderr)
            self.assertIn("waited 10 s", done.stderr)
            db.execute("ROLLBACK")
        self.assertEqual(self.names(), [("a", 1)])
        self.done("claim", "b", "2")
        self.assert_agreement()

    def test_a_reader_waits_a_second_for_a_repair_and_answers(self):
        self.done("claim", "a", "1")
        self.mark.touch()
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as db:
            db.execute("BEGIN EXCLUSIVE")
            answer = json.loads(self.done("1", "--json"))
            self.assertEqual([c["name"] for c in answer["claims"]], ["a"])
            gaps = [gap["why"] for gap in answer["gaps"] if gap["what"] == "claims"]
            self.assertEqual(len(gaps), 1)
            self.assertIn("waited 1 s", gaps[0])
            db.execute("ROLLBACK")
        self.assertEqual(self.names(), [("a", 1)])
        self.assertFalse(self.mark.exists())

    def test_a_lock_that_is_let_go_is_got(self):
        self.done("claim", "a", "1")
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as db:
            db.execute("BEGIN EXCLUSIVE")
            waiting = subprocess.Popen([BERTH, "claim", "b", "2", "--ledger", self.database], env=self.environment(),
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while not self.mark.exists():  # the writer has come as far as the database
                self.assertIsNone(waiting.poll())
            db.execute("ROLLBACK")
        self.assertEqual((waiting.communicate(timeout=60)[1], waiting.returncode), ("", 0))
        self.assertEqual(self.names(), [("a", 1), ("b", 2)])

    def test_a_writer_that_is_stopped_is_named(self):
        self.done("claim", "a", "1")
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as db:
            db.execute("BEGIN EXCLUSIVE")
            writer = subprocess.Popen([BERTH, "claim", "b", "2", "--ledger", self.database], env=self.environment(),
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while not self.mark.exists():
                self.assertIsNone(writer.poll())
            with open(f"/proc/{writer.pid}/task/{writer.pid}/children", encoding="ascii") as children:
                helper = int(children.read().split()[0])
            os.kill(helper, signal.SIGSTOP)
            try:
                self.assertEqual(self.names(), [("a", 1)])  # readers do not wait for it
                done = self.berth("claim", "c", "3")
                self.assertEqual(done.returncode, 4)
                self.assertIn(f"is locked by process {helper} (berth-ledger)", done.stderr)
            finally:
                os.kill(helper, signal.SIGKILL)
            writer.communicate(timeout=60)
            self.assertEqual(writer.returncode, 4)
            db.execute("ROLLBACK")
        self.assertEqual(self.names(), [("a", 1)])
        self.assert_agreement()

    def test_a_newer_ledger_is_left_alone(self):
        self.done("claim", "a", "1")
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            db.execute("PRAGMA user_version = 99")
        before = self.database.read_bytes()
        for arguments in (("claim", "b", "2"), ("unclaim", "a"), ("claims", "--log")):
            done = self.berth(*arguments)
            self.assertEqual(done.returncode, 4)
            self.assertIn("made by a newer version of berth", done.stderr)
        self.assertEqual(self.database.read_bytes(), before)
        self.assertEqual(self.names(), [("a", 1)])  # what it published is still read

    def test_what_is_no_ledger_is_left_alone(self):
        self.database.write_text("web 8080/tcp\n", encoding="ascii")
        done = self.berth("claim", "b", "2")
        self.assertEqual(done.returncode, 4)
        self.assertIn("not a ledger of berth", done.stderr)
        self.assertEqual(self.database.read_text(encoding="ascii"), "web 8080/tcp\n")

    def test_the_systems_claims_are_everybodys(self):
        """In a mount namespace where /var/lib is its own: root's claims show for nobody, who cannot take them."""
        if os.geteuid() != 0:
            self.skipTest("needs root")
        someone = ("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--bounding-set", "-all",
                   "--inh-caps", "-all")
        home = self.folder / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        self.place = "/var/lib"

        def play():
            env = self.environment() | {"HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
            made = self.run_it("claim", "sys", "8080", env=env)
            self.assertEqual((made.returncode, made.stderr), (0, ""))
            self.assertIn("/var/lib/berth/claims.db", made.stdout)
            refused = self.run_it("claim", "mine", "8080", env=env, before=someone)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("(system ledger)", refused.stderr)
            own = self.run_it("claim", "mine", "8081", env=env, before=someone)
            self.assertEqual((own.returncode, own.stderr), (0, ""))
            seen = json.loads(self.run_it("claims", "--json", env=env, before=someone).stdout)
            self.assertEqual([(c["name"], c["source"]) for c in seen], [("sys", "system ledger"), ("mine", "ledger")])
            roots = json.loads(self.run_it("claims", "--json", env=env).stdout)
            self.assertEqual([c["name"] for c in roots], ["sys"])

        self.with_tmpfs("size=1m", play)


def main():
    global BERTH, KILL_AT, CLOCK  # pylint: disable=global-statement
    BERTH, KILL_AT, CLOCK = (os.path.abspath(path) for path in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)


if __name__ == "__main__":
    main()
