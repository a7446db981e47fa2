/* A trial bind says what bind(2) says, where and as whom it was told to, and leaves nothing. */
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

static int make_listener(int type, int reuse, uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(0, setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)));
	assert_int_equal(0, bind(fd, (struct sockaddr *)&at, size));
	assert_int_equal(0, getsockname(fd, (struct sockaddr *)&at, &size));
	*port = ntohs(at.sin_port);
	return fd;
}

static struct trial_request request(enum transport transport, const char *address, uint16_t port)
{
	struct trial_request q = {.transport = transport, .port = port};

	assert_int_equal(0, address_parse(address, &q.address));
	return q;
}

static void expect(const struct trial_request *q, enum trial_step step, int error)
{
	struct trial_result result = {.error = -1};

	assert_int_equal(0, trial_bind(q, &result));
	assert_int_equal(error, result.error);
	assert_int_equal(step, result.step);
}

static void test_taken(void **state)
{
	uint16_t port;
	int fd = make_listener(SOCK_STREAM, 1, &port);
	struct trial_request q = request(TRANSPORT_TCP, "127.0.0.1", port);

	(void)state;
	expect(&q, TRIAL_BIND, EADDRINUSE);
	q.has_reuse_address = true; /* bound only, with the flag on both sides */
	expect(&q, TRIAL_BIND, 0);
	assert_int_equal(0, listen(fd, 1));
	expect(&q, TRIAL_BIND, EADDRINUSE);
	q = request(TRANSPORT_TCP, "127.0.0.2", port);
	expect(&q, TRIAL_BIND, 0);
	q = request(TRANSPORT_MPTCP, "0.0.0.0", port);
	expect(&q, TRIAL_BIND, EADDRINUSE);
	close(fd);
	expect(&q, TRIAL_BIND, 0);
	expect(&q, TRIAL_BIND, 0); /* the first one left nothing */
}

static void test_udp(void **state)
{
	uint16_t port;
	int fd = make_listener(SOCK_DGRAM, 0, &port);
	struct trial_request q = request(TRANSPORT_UDP, "127.0.0.1", port);

	(void)state;
	expect(&q, TRIAL_BIND, EADDRINUSE);
	close(fd);
	expect(&q, TRIAL_BIND, 0);
}

static void test_never_tried(void **state)
{
	struct trial_request q = request(TRANSPORT_UDP, "127.0.0.1", 20000);
	struct trial_result result = {.error = -1};

	(void)state;
	q.has_reuse_address = true;
	assert_int_equal(-EOPNOTSUPP, trial_bind(&q, &result));
	q = request(TRANSPORT_SCTP, "127.0.0.1", 20000);
	assert_int_equal(-EOPNOTSUPP, trial_bind(&q, &result));
	q = request(TRANSPORT_TCP, "127.0.0.1", 0);
	assert_int_equal(-EOPNOTSUPP, trial_bind(&q, &result));
	q = request(TRANSPORT_TCP, "127.0.0.1", 20000);
	q.netns = 1;
	assert_int_equal(-ENOENT, trial_bind(&q, &result));
	assert_int_equal(-1, result.error);
}

static void test_steps(void **state)
{
	struct trial_request q = request(TRANSPORT_TCP, "198.51.100.77", 20000);

	(void)state;
	expect(&q, TRIAL_BIND, EADDRNOTAVAIL);
	q = request(TRANSPORT_TCP, "127.0.0.1", 20000);
	q.device = "no-such-device";
	expect(&q, TRIAL_DEVICE, ENODEV);
}

static void test_user(void **state)
{
	struct trial_request q = request(TRANSPORT_TCP, "127.0.0.1", 20000);
	struct trial_result result = {.error = -1};

	(void)state;
	q.has_uid = true;
	q.uid = geteuid();
	expect(&q, TRIAL_BIND, 0);
	q.uid = 12345;
	if (geteuid() != 0) {
		assert_int_equal(-EPERM, trial_bind(&q, &result));
		return;
	}
	expect(&q, TRIAL_BIND, 0);
	assert_int_equal(0, geteuid());
	q.port = 7; /* privileged, unless this system says otherwise */
	assert_int_equal(0, trial_bind(&q, &result));
	assert_true(result.error == EACCES || result.error == 0 || result.error == EADDRINUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken), cmocka_unit_test(test_udp),
		cmocka_unit_test(test_never_tried), cmocka_unit_test(test_steps),
		cmocka_unit_test(test_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
