/*
 * Helper find: where the helpers lie, for those who start them (helper-posix.c).
 */
#pragma once

#include "base/attr.h"

#include <spawn.h>

enum { HELPER_PATH_SIZE = 4096 };

/* The path of helper `name` in `path` (HELPER_PATH_SIZE). Returns 0 or -ENOENT. */
int helper_find(const char *name, char *path) BERTH_MUST_CHECK;

/* All descriptors from `first` on are closed in what is started. Returns 0 or an errno. Where the
 * C library has no word for it (helper-close-none.c), those that are not closed on exec stay. */
int helper_close_from(posix_spawn_file_actions_t *actions, int first) BERTH_MUST_CHECK;
