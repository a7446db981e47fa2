#include "base/self.h"

#include <errno.h>
#include <unistd.h>

int self_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size);

	if (n <= 0 || (size_t)n == size)
		return -ENOENT;
	path[n] = '\0';
	return 0;
}
