/*
 * Places: where a system keeps what berth writes.
 *
 *                 the user's                                       the system's
 *     POSIX       $XDG_DATA_HOME/berth, else ~/.local/share/berth  /var/lib/berth
 *     Windows     %LOCALAPPDATA%\berth                             %PROGRAMDATA%\berth
 *
 * Root has only the system's: what lies in a home directory is not root's.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

enum { PLACES_PATH_SIZE = 4096 };

/* The variables that name the user's place, for people: "HOME, XDG_DATA_HOME". */
extern const char places_variables[];

/* Whether the caller is root, who has no place of his own. */
bool places_has_only_system(void);

/* The path of the user's file `name` in `path` (PLACES_PATH_SIZE). Returns 0, -ENOENT when nothing
 * tells where, -ENAMETOOLONG. */
int places_user(const char *name, char *path) BERTH_MUST_CHECK;

/* The same for the system's. */
int places_system(const char *name, char *path) BERTH_MUST_CHECK;

/* Where the user who runs berth writes: root into the system's place. */
int places_own(const char *name, char *path) BERTH_MUST_CHECK;
