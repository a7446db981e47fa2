#!/usr/bin/env python3
"""README.md: its commands work as printed, what it names exists, its links lead somewhere.

  readme.py BERTH

A block of commands is fenced as "sh" and marked <!-- run -->; each of its lines is run by sh in the
source tree, with BERTH's folder first in PATH, and ends with status 0 or one that its comment allows
("exit 1: nobody listens").
"""

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BERTH = Path(sys.argv.pop(1)).resolve()
WIDTH = 120


def shell(line):
    environment = dict(os.environ, PATH=f"{BERTH.parent}:{os.environ['PATH']}")
    environment.pop("BERTH_REGISTRY", None)
    return subprocess.run(["sh", "-c", line], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, encoding="utf-8", errors="replace", check=False)


def without_fences(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def code_spans():
    """What stands in `backquotes` and in indented lines."""
    prose = without_fences(README)
    return re.findall(r"`([^`]+)`", prose) + re.findall(r"^ {4}(\S.*)$", prose, re.M)


def anchor(title):
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


class Commands(unittest.TestCase):
    def test_every_block_is_run(self):
        self.assertGreater(README.count("```sh\n"), 0)
        self.assertEqual(README.count("```sh\n"), README.count("<!-- run -->\n```sh\n"))

    def test_lines(self):
        for block in re.findall(r"<!-- run -->\n```sh\n(.*?)^```$", README, re.M | re.S):
            for line in block.splitlines():
                with self.subTest(line):
                    self.check(line)

    def check(self, line):
        command, _, comment = line.partition("  #")
        if "jq" in command and not shutil.which("jq"):
            print("left out: README lines with jq, because jq is not installed", flush=True)
            return
        allowed = {0, *map(int, re.findall(r"exit (\d)", comment))}
        alone = re.split(r" (?:\||&&) ", command, maxsplit=1)[0]
        for part in dict.fromkeys((alone, command)):  # a pipe hides the status of its first command
            done = shell(part)
            self.assertIn(done.returncode, allowed, f"{part}\n{done.stdout[-2000:]}{done.stderr}")


class Names(unittest.TestCase):
    def test_make_targets(self):
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = {target for span in code_spans() for target in re.findall(r"\bmake ([a-z][a-z-]*)", span)}
        self.assertLessEqual({"run", "check", "demo"}, targets)
        for target in sorted(targets):
            self.assertRegex(makefile, rf"(?m)^{target}:")

    def test_options(self):
        described = shell("berth help; for v in here find export report; do berth help $v; done").stdout
        for span in code_spans():
            if span.startswith(("berth", "-")):
                for option in re.findall(r"(?:^|\s)(--?[a-z][a-z-]*)", span):
                    self.assertRegex(described, rf"(^|[\s,]){option}\b", span)

    def test_verdicts(self):
        table = README.split("| verdict |", 1)[1].split("\n\n", 1)[0]
        words = re.findall(r"^\| `([a-z-]+)` \|", table, re.M)
        self.assertGreater(len(words), 6)
        schema = (ROOT / "data" / "schema" / "answer.json").read_text(encoding="utf-8")
        for word in words:
            self.assertIn(f'"{word}"', schema)

    def test_files(self):
        for span in code_spans():
            if re.match(r"(tools|tests|data|src|bench)/", span):
                self.assertTrue((ROOT / span.split()[0]).exists(), span)


class Text(unittest.TestCase):
    def test_links(self):
        inline = re.findall(r"\]\(([^)\s]+)\)", without_fences(README))
        anchors = {"#" + anchor(title) for title in re.findall(r"^#+ (.*)$", README, re.M)}
        self.assertGreater(len(inline), 3)
        for link in inline:
            if link.startswith("#"):
                self.assertIn(link, anchors)
            elif not link.startswith("https://"):
                self.assertTrue((ROOT / link).exists(), link)

    def test_references(self):
        defined = re.findall(r"^\[([\w-]+)\]: https://\S+$", README, re.M)
        used = re.findall(r"\]\[([\w-]+)\]", README)
        self.assertEqual(sorted(defined), sorted(set(defined)))
        self.assertEqual(set(defined), set(used))

    def test_width(self):
        for number, line in enumerate(README.splitlines(), 1):
            if not re.match(r"\||\[[\w-]+\]: ", line):  # tables and links cannot be wrapped
                self.assertLessEqual(len(line), WIDTH, f"line {number}")
            self.assertEqual(line, line.rstrip(), f"line {number}")


if __name__ == "__main__":
    unittest.main()
