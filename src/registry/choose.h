/*
 * Choose: which registry answers. The newest of the built-in one and the images that `berth update`
 * wrote: the user's and the system's (base/places.h tells where). The newer is the one whose names
 * are of a later date; of the same date an updated one counts as newer, and the user's as newer
 * than the system's.
 */
#pragma once

#include "base/places.h"
#include "registry/registry.h"

enum { CHOOSE_PATH_SIZE = PLACES_PATH_SIZE };

/* Where the registry of the user who runs berth is kept (root: the system's). Returns 0, or -ENOENT
 * when there is no home directory, -ENAMETOOLONG. */
int choose_own_path(char *path) BERTH_MUST_CHECK;

/*
 * Open the newest. An image that is there and cannot be used is passed over, and `tell` (NULL =
 * nobody wants to know) is called for it with one line's parts. Returns 0, or a refusal of the
 * built-in registry.
 */
int choose_newest(struct registry *out,
		  void (*tell)(void *context, const char *path, const char *reason), void *context,
		  const char **reason) BERTH_MUST_CHECK;

/* For helpers, which get it as an argument: the image `path`, the built-in one of that name, or with
 * NULL the newest; berth itself has told what was passed over. 0 or a refusal. */
int choose_named(struct registry *out, const char *path, const char **reason) BERTH_MUST_CHECK;
