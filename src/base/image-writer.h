/*
 * Image writer: builds the one read-only file format (base/image.h) in memory.
 *
 * Strings first, each stored once; then the sections; then image_writer_finish() lays them out,
 * sorted and aligned, with padding of zeros, so equal contents give equal bytes.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct image_writer_section {
	uint32_t id, element_size;
	const void *items;
	size_t n;
};

/* `{0}` is a valid empty writer. */
struct image_writer {
	struct str strings;          /* the pool so far */
	uint32_t *slots;             /* hash table over the pool: offsets, 0 = free */
	uint32_t n_slots, n_strings; /* n_slots is a power of two */
	struct image_writer_section sections[32];
	size_t n_sections;
	bool has_failed; /* out of memory, or more than the format holds */
};

void image_writer_fini(struct image_writer *w);

/*
 * The offset of `text` in the pool; equal texts give equal offsets. NULL and "" are both null: 0.
 * After a failure 0 is returned and image_writer_finish() reports it.
 */
uint32_t image_writer_string(struct image_writer *w, const char *text);

/* Add a section of `n` elements. `items` stay the caller's and must live until the finish. */
void image_writer_section(struct image_writer *w, uint32_t id, size_t element_size,
			  const void *items, size_t n);

/*
 * Append the image to `out` (which should be empty). Returns 0, -ENOMEM, or -EOVERFLOW when there
 * are too many sections or one id twice.
 */
int image_writer_finish(struct image_writer *w, uint32_t kind, uint16_t kind_version,
			struct str *out) BERTH_MUST_CHECK;
