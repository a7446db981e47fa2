"""Real containers, made by podman in memory: for tests and the demo.

The caller is root in network, mount and process namespaces of its own, with a /run in memory. Then
nothing of podman's stays on the machine but control groups, which groups.py removes.
"""
import contextlib
import os
import pathlib
import shlex
import shutil
import subprocess
import tarfile
import time

PROGRAMS = {"podman": "podman", "runc": "runc", "conmon": "conmon", "ip": "iproute2",
            "nft": "nftables", "iptables": "iptables", "busybox": "busybox-static"}
NETAVARK = "/usr/lib/podman/netavark"
CNI = "/usr/lib/cni/bridge"
OF_ALL = ["--runtime", "runc", "--cgroup-manager", "cgroupfs", "--storage-driver", "vfs",
          "--events-backend", "none"]
# Inherited limits may be higher than what this root may set.
OF_RUN = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]


PATIENCE_S = 180  # for one command of podman's


def run(*command, is_checked=True):
    done = subprocess.run(command, text=True, capture_output=True, check=False, stdin=subprocess.DEVNULL,
                          timeout=PATIENCE_S)
    if is_checked and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-600:]}")
    return done.stdout


def why_not():
    """None when containers can be made, else the reason."""
    if os.geteuid() != 0:
        return "it needs root"
    for program, package in PROGRAMS.items():
        if not shutil.which(program):
            return f"there is no {program} (Debian: {package})"
    if not os.path.exists(NETAVARK) and not os.path.exists(CNI):
        return "podman has no network (Debian: netavark)"
    said = subprocess.run(["ldd", shutil.which("busybox")], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False).stdout
    if "not a dynamic" not in said and "statically" not in said:
        return "busybox is not static (Debian: busybox-static)"
    return None


def hide_the_machine():
    """In memory from here on: what podman writes, and what of it berth reads. /run is already."""
    run("mount", "--make-rprivate", "/")
    if not os.path.isdir("/var/lib/containers"):  # a place to mount upon, without making one for all
        for name in ("upper", "scratch"):
            os.makedirs(f"/run/var-lib/{name}")
        run("mount", "-t", "overlay", "overlay", "-o",
            "lowerdir=/var/lib,upperdir=/run/var-lib/upper,workdir=/run/var-lib/scratch", "/var/lib")
        os.mkdir("/var/lib/containers")
    # podman's locks are a file in /dev/shm that all podmen of a machine share.
    for place in ("/var/lib/containers", "/etc/cni", "/etc/containers/networks", "/var/tmp", "/dev/shm"):
        if os.path.isdir(place):
            run("mount", "-t", "tmpfs", "tmpfs", place)


def write_front(path, group):
    """A program that is podman with what this place needs; containers are in a control group."""
    path = pathlib.Path(path)
    for_run = shlex.join(["--cgroup-parent", f"/{group}", *OF_RUN])
    path.write_text(f"""#!/bin/sh
verb=$1
shift
[ "$verb" != run ] || set -- {for_run} "$@"
exec {shutil.which("podman")} {shlex.join(OF_ALL)} "$verb" "$@"
""", encoding="utf-8")
    path.chmod(0o755)


def make_image(podman, folder, name, *command):
    """An image of busybox alone that runs `command`; `podman` is the front."""
    root = pathlib.Path(folder) / "root"
    (root / "bin").mkdir(parents=True)
    (root / "www").mkdir()
    shutil.copy(shutil.which("busybox"), root / "bin" / "busybox")
    for link in ("sh", "httpd", "udpsvd", "sleep"):
        (root / "bin" / link).symlink_to("busybox")
    (root / "www" / "index.html").write_text("hello\n", encoding="utf-8")
    with tarfile.open(root.parent / "image.tar", "w") as tar:
        tar.add(root, arcname=".")
    words = ", ".join(f'"{word}"' for word in command)
    run(str(podman), "import", "-q", "--change", f"CMD [{words}]", str(root.parent / "image.tar"), name)


def remove_all(podman, patience_s=30):
    """Every container, and what cleans up behind it: that goes on when podman rm is done."""
    run(str(podman), "rm", "-f", "-a", "-t", "0", is_checked=False)
    end = time.monotonic() + patience_s
    while time.monotonic() < end and (has_process("conmon", "podman") or has_entry("/run/netns")):
        time.sleep(0.02)


def has_entry(folder):
    return os.path.isdir(folder) and bool(os.listdir(folder))


def has_process(*programs):
    """Alive, that is: one that has ended has no executable."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.path.basename(os.readlink(process / "exe")) in programs:
                return True
    return False
