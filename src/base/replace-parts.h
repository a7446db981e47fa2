/*
 * Replace, parts: what a system does of it, for replace.c (replace-posix.c, replace-windows.c).
 */
#pragma once

#include "base/replace.h"

/* Make the directories above `path` where they are missing. Returns 0 or a negative errno. */
int replace_make_directories(const char *path) BERTH_MUST_CHECK;

/* Take the lock on the file `path`, into `r->lock_fd`, as replace_begin_within() says; UINT_MAX =
 * wait for as long as it takes. Sets `has_waited`. Returns 0 or a negative errno. */
int replace_lock(const char *path, struct replace *r, unsigned int most_ms,
		 void (*wait)(void *context), void *context) BERTH_MUST_CHECK;

/* Both in fresh heap memory, one behind the other. Returns 0 or -ENOMEM. */
int replace_append(const char *path, const char *suffix, char **out) BERTH_MUST_CHECK;
