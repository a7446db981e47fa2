#include "base/instant.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_both_ways(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:00.000000001Z", 1},
		{"1969-12-31T23:59:59.999999999Z", -1},
		{"1969-12-31T23:59:59Z", -1000000000},
		{"2000-02-29T12:00:00Z", 951825600000000000},
		{"2026-08-17T09:30:00.25Z", 1786959000250000000},
		{"2100-02-28T23:59:59Z", 4107542399000000000},
		{"2100-03-01T00:00:00Z", 4107542400000000000},
		{"2262-04-11T23:47:16.854775807Z", INT64_MAX},
		{"1677-09-21T00:12:43.145224192Z", INT64_MIN},
		{"1677-09-21T00:12:43.145224193Z", INT64_MIN + 1},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char text[INSTANT_TEXT_SIZE];
		int64_t ns = 42;

		assert_int_equal(instant_parse(cases[i].text, &ns), 0);
		assert_true(ns == cases[i].ns);
		assert_ptr_equal(instant_format(cases[i].ns, text), text);
		assert_string_equal(text, cases[i].text);
	}
}

static void test_zeros_behind(void **state)
{
	int64_t ns;

	(void)state;
	assert_int_equal(instant_parse("1970-01-01T00:00:01.500000000Z", &ns), 0);
	assert_true(ns == 1500000000);
	assert_int_equal(instant_parse("1970-01-01T00:00:01.0Z", &ns), 0);
	assert_true(ns == 1000000000);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"", "Z", "2026-08-17", "2026-08-17T09:30:00", "2026-08-17T09:30:00z",
		"2026-08-17 09:30:00Z", "2026-08-17T09:30:00+00:00", "2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z",
		"2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00.1Z ",
		"0000-01-01T00:00:00Z",
		"2026-01-01T00:00:00.-1Z", "+026-01-01T00:00:00Z", "2026-01-01T00:00:00Z\n",
	};
	int64_t ns = 42;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		if (instant_parse(bad[i], &ns) != -EINVAL)
			fail_msg("accepted: \"%s\"", bad[i]);
	}
	assert_int_equal(instant_parse("2262-04-11T23:47:16.854775808Z", &ns), -ERANGE);
	assert_int_equal(instant_parse("1677-09-21T00:12:43.145224191Z", &ns), -ERANGE);
	assert_int_equal(instant_parse("9999-12-31T23:59:59Z", &ns), -ERANGE);
	assert_int_equal(instant_parse("0001-01-01T00:00:00Z", &ns), -ERANGE);
	assert_true(ns == 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_zeros_behind),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
