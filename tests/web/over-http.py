#!/usr/bin/env python3
"""The atlas over HTTP: the real `berth serve`, in network and mount namespaces of its own.

usage: over-http.py BERTH [TEST...]     FULL=1: a million requests instead of twenty thousand
"""

import html.parser
import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCHEMAS = HERE.parent.parent / "data" / "schema"
FULL = os.environ.get("FULL") == "1"
PATIENCE_S = 30
PORT = 18476
FORM = "application/x-www-form-urlencoded"
PAGES = ["/", "/ports/22", "/ports/3476", "/ports/0", "/ports/1023", "/ports/6001", "/ports/9200", "/ports/49152",
         "/ports/65535", "/services/ssh", "/services/http", "/search", "/search?q=database", "/ranges", "/here",
         "/claims"]
PARTS = ["/ports/22/live", "/here/rows"]
DATA = {"/map.json": "application/json", "/map/row/13.json": "application/json", "/map.svg": "image/svg+xml",
        "/api/v1/ports/22": "application/json", "/api/v1/here": "application/json",
        "/api/v1/find?q=ssh": "application/json", "/robots.txt": "text/plain; charset=utf-8",
        "/healthz": "text/plain; charset=utf-8", "/favicon.ico": "image/svg+xml",
        "/assets/berth.css": "text/css; charset=utf-8",
        "/metrics": "application/openmetrics-text; version=1.0.0; charset=utf-8"}
PROTECTION = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin",
              "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
              "cross-origin-embedder-policy": "require-corp"}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {}
        for name, value in response.getheaders():
            assert name.lower() not in self.headers, name
            self.headers[name.lower()] = value
        self.bytes = response.read()
        self.text = self.bytes.decode("utf-8", "strict") if "svg" not in self.headers.get("content-type", "") else ""

    def json(self):
        return json.loads(self.text)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE_S)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(self.path)


class Atlas:
    """A running `berth serve`."""

    def __init__(self, *arguments, port=PORT, before=(), listen=None, cwd=None):
        self.port = port
        self.process = subprocess.Popen(
            [*before, BERTH, "serve", "--listen", listen or f"127.0.0.1:{port}", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.stderr.read())
        self.token = re.search(r"token=([0-9a-f]{32})$", line.strip()).group(1)
        self.path = listen.split(":", 1)[1] if listen and listen.startswith("unix:") else None

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        said = self.process.stderr.read()
        self.process.stderr.close()
        return said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def front(self):
        """The pid of the helper."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def connect(self):
        if self.path:
            return UnixConnection(self.path)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(self, path, method="GET", body=None, connection=None, **headers):
        mine = connection or self.connect()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        mine.request(method, path, body=body, headers=names)
        answer = Answer(mine.getresponse())
        if not connection:
            mine.close()
        return answer

    def ask_with_token(self, path, **options):
        return self.ask(path, Authorization=f"Bearer {self.token}", **options)

    def raw(self, data, until_closed=True):
        """Send bytes; what comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as s:
            s.sendall(data)
            got = b""
            while True:
                try:
                    piece = s.recv(65536)
                except ConnectionResetError:
                    return got
                got += piece
                if not piece or not until_closed:
                    return got

    def rss_kb(self):
        status = Path(f"/proc/{self.front()}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


class Case(unittest.TestCase):
    """Tests that share one server."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.atlas = Atlas(*cls.arguments)

    @classmethod
    def tearDownClass(cls):
        cls.atlas.stop()

    def tearDown(self):
        self.assertIsNone(self.atlas.process.poll())

    def get(self, path, **options):
        return self.atlas.ask(path, **options)


class Page(html.parser.HTMLParser):
    """What a page must not have."""

    def __init__(self, text):
        super().__init__()
        self.language, self.bad, self.links, self.open_script = None, [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "html":
            self.language = values.get("lang")
        self.bad += [f"<{tag} {name}>" for name, _ in attributes if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and not values.get("src", "").startswith("/assets/")):
            self.bad.append(f"<{tag}>")
        if tag == "img" or (tag == "link" and values.get("rel") == "stylesheet"):
            where = values.get("src") or values.get("href")
            if not where.startswith("/"):
                self.bad.append(where)
        if tag == "a":
            self.links.append(values)
        self.open_script = tag == "script"

    def handle_data(self, data):
        if self.open_script and data.strip():
            self.bad.append(data)
        self.open_script = False


def open_listener(port, address="127.0.0.1", backlog=5):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    s.listen(backlog)
    return s


class Routes(Case):
    def test_every_page_in_both_languages(self):
        for prefix, language in ("", "en"), ("/de", "de"):
            for path in PAGES:
                with self.subTest(path=prefix + path):
                    answer = self.get(prefix + path)
                    self.assertEqual(answer.status, 200)
                    self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
                    self.assertEqual(answer.headers["content-language"], language)
                    page = Page(answer.text)
                    self.assertEqual(page.language, language)
                    self.assertEqual(page.bad, [])
                    if path != "/":
                        self.assertLess(len(answer.bytes), 50000)

    def test_links_lead_somewhere(self):
        known = set()
        for path in PAGES + ["/de" + path for path in PAGES]:
            for link in Page(self.get(path).text).links:
                where = link.get("href", "")
                if not where.startswith("/") or len(known) > 400:
                    continue
                known.add(where.split("#")[0])
        connection = self.atlas.connect()
        for where in sorted(known):
            answer = self.get(where, connection=connection)
            with self.subTest(where=where):
                self.assertIn(answer.status, (200, 303) if "lang=" in where else (200,))
        connection.close()

    def test_parts_are_parts(self):
        for prefix in "", "/de":
            for path in PARTS:
                answer = self.get(prefix + path, Accept_Language="de" if not prefix else "en")
                self.assertEqual(answer.status, 200, path)
                self.assertNotIn("<html", answer.text)

    def test_data(self):
        for path, kind in DATA.items():
            answer = self.get(path)
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, kind), path)

    def test_every_answer_is_protected(self):
        for path in ["/", "/de/here", "/no", "/ports/080", "/api/v1/here", "/metrics", "/assets/berth.css", "/healthz",
                     "/search?q=%", "/api/v1/nothing"]:
            answer = self.get(path)
            policy = answer.headers["content-security-policy"]
            self.assertTrue(policy.startswith("default-src 'none'"), path)
            self.assertNotIn("unsafe", policy)
            for name, value in PROTECTION.items():
                self.assertEqual(answer.headers.get(name), value, path)
            self.assertNotIn("access-control-allow-origin", answer.headers)
            self.assertNotIn("server", answer.headers)

    def test_errors(self):
        for path, status in {"/no": 404, "/ports/65536": 404, "/ports/-1": 404, "/ports/x": 404, "/services/": 404,
                             "/services/no-such-service": 404, "/search?q=%": 400, "/ports/%00": 400, "/%zz": 400,
                             "/assets/berth.cs": 404, "/assets/%2e%2e%2fpage.c": 301, "/map/row/256.json": 404,
                             "//example.org": 404}.items():
            for prefix in "", "/de":
                if prefix and path.startswith(("/map", "/assets", "//")):
                    continue
                answer = self.get(prefix + path)
                self.assertEqual(answer.status, status, prefix + path)
                if status >= 400:
                    self.assertEqual(Page(answer.text).language, "de" if prefix else "en")
                    self.assertEqual(answer.headers["cache-control"], "no-store")

    def test_errors_of_the_api_are_json(self):
        for path in "/api/v1/ports/65536", "/api/v1/nothing", "/api/v1/find":
            answer = self.get(path)
            self.assertEqual(answer.headers["content-type"], "application/json")
            self.assertEqual(answer.json()["status"], answer.status)

    def test_canonical_paths(self):
        for path, location in {"/ports/080": "/ports/80", "/ports/3476/": "/ports/3476", "/PORTS": "/ports",
                               "/ports": "/", "/de": "/de/", "/DE/Here": "/de/here", "/ports/0080?a=b": "/ports/80?a=b",
                               "/%70orts/80": "/ports/80"}.items():
            answer = self.get(path)
            self.assertEqual((answer.status, answer.headers.get("location")), (301, location), path)

    def test_methods(self):
        for method, path, status, allow in (("POST", "/ports/22", 405, "GET, HEAD, OPTIONS"),
                                            ("DELETE", "/here", 405, "GET, HEAD, OPTIONS"),
                                            ("GET", "/ports/22/face", 405, "POST, OPTIONS"),
                                            ("OPTIONS", "/claims", 204, "GET, HEAD, POST, OPTIONS"),
                                            ("BREW", "/", 405, "GET, HEAD, OPTIONS")):
            answer = self.get(path, method=method)
            self.assertEqual((answer.status, answer.headers.get("allow")), (status, allow), path)

    def test_head_is_get_without_bytes(self):
        for path in "/ports/22", "/api/v1/ports/22", "/map.svg", "/no":
            got, head = self.get(path), self.get(path, method="HEAD")
            self.assertEqual((head.status, head.bytes), (got.status, b""))
            for name in "content-type", "content-length", "cache-control":
                self.assertEqual(head.headers.get(name), got.headers.get(name), path)


class Languages(Case):
    def test_headers_and_cookies(self):
        for accept, cookie, location in (("de", None, "/de/ports/22"), ("de-AT,de;q=0.9,en;q=0.8", None, "/de/ports/22"),
                                         ("en,de;q=0.5", None, None), ("fr", None, None),
                                         ("de", "berth-language=en", None),
                                         ("en", "berth-language=de", "/de/ports/22")):
            headers = {"Accept_Language": accept, **({"Cookie": cookie} if cookie else {})}
            answer = self.get("/ports/22", **headers)
            self.assertEqual(answer.status, 302 if location else 200, headers)
            self.assertEqual(answer.headers.get("location"), location)
            self.assertIn("Accept-Language", answer.headers["vary"])

    def test_a_reader_can_switch_and_stays_there(self):
        page = Page(self.get("/de/ports/22", Accept_Language="de").text)
        switch = next(link["href"] for link in page.links if link.get("hreflang") == "en")
        answer = self.get(switch, Accept_Language="de")
        self.assertEqual((answer.status, answer.headers["location"]), (303, "/ports/22"))
        cookie = answer.headers["set-cookie"].split(";")[0]
        self.assertEqual(self.get("/ports/22", Accept_Language="de", Cookie=cookie).status, 200)


class Hosts(Case):
    arguments = ("--host", "ports.example.org")

    def test_names(self):
        for host, status in {f"localhost:{PORT}": 200, f"127.0.0.1:{PORT}": 200, f"[::1]:{PORT}": 200,
                             f"x.localhost:{PORT}": 200, "ports.example.org": 200, "PORTS.example.org:443": 200,
                             "evil.example": 421, f"evil.example:{PORT}": 421, "localhost": 421,
                             f"localhost.evil.example:{PORT}": 421, "localhost:1": 421, "a b": 400, "": 400,
                             f"localhost:{PORT}, evil": 400}.items():
            self.assertEqual(self.get("/ports/22", Host=host).status, status, host)

    def test_no_host_and_two(self):
        for head in b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost:%d\r\nHost: evil\r\n" % PORT, \
                b"GET / HTTP/1.0\r\n":
            got = self.atlas.raw(head + b"\r\n")
            self.assertRegex(got.split(b"\r\n")[0], rb"HTTP/1\.[01] 400")

    def test_absolute_target(self):
        got = self.atlas.raw(b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n" % PORT)
        self.assertIn(b" 400 ", got.split(b"\r\n")[0])


class Tokens(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = subprocess.Popen([sys.executable, "-c", "import socket,time; s=socket.socket(); "
                                       "s.bind(('127.0.0.1',18500)); s.listen(); print(flush=True); time.sleep(600)",
                                       "secret-argument"], cwd="/usr", stdout=subprocess.PIPE)
        cls.secret.stdout.readline()

    @classmethod
    def tearDownClass(cls):
        cls.secret.kill()
        cls.secret.wait()
        cls.secret.stdout.close()
        super().tearDownClass()

    def cookie(self):
        answer = self.get(f"/here?token={self.atlas.token}")
        self.assertEqual((answer.status, answer.headers["location"]), (303, "/here"))
        kept = answer.headers["set-cookie"]
        self.assertIn("; HttpOnly", kept)
        self.assertIn("; SameSite=Strict", kept)
        self.assertNotIn(self.atlas.token, answer.headers["location"])
        return kept.split(";")[0]

    def owners(self, **headers):
        answer = self.get("/api/v1/ports/18500", **headers)
        self.assertEqual(answer.headers["cache-control"], "private, no-cache" if headers else "no-cache")
        return [owner for listener in answer.json()["listeners"] for owner in listener["owners"]]

    def test_strangers_see_no_secrets(self):
        for path in "/ports/18500", "/here", "/api/v1/here", "/api/v1/ports/18500", "/metrics", "/map/row/72.json":
            answer = self.get(path)
            self.assertEqual(answer.status, 200)
            self.assertNotIn("secret-argument", answer.text)
        self.assertFalse([owner for owner in self.owners() if owner["command"] or owner["directory"]])

    def test_the_token_shows_all(self):
        for headers in {"Authorization": f"Bearer {self.atlas.token}"}, {"Cookie": self.cookie()}:
            owner, = self.owners(**headers)
            self.assertEqual((owner["pid"], owner["command"][-1], owner["directory"]),
                             (self.secret.pid, "secret-argument", "/usr"))

    def test_sights_do_not_mix(self):
        for _ in range(5):
            self.assertIn("secret-argument", self.atlas.ask_with_token("/ports/18500").text)
            self.assertNotIn("secret-argument", self.get("/ports/18500").text)

    def test_wrong_tokens(self):
        for token in "", "0" * 32, self.atlas.token[:-1], self.atlas.token + "0", self.atlas.token.upper() + "x":
            self.assertEqual(self.get(f"/?token={token}").status, 403)
        self.assertEqual(self.get("/api/v1/ports/18500", Authorization="Bearer " + "0" * 32).headers["cache-control"],
                         "no-cache")

    def test_changes(self):
        cookie, origin = self.cookie(), f"http://127.0.0.1:{PORT}"
        good = {"Cookie": cookie, "Origin": origin, "Content_Type": FORM}
        for change, status in (({}, 303), ({"Cookie": "a=b"}, 403), ({"Origin": "http://evil.example"}, 403),
                               ({"Origin": "null"}, 403), ({"Origin": f"http://localhost:{PORT}"}, 403),
                               ({"Sec_Fetch_Site": "cross-site"}, 403), ({"Sec_Fetch_Site": "same-origin"}, 303),
                               ({"Content_Type": "text/plain"}, 400)):
            answer = self.get("/ports/22/face", method="POST", body="face=yes", **{**good, **change})
            self.assertEqual(answer.status, status, change)
        self.assertEqual(self.get("/ports/22/face", method="POST", body="face=yes", Content_Type=FORM,
                                  Cookie=cookie).status, 403)

    def test_what_is_refused_is_not_offered(self):
        """Forms are for whoever has the token; neither a cache nor a tag carries them to others."""
        forms = {"/ports/4712": "/ports/4712/face", "/de/ports/4712": "/de/ports/4712/face", "/claims": 'method="post"',
                 "/de/claims": 'method="post"'}
        for _ in range(3):
            for path, form in forms.items():
                mine, strangers = self.atlas.ask_with_token(path), self.get(path)
                self.assertIn(form, mine.text)
                self.assertNotIn(form, strangers.text)
                self.assertNotIn('method="post"', strangers.text)
                self.assertIn("<code>berth serve</code>", strangers.text)
                self.assertNotEqual(mine.headers["etag"], strangers.headers["etag"])
                for answer in mine, strangers:
                    self.assertIn("Cookie, Authorization", answer.headers["vary"])
                again = self.get(path, If_None_Match=mine.headers["etag"])
                self.assertEqual(again.status, 200)
                self.assertNotIn(form, again.text)

    def test_a_recording_is_shown_whole_and_judged_by_few(self):
        """Everybody sees all of it, so that only the forms differ."""
        with Atlas("--replay", str(HERE.parent / "worlds" / "web.world"), port=PORT + 2) as atlas:
            for _ in range(3):
                for path in "/ports/80", "/claims":
                    self.assertIn('method="post"', atlas.ask_with_token(path).text)
                    self.assertNotIn('method="post"', atlas.ask(path).text)
                self.assertIn('<span class="bit">pid ', atlas.ask("/ports/80").text)

    def test_faces_are_counted(self):
        def counts():
            return [int(n) for n in re.findall(r'class="count">(\d+)<', self.atlas.ask_with_token("/ports/4711").text)]

        before = counts()
        answer = self.atlas.ask_with_token("/de/ports/4711/face", method="POST", body="face=no", Content_Type=FORM)
        self.assertEqual((answer.status, answer.headers["location"]), (303, "/de/ports/4711"))
        deadline = time.monotonic() + PATIENCE_S
        while counts() == before and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual([b - a for a, b in zip(before, counts())], [0, 0, 1])


class Unix(unittest.TestCase):
    """Over a unix socket the kernel says who asks."""

    def test_peers(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = f"{folder}/atlas"
            with Atlas(listen=f"unix:{path}") as atlas:
                os.chmod(path, 0o666)
                answer = atlas.ask("/api/v1/ports/22")
                self.assertEqual((answer.status, answer.headers["cache-control"]), (200, "private, no-cache"))
                answer = atlas.ask("/ports/22/face", method="POST", body="face=yes", Content_Type=FORM)
                self.assertEqual(answer.status, 303)
                self.assertEqual(atlas.ask("/", Host="evil.example").status, 421)
                if os.getuid() == 0 and not MAPPED:
                    self.assertEqual(self.ask_as_nobody(path), "no-cache")

    def ask_as_nobody(self, path):
        code = ("import socket; s=socket.socket(socket.AF_UNIX); s.connect(%r); "
                "s.sendall(b'GET /api/v1/ports/22 HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n'); "
                "print(s.makefile().read())" % path)
        done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", "-c",
                               code], stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True)
        return re.search(r"Cache-Control: (.*)", done.stdout).group(1)


class Claims(unittest.TestCase):
    def test_staking(self):
        with tempfile.TemporaryDirectory() as folder, Atlas("--ledger", f"{folder}/ledger.db") as atlas:
            def stake(**fields):
                body = "&".join(f"{key}={value}" for key, value in fields.items())
                return atlas.ask_with_token("/claims", method="POST", body=body, Content_Type=FORM)

            answer = stake(name="web", ports="14080", owner="shop", reason="the+%3Cb%3Eshop%3C%2Fb%3E")
            if answer.status == 503:
                self.skipTest("no helper that writes ledgers: " + answer.text[-200:])
            self.assertEqual((answer.status, answer.headers["location"]), (303, "/claims"))
            taken = stake(name="other", ports="14080", owner="stranger")
            self.assertEqual(taken.status, 409)
            self.assertIn("14080", taken.text)
            self.assertEqual(stake(name="other", ports="0").status, 400)
            self.assertEqual(stake(name="", ports="14081").status, 400)
            self.assertEqual(atlas.ask("/claims", method="POST", body="name=x&ports=1", Content_Type=FORM).status, 403)
            deadline = time.monotonic() + PATIENCE_S
            while "14080" not in atlas.ask_with_token("/claims").text and time.monotonic() < deadline:
                time.sleep(0.05)
            page = atlas.ask_with_token("/claims").text
            self.assertIn("14080", page)
            self.assertNotIn("<b>shop</b>", page)
            self.assertEqual(atlas.ask_with_token("/api/v1/ports/14080").json()["claims"][0]["name"], "web")


CROWD = """import ctypes, socket, sys, time
name, first, n, shared = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
ctypes.CDLL(None).prctl(15, name.encode()[:15], 0, 0, 0)
kept = []
for i in range(n):
    s = socket.socket()
    s.bind((("127.0.0.1", "0.0.0.0", "127.0.0.2")[i % 3], first + i))
    s.listen(i % 2)
    kept.append(s)
for i in range(shared):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("0.0.0.0", 21999))
    s.listen()
    kept.append(s)
print(flush=True)
time.sleep(600)
"""


class Crowd(unittest.TestCase):
    """Hundreds of listeners of several users, hostile names and long command lines, thousands of claims: every page is
    small, and what does not stand on one is to be found from there."""

    N_EACH, NAMES = 70, ["<script>x", "&" * 15, "'" * 15, "w" * 15, "web", "\u202edaeh"]
    PORTS = {20000 + 100 * i + k for i in range(6) for k in range(70)}

    @classmethod
    def setUpClass(cls):
        users = os.getuid() == 0 and not MAPPED
        cls.folder = tempfile.TemporaryDirectory()
        claims = Path(cls.folder.name) / "ports.claims"
        claims.write_text("".join(f"claim-{i} {20000 + i % 600}/tcp owner=\"<b>{'&' * 150}\" # {'<' * 150}\n" for i in range(3000)))
        cls.processes = []
        for i, name in enumerate(cls.NAMES):
            before = ["setpriv", "--reuid", str(3000 + i), "--clear-groups"] if users else []
            cls.processes.append(subprocess.Popen(
                [*before, "/usr/bin/python3", "-c", CROWD, name, str(20000 + 100 * i), str(cls.N_EACH),
                 "64" if i == 4 else "0", "<&'" * 20000], stdout=subprocess.PIPE))
        others = ["unshare", "--net", "/usr/bin/python3", "-c", CROWD, "elsewhere", "21000", "1", "30"]
        cls.processes += [subprocess.Popen(others, stdout=subprocess.PIPE) for _ in range(3)]
        for process in cls.processes:
            process.stdout.readline()
        cls.clients = [socket.create_connection(("127.0.0.1", 21999)) for _ in range(40)]
        cls.atlas = Atlas("--ledger", f"{cls.folder.name}/ledger.db", cwd=cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.atlas.stop()
        for client in cls.clients:
            client.close()
        for process in cls.processes:
            process.kill()
            process.wait()
            process.stdout.close()
        cls.folder.cleanup()

    def page(self, path):
        """A page that is small, with the token and without."""
        for ask in self.atlas.ask, self.atlas.ask_with_token:
            answer = ask(path)
            self.assertEqual(answer.status, 200, path)
            text = re.sub(r'<svg class="map-picture".*?</svg>|<details id="map-rows".*?</details>', "", answer.text, flags=re.S)
            self.assertLess(len(text.encode()), 50000, path)
            self.assertNotIn("<script>x", text)
        return answer.text

    def follow(self, path, links="here-pages"):
        """All pages of a list, from one to the next, by its <nav>."""
        seen = set()
        while path:
            self.assertNotIn(path, seen)
            seen.add(path)
            text = self.page(path)
            yield text
            found = re.search(rf'<nav [^>]*id="{links}".*?</nav>', text, re.S).group(0)
            path = next((link["href"] for link in Page(found).links if link.get("rel") == "next"), None)

    @staticmethod
    def rows(text):
        return re.findall(r'<tr data-key="(\w+)"><th scope="row"><a href="(?:/de)?/ports/(\d+)">', text)

    def listeners(self):
        record = self.atlas.ask_with_token("/api/v1/here").json()
        return {one["cookie"]: one["port"] for one in record["listeners"] if one["role"] == "listener"}

    def test_every_page_is_small(self):
        for path in ["/", "/here", "/here/rows", "/here?page=3", "/here?sort=-program", "/here?q=%3Cscript", "/claims",
                     "/claims?page=9", "/claims?conflicts=5", "/claims?q=claim-2", "/search?q=claim", "/search?q=claim&page=4",
                     "/services/claim-1", "/ports/21999", "/ports/21999/live", "/ports/20000", "/ports/20107", "/ranges"]:
            for prefix in "", "/de":
                self.page(prefix + path)

    def test_every_listener_is_on_a_page(self):
        for path in "/here", "/de/here", "/here?sort=user", "/de/here?sort=-claimed":
            for _ in range(20):  # others on this machine may begin and end meanwhile
                before = self.listeners()
                pages = list(self.follow(path))
                if before == self.listeners():
                    break
            rows = [row for page in pages for row in self.rows(page)]
            self.assertGreater(len(pages), 4)
            self.assertEqual(len(rows), len(set(rows)))
            self.assertEqual({key: int(port) for key, port in rows}, before)
            self.assertLessEqual(self.PORTS, {int(port) for _, port in rows})

    def test_words_and_order_hold_for_the_whole_list(self):
        ports = [int(port) for page in self.follow("/here?q=203+-udp&sort=-port") for _, port in self.rows(page)]
        self.assertEqual(ports, sorted(ports, reverse=True))
        self.assertLessEqual(set(range(20300, 20370)), set(ports))
        self.assertEqual(self.rows(self.page("/here?q=no-such-thing")), [])

    def test_the_rows_for_a_script_are_those_of_the_page(self):
        for query in "?page=2", "?page=999", "?q=20&sort=-reach&page=2", "?port=21999":
            whole = self.page(f"/here{query}")
            address = re.search(r'data-rows="([^"]*)"', whole).group(1).replace("&amp;", "&")
            self.assertEqual(self.rows(self.page(address)), self.rows(whole))
            self.assertTrue(self.rows(whole))

    def test_what_a_port_page_cuts_is_linked(self):
        text = self.page("/ports/21999")
        more = [link["href"] for link in Page(text).links if link["href"] == "/here?port=21999"]
        self.assertEqual(len(more), 1)
        rows = [row for page in self.follow(more[0]) for row in self.rows(page)]
        self.assertEqual(len(rows), 64 + 3 * 30)
        self.assertEqual({port for _, port in rows}, {"21999"})
        self.assertEqual(len(self.atlas.ask_with_token("/api/v1/ports/21999").json()["listeners"]), 64 + 3 * 30)

    def test_every_claim_is_on_a_page(self):
        names = [name for page in self.follow("/claims", "claims-pages") for name in re.findall(r"<td><b><bdi>(claim-\d+)</bdi></b>", page)]
        self.assertEqual(sorted(names), sorted(f"claim-{i}" for i in range(3000)))

    def test_strange_questions(self):
        for query in ("?page=0", "?page=-1", "?page=x", "?page=99999999999999999999", "?sort=nothing", "?sort=", "?q=", "?port=x",
                      "?port=65536", "?conflicts=x", "?q=" + "%27" * 300, "?q=%ff%e2%80%ae", "?sort=" + "a" * 900):
            for path in "/here", "/here/rows", "/claims":
                self.page(path + query)


class Caching(Case):
    def test_tags(self):
        connection = self.atlas.connect()
        for path in "/ranges", "/assets/berth.css", "/favicon.ico", "/robots.txt", "/map/row/13.json":
            first = self.get(path, connection=connection)
            tag = first.headers["etag"]
            again = self.get(path, connection=connection, If_None_Match=f'W/{tag}, "x"')
            self.assertEqual((again.status, again.bytes, again.headers["etag"]), (304, b"", tag), path)
            self.assertEqual(again.headers["content-length"], first.headers["content-length"])
            other = self.get(path, connection=connection, If_None_Match='"x"')
            self.assertEqual(other.status, 200, path)
        connection.close()

    def test_a_page_that_is_new_has_its_tag(self):
        for _ in range(20):  # a look may end between two questions
            tag = self.get("/ports/22").headers["etag"]
            if self.get("/ports/22", If_None_Match=tag).status == 304:
                return
        self.fail("never the same")

    def test_assets_are_kept(self):
        link = re.search(r'"(/assets/berth\.css\?v=\w+)"', self.get("/ranges").text).group(1)
        self.assertIn("immutable", self.get(link).headers["cache-control"])
        self.assertEqual(self.get("/assets/berth.css?v=00000000").headers["cache-control"], "no-cache")


class Robust(Case):
    def alive(self):
        self.assertEqual(self.get("/healthz").text, "ok\n")

    def test_pipelining(self):
        one = b"GET /ports/%d HTTP/1.1\r\nHost: localhost:18476\r\n%b\r\n"
        got = self.atlas.raw(b"".join(one % (port, b"") for port in range(20, 30)) + one % (30, b"Connection: close\r\n"))
        titles = re.findall(rb"<title>Port (\d+)", got)
        self.assertEqual([int(t) for t in titles], list(range(20, 31)))

    def test_a_connection_lives_on(self):
        connection = self.atlas.connect()
        for i in range(300):
            self.assertEqual(self.get(f"/ports/{i % 7}", connection=connection).status, 200)
        connection.close()

    def test_garbage(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), b"\r\n\r\n\r\n", b"\0" * 4096,
                     b"GET", b"GET / HTTP/9.9\r\n\r\n", b"GET  /  HTTP/1.1\r\n\r\n", b"SSH-2.0-OpenSSH\r\n" * 50,
                     b"GET / HTTP/1.1\r\n" + b"A" * 100 + b"\r\n\r\n", b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost:18476\r\n"
                     b"Connection: close\r\n\r\n", os.urandom(20000), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE_S) as s:
                try:
                    s.sendall(data)
                    s.shutdown(socket.SHUT_WR)
                    while s.recv(65536):
                        pass
                except OSError:
                    pass  # ended before all of it was sent
            self.alive()

    def test_long_requests(self):
        head = b"Host: localhost:18476\r\n"
        for data, status in ((b"GET /search?q=%b HTTP/1.1\r\n" % (b"x" * 2100) + head + b"\r\n", 414),
                             (b"GET / HTTP/1.1\r\n" + head + b"X: " + b"y" * 40000 + b"\r\n\r\n", 431),
                             (b"GET / HTTP/1.1\r\n" + head + b"X: y\r\n" * 8000 + b"\r\n", 431),
                             (b"POST /claims HTTP/1.1\r\n" + head + b"Content-Length: 4097\r\n\r\n" + b"z" * 4097, 413),
                             (b"POST /claims HTTP/1.1\r\n" + head + b"Content-Length: 99999999999999999999\r\n\r\n", None),
                             (b"POST /claims HTTP/1.1\r\n" + head + b"Transfer-Encoding: chunked\r\n\r\n" +
                              b"1000\r\n" + b"z" * 4096 + b"\r\n10\r\n" + b"z" * 16 + b"\r\n0\r\n\r\n", 413)):
            got = self.atlas.raw(data)
            line = got.split(b"\r\n")[0].decode()
            if status:
                self.assertIn(f" {status} ", line + " ", data[:40])
            else:
                self.assertTrue(line == "" or " 4" in line, line)
            self.alive()

    def test_bodies_where_none_belong(self):
        for data in (b"GET /ports/22 HTTP/1.1\r\nHost: localhost:18476\r\nContent-Length: 40\r\n\r\n"
                     b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n....",
                     b"GET /ports/22 HTTP/1.1\r\nHost: localhost:18476\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     b"POST /claims HTTP/1.1\r\nHost: localhost:18476\r\nTransfer-Encoding: chunked\r\n"
                     b"Content-Length: 5\r\nConnection: close\r\n\r\n0\r\n\r\n"):
            got = self.atlas.raw(data)
            self.assertLessEqual(got.count(b"HTTP/1.1 "), 1, got[:300])
            self.assertRegex(got.split(b"\r\n")[0], rb"^$| 40[03] ")

    def test_hostile_words(self):
        for words in ("%3Cscript%3Ealert(1)%3C/script%3E", "%22%3E%3Cimg+src=x%3E", "%E2%80%AE%E2%80%8F", "%ff%fe%80",
                      "%0d%0aSet-Cookie:+a=b", "x" * 1500, "+".join(["a"] * 100), "'+or+1=1--", "%7B%7B7*7%7D%7D"):
            for path in "/search?q=" + words, "/de/search?q=" + words, "/services/" + words.replace("+", "%20")[:1000]:
                answer = self.get(path)
                self.assertIn(answer.status, (200, 301, 400, 404), path)
                self.assertEqual(Page(answer.text).bad if answer.status != 301 else [], [])
                self.assertNotIn("<script>alert", answer.text)
                self.assertNotIn("set-cookie", answer.headers)

    def test_memory_is_flat(self):
        paths = [b"/ports/%d" % port for port in range(100, 140)] + [b"/here", b"/api/v1/here", b"/no", b"/metrics",
                                                                    b"/search?q=ssh", b"/de/ports/22"]

        def many(n):
            s = socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE_S)
            reader = s.makefile("rb", buffering=1 << 20)
            for i in range(0, n, 10):
                s.sendall(b"".join(b"GET %b HTTP/1.1\r\nHost: localhost:18476\r\n\r\n" % paths[(i + k) % len(paths)]
                                   for k in range(10)))
                for _ in range(10):
                    length = 0
                    for line in iter(reader.readline, b"\r\n"):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line[15:])
                    reader.read(length)
            reader.close()
            s.close()

        many(5000)
        before = self.atlas.rss_kb()
        many(1000000 if FULL else 20000)
        self.assertLess(self.atlas.rss_kb() - before, 4096)


class Limits(unittest.TestCase):
    def test_connections(self):
        with Atlas("--limit", "connections=8", "--limit", "per-address=0") as atlas:
            held = [socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE_S) for _ in range(40)]
            time.sleep(0.3)
            sockets = [os.readlink(f"/proc/{atlas.front()}/fd/{fd}") for fd in os.listdir(f"/proc/{atlas.front()}/fd")]
            self.assertLess(len([name for name in sockets if name.startswith("socket:")]), 8 + 10)
            for s in held:
                s.close()
            self.assertEqual(atlas.ask("/healthz").status, 200)

    def test_one_address(self):
        with Atlas("--limit", "per-address=3") as atlas:
            held = [socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE_S) for _ in range(3)]
            for s in held:  # each is there for sure
                s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost:18476\r\n\r\n")
                self.assertIn(b"200", s.recv(4096))
            with socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE_S) as s:
                try:
                    s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost:18476\r\n\r\n")
                    self.assertEqual(s.recv(4096), b"")
                except (ConnectionResetError, BrokenPipeError):
                    pass
            for s in held:
                s.close()
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                try:
                    if atlas.ask("/healthz").status == 200:
                        return
                except (ConnectionError, http.client.HTTPException):
                    time.sleep(0.05)
            self.fail("places are not given back")

    def test_slow_requests_end(self):
        """A byte now and then keeps nobody: others are served meanwhile, and the slow one is ended."""
        with Atlas("--limit", "time=2") as atlas:
            with socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE_S) as s:
                s.settimeout(0.2)
                ended = False
                deadline = time.monotonic() + PATIENCE_S
                s.sendall(b"GET / HTTP/1.1\r\n")
                while not ended and time.monotonic() < deadline:
                    self.assertEqual(atlas.ask("/healthz").status, 200)
                    try:
                        s.sendall(b"X")
                        ended = s.recv(4096) == b""
                    except socket.timeout:
                        pass
                    except (BrokenPipeError, ConnectionResetError):
                        ended = True
                self.assertTrue(ended)
            self.assertRegex(atlas.ask("/metrics").text, r"berth_http_slow_connections_total [1-9]")

    def test_slow_readers_end(self):
        with Atlas("--limit", "time=1") as atlas:
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                s.connect(("127.0.0.1", PORT))
                s.settimeout(PATIENCE_S)
                s.sendall(b"GET /map.svg HTTP/1.1\r\nHost: localhost:18476\r\n\r\n" * 400)
                deadline = time.monotonic() + PATIENCE_S
                while time.monotonic() < deadline:
                    text = atlas.ask("/metrics").text
                    if re.search(r"berth_http_connections 1$", text, re.M):
                        return
                    time.sleep(0.1)
                self.fail("a reader that takes nothing is kept")


def read_events(s, n=1 << 30, wanted=None, deadline_s=PATIENCE_S):
    """Events of a stream as (id, event, data), until `wanted` says so."""
    got, deadline = [], time.monotonic() + deadline_s
    while time.monotonic() < deadline and len(got) < n:
        event = {"id": None, "event": None, "data": ""}
        for line in iter(s.readline, "\n"):
            if not line:
                return got
            key, _, value = line.rstrip("\n").partition(": ")
            if key in event:
                event[key] = value
        if event["event"]:
            got.append((event["id"], event["event"], json.loads(event["data"])))
            if wanted and wanted(got[-1]):
                break
    return got


class Events(Case):
    arguments = ("--limit", "streams=3")

    def setUp(self):
        """Streams of other tests are found to be abandoned, and given back."""
        deadline = time.monotonic() + PATIENCE_S
        while "berth_event_streams 0\n" not in self.get("/metrics").text:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def open_stream(self, path="/api/v1/events", **headers):
        connection = self.atlas.connect()
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.assertEqual(response.getheader("content-type"), "text/event-stream; charset=utf-8")
        self.assertEqual(response.getheader("cache-control"), "no-store")
        self.addCleanup(connection.close)
        self.addCleanup(response.close)

        class Lines:
            def __init__(self):
                self.rest = b""

            def readline(self):
                while b"\n" not in self.rest:
                    piece = response.read1(65536)
                    if not piece:
                        return ""
                    self.rest += piece
                line, _, self.rest = self.rest.partition(b"\n")
                return line.decode() + "\n"

        return Lines()

    @staticmethod
    def is_about(port, change):
        return lambda event: (event[1] == "listener" and event[2]["change"] == change
                              and event[2]["listener"]["port"] == port)

    def test_a_listener_comes_and_goes(self):
        stream = self.open_stream()
        self.assertEqual(read_events(stream, 1)[0][1], "reset")
        read_events(stream, wanted=lambda event: event[1] == "changed")
        listener = open_listener(18600)
        added = read_events(stream, wanted=self.is_about(18600, "added"))[-1]
        self.assertTrue(self.is_about(18600, "added")(added), added)
        validate(added[2]["listener"], "here-listener.json")
        changed = read_events(stream, 1)[0]
        self.assertEqual(changed[1], "changed")
        listener.close()
        removed = read_events(stream, wanted=self.is_about(18600, "removed"))[-1]
        self.assertEqual(removed[2]["listener"]["cookie"], added[2]["listener"]["cookie"])

    def test_what_was_missed_is_told(self):
        stream = self.open_stream("/events")
        last = read_events(stream, wanted=lambda event: event[1] == "changed")[-1]
        with open_listener(18601):
            read_events(stream, wanted=self.is_about(18601, "added"))
        again = self.open_stream(Last_Event_ID=last[0])
        missed = read_events(again, wanted=self.is_about(18601, "added"))
        self.assertNotIn("reset", [event[1] for event in missed])
        self.assertTrue(self.is_about(18601, "added")(missed[-1]))

    def test_strange_ids_begin_anew(self):
        for last in "x", "00000000p1", "9" * 40:
            stream = self.open_stream(Last_Event_ID=last)
            self.assertEqual(read_events(stream, 1)[0][1], "reset")
            self.doCleanups()

    def test_streams_are_bounded(self):
        for _ in range(3):
            read_events(self.open_stream(), 1)
        answer = self.get("/events")
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "10"))


def validate(value, schema):
    if jsonschema:
        jsonschema.Draft202012Validator(json.loads((SCHEMAS / schema).read_text())).validate(value)


class Api(Case):
    def test_ports(self):
        with open_listener(18700):
            for port in 0, 22, 80, 3476, 6001, 9200, 18700, 49152, 65535:
                answer = self.atlas.ask_with_token(f"/api/v1/ports/{port}")
                validate(answer.json(), "answer.json")
                self.assertEqual(answer.json()["port"], port)
            record = self.atlas.ask_with_token("/api/v1/ports/18700").json()
            self.assertEqual(len(record["listeners"]), 1)

    def test_the_same_as_the_command_line(self):
        done = subprocess.run([BERTH, "3476", "--json"], stdout=subprocess.PIPE, check=True, timeout=PATIENCE_S)
        said = json.loads(done.stdout)
        record = self.atlas.ask_with_token("/api/v1/ports/3476").json()
        self.assertEqual(list(said), list(record))
        for key in "assignments", "known_uses", "registry", "policies", "verdicts", "listeners":
            self.assertEqual(said[key], record[key], key)

    def test_here(self):
        for answer in self.get("/api/v1/here"), self.atlas.ask_with_token("/api/v1/here"):
            validate(answer.json(), "here.json")
            self.assertIn(PORT, [listener["port"] for listener in answer.json()["listeners"]])

    def test_find(self):
        found = self.get("/api/v1/find?q=nvidia+mgmt").json()
        for one in found:
            validate(one, "found.json")
        self.assertIn("nppmp", [one["assignment"]["name"] for one in found if one["assignment"]])
        self.assertEqual(self.get("/api/v1/find?q=no-such-thing-at-all").json(), [])


class Metrics(Case):
    def families(self):
        text = self.get("/metrics").text
        self.assertTrue(text.endswith("\n# EOF\n"))
        if not openmetrics:
            self.skipTest("python3-prometheus-client is not there")
        return {family.name: family for family in openmetrics.text_string_to_metric_families(text)}

    def test_an_independent_parser_understands(self):
        families = self.families()
        for name in ("berth_listeners", "berth_gaps", "berth_full_queues", "berth_published_ports", "berth_registry",
                     "berth_registry_age_seconds", "berth_build", "berth_http_requests", "berth_http_connections",
                     "berth_event_streams", "berth_look_timestamp_seconds"):
            self.assertIn(name, families)
        self.assertGreater(families["berth_registry_age_seconds"].samples[0].value, 0)

    def test_numbers_are_true(self):
        def listeners():
            return {tuple(sorted(s.labels.items())): s.value for s in self.families()["berth_listeners"].samples}

        key = (("exposure", "all-v4"), ("protocol", "tcp"), ("verdict", "unclaimed"))
        before = listeners().get(key, 0)
        with open_listener(18800, "0.0.0.0"), open_listener(18801, "0.0.0.0"):
            deadline = time.monotonic() + PATIENCE_S
            while listeners().get(key, 0) != before + 2 and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertEqual(listeners().get(key, 0), before + 2)

    def test_full_queues(self):
        with open_listener(18802, backlog=0) as server:
            clients = [socket.create_connection(server.getsockname()) for _ in range(1)]
            deadline = time.monotonic() + PATIENCE_S
            full = 0
            while not full and time.monotonic() < deadline:
                full = self.families()["berth_full_queues"].samples[0].value
                time.sleep(0.1)
            self.assertEqual(full, 1)
            for client in clients:
                client.close()

    def test_requests_are_counted(self):
        def not_found():
            return next(s.value for s in self.families()["berth_http_requests"].samples if s.labels["status"] == "4xx")

        before = not_found()
        for _ in range(3):
            self.get("/nothing")
        self.assertEqual(not_found() - before, 3)


class Ends(unittest.TestCase):
    def test_the_front_ends_with_the_collector(self):
        atlas = Atlas()
        front = os.pidfd_open(atlas.front())
        connections = [atlas.connect() for _ in range(3)]
        for connection, path in zip(connections, ("/events", "/events", "/healthz")):
            connection.request("GET", path)  # readers that sleep, and one that may ask again
            self.assertEqual(connection.getresponse().status, 200)
        atlas.process.send_signal(signal.SIGKILL)
        self.assertTrue(select.select([front], [], [], PATIENCE_S)[0])
        os.close(front)
        for connection in connections:
            connection.close()
        atlas.stop()

    def test_the_front_has_no_rights(self):
        with Atlas() as atlas:
            self.assertEqual(atlas.ask("/healthz").status, 200)  # it has begun
            status = dict(line.split(":\t", 1) for line in Path(f"/proc/{atlas.front()}/status").read_text().splitlines()
                          if ":\t" in line)
            for name in "CapInh", "CapPrm", "CapEff", "CapAmb":
                self.assertEqual(int(status[name], 16), 0, name)
            self.assertEqual(status["NoNewPrivs"], "1")
            if os.getuid() == 0 and not MAPPED:
                self.assertEqual(set(status["Uid"].split()), {"65534"})

    @unittest.skipIf(os.getuid() != 0 or os.environ.get("ATLAS_MAPPED") == "1", "takes root")
    def test_namespaces_that_may_not_be_entered(self):
        """An ordinary user on a host with several containers: their namespaces have no number that he may see."""
        code = "import socket,time; s=socket.socket(); s.bind(('0.0.0.0',18900)); s.listen(); print(flush=True); time.sleep(600)"
        others = [subprocess.Popen(["unshare", "--net", sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(3)]
        for other in others:
            other.stdout.readline()
        try:
            with Atlas(before=["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]) as atlas:
                for _ in range(3):
                    here = atlas.ask_with_token("/api/v1/here").json()
                    found = {one["namespace"]["id"] for one in here["listeners"] if one["port"] == 18900}
                    self.assertEqual(len(found), 3)
                    time.sleep(1.1)  # until another look is made
        finally:
            for other in others:
                other.kill()
                other.wait()
                other.stdout.close()

    def test_nothing_is_said_but_errors(self):
        atlas = Atlas()
        for path in "/", "/no", "/%zz", "/here":
            atlas.ask(path)
        atlas.raw(b"garbage\r\n\r\n")
        self.assertNotIn("garbage", atlas.stop())


try:
    import jsonschema
except ImportError:
    jsonschema = None
try:
    from prometheus_client.openmetrics import parser as openmetrics
except ImportError:
    openmetrics = None

MAPPED = os.environ.get("ATLAS_MAPPED") == "1"


def enter():
    """Namespaces of our own: nothing of this machine listens there, and nothing is written to it."""
    if os.environ.get("ATLAS_INSIDE"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/lib"], check=True)
        return
    mapped = [] if os.getuid() == 0 else ["--map-root-user"]
    environment = {**os.environ, "ATLAS_INSIDE": "1", "ATLAS_MAPPED": "1" if mapped else "0"}
    # Debian's own interpreter has Debian's packages.
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    os.execvpe("unshare", ["unshare", "--net", "--mount", *mapped, python, *sys.argv], environment)


if __name__ == "__main__":
    BERTH = os.path.abspath(sys.argv[1])
    enter()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
