/* Claims as values: ports, addresses, days, names; the sorted set of them. */
#include "base/str.h"
#include "ledger/claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "NAME PORTS/PROTOCOLS [ADDRESS]" as a claim. */
static struct claim make(const char *name, const char *ports, const char *address)
{
	struct claim c = {.name = name, .level = CLAIM_LEVEL_LEDGER, .since = "2026-01-01"};
	char error[CLAIM_ERROR_SIZE] = "";

	assert_int_equal(claim_ports_parse(ports, &c.first, &c.last, &c.protocols, error), 0);
	if (address) {
		c.has_address = true;
		assert_int_equal(address_parse(address, &c.address), 0);
	}
	return c;
}

static void collisions_are_the_kernels(void **state)
{
	static const struct {
		const char *ports_a, *address_a, *ports_b, *address_b;
		bool collides;
	} rows[] = {
		{"8080/tcp", NULL, "8080/tcp", NULL, true},
		{"8080/tcp", NULL, "8080/udp", NULL, false},
		{"8080/tcp", NULL, "8081/tcp", NULL, false},
		{"8080/tcp,udp", NULL, "8080/udp", NULL, true},
		{"8000-8010/tcp", NULL, "8010-8020/tcp", NULL, true},
		{"8000-8010/tcp", NULL, "8011-8020/tcp", NULL, false},
		{"8000-8010/tcp", NULL, "8005/tcp", "127.0.0.1", true},
		{"80/tcp", "127.0.0.1", "80/tcp", "127.0.0.1", true},
		{"80/tcp", "127.0.0.1", "80/tcp", "127.0.0.2", false},
		{"80/tcp", "127.0.0.1", "80/tcp", "0.0.0.0", true},
		{"80/tcp", "127.0.0.1", "80/tcp", "::", true},
		{"80/tcp", "127.0.0.1", "80/tcp", "::1", false},
		{"80/tcp", "0.0.0.0", "80/tcp", "::1", false},
		{"80/tcp", "0.0.0.0", "80/tcp", "::", true},
		{"80/tcp", "::1", "80/tcp", "::", true},
		{"80/tcp", "::ffff:127.0.0.1", "80/tcp", "127.0.0.1", true},
		{"80/tcp", "fe80::1%2", "80/tcp", "fe80::1%3", false},
		{"80/tcp", "fe80::1%2", "80/tcp", "fe80::1", true},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct claim a = make("a", rows[i].ports_a, rows[i].address_a);
		struct claim b = make("b", rows[i].ports_b, rows[i].address_b);

		if (claim_collides(&a, &b) != rows[i].collides ||
		    claim_collides(&b, &a) != rows[i].collides)
			fail_msg("row %zu", i);
	}
}

static void covers_what_a_socket_would_take(void **state)
{
	struct claim c = make("web", "8000-8010/tcp", "127.0.0.1");
	struct address all, other;

	(void)state;
	assert_int_equal(address_parse("0.0.0.0", &all), 0);
	assert_int_equal(address_parse("192.0.2.1", &other), 0);
	assert_true(claim_covers(&c, 8005, TRANSPORT_TCP, NULL));
	assert_true(claim_covers(&c, 8005, TRANSPORT_MPTCP, &all));
	assert_false(claim_covers(&c, 8005, TRANSPORT_TCP, &other));
	assert_false(claim_covers(&c, 8005, TRANSPORT_UDP, NULL));
	assert_false(claim_covers(&c, 8011, TRANSPORT_TCP, NULL));
}

static void days_decide(void **state)
{
	struct claim c = make("web", "80/tcp", NULL);
	char date[CLAIM_DATE_SIZE];

	(void)state;
	assert_int_equal(claim_state(&c, "2999-01-01"), CLAIM_ACTIVE);
	c.until = "2026-03-01";
	assert_int_equal(claim_state(&c, "2026-03-01"), CLAIM_ACTIVE); /* its last day */
	assert_int_equal(claim_state(&c, "2026-03-02"), CLAIM_EXPIRED);
	c.is_retired = true;
	assert_int_equal(claim_state(&c, "2026-03-02"), CLAIM_RETIRED);
	assert_true(claim_date_is_good("2024-02-29"));
	assert_true(claim_date_is_good("9999-12-31"));
	assert_false(claim_date_is_good("2100-02-29"));
	assert_false(claim_date_is_good("2026-13-01"));
	assert_false(claim_date_is_good("2026-00-10"));
	assert_false(claim_date_is_good("2026-04-31"));
	assert_false(claim_date_is_good("2023-02-29"));
	assert_false(claim_date_is_good("2023-2-9"));
	assert_false(claim_date_is_good("2023-02-01x"));
	assert_false(claim_date_is_good(""));
	assert_string_equal(claim_date_format(0, date), "1970-01-01");
}

static void names_follow_the_rfc(void **state)
{
	(void)state;
	assert_int_equal(claim_name_check("web"), CLAIM_NAME_GOOD);
	assert_int_equal(claim_name_check("9p-server"), CLAIM_NAME_GOOD);
	assert_int_equal(claim_name_check("abcdefghijklmno"), CLAIM_NAME_GOOD);
	assert_int_equal(claim_name_check("abcdefghijklmnop"), CLAIM_NAME_WIDE);
	assert_int_equal(claim_name_check(""), CLAIM_NAME_BAD);
	assert_int_equal(claim_name_check("8080"), CLAIM_NAME_BAD);
	assert_int_equal(claim_name_check("-web"), CLAIM_NAME_BAD);
	assert_int_equal(claim_name_check("web-"), CLAIM_NAME_BAD);
	assert_int_equal(claim_name_check("we--b"), CLAIM_NAME_BAD);
	assert_int_equal(claim_name_check("we_b"), CLAIM_NAME_BAD);
	assert_int_equal(claim_name_check("w\xc3\xa9"), CLAIM_NAME_BAD);
	assert_true(claim_text_is_good("two words, \xc3\xa9"));
	assert_false(claim_text_is_good("two\nlines"));
	assert_false(claim_text_is_good("\x1b[31m"));
	assert_false(claim_text_is_good("\xff"));
	assert_false(claim_text_is_good(""));
}

static void ports_are_read_as_typed(void **state)
{
	static const char *const bad[] = {"",      "x",       "65536",    "8080/",   "8080/tcp,",
					  "10-9",  "8080/ip", "-1",       "1-",      "80/tcp,tcp",
					  "80/ t", "80 /tcp", "80/mptcp", "80/tcp/", "+80"};
	char error[CLAIM_ERROR_SIZE], text[CLAIM_PORTS_SIZE];
	uint16_t first = 7, last = 7;
	transport_set set = 7;
	struct claim c;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		error[0] = '\0';
		assert_int_equal(claim_ports_parse(bad[i], &first, &last, &set, error), -22);
		assert_true(error[0] && first == 7 && last == 7 && set == 7);
	}
	assert_int_equal(claim_ports_parse("53", &first, &last, &set, error), 0);
	assert_int_equal(set, 0);
	c = make("dns", "53/udp,TCP", NULL);
	assert_string_equal(claim_ports_format(&c, text), "53/tcp,udp");
	c = make("dns", "0-65535/dccp", NULL);
	assert_string_equal(claim_ports_format(&c, text), "0-65535/dccp");
}

/* What a cursor gives, as "name name". */
static const char *list(const struct claims *all, uint16_t first, uint16_t last, char *out)
{
	const struct claim *one;
	size_t cursor = 0;

	out[0] = '\0';
	while ((one = claims_next_in(all, first, last, &cursor)) != NULL)
		snprintf(out + strlen(out), 200 - strlen(out), "%s%s", *out ? " " : "", one->name);
	assert_null(claims_next_in(all, first, last, &cursor));
	return out;
}

static void the_set_is_searched(void **state)
{
	struct arena arena;
	struct claims all;
	struct claim rows[] = {make("zeta", "9000/tcp", NULL), make("wide", "1000-9500/udp", NULL),
			       make("Alpha", "9000/tcp", NULL), make("beta", "80/tcp", NULL),
			       make("alpha", "443/tcp", NULL)};
	struct claim wanted = make("x", "9000/tcp", NULL);
	const struct claim *one;
	char text[200];
	size_t cursor = 0;

	(void)state;
	rows[0].level = 0;
	rows[0].until = "2026-01-05";
	arena_init(&arena);
	claims_init(&all, &arena);
	assert_true(claims_finish(&all));
	assert_string_equal(list(&all, 80, 80, text), "");
	assert_null(claims_next_named(&all, "alpha", &cursor));
	claims_init(&all, &arena);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_true(claims_add(&all, &rows[i]));
	assert_true(claims_finish(&all));
	assert_string_equal(list(&all, 0, 65535, text), "beta alpha wide zeta Alpha");
	assert_string_equal(list(&all, 9000, 9000, text), "wide zeta Alpha");
	assert_string_equal(list(&all, 80, 80, text), "beta");
	assert_string_equal(list(&all, 81, 442, text), "");
	assert_string_equal(list(&all, 9501, 65535, text), "");
	cursor = 0;
	one = claims_next_named(&all, "ALPHA", &cursor);
	assert_int_equal(one->first, 443);
	one = claims_next_named(&all, "ALPHA", &cursor);
	assert_int_equal(one->first, 9000);
	assert_null(claims_next_named(&all, "ALPHA", &cursor));
	assert_null(claims_next_named(&all, "ALPHA", &cursor));
	assert_string_equal(claims_find_collision(&all, &wanted, "2026-01-05", NULL)->name, "zeta");
	one = claims_find_collision(&all, &wanted, "2026-01-06", NULL);
	assert_string_equal(one->name, "Alpha");
	assert_null(claims_find_collision(&all, &wanted, "2026-01-06", one));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collisions_are_the_kernels),
		cmocka_unit_test(covers_what_a_socket_would_take),
		cmocka_unit_test(days_decide),
		cmocka_unit_test(names_follow_the_rfc),
		cmocka_unit_test(ports_are_read_as_typed),
		cmocka_unit_test(the_set_is_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
