/*
 * Fuzz target: any bytes as a catalog of translations, and as the expression that chooses a plural.
 */
#include "base/catalog.h"
#include "base/plural.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t touch(const char *text)
{
	return text ? strlen(text) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size + 1); /* the exact size for the catalog: overreads are seen */
	void *exact = malloc(size ? size : 1);
	unsigned long long form = 0;
	struct catalog c;
	size_t n = 0;

	if (!bytes || !exact)
		abort();
	if (size > 0) {
		memcpy(bytes, data, size);
		memcpy(exact, data, size);
	}
	bytes[size] = '\0';
	(void)!plural_compute(bytes, size, &form);
	if (catalog_open(exact, size, &c) == 0) {
		n += touch(catalog_text(&c, "more detail"));
		n += touch(catalog_plural(&c, "%zu port", size));
		n += touch(catalog_any(&c, "%zu ports"));
	}
	free(bytes);
	free(exact);
	if (n > size * 3)
		abort();
	return 0;
}
