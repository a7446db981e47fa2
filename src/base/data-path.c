#include "base/data-path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int join(char *path, const char *directory, const char *middle, const char *name)
{
	int n = snprintf(path, DATA_PATH_SIZE, "%s%s%s", directory, middle, name);

	return n < 0 || n >= DATA_PATH_SIZE ? -ENAMETOOLONG : 0;
}

int data_path_own(const char *name, char *path)
{
	const char *data = secure_getenv("XDG_DATA_HOME"), *home = secure_getenv("HOME");

	if (geteuid() == 0)
		return join(path, DATA_PATH_SYSTEM, "", name);
	if (data && *data == '/') /* others are to be ignored, says the specification */
		return join(path, data, "/berth/", name);
	if (home && *home == '/')
		return join(path, home, "/.local/share/berth/", name);
	return -ENOENT;
}
