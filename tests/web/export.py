#!/usr/bin/env python3
"""The atlas as files: `berth atlas DIRECTORY`, and its map.

usage: export.py BERTH [TEST...]

With FULL=1 all ports in both languages are written, twice, and compared; otherwise a range of them. xmllint is used where it
is there; a test that needs root or unshare is left out by name without.
"""

import gzip
import html.parser
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree

BERTH = ""
FULL = os.environ.get("FULL") == "1"
RANGE = [] if FULL else ["--range", "3400-3600"]
SVG = "{http://www.w3.org/2000/svg}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def berth(*words, locale="C", **more):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BERTH_")}
    environment.update({"LC_ALL": locale, "HOME": "/nonexistent"})
    return subprocess.run([BERTH, *words], text=True, capture_output=True, env=environment, timeout=1200, **more)


def files_of(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


class Links(html.parser.HTMLParser):
    """Every address in a page, and the ids that can be led to."""

    def __init__(self, text):
        super().__init__()
        self.found, self.ids = [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src", "action") and value is not None:
                self.found.append(value)
            if name == "id":
                self.ids.add(value)


class Site(unittest.TestCase):
    """What is written."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="berth-atlas-")
        cls.top = pathlib.Path(cls.folder.name)
        cls.site = cls.top / "site"
        cls.run_first = berth("atlas", str(cls.site), "--url", "https://ports.example.org/atlas", *RANGE)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_is_written(self):
        self.assertEqual((self.run_first.returncode, self.run_first.stderr), (0, ""))
        pages = 131072 if FULL else 402
        self.assertRegex(self.run_first.stdout, rf"^{pages} port pages in \d+ files, \d+ MB, in ")
        for folder in (self.site, self.site / "de"):
            self.assertEqual(len(list((folder / "ports").glob("*.html"))), pages / 2)
            for name in ("index.html", "ranges.html", "search.html", "ports/3476.html", "services/nppmp.html"):
                self.assertTrue((folder / name).is_file(), f"{folder.name}/{name}")
        self.assertEqual(len(list((self.site / "map").glob("*.json"))), 256)
        self.assertEqual(list(self.top.glob(".*")), [], "something was left beside the site")

    def test_pages_tell(self):
        page = (self.site / "ports/3476.html").read_text(encoding="utf-8")
        for word in ('<html lang="en">', "Port 3476", "nppmp", "Permify", "NVIDIA"):
            self.assertIn(word, page)
        german = (self.site / "de/ports/3476.html").read_text(encoding="utf-8")
        self.assertIn('<html lang="de">', german)
        for live in ("/events", "data-live", "token"):
            self.assertNotIn(live, page)

    def test_same_again(self):
        other = self.top / "again"
        run = berth("atlas", str(other), "--url", "https://ports.example.org/atlas", *RANGE)
        self.assertEqual(run.returncode, 0, run.stderr)
        difference = subprocess.run(["diff", "-r", str(self.site), str(other)], text=True, capture_output=True)
        self.assertEqual((difference.returncode, difference.stdout[:500]), (0, ""))
        shutil.rmtree(other)

    def test_links_lead_somewhere(self):
        """Every internal link of a sample, followed to the next pages; outside only with https."""
        names = ["index.html", "ranges.html", "search.html", "de/index.html", "de/search.html"]
        names += [f"{folder}ports/{port}.html" for folder in ("", "de/") for port in (*range(3400, 3420), 3476, *range(3590, 3601))]
        names += [f"services/{name}.html" for name in ("nppmp", "http", "x11", "ethernet=2Fip-1", "sql=2Anet", "ssh", "vat")]
        seen, missing = set(), []
        for name in names:
            path = self.site / name
            if not path.is_file():
                continue
            links = Links(path.read_text(encoding="utf-8"))
            for link in links.found:
                parts = urllib.parse.urlsplit(link)
                if parts.scheme:
                    self.assertIn(parts.scheme, ("https", "http"), link)
                    continue
                target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
                seen.add(target)
                if parts.fragment and target == path:
                    self.assertIn(parts.fragment, links.ids, f"{name}: {link}")
                if not target.is_file():
                    missing.append(f"{name}: {link}")
        self.assertEqual(missing, [])
        self.assertIn(self.site.resolve() / "services/nppmp.html", seen)
        self.assertGreater(len(seen), 100)

    def test_nothing_from_elsewhere(self):
        for name in ("index.html", "ports/3476.html", "de/search.html"):
            text = (self.site / name).read_text(encoding="utf-8")
            for loaded in re.findall(r"<(?:script|img|iframe|source|link rel=\"(?:stylesheet|icon)\")[^>]*?"
                                     r"(?:src|href)=\"([^\"]+)\"", text):
                self.assertNotRegex(loaded, r"^(\w+:|//)", name)
            self.assertNotRegex(text, r"<script(?![^>]*src=)[^>]*>")
            self.assertNotRegex(text, r"\s(on\w+|style)=\"")

    def test_sitemap(self):
        index = ElementTree.parse(self.site / "sitemap.xml").getroot()
        parts = [one.text for one in index.iter(f"{SITEMAP}loc")]
        urls = []
        for part in parts:
            self.assertTrue(part.startswith("https://ports.example.org/atlas/sitemap-"), part)
            file = self.site / part.rsplit("/", 1)[1]
            found = [one.text for one in ElementTree.parse(file).getroot().iter(f"{SITEMAP}loc")]
            self.assertLessEqual(len(found), 50000)
            self.assertLess(file.stat().st_size, 50 * 1024 * 1024)
            urls += found
        self.assertEqual(len(urls), len(set(urls)))
        for url in urls[:: max(1, len(urls) // 3000)]:
            path = urllib.parse.unquote(url.removeprefix("https://ports.example.org/atlas/"))
            self.assertTrue((self.site / (path if path and not path.endswith("/") else f"{path}index.html")).is_file(), url)
        pages = [name for name in files_of(self.site) if name.endswith(".html") and name not in ("search.html", "de/search.html")]
        self.assertEqual(len(urls), len(pages))
        self.assertIn("Sitemap: https://ports.example.org/atlas/sitemap.xml", (self.site / "robots.txt").read_text())

    def test_search_index(self):
        shards = json.loads((self.site / "search/index.json").read_text())["shards"]
        entries = []
        for i in range(shards):
            file = self.site / f"search/{i}.json"
            self.assertLess(file.stat().st_size, 140 * 1024)
            entries += json.loads(file.read_text(encoding="utf-8"))
        self.assertIn([3476, 3476, "tcp udp", "nppmp", "NVIDIA Mgmt Protocol"], entries)
        self.assertTrue(any(entry[3] == "Permify" and entry[0] == 3476 for entry in entries))
        self.assertEqual(len(list((self.site / "search").iterdir())), shards + 1)

    def test_rows_of_the_map(self):
        row = json.loads((self.site / "map/13.json").read_text(encoding="utf-8"))
        port = next(one for one in row["ports"] if one["port"] == 3476)
        self.assertEqual((port["names"], port["here"], port["claims"]), (["nppmp"], [], []))

    def test_small_pages(self):
        sizes = [path.stat().st_size for path in (self.site / "ports").iterdir()]
        self.assertLess(max(sizes), 50 * 1024)
        self.assertLess((self.site / "index.html").stat().st_size, 200 * 1024)
        self.assertLess(len(gzip.compress((self.site / "index.html").read_bytes())), 50 * 1024)


class Place(unittest.TestCase):
    """Where it is written, and what becomes of what was there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="berth-atlas-")
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        self.site = self.top / "site"

    def write(self, *words, code=0, **more):
        run = berth("atlas", str(self.site), "-q", *words, **more)
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertLessEqual(run.stderr.count("\n"), 1)
        return run.stderr

    def assert_alone(self):
        self.assertEqual([path.name for path in self.top.iterdir() if "berth-" in path.name], [])

    def test_empty_directory(self):
        self.site.mkdir(mode=0o750)
        self.write("--range", "1-2")
        self.assertEqual(len(list((self.site / "ports").iterdir())), 2)
        self.assertEqual(self.site.stat().st_mode & 0o777, 0o750)

    def test_something_else(self):
        self.site.mkdir()
        (self.site / "thesis.tex").write_text("years of work")
        self.assertIn("is not empty and no atlas", self.write(code=2))
        self.assertEqual(files_of(self.site), ["thesis.tex"])
        self.assert_alone()

    def test_a_file(self):
        self.site.write_text("text")
        self.assertIn("is no directory", self.write(code=2))
        self.assertEqual(self.site.read_text(), "text")

    def test_renewed(self):
        self.write("--range", "1-9")
        (self.site / "ports/stale.html").write_text("old")
        (self.site / "CNAME").write_text("ports.example.org")
        (self.site / ".git").mkdir()
        (self.site / ".git/HEAD").write_text("ref: x")
        self.write("--range", "5-6", "--lang", "en")
        self.assertEqual(sorted(path.name for path in (self.site / "ports").iterdir()), ["5.html", "6.html"])
        self.assertFalse((self.site / "de").exists())
        self.assertEqual((self.site / "CNAME").read_text(), "ports.example.org")
        self.assertEqual((self.site / ".git/HEAD").read_text(), "ref: x")
        self.assert_alone()

    def test_link_to_a_directory(self):
        (self.top / "real").mkdir()
        self.site.symlink_to("real")
        self.write("--range", "1-2")
        self.assertTrue(self.site.is_symlink())
        self.assertTrue((self.top / "real/ports/1.html").is_file())

    def test_a_link_in_an_old_site_is_not_followed(self):
        self.write("--range", "1-2")
        (self.top / "precious").mkdir()
        (self.top / "precious/file").write_text("kept")
        (self.site / "ports/link").symlink_to("../../precious")
        self.write("--range", "1-2")
        self.assertEqual((self.top / "precious/file").read_text(), "kept")

    def test_working_directory(self):
        """`cd site && berth atlas .`: whoever stands in it stands in the new one."""
        self.write("--range", "1-2")
        inode = self.site.stat().st_ino
        run = berth("atlas", ".", "-q", "--range", "3-5", cwd=self.site)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(self.site.stat().st_ino, inode)
        self.assertEqual(len(list((self.site / "ports").iterdir())), 3)
        self.assertEqual([path.name for path in self.site.iterdir() if path.name.startswith(".berth-")], [".berth-atlas"])

    def test_german_alone(self):
        self.write("--range", "80-81", "--lang", "de")
        self.assertFalse((self.site / "ports").exists())
        self.assertIn("de/index.html", (self.site / "index.html").read_text())
        page = (self.site / "de/ports/80.html").read_text(encoding="utf-8")
        for link in Links(page).found:
            target = (self.site / "de/ports" / urllib.parse.urlsplit(link).path).resolve()
            if not urllib.parse.urlsplit(link).scheme and target.parent.name != "ports":
                self.assertTrue(not link or link.startswith("#") or target.is_file(), link)

    def test_interrupted(self):
        self.write("--range", "1-2")
        before = files_of(self.site)
        child = subprocess.Popen([BERTH, "atlas", str(self.site), "-q"], stderr=subprocess.PIPE, text=True,
                                 start_new_session=True)
        new = self.top / ".site.berth-new/ports"
        while not new.exists() or len(os.listdir(new)) < 50:
            self.assertIsNone(child.poll())
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGTERM)
        child.communicate()
        for _ in range(1000):  # the helper cleans up after itself, perhaps a moment later
            if not (self.top / ".site.berth-new").exists():
                break
            time.sleep(0.01)
        self.assertEqual(files_of(self.site), before)
        self.assert_alone()

    def test_killed(self):
        """Nobody cleans up: the next run does."""
        self.write("--range", "1-2")
        before = files_of(self.site)
        child = subprocess.Popen([BERTH, "atlas", str(self.site), "-q"], start_new_session=True)
        new = self.top / ".site.berth-new/ports"
        while not new.exists() or len(os.listdir(new)) < 50:
            self.assertIsNone(child.poll())
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        self.assertEqual(files_of(self.site), before)
        for _ in range(500):  # until the lock of the dying helper is gone
            run = berth("atlas", str(self.site), "-q", "--range", "1-3")
            if run.returncode == 0:
                break
            time.sleep(0.01)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(len(list((self.site / "ports").iterdir())), 3)
        self.assert_alone()

    def test_two_at_once(self):
        child = subprocess.Popen([BERTH, "atlas", str(self.site), "-q"], start_new_session=True)
        new = self.top / ".site.berth-new/ports"
        while not new.exists():
            self.assertIsNone(child.poll())
            time.sleep(0.01)
        self.assertIn("another berth writes this atlas now", self.write("--range", "1-2", code=4))
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def test_not_permitted(self):
        if os.getuid() != 0:
            self.skipTest("left out: needs root to become somebody else")
        os.chmod(self.top, 0o755)
        error = self.write(code=4, preexec_fn=lambda: (os.setgroups([]), os.setgid(65534), os.setuid(65534)))
        self.assertIn("Permission denied", error)

    def test_full_disk_and_mounts(self):
        probe = ["unshare", "--mount", "--map-root-user", "true"]
        if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode != 0:
            self.skipTest("left out: no mount namespace may be made here")
        small, site = self.top / "small", self.top / "small/site"
        small.mkdir()
        script = f"""mount -t tmpfs -o size=3m none '{small}' || exit 99
            '{BERTH}' atlas '{site}' -q; echo "exit $?"; ls -A '{small}' | wc -l
            mount -t tmpfs none '{small}' || exit 99
            '{BERTH}' atlas '{small}' -q --range 1-2; echo "exit $?"; ls '{small}/ports' | wc -l
            '{BERTH}' atlas '{small}' -q --range 1-3; echo "exit $?"; ls '{small}/ports' | wc -l; ls -A '{small}' | grep -c berth-"""
        run = subprocess.run(["unshare", "--mount", "--map-root-user", "sh", "-c", script], text=True, capture_output=True)
        self.assertEqual(run.stdout.split("\n"), ["exit 4", "0", "exit 0", "2", "exit 0", "3", "1", ""], run.stderr)
        self.assertRegex(run.stderr, r"^berth: .*No space left on device\n$")


class Words(unittest.TestCase):
    """What is refused before anything is written."""

    def test_usage(self):
        for words in ([], ["a", "b"], [""], ["x", "--lang", "fr"], ["x", "--lang", "en,,de"], ["x", "--range", "9-1"],
                      ["x", "--range", "70000-70001"], ["x", "--range", "all"], ["x", "--url", "ftp://x"],
                      ["x", "--url", "https://x/?q"], ["x", "--map", "-"], ["--map", "-", "--json"]):
            with self.subTest(words=words), tempfile.TemporaryDirectory() as folder:
                run = berth("atlas", *words, cwd=folder)
                self.assertEqual(run.returncode, 2, run.stderr)
                self.assertEqual(run.stderr.count("\n"), 1)
                self.assertEqual(os.listdir(folder), [])

    def test_errors_follow_the_locale(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "mine").touch()
            for words, locale, said in (((".",), "de_DE.UTF-8", "ist nicht leer und kein Atlas"),
                                        ((".",), "C", "is not empty and no atlas"),
                                        ((".", "--json"), "de_DE.UTF-8", "is not empty and no atlas"),
                                        (("mine",), "de_DE.UTF-8", "ist kein Verzeichnis")):
                run = berth("atlas", *words, cwd=folder, locale=locale)
                self.assertEqual((run.returncode, run.stdout, run.stderr.count("\n")), (2, "", 1))
                self.assertIn(said, run.stderr)
            self.assertEqual(os.listdir(folder), ["mine"])

    def test_json(self):
        with tempfile.TemporaryDirectory() as folder:
            run = berth("atlas", "site", "--range", "1-2", "--json", cwd=folder)
            record = json.loads(run.stdout)
            self.assertEqual((record["schema"], record["pages"], record["map"]), ("berth.atlas/1", 4, None))
            self.assertEqual(record["files"] + 1, len(files_of(pathlib.Path(folder) / "site")))


class Picture(unittest.TestCase):
    """The map as a file."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="berth-map-")
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)

    def picture(self, *words):
        run = berth("atlas", "--map", "map.svg", *words, cwd=self.top)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(os.listdir(self.top), ["map.svg"])
        return (self.top / "map.svg").read_text(encoding="utf-8")

    def test_well_formed(self):
        text = self.picture()
        root = ElementTree.fromstring(text)
        self.assertEqual(root.tag, f"{SVG}svg")
        self.assertEqual([root[0].tag, root[1].tag], [f"{SVG}title", f"{SVG}desc"])
        self.assertNotRegex(text, r"href=|<script|https?://(?!www\.w3\.org/2000/svg)")
        self.assertLess(len(text), 200 * 1024)
        if shutil.which("xmllint"):
            subprocess.run(["xmllint", "--noout", str(self.top / "map.svg")], check=True)

    def test_without_this_machine(self):
        one, two = self.picture("--no-live"), self.picture("--no-live")
        self.assertEqual(one, two)
        self.assertIn('map-listening" fill="none"><path class="map-halo" stroke="#fff" stroke-width="6" d=""', one)
        self.assertIn('map-ephemeral" fill="url(#map-hatch)"><path d=""', one)

    def test_standard_output(self):
        run = berth("atlas", "--map", "-", "--no-live", cwd=self.top)
        self.assertTrue(run.stdout.startswith("<svg"))
        self.assertEqual(os.listdir(self.top), [])

    def test_cannot_be_written(self):
        run = berth("atlas", "--map", "/proc/none/map.svg")
        self.assertEqual(run.returncode, 4)
        self.assertEqual(run.stderr.count("\n"), 1)

    def test_a_full_pipe_end(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            run = subprocess.run([BERTH, "atlas", "--map", "-"], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(run.returncode, 4)


def has_room(directory):
    try:
        return os.access(directory, os.W_OK) and shutil.disk_usage(directory).free > 6 * 10**9
    except OSError:
        return False


if __name__ == "__main__":
    if "TMPDIR" not in os.environ and has_room("/dev/shm"):
        tempfile.tempdir = "/dev/shm"  # 145,000 files are made and removed several times
    BERTH = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
