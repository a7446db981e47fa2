#include "base/places.h"

#include "base/environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char places_variables[] = "HOME, XDG_DATA_HOME";

static int print_path(char *path, const char *directory, const char *middle, const char *name)
{
	int n = snprintf(path, PLACES_PATH_SIZE, "%s%s%s", directory, middle, name);

	return n < 0 || n >= PLACES_PATH_SIZE ? -ENAMETOOLONG : 0;
}

bool places_has_only_system(void)
{
	return geteuid() == 0;
}

int places_user(const char *name, char *path)
{
	const char *data = environment_get("XDG_DATA_HOME"), *home = environment_get("HOME");

	if (data && *data == '/') /* others are to be ignored, says the specification */
		return print_path(path, data, "/berth/", name);
	if (home && *home == '/')
		return print_path(path, home, "/.local/share/berth/", name);
	return -ENOENT;
}

int places_system(const char *name, char *path)
{
	return print_path(path, "/var/lib/berth/", "", name);
}
