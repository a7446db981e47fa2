#!/usr/bin/env python3
"""The pages of the atlas, from recorded worlds: pages.py MKPAGE [--update]

  golden      a dozen pages are, byte for byte, those of tests/web/pages/ (block by block on lines of their
              own; --update writes them anew: read the diff)
  structure   what a browser and a reader of screens need, found by Python's own parser: tags in pairs, one
              <h1>, headings without a gap, ids used once, labels that lead somewhere, links that are relative or
              https, nothing that loads from elsewhere or runs
  html5lib    a parser that knows the whole standard has nothing to say (Debian: python3-html5lib)

FULL=1: the static pages of all ports are made in both languages; structure sees one in SAMPLED of them, html5lib one in
SAMPLED squared. (Every one of them is read by tests/unit/test-pages.c.)
"""

import html.parser
import os
import pathlib
import re
import subprocess
import sys
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve().parent
WORLDS = HERE.parent / "worlds"
sys.path.append("/usr/lib/python3/dist-packages")  # another Python than Debian's may run this
try:
    import html5lib
except ImportError:
    html5lib = None
MKPAGE = None
UPDATE = False
PAGE_MOST = 50000

CASES = [
    ("3476-quiet", ["--world", "quiet"], "/ports/3476"),
    ("3476-permify-de", ["--de", "--world", "permify", "--full"], "/ports/3476"),
    ("3476-static", ["--static"], "/ports/3476"),
    ("443-quiet", ["--world", "quiet"], "/ports/443"),
    ("22-sshd", ["--world", "sshd", "--full"], "/ports/22"),
    ("8080-published", ["--world", "published"], "/ports/8080"),
    ("9200-elasticsearch-de", ["--de", "--world", "elasticsearch"], "/ports/9200"),
    ("6001-hostile", ["--world", "hostile", "--full"], "/ports/6001"),
    ("4-static-de", ["--static", "--de"], "/ports/4"),
    ("50000-quiet", ["--world", "quiet"], "/ports/50000"),
    ("0-static", ["--static"], "/ports/0"),
    ("80-blind", ["--world", "blind"], "/ports/80"),
    ("live-permify", ["--world", "permify"], "/ports/3476/live"),
    ("here-queue", ["--world", "queue", "--full"], "/here"),
    ("here-hostile-de", ["--de", "--world", "hostile"], "/here"),
    ("claims-none", ["--world", "quiet", "--full"], "/claims"),
    ("ranges", ["--world", "quiet"], "/ranges"),
    ("search", ["--world", "quiet"], "/search?nvidia"),
    ("service", ["--world", "quiet"], "/services/http-alt"),
    ("error", ["--world", "quiet"], "/error/404"),
]
PARTS = {"live-permify"}
VOID = {"meta", "link", "input", "br", "hr", "img"}
BLOCKS = ("section|h[1-6]|p|li|dt|tr|div|ul|ol|dl|table|thead|tbody|form|nav|header|footer|meta|link|title|main|article|"
          "details|script|button")


def make(options, what):
    words = [str(WORLDS / f"{word}.world") if before == "--world" else word
             for before, word in zip([""] + options, options)]
    done = subprocess.run([MKPAGE, *words, what], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode("utf-8")


def lines_of(page):
    page = re.sub(r"\?v=[0-9a-f]+", "?v=VERSION", page)
    return re.sub(rf"(?=<(?:{BLOCKS})[ >])", "\n", page) + "\n"


# One page in so many: odd, so that no pattern of the registry escapes.
SAMPLED = 19


class Reader(html.parser.HTMLParser):
    """Remembers what is wrong with a document."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.faults, self.open, self.ids, self.refers = [], [], [], []
        self.headings, self.title, self.lang, self.words = [], "", None, []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        values = dict(attrs)
        self.faults += [f"<{tag}> has {name} twice" for name in set(names) if names.count(name) > 1]
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
                self.faults.append(f"<{tag} {name}>")
            if name in ("href", "src", "action"):
                self.check_url(tag, value)
        self.ids += [values["id"]] if "id" in values else []
        self.refers += [values[key] for key in ("for", "aria-labelledby", "data-copy") if key in values]
        if tag == "html":
            self.lang = values.get("lang")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "th" and values.get("scope") not in ("row", "col"):
            self.faults.append("<th> without a scope")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] == "title":
            self.title += data

    def check_url(self, tag, url):
        is_far = url.startswith(("https://", "http://"))
        if is_far and tag != "a":
            self.faults.append(f"<{tag}> loads {url}")
        if not is_far and re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", url):
            self.faults.append(f"<{tag}> leads to {url}")

    def finish(self, is_part):
        self.close()
        faults = self.faults + [f"<{tag}> is open at the end" for tag in self.open]
        faults += [f"the id {one} stands twice" for one in set(self.ids) if self.ids.count(one) > 1]
        faults += [f"nothing has the id {one}" for one in self.refers if one not in self.ids]
        if not is_part:
            faults += [] if self.headings.count(1) == 1 else ["not one <h1>"]
            faults += [f"<h{b}> after <h{a}>" for a, b in zip(self.headings, self.headings[1:]) if b > a + 1]
            faults += [] if self.title.strip() and self.lang in ("en", "de") else ["no title, or no language"]
        if re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd]", "".join(self.words)):
            faults.append("a character that must not be there")
        return faults


def structure(page, is_part=False):
    reader = Reader()
    reader.feed(page)
    faults = reader.finish(is_part)
    if len(page.encode()) >= PAGE_MOST:
        faults.append(f"{len(page.encode())} bytes")
    return faults


def standard(page, is_part=False):
    """What html5lib finds, as text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser = html5lib.HTMLParser()
        if is_part:
            parser.parseFragment(page)
        else:
            parser.parse(page)
    return [f"{code} {values} at {place}" for place, code, values in parser.errors]


def static_pages(first, last, language):
    command = [MKPAGE, *(["--de"] if language == "de" else []), "--write", "all", str(first), str(last)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return done.stdout.decode("utf-8").split("\0")[:-1]


class Pages(unittest.TestCase):
    maxDiff = 4000

    def test_golden(self):
        for name, options, what in CASES:
            with self.subTest(name):
                path = HERE / "pages" / f"{name}.html"
                page = lines_of(make(options, what))
                if UPDATE:
                    path.parent.mkdir(exist_ok=True)
                    path.write_text(page, encoding="utf-8")
                self.assertTrue(path.exists(), f"{path} is missing; --update writes it")
                self.assertEqual(page, path.read_text(encoding="utf-8"), "--update writes it anew")

    def test_structure(self):
        for name, options, what in CASES:
            with self.subTest(name):
                self.assertEqual(structure(make(options, what), name in PARTS), [])

    @unittest.skipUnless(html5lib, "python3-html5lib is not installed")
    def test_html5lib(self):
        for name, options, what in CASES:
            with self.subTest(name):
                self.assertEqual(standard(make(options, what), name in PARTS), [])

    def test_every_port(self):
        spans = [(0, 65535)] if os.environ.get("FULL") else [(0, 30), (3470, 3480), (5995, 6005), (49140, 49160)]
        for language in ("en", "de"):
            for first, last in spans:
                pages = static_pages(first, last, language)
                self.assertEqual(len(pages), last - first + 1)
                for port, page in enumerate(pages, first):
                    if len(spans) == 1 and port % SAMPLED != 0:
                        continue
                    faults = structure(page)
                    if html5lib and (len(spans) > 1 or port % (SAMPLED * SAMPLED) == 0):
                        faults += standard(page)
                    self.assertEqual(faults, [], f"port {port}, {language}")


if __name__ == "__main__":
    arguments = [one for one in sys.argv[1:] if not one.startswith("--")]
    UPDATE = "--update" in sys.argv
    if len(arguments) != 1:
        sys.exit("usage: pages.py MKPAGE [--update]")
    MKPAGE = arguments[0]
    unittest.main(argv=[sys.argv[0]], verbosity=2)
