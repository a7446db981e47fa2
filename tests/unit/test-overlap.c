/* Two bound addresses: every pair, both ways round where they agree. */
#include "query/overlap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *wanted, *there; /* "[::]" takes IPv4, "::" does not, "?::" is not known */
	const char *wanted_device, *there_device;
	enum maybe stream, datagram;
	enum overlap_kind kind;
};

#define N MAYBE_NO
#define Y MAYBE_YES
#define U MAYBE_UNKNOWN
#define SAME OVERLAP_SAME
#define WILD OVERLAP_WILDCARD
#define DUAL OVERLAP_DUAL_STACK

static const struct row rows[] = {
	{"127.0.0.1", "127.0.0.1", NULL, NULL, Y, Y, SAME},
	{"127.0.0.1", "127.0.0.2", NULL, NULL, N, N, SAME},
	{"127.0.0.1", "0.0.0.0", NULL, NULL, Y, Y, WILD},
	{"0.0.0.0", "127.0.0.1", NULL, NULL, Y, Y, WILD},
	{"0.0.0.0", "0.0.0.0", NULL, NULL, Y, Y, SAME},
	/* IPv6 among itself: the flag does not matter */
	{"::", "::", NULL, NULL, Y, Y, SAME},
	{"[::]", "::", NULL, NULL, Y, Y, SAME},
	{"::1", "::", NULL, NULL, Y, Y, WILD},
	{"[::]", "::1", NULL, NULL, Y, Y, WILD},
	{"::1", "::2", NULL, NULL, N, N, SAME},
	/* a dual stack, a single one, and one that is not known */
	{"0.0.0.0", "[::]", NULL, NULL, Y, Y, DUAL},
	{"0.0.0.0", "::", NULL, NULL, N, N, DUAL},
	{"0.0.0.0", "?::", NULL, NULL, U, U, DUAL},
	{"127.0.0.1", "[::]", NULL, NULL, Y, Y, DUAL},
	{"[::]", "127.0.0.1", NULL, NULL, Y, Y, DUAL},
	{"::", "127.0.0.1", NULL, NULL, N, N, DUAL},
	{"[::]", "0.0.0.0", NULL, NULL, Y, Y, DUAL},
	{"::1", "0.0.0.0", NULL, NULL, N, N, DUAL},
	{"127.0.0.1", "::1", NULL, NULL, N, N, DUAL},
	/* a connection of a dual stack has an IPv4 half: 127.0.0.6 */
	{"0.0.0.0", "[::1]", NULL, NULL, Y, Y, DUAL},
	{"0.0.0.0", "?::1", NULL, NULL, U, U, DUAL},
	{"0.0.0.0", "::1", NULL, NULL, N, N, DUAL},
	{"127.0.0.6", "[::1]", NULL, NULL, N, Y, DUAL},
	{"127.0.0.6", "::1", NULL, NULL, N, N, DUAL},
	{"[::ffff:0.0.0.0]", "[::1]", NULL, NULL, N, N, DUAL},
	/* mapped addresses are IPv4 */
	{"[::ffff:127.0.0.1]", "127.0.0.1", NULL, NULL, Y, Y, SAME},
	{"127.0.0.1", "[::ffff:127.0.0.1]", NULL, NULL, Y, Y, SAME},
	{"[::ffff:127.0.0.1]", "[::]", NULL, NULL, Y, Y, DUAL},
	{"[::ffff:127.0.0.1]", "::", NULL, NULL, N, N, DUAL},
	{"[::ffff:127.0.0.1]", "0.0.0.0", NULL, NULL, Y, Y, WILD},
	{"::", "[::ffff:0.0.0.0]", NULL, NULL, N, N, DUAL},
	{"[::]", "[::ffff:0.0.0.0]", NULL, NULL, Y, Y, DUAL},
	/* devices */
	{"0.0.0.0", "0.0.0.0", "eth0", "eth1", N, N, SAME},
	{"0.0.0.0", "0.0.0.0", "eth0", "eth0", Y, Y, SAME},
	{"0.0.0.0", "0.0.0.0", "eth0", NULL, Y, Y, SAME},
	{"0.0.0.0", "0.0.0.0", NULL, "eth1", Y, Y, SAME},
	{"fe80::1", "fe80::1", "eth0", "eth1", N, N, SAME},
	{"fe80::1", "fe80::1", "eth0", "eth0", Y, Y, SAME},
	{"fe80::1", "::", "eth0", NULL, Y, Y, WILD},
};

static struct overlap_end end_of(const char *text, const char *device)
{
	struct overlap_end end = {.v6only = MAYBE_YES, .device = device};

	if (*text == '?')
		end.v6only = MAYBE_UNKNOWN;
	else if (*text == '[')
		end.v6only = MAYBE_NO;
	assert_int_equal(0, address_parse(text + (*text == '?'), &end.address));
	return end;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct row *r = &rows[i];
		const struct overlap_end a = end_of(r->wanted, r->wanted_device);
		const struct overlap_end b = end_of(r->there, r->there_device);
		enum overlap_kind kind = r->kind;

		print_message("%s beside %s\n", r->wanted, r->there);
		assert_int_equal(r->stream, overlap_judge(&a, &b, false, &kind));
		assert_int_equal(r->kind, kind);
		assert_int_equal(r->datagram, overlap_judge(&a, &b, true, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
