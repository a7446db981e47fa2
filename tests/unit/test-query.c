#include "query/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct good {
	const char *what;
	enum query_kind kind;
	uint16_t first, last;
	int transport; /* -1 = none */
	const char *word;
	uint32_t pid;
};

static void test_good(void **state)
{
	static const struct good cases[] = {
		{"3476", QUERY_PORT, 3476, 3476, -1, "", 0},
		{"0", QUERY_PORT, 0, 0, -1, "", 0},
		{"65535", QUERY_PORT, 65535, 65535, -1, "", 0},
		{"00022", QUERY_PORT, 22, 22, -1, "", 0},
		{":3476", QUERY_PORT, 3476, 3476, -1, "", 0},
		{"3476/udp", QUERY_PORT, 3476, 3476, TRANSPORT_UDP, "", 0},
		{":53/TCP", QUERY_PORT, 53, 53, TRANSPORT_TCP, "", 0},
		{"8000-8010", QUERY_RANGE, 8000, 8010, -1, "", 0},
		{"8000-8010/sctp", QUERY_RANGE, 8000, 8010, TRANSPORT_SCTP, "", 0},
		{"9-9", QUERY_RANGE, 9, 9, -1, "", 0},
		{"0-65535", QUERY_RANGE, 0, 65535, -1, "", 0},
		{"example.org:443", QUERY_REMOTE, 443, 443, -1, "example.org", 0},
		{"127.0.0.1:80", QUERY_REMOTE, 80, 80, -1, "127.0.0.1", 0},
		{"[::1]:80", QUERY_REMOTE, 80, 80, -1, "::1", 0},
		{"ssh", QUERY_WORD, 0, 0, -1, "ssh", 0},
		{"914c/g", QUERY_WORD, 0, 0, -1, "914c/g", 0},
		{"cl/1", QUERY_WORD, 0, 0, -1, "cl/1", 0},
		{"z39.50", QUERY_WORD, 0, 0, -1, "z39.50", 0},
		{"sql*net", QUERY_WORD, 0, 0, -1, "sql*net", 0},
		{"service:ssh", QUERY_SERVICE, 0, 0, -1, "ssh", 0},
		{"program:nginx", QUERY_PROGRAM, 0, 0, -1, "nginx", 0},
		{"program:a:5", QUERY_PROGRAM, 0, 0, -1, "a:5", 0},
		{"pid:7", QUERY_PID, 0, 0, -1, "", 7},
		{"unit:cron.service", QUERY_UNIT, 0, 0, -1, "cron.service", 0},
		{"container:web", QUERY_CONTAINER, 0, 0, -1, "web", 0},
		{"tcp", QUERY_WORD, 0, 0, -1, "tcp", 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct good *c = &cases[i];
		char error[QUERY_ERROR_SIZE] = "";
		struct query q;

		if (query_parse(c->what, &q, error) != 0)
			fail_msg("%s: %s", c->what, error);
		assert_int_equal(q.kind, c->kind);
		assert_int_equal(q.first, c->first);
		assert_int_equal(q.last, c->last);
		assert_int_equal(q.has_transport ? (int)q.transport : -1, c->transport);
		assert_string_equal(q.word, c->word);
		assert_int_equal(q.pid, c->pid);
		assert_ptr_equal(q.text, c->what);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *what, *says;
	} cases[] = {
		{"", "asks nothing"},
		{"70000", "0 to 65535"},
		{"65536", "0 to 65535"},
		{"99999999999999999999999999", "0 to 65535"},
		{"-5", "not a port"},
		{"9-3", "larger"},
		{"5-", "not a port"},
		{"1-2-3", "not a port"},
		{"80/xyz", "transport"},
		{"80/", "transport"},
		{"80,443", "spaces"},
		{"pid:0", "process id"},
		{"pid:x", "process id"},
		{"pid:-1", "process id"},
		{"service:", "incomplete"},
		{"example.org:70000", "0 to 65535"},
		{"::", "not a port"},
		{"\x1b[31m80/x\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char error[QUERY_ERROR_SIZE] = "";
		struct query q;
		int r = query_parse(cases[i].what, &q, error);

		if (!cases[i].says)
			continue;
		if (r == 0 || !strstr(error, cases[i].says))
			fail_msg("%s: %d %s", cases[i].what, r, error);
		for (const char *c = error; *c; c++)
			assert_true((unsigned char)*c >= ' ');
	}
}

static void test_huge(void **state)
{
	char error[QUERY_ERROR_SIZE] = "";
	char *huge = malloc(131072);
	struct query q;

	(void)state;
	assert_non_null(huge);
	memset(huge, 'a', 131071);
	huge[131071] = '\0';
	assert_true(query_parse(huge, &q, error) < 0);
	assert_non_null(strstr(error, "too long"));
	memset(huge, '1', 131071);
	assert_true(query_parse(huge, &q, error) < 0);
	free(huge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_huge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
