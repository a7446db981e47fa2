/*
 * Trusted file: the contents of a file that only its reader, or the system's administrator, can
 * have written. Images and claims are read through this and nothing else.
 *
 * Refusals are negative errnos, with `*reason` at a fixed sentence for people: -EINVAL not a
 * regular file (which is not waited for), -EPERM somebody else owns it or can write to it, -EFBIG
 * larger than the limit, -ENODATA empty; else the errno of opening, examining or reading it.
 */
#pragma once

#include "base/attr.h"

#include <stdint.h>

struct trusted_file {
	const void *bytes; /* aligned for any type */
	size_t size;       /* at least 1 */
	long modified_ns;  /* nanoseconds of its time of modification; -1 = not kept so finely */
};

/* Open and check, then map (POSIX) or read (Windows, where nobody can replace a mapped file). The
 * owner has to be the caller or root, or (Windows) administrators or the system itself. */
int trusted_file_open(struct trusted_file *out, const char *path, uint64_t limit,
		      const char **reason) BERTH_MUST_CHECK;

void trusted_file_close(struct trusted_file *f);
