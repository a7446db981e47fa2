#!/usr/bin/env python3
"""House rules that the text of the tree can show. One test a rule; each finding is a line FILE:LINE: what.

  arrows        base <- query <- { registry | live | ledger } <- answer <- { render | act } <- { cli | web } <- main.c,
                every project include carries its folder, a file's own header stands first
  headers       #pragma once, a title comment, no test for a system outside base/attr.h
  sizes         functions stop at 80 lines, files at 800, lines at 100 columns (tables excepted)
  calls         nothing that cannot be bounded; nothing below cli/ prints or exits
  switches      no default: over an enum of ours
  map           every source file is named in the map of src/main.c
  foreign       no path of the machine that the tree lies on, no host of a package registry
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BELOW = {"base": set(), "query": {"base"}}
BELOW["registry"] = BELOW["live"] = BELOW["ledger"] = {"base", "query"}
BELOW["answer"] = {"base", "query", "registry", "live", "ledger"}
BELOW["render"] = BELOW["act"] = BELOW["answer"] | {"answer"}
BELOW["cli"] = BELOW["web"] = BELOW["answer"] | {"answer", "render", "act"}
BELOW["update"] = {"base", "query", "registry"}  # a helper program
BELOW["ledger-helper"] = {"base", "query", "ledger"}  # likewise
BELOW["manifests"] = {"base"}  # likewise
GENERATED = {"registry-image.h", "registry-browser-ports.h", "store-schema.h", "assets-table.h"}
VARIANTS = {"linux", "darwin", "windows", "posix", "secure", "atomic", "none", "elf", "macho", "coff"}
MOST_FUNCTION_LINES, MOST_FILE_LINES, MOST_COLUMNS, TAB = 80, 800, 100, 8
UNBOUNDED = re.compile(r"\b(v?sprintf|str(?:n?cpy|n?cat|tok)|stpcpy|gets|alloca|ato(?:i|l|ll|f)|system|popen|tmpnam|"
                       r"mktemp)\s*\(")
SPEAKS = re.compile(r"\b(v?f?printf|puts|fputs|putchar|fputc|perror|_?exit|abort|err|errx|warn|warnx)\s*\(")


def tracked():
    """Every file of the tree: what git knows and what it would add; without git, everything but build folders."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if listing.returncode == 0:
        names = listing.stdout.decode("utf-8", "surrogateescape").split("\0")
        paths = [ROOT / name for name in names if name]
    else:
        paths = [p for p in ROOT.rglob("*") if not p.relative_to(ROOT).parts[0].startswith(("build", ".git"))]
    return sorted(p for p in paths if p.is_file())


def text_of(path):
    return path.read_text(encoding="utf-8", errors="replace")


def code_of(text):
    """The text with comments and the insides of strings blanked, line by line as before."""
    def blank(match):
        found = match.group(0)
        if found.startswith(("/*", "//")):
            return re.sub(r"[^\n]", " ", found)
        return found[0] + re.sub(r"[^\n]", " ", found[1:-1]) + found[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Tree:
    """The C files, read once."""

    def __init__(self):
        self.paths = tracked()
        self.c = {p.relative_to(ROOT): text_of(p) for p in self.paths if p.suffix in (".c", ".h")}
        self.code = {path: code_of(text) for path, text in self.c.items()}

    def sources(self):
        return {path: text for path, text in self.c.items() if path.parts[0] == "src"}


def arrows(tree):
    for path, text in tree.sources().items():
        folder = path.parts[1] if len(path.parts) > 2 else None
        includes = re.findall(r'^#include "([^"]+)"', text, re.M)
        for name in includes:
            if name in GENERATED:
                continue
            target = name.split("/")[0] if "/" in name else None
            if target not in BELOW:
                yield f'{path}: "{name}" does not carry its folder'
            elif folder and target != folder and target not in BELOW[folder]:
                yield f'{path}: {folder}/ must not know {target}/ ("{name}")'
            elif not (ROOT / "src" / name).exists():
                yield f'{path}: "{name}" is not in src/'
        own = f"{folder}/{path.stem}.h"
        if path.suffix == ".c" and folder and (ROOT / "src" / own).exists():
            first = re.search(r'^#include ["<]([^">]+)', text, re.M)
            if not first or first.group(1) != own:
                yield f'{path}: its own header "{own}" does not stand first'


def headers(tree):
    for path, text in tree.sources().items():
        if path.suffix != ".h":
            continue
        if not re.match(r"/\*\n \* \S", text):
            yield f"{path}:1: does not begin with a title comment"
        if "\n#pragma once\n" not in text:
            yield f"{path}: no #pragma once"
        if str(path) != "src/base/attr.h":
            for found in re.finditer(r"^#\s*(?:el)?if.*(?:__\w+__|HAVE_|_WIN32).*", tree.code[path], re.M):
                yield f"{path}:{line_of(text, found.start())}: {found.group(0)}"


def functions(code):
    """(name, first line, last line) of every function: its body opens and closes in the first column."""
    lines = code.split("\n")
    start = None
    for i, line in enumerate(lines):
        if line == "{":
            head = i
            while head > 0 and lines[head - 1].strip() and not lines[head - 1].rstrip().endswith((";", "}", "*/")):
                head -= 1
            start = head
        elif line == "}" and start is not None:
            name = re.search(r"(\w+)\s*\(", " ".join(lines[start:i]))
            yield name.group(1) if name else "?", start + 1, i + 1
            start = None


def sizes(tree):
    for path, text in tree.c.items():
        n = text.count("\n")
        if n > MOST_FILE_LINES:
            yield f"{path}: {n} lines"
        for name, first, last in functions(tree.code[path]):
            body = "\n".join(tree.code[path].split("\n")[first - 1:last])
            tables = sum(table.count("\n") for table in re.findall(r"\[\w*\] = \{.*?\n\t+\};", body, re.S))
            if last - first + 1 - tables > MOST_FUNCTION_LINES:
                yield f"{path}:{first}: {name}() has {last - first + 1 - tables} lines"
        for number, line in enumerate(text.split("\n"), 1):
            if len(line.expandtabs(TAB)) > MOST_COLUMNS:
                yield f"{path}:{number}: {len(line.expandtabs(TAB))} columns"


def calls(tree):
    for path, code in tree.code.items():
        for found in UNBOUNDED.finditer(code):
            yield f"{path}:{line_of(code, found.start())}: {found.group(1)}()"
        speakers = ("cli", "web", "update", "ledger-helper", "manifests")
        if path.parts[0] == "src" and len(path.parts) > 2 and path.parts[1] not in speakers:
            for found in SPEAKS.finditer(code):
                if found.group(1) == "_exit" and path.parts[1] == "act" and "fork()" in code:
                    continue  # how a forked child ends
                yield f"{path}:{line_of(code, found.start())}: {found.group(1)}() below cli/"


def blocks(code, keyword):
    """(offset, text) of every braced block that follows a keyword and its parentheses."""
    for found in re.finditer(rf"\b{keyword}\s*\(", code):
        opened = code.find("{", found.end())
        depth, end = 0, opened
        while opened >= 0 and end < len(code):
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
            if depth == 0:
                break
        yield found.start(), code[found.start():end]


def enumerators(tree):
    names = set()
    for path in tree.sources():
        for body in re.findall(r"\benum\b[^;{()]*\{([^}]*)\}", tree.code[path]):
            names.update(re.findall(r"(?:^|,)\s*([A-Z][A-Z0-9_]*)", body))
    return names


def switches(tree):
    ours = enumerators(tree)
    for path in tree.sources():
        code = tree.code[path]
        for offset, block in blocks(code, "switch"):
            if "not our enum" in tree.c[path][offset:offset + len(block)]:
                continue
            labels = re.findall(r"\bcase\s+(\w+)\s*:", block)
            if re.search(r"\bdefault\s*:", block) and any(
                    label in ours or label.startswith(("OPTION_", "VERB_")) for label in labels):
                yield f"{path}:{line_of(code, offset)}: default: over an enum of ours"


def is_variant(stem, noun):
    """Files of one noun of which the build picks one need one place in the map."""
    return stem.startswith(noun + "-") and stem[len(noun) + 1:] in VARIANTS


def map_of_the_tree(tree):
    comment = re.search(r"/\*.*?\*/", tree.c[Path("src/main.c")], re.S).group(0)
    sections = re.split(r"^ \*     ([\w-]+)/", comment, flags=re.M)
    named = {folder: re.findall(r"[\w.<>-]+", words) for folder, words in zip(sections[1::2], sections[2::2])}
    for path in tree.sources():
        if len(path.parts) < 3:
            continue
        folder, stem = path.parts[1], path.stem
        words = named.get(folder, [])
        if not any(word in (stem, path.name) or is_variant(stem, word) or (word.startswith("-") and stem.endswith(word))
                   or (word == "verb-<name>" and stem.startswith("verb-")) for word in words):
            yield f"{path}: not in the map of src/main.c"


def foreign(tree):
    """Where this checkout lies is nobody's business, and builds fetch nothing from a registry."""
    ordinary = {"/", "/tmp", "/home", "/usr", "/opt", "/srv", "/var", "/root", "/build", "/src", "/mnt", "/builds"}
    here = [str(p) for p in [ROOT, *ROOT.parents] if str(p) not in ordinary]
    patterns = [r"(?<![\w}).-])" + re.escape(p) + r"(?![\w.-])" for p in here]
    patterns += [r"registry\.(?:npm|yarn)", r"\bpypi\.(?:org|python)", r"files\.python" + "hosted", r"\bcrates\.(?:io)",
                 r"\bruby" + r"gems\.org", r"proxy\.go" + r"lang", r"(?:deb|ftp|security)\.debian" + r"\.org"]
    wanted = re.compile("|".join(patterns))
    for path in tree.paths:
        if path.suffix in (".gz", ".image", ".png", ".bin") or path.name == "tree.py":
            continue
        text = text_of(path)
        for found in wanted.finditer(text):
            yield f"{path.relative_to(ROOT)}:{line_of(text, found.start())}: {found.group(0)}"


RULES = {"arrows": arrows, "headers": headers, "sizes": sizes, "calls": calls, "switches": switches,
         "map": map_of_the_tree, "foreign": foreign}


def main():
    tree = Tree()
    failed = 0
    for name, rule in RULES.items():
        findings = list(rule(tree))
        failed += bool(findings)
        print(f"{'FAILED' if findings else 'ok':7} {name}")
        for finding in findings:
            print("        " + finding)
    print(f"{len(RULES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
