#include "base/repository.h"

#include "base/wide-windows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <windows.h>

/* 0 where `path` names a directory, else a negative errno. */
static int check_directory(const char *path)
{
	wchar_t *wide = wide_from_utf8(path);
	DWORD attributes = wide ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
	int error = attributes == INVALID_FILE_ATTRIBUTES ? wide_errno(GetLastError()) : 0;

	if (!wide)
		return -ENOMEM;
	free(wide);
	if (error != 0)
		return -error;
	return attributes & FILE_ATTRIBUTE_DIRECTORY ? 0 : -ENOTDIR;
}

/* A directory is told apart by how it was named; git's files are not read here yet. */
int repository_find(const char *directory, bool is_exact BERTH_UNUSED, struct repository *out)
{
	int n = 0, r = 0;

	if (!directory && !getcwd(out->checkout, sizeof(out->checkout)))
		return -errno;
	if (directory) {
		r = check_directory(directory);
		n = snprintf(out->checkout, sizeof(out->checkout), "%s", directory);
	}
	if (r < 0)
		return r;
	if (n < 0 || n >= REPOSITORY_PATH_SIZE)
		return -ENAMETOOLONG;
	out->identity[0] = '\0';
	return 0;
}
