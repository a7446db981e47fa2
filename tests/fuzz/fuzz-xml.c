/*
 * Fuzz target: any bytes as IANA's XML, and what the rules make of its records.
 */
#include "registry/iana-rules.h"
#include "registry/iana-xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *context, const struct iana_record *record)
{
	struct iana_meaning meaning;
	struct iana_error error = {0};
	struct arena arena = {0};
	size_t *n = context;

	for (size_t i = 0; i < N_IANA_CELLS; i++)
		*n += strlen(record->cells[i]);
	if (iana_rules_read(record, &arena, &meaning, &error) == -EBADMSG && !*error.text)
		abort();
	arena_fini(&arena);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1);
	char updated[IANA_XML_DATE_SIZE];
	size_t n = 0;
	struct iana_sink sink = {take, &n};
	struct iana_error error = {0};
	int r;

	if (!bytes)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	r = iana_xml_read(bytes, size, &sink, updated, &error);
	if (r == -EBADMSG && !*error.text)
		abort();
	free(bytes);
	return 0;
}
