#!/usr/bin/env python3
"""The golden runner itself, tried on small shell commands."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

RUN = pathlib.Path(__file__).resolve().parent / "run"


class Runner(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.file = pathlib.Path(self.dir.name, "t.case")

    def run_on(self, text, *args):
        if text is not None:
            self.file.write_text(text, encoding="utf-8")
        return subprocess.run([sys.executable, str(RUN), *args, str(self.file)], encoding="utf-8",
                              capture_output=True, check=False)

    def updated(self, text):
        self.assertEqual(self.run_on(text, "--update").returncode, 0)
        result = self.file.read_text(encoding="utf-8")
        again = self.run_on(None)
        self.assertEqual(again.returncode, 0, again.stdout)
        self.assertIn("rewritten", self.run_on(None, "--update").stdout)
        self.assertEqual(self.file.read_text(encoding="utf-8"), result)
        return result

    def test_as_expected(self):
        done = self.run_on("# about\n$ echo a; echo b >&2; exit 3\n> exit 3\na\n! b\n")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("1..1\nok 1 - t.case:2: echo a;", done.stdout)

    def test_each_difference_is_told(self):
        for text in ("$ echo a\n> exit 0\nb\n", "$ echo a\n> exit 1\na\n", "$ echo a\n> exit 0\n",
                     "$ echo a >&2\n> exit 0\na\n", "$ echo a\n> exit 0\na\n! c\n",
                     "$ printf a\n> exit 0\na\n", "$ printf 'a\\n\\n'\n> exit 0\na\n"):
            done = self.run_on(text)
            self.assertEqual(done.returncode, 1, text)
            self.assertIn("not ok 1 - t.case:1:", done.stdout)
            self.assertIn("# +++ printed", done.stdout)

    def test_nothing_expected_yet(self):
        done = self.run_on("$ echo a\n\n$ echo b\n> exit 0\nb\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not ok 1", done.stdout)
        self.assertIn("run with --update", done.stdout)
        self.assertIn("ok 2 - t.case:3", done.stdout)

    def test_update(self):
        self.assertEqual(self.updated("# one\n$ echo a\n$ echo b\n> exit 9\nold\n\n\n# end\n"),
                         "# one\n$ echo a\n> exit 0\na\n\n$ echo b\n> exit 0\nb\n\n\n# end\n")

    def test_lines_that_look_like_cases(self):
        text = self.updated("$ printf '$ a\\n> b\\n! c\\n# d\\n\\\\e\\n\\nf\\n\\n'; printf '# x\\n\\n' >&2\n")
        self.assertEqual(text.split("\n", 1)[1],
                         "> exit 0\n\\$ a\n\\> b\n\\! c\n\\# d\n\\\\e\n\nf\n\n"
                         "⟦ends with an empty line⟧\n! # x\n!\n")

    def test_bytes(self):
        self.assertIn("⟦1b⟧[0m⟦ff⟧⟦0d⟧é\tx⟦202e⟧\n⟦no line feed⟧\n",
                      self.updated("$ printf '\\033[0m\\377\\ré\\tx\\342\\200\\256'\n"))

    def test_environment(self):
        text = self.updated("$ echo $LC_ALL $TZ ${COLUMNS-none} ${NO_COLOR-none}; ls $HOME; cat\n"
                            "$ env COLUMNS=60 TZ=X sh -c 'echo $COLUMNS $TZ'\n"
                            "$ ls quiet.world; head -n 1 quiet.world\n")
        self.assertIn("\nC.UTF-8 UTC none none\n\n$", text)
        self.assertIn("\n60 X\n", text)
        self.assertIn("\nquiet.world\nberth-world 1\n", text)

    def test_signal(self):
        self.assertIn("> signal 15\n", self.updated("$ kill -TERM $$\n"))

    def test_malformed(self):
        done = self.run_on("hello\n$ true\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn("t.case:1: expected output without a case", done.stderr)
        self.assertEqual(self.run_on("", "--berth", "/nonexistent").returncode, 2)

    def test_no_case_is_a_failure(self):
        self.assertEqual(self.run_on("# nothing\n").returncode, 1)


if __name__ == "__main__":
    unittest.main()
