#include "live/account-darwin.h"

#include <pwd.h>
#include <stdlib.h>

enum { LARGEST_ENTRY = 64 * 1024 };

const char *account_name(struct arena *arena, uint32_t uid)
{
	char *buffer = malloc(LARGEST_ENTRY);
	struct passwd entry, *found = NULL;
	const char *name = NULL;

	if (buffer && getpwuid_r(uid, &entry, buffer, LARGEST_ENTRY, &found) == 0 && found)
		name = arena_strdup(arena, found->pw_name);
	free(buffer);
	return name;
}
