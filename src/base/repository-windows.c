#include "base/repository.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* A directory is told apart by how it was named; git's files are not read here yet. */
int repository_find(const char *directory, bool is_exact BERTH_UNUSED, struct repository *out)
{
	int n = 0;

	if (!directory && !getcwd(out->checkout, sizeof(out->checkout)))
		return -errno;
	if (directory)
		n = snprintf(out->checkout, sizeof(out->checkout), "%s", directory);
	if (n < 0 || n >= REPOSITORY_PATH_SIZE)
		return -ENAMETOOLONG;
	out->identity[0] = '\0';
	return 0;
}
