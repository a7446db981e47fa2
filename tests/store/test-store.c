/*
 * The conformance suite: what store.h promises, of every store. The store in memory is the
 * reference; the others must do the same in a long run of random requests.
 */
#include "base/str.h"
#include "ledger/ledger.h"
#include "ledger/store-sqlite.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 100 };

static char directory[] = "/tmp/berth-store-XXXXXX";
static char path[64];

/* A fresh store of each kind. */
struct kind {
	const char *name;
	int (*open)(struct store **out);
	bool lasts; /* closing and opening it again finds everything */
};

static int open_database(struct store **out)
{
	return store_open_sqlite(path, WAIT_MS, out);
}

static const struct kind kinds[] = {
	{"memory", store_open_memory, false},
	{"sqlite", open_database, true},
};

static const struct kind *kind_of(void **state)
{
	return *state;
}

static struct store *open_store(void **state)
{
	struct store *s = NULL;

	assert_int_equal(kind_of(state)->open(&s), 0);
	return s;
}

static int clean(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static struct claim make(const char *name, const char *ports, const char *address)
{
	struct claim c = {.name = name, .since = "2026-01-01"};
	char error[CLAIM_ERROR_SIZE];

	assert_int_equal(claim_ports_parse(ports, &c.first, &c.last, &c.protocols, error), 0);
	c.has_address = address != NULL;
	if (address)
		assert_int_equal(address_parse(address, &c.address), 0);
	return c;
}

/* A claim with everything that it can have. */
static struct claim make_full(void)
{
	struct claim c = make("full", "8000-8010/tcp,udp", "fe80::1%3");

	c.owner = "alice; DROP TABLE claim";
	c.scope = "host7";
	c.until = "2026-12-31";
	c.program = "nginx,caddy";
	c.reason = "the shop\xe2\x80\x99s 'front'";
	c.is_retired = true;
	return c;
}

static int append_claim(void *context, int64_t id, const struct claim *c)
{
	char address[ADDRESS_TEXT_SIZE] = "*", ports[CLAIM_PORTS_SIZE];
	struct str *out = context;

	if (c->has_address)
		address_format(&c->address, address);
	str_printf(out, "%d|%s|%s|%s|%s|%s|%s|%s|%s|%s|%d\n", (int)id, c->name,
		   claim_ports_format(c, ports), address, c->owner ? c->owner : "-",
		   c->scope ? c->scope : "-", c->since, c->until ? c->until : "-",
		   c->program ? c->program : "-", c->reason ? c->reason : "-", c->is_retired);
	assert_int_equal(c->level, CLAIM_LEVEL_LEDGER);
	assert_string_equal(c->source, "ledger");
	return 0;
}

static int append_entry(void *context, const struct ledger_entry *e)
{
	str_printf(context, "%d|%d|%d|%s|%s|%s|%s|%s\n", (int)e->number, (int)e->at_ns, (int)e->uid,
		   e->user, e->action, e->name, e->ports, e->detail ? e->detail : "-");
	return 0;
}

/* Everything in it, in a transaction that is open. */
static void dump(struct store *s, struct str *out)
{
	struct store_state now;

	str_clear(out);
	assert_int_equal(store_state(s, &now), 0);
	str_printf(out, "generation %d\n", (int)now.generation);
	assert_int_equal(store_each(s, append_claim, out), 0);
	assert_int_equal(store_each_entry(s, 1000000, append_entry, out), 0);
}

static void expect(struct store *s, const char *wanted)
{
	BERTH_CLEANUP(str_fini) struct str text = {0};

	assert_int_equal(store_begin(s), 0);
	dump(s, &text);
	store_rollback(s);
	assert_string_equal(str_text(&text), wanted);
}

static void a_new_store_is_empty(void **state)
{
	struct store *s = open_store(state);
	struct store_state now;

	expect(s, "generation 0\n");
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_state(s, &now), 0);
	assert_true(now.identity != 0);
	assert_int_equal(store_commit(s), 0);
	expect(s, "generation 0\n"); /* nothing was changed */
	store_close(s);
}

static void what_is_committed_is_there(void **state)
{
	static const char *const wanted =
		"generation 1\n"
		"1|web|80/tcp|*|-|-|2026-01-01|-|-|-|0\n"
		"2|full|8000-8010/tcp,udp|fe80::1%3|alice; DROP TABLE claim|host7|2026-01-01|"
		"2026-12-31|nginx,caddy|the shop\xe2\x80\x99s 'front'|1\n"
		"1|7|1000|alice|claim|web|80/tcp|-\n";
	const struct ledger_entry entry = {99, 7, 1000, "alice", "claim", "web", "80/tcp", NULL};
	struct claim plain = make("web", "80/tcp", NULL), full = make_full();
	struct store *s = open_store(state);
	struct store_state now;
	int64_t id = 0;

	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_insert(s, &plain, &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(store_insert(s, &full, &id), 0);
	assert_int_equal(id, 2);
	assert_int_equal(store_log(s, &entry), 0);
	assert_int_equal(store_state(s, &now), 0);
	assert_int_equal(now.generation, 1); /* as it will be */
	assert_int_equal(store_commit(s), 0);
	expect(s, wanted);
	if (kind_of(state)->lasts) {
		store_close(s);
		s = open_store(state);
		expect(s, wanted);
	}
	store_close(s);
}

static void what_is_taken_back_is_not(void **state)
{
	struct claim plain = make("web", "80/tcp", NULL);
	struct store *s = open_store(state);
	int64_t id = 0;

	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_insert(s, &plain, &id), 0);
	store_rollback(s);
	expect(s, "generation 0\n");
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_insert(s, &plain, &id), 0);
	store_close(s); /* in the middle of it */
	s = open_store(state);
	expect(s, "generation 0\n");
	store_close(s);
}

static void numbers_are_never_given_again(void **state)
{
	struct claim plain = make("web", "80/tcp", NULL);
	struct store *s = open_store(state);
	int64_t first = 0, second = 0;

	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_insert(s, &plain, &first), 0);
	assert_int_equal(store_remove(s, first), 0);
	assert_int_equal(store_remove(s, first), -ENOENT);
	assert_int_equal(store_commit(s), 0);
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_remove(s, first), -ENOENT);
	assert_int_equal(store_commit(s), 0);
	expect(s, "generation 1\n");
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_insert(s, &plain, &second), 0);
	assert_true(second > first);
	assert_int_equal(store_commit(s), 0);
	expect(s, "generation 2\n2|web|80/tcp|*|-|-|2026-01-01|-|-|-|0\n");
	store_close(s);
}

static void the_newest_lines_are_told(void **state)
{
	BERTH_CLEANUP(str_fini) struct str text = {0};
	struct ledger_entry entry = {0, 0, 0, "a", "claim", "n", "1/tcp", "d"};
	struct store *s = open_store(state);

	assert_int_equal(store_begin(s), 0);
	for (int i = 0; i < 5; i++) {
		entry.at_ns = 10 - i; /* a clock that goes backwards */
		assert_int_equal(store_log(s, &entry), 0);
	}
	assert_int_equal(store_each_entry(s, 2, append_entry, &text), 0);
	assert_string_equal(str_text(&text), "4|7|0|a|claim|n|1/tcp|d\n5|6|0|a|claim|n|1/tcp|d\n");
	str_clear(&text);
	assert_int_equal(store_each_entry(s, 0, append_entry, &text), 0);
	assert_string_equal(str_text(&text), "");
	store_close(s);
}

static void what_cannot_be_is_refused(void **state)
{
	struct claim good = make("web", "80/tcp", NULL), bad[7];
	struct store *s = open_store(state);
	int64_t id = 77;

	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		bad[i] = good;
	bad[0].name = "";
	bad[1].name = NULL;
	bad[2].protocols = 0;
	bad[3].protocols = TRANSPORT_BIT(TRANSPORT_UDPLITE);
	bad[4].first = 81;
	bad[5].since = "yesterday";
	bad[6].until = "2026-02-30";
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		assert_int_equal(store_begin(s), 0);
		assert_int_equal(store_insert(s, &bad[i], &id), -EINVAL);
		store_rollback(s);
	}
	expect(s, "generation 0\n");
	store_close(s);
}

static void outside_a_transaction_nothing_works(void **state)
{
	const struct ledger_entry entry = {0, 0, 0, "a", "claim", "n", "1/tcp", NULL};
	struct claim plain = make("web", "80/tcp", NULL);
	struct store *s = open_store(state);
	struct store_state now;
	int64_t id;

	assert_int_equal(store_insert(s, &plain, &id), -EINVAL);
	assert_int_equal(store_remove(s, 1), -EINVAL);
	assert_int_equal(store_log(s, &entry), -EINVAL);
	assert_int_equal(store_state(s, &now), -EINVAL);
	assert_int_equal(store_commit(s), -EINVAL);
	store_rollback(s); /* fine */
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_begin(s), -EINVAL);
	store_rollback(s);
	store_close(s);
}

static int stop_at_second(void *context, int64_t id, const struct claim *c)
{
	(void)c;
	*(int *)context += 1;
	return id == 2 ? 42 : 0;
}

static void a_walk_can_be_ended(void **state)
{
	struct claim plain = make("web", "80/tcp", NULL);
	struct store *s = open_store(state);
	int64_t id;
	int n = 0;

	assert_int_equal(store_begin(s), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_insert(s, &plain, &id), 0);
	assert_int_equal(store_each(s, stop_at_second, &n), 42);
	assert_int_equal(n, 2);
	store_close(s);
}

/* One random request to the rules, the same for both stores, from a seed. */
static int request(struct store *s, unsigned int seed, struct str *out)
{
	static const char *const names[] = {"a1", "b2", "c3", "d4"};
	static const char *const addresses[] = {NULL, NULL, "127.0.0.1", "0.0.0.0", "::", "::1"};
	unsigned int first = 100 + seed / 7 % 12, last = first + (seed % 5 == 0 ? seed % 4 : 0);
	struct ledger_writer writer = {.uid = 1, .user = "alice",
				       .now_ns = 1767312000000000000 +
						 (int64_t)(seed % 40) * 86400000000000};
	char ports[40], until[CLAIM_DATE_SIZE];
	const char *words[] = {seed % 2 ? names[seed / 3 % 4] : ports};
	struct ledger_result result;
	struct claim wanted;
	struct arena arena;
	int r;

	snprintf(ports, sizeof(ports), "%u-%u/tcp", first, last);
	if (first == last)
		snprintf(ports, sizeof(ports), "%u/%s", first, seed % 3 ? "tcp" : "tcp,udp");
	wanted = make(names[seed % 4], ports, addresses[seed / 11 % 6]);
	wanted.owner = seed % 13 == 0 ? "bob" : NULL;
	wanted.until = seed % 3 ? NULL
				: claim_date_format(writer.now_ns + (int64_t)(seed % 9) *
								    86400000000000, until);
	arena_init(&arena);
	assert_int_equal(store_begin(s), 0);
	r = seed % 10 < 7 ? ledger_claim(s, &wanted, 1, &writer, &arena, &result)
			  : ledger_unclaim(s, words, 1, &writer, &arena, &result);
	assert_int_equal(r, 0);
	str_printf(out, "%u: %d %s %zu %zu\n", seed, (int)result.outcome,
		   result.message ? result.message : "-", result.n, result.n_entries);
	if (result.outcome == LEDGER_DONE && seed % 17)
		assert_int_equal(store_commit(s), 0);
	else
		store_rollback(s);
	arena_fini(&arena);
	return (int)result.outcome;
}

static void every_store_does_the_same(void **state)
{
	BERTH_CLEANUP(str_fini) struct str a = {0}, b = {0};
	struct store *reference = NULL, *s = open_store(state);
	unsigned int seed = 12345, n_done = 0;

	assert_int_equal(store_open_memory(&reference), 0);
	for (int i = 0; i < 400; i++) {
		seed = seed * 1103515245 + 12345;
		n_done += request(reference, seed >> 8, &a) == LEDGER_DONE;
		request(s, seed >> 8, &b);
	}
	assert_string_equal(str_text(&a), str_text(&b));
	assert_true(n_done > 50 && n_done < 350);
	assert_int_equal(store_begin(reference), 0);
	assert_int_equal(store_begin(s), 0);
	dump(reference, &a);
	dump(s, &b);
	assert_string_equal(str_text(&a), str_text(&b));
	store_close(reference);
	store_close(s);
}

#define TEST(function)                                                                             \
	{#function " (memory)", function, NULL, clean, (void *)(uintptr_t)&kinds[0]},              \
	{                                                                                          \
		#function " (sqlite)", function, NULL, clean, (void *)(uintptr_t)&kinds[1]         \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_store_is_empty),
		TEST(what_is_committed_is_there),
		TEST(what_is_taken_back_is_not),
		TEST(numbers_are_never_given_again),
		TEST(the_newest_lines_are_told),
		TEST(what_cannot_be_is_refused),
		TEST(outside_a_transaction_nothing_works),
		TEST(a_walk_can_be_ended),
		TEST(every_store_does_the_same),
	};
	int failed;

	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/claims.db", directory);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return failed;
}
