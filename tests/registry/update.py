#!/usr/bin/env python3
"""berth update, as a person uses it: on IANA's own files, against a server on loopback, and what it refuses.

  update.py BERTH [BERTH-UPDATE]

Without BERTH-UPDATE (a build without libcurl and expat) the tests of XML and HTTPS are skipped by name. IANA's files are
found in $BERTH_SHARED/registry (default: ../shared beside the checkout); without them everything is left out (exit 77).
Nothing outside of a scratch folder is written: every run of berth names its image, or runs as a user with a home directory
there, or in a mount namespace where /var/lib is its own.
"""

import contextlib
import csv
import http.server
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHARED = pathlib.Path(os.environ.get("BERTH_SHARED", ROOT.parent / "shared")) / "registry"
CHAIN = ["iana-2014-07.csv", "iana-2018-02.csv", "iana-2022-07.csv", "iana-2026-08.csv"]
XML = "iana-2026-08.xml"
NOBODY = 65534
KEPT = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH", "PATH")
BERTH = HELPER = None  # set by main()


def fold(text):
    return " ".join(text.split())


def read_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [[fold(cell) for cell in row] for row in csv.reader(file)][1:]


class Sandbox(unittest.TestCase):
    """A folder that goes away, and berth in it."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)
        self.image = self.folder / "registry.image"

    def environment(self):
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        env.update(LC_ALL="C.UTF-8", HOME=str(self.folder), BERTH_REGISTRY=str(self.image))
        return env

    def run_berth(self, *arguments, env=None, **options):
        return subprocess.run([BERTH, *map(str, arguments)], env=env or self.environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=300, **options)

    def update(self, source, *arguments, **options):
        return self.run_berth("update", "--from", source, *arguments, **options)

    def updated(self, source, *arguments):
        done = self.update(source, "--json", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), source)
        return json.loads(done.stdout)

    def assert_refused(self, done, pattern, code=2):
        """One clear line, the exit code, and the old image as it was."""
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, r"\Aberth: [^\n]*\n\Z")
        self.assertRegex(done.stderr, pattern)
        self.assertEqual(done.stdout, "")
        if self.before is not None:
            self.assertEqual(self.image.read_bytes(), self.before, "the old image changed")
        self.assertFalse((self.folder / "registry.image.new").exists())

    before = None

    def start_with(self, name, *arguments):
        self.updated(SHARED / name, "--force", *arguments)
        self.before = self.image.read_bytes()

    def history(self, port):
        return json.loads(self.run_berth(port, "--json").stdout)["history"]


class Chain(Sandbox):
    """2014 to 2026, one after the other: what changed, and what is remembered of it."""

    def compare(self, report, old, new):
        """The counts, worked out here from the CSVs alone: keys are name, ports and protocol."""
        old_keys, new_keys = ({}, {})
        for rows, keys in ((read_rows(SHARED / old), old_keys), (read_rows(SHARED / new), new_keys)):
            for row in rows:
                keys.setdefault(tuple(row[:3]), []).append(row)
        flat = lambda keys: {(key, i) for key, rows in keys.items() for i in range(len(rows))}
        added, removed = flat(new_keys) - flat(old_keys), flat(old_keys) - flat(new_keys)
        changed = sum(old_keys[key][i] != new_keys[key][i] for key, i in flat(old_keys) & flat(new_keys))
        self.assertEqual((report["rows_added"], report["rows_removed"]), (len(added), len(removed)))
        here = sum(c["name_before"] == c["name_after"] and c["kind"] not in ("added", "removed") for c in report["changes"])
        self.assertEqual(here, changed)
        for c in report["changes"]:
            if c["kind"] == "renamed":
                span = c["ports"] and "-".join(str(port) for port in dict.fromkeys(c["ports"]))
                self.assertIn(((c["name_before"], span, c["protocol"] or ""), 0), removed)
                self.assertIn(((c["name_after"], span, c["protocol"] or ""), 0), added)

    def test_chain(self):
        first = self.updated(SHARED / CHAIN[0], "--force")
        self.assertTrue(first["before"]["built_in"])
        for old, new in zip(CHAIN, CHAIN[1:]):
            with self.subTest(new):
                report = self.updated(SHARED / new)
                self.assertEqual(report["result"], "updated")
                self.assertEqual((report["rows_before"], report["rows_after"]),
                                 (len(read_rows(SHARED / old)), len(read_rows(SHARED / new))))
                self.compare(report, old, new)
        self.check_history()
        again = self.updated(SHARED / CHAIN[-1])
        self.assertEqual((again["result"], again["changes"]), ("unchanged", []))
        self.check_history()
        self.check_services()

    def check_history(self):
        """Cases that the registry's own notes confirm."""
        renamed, = [c for c in self.history(2371) if c["kind"] == "renamed"]
        self.assertEqual((renamed["name_before"], renamed["name_after"], renamed["date"], renamed["protocol"]),
                         ("hp-rda", "rda", "2018-11-05", "tcp"))
        for port in (2, 3):
            gone = [c for c in self.history(port) if c["name_before"] == "compressnet"]
            self.assertEqual({c["protocol"] for c in gone}, {"tcp", "udp"})
            self.assertEqual({(c["date"], c["status_after"]) for c in gone}, {("2025-02-13", "reserved")})
        self.assertEqual({(c["name_before"], c["name_after"]) for c in self.history(1980)}, {("pearldoc-xact", "panquest-xact")})
        new, = self.history("7123/udp")
        self.assertEqual((new["name_before"], new["name_after"], new["status_before"]), (None, "snif", "reserved"))
        self.assertEqual(self.history(3476), [])
        text = self.run_berth(2371).stdout
        self.assertRegex(text, r"(?m)^history +2018-11-05 +hp-rda became rda")
        self.assertRegex(self.run_berth(3476, "-v").stdout, r"(?m)^history +none recorded$")
        self.assertNotRegex(self.run_berth(3476).stdout, r"(?m)^history")

    def check_services(self):
        """Known uses and organizations of the built-in registry are in the new one."""
        answer = json.loads(self.run_berth(3476, "--json").stdout)
        self.assertIn("Permify", {use["software"] for use in answer["known_uses"]})
        self.assertEqual({row["organization"] for row in answer["assignments"]}, {"NVIDIA"})
        self.assertFalse(answer["registry"]["built_in"])
        self.assertEqual(answer["registry"]["names_as_of"], "2026-08-17")

    def test_text(self):
        self.start_with(CHAIN[1])
        done = self.update(SHARED / CHAIN[2])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for pattern in (r"\Athe registry is of 2022-07-18 now, it was of 2018-02-12\n", r"\n  rows: 14373, were 14058 ",
                        r"\n  renamed: 19\n", r"\n    2371/tcp  hp-rda became rda  \(2018-11-05\)\n", r"\n    and \d+ more "):
            self.assertRegex(done.stdout, pattern)
        self.assertRegex(self.update(SHARED / CHAIN[2]).stdout, r"\Athe registry of 2022-07-18 is the newest: nothing changed\n")

    def test_backwards_makes_no_history(self):
        self.start_with(CHAIN[3])
        self.updated(SHARED / CHAIN[1], "--force")
        self.assertEqual([c for c in self.history(2371) if c["kind"] == "renamed"], [])


class Refused(Sandbox):
    """Whatever is not fit leaves the old image alone."""

    def setUp(self):
        super().setUp()
        self.start_with(CHAIN[3])
        self.text = (SHARED / CHAIN[3]).read_bytes()

    def refuse(self, content, pattern, code=2, name="table.csv"):
        path = self.folder / name
        path.write_bytes(content)
        self.assert_refused(self.update(path), pattern, code)

    def test_cut_short(self):
        quoted = self.text.index(b'"', len(self.text) // 2)
        self.refuse(self.text[:quoted + 9], r"table.csv:\d+: .*cut short\?")
        self.refuse(self.text[:-40], "cut short")
        line = self.text.index(b"\r\n", len(self.text) // 2) + 2
        self.refuse(self.text[:line], r"49151.*cut short\?|table.csv:\d+: .*cut short")
        self.refuse(b"", "empty")

    def test_cut_after_a_row(self):
        ends = [found.end() for found in re.finditer(rb"\r\n(?=,49\d\d\d)", self.text)]
        self.refuse(self.text[:ends[0]], "no row for port 49151.*cut short")
        top = re.search(rb",49151,[^\r\n]*\r\n", self.text).end()
        self.refuse(self.text[:top].replace(b"2026-07-23", b"2026-08-17"), "names without a port.*more than 10 %")

    def test_malformed(self):
        head, rest = self.text.split(b"\r\n", 1)
        self.refuse(rest, "no column|not IANA's table")
        self.refuse(head.replace(b"Port Number", b"Number") + b"\r\n" + rest, 'no column "Port Number"')
        self.refuse(head + b"\r\n" + b"x,1,tcp\r\n" + rest, r"table.csv:2: 3 fields")
        self.refuse(head + b"\r\n" + b'x,1,tcp,a"b,,,,,,,,\r\n' + rest, r"table.csv:2: a quote inside")
        self.refuse(head + b"\r\n" + b'x,1,tcp,"a"b,,,,,,,,\r\n' + rest, r"table.csv:2: text behind")
        self.refuse(head + b"\r\n" + b"x,1,tcp,a\0b,,,,,,,,\r\n" + rest, r"table.csv:2: a control character")
        self.refuse(head + b"\r\n" + b"x,65536,tcp,,,,,,,,,\r\n" + rest, r'table.csv:2: "65536" is no port')
        self.refuse(head + b"\r\n" + b"x,9-8,tcp,,,,,,,,,\r\n" + rest, r'table.csv:2: "9-8" is no port')
        self.refuse(head + b"\r\n" + b"x,1,quic,,,,,,,,,\r\n" + rest, r'table.csv:2: "quic" is none of')
        self.refuse(head + b"\r\n" + b"x,1,tcp," + b"y" * 70000 + b",,,,,,,,\r\n" + rest, r"table.csv:2: a field of more")
        self.refuse(b"\x7fELF" + bytes(1000), "control character|no column")

    def test_too_large(self):
        path = self.folder / "large.csv"
        with open(path, "wb") as file:
            file.truncate((100 << 20) + 1)
        self.assert_refused(self.update(path), "larger than 100 MB")

    def test_shrunk_and_older(self):
        rows = self.text.split(b"\r\n")
        few = b"\r\n".join(line for i, line in enumerate(rows) if i % 5 or i == 0 or b",49151," in line)
        path = self.folder / "few.csv"
        path.write_bytes(re.sub(rb'"[^"]*"', b'""', few))
        self.assert_refused(self.update(path), "more than 10 % fewer")
        self.assert_refused(self.update(SHARED / CHAIN[2]), "2022-07-18, older than the registry of 2026-08-17.*--force")
        self.assertEqual(self.updated(SHARED / CHAIN[2], "--force")["after"]["names_as_of"], "2022-07-18")

    def test_not_there(self):
        self.assert_refused(self.update(self.folder / "nothing.csv"), "nothing.csv: No such file")
        self.assert_refused(self.update(self.folder), "not a regular file")
        os.mkfifo(self.folder / "fifo")
        self.assert_refused(self.update(self.folder / "fifo"), "not a regular file")
        for url in ("http://127.0.0.1:1/x.csv", "ftp://127.0.0.1/x.csv", "file:///etc/passwd"):
            self.assert_refused(self.update(url), "only https://")
        self.assert_refused(self.run_berth("update", "--registry", "built-in"), "built-in registry cannot be written")
        self.assert_refused(self.run_berth("update", "now"), 'takes no "now"')

    def test_full_disk(self):
        """A limit on file sizes is a disk that is full; berth is told by an error, or ended by a signal."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        ignored = subprocess.run([BERTH, "update", "--from", str(SHARED / CHAIN[2]), "--force"], env=self.environment(),
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                                 restore_signals=False, preexec_fn=limit)
        self.assert_refused(ignored, "cannot be written: File too large; the old one stays", 4)
        subprocess.run([BERTH, "update", "--from", str(SHARED / CHAIN[2]), "--force"], env=self.environment(),
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, preexec_fn=limit)
        self.assertEqual(self.image.read_bytes(), self.before)
        self.assertEqual(self.updated(SHARED / CHAIN[3])["result"], "unchanged")

    def test_full_tmpfs(self):
        if os.geteuid() != 0:
            self.skipTest("left out: a full file system, because mounting one needs root")
        small = self.folder / "small"
        small.mkdir()
        script = ('mount -t tmpfs -o size=3m tmpfs "$1" && cp "$2" "$1/registry.image" && before=$(cksum <"$1/registry.image")'
                  ' && { "$3" --registry "$1/registry.image" update --force --from "$4"; code=$?; }'
                  ' ; [ "$(cksum <"$1/registry.image")" = "$before" ] && [ ! -e "$1/registry.image.new" ] && exit $code; exit 99')
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", small, self.image, BERTH, SHARED / CHAIN[2]],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, env=self.environment())
        self.assert_refused(done, "cannot be written: No space left on device; the old one stays", 4)

    def test_no_permission(self):
        if os.geteuid() != 0:
            os.chmod(self.folder, 0o555)
            self.addCleanup(os.chmod, self.folder, 0o755)
            os.unlink(self.folder / "registry.image.lock")
            done = self.update(SHARED / CHAIN[3])
        else:
            done = as_nobody(self, [str(SHARED / CHAIN[3])], {"BERTH_REGISTRY": str(self.image)})
        self.assert_refused(done, "registry.image: cannot be written: Permission denied", 4)


def as_nobody(case, source, more, *arguments):
    """Run `berth update` with nobody's rights, from a copy that nobody can read."""
    os.chmod(case.folder, 0o755)
    home = case.folder / "home"
    home.mkdir(exist_ok=True)
    for program in filter(None, (BERTH, HELPER)):
        shutil.copy(program, case.folder)
    shutil.copy(source[0], case.folder / "source")
    os.chown(home, NOBODY, NOBODY)
    env = dict(case.environment(), HOME=str(home))
    env.pop("BERTH_REGISTRY", None)
    env.update(more)
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", str(case.folder / "berth")]
    return subprocess.run([*command, *(arguments or ("update", "--from", str(case.folder / "source")))], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, cwd="/")


class Places(Sandbox):
    """Which registry answers: the built-in one, the system's, the user's; and one that is damaged."""

    def environment(self):
        env = super().environment()
        env.pop("BERTH_REGISTRY")
        return env

    def run_at_home(self, *arguments, source=CHAIN[3], more=()):
        """As an ordinary user."""
        if os.geteuid() == 0:
            return as_nobody(self, [str(SHARED / source)], dict(more), *arguments)
        shutil.copy(SHARED / source, self.folder / "source")
        env = dict(self.environment(), HOME=str(self.folder / "home"), **dict(more))
        return self.run_berth(*(arguments or ("update", "--from", self.folder / "source")), env=env)

    def home_image(self):
        return self.folder / "home/.local/share/berth/registry.image"

    def source_of(self, *arguments):
        done = self.run_at_home("3476", "--json", *arguments)
        return json.loads(done.stdout)["registry"], done.stderr

    def test_home(self):
        self.assertTrue(self.source_of()[0]["built_in"])
        done = self.run_at_home()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.home_image().stat().st_mode & 0o777, 0o644)
        registry, said = self.source_of()
        self.assertEqual((registry["built_in"], registry["names_as_of"], said), (False, "2026-08-17", ""))
        self.assertTrue(self.source_of("--registry", "built-in")[0]["built_in"])

    def test_data_home(self):
        done = self.run_at_home(more={"XDG_DATA_HOME": str(self.folder / "home/data")})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue((self.folder / "home/data/berth/registry.image").exists())

    def test_older_than_built_in(self):
        done = self.run_at_home("update", "--force", "--from", str(self.folder / "source"), source=CHAIN[2])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the built-in registry is newer", done.stdout)
        self.assertEqual(self.source_of(), (dict(self.source_of()[0], built_in=True), ""))

    def test_damaged(self):
        self.assertEqual(self.run_at_home().returncode, 0)
        good = self.home_image().read_bytes()
        damages = {"cut short": good[:len(good) // 2], "a bit in the middle": good[:9 << 17] + b"\xff" + good[(9 << 17) + 1:],
                   "no image": b"x" * 5000, "empty": b"", "of another version": good[:20] + b"\x63" + good[21:]}
        for name, content in damages.items():
            with self.subTest(name):
                self.home_image().write_bytes(content)
                registry, said = self.source_of()
                self.assertTrue(registry["built_in"])
                self.assertRegex(said, r"\Aberth: [^\n]*registry\.image is passed over: [^\n]+\n\Z")
        self.home_image().write_bytes(good)
        self.assertEqual((self.source_of()[0]["built_in"], self.source_of()[1]), (False, ""))
        os.chmod(self.home_image(), 0o666)
        self.assertRegex(self.source_of()[1], "writable by others")
        os.chmod(self.home_image(), 0o644)
        if os.geteuid() == 0:
            os.chown(self.home_image(), 12345, 12345)
            self.assertRegex(self.source_of()[1], "owned by somebody else")

    def test_damaged_is_replaced(self):
        self.assertEqual(self.run_at_home().returncode, 0)
        self.home_image().write_bytes(b"x" * 5000)
        done = self.run_at_home()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"\Aberth: [^\n]*cannot be used[^\n]*\n\Z")
        self.assertEqual((self.source_of()[0]["built_in"], self.source_of()[1]), (False, ""))

    def test_system(self):
        if os.geteuid() != 0:
            self.skipTest("left out: root's registry in /var/lib, because only root has one")
        script = ('mount -t tmpfs tmpfs /var/lib && "$1" update --from "$2" && "$1" 3476 --json && '
                  'stat -c %a /var/lib/berth/registry.image')
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", BERTH, SHARED / CHAIN[3]], env=self.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("in /var/lib/berth/registry.image\n", done.stdout)
        self.assertIn('"built_in": false', done.stdout)
        self.assertTrue(done.stdout.endswith("\n644\n"))

    def test_no_helper(self):
        """berth alone, as a build without libcurl and expat is."""
        alone = self.folder / "alone"
        alone.mkdir()
        shutil.copy(BERTH, alone / "berth")
        if subprocess.run(["sh", "-c", "ls /usr/local/libexec/berth/berth-update"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0:
            self.skipTest("left out: berth without its helper, because one is installed")
        for source in (SHARED / XML, "https://127.0.0.1:1/"):
            done = subprocess.run([alone / "berth", "--registry", self.image, "update", "--from", source], check=False,
                                  env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assert_refused(done, "berth-update, which this build lacks", 4)
        done = subprocess.run([alone / "berth", "--registry", self.image, "update", "--from", SHARED / CHAIN[3]], check=False,
                              env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


def needs_helper(case):
    return unittest.skipUnless(os.environ.get("BERTH_TEST_HELPER"), "left out: XML and HTTPS, because this build has no "
                               "berth-update")(case)


@needs_helper
class Xml(Sandbox):
    """IANA's XML, and XML that means harm."""

    def setUp(self):
        super().setUp()
        self.start_with(CHAIN[3])
        self.text = (SHARED / XML).read_text(encoding="utf-8")

    def refuse(self, content, pattern):
        path = self.folder / "table.xml"
        path.write_text(content, encoding="utf-8")
        self.assert_refused(self.update(path), pattern)

    def test_same_day(self):
        self.assertEqual(self.updated(SHARED / XML)["changes"], [])
        answer = json.loads(self.run_berth(2371, "--json").stdout)
        self.assertEqual({row["organization"] for row in answer["assignments"] if row["name"]}, {"Hewlett Packard Enterprise"})

    def test_tricks(self):
        declared = self.text.index("<registry")
        laughs = "".join(f'<!ENTITY l{i} "{"&l" + str(i - 1) + ";" if i else "ha"}{"&l" + str(i - 1) + ";" if i else ""}">'
                         for i in range(30))
        self.refuse(self.text[:declared] + f"<!DOCTYPE registry [{laughs}]>" + self.text[declared:], "document type")
        self.refuse(self.text[:declared] + '<!DOCTYPE registry SYSTEM "file:///etc/passwd">' + self.text[declared:],
                    "document type")
        self.refuse(self.text.replace("TCP Port Service Multiplexer", "&passwd;", 1), "undefined entity")
        self.refuse(self.text.replace("<title>", "<title>" + "<a>" * 40 + "</a>" * 40, 1), "nested too deeply")
        self.refuse(self.text.replace("TCP Port Service Multiplexer", "x" * 70000, 1), "more than 65536")

    def test_malformed(self):
        self.refuse(self.text[:len(self.text) // 2], "cut short")
        self.refuse(self.text.replace("</record>", "", 1), "table.xml: line \\d+: a record inside a record")
        self.refuse(self.text.replace("</number>", "", 1), "table.xml: line \\d+: mismatched tag")
        self.refuse(self.text.replace("service-names-port-numbers", "something-else"), "not IANA's registry")
        self.refuse("<html><body>Maintenance</body></html>", "not IANA's registry")
        self.refuse(self.text.replace("<number>2371</number>", "<number>23 71</number>", 1), "is no port")
        self.refuse(self.text.replace("2026-08-17</updated>", "2019-01-01</updated>", 1), "older than the registry")


class Handler(http.server.BaseHTTPRequestHandler):
    """What each path of the server does."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", headers.pop("claimed", str(len(body))))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, dict(self.headers)))
        name = self.path.rpartition("/")[2]
        if self.path.startswith("/hop/"):
            left = int(name)
            self.send(302, Location=f"/hop/{left - 1}" if left else server.target)
        elif self.path == "/loop":
            self.send(302, Location="/loop")
        elif self.path == "/to-http":
            self.send(302, Location=f"http://localhost:{server.server_port}/{CHAIN[3]}")
        elif self.path == "/half":
            body = (SHARED / CHAIN[3]).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
        elif self.path == "/huge":
            self.send_response(200)
            self.send_header("Content-Length", str(200 << 20))
            self.end_headers()
            self.close_connection = True
        elif self.path == "/endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
        elif self.path == "/waiting":
            server.arrived.set()
            server.release.wait(120)
            self.send(200, (SHARED / CHAIN[3]).read_bytes())
        elif self.path == "/page":
            self.send(200, b"<!DOCTYPE html><html><body>Sign in to the hotel's network</body></html>")
        elif (SHARED / name).is_file():
            etag = f'"{name}-{server.version}"'
            if self.headers.get("If-None-Match") == etag:
                self.send(304, ETag=etag)
            else:
                self.send(200, (SHARED / name).read_bytes(), ETag=etag)
        else:
            self.send(404, b"not here")


def make_certificates(folder):
    """A CA of this test's own, and a certificate for localhost."""
    run = lambda *command: subprocess.run(["openssl", *command], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA")
    run("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "ext").write_text("subjectAltName=DNS:localhost\n")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem",
        "-days", "2", "-extfile", "ext")


@needs_helper
class Https(Sandbox):
    """IANA's server is played by one on loopback."""

    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.keys.name)
        make_certificates(folder)
        cls.ca = str(folder / "ca.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        cls.server.daemon_threads = True
        cls.server.socket = context.wrap_socket(cls.server.socket, server_side=True)
        cls.server.handle_error = lambda *arguments: None  # a client that turns away is what is tested
        cls.thread = threading.Thread(target=cls.server.serve_forever, daemon=True)
        cls.thread.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()
        cls.keys.cleanup()

    def setUp(self):
        super().setUp()
        self.server.requests = []
        self.server.version = 1
        self.server.target = f"/{CHAIN[3]}"
        self.server.arrived, self.server.release = threading.Event(), threading.Event()
        self.start_with(CHAIN[3])

    def url(self, path):
        return f"https://localhost:{self.server.server_port}/{path}"

    def fetch(self, path, *arguments):
        return self.update(self.url(path), "--cacert", self.ca, *arguments)

    def test_fetch(self):
        self.updated(SHARED / CHAIN[2], "--force")
        report = json.loads(self.fetch(CHAIN[3], "--json").stdout)
        self.assertEqual((report["result"], report["rows_added"], report["rows_removed"]), ("updated", 234, 74))
        self.updated(SHARED / CHAIN[2], "--force")
        self.assertEqual(json.loads(self.fetch(XML, "--json").stdout)["rows_added"], 234)
        path, headers = self.server.requests[-1]
        self.assertEqual(path, f"/{XML}")
        self.assertRegex(headers["User-Agent"], r"\Aberth/\d")

    def test_certificates_from_the_environment(self):
        env = dict(self.environment(), CURL_CA_BUNDLE=self.ca)
        self.assertEqual(self.update(self.url(CHAIN[3]), env=env).returncode, 0)

    def test_unchanged(self):
        self.assertEqual(self.fetch(CHAIN[3]).returncode, 0)
        self.assertNotIn("If-None-Match", self.server.requests[-1][1])
        before = self.image.read_bytes()
        report = json.loads(self.fetch(CHAIN[3], "--json").stdout)
        self.assertEqual(report["result"], "unchanged")
        self.assertEqual(self.server.requests[-1][1]["If-None-Match"], f'"{CHAIN[3]}-1"')
        self.assertEqual(self.image.read_bytes(), before)
        self.server.version = 2
        self.assertEqual(json.loads(self.fetch(CHAIN[3], "--json").stdout)["result"], "unchanged")
        self.fetch(CHAIN[3])
        self.assertEqual(self.server.requests[-1][1]["If-None-Match"], f'"{CHAIN[3]}-2"')
        self.fetch(CHAIN[3], "--force")
        self.assertNotIn("If-None-Match", self.server.requests[-1][1])
        self.fetch(XML)
        self.assertNotIn("If-None-Match", self.server.requests[-1][1], "an ETag of another URL")

    def test_redirects(self):
        self.assertEqual(self.fetch("hop/3").returncode, 0)
        self.assertEqual(len(self.server.requests), 5)
        self.before = self.image.read_bytes()
        self.assert_refused(self.fetch("hop/9"), "redirect", 4)
        self.assert_refused(self.fetch("loop"), "redirect", 4)
        self.assert_refused(self.fetch("to-http"), "away from HTTPS")

    def test_refused(self):
        self.assert_refused(self.fetch("half"), "cut short")
        self.assert_refused(self.fetch("huge"), "larger than 100 MB")
        self.assert_refused(self.fetch("endless"), "larger than 100 MB")
        self.assert_refused(self.fetch("nowhere"), "status 404", 4)
        self.assert_refused(self.fetch("page"), "document type|not IANA")
        self.assert_refused(self.fetch(CHAIN[2]), "older than the registry")

    def test_not_trusted(self):
        self.assert_refused(self.update(self.url(CHAIN[3])), "certificate", 4)
        other = self.url(CHAIN[3]).replace("localhost", "127.0.0.1")
        self.assert_refused(self.update(other, "--cacert", self.ca), "SSL|certificate|host name", 4)

    def test_unreachable(self):
        closed = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        port = closed.server_port
        closed.server_close()
        self.assert_refused(self.update(f"https://localhost:{port}/x.csv", "--cacert", self.ca), "onnect", 4)
        self.assert_refused(self.update("https://name.invalid/x.csv"), "resolve", 4)

    def start(self, source, *arguments):
        return subprocess.Popen([BERTH, "update", "--from", str(source), "--cacert", self.ca, *arguments],
                                env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def test_two_at_once(self):
        self.updated(SHARED / CHAIN[2], "--force")
        with self.start(self.url("waiting")) as first:
            self.assertTrue(self.server.arrived.wait(60))
            with self.start(SHARED / CHAIN[3]) as second:
                self.assertEqual(second.stderr.readline(), "berth: another update is at work: waiting for it\n")
                self.assertIsNone(second.poll())
                self.server.release.set()
                said, complained = first.communicate(timeout=120)
                self.assertEqual((first.returncode, complained), (0, ""))
                self.assertIn("the registry is of 2026-08-17 now, it was of 2022-07-18", said)
                said, complained = second.communicate(timeout=120)
                self.assertEqual((second.returncode, complained), (0, ""))
                self.assertIn("nothing changed", said)

    def test_killed_while_fetching(self):
        with self.start(self.url("waiting")) as process:
            self.assertTrue(self.server.arrived.wait(60))
            process.kill()
            process.communicate()
        self.server.release.set()
        self.assertEqual(self.image.read_bytes(), self.before)
        self.assertEqual(self.updated(SHARED / CHAIN[3])["result"], "unchanged")


class Killed(Sandbox):
    def test_killed_anywhere(self):
        """Killed at twenty different moments, whatever they hit: the image is the old one or the new one."""
        self.start_with(CHAIN[2])
        dates = {CHAIN[2]: "2022-07-18", CHAIN[3]: "2026-08-17"}
        seen = set()
        for i in range(20):
            source = CHAIN[3] if i % 2 else CHAIN[2]
            with subprocess.Popen([BERTH, "update", "--force", "--from", str(SHARED / source)], env=self.environment(),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.01 * (i + 1))
                process.send_signal(signal.SIGKILL)
            done = self.run_berth(3476, "--json")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            seen.add(json.loads(done.stdout)["registry"]["names_as_of"])
        self.assertLessEqual(seen, set(dates.values()))
        self.assertEqual(self.updated(SHARED / CHAIN[3])["after"]["names_as_of"], "2026-08-17")
        self.assertFalse((self.folder / "registry.image.new").exists())


def main():
    global BERTH, HELPER
    BERTH, HELPER = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
    if HELPER:
        os.environ["BERTH_TEST_HELPER"] = HELPER
    missing = [name for name in [*CHAIN, XML] if not (SHARED / name).exists()]
    if missing:
        print(f"left out: update, because {SHARED} has no {missing[0]}")
        sys.exit(77)
    for case in (Xml, Https):
        if HELPER:
            case.__unittest_skip__ = False
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)


if __name__ == "__main__":
    main()
