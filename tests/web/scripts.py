#!/usr/bin/env python3
"""The scripts of the pages: are they well-formed, do their parts without a page what they should?

usage: scripts.py

node runs scripts.test.mjs beside copies of them in a folder that makes them modules. Without node, 77.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ASSETS = HERE.parent.parent / "src" / "web" / "assets"


def main():
    if not shutil.which("node"):
        print("left out: scripts, because node is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        (top / "package.json").write_text('{"type":"module"}\n')
        scripts = sorted(ASSETS.glob("*.js"))
        for script in [*scripts, HERE / "scripts.test.mjs"]:
            shutil.copy(script, top)
        bad = 0
        for number, script in enumerate(scripts, 1):
            checked = subprocess.run(["node", "--check", str(top / script.name)], capture_output=True, text=True)
            print(f"{'ok' if checked.returncode == 0 else 'not ok'} {number} - {script.name} is well-formed")
            print("".join(f"# {line}\n" for line in checked.stderr.splitlines()), end="")
            bad += checked.returncode != 0
        tests = subprocess.run(["node", "--test", "--test-reporter=tap", "scripts.test.mjs"], cwd=top, text=True,
                               capture_output=True)
        print(tests.stdout + tests.stderr)
        return 1 if bad or tests.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
