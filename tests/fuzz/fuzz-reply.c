/*
 * Fuzz target: what a helper program answers, and the header lines that a server sends it.
 */
#include "act/update-source.h"
#include "update/etag.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_headers(const char *bytes, size_t size)
{
	char etag[ETAG_SIZE] = "";

	for (size_t at = 0; at < size;) {
		const char *feed = memchr(bytes + at, '\n', size - at);
		size_t n = feed ? (size_t)(feed - bytes) + 1 - at : size - at;

		etag_of_header(bytes + at, n, etag);
		if (strlen(etag) >= ETAG_SIZE || strpbrk(etag, "\r\n"))
			abort();
		at += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char greeting[] = "berth-update 1\n";
	struct update_table got = {0};
	char *bytes = malloc(size ? size : 1);

	if (!bytes)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	read_headers(bytes, size);
	str_append(&got.bytes, greeting);
	str_append_bytes(&got.bytes, bytes, size);
	(void)!update_source_read_answer(&got);
	if (got.bytes.length > sizeof(greeting) + size || strlen(got.error) >= sizeof(got.error))
		abort();
	str_fini(&got.bytes);
	free(bytes);
	return 0;
}
