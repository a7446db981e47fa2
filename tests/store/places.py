#!/usr/bin/env python3
"""Claims in every place where berth shows who has a port, beside recorded worlds.

  places.py BERTH
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORLDS = ROOT / "tests" / "worlds"
KEPT = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH")
BERTH = None  # set by main()


class Places(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.ledger = str(pathlib.Path(scratch.name, "claims.db"))

    def run_it(self, *arguments, exits=(0,)):
        env = {name: os.environ[name] for name in KEPT if name in os.environ} | {"LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
        done = subprocess.run([BERTH, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertIn(done.returncode, exits, done.stderr)
        return done.stdout

    def claim(self, *arguments):
        self.run_it("claim", *arguments, "--ledger", self.ledger)

    def ask(self, world, *arguments, exits=(0,)):
        return self.run_it("--replay", str(WORLDS / f"{world}.world"), "--ledger", self.ledger, *arguments, exits=exits)

    def verdict(self, world, port):
        return json.loads(self.ask(world, f"{port}/tcp", "--json"))["verdicts"]["tcp"]

    def test_the_right_program_is_as_claimed(self):
        self.claim("shop", "22", "--program", "sshd")
        self.assertEqual(self.verdict("sshd", 22), {"word": "as-claimed", "basis": "claim"})
        self.assertIn("as-claimed: sshd is here, as claimed", self.ask("sshd", "22"))

    def test_a_name_alone_is_tried(self):
        self.claim("ssh", "22")
        self.assertEqual(self.verdict("sshd", 22), {"word": "as-claimed", "basis": "claim"})

    def test_another_name_is_occupied(self):
        self.claim("shop", "22")
        self.assertEqual(self.verdict("sshd", 22), {"word": "occupied", "basis": "claim"})

    def test_the_wrong_program_is_a_conflict(self):
        self.claim("shop", "22", "--program", "shopd")
        self.assertEqual(self.verdict("sshd", 22), {"word": "conflict", "basis": "claim"})
        self.assertIn("conflict: it is your claim, and sshd is here", self.ask("sshd", "22"))

    def test_a_claim_at_another_address_does_not_count(self):
        """Vite listens on [::1]:5173 alone."""
        self.claim("shop", "5173", "--program", "shopd", "--address", "127.0.0.1")
        self.assertEqual(self.verdict("vite", 5173)["word"], "customary")
        rows = json.loads(self.ask("vite", "here", "--json"))["listeners"]
        self.assertEqual([name for row in rows for name in row["names"] if name["source"] == "claim"], [])
        self.run_it("unclaim", "shop", "--ledger", self.ledger)
        self.claim("shop", "5173", "--program", "shopd", "--address", "::1")
        self.assertEqual(self.verdict("vite", 5173), {"word": "conflict", "basis": "claim"})

    def test_a_listener_everywhere_takes_the_claimed_address_too(self):
        """Permify listens on [::]:3476, dual-stack."""
        self.claim("shop", "3476", "--program", "shopd", "--address", "127.0.0.1")
        self.assertEqual(self.verdict("permify", 3476), {"word": "conflict", "basis": "claim"})

    def test_here_names_the_claim_first(self):
        self.claim("shop", "22", "--program", "sshd")
        rows = [row for row in json.loads(self.ask("sshd", "here", "--json"))["listeners"] if row["port"] == 22]
        self.assertTrue(rows)
        for row in rows:
            self.assertEqual(row["names"][0], {"source": "claim", "name": "shop"})
            self.assertEqual(row["verdict"], "as-claimed")
        self.assertIn(" shop ", self.ask("sshd", "here"))
        self.assertEqual(json.loads(self.ask("sshd", "here", "--verdict", "conflict", "--json", exits=(1,)))["listeners"], [])

    def test_a_table_of_ports_and_a_quiet_claim(self):
        self.claim("shop", "7001-7002")
        table = self.ask("quiet", "7000-7005")
        self.assertRegex(table, r"(?m)^7001\s+dark\s+shop")
        self.assertRegex(table, r"(?m)^7002\s+dark\s+shop")

    def test_udp_is_not_tcp(self):
        self.claim("shop", "7001/udp")
        answer = json.loads(self.ask("quiet", "7001", "--json"))
        self.assertEqual(answer["verdicts"]["udp"]["basis"], "claim")
        self.assertNotEqual(answer["verdicts"]["tcp"]["basis"], "claim")
        self.assertEqual([claim["protocols"] for claim in answer["claims"]], [["udp"]])

    def test_a_word_leads_to_claims(self):
        self.claim("zz-shop", "7001-7003")
        answers = json.loads(self.ask("quiet", "zz-shop", "--json"))
        self.assertEqual([answer["port"] for answer in answers], [7001, 7002, 7003])
        done = self.ask("quiet", "service:zz-shop", exits=(2,))
        self.assertEqual(done, "")

    def test_why_warns_of_a_claim(self):
        self.claim("shop", "7100")
        self.assertIn("claimed for shop", json.loads(self.ask("why", "why", "7100", "--json"))["warnings"])

    def test_a_recording_alone_says_that_it_holds_none(self):
        answer = json.loads(self.run_it("--replay", str(WORLDS / "quiet.world"), "22", "--json"))
        self.assertEqual([gap["why"] for gap in answer["gaps"] if gap["what"] == "claims"], ["a recording holds none"])
        self.assertEqual([gap for gap in json.loads(self.ask("quiet", "22", "--json"))["gaps"] if gap["what"] == "claims"], [])

    def test_at_every_width_nothing_runs_over(self):
        self.claim("a-rather-long-name-of-a-claim", "7001", "--owner", "the team that does everything", "--reason",
                   "\u4e2d\u6587 and so on, at some length, to see what a narrow terminal makes of it", "--until", "90d")
        for width in ("40", "60", "80", "160"):
            for arguments in (("7001",), ("claims",), ("find", "narrow")):
                ask = self.run_it if arguments[0] in ("claims", "find") else lambda *words: self.ask("quiet", *words)
                text = ask(*arguments, "--width", width, "--ledger", self.ledger)
                longest = max(len(line) for line in text.splitlines())
                self.assertLessEqual(longest, max(int(width), 60), (width, arguments, text))


def main():
    global BERTH  # pylint: disable=global-statement
    BERTH = os.path.abspath(sys.argv[1])
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)


if __name__ == "__main__":
    main()
