#include "base/utf16.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct both {
	const char *utf8;
	uint16_t utf16[8];
};

static const struct both cases[] = {
	{"", {0}},
	{"ssh", {'s', 's', 'h'}},
	{"\xc3\xa9", {0xe9}},
	{"\xe2\x82\xac", {0x20ac}},
	{"\xf0\x9f\x9a\xa2x", {0xd83d, 0xdea2, 'x'}},
	{"\xf4\x8f\xbf\xbf", {0xdbff, 0xdfff}},
	/* Halves of pairs, as Windows allows in names: at the end, twice, the wrong way round. */
	{"a\xed\xa0\xbd", {'a', 0xd83d}},
	{"\xed\xba\xa2" "b", {0xdea2, 'b'}},
	{"\xed\xba\xa2\xed\xa0\xbd", {0xdea2, 0xd83d}},
	{"\xed\xa0\xbd\xf0\x9f\x9a\xa2", {0xd83d, 0xd83d, 0xdea2}},
};

static size_t length_of(const uint16_t *units)
{
	size_t n = 0;

	while (units[n])
		n++;
	return n;
}

static void test_there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		size_t n = length_of(cases[i].utf16);
		char *utf8 = utf16_to_utf8(cases[i].utf16, n);
		uint16_t *utf16 = utf16_from_utf8(cases[i].utf8);

		assert_non_null(utf8);
		assert_non_null(utf16);
		assert_string_equal(utf8, cases[i].utf8);
		assert_int_equal(length_of(utf16), n);
		assert_memory_equal(utf16, cases[i].utf16, n * sizeof(*utf16));
		free(utf8);
		free(utf16);
	}
}

static void test_ends_at_zero_or_n(void **state)
{
	static const uint16_t units[] = {'a', 'b', 0, 'c'};
	char *text = utf16_to_utf8(units, 4), *cut = utf16_to_utf8(units, 1);

	(void)state;
	assert_string_equal(text, "ab");
	assert_string_equal(cut, "a");
	free(text);
	free(cut);
}

static void test_foreign_bytes(void **state)
{
	/* No UTF-8: a lone byte, an overlong form, a cut one. */
	uint16_t *units = utf16_from_utf8("\xff" "a\xc0\x80\xe2\x82");

	(void)state;
	assert_non_null(units);
	assert_int_equal(units[0], 0xfffd);
	assert_int_equal(units[1], 'a');
	for (size_t i = 2; units[i]; i++)
		assert_int_equal(units[i], 0xfffd);
	free(units);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_ends_at_zero_or_n),
		cmocka_unit_test(test_foreign_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
