/*
 * Fuzz target: any bytes as a claims file. It is read line by line; what can be formatted must be
 * canonical then, and be the same when it is formatted again.
 */
#include "ledger/claims-file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const char *bytes, size_t size)
{
	struct claims_reader r;
	struct claims_line line;
	struct arena arena;

	arena_init(&arena);
	claims_reader_init(&r, bytes, size, &arena);
	while (claims_reader_next(&r, &line)) {
		if (line.kind == CLAIMS_LINE_CLAIM &&
		    (!line.claim.name || line.claim.first == 0 ||
		     line.claim.first > line.claim.last || line.claim.protocols == 0 ||
		     claim_name_check(line.claim.name) == CLAIM_NAME_BAD))
			abort();
		if (line.kind == CLAIMS_LINE_BAD && r.n_faults == 0)
			abort();
		if (line.kind == CLAIMS_LINE_INCLUDE && !*line.include)
			abort();
	}
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1); /* the exact size: overreads are seen */
	struct str once = {0}, twice = {0};

	if (!bytes)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	read_all(bytes, size);
	if (claims_file_format(bytes, size, &once)) {
		read_all(str_text(&once), once.length);
		if (!claims_file_format(str_text(&once), once.length, &twice) ||
		    once.length != twice.length ||
		    memcmp(str_text(&once), str_text(&twice), once.length) != 0)
			abort();
	}
	str_fini(&once);
	str_fini(&twice);
	free(bytes);
	return 0;
}
