#include "registry/choose.h"

#include "base/places.h"

#include <errno.h>
#include <string.h>

#define NAME "registry.image"

int choose_own_path(char *path)
{
	return places_own(NAME, path);
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
		if (tell && error != -ENOENT && error != -ENOTDIR && error != -EACCES)
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
	if (places_system(NAME, path) == 0)
		consider(path, &best, tell, context);
	if (!places_has_only_system() && places_user(NAME, path) == 0)
		consider(path, &best, tell, context);
	*out = best;
	return 0;
}

int choose_named(struct registry *out, const char *path, const char **reason)
{
	if (!path)
		return choose_newest(out, NULL, NULL, reason);
	if (strcmp(path, "built-in") == 0)
		return registry_open_builtin(out, reason);
	return registry_open_file(out, path, reason);
}
