/* By dyld(3); the path may lead through links, which realpath(3) resolves. */
#include "base/self.h"

#include <errno.h>
#include <limits.h>
#include <mach-o/dyld.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int self_path(char *path, size_t size)
{
	char started_as[PATH_MAX], resolved[PATH_MAX];
	uint32_t room = sizeof(started_as);
	size_t n;

	if (_NSGetExecutablePath(started_as, &room) != 0 || !realpath(started_as, resolved))
		return -ENOENT;
	n = strlen(resolved) + 1;
	if (n > size)
		return -ENOENT;
	memcpy(path, resolved, n);
	return 0;
}
