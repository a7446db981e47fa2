/*
 * seed-image registry|claims FILE: writes the tiny registry, the seed of tests/fuzz/corpus/image,
 * or the tiny claims, that of tests/fuzz/corpus/claims. Run it again when an image format changes,
 * and let the fuzzer grow the corpus from there.
 *
 * seed-image registry|claims --check FILE: whether FILE is what it would write. A corpus of an
 * older format tests nothing but the refusal.
 */
#include "base/fd.h"
#include "base/str.h"
#include "helpers/tiny-claims.h"
#include "helpers/tiny-registry.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_seed(const char *path, const struct str *wanted)
{
	char *bytes = NULL;
	size_t n = 0;
	bool is_same = fd_slurp_at(AT_FDCWD, path, 1U << 20, &bytes, &n) == 0 &&
		       n == wanted->length && memcmp(bytes, wanted->bytes, n) == 0;

	free(bytes);
	if (!is_same)
		fprintf(stderr, "%s: not the tiny one of today: run seed-image\n", path);
	return is_same;
}

static bool write_seed(const char *path, const struct str *bytes)
{
	FILE *file = fopen(path, "wb");
	bool is_written;

	if (!file) {
		perror(path);
		return false;
	}
	is_written = fwrite(bytes->bytes, 1, bytes->length, file) == bytes->length;
	return fclose(file) == 0 && is_written;
}

int main(int argc, char **argv)
{
	bool is_check = argc == 4 && strcmp(argv[2], "--check") == 0;
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	bool is_done;

	if (argc != 3 && !is_check) {
		fprintf(stderr, "usage: seed-image registry|claims [--check] FILE\n");
		return EXIT_FAILURE;
	}
	if (strcmp(argv[1], "claims") == 0)
		tiny_claims_make(&bytes);
	else
		tiny_registry_make(&bytes);
	is_done = is_check ? is_seed(argv[3], &bytes) : write_seed(argv[2], &bytes);
	return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
