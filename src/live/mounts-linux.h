/*
 * Mounts: what /proc/self/mountinfo says that matters here.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

/* One line of mountinfo, proc(5). Pointers lead into the line, which was cut up. */
struct mount_line {
	const char *root;       /* what of the filesystem is mounted: "/", "net:[4026532177]" */
	const char *point;      /* where, octal escapes undone */
	const char *type;       /* "cgroup2", "nsfs", "proc" */
	const char *options;    /* of the filesystem: "rw,hidepid=invisible" */
};

/* Cut one line (terminated, without its newline) up. Returns 0 or -EBADMSG. */
int mounts_parse_line(char *line, struct mount_line *out) BERTH_MUST_CHECK;

/*
 * Call `each` with every line that can be parsed. Returns 0 or a negative errno (-EFBIG: more than
 * 8 MiB of mounts).
 */
int mounts_each(void (*each)(const struct mount_line *m, void *context),
		void *context) BERTH_MUST_CHECK;
