/*
 * Checkout: the directories in which claims files lie, and the right to believe them.
 *
 * A file counts when it is a regular one (not a symbolic link) and its owner is the caller, root,
 * or the user for whom sudo(8) runs (SUDO_UID); one that was named on the command line counts
 * whoever owns it. Includes are opened directory by directory from the root of the repository: the
 * nearest directory above the first file that holds .git, else that file's own. No symbolic link is
 * followed below it.
 *
 * checkout-none.c, for systems without descriptors of directories, reads files that are named and
 * knows neither a search upward nor includes.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

enum { CHECKOUT_PATH_SIZE = 4096 };

/* A file that was opened, and how to tell whether two are the same. */
struct checkout_file {
	int fd;
	uint64_t size;
	uint64_t device, inode;
};

/* A repository, or a directory alone. `{.fd = -1}` is none. */
struct checkout {
	int fd;                           /* of its root */
	char root[CHECKOUT_PATH_SIZE];    /* its real path */
	char place[CHECKOUT_PATH_SIZE];   /* where the first file's directory is in it: "a/b", "" */
};

/*
 * Look for the file `name` in the working directory and above it, one open(2) a directory. Returns
 * 0 with the file and its path as seen from the working directory ("../ports.claims"); -ENOENT:
 * there is none; or another refusal with fixed words in `*reason`, and `path` set.
 */
int checkout_find(const char *name, char *path, struct checkout_file *out,
		  const char **reason) BERTH_MUST_CHECK;

/* Open a file that was named. Returns 0 or a negative errno with fixed words in `*reason`. */
int checkout_open_named(const char *path, struct checkout_file *out,
			const char **reason) BERTH_MUST_CHECK;

/* The checkout that the file `path` lies in. Returns 0, or a negative errno. */
int checkout_open(const char *path, struct checkout *out) BERTH_MUST_CHECK;
void checkout_close(struct checkout *c);

/*
 * Open an include: `place` from the root, normalised, without "..". `is_any_owner`: whoever owns
 * it. Returns 0 or a negative errno with fixed words in `*reason`.
 */
int checkout_open_inside(const struct checkout *c, const char *place, bool is_any_owner,
			 struct checkout_file *out, const char **reason) BERTH_MUST_CHECK;

/*
 * Replace a file that a person keeps, with its mode and owner, by way of base/replace.h; a symbolic
 * link is refused (-ELOOP). `edit` gets what stands in it (heap, `n` bytes) while nobody else
 * writes, and returns 0 with the new contents in `*out` (heap), 1 to leave it alone, or a negative
 * errno. Returns what it returned, or a negative errno.
 */
int checkout_edit(const char *path, uint64_t limit,
		  int (*edit)(void *context, const char *bytes, size_t n, char **out,
			      size_t *n_out),
		  void *context) BERTH_MUST_CHECK;
