#include "ledger/checkout.h"

#include "base/fd.h"
#include "base/lang.h"
#include "base/replace.h"

#include <errno.h>
#include <stdlib.h>

int checkout_find(const char *name BERTH_UNUSED, char *path BERTH_UNUSED,
		  struct checkout_file *out BERTH_UNUSED, const char **reason BERTH_UNUSED)
{
	return -ENOENT;
}

int checkout_open_named(const char *path, struct checkout_file *out, const char **reason)
{
	static uint64_t n_opened; /* every file counts as another */
	uint64_t size;
	int fd = fd_open_file(path, &size);

	if (fd < 0) {
		*reason = fd == -ENOENT   ? N_("there is no such file")
			  : fd == -EACCES ? N_("permission denied")
			  : fd == -EINVAL ? N_("not a regular file")
					  : N_("it cannot be opened");
		return fd;
	}
	*out = (struct checkout_file){fd, size, 0, ++n_opened};
	return 0;
}

int checkout_open(const char *path BERTH_UNUSED, struct checkout *out BERTH_UNUSED)
{
	return -ENOTSUP;
}

void checkout_close(struct checkout *c BERTH_UNUSED)
{
}

int checkout_open_inside(const struct checkout *c BERTH_UNUSED, const char *place BERTH_UNUSED,
			 bool is_any_owner BERTH_UNUSED, struct checkout_file *out BERTH_UNUSED,
			 const char **reason)
{
	*reason = N_("includes are not read on this system");
	return -ENOTSUP;
}

int checkout_edit(const char *path, uint64_t limit,
		  int (*edit)(void *context, const char *bytes, size_t n, char **out,
			      size_t *n_out),
		  void *context)
{
	char *bytes = NULL, *edited = NULL;
	size_t n = 0, n_edited = 0;
	struct replace replace;
	int r = replace_begin(&replace, path, NULL, NULL);

	if (r < 0)
		return r;
	r = fd_slurp(path, limit, &bytes, &n);
	if (r == 0)
		r = edit(context, bytes, n, &edited, &n_edited);
	if (r == 0)
		r = replace_commit(&replace, edited, n_edited, 0);
	replace_leave(&replace);
	free(bytes);
	free(edited);
	return r;
}
