/* The trial bind that any POSIX system can make (macOS has it): with real sockets of this one. */
#include "act/trial.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int hold(int type, uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	const int on = type == SOCK_STREAM;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static struct trial_request request(enum transport transport, const char *address, uint16_t port)
{
	struct trial_request q = {.transport = transport, .port = port};

	assert_int_equal(address_parse(address, &q.address), 0);
	return q;
}

static void expect(const struct trial_request *q, int error)
{
	struct trial_result result = {.error = -1};

	assert_int_equal(trial_bind(q, &result), 0);
	assert_int_equal(result.error, error);
	assert_int_equal(result.step, TRIAL_BIND);
}

static void test_says_what_bind_says(void **state)
{
	uint16_t port;
	int fd = hold(SOCK_STREAM, &port);
	struct trial_request q = request(TRANSPORT_TCP, "127.0.0.1", port);

	(void)state;
	expect(&q, EADDRINUSE);
	q.has_reuse_address = true; /* bound only, with the flag on both sides */
	expect(&q, 0);
	assert_int_equal(listen(fd, 1), 0);
	expect(&q, EADDRINUSE);
	q = request(TRANSPORT_TCP, "::", port);
	q.is_dual_stack = true;
	expect(&q, EADDRINUSE);
	q.is_dual_stack = false;
	q.is_v6only = true;
	expect(&q, 0);
	close(fd);
	q = request(TRANSPORT_TCP, "127.0.0.1", port);
	expect(&q, 0);
	expect(&q, 0); /* the first one left nothing */
	q = request(TRANSPORT_TCP, "192.0.2.1", port);
	expect(&q, EADDRNOTAVAIL);
	fd = hold(SOCK_DGRAM, &port);
	q = request(TRANSPORT_UDP, "127.0.0.1", port);
	expect(&q, EADDRINUSE);
	close(fd);
	expect(&q, 0);
}

static void test_never_tried(void **state)
{
	struct trial_result result = {.error = -1};
	struct trial_request q = request(TRANSPORT_SCTP, "127.0.0.1", 4000);

	(void)state;
	assert_int_equal(trial_bind(&q, &result), -EOPNOTSUPP);
	q = request(TRANSPORT_TCP, "127.0.0.1", 0);
	assert_int_equal(trial_bind(&q, &result), -EOPNOTSUPP);
	q = request(TRANSPORT_UDP, "127.0.0.1", 4000);
	q.has_reuse_address = true;
	assert_int_equal(trial_bind(&q, &result), -EOPNOTSUPP);
	q = request(TRANSPORT_TCP, "127.0.0.1", 4000);
	q.device = "lo";
	assert_int_equal(trial_bind(&q, &result), -EOPNOTSUPP);
	q.device = NULL;
	q.has_uid = true;
	assert_int_equal(trial_bind(&q, &result), -EPERM);
	q.has_uid = false;
	q.netns = 7;
	assert_int_equal(trial_bind(&q, &result), -ENOENT);
	assert_int_equal(result.error, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_bind_says),
		cmocka_unit_test(test_never_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
