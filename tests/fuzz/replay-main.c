/*
 * The main() of fuzz targets in the ordinary tests: runs every file of the given directories (or
 * the given files) through LLVMFuzzerTestOneInput() once. A crash or a sanitizer's report is the
 * failure; an empty corpus is one too.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = NULL;
	size_t n = 0, capacity = 0;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	for (;;) {
		uint8_t *grown;

		if (n == capacity) {
			capacity = capacity ? capacity * 2 : 4096;
			grown = realloc(bytes, capacity);
			if (!grown)
				abort();
			bytes = grown;
		}
		n += fread(bytes + n, 1, capacity - n, file);
		if (n < capacity)
			break;
	}
	fclose(file);
	bytes = realloc(bytes, n ? n : 1); /* exact: a sanitizer sees the first byte behind */
	if (!bytes)
		abort();
	LLVMFuzzerTestOneInput(bytes, n);
	free(bytes);
	return 1;
}

/* Returns how many files were run, or -1. */
static int run(const char *path)
{
	struct dirent *entry;
	struct stat status;
	int n = 0;
	DIR *dir;

	if (stat(path, &status) == 0 && S_ISREG(status.st_mode))
		return run_file(path);
	dir = opendir(path);
	if (!dir) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (n >= 0 && (entry = readdir(dir))) {
		char file[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		n = run_file(file) < 0 ? -1 : n + 1;
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int n = run(argv[i]);

		if (n < 0)
			return EXIT_FAILURE;
		total += n;
	}
	printf("%d inputs\n", total);
	return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
