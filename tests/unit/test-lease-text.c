/* Text of leases, and which ports are picked. */
#include "act/clients-linux.h"
#include "act/lease-candidates.h"
#include "act/lease-text.h"
#include "answer/suggest.h"
#include "ledger/claims.h"
#include "registry/registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void wishes_are_parsed(void **state)
{
	static const struct {
		const char *text, *name;
		size_t n_spans;
		uint16_t first, last; /* of the last span */
	} rows[] = {
		{"web", "web", 0, 0, 0},
		{"web=1", "web", 1, 1, 1},
		{"a-b.c_d=8000-8010,65535", "a-b.c_d", 2, 65535, 65535},
		{"x=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "x", 16, 16, 16},
		{"x=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", NULL, 0, 0, 0},
		{"x=", NULL, 0, 0, 0},
		{"x=0", NULL, 0, 0, 0},
		{"x=2-1", NULL, 0, 0, 0},
		{"x=1-", NULL, 0, 0, 0},
		{"x=65536", NULL, 0, 0, 0},
		{"x= 1", NULL, 0, 0, 0},
		{"1x", NULL, 0, 0, 0},
		{"", NULL, 0, 0, 0},
		{"PORT", NULL, 0, 0, 0},
		{"a/b", NULL, 0, 0, 0},
		{"abcdefghijklmnopqrstuvwxyzabcdef", "abcdefghijklmnopqrstuvwxyzabcdef", 0, 0, 0},
		{"abcdefghijklmnopqrstuvwxyzabcdefg", NULL, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char error[LEASE_ERROR_SIZE];
		struct lease_wish w = {.n_spans = 0};
		int r = lease_wish_parse(rows[i].text, &w, error);

		assert_int_equal(r, rows[i].name ? 0 : -EINVAL);
		if (r < 0)
			continue;
		assert_string_equal(w.name, rows[i].name);
		assert_int_equal(w.n_spans, rows[i].n_spans);
		if (w.n_spans > 0) {
			assert_int_equal(w.spans[w.n_spans - 1].first, rows[i].first);
			assert_int_equal(w.spans[w.n_spans - 1].last, rows[i].last);
		}
	}
}

static void requests_are_parsed(void **state)
{
	static const struct {
		const char *text;
		uint32_t pid; /* 0 = refused */
	} rows[] = {
		{"4711\n", 4711}, {"2", 2}, {" \t4711 \r\n", 4711}, {"2147483647", INT32_MAX},
		{"2147483648", 0}, {"1\n", 0}, {"0\n", 0}, {"-1\n", 0}, {"+7", 0}, {"", 0},
		{"\n", 0}, {"7 7", 0}, {"0x7", 0}, {"000000000000000004711", 0},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint32_t pid = 0;
		int r = lease_request_parse(rows[i].text, strlen(rows[i].text), &pid);

		assert_int_equal(r, rows[i].pid ? 0 : -EINVAL);
		assert_int_equal(pid, rows[i].pid);
	}
}

static void names_are_exact(void **state)
{
	static const char *const good[] = {"berth/lease/tcp/1", "berth/lease/udp/65535",
					   "berth/leased/1/2/3/4/c/", "berth/leased/1/2/0/4/p/web"};
	static const char *const bad[] = {"berth/lease/tcp/0", "berth/lease/tcp/01",
					  "berth/lease/tcp/65536", "berth/lease/tcp/1/",
					  "berth/lease/sctp/1", "berth/leased/1/2/3/4/x/",
					  "berth/leased/1/2/3/4/c", "berth/leased/1/0/3/4/c/",
					  "berth/leased/1/2/3/4/c/a b", "xberth/lease/tcp/1", ""};
	struct lease_name name;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++)
		assert_int_equal(lease_name_parse(good[i], &name), 0);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(lease_name_parse(bad[i], &name), -EINVAL);
}

static void long_arguments_are_refused(void **state)
{
	static const struct lease_wish wish = {.name = "w"};
	const uint16_t port = 12346;
	struct str argument = {0}, out = {0};

	(void)state;
	for (size_t i = 0; i < 30000; i++)
		str_append(&argument, "{w}");
	assert_int_equal(lease_fill(str_text(&argument), &wish, &port, 1, &out), -E2BIG);
	assert_true(out.length <= LEASE_ARGUMENT_MOST + 8);
	str_fini(&argument);
	str_fini(&out);
}

static void status_is_read(void **state)
{
	struct client_status s;

	(void)state;
	assert_int_equal(client_parse_status("Name:\tUid: 7\nState:\tZ (zombie)\nUid:\t1\t2\t3\t4\n"
					     "NSpid:\t4711\t9\t2\n", &s), 0);
	assert_int_equal(s.uid, 1);
	assert_int_equal(s.effective_uid, 2);
	assert_int_equal(s.depth, 3);
	assert_int_equal(s.innermost_pid, 2);
	assert_int_equal(s.state, 'Z');
	assert_int_equal(client_parse_status("State:\tR\nUid:\t1\t1\n", &s), -EBADMSG);
	assert_int_equal(client_parse_status("", &s), -EBADMSG);
}

/* --- pick ------------------------------------------------------------------------------------ */

struct bench {
	struct arena arena;
	struct registry registry;
	struct claims claims;
};

static void set_up(struct bench *b)
{
	static const struct claim mine = {.name = "web", .protocols = TRANSPORT_BIT(TRANSPORT_TCP),
					  .first = 13500, .last = 13509, .source = "x"};
	struct claim other = mine;
	const char *reason;

	*b = (struct bench){.arena = {0}};
	assert_int_equal(registry_open_builtin(&b->registry, &reason), 0);
	other.name = "other";
	other.first = 13510;
	other.last = 13519;
	claims_init(&b->claims, &b->arena);
	assert_true(claims_add(&b->claims, &mine));
	assert_true(claims_add(&b->claims, &other));
	other.until = "2020-01-01";
	other.first = 13530;
	other.last = 13539;
	assert_true(claims_add(&b->claims, &other));
	assert_true(claims_finish(&b->claims));
}

static struct lease_ports pick(struct bench *b, const struct live_span *span, const char *name,
			     const struct live_rules *rules)
{
	const struct lease_candidates_request q = {.registry = &b->registry, .claims = &b->claims,
				       .today = "2026-08-17", .rules = rules, .spans = span,
				       .n_spans = span ? 1 : 0, .name = name, .seed = 7};
	struct lease_ports pool;

	assert_int_equal(lease_candidates(&q, &b->arena, &pool), 0);
	return pool;
}

static size_t n_unassigned(const struct bench *b)
{
	size_t n = 0;

	for (uint16_t port = SUGGEST_FIRST; port <= SUGGEST_LAST; port++)
		n += registry_status(&b->registry, port, TRANSPORT_TCP) == REGISTRY_UNASSIGNED &&
		     registry_status(&b->registry, port, TRANSPORT_UDP) == REGISTRY_UNASSIGNED;
	assert_true(n > 1454 && n < 2590); /* long runs only; all of them */
	return n;
}

/* The unassigned ports, without the twenty claimed ones; each once. */
static void the_usual_pool(void **state)
{
	const struct live_rules rules = {.has_ephemeral = true, .ephemeral = {32768, 60999}};
	static bool seen[65536];
	struct lease_ports pool;
	struct bench b;

	(void)state;
	set_up(&b);
	pool = pick(&b, NULL, "", &rules);
	assert_int_equal(pool.n, n_unassigned(&b) - 20);
	assert_int_equal(pool.n_claimed, 20);
	for (size_t i = 0; i < pool.n; i++) {
		assert_false(seen[pool.ports[i]]);
		seen[pool.ports[i]] = true;
		assert_int_equal(registry_status(&b.registry, pool.ports[i], TRANSPORT_TCP),
				 REGISTRY_UNASSIGNED);
	}
	assert_int_equal(pick(&b, NULL, "WEB", &rules).n, n_unassigned(&b) - 10);
	registry_close(&b.registry);
	arena_fini(&b.arena);
}

static void ephemeral_ports_are_left_out(void **state)
{
	static const struct live_span reserved = {13700, 13709}, range = {40000, 40009};
	struct live_rules rules = {.has_ephemeral = true, .ephemeral = {13500, 60999}};
	struct lease_ports pool;
	struct bench b;

	(void)state;
	set_up(&b);
	pool = pick(&b, NULL, "", &rules);
	assert_false(pool.is_ephemeral);
	for (size_t i = 0; i < pool.n; i++)
		assert_true(pool.ports[i] < 13500);
	rules.ephemeral.first = 1024;
	rules.has_reserved = true;
	rules.reserved = &reserved;
	rules.n_reserved = 1;
	assert_int_equal(pick(&b, NULL, "", &rules).n, 10);
	rules.n_reserved = 0;
	pool = pick(&b, NULL, "", &rules);
	assert_true(pool.is_ephemeral);
	assert_int_equal(pool.n, n_unassigned(&b) - 20);
	assert_int_equal(pick(&b, &range, "", &rules).n, 10);
	registry_close(&b.registry);
	arena_fini(&b.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wishes_are_parsed),	     cmocka_unit_test(requests_are_parsed),
		cmocka_unit_test(names_are_exact),
		cmocka_unit_test(long_arguments_are_refused),
		cmocka_unit_test(status_is_read),	     cmocka_unit_test(the_usual_pool),
		cmocka_unit_test(ephemeral_ports_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
