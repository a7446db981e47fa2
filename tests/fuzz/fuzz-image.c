/*
 * Fuzz target: any bytes as a registry image. They are opened as a file would be, as a file whose
 * checksum fits (so that mutations get behind it), and unchecked as the built-in image is; what
 * opens is read through every function that reads a registry.
 */
#include "base/image.h"
#include "helpers/tiny-registry.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_and_walk(const unsigned char *bytes, size_t size, bool is_checked)
{
	const char *reason = NULL;
	struct registry r;

	if (registry_open_memory(&r, bytes, size, is_checked, &reason) < 0)
		return;
	tiny_registry_walk(&r, 251);
	registry_close(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes = calloc(size ? size : 1, 1); /* the exact size: overreads are seen */
	struct image_header h;

	if (!bytes)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	open_and_walk(bytes, size, true);
	if (size >= sizeof(h)) {
		memcpy(&h, bytes, sizeof(h));
		h.size = size;
		memcpy(bytes, &h, sizeof(h));
		h.checksum = image_checksum(bytes, size);
		memcpy(bytes, &h, sizeof(h));
		open_and_walk(bytes, size, true);
	}
	open_and_walk(bytes, size, false);
	free(bytes);
	return 0;
}
