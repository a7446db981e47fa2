#include "query/ip-text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct shown {
	const char *text;
	uint8_t bytes[16];
};

static void test_v6(void **state)
{
	static const struct shown cases[] = {
		{"::", {0}},
		{"::1", {[15] = 1}},
		{"::ffff:127.0.0.1", {[10] = 0xff, 0xff, 127, 0, 0, 1}},
		{"::127.0.0.1", {[12] = 127, 0, 0, 1}},
		{"::1:0:0", {[11] = 1}},
		{"1::", {0, 1}},
		{"fe80::1", {0xfe, 0x80, [15] = 1}},
		{"2001:db8:0:1:1:1:1:1", {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}},
		{"1:0:0:1::1", {0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}},
		{"1::1:0:0:0", {0, 1, 0, 0, 0, 0, 0, 0, 0, 1}},
	};
	char text[IP_TEXT_SIZE];
	uint8_t bytes[16];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		if (i + 1 < N_ELEMENTS(cases))
			assert_string_equal(ip_text_format_v6(cases[i].bytes, text), cases[i].text);
		assert_int_equal(ip_text_parse_v6(cases[i].text, bytes), 0);
		assert_memory_equal(bytes, cases[i].bytes, 16);
	}
}

static void test_v4(void **state)
{
	static const uint8_t mask[4] = {255, 255, 255, 0}, small[4] = {0, 10, 200, 9};
	char text[IP_TEXT_SIZE];
	uint8_t bytes[4];

	(void)state;
	assert_string_equal(ip_text_format_v4(mask, text), "255.255.255.0");
	assert_int_equal(ip_text_parse_v4("0.10.200.9", bytes), 0);
	assert_memory_equal(bytes, small, 4);
}

static void test_refused(void **state)
{
	static const char *const v4[] = {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4",
					 "1.2.3.4 ", " 1.2.3.4", "1..3.4", "1.2.3.", "1.2.3.1000"};
	static const char *const v6[] = {"", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
					 "1::2::3", "12345::", "::g", "1:", ":1", "::1.2.3",
					 "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7::8",
					 "fe80::1%2", "[::1]", "::1 ", "::1.2.3.4:5"};
	uint8_t bytes[16];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(v4); i++) {
		if (ip_text_parse_v4(v4[i], bytes) == 0)
			fail_msg("\"%s\" is taken", v4[i]);
	}
	for (size_t i = 0; i < N_ELEMENTS(v6); i++) {
		if (ip_text_parse_v6(v6[i], bytes) == 0)
			fail_msg("\"%s\" is taken", v6[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
