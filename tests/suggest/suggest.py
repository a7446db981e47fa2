#!/usr/bin/env python3
"""A good port on this machine: real sockets in the way, worktrees made of plain files, claims that stay.

  suggest.py BERTH REFUSE [--no-ledger]

Everything lies in a folder that goes away; --no-ledger: this build writes no ledger.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

KEPT = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH", "PATH")
ORIGIN = '[core]\n\tbare = false\n[remote "origin"]\n\turl = https://me:secret@GitHub.com/acme/shop.git\n'
BERTH = REFUSE = None  # set by main()
HAS_LEDGER = True


class Sandbox(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name).resolve()
        self.folder.chmod(0o755)
        (self.folder / "ledger").mkdir()
        self.ledger = self.folder / "ledger" / "claims.db"

    def command(self, *arguments):
        return [BERTH, "suggest", *map(str, arguments), "--ledger", str(self.ledger)]

    def environment(self):
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        return env | {"LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}

    def run_it(self, *arguments, cwd=None, before=(), **options):
        return subprocess.run([*map(str, before), *self.command(*arguments)], cwd=cwd or self.folder, env=self.environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=60, **options)

    def ports(self, *arguments, **options):
        done = self.run_it(*arguments, **options)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        self.assertRegex(done.stdout, r"\A([0-9]+\n)+\Z")
        return [int(line) for line in done.stdout.split()]

    def port(self, *arguments, **options):
        (port,) = self.ports(*arguments, **options)
        return port

    def record(self, *arguments, **options):
        done = self.run_it(*arguments, "--json", **options)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)

    def bound(self, port, family=socket.AF_INET, kind=socket.SOCK_STREAM, address=None, is_reusing=False):
        s = socket.socket(family, kind)
        self.addCleanup(s.close)
        if is_reusing:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.bind((address or ("::1" if family == socket.AF_INET6 else "127.0.0.1"), port))
        return s

    def repository(self, name, config=ORIGIN):
        root = self.folder / name
        (root / ".git").mkdir(parents=True)
        (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        (root / ".git" / "config").write_text(config)
        return root

    def worktree(self, main, name):
        root, inside = self.folder / name, main / ".git" / "worktrees" / name
        root.mkdir()
        inside.mkdir(parents=True)
        (root / ".git").write_text(f"gitdir: {inside}\n")
        (inside / "HEAD").write_text(f"ref: refs/heads/{name}\n")
        (inside / "commondir").write_text("../..\n")
        (inside / "gitdir").write_text(f"{root}/.git\n")
        return root


class Checkouts(Sandbox):
    def test_the_same_every_time_and_everywhere_inside(self):
        main = self.repository("shop")
        (main / "src" / "deep").mkdir(parents=True)
        port = self.port("api", cwd=main)
        self.assertEqual([self.port("api", cwd=main) for _ in range(5)], [port] * 5)
        self.assertEqual(self.port("api", cwd=main / "src" / "deep"), port)
        self.assertEqual(self.port("api", "--stable-for", main), port)
        os.symlink(main, self.folder / "link")
        self.assertEqual(self.port("api", cwd=self.folder / "link"), port)
        self.assertEqual(self.port("api", "--stable-for", "link"), port)
        self.assertNotEqual(self.port("web", cwd=main), port)
        self.assertNotEqual(self.port("api", "--stable-for", main / "src"), port)

    def test_worktrees_differ_and_share_their_repository(self):
        main = self.repository("shop")
        trees = [main] + [self.worktree(main, f"tree{i}") for i in range(12)]
        records = [self.record("api", cwd=tree) for tree in trees]
        self.assertEqual({r["repository"] for r in records}, {"github.com/acme/shop"})
        self.assertEqual([r["checkout"] for r in records], [str(tree) for tree in trees])
        starts = [r["start"] for r in records]
        self.assertEqual(starts, [self.record("api", cwd=tree)["start"] for tree in trees])
        # Some 2,400 starts: two of thirteen may be the same, three cannot but by a fault.
        self.assertGreaterEqual(len(set(starts)), 11)
        self.assertNotIn("secret", json.dumps(records))

    def test_no_origin_is_the_shared_directory(self):
        main = self.repository("bare", "[core]\n\tbare = false\n")
        tree = self.worktree(main, "tree")
        self.assertEqual(self.record(cwd=main)["repository"], str(main / ".git"))
        self.assertEqual(self.record(cwd=tree)["repository"], str(main / ".git"))
        self.assertNotEqual(self.record(cwd=main)["start"], self.record(cwd=tree)["start"])

    def test_a_submodule(self):
        main = self.repository("shop")
        inside = main / ".git" / "modules" / "lib"
        inside.mkdir(parents=True)
        (inside / "config").write_text('[remote "origin"]\n\turl = git@host:lib.git\n')
        (inside / "HEAD").write_text("ref: refs/heads/main\n")
        (main / "lib").mkdir()
        (main / "lib" / ".git").write_text("gitdir: ../.git/modules/lib\n")
        record = self.record(cwd=main / "lib")
        self.assertEqual((record["repository"], record["checkout"]), ("host/lib", str(main / "lib")))

    def test_outside_of_any(self):
        plain = self.folder / "plain"
        plain.mkdir()
        record = self.record(cwd=plain)
        self.assertEqual((record["repository"], record["checkout"]), (None, str(plain)))

    def test_what_only_looks_like_one(self):
        """Nothing hangs, nothing is believed, a port comes out."""
        for i, make in enumerate((
                lambda p: (p / ".git").write_text("gitdir: " + "x" * 100000),
                lambda p: (p / ".git").write_text("gitdir: /no/such\n"),
                lambda p: (p / ".git").write_text("gitdir: .git\n"),
                lambda p: (p / ".git").write_bytes(b"gitdir: a\0b\n"),
                lambda p: (p / ".git").write_text(""),
                lambda p: (p / ".git").mkdir(),
                lambda p: os.mkfifo(p / ".git"),
                lambda p: os.symlink(".git", p / ".git"))):
            place = self.folder / f"odd{i}"
            place.mkdir()
            make(place)
            self.assertIsNone(self.record(cwd=place)["repository"], i)
        odd = self.repository("odd")
        (odd / ".git" / "config").unlink()
        os.mkfifo(odd / ".git" / "config")
        self.assertEqual(self.record(cwd=odd)["repository"], str(odd / ".git"))
        (odd / ".git" / "config").unlink()
        (odd / ".git" / "config").write_text(ORIGIN + "#" * (1 << 20))
        self.assertEqual(self.record(cwd=odd)["repository"], str(odd / ".git"))

    def test_a_directory_that_is_gone(self):
        gone = self.folder / "gone"
        gone.mkdir()
        done = self.run_it("api", before=["sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', gone])
        self.assertEqual(done.returncode, 4)
        self.assertRegex(done.stderr, r"\Aberth: the working directory: [^\n]+\n\Z")


class InTheWay(Sandbox):
    def test_every_kind_of_socket(self):
        for family, kind, address, flags in (
                (socket.AF_INET, socket.SOCK_STREAM, None, ()), (socket.AF_INET, socket.SOCK_STREAM, "0.0.0.0", ()),
                (socket.AF_INET6, socket.SOCK_STREAM, None, ()), (socket.AF_INET6, socket.SOCK_STREAM, "::", ("-t", "-u")),
                (socket.AF_INET, socket.SOCK_DGRAM, None, ("-u",)), (socket.AF_INET6, socket.SOCK_DGRAM, "::", ("-t", "-u"))):
            port = self.port("api", *flags)
            holder = self.bound(port, family, kind, address)  # bound only: it never listens
            record = self.record("api", *flags)
            self.assertNotEqual(record["suggestions"][0]["port"], port)
            self.assertEqual(record["passed"][0]["port"], port)
            reason = record["passed"][0]["reasons"][0]
            self.assertIn(reason["reason"], ("bound", "refused"))
            if reason["reason"] == "bound":
                self.assertIn(f"pid {os.getpid()}", reason["text"])
            holder.close()
            self.assertEqual(self.port("api", *flags), port)

    def test_the_twin_costs_and_does_not_forbid(self):
        port = self.port("api")
        self.bound(port, kind=socket.SOCK_DGRAM)
        record = self.record("api", "--range", f"{port}-{port}")
        self.assertEqual([r["reason"] for r in record["suggestions"][0]["reasons"]], ["twin-taken"])

    def serve_once(self, port, is_reusing):
        server = self.bound(port, is_reusing=is_reusing)
        server.listen()
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first keeps TIME_WAIT
            client.recv(1)
        server.close()

    def test_stable_while_its_server_restarts(self):
        port = self.port("api")
        for _ in range(3):
            self.serve_once(port, is_reusing=True)
            record = self.record("api")
            self.assertEqual(record["suggestions"][0]["port"], port)
            self.assertEqual([r["reason"] for r in record["suggestions"][0]["reasons"]], ["closing"])

    def test_closed_connections_that_nobody_can_share(self):
        """A server without SO_REUSEADDR cannot have its port again for a minute, whatever the next one sets."""
        port = self.port("api")
        self.serve_once(port, is_reusing=False)
        record = self.record("api")
        self.assertNotEqual(record["suggestions"][0]["port"], port)
        self.assertIn("refused", [r["reason"] for r in record["passed"][0]["reasons"]])

    def test_a_whole_block(self):
        first = self.ports("api", "--block", "5")
        self.assertEqual(first, list(range(first[0], first[0] + 5)))
        self.bound(first[3])
        second = self.ports("api", "--block", "5")
        self.assertNotIn(first[3], second)
        self.assertEqual(second, list(range(second[0], second[0] + 5)))

    def test_several(self):
        ports = self.ports("api", "--count", "20")
        self.assertEqual(len(set(ports)), 20)
        self.assertEqual(self.ports("api", "--count", "5"), ports[:5])

    def test_a_lease(self):
        if sys.platform != "linux":
            self.skipTest("no abstract names here")
        port = self.port("api")
        lease = socket.socket(socket.AF_UNIX)
        self.addCleanup(lease.close)
        lease.bind(f"\0berth/lease/tcp/{port}")
        record = self.record("api")
        self.assertEqual((record["passed"][0]["port"], record["passed"][0]["reasons"][0]["reason"]), (port, "leased"))
        lease.close()
        self.assertEqual(self.port("api"), port)

    def test_a_claims_file(self):
        main = self.repository("shop")
        done = subprocess.run([BERTH, "suggest", "api"], cwd=main, env=self.environment(), stdout=subprocess.PIPE,
                              text=True, check=True)
        port = int(done.stdout)
        (main / "ports.claims").write_text(f"web {port}/tcp  # theirs\n")
        done = subprocess.run([BERTH, "suggest", "api", "--json"], cwd=main, env=self.environment(),
                              stdout=subprocess.PIPE, text=True, check=True)
        record = json.loads(done.stdout)
        self.assertEqual((record["passed"][0]["port"], record["passed"][0]["reasons"][0]["reason"]), (port, "claimed"))

    def test_what_bind_refuses(self):
        """A sandbox forbids bind(2): no table shows it, a trial does."""
        done = self.run_it("api", before=[REFUSE, "bind=13", "--"])
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"\Aberth: nothing fits in [^\n]*refused\n\Z")

    def test_a_full_range(self):
        holders = [self.bound(port) for port in range(13461, 13464)]
        done = self.run_it("--range", "13461-13463")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "berth: nothing fits in 13461-13463 (tcp): 3 bound\n")
        done = self.run_it("--range", "13462", "--explain")
        self.assertRegex(done.stdout, r"(?m)^range +13462, searched from 13462 on")
        self.assertEqual(done.stderr, "berth: nothing fits in 13462 (tcp): 1 bound\n")
        for holder in holders:
            holder.close()

    def test_as_nobody(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("takes root and setpriv")
        before = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all",
                  "--inh-caps", "-all"]
        self.assertEqual(self.port("api", before=before), self.port("api"))

    def test_many_at_once_agree(self):
        """Trials of the same port in the same instant are in nobody's way."""
        started = [subprocess.Popen(self.command("api", "-t", "-u"), cwd=self.folder, env=self.environment(), text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(20)]
        self.assertEqual(len({process.communicate()[0] for process in started}), 1)


class Claimed(Sandbox):
    def setUp(self):
        super().setUp()
        if not HAS_LEDGER:
            self.skipTest("this build writes no ledger")

    def test_it_never_moves(self):
        main = self.repository("shop")
        tree = self.worktree(main, "tree")
        port = self.port("api", "--claim", cwd=main)
        self.assertEqual(self.port("api", "--claim", cwd=main), port)
        self.bound(port).listen()  # its own server, say
        self.assertEqual(self.port("api", cwd=main), port)
        record = self.record("api", cwd=main)
        self.assertEqual((record["result"], record["suggestions"][0]["claimed"]), ("claimed", True))
        self.assertIn("bound", [r["reason"] for r in record["suggestions"][0]["reasons"]])
        # Others do not get it, and neither does another name here.
        self.assertNotEqual(self.port("api", "--claim", cwd=tree), port)
        for question in (("api", "--range", f"{port}-{port}", "--stable-for", tree),
                         ("web", "--range", f"{port}-{port}", "--stable-for", main)):
            self.assertEqual(self.run_it(*question).returncode, 1)
        # What is not what was claimed is chosen anew.
        self.assertNotIn(port, self.ports("api", "--block", "2", cwd=main))
        self.assertEqual(self.ports("api", "--count", "2", cwd=main)[0], port)

    def test_what_is_written(self):
        main = self.repository("shop")
        ports = self.ports("api", "-t", "-u", "--claim", "--block", "3", cwd=main)
        done = subprocess.run([BERTH, "claims", "--json", "--ledger", str(self.ledger)], cwd=self.folder,
                              env=self.environment(), stdout=subprocess.PIPE, text=True, check=True)
        (claim,) = json.loads(done.stdout)
        self.assertEqual((claim["name"], claim["ports"], claim["protocols"], claim["scope"]),
                         ("api", [ports[0], ports[2]], ["tcp", "udp"], str(main)))

    def test_a_path_that_no_scope_can_be(self):
        odd = self.folder / ("x" * 250)
        odd.mkdir()
        port = self.port("api", "--claim", cwd=odd)
        self.assertEqual(self.port("api", cwd=odd), port)
        record = self.record("api", cwd=odd)
        self.assertTrue(record["suggestions"][0]["claimed"])

    def test_many_at_once_get_different_ones(self):
        """They all begin in the same small range: the ledger decides, the others go on."""
        names = [f"svc{chr(97 + i)}" for i in range(10)]
        started = [subprocess.Popen(self.command(name, "--claim", "--range", "13461-13476"), cwd=self.folder, text=True,
                                    env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                   for name in names]
        results = [process.communicate() for process in started]
        self.assertEqual([error for _, error in results], [""] * len(names))
        ports = [int(out) for out, _ in results]
        self.assertEqual(len(set(ports)), len(names))
        self.assertEqual([self.port(name, "--range", "13461-13476") for name in names], ports)

    def test_nothing_is_claimed_when_nothing_fits(self):
        self.bound(13461)
        done = self.run_it("api", "--claim", "--range", "13461-13461")
        self.assertEqual(done.returncode, 1)
        self.assertFalse(self.ledger.exists())


class Words(Sandbox):
    def test_for_people(self):
        done = self.run_it("api", "--width", "80")
        self.assertRegex(done.stdout, r"\Aport      [0-9]+  tcp for api in ")
        self.assertTrue(all(len(line) <= 80 for line in done.stdout.splitlines()))
        self.assertIn("bind(2) took it when tried", re.sub(r"\s+", " ", done.stdout))

    def test_in_a_shell(self):
        line = 'PORT=$("$0" suggest api) && echo "http://localhost:$PORT/"'
        done = subprocess.run(["sh", "-c", line, BERTH], cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE,
                              text=True, check=True)
        self.assertRegex(done.stdout, r"\Ahttp://localhost:[0-9]+/\n\Z")

    def test_a_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(self.command("api"), cwd=self.folder, env=self.environment(), stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 4)


def main():
    global BERTH, REFUSE, HAS_LEDGER
    arguments = sys.argv[1:]
    HAS_LEDGER = "--no-ledger" not in arguments
    BERTH, REFUSE = (os.path.abspath(path) for path in arguments[:2])
    unittest.main(argv=sys.argv[:1], verbosity=2)


main()
