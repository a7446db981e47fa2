#!/usr/bin/env python3
"""The hook and the snippets of docs/claims.md, tried: a commit that collides is refused.

  hooks.py BERTH

git(1) is needed for the hook; without it that is left out by name. The snippets for CI are run as far as they are shell.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/claims.md"
BERTH = None


def block(language, marker):
    return next(b for b in re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.S) if marker in b)


class Hooks(unittest.TestCase):
    def setUp(self):
        if not shutil.which("git"):
            self.skipTest("git is not there")
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.repo = pathlib.Path(scratch.name)
        self.env = {"PATH": f"{pathlib.Path(BERTH).parent}:{os.environ['PATH']}", "HOME": str(self.repo), "LC_ALL": "C.UTF-8",
                    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a",
                    "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_NOSYSTEM": "1",
                    **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}
        self.sh("git init -q .")

    def sh(self, script):
        return subprocess.run(["sh", "-c", script], cwd=self.repo, env=self.env, capture_output=True, text=True, check=False)

    def test_plain_hook(self):
        hook = self.repo / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(block("sh", "exec berth"))
        hook.chmod(0o755)
        claims = self.repo / "ports.claims"
        claims.write_text("a 14501/tcp\n")
        done = self.sh("git add -A && git commit -qm one")
        self.assertEqual(done.returncode, 0, done.stderr)
        claims.write_text("a 14501/tcp\nb 14501/tcp\n")
        done = self.sh("git add -A && git commit -qm two")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("[collision]", done.stdout + done.stderr)

    def test_ci_scripts(self):
        (self.repo / "ports.claims").write_text("a 14501/tcp\nb 14501/tcp\n")
        self.sh("git add -A")
        github, = re.findall(r"- run: (.*)", block("yaml", "runs-on"))
        self.assertEqual(self.sh(github).returncode, 1)
        self.assertIn("::error file=ports.claims,line=2", self.sh(github).stdout)
        sarif = next(r for r in re.findall(r"run: (.*)", block("yaml", "runs-on")) if "sarif" in r)
        self.assertEqual(self.sh(sarif).returncode, 0)
        self.assertIn('"2.1.0"', (self.repo / "berth.sarif").read_text())
        gitlab, = re.findall(r"script:\n +- (.*)", block("yaml", "script:"))
        self.assertEqual(self.sh(gitlab).returncode, 1)

    def test_pattern_of_pre_commit(self):
        pattern, = re.findall(r"files: '(.*)'", block("yaml", "repos:"))
        for path in ("ports.claims", "svc/ports.claims", "compose.yaml", "a/docker-compose.yml", ".env", "a/.env.local", "x.socket"):
            self.assertRegex(path, pattern)
        self.assertNotRegex("src/main.c", pattern)


if __name__ == "__main__":
    BERTH = os.path.abspath(sys.argv[1])
    unittest.main(argv=[sys.argv[0]])
