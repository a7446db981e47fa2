/*
 * Self: the file that the running program was started from.
 *
 * The build picks the system's variant; self-none.c where there is no way to tell.
 */
#pragma once

#include "base/attr.h"

/* Its path, terminated, in `path` (`size` bytes). Returns 0, or -ENOENT: not known, or too long. */
int self_path(char *path, size_t size) BERTH_MUST_CHECK;
