#include "registry/choose.h"

#include "base/environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM_PATH "/var/lib/berth/registry.image"

static int print_path(char *path, const char *directory, const char *rest)
{
	int n = snprintf(path, CHOOSE_PATH_SIZE, "%s%s", directory, rest);

	return n < 0 || n >= CHOOSE_PATH_SIZE ? -ENAMETOOLONG : 0;
}

int choose_own_path(char *path)
{
	const char *data = environment_get("XDG_DATA_HOME"), *home = environment_get("HOME");

	if (geteuid() == 0)
		return print_path(path, SYSTEM_PATH, "");
	if (data && *data == '/') /* others are to be ignored, says the specification */
		return print_path(path, data, "/berth/registry.image");
	if (home && *home == '/')
		return print_path(path, home, "/.local/share/berth/registry.image");
	return -ENOENT;
}

/* Take the image at `path` instead of the one that is open, if it is newer. */
static void consider(const char *path, struct registry *best,
		     void (*tell)(void *context, const char *path, const char *reason),
		     void *context)
{
	const char *reason = NULL, *date, *best_date;
	struct registry r;
	int error = registry_open_file(&r, path, &reason);

	if (error < 0) {
		if (error != -ENOENT && error != -ENOTDIR && error != -EACCES)
			tell(context, path, reason);
		return;
	}
	date = registry_source(&r).names_as_of;
	best_date = registry_source(best).names_as_of;
	if (!date || (best_date && strcmp(date, best_date) < 0)) {
		registry_close(&r);
		return;
	}
	registry_close(best);
	*best = r;
}

int choose_newest(struct registry *out,
		  void (*tell)(void *context, const char *path, const char *reason), void *context,
		  const char **reason)
{
	char path[CHOOSE_PATH_SIZE];
	struct registry best;
	int r = registry_open_builtin(&best, reason);

	if (r < 0)
		return r;
	consider(SYSTEM_PATH, &best, tell, context);
	if (geteuid() != 0 && choose_own_path(path) == 0)
		consider(path, &best, tell, context);
	*out = best;
	return 0;
}
