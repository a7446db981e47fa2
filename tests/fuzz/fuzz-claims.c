/*
 * Fuzz target: any bytes as a claims image. They are opened as they are, and with a checksum that
 * fits, so that mutations get behind it; what opens is read through every function that reads
 * claims. The rows behind a validated image are then damaged in place and read again, as those of a
 * sealed file that decayed would be.
 */
#include "helpers/tiny-claims.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool open_and_walk(unsigned char *bytes, size_t size)
{
	const char *reason = NULL;
	struct claims_image c;

	if (claims_image_open_memory(&c, bytes, size, CLAIM_LEVEL_SYSTEM, &reason) < 0) {
		if (!reason)
			abort();
		return false;
	}
	tiny_claims_walk(&c);
	for (size_t i = sizeof(struct image_header) + 3 * sizeof(struct image_section); i < size;
	     i += 7)
		bytes[i] ^= 0x5a;
	tiny_claims_walk(&c);
	claims_image_close(&c);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes = calloc(size ? size : 1, 1); /* the exact size: overreads are seen */
	struct image_header h;

	if (!bytes)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	if (!open_and_walk(bytes, size) && size >= sizeof(h)) {
		memcpy(&h, bytes, sizeof(h));
		h.size = size;
		memcpy(bytes, &h, sizeof(h));
		h.checksum = image_checksum(bytes, size);
		memcpy(bytes, &h, sizeof(h));
		open_and_walk(bytes, size);
	}
	free(bytes);
	return 0;
}
