/*
 * Fuzz target: names of control groups, as a path and as the lines of /proc/PID/cgroup.
 */
#include "live/cgroup-path.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static void check_part(const char *path, struct cgroup_part part, size_t end)
{
	size_t length = strlen(path);

	if (part.n == 0) {
		demand(end == 0);
		return;
	}
	demand(part.at >= path && part.at + part.n <= path + end && end <= length);
	demand(!memchr(part.at, '/', part.n));
	demand(path[end] == '/' || path[end] == '\0');
}

static void check(const char *path)
{
	struct cgroup_names names = cgroup_path_names(path);

	check_part(path, names.unit, names.unit_end);
	check_part(path, names.container, names.container_end);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *text = malloc(n + 1);
	const char *picked;

	demand(text != NULL);
	memcpy(text, bytes, n);
	text[n] = '\0';
	check(text);
	picked = cgroup_path_pick(text);
	if (picked) {
		demand(*picked == '/');
		check(picked);
	}
	free(text);
	return 0;
}
