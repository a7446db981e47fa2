#!/usr/bin/env python3
"""Languages: what is for programs stays English byte by byte, English costs nothing, and nobody leads berth astray.

  lang.py BERTH

What people read in German is in tests/golden/german.case.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BERTH = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None
WORLDS = sorted((Path(__file__).resolve().parent.parent / "worlds").glob("*.world"))
KEPT = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH")
GERMAN = "lauschen"  # of "auf 0 kann niemand lauschen"
NOBODY = 65534


def environment(**more):
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "BERTH_REGISTRY": "built-in", **kept, **more}


def run(*command, **more):
    env = environment(**more.pop("env", {}))
    return subprocess.run([str(word) for word in command], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          check=False, timeout=120, **more)


def shown(*arguments, **env):
    done = run(BERTH, *arguments, env=env)
    return done.returncode, done.stdout, done.stderr


class ForPrograms(unittest.TestCase):
    """The same bytes, whatever the language of the user."""

    def same(self, *arguments):
        english, german = (shown(*arguments, LC_ALL=name) for name in ("C.UTF-8", "de_DE.UTF-8"))
        self.assertEqual(english[:2], german[:2], arguments)
        self.assertTrue(english[1] or english[0] > 1, arguments)

    def test_records(self):
        for world in WORLDS:
            for asked in (["here"], ["80"], ["22", "8080"], ["why", "80"], ["why", "8080"], ["ranges"],
                          ["evict", "--dry-run", "22"], ["suggest", "api", "--stable-for", "/", "--explain"]):
                for form in ("--json", "--jsonl"):
                    with self.subTest(world=world.name, asked=asked, form=form):
                        self.same("--replay", world, *asked, form)

    def test_csv(self):
        for world in WORLDS:
            with self.subTest(world=world.name):
                self.same("--replay", world, "here", "--csv")
        self.same("find", "nvidia", "--csv")

    def test_registry(self):
        for form in ("services", "json", "jsonl", "csv"):
            self.same("export", form)

    def test_check(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "ports.claims")
            path.write_text("web 80/tcp\nweb 80/tcp\nx y z\nold 3476/tcp since=2021-01-01 until=2020-01-01\n",
                            encoding="utf-8")
            for form in (["--format", "sarif"], ["--format", "github"], ["--json"], ["--jsonl"]):
                self.same("check", path, *form)

    def test_claims(self):
        """What is written into a ledger, and what is told of it, is English; the message of a refusal is the user's."""
        with tempfile.TemporaryDirectory() as folder:
            ledger = Path(folder, "claims.db")
            env = {"LC_ALL": "de_DE.UTF-8"}
            done = run(BERTH, "claim", "web", "8080", "--ledger", ledger, "--until", "90d", env=env)
            if b"berth-ledger" in done.stderr:
                self.skipTest("built without SQLite")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"owner ", shown("claims", "--log", "--ledger", ledger, "--json")[1])
            self.same("claims", "--log", "--ledger", ledger, "--json")
            self.same("claims", "--ledger", ledger, "--json")
            self.same("claim", "other", "8080", "--ledger", ledger, "--json")
            self.assertIn("ist vergeben", shown("claim", "other", "8080", "--ledger", ledger, **env)[2].decode())

    def test_recording(self):
        """A recording is read anywhere: its gaps are English."""
        made = [shown("report", "-", LC_ALL=name)[1] for name in ("C.UTF-8", "de_DE.UTF-8")]
        gaps = [sorted(line for line in text.splitlines() if line.startswith(b"gap")) for text in made]
        for line in gaps[1]:
            self.assertNotRegex(line, rb"kein|nicht|Prozess")


class English(unittest.TestCase):
    def calls(self, **env):
        # What looks for leaks cannot be looked at itself.
        env["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]))
        with tempfile.NamedTemporaryFile() as log:
            done = run("strace", "-f", "-o", log.name, BERTH, "find", "nppmp", env=env)
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = Path(log.name).read_text(encoding="utf-8", errors="replace").splitlines()
        return [line.split(None, 1)[1] for line in lines]

    def setUp(self):
        if not shutil.which("strace") or run("strace", "-o", "/dev/null", "true").returncode != 0:
            self.skipTest("strace cannot be used here")

    def test_costs_nothing(self):
        """No call more for its catalog: nothing is looked for. (A sanitizer reads the program's own name.)"""
        plain = sum("/proc/self/exe" in call for call in self.calls(LC_ALL="C"))
        for env in ({}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": "C.UTF-8", "LANGUAGE": "de"},
                    {"LANG": "en_GB.UTF-8"}, {"LANG": "de_DE.UTF-8", "LANGUAGE": "en"}):
            calls = self.calls(**env)
            self.assertFalse([call for call in calls if "berth.mo" in call], env)
            self.assertEqual(sum("/proc/self/exe" in call for call in calls), plain, env)

    def test_german_opens_one_file(self):
        calls = [call for call in self.calls(LC_ALL="de_DE.UTF-8") if "berth.mo" in call]
        self.assertTrue(calls)
        self.assertNotIn("ENOENT", calls[-1])
        self.assertLessEqual(len(calls), 8, calls)


class Astray(unittest.TestCase):
    """Catalogs come from beside the program; nothing of the environment names another place."""

    def test_no_variable_names_a_place(self):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder, "share", "locale", "zz", "LC_MESSAGES")
            home.mkdir(parents=True)
            shutil.copy(catalog(), home / "berth.mo")
            names = ("NLSPATH", "LOCPATH", "TEXTDOMAINDIR", "XDG_DATA_DIRS", "LOCALEDIR", "LANGUAGE")
            env = {name: str(Path(folder, "share", "locale")) for name in names}
            self.assertNotIn(GERMAN, shown("wait", "0", LC_ALL="zz_ZZ.UTF-8", **env)[2].decode())

    def test_strange_names(self):
        for name in ("../de", "de/../de", "/de", "de_DE_de_DE_de_DE_de_DE_de_DE_de_DE_de", "d", ":", ":::", "C:de",
                     "\x01", "de\n", "de_" + "x" * 4000, ":".join(["fr"] * 5000) + ":de"):
            for env in ({"LC_ALL": name}, {"LC_ALL": "xx_XX.UTF-8", "LANGUAGE": name}):
                status, _, said = shown("wait", "0", **env)
                self.assertEqual(status, 2)
                self.assertNotIn(GERMAN, said.decode(), env)

    def test_damaged_catalog(self):
        """A file that is no catalog is none: English, whatever is in it."""
        whole = catalog().read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            berth, installed = install(folder)
            for bytes_ in (b"", b"no catalog", whole[:28], whole[:len(whole) // 2], whole[:12] + b"\xff" * 8 + whole[20:]):
                installed.write_bytes(bytes_)
                done = run(berth, "wait", "0", env={"LC_ALL": "de"})
                self.assertEqual((done.returncode, GERMAN in done.stderr.decode()), (2, False))
            installed.write_bytes(whole)
            self.assertIn(GERMAN, run(berth, "wait", "0", env={"LC_ALL": "de"}).stderr.decode())

    def test_more_rights_than_the_caller(self):
        """With AT_SECURE the environment says nothing, the language neither."""
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("needs root and setpriv")
        nobody = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--bounding-set", "+all"]
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            berth, _ = install(folder)
            env = {"LC_ALL": "de_DE.UTF-8"}
            self.assertIn(GERMAN, run(*nobody, berth, "wait", "0", env=env).stderr.decode())
            capability = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)  # CAP_NET_BIND_SERVICE, effective
            try:
                os.setxattr(berth, "security.capability", capability)
            except OSError as error:
                self.skipTest(f"no file capabilities here: {error.strerror}")
            done = run(*nobody, berth, "wait", "0", env=env)
            self.assertEqual((done.returncode, GERMAN in done.stderr.decode()), (2, False), done.stderr)


def catalog():
    return BERTH.parent.parent / "po" / "berth" / "de" / "LC_MESSAGES" / "berth.mo"


def install(folder):
    """A berth with its catalog as they are installed."""
    berth = Path(folder, "bin", "berth")
    installed = Path(folder, "share", "locale", "de", "LC_MESSAGES", "berth.mo")
    for path in (berth, installed):
        path.parent.mkdir(parents=True)
    shutil.copy(BERTH, berth)
    shutil.copy(catalog(), installed)
    return berth, installed


if __name__ == "__main__":
    if BERTH is None:
        sys.exit(__doc__)
    unittest.main()
