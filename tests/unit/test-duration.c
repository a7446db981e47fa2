#include "base/duration.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_good(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"0", 0}, {"30", 30000}, {"30s", 30000}, {"500ms", 500}, {"10m", 600000},
		{"10min", 600000}, {"2h", 7200000}, {"1d", 86400000}, {"366d", DURATION_MAX_MS},
		{"1.5s", 1500}, {"0.25", 250}, {"1m30s", 90000}, {"1h0.5s", 3600500},
		{"1s1ms", 1001}, {"0.2ms", 1}, {"0.0000001s", 1}, {"0.0001s", 1}, {"0.000000s", 0},
		{"0.001s", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t ms = -1;

		if (duration_parse(cases[i].text, &ms) != 0 || ms != cases[i].ms)
			fail_msg("%s is %lld ms", cases[i].text, (long long)ms);
	}
}

static void test_bad(void **state)
{
	static const char *const forms[] = {
		"", "s", "-1", "+1", " 1", "1 ", "1 s", "1x", "1sm", "1s1m", "1s1s", "1m30", ".5",
		"1.", "1.s", "0x10", "1e3", "1s ", "1,5s", "inf",
	};
	static const char *const lengths[] = {
		"367d", "366d1ms", "99999999999999999999", "99999999999999999999d", "31622400001s",
	};
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (duration_parse(forms[i], &ms) != -EINVAL)
			fail_msg("accepted: \"%s\"", forms[i]);
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		if (duration_parse(lengths[i], &ms) != -ERANGE)
			fail_msg("accepted: \"%s\"", lengths[i]);
	}
	assert_true(ms == 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
