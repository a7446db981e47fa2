#include "base/places.h"

#include "base/environment.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char places_variables[] = "LOCALAPPDATA";

/* A variable that holds a path from a root: "C:\..." or "\\server\...". */
static int print_path(char *path, const char *variable, const char *name)
{
	const char *directory = environment_get(variable);
	int n;

	if (!directory || !((isalpha((unsigned char)directory[0]) && directory[1] == ':') ||
			    (directory[0] == '\\' && directory[1] == '\\')))
		return -ENOENT;
	n = snprintf(path, PLACES_PATH_SIZE, "%s\\berth\\%s", directory, name);
	return n < 0 || n >= PLACES_PATH_SIZE ? -ENAMETOOLONG : 0;
}

/* An administrator is a user like others here, with files of his own. */
bool places_has_only_system(void)
{
	return false;
}

int places_user(const char *name, char *path)
{
	return print_path(path, "LOCALAPPDATA", name);
}

int places_system(const char *name, char *path)
{
	return print_path(path, "PROGRAMDATA", name);
}
