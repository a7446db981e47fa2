/*
 * Choose: which registry answers. The newest of the built-in one and the images that `berth update`
 * wrote: the user's, $XDG_DATA_HOME/berth/registry.image (~/.local/share without the variable), and
 * the system's, /var/lib/berth/registry.image. Root has only the system's: what lies in a home
 * directory is not root's. The newer is the one whose names are of a later date; of the same date
 * an updated one counts as newer, and the user's as newer than the system's.
 */
#pragma once

#include "base/data-path.h"
#include "registry/registry.h"

enum { CHOOSE_PATH_SIZE = DATA_PATH_SIZE };

/* Where the registry of the user who runs berth is kept (root: the system's). Returns 0, or -ENOENT
 * when there is no home directory, -ENAMETOOLONG. */
int choose_own_path(char *path) BERTH_MUST_CHECK;

/*
 * Open the newest. An image that is there and cannot be used is passed over, and `tell` is called
 * for it with one line's parts. Returns 0, or a refusal of the built-in registry.
 */
int choose_newest(struct registry *out,
		  void (*tell)(void *context, const char *path, const char *reason), void *context,
		  const char **reason) BERTH_MUST_CHECK;
