/*
 * Image: one read-only file with typed sections, used where it lies.
 *
 * The registry that is built in, its updates and the published claims all have this form. An image
 * is position independent: it holds offsets and numbers, never addresses, so it can be linked into
 * .rodata or mapped from a file, and opening it copies nothing.
 *
 *     header         64 bytes: magic, byte order, format, kind, size, checksum
 *     section table  n_sections entries of 24 bytes, sorted by id
 *     sections       arrays of elements of one size, each at a multiple of 8
 *
 * Numbers are in the byte order of the machine that wrote the image; a foreign order is refused.
 * Every access below is bounded: a damaged image gives missing answers, never a read outside it.
 *
 * Refusals. Every function that can refuse an image returns a negative errno of its own for each
 * cause, and points `*reason` at a fixed sentence for people:
 *
 *     -ENOEXEC          not an image at all (magic)
 *     -EOPNOTSUPP       written on a machine with another byte order
 *     -EPROTONOSUPPORT  a format, or version of the kind, that this program does not know
 *     -EPROTOTYPE       an image of another kind (claims where a registry was wanted)
 *     -ENODATA          cut short, or longer than it says
 *     -EILSEQ           sections that overlap the header, leave the image or are malformed
 *     -EBADMSG          the checksum is not that of the contents
 *     -EFBIG            larger than the caller's limit
 *     -EPERM            a file that somebody else could have written (owner or mode)
 *     -EINVAL           not a regular file, or memory that is not aligned
 * and the errno of open(2), fstat(2) or mmap(2).
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* An id or kind of four letters as a number that reads the same in a hex dump of any machine. */
#define IMAGE_ID(a, b, c, d)                                                                       \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

enum {
	IMAGE_FORMAT = 1,
	IMAGE_MAX_SECTIONS = 32,
	IMAGE_ALIGN = 8, /* of the image itself and of every section in it */
};

#define IMAGE_BYTE_ORDER 0x01020304U

/* The string pool, which every image has: terminated strings, the first one empty. */
#define IMAGE_STRINGS IMAGE_ID('s', 't', 'r', 's')

/* First bytes of an image. Fixed for ever; what changes later changes `format`. */
struct image_header {
	unsigned char magic[8];
	uint32_t byte_order; /* IMAGE_BYTE_ORDER as its writer saw it */
	uint16_t format;     /* IMAGE_FORMAT */
	uint16_t header_size;
	uint32_t kind;         /* IMAGE_ID: what is inside */
	uint16_t kind_version; /* of the sections' contents */
	uint16_t n_sections;
	uint64_t size;     /* of the whole image */
	uint64_t checksum; /* image_checksum(): of the whole image, this field taken as 0 */
	uint64_t reserved[3];
};

/* One entry of the section table. */
struct image_section {
	uint32_t id;
	uint32_t element_size;
	uint64_t offset; /* from the start of the image; a multiple of IMAGE_ALIGN */
	uint64_t n;      /* elements */
};

extern const unsigned char image_magic[8];

/* An open image. Owned by the caller, who must not move the bytes; `{0}` is a closed one. */
struct image {
	const struct image_header *header; /* the first byte of the image */
	size_t size;
	const struct image_section *sections;
	uint16_t n_sections;
	bool is_mapped; /* image_close() unmaps it */
	bool is_sealed; /* its file is as it was written: contents need not be checked */
};

/* The elements of one section, or none. Borrowed from the image. */
struct image_array {
	const void *items;
	uint32_t n;
};

/* Element `i` of an array of `type`, or NULL when there is no such element. */
#define IMAGE_AT(type, array, i)                                                                   \
	((uint64_t)(i) < (array)->n ? (const type *)(array)->items + (i) : (const type *)NULL)

/*
 * Use an image that is in memory already. Checks the header and the section table (microseconds,
 * whatever the size), not the checksum: that is for bytes of unknown origin, see image_verify().
 * `bytes` stay the caller's and must outlive the image.
 */
int image_attach(struct image *out, const void *bytes, size_t size, uint32_t kind,
		 uint16_t kind_version, const char **reason) BERTH_MUST_CHECK;

/* Whether the contents are what their writer wrote. Reads all of it. 0 or -EBADMSG. */
int image_verify(const struct image *image, const char **reason) BERTH_MUST_CHECK;

/*
 * Map the file `path` of at most `limit` bytes, attach it, and verify it unless it is sealed. The
 * file must be a regular one, owned by root or the caller, and writable by its owner only: such a
 * file is replaced by rename, never cut while it is mapped. The file may be removed afterwards.
 *
 * The seal. Verifying reads everything (measured: 0.34 ms for the 2 MB of a registry with all
 * cells, and 0.2 ms for its pages and the check of its contents, where a whole answer takes 2), so
 * it is done when there is a reason to. Who writes an image gives the file a time of modification
 * whose nanoseconds are image_seal(): whatever writes to it later leaves another time behind, and
 * the next to open it verifies it. So does a file system without nanoseconds, or a copy that got
 * its own time. A sealed file that decays on the disk is not noticed here: answers are then wrong
 * where it decayed, and every access is still bounded.
 */
int image_open(struct image *out, const char *path, uint64_t limit, uint32_t kind,
	       uint16_t kind_version, const char **reason) BERTH_MUST_CHECK;

/* The nanoseconds of the time of modification that a file with these bytes, an image, should get.
 * */
long image_seal(const void *bytes);

/* Unmaps what image_open() mapped; the image is closed (`{0}`) then. image_close(NULL) is fine. */
void image_close(struct image *image);

/*
 * The elements of section `id`. Returns 0; -ENOENT when the image has no such section; -EILSEQ when
 * its elements are not of `element_size` bytes or more than UINT32_MAX.
 */
int image_find(const struct image *image, uint32_t id, size_t element_size,
	       struct image_array *out) BERTH_MUST_CHECK;

/* The string pool. Returns 0, or -EILSEQ when it is missing or not terminated at both ends. */
int image_find_strings(const struct image *image, struct image_array *out) BERTH_MUST_CHECK;

/* The string at `offset` of a pool found by image_find_strings(). NULL for offset 0 (null) and for
 * an offset outside the pool. Always terminated inside the pool. */
static inline const char *image_string(const struct image_array *strings, uint32_t offset)
{
	return offset != 0 && offset < strings->n ? (const char *)strings->items + offset : NULL;
}

/* The checksum of `size` bytes that begin with an image header. Any change inside one aligned group
 * of 8 bytes changes it for certain, other changes all but certainly; it is no signature. */
uint64_t image_checksum(const void *bytes, size_t size);
