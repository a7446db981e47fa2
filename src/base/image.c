#include "base/image.h"

#include "base/lang.h"
#include "base/trusted-file.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(struct image_header) == 64, "the header is a file format");
_Static_assert(sizeof(struct image_section) == 24, "the section table is a file format");

/* Not text, and broken visibly by a transfer that changes line ends. */
const unsigned char image_magic[8] = {0x8b, 'b', 'e', 'r', 't', 'h', '\r', '\n'};

static int refuse(const char **reason, const char *text, int error)
{
	*reason = text;
	return error;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15U; /* odd, so each step can be undone: no loss */
	return hash << 29 | hash >> 35;
}

uint64_t image_checksum(const void *bytes, size_t size)
{
	const size_t field = offsetof(struct image_header, checksum);
	const unsigned char *b = bytes;
	uint64_t hash = 0x6265727468ULL ^ size;
	size_t i = 0;

	for (; size - i >= 8; i += 8) {
		uint64_t word;

		memcpy(&word, b + i, 8);
		hash = mix(hash, i == field ? 0 : word);
	}
	for (; i < size; i++)
		hash = mix(hash, b[i]);
	return hash ^ hash >> 32;
}

/* The table is sorted by id, every section lies behind it and inside the image. */
static bool has_good_sections(const struct image_header *h, const struct image_section *sections)
{
	uint64_t begin = sizeof(*h) + h->n_sections * sizeof(*sections);

	if (begin > h->size)
		return false;
	for (uint16_t i = 0; i < h->n_sections; i++) {
		const struct image_section *s = &sections[i];
		uint64_t n_bytes;

		if (i > 0 && s->id <= sections[i - 1].id)
			return false;
		if (s->element_size == 0 || s->offset % IMAGE_ALIGN != 0 || s->offset < begin)
			return false;
		if (__builtin_mul_overflow(s->n, (uint64_t)s->element_size, &n_bytes) ||
		    s->offset > h->size || n_bytes > h->size - s->offset)
			return false;
	}
	return true;
}

int image_attach(struct image *out, const void *bytes, size_t size, uint32_t kind,
		 uint16_t kind_version, const char **reason)
{
	const struct image_header *h = bytes;
	const struct image_section *sections;

	if ((uintptr_t)bytes % IMAGE_ALIGN != 0)
		return refuse(reason, N_("not aligned in memory"), -EINVAL);
	if (size < sizeof(h->magic) || memcmp(h->magic, image_magic, sizeof(image_magic)) != 0)
		return refuse(reason, N_("not a berth image"), -ENOEXEC);
	if (size < sizeof(*h))
		return refuse(reason, N_("cut short"), -ENODATA);
	if (h->byte_order != IMAGE_BYTE_ORDER)
		return refuse(reason, N_("written on a machine with another byte order"),
			      -EOPNOTSUPP);
	if (h->format != IMAGE_FORMAT || h->header_size != sizeof(*h))
		return refuse(reason, N_("in a format of another version of berth"),
			      -EPROTONOSUPPORT);
	if (h->kind != kind)
		return refuse(reason, N_("an image of another kind"), -EPROTOTYPE);
	if (h->kind_version != kind_version)
		return refuse(reason, N_("contents of another version of berth"), -EPROTONOSUPPORT);
	if (h->size != size)
		return refuse(reason, N_("cut short, or not all of it an image"), -ENODATA);
	sections = (const struct image_section *)(h + 1);
	if (h->n_sections > IMAGE_MAX_SECTIONS || !has_good_sections(h, sections))
		return refuse(reason, N_("its sections are damaged"), -EILSEQ);
	*out = (struct image){
		.header = h,
		.size = size,
		.sections = sections,
		.n_sections = h->n_sections,
	};
	return 0;
}

int image_verify(const struct image *image, const char **reason)
{
	if (image_checksum(image->header, image->size) != image->header->checksum)
		return refuse(reason, N_("damaged: the checksum does not fit the contents"),
			      -EBADMSG);
	return 0;
}

long image_seal(const void *bytes)
{
	struct image_header h;

	memcpy(&h, bytes, sizeof(h));
	return (long)(h.checksum % 1000000000);
}

int image_open(struct image *out, const char *path, uint64_t limit, uint32_t kind,
	       uint16_t kind_version, const char **reason)
{
	struct image image = {0};
	struct trusted_file file;
	int r = trusted_file_open(&file, path, limit, reason);

	if (r < 0)
		return r;
	r = image_attach(&image, file.bytes, file.size, kind, kind_version, reason);
	image.is_sealed = r == 0 && file.modified_ns == image_seal(file.bytes);
	if (r == 0 && !image.is_sealed)
		r = image_verify(&image, reason);
	if (r < 0) {
		trusted_file_close(&file);
		return r;
	}
	image.is_mapped = true;
	*out = image;
	return 0;
}

void image_close(struct image *image)
{
	struct trusted_file file;

	if (!image)
		return;
	if (image->is_mapped) {
		file = (struct trusted_file){.bytes = image->header, .size = image->size};
		trusted_file_close(&file);
	}
	*image = (struct image){0};
}

int image_find(const struct image *image, uint32_t id, size_t element_size, struct image_array *out)
{
	for (uint16_t i = 0; i < image->n_sections; i++) {
		const struct image_section *s = &image->sections[i];

		if (s->id != id)
			continue;
		if (s->element_size != element_size || s->n > UINT32_MAX)
			return -EILSEQ;
		*out = (struct image_array){(const unsigned char *)image->header + s->offset,
					    (uint32_t)s->n};
		return 0;
	}
	return -ENOENT;
}

int image_find_strings(const struct image *image, struct image_array *out)
{
	struct image_array found;
	const char *bytes;

	if (image_find(image, IMAGE_STRINGS, 1, &found) < 0 || found.n == 0)
		return -EILSEQ;
	bytes = found.items;
	if (bytes[0] != '\0' || bytes[found.n - 1] != '\0')
		return -EILSEQ;
	*out = found;
	return 0;
}
