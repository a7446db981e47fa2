#!/usr/bin/env python3
"""berth for macOS and its unit tests are compiled and linked, with warnings as errors, for both processors. Nothing is
run: there is no Mac.

  cross.py BUILD

The toolchain is fetched into BUILD/zig when it is not there (tools/get-zig, npm), the builds are BUILD/macos-CPU. Each
program is then read: its file format and processor, the only library that it asks for, the functions of libproc that it
calls, and the built-in registry in it, whole and in its place.
"""

import os
import struct
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LEFT_OUT = 77

MAGIC, EXECUTABLE = 0xFEEDFACF, 2
PROCESSORS = {"x86_64": 0x01000007, "aarch64": 0x0100000C}
SEGMENT, SYMBOLS, LIBRARIES = 0x19, 0x2, {0xC, 0x1F | 0x80000000, 0x18 | 0x80000000}
NEEDED = {"_proc_listpids", "_proc_pidinfo", "_proc_pidfdinfo", "_proc_pidpath", "_sysctlbyname", "_getpwuid_r", "_kqueue",
          "_kevent", "_kill", "_bind"}


def text_at(data, start):
    return data[start:data.index(b"\0", start)].decode()


class MachO:
    """What is read of a program: mach-o/loader.h and mach-o/nlist.h name the fields."""

    def __init__(self, path):
        self.data = path.read_bytes()
        self.magic, self.processor, _, self.kind, n_commands = struct.unpack_from("<5I", self.data)
        self.libraries, self.segments, self.symbols, self.imports = [], [], {}, set()
        at = 32
        for _ in range(n_commands):
            command, size = struct.unpack_from("<2I", self.data, at)
            if command in LIBRARIES:
                self.libraries.append(text_at(self.data, at + struct.unpack_from("<I", self.data, at + 8)[0]))
            elif command == SEGMENT:
                self.segments.append(struct.unpack_from("<4Q", self.data, at + 24))
            elif command == SYMBOLS:
                self.read_symbols(*struct.unpack_from("<3I", self.data, at + 8))
            at += size

    def read_symbols(self, table, n, strings):
        for i in range(n):
            name, kind, _, _, value = struct.unpack_from("<IBBHQ", self.data, table + 16 * i)
            text = text_at(self.data, strings + name)
            if kind & 0x0E:
                self.symbols[text] = value
            else:
                self.imports.add(text)

    def bytes_between(self, first, last):
        """The bytes of the file that two symbols stand around."""
        begin, end = self.symbols[first], self.symbols[last]
        for address, size, offset, _ in self.segments:
            if address <= begin and end <= address + size:
                return begin, self.data[offset + begin - address:offset + end - address]
        return begin, None


def run(command, environment):
    found = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           errors="replace", check=False)
    if found.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {found.returncode}\n{found.stdout[-4000:]}")


class Cross(unittest.TestCase):
    def build(self, processor):
        folder = BUILD / f"macos-{processor}"
        environment = dict(os.environ, PATH=f"{ROOT / 'tools'}:{os.environ['PATH']}", BERTH_ZIG=str(ZIG),
                           ZIG_GLOBAL_CACHE_DIR=str(BUILD / "zig" / "cache"),
                           ZIG_LOCAL_CACHE_DIR=str(BUILD / "zig" / "cache"))
        if not (folder / "build.ninja").exists():
            run(["meson", "setup", folder, ROOT, "--cross-file", ROOT / "cross" / f"{processor}-macos.ini",
                 "-Dtests=true", "-Dupdate=disabled", "-Dwerror=true"], environment)
        run(["ninja", "-C", folder], environment)
        return folder

    def check(self, processor):
        folder = self.build(processor)
        program = MachO(folder / "src" / "berth")
        self.assertEqual((program.magic, program.processor, program.kind), (MAGIC, PROCESSORS[processor], EXECUTABLE))
        self.assertEqual(program.libraries, ["/usr/lib/libSystem.B.dylib"])
        self.assertEqual(NEEDED - program.imports, set())
        address, image = program.bytes_between("_builtin_registry_begin", "_builtin_registry_end")
        self.assertEqual(address % 64, 0)
        self.assertEqual(image, (folder / "src" / "registry.image").read_bytes())

    def test_x86_64(self):
        self.check("x86_64")

    def test_arm64(self):
        self.check("aarch64")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: cross.py BUILD")
    BUILD = Path(sys.argv.pop()).resolve()
    FETCHED = subprocess.run([ROOT / "tools" / "get-zig", BUILD / "zig"], stdout=subprocess.PIPE, text=True, check=False)
    if FETCHED.returncode != 0:
        sys.exit(FETCHED.returncode)
    ZIG = Path(FETCHED.stdout.strip())
    unittest.main(verbosity=2)
