/*
 * seed-image FILE: writes the tiny registry, the seed of tests/fuzz/corpus/image. Run it again when
 * the image format changes, and let the fuzzer grow the corpus from there.
 */
#include "base/str.h"
#include "helpers/tiny-registry.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct str bytes = {0};
	FILE *file = argc == 2 ? fopen(argv[1], "wb") : NULL;
	bool is_written;

	if (!file) {
		fprintf(stderr, "usage: seed-image FILE\n");
		return EXIT_FAILURE;
	}
	tiny_registry_make(&bytes);
	is_written = fwrite(bytes.bytes, 1, bytes.length, file) == bytes.length;
	is_written = fclose(file) == 0 && is_written;
	str_fini(&bytes);
	return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}
