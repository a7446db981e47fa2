#include "base/replace.h"

#include "base/fd.h"
#include "base/replace-parts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int replace_append(const char *path, const char *suffix, char **out)
{
	char *joined = NULL;

	if (asprintf(&joined, "%s%s", path, suffix) < 0)
		return -ENOMEM;
	*out = joined;
	return 0;
}

int replace_begin_within(struct replace *out, const char *path, unsigned int most_ms,
			 void (*wait)(void *context), void *context)
{
	struct replace r = {.path = strdup(path), .lock_fd = -1};
	char *path_lock = NULL;
	int error = r.path ? replace_make_directories(path) : -ENOMEM;

	if (error == 0)
		error = replace_append(path, ".new", &r.path_new);
	if (error == 0)
		error = replace_append(path, ".lock", &path_lock);
	if (error == 0)
		error = replace_lock(path_lock, &r, most_ms, wait, context);
	free(path_lock);
	if (error < 0) {
		replace_fini(&r);
		return error;
	}
	fd_remove(r.path_new); /* of a writer that died: the lock says that nobody is at it */
	*out = r;
	return 0;
}

int replace_begin(struct replace *out, const char *path, void (*wait)(void *context),
		  void *context)
{
	return replace_begin_within(out, path, UINT_MAX, wait, context);
}

int replace_commit(struct replace *r, const void *bytes, size_t n, long modified_ns)
{
	int error = replace_prepare(r, bytes, n, modified_ns);

	return error < 0 ? error : replace_place(r);
}

void replace_fini(struct replace *r)
{
	if (r->is_prepared && r->path_new)
		fd_remove(r->path_new);
	fd_close(r->lock_fd);
	free(r->path);
	free(r->path_new);
	*r = (struct replace){.lock_fd = -1};
}
