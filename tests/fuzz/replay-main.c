/*
 * replay-main: runs every file of the given folders (and every given file) through the fuzz target
 * that it is linked with. It stands in for libFuzzer in the ordinary tests: no mutation, just the
 * corpus. Fails when a folder holds nothing: an empty corpus tests nothing.
 */
#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_INPUT = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns the number of inputs run: 1, or a negative errno. */
static int replay_file(int folder, const char *path)
{
	char *bytes = NULL;
	size_t n = 0;
	int error = fd_slurp_at(folder, path, LARGEST_INPUT, &bytes, &n);

	if (error < 0)
		return error;
	LLVMFuzzerTestOneInput((const uint8_t *)bytes, n);
	free(bytes);
	return 1;
}

static int replay_folder(const char *path)
{
	DIR *folder = opendir(path);
	int n = 0;

	if (!folder)
		return -errno;
	for (struct dirent *entry; n >= 0 && (entry = readdir(folder));) {
		int one = entry->d_name[0] == '.' ? 0 : replay_file(dirfd(folder), entry->d_name);

		n = one < 0 ? one : n + one;
	}
	closedir(folder);
	return n;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int n = replay_folder(argv[i]);

		if (n == -ENOTDIR)
			n = replay_file(AT_FDCWD, argv[i]);
		if (n <= 0) {
			fprintf(stderr, "%s: %s\n", argv[i], n < 0 ? strerror(-n) : "no inputs");
			return EXIT_FAILURE;
		}
		printf("%s: %d inputs\n", argv[i], n);
	}
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
