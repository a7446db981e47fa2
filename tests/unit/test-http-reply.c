/* The status of an HTTP answer, from as much of it as has come. */
#include "act/http-reply.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *bytes;
	int result, status;
} cases[] = {
	{"HTTP/1.1 200 OK\r\n", 1, 200},
	{"HTTP/1.0 204\r\n", 1, 204},
	{"HTTP/1.1 503 \n", 1, 503},
	{"HTTP/1.1 200", 0, 0},
	{"HTTP/1.1 20", 0, 0},
	{"", 0, 0},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n", 1, 201},
	{"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\n", 1, 404},
	{"HTTP/1.1 100 Continue\nA: b\n\nHTTP/1.1 200 OK\n", 1, 200},
	{"HTTP/1.1 100 Continue\r\nLink: x\r\n", 0, 0},
	{"HTTP/1.1 100 Continue\r\n\r\nSSH-2.0\r\n", -EBADMSG, 0},
	{"HTTP/1.1 2000 OK\r\n", -EBADMSG, 0},
	{"HTTP/1.1 600 OK\r\n", -EBADMSG, 0},
	{"HTTP/1.1 000 OK\r\n", -EBADMSG, 0},
	{"HTTP/2 200\r\n", -EBADMSG, 0},
	{"SSH-2.0-OpenSSH\r\n", -EBADMSG, 0},
	{"http/1.1 200 OK\r\n", -EBADMSG, 0},
	{"H", 0, 0},
	{"X", -EBADMSG, 0},
};

static void test_status(void **state BERTH_UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		int status = 0;
		int r = http_reply_status(cases[i].bytes, strlen(cases[i].bytes), &status);

		if (r != cases[i].result || status != cases[i].status)
			fail_msg("case %zu: %d, status %d", i, r, status);
	}
}

static void test_endless(void **state BERTH_UNUSED)
{
	static const char head[] = "HTTP/1.1 100 Continue\r\nX: ";
	char *endless = malloc(HTTP_REPLY_MOST);
	int status = 0;

	assert_non_null(endless);
	memset(endless, 'x', HTTP_REPLY_MOST);
	memcpy(endless, head, sizeof(head) - 1);
	assert_int_equal(http_reply_status(endless, HTTP_REPLY_MOST - 1, &status), 0);
	assert_int_equal(http_reply_status(endless, HTTP_REPLY_MOST, &status), -EBADMSG);
	free(endless);
}

static void test_path(void **state BERTH_UNUSED)
{
	assert_true(http_reply_is_path("/"));
	assert_true(http_reply_is_path("/a?b=c&d=\xc3\xa4"));
	assert_false(http_reply_is_path(""));
	assert_false(http_reply_is_path("a"));
	assert_false(http_reply_is_path("/a b"));
	assert_false(http_reply_is_path("/a\r\nHost: b"));
	assert_false(http_reply_is_path("/a\x7f"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
