/*
 * Data path: where berth keeps what it writes. A user's files are in $XDG_DATA_HOME/berth
 * (~/.local/share/berth without the variable), root's in /var/lib/berth: what lies in a home
 * directory is not root's.
 */
#pragma once

#include "base/attr.h"

enum { DATA_PATH_SIZE = 4096 };

#define DATA_PATH_SYSTEM "/var/lib/berth/"

/* The path of the file `name` of the user who runs berth, into DATA_PATH_SIZE bytes. Returns 0;
 * -ENOENT when there is no home directory, -ENAMETOOLONG. */
int data_path_own(const char *name, char *path) BERTH_MUST_CHECK;
