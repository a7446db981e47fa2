#include "base/image-writer.h"

#include "base/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(N_ELEMENTS(((struct image_writer *)0)->sections) == IMAGE_MAX_SECTIONS,
	       "the writer holds as many sections as the format");

void image_writer_fini(struct image_writer *w)
{
	if (!w)
		return;
	str_fini(&w->strings);
	free(w->slots);
	*w = (struct image_writer){0};
}

/* The slot of `text`: the one that holds it, or the free one where it belongs. */
static uint32_t *find_slot(const struct image_writer *w, const char *text, size_t length)
{
	uint32_t i = (uint32_t)str_hash(text, length);

	for (;; i++) {
		uint32_t *slot = &w->slots[i & (w->n_slots - 1)];

		if (*slot == 0 || strcmp(w->strings.bytes + *slot, text) == 0)
			return slot;
	}
}

static bool grow_slots(struct image_writer *w)
{
	uint32_t n_old = w->n_slots;
	uint32_t *old = w->slots;
	uint32_t *wider;

	if (n_old > UINT32_MAX / 4)
		return false;
	wider = calloc(n_old ? (size_t)n_old * 2 : 1024, sizeof(*wider));
	if (!wider)
		return false;
	w->slots = wider;
	w->n_slots = n_old ? n_old * 2 : 1024;
	for (uint32_t i = 0; i < n_old; i++) {
		const char *text = w->strings.bytes + old[i];

		if (old[i] != 0)
			*find_slot(w, text, strlen(text)) = old[i];
	}
	free(old);
	return true;
}

uint32_t image_writer_string(struct image_writer *w, const char *text)
{
	uint32_t *slot;
	size_t length;

	if (!text || !*text || w->has_failed)
		return 0;
	length = strlen(text);
	if (w->strings.length == 0)
		str_append_char(&w->strings, '\0');
	if (w->strings.has_failed || length >= UINT32_MAX - w->strings.length ||
	    (w->n_strings >= w->n_slots / 2 && !grow_slots(w))) {
		w->has_failed = true;
		return 0;
	}
	slot = find_slot(w, text, length);
	if (*slot == 0) {
		uint32_t offset = (uint32_t)w->strings.length;

		str_append_bytes(&w->strings, text, length + 1);
		if (w->strings.has_failed) {
			w->has_failed = true;
			return 0;
		}
		*slot = offset;
		w->n_strings++;
	}
	return *slot;
}

void image_writer_section(struct image_writer *w, uint32_t id, size_t element_size,
			  const void *items, size_t n)
{
	if (w->n_sections == IMAGE_MAX_SECTIONS - 1) { /* one is kept for the strings */
		w->has_failed = true;
		return;
	}
	w->sections[w->n_sections++] =
		(struct image_writer_section){id, (uint32_t)element_size, items, n};
}

static int compare_sections(const void *a, const void *b)
{
	const struct image_writer_section *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void pad(struct str *out)
{
	while (out->length % IMAGE_ALIGN != 0 && !out->has_failed)
		str_append_char(out, '\0');
}

/* The section table at its place, then the sections. The header follows when the size is known. */
static void append_sections(const struct image_writer *w, struct str *out)
{
	size_t table = out->length;

	str_pad(out, '\0', w->n_sections * sizeof(struct image_section));
	for (size_t i = 0; i < w->n_sections && !out->has_failed; i++) {
		const struct image_writer_section *s = &w->sections[i];
		struct image_section entry = {s->id, s->element_size, out->length, s->n};

		memcpy(out->bytes + table + i * sizeof(entry), &entry, sizeof(entry));
		str_append_bytes(out, s->items, s->n * s->element_size);
		pad(out);
	}
}

int image_writer_finish(struct image_writer *w, uint32_t kind, uint16_t kind_version,
			struct str *out)
{
	struct image_header h = {
		.byte_order = IMAGE_BYTE_ORDER,
		.format = IMAGE_FORMAT,
		.header_size = sizeof(h),
		.kind = kind,
		.kind_version = kind_version,
	};

	if (w->strings.length == 0)
		str_append_char(&w->strings, '\0');
	image_writer_section(w, IMAGE_STRINGS, 1, w->strings.bytes, w->strings.length);
	if (w->strings.has_failed)
		return -ENOMEM;
	if (w->has_failed)
		return -EOVERFLOW;
	qsort(w->sections, w->n_sections, sizeof(w->sections[0]), compare_sections);
	for (size_t i = 1; i < w->n_sections; i++) {
		if (w->sections[i].id == w->sections[i - 1].id)
			return -EOVERFLOW;
	}
	memcpy(h.magic, image_magic, sizeof(h.magic));
	h.n_sections = (uint16_t)w->n_sections;
	str_clear(out);
	str_append_bytes(out, &h, sizeof(h));
	append_sections(w, out);
	if (out->has_failed)
		return -ENOMEM;
	h.size = out->length;
	memcpy(out->bytes, &h, sizeof(h));
	h.checksum = image_checksum(out->bytes, out->length);
	memcpy(out->bytes, &h, sizeof(h));
	return 0;
}
