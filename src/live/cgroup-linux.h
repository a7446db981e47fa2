/*
 * Cgroup: from the number that a socket carries to a control group, its name and its processes.
 *
 * INET_DIAG_CGROUP_ID (Linux 5.8) is the inode of the directory in the cgroup2 hierarchy in which
 * the socket's maker stood at that moment. With CAP_DAC_READ_SEARCH the kernel opens it by that
 * number; everybody else finds it by walking the tree and comparing inodes.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* A control group of the cgroup2 hierarchy. */
struct cgroup {
	uint64_t id;
	const char *path; /* below the mount: "/", "/system.slice/cron.service"; NULL = not found */
	const char *unit;      /* NULL = none */
	const char *container; /* NULL = none */
	const char *home;      /* the path of the unit or container, of which `path` is a part */
};

struct cgroups;

/*
 * `mount` is where cgroup2 is mounted, NULL = nowhere (then nothing is found). Everything lives in
 * `arena`. NULL when out of memory.
 */
struct cgroups *cgroups_open(struct arena *arena, const char *mount);

/* Always NULL. cgroups_close(NULL) is fine. */
struct cgroups *cgroups_close(struct cgroups *c);

/* The control group of that id, looked up once. Never NULL but when out of memory. */
const struct cgroup *cgroups_find(struct cgroups *c, uint64_t id);

/* Takes a process id; returning false ends the walk. */
typedef bool (*cgroups_pid_fn)(uint32_t pid, void *context);

/*
 * Call `each` with every process of the control group at `path`, and with `is_deep` of all below
 * it (at most 4096 groups, 16 levels). Returns 0, or a negative errno when the group itself cannot
 * be read; -E2BIG when the bounds were met. Processes outside berth's PID namespace are left out.
 */
int cgroups_each_pid(struct cgroups *c, const char *path, bool is_deep, cgroups_pid_fn each,
		     void *context) BERTH_MUST_CHECK;
