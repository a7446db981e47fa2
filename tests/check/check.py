#!/usr/bin/env python3
"""berth check, claims --fmt and --sysctl, and berth claim where there is a claims file.

  check.py BERTH manifests|none

Everything happens in folders of its own, with a HOME of its own; --live in a network namespace of its own. What needs
root, or a helper that was not built, is left out by name.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FULL = os.environ.get("FULL") == "1"
KEPT = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH", "PATH")
NOBODY = 65534
BERTH = None
HAS_MANIFESTS = True


class Sandbox(unittest.TestCase):
    """A repository that goes away."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.outside = pathlib.Path(scratch.name).resolve()
        self.outside.chmod(0o755)
        self.repo = self.outside / "repo"
        (self.repo / ".git").mkdir(parents=True)
        self.claims = self.repo / "ports.claims"

    def write(self, path, text):
        path = self.repo / path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")
        return path

    def run_it(self, *arguments, folder=None, env=None, before=()):
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment.update(LC_ALL="C.UTF-8", HOME=str(self.outside), XDG_DATA_HOME=str(self.outside / "data"))
        environment.update(env or {})
        return subprocess.run([*before, BERTH, *map(str, arguments)], cwd=folder or self.repo, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="surrogateescape",
                              check=False, timeout=120)

    def check(self, *arguments, exits=None, **options):
        """The record of a check."""
        done = self.run_it("check", *arguments, "--json", **options)
        if exits is not None:
            self.assertEqual(done.returncode, exits, (done.stdout, done.stderr))
        self.assertEqual(done.stderr, "")
        return json.loads(done.stdout)

    def finds(self, record, identity, at=None, says=""):
        """There is exactly one such finding."""
        rows = [f for f in record["findings"] if f["id"] == identity
                and (at is None or [f["at"]["file"], f["at"]["line"], f["at"]["column"]] == at)]
        self.assertEqual(len(rows), 1, record["findings"])
        self.assertRegex(rows[0]["message"], says or ".")
        return rows[0]

    def ids(self, record):
        return sorted(f["id"] for f in record["findings"])

    def one_line(self, done, exits, says):
        self.assertEqual(done.returncode, exits, (done.stdout, done.stderr))
        self.assertRegex(done.stderr, r"\Aberth: [^\n]*\n\Z")
        self.assertRegex(done.stderr, says)


class Findings(Sandbox):
    """Each kind: there when it should be, and not otherwise."""

    def test_nothing(self):
        self.write("ports.claims", "mine 14501/tcp\n")
        record = self.check(exits=0)
        self.assertEqual((self.ids(record), record["claims"], record["files"]), ([], 1, ["ports.claims"]))
        self.assertIn("nothing to find fault with", self.run_it("check").stdout)

    def test_collision(self):
        self.write("ports.claims", "a 14501/tcp owner=x\nb 14500-14502/tcp,udp 127.0.0.1\n")
        found = self.finds(self.check(exits=1), "collision", ["ports.claims", 2, 1], r"a 14501/tcp, of x \(ports.claims:1\)")
        self.assertEqual((found["severity"], found["claim"], found["ports"], found["related"]),
                         ("error", "b", [14500, 14502], {"file": "ports.claims", "line": 1, "column": 1}))

    def test_no_collision(self):
        self.write("ports.claims", "a 14501/tcp 127.0.0.1\nb 14501/tcp 127.0.0.2\nc 14501/udp\nd 14501/tcp ::1\n")
        self.assertEqual(self.ids(self.check(exits=0)), [])

    def test_wildcards_as_the_kernel(self):
        self.write("ports.claims", "a 14501/tcp 127.0.0.1\nb 14501/tcp ::\n")
        self.finds(self.check(exits=1), "collision")

    def test_expired_gives_way(self):
        self.write("ports.claims", "a 14501/tcp until=2020-01-01\nb 14501/tcp\n")
        record = self.check(exits=0)
        self.assertEqual(self.ids(record), ["expired"])
        self.finds(record, "expired", ["ports.claims", 1, 1], "2020-01-01")

    def test_retired(self):
        self.write("ports.claims", "old 14501/tcp retired\nolder 14501/tcp retired\n")
        self.assertEqual(self.ids(self.check(exits=0)), [])
        self.write("ports.claims", "new 14501/tcp\nold 14501/tcp retired\n")
        record = self.check(exits=1)
        self.finds(record, "retired", ["ports.claims", 1, 1], "old")
        self.assertEqual(self.ids(record), ["retired"])

    def test_duplicate(self):
        self.write("ports.claims", "a 14501/tcp\nA 14501/tcp\n")
        self.finds(self.check(exits=1), "duplicate", ["ports.claims", 2, 1])

    def test_dates(self):
        self.write("ports.claims", "a 14501/tcp since=2030-01-02 until=2030-01-01\n")
        self.finds(self.check(exits=1), "dates", ["ports.claims", 1, 1])

    def test_long_name(self):
        self.write("ports.claims", "a-name-with-16-c 14501/tcp\n")
        self.finds(self.check(exits=0), "long-name")

    def test_assigned(self):
        self.write("ports.claims", "mine 631/tcp\nipp 631/udp\nweb 80/tcp\nx11 6001/tcp\nwide 20000-30000/tcp\n"
                                   "database 5432/tcp program=postgres\n")
        record = self.check(exits=0)
        self.assertEqual([f["at"]["line"] for f in record["findings"] if f["id"] == "assigned"], [1, 5])

    def test_customary(self):
        self.write("ports.claims", "mine 5173/tcp\nfront 5173/tcp 127.0.0.1 program=vite\n")
        record = self.check()
        self.finds(record, "customary", ["ports.claims", 1, 1], "Vite")

    def test_ephemeral(self):
        self.write("ports.claims", "a 32767/tcp\nb 32768/tcp\nc 60999/udp\nd 61000/tcp\ne 32000-33000/udp\n")
        record = self.check(exits=0)
        self.assertEqual([f["claim"] for f in record["findings"] if f["id"] == "ephemeral"], ["b", "c", "e"])
        self.assertEqual(self.run_it("check", "-q", "--fail-on", "warning").returncode, 1)

    def test_browser_blocked(self):
        self.write("ports.claims", "web-a 10080/tcp\nb 6679/tcp scope=prod,http\nc 6697/tcp\nhttp-d 6697/udp\n")
        record = self.check(exits=0)
        self.assertEqual([f["claim"] for f in record["findings"] if f["id"] == "browser-blocked"], ["web-a", "b"])

    def test_syntax(self):
        self.write("ports.claims", "ok 14501/tcp\nsecret-password\n\tother 14502/tcp colour=red\n")
        done = self.run_it("check")
        self.assertEqual(done.returncode, 2)
        self.assertNotIn("secret", done.stdout + done.stderr)
        self.assertNotIn("red", done.stdout.replace("retired", ""))
        record = self.check(exits=2)
        self.assertEqual([[f["at"]["line"], f["at"]["column"]] for f in record["findings"]], [[2, 16], [3, 18]])

    def test_no_file(self):
        self.one_line(self.run_it("check"), 2, "no ports.claims here or above")

    def test_unreadable(self):
        self.finds(self.check("nowhere.claims", exits=2), "unreadable", ["nowhere.claims", None, None], "no such file")

    def test_fail_on(self):
        self.write("ports.claims", "mine 5173/tcp\n")  # a note
        for level, code in (("error", 0), ("warning", 0), ("note", 1)):
            self.assertEqual(self.run_it("check", "-q", "--fail-on", level).returncode, code)
        self.one_line(self.run_it("check", "--fail-on", "fatal"), 2, "error|warning|note")

    def test_every_kind_is_documented(self):
        rows = re.findall(r'^FINDING\(\w+, "([\w-]+)", (\w+)', (ROOT / "src/answer/check.def").read_text(), re.M)
        text = (ROOT / "docs/claims.md").read_text()
        for name, severity in rows:
            self.assertRegex(text, rf"\| `{name}` \| {severity.lower()} \|", name)


class Formats(Sandbox):
    def setUp(self):
        super().setUp()
        self.write("ports.claims", "a 14501/tcp\nb 14501/tcp  # ü\nmine 5173/tcp\n")
        self.write("odd, name%:x.claims", "c 14501/tcp\n")

    def test_text(self):
        done = self.run_it("check")
        self.assertIn("ports.claims:2:1: error: b 14501/tcp collides with a 14501/tcp (ports.claims:1) [collision]\n",
                      done.stdout)
        self.assertRegex(done.stdout, r"\n3 claims: 1 error, 0 warnings, 1 note\n\Z")

    def test_jsonl(self):
        rows = [json.loads(line) for line in self.run_it("check", "--jsonl").stdout.splitlines()]
        self.assertEqual([r["type"] for r in rows], ["finding", "finding"])

    def test_schema(self):
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not there")
        jsonschema.validate(self.check(exits=1), json.loads((ROOT / "data/schema/check.json").read_text()))

    def test_sarif(self):
        done = self.run_it("check", "ports.claims", "odd, name%:x.claims", "--format", "sarif")
        self.assertEqual(done.returncode, 1)
        log = json.loads(done.stdout)
        run, = log["runs"]
        rules = run["tool"]["driver"]["rules"]
        self.assertEqual((log["version"], run["columnKind"]), ("2.1.0", "unicodeCodePoints"))
        self.assertEqual(len({r["id"] for r in rules}), len(rules))
        for result in run["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            self.assertIn(result["level"], ("error", "warning", "note"))
            region = result["locations"][0]["physicalLocation"]["region"]
            self.assertGreaterEqual(min(region.values()), 1)
        uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
        self.assertIn("odd,%20name%25%3Ax.claims", uris)
        self.one_line(self.run_it("check", "--format", "sarif", "--json"), 2, "exclude each other")

    def test_github(self):
        lines = self.run_it("check", "ports.claims", "odd, name%:x.claims", "--format", "github").stdout.splitlines()
        self.assertIn("::error file=ports.claims,line=2,col=1,title=berth collision::b 14501/tcp collides with "
                      "a 14501/tcp (ports.claims:1)", lines)
        self.assertTrue(any(line.startswith("::error file=odd%2C name%25%3Ax.claims,line=1,") for line in lines), lines)
        self.assertTrue(any(line.startswith("::notice file=ports.claims,line=3,") for line in lines), lines)


class Includes(Sandbox):
    def test_merge(self):
        self.write("ports.claims", "a 14501/tcp owner=org\nshared 14510/tcp owner=org\nother 14520/tcp\n")
        self.write("svc/ports.claims", "include ../ports.claims\nshared 14510/tcp owner=svc\nrival 14501/tcp\n")
        record = self.check(folder=self.repo / "svc", exits=1)
        self.finds(record, "restated", ["../ports.claims", 2, 1])
        self.finds(record, "collision", ["ports.claims", 3, 1], r"a 14501/tcp, of org \(../ports.claims:1\)")
        rows = json.loads(self.run_it("claims", "--json", folder=self.repo / "svc").stdout)
        self.assertEqual([(r["name"], r["owner"]) for r in rows if r["name"] == "shared"], [("shared", "svc")])
        self.assertIn("other", [r["name"] for r in rows])

    def test_found_upward(self):
        self.write("ports.claims", "mine 14501/tcp program=nothing\n")
        deep = self.repo / "a/b/c"
        deep.mkdir(parents=True)
        answer = json.loads(self.run_it("14501", "--json", folder=deep).stdout)
        self.assertEqual([(c["name"], c["source"]) for c in answer["claims"]], [("mine", "../../../ports.claims:1")])
        self.assertEqual(answer["verdicts"]["tcp"], {"word": "dark", "basis": "claim"})

    def test_cycles(self):
        self.write("ports.claims", "include a.claims\ninclude a.claims\n")
        self.write("a.claims", "include b.claims\n")
        self.write("b.claims", "include a.claims\nx 14501/tcp\n")
        record = self.check(exits=2)
        self.finds(record, "include-cycle", ["b.claims", 1, 9])
        self.assertEqual(record["claims"], 1)
        self.write("ports.claims", "include ports.claims\n")
        self.finds(self.check(exits=2), "include-cycle", ["ports.claims", 1, 9])

    def test_hostile(self):
        (self.outside / "secret").write_text("root:x:0:0 secret\n")
        (self.repo / "link").symlink_to(self.outside / "secret")
        (self.repo / "folder").symlink_to(self.outside)
        (self.repo / "inner").symlink_to("other.claims")
        self.write("other.claims", "x 14501/tcp\n")
        os.mkfifo(self.repo / "fifo")
        for path, says in (("../secret", "inside the repository"), ("a/../../secret", "inside the repository"),
                           (str(self.outside / "secret"), "inside the repository"), ("link", "symbolic link"),
                           ("folder/secret", "symbolic link"), ("inner", "symbolic link"), ("fifo", "regular file"),
                           (".", "inside the repository"), (".git", "regular file"), ("nowhere", "no such file"),
                           ("/dev/zero", "inside the repository"), ("x" * 300, "too long|no such")):
            self.write("ports.claims", f"include {path}\n")
            done = self.run_it("check")
            self.assertEqual(done.returncode, 2, path)
            self.assertRegex(done.stdout, rf"ports.claims:1:9: error: [^\n]*({says})", path)
            self.assertNotIn("root:", done.stdout)

    def test_foreign_bytes_are_never_shown(self):
        self.write("key.pem", "-----BEGIN KEY-----\nMIIsecret\n")
        self.write("ports.claims", "include key.pem\n")
        done = self.run_it("check")
        self.assertEqual(done.returncode, 2)
        self.assertNotIn("secret", done.stdout + done.stderr)
        self.assertNotIn("BEGIN", done.stdout + done.stderr)

    def test_many(self):
        self.write("ports.claims", "".join(f"include {i}.claims\n" for i in range(20)))
        for i in range(20):
            self.write(f"{i}.claims", f"n{i} {14501 + i}/tcp\n")
        record = self.check(exits=2)
        self.assertEqual(len(record["files"]), 16)
        self.assertEqual(self.ids(record), ["include"] * 5)

    def test_root_without_git(self):
        (self.repo / ".git").rmdir()
        self.write("a/ports.claims", "include ../b.claims\n")
        self.write("b.claims", "x 14501/tcp\n")
        self.finds(self.check(folder=self.repo / "a", exits=2), "include", says="inside the repository")


class Hostile(Sandbox):
    """Files that are none."""

    def refused(self, says):
        done = self.run_it("check", "ports.claims")
        self.assertEqual((done.returncode, done.stderr), (2, ""), done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 2, done.stdout)  # the line, and the sum
        self.assertRegex(done.stdout.splitlines()[0], says)

    def test_sparse(self):
        with open(self.claims, "wb") as file:
            file.truncate(1 << 30)
        self.refused("larger than the 16 MB")
        self.assertEqual(self.run_it("14501", "--json").returncode, 0)
        self.one_line(self.run_it("claims", "--fmt", "-w"), 2, "16 MB")
        self.one_line(self.run_it("check"), 2, "16 MB")
        self.assertEqual(self.claims.stat().st_size, 1 << 30)

    def test_zeros(self):
        self.write("ports.claims", bytes(8 << 20))
        self.refused("NUL byte")

    def test_binary(self):
        self.claims.write_bytes(pathlib.Path(BERTH).read_bytes()[: 1 << 20])
        self.refused("no text|not UTF-8|control")

    def test_terminal(self):
        self.write("ports.claims", "a 14501/tcp # \x1b[31m\n")
        self.refused("control or invisible")

    def test_one_line(self):
        self.write("ports.claims", "x" * (10 << 20))
        self.refused("longer than 4096")

    def test_many_claims(self):
        self.write("ports.claims", "a 1-65535/tcp\n" * 250001)
        done = self.run_it("check", "-q", "ports.claims")
        self.assertEqual((done.returncode, done.stderr), (2, ""))

    def test_fifo_and_folder(self):
        os.mkfifo(self.claims)
        self.refused("not a regular file")
        self.claims.unlink()
        self.claims.mkdir()
        self.refused("not a regular file")

    def test_link_upward(self):
        self.write("real.claims", "a 14501/tcp\n")
        self.claims.symlink_to("real.claims")
        self.one_line(self.run_it("check"), 2, "symbolic link")
        answer = json.loads(self.run_it("14501", "--json").stdout)
        self.assertEqual(answer["claims"], [])
        self.assertIn("symbolic link", " ".join(g["why"] for g in answer["gaps"]))

    def test_faults_are_gaps_elsewhere(self):
        self.write("ports.claims", "a 14501/tcp\nb\nc\n")
        answer = json.loads(self.run_it("14501", "--json").stdout)
        self.assertEqual([c["name"] for c in answer["claims"]], ["a"])
        gap, = (g for g in answer["gaps"] if g["what"] == "claims")
        self.assertRegex(gap["where"] + gap["why"], r"ports.claims:2.*and 1 more")

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_owners(self):
        self.write("ports.claims", "a 14501/tcp\n")
        os.chown(self.claims, 12345, 12345)
        self.one_line(self.run_it("check"), 2, "another user")
        self.assertEqual(self.run_it("check", "ports.claims").returncode, 0)
        self.assertEqual(self.run_it("check", env={"SUDO_UID": "12345"}).returncode, 0)
        self.assertEqual(json.loads(self.run_it("14501", "--json").stdout)["claims"], [])
        self.write("other.claims", "b 14502/tcp\n")
        os.chown(self.repo / "other.claims", 12345, 12345)
        self.claims.unlink()
        self.write("ports.claims", "include other.claims\n")
        self.finds(self.check(exits=2), "include", ["ports.claims", 1, 9], "another user")
        self.assertEqual(self.check("ports.claims", exits=0)["claims"], 1)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_nobody(self):
        """A user believes root and himself, SUDO_UID nothing."""
        nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.write("ports.claims", "a 14501/tcp\n")
        self.assertEqual(self.run_it("check", before=nobody).returncode, 0)
        os.chown(self.claims, 12345, 12345)
        self.assertEqual(self.run_it("check", before=nobody, env={"SUDO_UID": "12345"}).returncode, 2)
        own = self.outside / "data"  # where his ledger goes
        own.mkdir()
        os.chown(own, NOBODY, NOBODY)
        done = self.run_it("claim", "c", "14503", before=nobody)
        if "not installed" not in done.stderr:
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stderr, "ports.claims: it belongs to another user")
            self.assertEqual(self.claims.read_text(), "a 14501/tcp\n")


class Writing(Sandbox):
    def test_append(self):
        before = "# ours  \r\nweb 14501/tcp\t#x\r\nlast 14502/tcp"
        self.write("ports.claims", before.encode())
        self.claims.chmod(0o664)
        done = self.run_it("claim", "api", "14503", "14504/udp", "--owner", "the team", "--reason", "why", "--json")
        record = json.loads(done.stdout)
        self.assertEqual((record["result"], record["ledger"]), ("claimed", "ports.claims"))
        text = self.claims.read_bytes().decode()
        self.assertTrue(text.startswith(before))
        self.assertRegex(text[len(before):], r'\A\napi             14503/tcp       owner="the team" since=[\d-]+  # why\n'
                                             r'api             14504/udp [^\n]*\n\Z')
        self.assertEqual(stat.S_IMODE(self.claims.stat().st_mode), 0o664)
        self.assertEqual(sorted(p.name for p in self.repo.iterdir()), [".git", "ports.claims"])
        again = self.run_it("claim", "api", "14503", "--owner", "the team")
        self.assertIn("unchanged", again.stdout)
        self.assertEqual(self.claims.read_bytes().decode(), text)
        self.assertEqual(self.run_it("check", "-q").returncode, 0)

    def test_refused(self):
        self.write("ports.claims", "include org.claims\nweb 14501/tcp owner=x\nold 14502/tcp retired\n")
        self.write("org.claims", "org 14503/tcp\n")
        before = self.claims.read_bytes()
        for name, port, says in (("api", "14501", r"web 14501/tcp, of x \(ports.claims:2\)"), ("api", "14502", "retired"),
                                 ("api", "14503", "org.claims:1"), ("web", "14500-14501", "web 14501/tcp")):
            self.one_line(self.run_it("claim", name, port), 1, says)
        self.one_line(self.run_it("claim", "include", "14509"), 2, "include")
        self.one_line(self.run_it("claim", "a", "14509", "--to", "elsewhere"), 2, "file|ledger")
        self.assertEqual(self.claims.read_bytes(), before)

    def test_faulty_file_is_left_alone(self):
        self.write("ports.claims", "web\n")
        self.one_line(self.run_it("claim", "api", "14501"), 2, "berth check")
        self.one_line(self.run_it("claims", "--fmt", "-w"), 2, "berth check")
        self.assertEqual(self.claims.read_text(), "web\n")

    def test_to_ledger(self):
        self.write("ports.claims", "web 14501/tcp\n")
        done = self.run_it("claim", "api", "14502", "--to", "ledger", "--ledger", self.outside / "l.db")
        if "not installed" in done.stderr:
            self.skipTest("berth-ledger was not built")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.claims.read_text(), "web 14501/tcp\n")
        self.one_line(self.run_it("claim", "api", "14502", "--to", "file", folder=self.outside), 2, "no ports.claims")

    def test_unclaim_points_to_the_file(self):
        self.write("ports.claims", "web 14501/tcp\n")
        done = self.run_it("unclaim", "web", "--ledger", self.outside / "l.db")
        if "not installed" in done.stderr:
            self.skipTest("berth-ledger was not built")
        self.one_line(done, 1, "web stands in ports.claims:1")

    def test_race(self):
        """Many writers: every one that was told so has its line, one port has one owner."""
        self.write("ports.claims", "# ours\n")
        results = {}

        def stake(i):
            results[i] = self.run_it("claim", f"n{i}", str(14501 + i % 4)).returncode

        threads = [threading.Thread(target=stake, args=(i,)) for i in range(40 if FULL else 12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        lines = self.claims.read_text().splitlines()[1:]
        self.assertEqual(sorted(line.split()[0] for line in lines), sorted(f"n{i}" for i, r in results.items() if r == 0))
        self.assertEqual(len(lines), 4)
        self.assertEqual(set(results.values()), {0, 1})
        self.assertEqual(sorted(p.name for p in self.repo.iterdir()), [".git", "ports.claims"])

    def test_format(self):
        self.write("ports.claims", "# top\nb 14502/tcp\na 14501/tcp\n")
        done = self.run_it("claims", "--fmt")
        self.assertEqual(done.stdout, "# top\na               14501/tcp\nb               14502/tcp\n")
        self.assertTrue(self.claims.read_text().startswith("# top\nb"))
        self.assertIn("was written", self.run_it("claims", "--fmt", "--write").stdout)
        self.assertEqual(self.claims.read_text(), done.stdout)
        self.assertIn("is in its canonical form", self.run_it("claims", "--fmt", "-w").stdout)
        self.one_line(self.run_it("claims", "-w"), 2, "goes with --fmt")
        self.one_line(self.run_it("claims", "--fmt", "--sysctl"), 2, "exclude")

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_read_only(self):
        nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.write("ports.claims", "b 14502/tcp\na 14501/tcp\n")
        before = self.claims.read_bytes()
        self.one_line(self.run_it("claims", "--fmt", "-w", before=nobody), 4, "Permission denied")
        self.one_line(self.run_it("claim", "c", "14503", before=nobody), 4, "Permission denied")
        self.assertEqual(self.claims.read_bytes(), before)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_owner_is_kept(self):
        self.write("ports.claims", "a 14501/tcp\n")
        os.chown(self.claims, 12345, 12346)
        self.assertEqual(self.run_it("claim", "b", "14502", env={"SUDO_UID": "12345"}).returncode, 0)
        self.assertEqual((self.claims.stat().st_uid, self.claims.stat().st_gid), (12345, 12346))

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "needs root and unshare")
    def test_sysctl(self):
        self.write("ports.claims", "a 40000-40002/tcp\nb 40002-40003/udp\nc 14501/tcp\nd 32000-32769/tcp\n"
                                   "e 50000/tcp until=2020-01-01\n")
        script = "echo 41000,45000-45001 >/proc/sys/net/ipv4/ip_local_reserved_ports; exec \"$@\""
        before = ["unshare", "-n", "sh", "-c", script, "sh"]
        self.assertRegex(self.run_it("claims", "--sysctl", before=["unshare", "-n"], folder=self.outside).stdout,
                         r"\A# no claim [^\n]*\n\Z")
        done = self.run_it("claims", "--sysctl", before=before)
        self.assertEqual(done.stdout, "net.ipv4.ip_local_reserved_ports = 32768-32769,40000-40003,41000,45000-45001\n")


class Live(Sandbox):
    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "needs root and unshare")
    def test_live(self):
        self.write("ports.claims", "gone 14501/tcp\nmine 14502/tcp program=another\nhere 14503/tcp\neph 40050/tcp\n")
        script = ("import socket,subprocess,sys\n"
                  "subprocess.run(['ip','link','set','lo','up'],check=False)\n"
                  "open('/proc/sys/net/ipv4/ip_local_reserved_ports','w').write('40050')\n"
                  "s=[socket.create_server(('127.0.0.1',p)) for p in (14502,14503,14504)]\n"
                  "sys.exit(subprocess.run(sys.argv[1:]).returncode)")
        program = self.outside / "tenant.py"
        program.write_text(script)
        record = self.check("--live", before=["unshare", "-n", sys.executable, program], exits=1)
        self.finds(record, "dark", ["ports.claims", 1, 1])
        self.finds(record, "conflict", ["ports.claims", 2, 1], "tenant")
        self.finds(record, "unclaimed-listener", ["", None, None], "14504")
        self.assertEqual(self.ids(record), ["conflict", "dark", "dark", "unclaimed-listener"])
        deep = self.repo / "a/b"
        deep.mkdir(parents=True)
        rows = json.loads(self.run_it("here", "--json", "--netns", "here", folder=deep,
                                      before=["unshare", "-n", sys.executable, program]).stdout)["listeners"]
        self.assertEqual([(r["port"], r["verdict"], {"source": "claim", "name": "mine"} in r["names"]) for r in rows][0],
                         (14502, "conflict", True))


COMPOSE = """
x-more: &more
  ports:
    - "14600-14602:80-82"
    - {target: 80, published: "${WEB_PORT:-14501}", protocol: tcp}
services:
  shop:
    <<: *more
  api:
    ports: ["14502:80", "127.0.0.1:14502:81", "14503:53/tcp", '[::1]:14504:80/udp']
  loose:
    ports: [14505:1, "${NOBODY_KNOWS}:80", "127.0.0.1::80", "3000"]
    expose: ["3001"]
"""

CLAIMS = """shop 14501/tcp
more 14600-14602/tcp
api 14502/tcp 127.0.0.1
dns 14503/udp
old 14505/tcp retired
"""


class Manifests(Sandbox):
    def setUp(self):
        super().setUp()
        if not HAS_MANIFESTS:
            self.skipTest("berth-manifests was not built")

    def test_compose(self):
        self.write("ports.claims", CLAIMS)
        self.write("compose.yaml", COMPOSE)
        record = self.check(exits=1)
        rows = {(f["id"], f["at"]["line"], f["at"]["column"]) for f in record["findings"] if f["at"]["file"] == "compose.yaml"}
        self.assertEqual(rows, {
            ("contradiction", 4, 7),    # shop has a claim, and this is of another
            ("contradiction", 10, 13),  # everywhere, where 127.0.0.1 is claimed
            ("contradiction", 10, 47),  # tcp, where udp is claimed
            ("contradiction", 10, 63),  # api has a claim for other ports
            ("contradiction", 12, 13),  # retired
            ("unclaimed-inside", 12, 61), ("unclaimed-inside", 13, 14)})
        self.assertEqual([(g["where"]) for g in record["gaps"]], ["compose.yaml:12"])
        self.assertEqual(record["files"], ["ports.claims", "compose.yaml"])

    def test_variables_of_compose(self):
        self.write("ports.claims", "s 14501/tcp\n")
        self.write("compose.yaml", "services: {s: {ports: ['$WEB_PORT:80', '${WEB_PORT:-1}:81', '${EMPTY:-14501}:82', "
                                   "'${NONE-14501}:83', '${A:-${WEB_PORT}}:84', '${LOOP}:85', '${WEB_PORT:?no}:86', '$$:1']}}\n")
        self.write(".env", "WEB_PORT=x\nexport WEB_PORT='14501' # the last counts\nEMPTY=\nLOOP=$LOOP\n")
        record = self.check(exits=0)
        self.assertEqual(self.ids(record), [])
        self.assertEqual(len(record["gaps"]), 2)  # what leads to itself, and a dollar sign

    def test_a_helper_that_lies(self):
        """What the helper says is checked like anything from outside."""
        self.write("ports.claims", "s 14501/tcp\n")
        folder = self.outside / "bin"
        folder.mkdir()
        shutil.copy(BERTH, folder / "berth")
        helper = folder / "berth-manifests"
        head = "berth-manifests 1\\n"
        for text, code in ((head + "file\\tx\\nport\\tnode\\ts\\t14501\\t14501\\ttcp\\t\\t1\\t1\\nend\\n", 0), (head, 4),
                           ("", 4), ("berth-manifests 2\\nend\\n", 4), (head + "end\\nend\\n", 4), (head + "end", 4),
                           (head + "port\\tnode\\ts\\t1\\t1\\ttcp\\t\\t1\\t1\\nend\\n", 4),  # of no file
                           (head + "file\\tx\\nport\\tnode\\ts\\t9\\t8\\ttcp\\t\\t1\\t1\\nend\\n", 4),
                           (head + "file\\tx\\nport\\tnode\\ts\\t1\\t70000\\ttcp\\t\\t1\\t1\\nend\\n", 4),
                           (head + "file\\tx%0\\nend\\n", 4), (head + "file\\t%00\\nend\\n", 4), (head + "what\\nend\\n", 4),
                           (head + "file" + "\\tx" * 20 + "\\nend\\n", 4)):
            helper.write_text(f"#!/bin/sh\ncat >/dev/null\nprintf '{text.replace('%', '%%')}'\n")
            helper.chmod(0o755)
            done = subprocess.run([folder / "berth", "check", "-q"], cwd=self.repo, capture_output=True, text=True, check=False,
                                  env={"HOME": str(self.outside), "PATH": os.environ["PATH"],
                                       **{k: os.environ[k] for k in KEPT if k in os.environ}})
            self.assertEqual(done.returncode, code, (text, done.stderr))
            self.assertEqual("without an answer" in done.stderr, code == 4, text)
        helper.write_text("#!/bin/sh\nkill -9 $$\n")
        done = subprocess.run([folder / "berth", "check"], cwd=self.repo, capture_output=True, text=True, check=False)
        self.one_line(done, 4, "without an answer")

    def test_kubernetes(self):
        self.write("ports.claims", "agent 14700/tcp\nnode 30080/tcp\n")
        self.write("k8s/all.yaml", """apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  template:
    spec:
      hostNetwork: true
      containers:
        - ports: [{containerPort: 14700}, {containerPort: 80, hostPort: 14701, protocol: UDP, hostIP: 127.0.0.1}]
---
apiVersion: v1
kind: Service
metadata: {name: node}
spec: {ports: [{port: 80, nodePort: 30080}, {port: 81, nodePort: 30081}]}
---
{"apiVersion": "v1", "kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "p"},
 "spec": {"containers": [{"ports": [{"containerPort": 14702}]}]}}]}
""")
        record = self.check(exits=1)
        self.finds(record, "unclaimed-inside", says="p uses 14702/tcp")
        messages = [f["message"] for f in record["findings"] if f["id"] == "contradiction"]
        self.assertEqual(len(messages), 2)
        self.assertRegex(messages[0], "agent opens 127.0.0.1 14701/udp")
        self.assertRegex(messages[1], "node opens 30081/tcp")

    def test_units_and_variables(self):
        self.write("ports.claims", "sock 14800/tcp\nweb 14801/tcp\n")
        self.write("sock.socket", "[Unit]\nListenStream=1\n[Socket]\nListenStream=2\nListenStream=\n"
                                  "ListenStream = 14800\nListenDatagram=[::1]:14802\nListenStream=/run/x\n")
        self.write(".env", "PORT=14803\nexport WEB_PORT='14801' # x\nREPORT=14804\nAPI_PORT=none\n")
        record = self.check(exits=1)
        self.finds(record, "contradiction", ["sock.socket", 7, 16], "::1 14802/udp")
        self.finds(record, "unclaimed-variable", [".env", 1, 6], "PORT is 14803")
        self.assertEqual(len(record["findings"]), 2, record["findings"])

    def test_what_is_walked(self):
        self.write("ports.claims", "include svc/ports.claims\n")
        for folder in (".hidden", "node_modules/x", "other", "a/b/c", "svc"):
            self.write(f"{folder}/compose.yml", "services: {s: {ports: ['14900:1']}}\n")
        self.write("other/ports.claims", "s 14900/tcp\n")
        self.write("svc/ports.claims", "\n")
        (self.repo / "link.yaml").symlink_to("a/b/c/compose.yml")
        record = self.check(exits=1)
        self.assertEqual([f["at"]["file"] for f in record["findings"]], ["a/b/c/compose.yml", "svc/compose.yml"])

    def test_named(self):
        self.write("ports.claims", "s 14900/tcp\n")
        self.write("sub/x.yaml", "services: {s: {ports: ['14900:1']}}\n")
        self.write("y.yaml", "services: {s: {ports: ['14901:1']}}\n")
        self.assertEqual(self.check("x.yaml", folder=self.repo / "sub", exits=0)["claims"], 1)
        record = self.check("y.yaml", "ports.claims", exits=1)
        self.assertEqual(record["files"], ["ports.claims", "y.yaml"])

    def test_hostile(self):
        self.write("ports.claims", "s 14900/tcp\n")
        bomb = "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))
        merge = "m0: &m0 {ports: ['14901:1']}\n" + "".join(
            f"m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 9)}]}}\n" for i in range(1, 30))
        for name, text, findings in (
                ("compose.yaml", "services: [", {"unreadable"}),
                ("compose.yaml", b"\xff\xff\x00\x01", {"unreadable"}),
                ("compose.yaml", bytes(1000), {"unreadable"}),
                ("compose.yaml", "[" * 5000, {"unreadable"}),
                ("compose.yaml", bomb + "apiVersion: v1\nkind: x\n", set()),
                ("compose.yaml", merge + "services: {s: *m29}\n", set()),
                ("compose.yaml", "services: {\"\\e[31m\\n\": {ports: ['14901:1']}}\n", {"unclaimed-port"}),
                ("compose.yaml", "services: {s: {ports: ['99999:1', '1:2:3:4:5', ':', '/', {published: x}, [], ~]}}\n", set()),
                ("compose.yaml", "services: {s: {ports: ['" + "9" * 100000 + ":1']}}\n", set()),
                ("t.yaml", "a: {{ .Values.x }}\n- b\n", set())):
            path = self.write(name, text)
            done = self.run_it("check")
            self.assertNotIn("\x1b", done.stdout)
            self.assertEqual(done.stderr, "", text[:60])
            self.assertEqual(set(self.ids(self.check())), findings, text[:60])
            path.unlink()
        with open(self.repo / "compose.yaml", "wb") as file:
            file.truncate(1 << 30)
        self.assertIn("1 MB", self.run_it("check").stdout)
        self.finds(self.check("compose.yaml", exits=2), "unreadable", says="1 MB")


def main():
    global BERTH, HAS_MANIFESTS
    BERTH = os.path.abspath(sys.argv[1])
    HAS_MANIFESTS = sys.argv[2] == "manifests"
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1)


if __name__ == "__main__":
    main()
