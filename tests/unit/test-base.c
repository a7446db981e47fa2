#include "base/arena.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The same, a byte at a time. */
static size_t plain_slowly(const char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && bytes[i] >= 0x20 && bytes[i] < 0x7f)
		i++;
	return i;
}

/* Every byte at every place of texts around the eight that are looked at together. */
static void test_plain(void **state)
{
	char text[24];

	(void)state;
	for (size_t n = 0; n <= sizeof(text); n++) {
		for (size_t at = 0; at < n; at++) {
			for (int byte = 0; byte < 256; byte++) {
				memset(text, at % 2 ? '~' : ' ', sizeof(text));
				text[at] = (char)byte;
				if (str_plain(text, n) != plain_slowly(text, n))
					fail_msg("%d at %zu of %zu", byte, at, n);
			}
		}
		memset(text, 'x', sizeof(text));
		assert_int_equal(str_plain(text, n), n);
	}
}

static void test_escaped(void **state)
{
	static const struct {
		const char *text, *utf8, *ascii;
		size_t columns; /* of `utf8`, in the C locale's eyes: what is no ASCII has one */
	} cases[] = {
		{"", "", "", 0},
		{"plain words, eight and more", "plain words, eight and more",
		 "plain words, eight and more", 27},
		{"\033[2Jclear", "\\x1b[2Jclear", "\\x1b[2Jclear", 12},
		{"tab\there\nand there", "tab\\there\\nand there", "tab\\there\\nand there", 20},
		{"seven7\xff", "seven7\\xff", "seven7\\xff", 10},
		{"del\x7f", "del\\x7f", "del\\x7f", 7},
		{"gr\xc3\xbc\xc3\x9f" "e, and so on", "gr\xc3\xbc\xc3\x9f" "e, and so on",
		 "gr\\xfc\\xdfe, and so on", 16},
		{"a\xe2\x80\x8b" "b", "a\\u{200b}b", "a\\u{200b}b", 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str s = {0};

		str_append_escaped(&s, cases[i].text, false);
		assert_string_equal(str_text(&s), cases[i].utf8);
		assert_int_equal(str_columns(str_text(&s)), cases[i].columns);
		str_clear(&s);
		str_append_escaped(&s, cases[i].text, true);
		assert_string_equal(str_text(&s), cases[i].ascii);
		str_fini(&s);
	}
}

static void test_put_u64(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} cases[] = {
		{0, "0"}, {9, "9"}, {10, "10"}, {65535, "65535"}, {100000, "100000"},
		{UINT64_MAX, "18446744073709551615"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[24] = {0};

		assert_int_equal(str_put_u64(text, cases[i].value), strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
	}
}

/* What an arena gives out is zero, also where something else was before. */
static void test_arena_is_zero(void **state)
{
	static const size_t sizes[] = {1, 100, 5000, 20000, 3000000};
	static const unsigned char zeros[20000];
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t round = 0; round < 3; round++) {
		struct arena_mark mark;

		assert_non_null(arena_alloc(&arena, 24));
		mark = arena_mark(&arena);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			unsigned char *memory = arena_alloc(&arena, sizes[i]);
			size_t n = sizes[i] < sizeof(zeros) ? sizes[i] : sizeof(zeros);

			assert_non_null(memory);
			assert_memory_equal(memory, zeros, n);
			memset(memory, 0xa5, sizes[i]);
		}
		arena_reset(&arena, mark);
	}
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_escaped),
		cmocka_unit_test(test_put_u64),
		cmocka_unit_test(test_arena_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
