#include "ledger/place.h"

#include "ledger/claim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME "claims.db"

int ledger_place_at(const char *path, struct ledger_place *out)
{
	size_t n = strlen(path), n_stem = n;

	if (n > 3 && strcmp(path + n - 3, ".db") == 0)
		n_stem = n - 3;
	if (n >= PLACES_PATH_SIZE)
		return -ENAMETOOLONG;
	snprintf(out->database, sizeof(out->database), "%s", path);
	snprintf(out->image, sizeof(out->image), "%.*s.image", (int)n_stem, path);
	n = strlen(out->image);
	if (n + sizeof(".pending") > sizeof(out->mark))
		return -ENAMETOOLONG;
	memcpy(out->mark, out->image, n);
	memcpy(out->mark + n, ".pending", sizeof(".pending"));
	out->level = CLAIM_LEVEL_LEDGER;
	return 0;
}

static int place_named(int (*find)(const char *name, char *path), unsigned int level,
		       struct ledger_place *out)
{
	char path[PLACES_PATH_SIZE];
	int r = find(NAME, path);

	if (r == 0)
		r = ledger_place_at(path, out);
	if (r == 0)
		out->level = level;
	return r;
}

int ledger_place_own(struct ledger_place *out)
{
	return place_named(places_own, places_has_only_system() ? CLAIM_LEVEL_SYSTEM
								 : CLAIM_LEVEL_LEDGER, out);
}

int ledger_place_system(struct ledger_place *out)
{
	return place_named(places_system, CLAIM_LEVEL_SYSTEM, out);
}
