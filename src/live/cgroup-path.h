/*
 * Cgroup path: which systemd unit and which container a control group belongs to, by its name.
 *
 * Pure text. The layouts are those of systemd.unit(5) and of Docker, Podman, containerd, CRI-O,
 * Kubernetes, LXC and systemd-nspawn, with either of their cgroup drivers.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* A part of a path: `n` bytes at `at`; n = 0: there is none. */
struct cgroup_part {
	const char *at;
	size_t n;
};

/* What a path says. */
struct cgroup_names {
	/* The innermost "*.service", "*.socket" or "*.scope" of the host's systemd, as `systemctl`
	 * writes it (escapes such as \x2d stay). What lies inside a container is not the host's. */
	struct cgroup_part unit;
	size_t unit_end;      /* bytes of the path up to the end of that unit */
	/* The innermost container: 64 hexadecimal digits, or a name (LXC, nspawn). */
	struct cgroup_part container;
	size_t container_end; /* bytes of the path up to the end of its component */
	bool has_login;       /* below user.slice/user-UID.slice, and not inside a container: */
	uint32_t login_uid;   /* that UID */
};

/* Read `path` ("/system.slice/cron.service"), terminated, of any content. */
struct cgroup_names cgroup_path_names(const char *path);

/*
 * The path of the lines of /proc/PID/cgroup that names the process best: "0::" (v2) unless that is
 * the root and the v1 hierarchy of systemd says more; then any v1 line with a container. `text` is
 * terminated and is cut up. Returns a pointer into it; NULL: no line has the form ID:NAMES:PATH.
 */
const char *cgroup_path_pick(char *text);
