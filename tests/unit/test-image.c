#include "base/image-writer.h"
#include "base/image.h"
#include "registry/format.h"
#include "helpers/tiny-registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KIND IMAGE_ID('t', 'e', 's', 't')
#define NUMBERS IMAGE_ID('n', 'u', 'm', 's')
#define EMPTY IMAGE_ID('n', 'o', 'n', 'e')

/* Exactly `n` bytes on the heap, so that a read behind them is seen by the sanitizer. */
static unsigned char *copy_of(const void *bytes, size_t n)
{
	unsigned char *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	return copy;
}

static void make_image(struct str *out)
{
	static const uint32_t numbers[] = {3, 4, 7, 6};
	struct image_writer w = {0};

	assert_int_equal(image_writer_string(&w, NULL), 0);
	assert_int_equal(image_writer_string(&w, ""), 0);
	assert_int_equal(image_writer_string(&w, "one"), 1);
	assert_int_equal(image_writer_string(&w, "two"), 5);
	assert_int_equal(image_writer_string(&w, "one"), 1);
	image_writer_section(&w, NUMBERS, sizeof(numbers[0]), numbers, N_ELEMENTS(numbers));
	image_writer_section(&w, EMPTY, 8, NULL, 0);
	assert_int_equal(image_writer_finish(&w, KIND, 1, out), 0);
	image_writer_fini(&w);
}

static void test_round_trip(void **state)
{
	BERTH_CLEANUP(str_fini) struct str bytes = {0}, again = {0};
	struct image_array numbers, strings, none;
	const char *reason = NULL;
	struct image image;

	(void)state;
	make_image(&bytes);
	make_image(&again);
	assert_int_equal(bytes.length, again.length);
	assert_memory_equal(bytes.bytes, again.bytes, bytes.length);
	assert_int_equal(image_attach(&image, bytes.bytes, bytes.length, KIND, 1, &reason), 0);
	assert_int_equal(image_verify(&image, &reason), 0);
	assert_int_equal(image_find(&image, NUMBERS, 4, &numbers), 0);
	assert_int_equal(numbers.n, 4);
	assert_non_null(IMAGE_AT(uint32_t, &numbers, 3));
	assert_int_equal(((const uint32_t *)numbers.items)[2], 7);
	assert_null(IMAGE_AT(uint32_t, &numbers, 4));
	assert_null(IMAGE_AT(uint32_t, &numbers, UINT32_MAX));
	assert_int_equal(image_find(&image, NUMBERS, 2, &none), -EILSEQ);
	assert_int_equal(image_find(&image, KIND, 4, &none), -ENOENT);
	assert_int_equal(image_find(&image, EMPTY, 8, &none), 0);
	assert_int_equal(none.n, 0);
	assert_int_equal(image_find_strings(&image, &strings), 0);
	assert_string_equal(image_string(&strings, 5), "two");
	assert_null(image_string(&strings, 0));
	assert_null(image_string(&strings, strings.n));
	image_close(&image);
}

/* One change to a good image, and the refusal it must meet. */
struct refusal {
	const char *what;
	size_t offset, size;
	uint64_t value;
	int error;
};

#define FIELD(field, new_value, wanted)                                                            \
	{                                                                                          \
#field, offsetof(struct image_header, field),                                      \
			sizeof(((struct image_header *)0)->field), new_value, wanted               \
	}
#define IN_TABLE(i, field)                                                                         \
	sizeof(struct image_header) + (i) * sizeof(struct image_section) +                         \
		offsetof(struct image_section, field)

static void test_refusals(void **state)
{
	static const struct refusal cases[] = {
		FIELD(magic, 0x6572656874656265, -ENOEXEC),
		FIELD(byte_order, 0x04030201, -EOPNOTSUPP),
		FIELD(format, 2, -EPROTONOSUPPORT),
		FIELD(header_size, 72, -EPROTONOSUPPORT),
		FIELD(kind, 0x11111111, -EPROTOTYPE),
		FIELD(kind_version, 2, -EPROTONOSUPPORT),
		FIELD(size, 63, -ENODATA),
		FIELD(size, UINT64_MAX, -ENODATA),
		FIELD(n_sections, 0xffff, -EILSEQ),
		FIELD(n_sections, 32, -EILSEQ),
		{"unsorted", IN_TABLE(0, id), 4, 0xffffffff, -EILSEQ},
		{"no element size", IN_TABLE(0, element_size), 4, 0, -EILSEQ},
		{"huge elements", IN_TABLE(1, element_size), 4, 0xffffffff, -EILSEQ},
		{"in the header", IN_TABLE(0, offset), 8, 0, -EILSEQ},
		{"in the table", IN_TABLE(0, offset), 8, 64, -EILSEQ},
		{"not aligned", IN_TABLE(0, offset), 8, 0x8c, -EILSEQ},
		{"behind the end", IN_TABLE(0, offset), 8, 1 << 20, -EILSEQ},
		{"wraps", IN_TABLE(0, offset), 8, UINT64_MAX - 7, -EILSEQ},
		{"too many", IN_TABLE(1, n), 8, 1000, -EILSEQ},
		{"overflow", IN_TABLE(1, n), 8, UINT64_MAX / 2, -EILSEQ},
	};
	BERTH_CLEANUP(str_fini) struct str good = {0};

	(void)state;
	make_image(&good);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		unsigned char *bad = copy_of(good.bytes, good.length);
		const char *reason = NULL;
		struct image image;

		memcpy(bad + cases[i].offset, &cases[i].value, cases[i].size);
		if (image_attach(&image, bad, good.length, KIND, 1, &reason) != cases[i].error)
			fail_msg("%s: not refused as it should be", cases[i].what);
		assert_non_null(reason);
		free(bad);
	}
}

static void test_checksum_sees_every_byte(void **state)
{
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	const char *reason = NULL;
	struct image image;
	uint64_t good;

	(void)state;
	make_image(&bytes);
	assert_int_equal(image_attach(&image, bytes.bytes, bytes.length, KIND, 1, &reason), 0);
	good = image_checksum(bytes.bytes, bytes.length);
	for (size_t i = 0; i < bytes.length; i++) {
		bool is_field = i - offsetof(struct image_header, checksum) < 8;

		for (int bit = 0; bit < 8; bit++) {
			bytes.bytes[i] = (char)(bytes.bytes[i] ^ 1 << bit);
			assert_int_equal(image_checksum(bytes.bytes, bytes.length) == good,
					 is_field);
			assert_int_equal(image_verify(&image, &reason), -EBADMSG);
			bytes.bytes[i] = (char)(bytes.bytes[i] ^ 1 << bit);
		}
	}
	assert_int_equal(image_verify(&image, &reason), 0);
}

/* Open `bytes` as the built-in registry is opened: whatever comes out must be readable. */
static void walk_unchecked(const unsigned char *bytes, size_t n)
{
	const char *reason = NULL;
	struct registry r;

	if (registry_open_memory(&r, bytes, n, false, &reason) == 0) {
		tiny_registry_walk(&r, 257);
		registry_close(&r);
	}
}

/* And as a file whose checksum fits: it is refused or it can be read. */
static void walk_sealed(unsigned char *bytes, size_t n)
{
	const char *reason = NULL;
	struct registry r;
	uint64_t checksum;

	if (n < sizeof(struct image_header))
		return;
	checksum = image_checksum(bytes, n);
	memcpy(bytes + offsetof(struct image_header, checksum), &checksum, sizeof(checksum));
	if (registry_open_memory(&r, bytes, n, true, &reason) == 0) {
		tiny_registry_walk(&r, 257);
		registry_close(&r);
	}
}

static void test_flipped_bytes(void **state)
{
	BERTH_CLEANUP(str_fini) struct str good = {0};

	(void)state;
	tiny_registry_make(&good);
	for (size_t i = 0; i < good.length; i += i < 1024 ? 1 : 37) {
		unsigned char *bad = copy_of(good.bytes, good.length);
		const char *reason = NULL;
		struct registry r;

		bad[i] ^= (unsigned char)(i % 2 ? 0xff : 0x80);
		if (registry_open_memory(&r, bad, good.length, true, &reason) >= 0)
			fail_msg("byte %zu flipped, and not refused", i);
		assert_non_null(reason);
		walk_unchecked(bad, good.length);
		walk_sealed(bad, good.length);
		free(bad);
	}
}

static void test_cut_short(void **state)
{
	BERTH_CLEANUP(str_fini) struct str good = {0};

	(void)state;
	tiny_registry_make(&good);
	for (size_t n = 0; n < good.length; n += n < 512 ? 1 : 61) {
		unsigned char *bad = copy_of(good.bytes, n);
		const char *reason = NULL;
		struct registry r;
		int error = registry_open_memory(&r, bad, n, true, &reason);

		assert_int_equal(error, n < 8 ? -ENOEXEC : -ENODATA);
		assert_int_equal(registry_open_memory(&r, bad, n, false, &reason), error);
		free(bad);
	}
}

/* A section of the tiny registry and a value that its contents must not have. */
static void test_contents_are_validated(void **state)
{
	static const struct {
		uint32_t section;
		size_t offset, size;
		uint32_t value;
	} cases[] = {
		{FORMAT_HEAD, 0, 4, 0xffffff},
		{FORMAT_ROWS, offsetof(struct format_row, name), 4, 0xffffffff},
		{FORMAT_ROWS, offsetof(struct format_row, details_as_of), 4, 0xffffff},
		{FORMAT_ROWS, offsetof(struct format_row, first), 2, 0xffff},
		{FORMAT_ROWS, offsetof(struct format_row, protocol), 1, 5},
		{FORMAT_ROWS, offsetof(struct format_row, status), 1, REGISTRY_DYNAMIC},
		{FORMAT_ROWS, offsetof(struct format_row, flags), 1, 0x80},
		{FORMAT_TOPS, 0, 2, 0xffff},
		{FORMAT_PAGE_ITEMS, 0, 2, 0xffff},
		{FORMAT_LISTS, 0, 4, 1},
		{FORMAT_LISTS, 4, 4, 0xffff},
		{FORMAT_ENTRIES, 0, 4, 0xffff},
		{FORMAT_NAME_SLOTS, 0, 4, 0xffff},
		{FORMAT_NAMES, 0, 4, 0},
		{FORMAT_NAMES, offsetof(struct format_name, n), 4, 0xffffffff},
		{FORMAT_NAME_ROWS, 0, 4, 0xffff},
		{FORMAT_USES, 0, 4, 0xffffff},
		{FORMAT_USES, offsetof(struct format_use, protocol), 1, 4},
		{FORMAT_USE_PORTS, 0, 2, 0xffff},
		{FORMAT_USE_PORTS, 2, 2, 0xffff},
		{FORMAT_USE_PROGRAMS, 0, 4, 0},
		{FORMAT_USE_PROGRAMS, 4, 4, 0xffff},
	};
	BERTH_CLEANUP(str_fini) struct str good = {0};

	(void)state;
	tiny_registry_make(&good);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		unsigned char *bad = copy_of(good.bytes, good.length);
		const char *reason = NULL;
		struct image image;
		struct registry r;
		uint64_t checksum;
		size_t at = 0;

		assert_int_equal(image_attach(&image, bad, good.length, REGISTRY_KIND,
					      REGISTRY_KIND_VERSION, &reason),
				 0);
		for (uint16_t s = 0; s < image.n_sections; s++) {
			if (image.sections[s].id == cases[i].section)
				at = image.sections[s].offset + cases[i].offset;
		}
		assert_true(at > 0);
		memcpy(bad + at, &cases[i].value, cases[i].size);
		checksum = image_checksum(bad, good.length);
		memcpy(bad + offsetof(struct image_header, checksum), &checksum, sizeof(checksum));
		if (registry_open_memory(&r, bad, good.length, true, &reason) != -EILSEQ)
			fail_msg("case %zu is not refused", i);
		walk_unchecked(bad, good.length);
		free(bad);
	}
}

static void test_writer_limits(void **state)
{
	BERTH_CLEANUP(str_fini) struct str out = {0};
	struct image_writer w = {0};

	(void)state;
	image_writer_section(&w, NUMBERS, 1, "a", 1);
	image_writer_section(&w, NUMBERS, 1, "b", 1);
	assert_int_equal(image_writer_finish(&w, KIND, 1, &out), -EOVERFLOW);
	image_writer_fini(&w);
	for (uint32_t i = 0; i < IMAGE_MAX_SECTIONS; i++)
		image_writer_section(&w, i, 1, "a", 1);
	assert_int_equal(image_writer_finish(&w, KIND, 1, &out), -EOVERFLOW);
	image_writer_fini(&w);
	for (uint32_t i = 0; i < 5000; i++) { /* the table of strings grows */
		char text[16];

		snprintf(text, sizeof(text), "%u", (unsigned int)i % 2500);
		assert_int_not_equal(image_writer_string(&w, text), 0);
	}
	assert_int_equal(w.n_strings, 2500);
	image_writer_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_checksum_sees_every_byte),
		cmocka_unit_test(test_flipped_bytes),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_contents_are_validated),
		cmocka_unit_test(test_writer_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
