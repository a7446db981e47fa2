/* The rules of a ledger, on the store in memory: renewal, expiry, clocks, all or nothing. */
#include "ledger/claims-image.h"
#include "ledger/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DAY_NS INT64_C(86400000000000)
#define NOON (INT64_C(20500) * DAY_NS + DAY_NS / 2) /* 2026-02-16 */

static struct arena arena;

static int set_up(void **state)
{
	struct store *s = NULL;

	arena_init(&arena);
	assert_int_equal(store_open_memory(&s), 0);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	store_close(*state);
	arena_fini(&arena);
	return 0;
}

static struct claim make(const char *name, const char *ports)
{
	struct claim c = {.name = name, .since = "1999-01-01"};
	char error[CLAIM_ERROR_SIZE];

	assert_int_equal(claim_ports_parse(ports, &c.first, &c.last, &c.protocols, error), 0);
	return c;
}

/* Claim in a transaction that is committed when something was done. */
static struct ledger_result claim_at(struct store *s, const struct claim *wanted, size_t n,
				     int64_t now_ns)
{
	const struct ledger_writer writer = {.uid = 7, .user = "alice", .now_ns = now_ns};
	struct ledger_result result;

	assert_int_equal(store_begin(s), 0);
	assert_int_equal(ledger_claim(s, wanted, n, &writer, &arena, &result), 0);
	if (result.outcome == LEDGER_DONE)
		assert_int_equal(store_commit(s), 0);
	else
		store_rollback(s);
	return result;
}

static struct ledger_result unclaim(struct store *s, const char *a, const char *b)
{
	const struct ledger_writer writer = {.uid = 7, .user = "alice", .now_ns = NOON};
	const char *const words[] = {a, b};
	struct ledger_result result;

	assert_int_equal(store_begin(s), 0);
	assert_int_equal(ledger_unclaim(s, words, b ? 2 : 1, &writer, &arena, &result), 0);
	if (result.outcome == LEDGER_DONE)
		assert_int_equal(store_commit(s), 0);
	else
		store_rollback(s);
	return result;
}

static int append_name(void *context, int64_t id, const struct claim *c)
{
	char *text = context;

	(void)id;
	snprintf(text + strlen(text), 200 - strlen(text), "%s%s %u", *text ? ", " : "", c->name,
		 c->first);
	return 0;
}

static void expect(struct store *s, const char *wanted)
{
	char text[200] = "";

	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_each(s, append_name, text), 0);
	store_rollback(s);
	assert_string_equal(text, wanted);
}

static void a_claim_gets_its_day_and_owner(void **state)
{
	struct claim web = make("web", "80/tcp");
	struct ledger_result r = claim_at(*state, &web, 1, NOON);

	assert_int_equal(r.outcome, LEDGER_DONE);
	assert_string_equal(r.claims[0].since, "2026-02-16"); /* not what the request says */
	assert_string_equal(r.claims[0].owner, "alice");
	assert_string_equal(r.entries[0].action, "claim");
	assert_int_equal(r.entries[0].uid, 7);
}

static void all_or_nothing(void **state)
{
	struct claim first = make("web", "80/tcp");
	struct claim both[] = {make("shop", "443/tcp"), make("shop", "80/tcp")};
	struct ledger_result r;

	assert_int_equal(claim_at(*state, &first, 1, NOON).outcome, LEDGER_DONE);
	r = claim_at(*state, both, 2, NOON);
	assert_int_equal(r.outcome, LEDGER_COLLIDES);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.n_entries, 0);
	assert_string_equal(r.message, "80/tcp is taken: web 80/tcp, of alice (ledger)");
	expect(*state, "web 80");
	assert_int_equal(unclaim(*state, "web", "shop").outcome, LEDGER_NOT_FOUND);
	expect(*state, "web 80");
}

static void the_last_day_is_the_last(void **state)
{
	struct claim brief = make("brief", "80/tcp"), next = make("next", "80/tcp");
	struct ledger_result r;

	brief.until = "2026-02-17";
	assert_int_equal(claim_at(*state, &brief, 1, NOON).outcome, LEDGER_DONE);
	assert_int_equal(claim_at(*state, &next, 1, NOON + DAY_NS).outcome, LEDGER_COLLIDES);
	r = claim_at(*state, &next, 1, NOON + 2 * DAY_NS);
	assert_int_equal(r.outcome, LEDGER_DONE);
	assert_string_equal(r.entries[0].action, "expire");
	assert_string_equal(r.entries[1].action, "claim");
	expect(*state, "next 80");
}

/* What gave way stays gone, and nobody else loses a claim, however far back the clock goes. */
static void a_clock_that_goes_back_revives_nobody(void **state)
{
	struct claim brief = make("brief", "80/tcp"), next = make("next", "80/tcp");
	struct claim idle = make("idle", "81/tcp");
	struct ledger_result r;

	brief.until = idle.until = "2026-02-17";
	assert_int_equal(claim_at(*state, &brief, 1, NOON).outcome, LEDGER_DONE);
	assert_int_equal(claim_at(*state, &idle, 1, NOON).outcome, LEDGER_DONE);
	assert_int_equal(claim_at(*state, &next, 1, NOON + 9 * DAY_NS).outcome, LEDGER_DONE);
	r = claim_at(*state, &brief, 1, NOON);
	assert_int_equal(r.outcome, LEDGER_COLLIDES);
	/* Expired and wanted by nobody meanwhile: it is there as before. */
	next = make("next", "81/tcp");
	assert_int_equal(claim_at(*state, &next, 1, NOON - 400 * DAY_NS).outcome, LEDGER_COLLIDES);
	expect(*state, "idle 81, next 80");
}

static void renewal_keeps_what_is_not_said(void **state)
{
	struct claim web = make("web", "80/tcp"), again = make("WEB", "80/tcp");
	struct ledger_result r;

	web.owner = "team-a";
	web.reason = "the shop";
	assert_int_equal(claim_at(*state, &web, 1, NOON).outcome, LEDGER_DONE);
	r = claim_at(*state, &again, 1, NOON + DAY_NS);
	assert_int_equal(r.outcome, LEDGER_DONE);
	assert_int_equal(r.n_entries, 0);
	again.until = "2026-12-31";
	r = claim_at(*state, &again, 1, NOON + DAY_NS);
	assert_string_equal(r.entries[0].action, "renew");
	assert_string_equal(r.claims[0].name, "web");
	assert_string_equal(r.claims[0].since, "2026-02-16");
	assert_string_equal(r.claims[0].owner, "team-a");
	assert_string_equal(r.claims[0].reason, "the shop");
	again.owner = "team-b";
	assert_int_equal(claim_at(*state, &again, 1, NOON).outcome, LEDGER_COLLIDES);
	expect(*state, "web 80");
}

static void retired_ports_are_nobodys(void **state)
{
	struct claim old = make("old", "80/tcp"), again = make("old", "80/tcp");

	old.is_retired = true;
	assert_int_equal(claim_at(*state, &old, 1, NOON).outcome, LEDGER_DONE);
	assert_int_equal(claim_at(*state, &again, 1, NOON).outcome, LEDGER_COLLIDES);
}

static void senseless_requests_are_refused(void **state)
{
	struct claim bad[6];

	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		bad[i] = make("web", "80/tcp");
	bad[0].name = "we_b";
	bad[1].until = "2026-02-15";
	bad[2].until = "soon";
	bad[3].owner = "a\nb";
	bad[4].protocols = 0;
	bad[5].reason = "";
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(claim_at(*state, &bad[i], 1, NOON).outcome, LEDGER_REFUSED);
	assert_int_equal(claim_at(*state, bad, 0, NOON).outcome, LEDGER_REFUSED);
	bad[0] = bad[1] = make("web", "80/tcp");
	assert_int_equal(claim_at(*state, bad, 2, NOON).outcome, LEDGER_REFUSED); /* twice */
	expect(*state, "");
}

static void words_name_claims(void **state)
{
	struct claim all[] = {make("web", "80/tcp"), make("web", "443/tcp,udp"),
			      make("9p", "564/tcp"), make("range", "600-610/tcp")};

	assert_int_equal(claim_at(*state, all, 4, NOON).outcome, LEDGER_DONE);
	assert_int_equal(unclaim(*state, "605", NULL).outcome, LEDGER_NOT_FOUND);
	assert_int_equal(unclaim(*state, "443/udp", NULL).outcome, LEDGER_NOT_FOUND);
	assert_int_equal(unclaim(*state, "80/udp", NULL).outcome, LEDGER_NOT_FOUND);
	assert_int_equal(unclaim(*state, "web", "443").n, 2); /* one of them named twice */
	expect(*state, "9p 564, range 600");
	assert_int_equal(unclaim(*state, "9P", "600-610/tcp").outcome, LEDGER_DONE);
	expect(*state, "");
}

static void the_image_is_of_the_transaction(void **state)
{
	const struct ledger_writer writer = {.user = "alice", .now_ns = NOON};
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	struct claim web = make("web", "80/tcp"), one;
	struct store *s = *state;
	struct ledger_result result;
	const char *reason = NULL;
	struct claims_image image;

	assert_int_equal(store_begin(s), 0);
	assert_int_equal(ledger_claim(s, &web, 1, &writer, &arena, &result), 0);
	assert_int_equal(ledger_image(s, NOON, &bytes), 0);
	store_rollback(s);
	assert_int_equal(claims_image_open_memory(&image, bytes.bytes, bytes.length,
						  CLAIM_LEVEL_LEDGER, &reason), 0);
	assert_int_equal(claims_image_n(&image), 1);
	assert_int_equal(claims_image_get(&image, 0, &one), 0);
	assert_string_equal(one.name, "web");
	assert_int_equal(claims_image_head(&image).generation, 1);
	assert_int_equal(claims_image_head(&image).written_ns, NOON);
	claims_image_close(&image);
	expect(s, "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_claim_gets_its_day_and_owner),
		TEST(all_or_nothing),
		TEST(the_last_day_is_the_last),
		TEST(a_clock_that_goes_back_revives_nobody),
		TEST(renewal_keeps_what_is_not_said),
		TEST(retired_ports_are_nobodys),
		TEST(senseless_requests_are_refused),
		TEST(words_name_claims),
		TEST(the_image_is_of_the_transaction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
