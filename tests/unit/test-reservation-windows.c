/* Whether a port is reserved for good: what Windows is asked, and what its answers mean. */
#include "live/reservation-windows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static ULONG error;
static ULONG64 told;
static USHORT first_be, n_ports;

static ULONG WINAPI look_up(USHORT first, USHORT n, PULONG64 token)
{
	first_be = first;
	n_ports = n;
	if (error == NO_ERROR)
		*token = told;
	return error;
}

static void test_rows(void **state)
{
	static const struct {
		ULONG error;
		ULONG64 token;
		int said;
	} rows[] = {
		{NO_ERROR, 0x1234567800000000, 1},
		{NO_ERROR, 0, 0}, /* a success that found nothing */
		{ERROR_NOT_FOUND, 1, 0},
		{ERROR_INVALID_PARAMETER, 1, -EINVAL},
		{ERROR_ACCESS_DENIED, 1, -EACCES},
		{ERROR_GEN_FAILURE, 1, -EIO},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		error = rows[i].error;
		told = rows[i].token;
		assert_int_equal(reservation_ask(look_up, 8010), rows[i].said);
		assert_int_equal(first_be, 0x4a1f); /* 0x1f4a, the other way round */
		assert_int_equal(n_ports, 1);
	}
}

/* Wine has none; where there is one, it knows nothing of a port that nobody reserved. */
static void test_system(void **state)
{
	const reservation_fn found[] = {reservation_find(TRANSPORT_TCP),
					     reservation_find(TRANSPORT_UDP)};

	(void)state;
	assert_int_equal(!found[0], !found[1]);
	for (size_t i = 0; i < N_ELEMENTS(found); i++) {
		if (found[i])
			assert_true(reservation_ask(found[i], 1) <= 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
					   cmocka_unit_test(test_system)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
