/*
 * Place: the files of one ledger. The database, the image in which every reader sees its claims,
 * and the mark that stands while the two may differ.
 */
#pragma once

#include "base/attr.h"
#include "base/places.h"

#include <stdbool.h>

enum { PLACE_PATH_SIZE = PLACES_PATH_SIZE + 16 };

struct ledger_place {
	char database[PLACE_PATH_SIZE]; /* ".../claims.db" */
	char image[PLACE_PATH_SIZE];    /* ".../claims.image" */
	char mark[PLACE_PATH_SIZE];     /* ".../claims.image.pending" */
	unsigned int level;             /* of its claims: CLAIM_LEVEL_LEDGER or _SYSTEM */
};

/* The ledger whose database is `path`: its image has ".image" in the place of ".db", or behind the
 * name that has no ".db". Returns 0 or -ENAMETOOLONG. */
int ledger_place_at(const char *path, struct ledger_place *out) BERTH_MUST_CHECK;

/* The ledger of the user who runs berth (root: the system's). Returns 0, or -ENOENT when there is
 * no home directory, -ENAMETOOLONG. */
int ledger_place_own(struct ledger_place *out) BERTH_MUST_CHECK;

/* The system's ledger, /var/lib/berth/claims.db on POSIX. */
int ledger_place_system(struct ledger_place *out) BERTH_MUST_CHECK;
