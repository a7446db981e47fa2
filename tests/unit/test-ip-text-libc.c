/* Addresses as text, compared with what the C library of this system says. */
#include "query/ip-text.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 200000 };

/* Mostly zeros, so that every kind of run occurs. */
static void make_bytes(uint8_t bytes[16])
{
	long mask = random();

	for (int i = 0; i < 16; i++)
		bytes[i] = mask >> i / 2 & 1 ? 0 : (uint8_t)random();
	if (mask % 8 == 0) {
		memset(bytes, 0, 10);
		bytes[10] = bytes[11] = mask >> 12 & 1 ? 0xff : 0;
	}
}

/* Spoil up to two characters, cut, or append. */
static void spoil(char *text, size_t size)
{
	static const char with[] = "0123:.fF:g/";
	size_t n = strlen(text);

	for (long k = random() % 3; k > 0; k--)
		text[(size_t)random() % n] = with[(size_t)random() % (sizeof(with) - 1)];
	if (random() % 8 == 0)
		text[(size_t)random() % n] = '\0';
	n = strlen(text);
	if (random() % 8 == 0 && n + 4 < size)
		memcpy(text + n, "::1", 4);
}

static void test_v6(void **state)
{
	uint8_t bytes[16], theirs[16] = {0}, ours[16] = {0};
	char expected[64], shown[IP_TEXT_SIZE];

	(void)state;
	srandom(3476);
	for (int i = 0; i < ROUNDS; i++) {
		bool is_good;

		make_bytes(bytes);
		assert_non_null(inet_ntop(AF_INET6, bytes, expected, sizeof(expected)));
		assert_string_equal(ip_text_format_v6(bytes, shown), expected);
		spoil(expected, sizeof(expected));
		is_good = inet_pton(AF_INET6, expected, theirs) == 1;
		if (is_good != (ip_text_parse_v6(expected, ours) == 0))
			fail_msg("\"%s\": %s there", expected, is_good ? "good" : "bad");
		if (is_good)
			assert_memory_equal(ours, theirs, 16);
	}
}

static void test_v4(void **state)
{
	uint8_t bytes[16], theirs[4] = {0}, ours[4] = {0};
	char expected[64], shown[IP_TEXT_SIZE];

	(void)state;
	srandom(3476);
	for (int i = 0; i < ROUNDS; i++) {
		bool is_good;

		make_bytes(bytes);
		assert_non_null(inet_ntop(AF_INET, bytes, expected, sizeof(expected)));
		assert_string_equal(ip_text_format_v4(bytes, shown), expected);
		spoil(expected, sizeof(expected));
		is_good = inet_pton(AF_INET, expected, theirs) == 1;
		if (is_good != (ip_text_parse_v4(expected, ours) == 0))
			fail_msg("\"%s\": %s there", expected, is_good ? "good" : "bad");
		if (is_good)
			assert_memory_equal(ours, theirs, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_v6), cmocka_unit_test(test_v4)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
