#include "base/arena.h"
#include "base/str.h"
#include "registry/search.h"
#include "helpers/tiny-registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct registry builtin;

static int open_builtin(void **state)
{
	const char *reason = NULL;

	(void)state;
	return registry_open_builtin(&builtin, &reason);
}

/* Words separated by '|'; returns the hits, which live in `arena`. */
static struct search_hits find(const struct registry *r, const char *words, struct arena *arena)
{
	char *copy = arena_strdup(arena, words);
	const char *list[SEARCH_MAX_WORDS];
	struct search_hits hits = {0};
	size_t n = 0;

	for (char *word; (word = strsep(&copy, "|")) && n < SEARCH_MAX_WORDS;)
		list[n++] = word;
	assert_int_equal(search_find(r, list, n, arena, &hits), 0);
	return hits;
}

/* A search, and the first row it must give. */
struct wanted {
	const char *words;
	const char *name;
	uint16_t port;
	enum search_rank rank;
};

static void test_first_hit(void **state)
{
	static const struct wanted cases[] = {
		{"ssh", "ssh", 22, SEARCH_EXACT},
		{"SSH", "ssh", 22, SEARCH_EXACT},
		{"postgres", "postgresql", 5432, SEARCH_PREFIX},
		{"nvidia", "nppmp", 3476, SEARCH_WORD},
		{"yeung", "nppmp", 3476, SEARCH_WORD},
		{"gilbert|yeung", "nppmp", 3476, SEARCH_WORD},
		{"gilbert yeung", "nppmp", 3476, SEARCH_WORD},
		{"mgmt|NVIDIA", "nppmp", 3476, SEARCH_WORD},
		{"http|berners", "www-http", 80, SEARCH_WORD},
		{"z39.50", "z39.50", 210, SEARCH_EXACT},
		{"whois++", "whois++", 63, SEARCH_EXACT},
		{"compressnet", NULL, 2, SEARCH_WORD},
		{"pointcast", "dnsix", 90, SEARCH_WORD},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		BERTH_CLEANUP(arena_fini) struct arena arena = {0};
		struct search_hits hits = find(&builtin, cases[i].words, &arena);
		struct registry_row row;
		size_t at = 0;

		while (at < hits.n && hits.hits[at].is_use) /* uses of the same rank come first */
			at++;
		if (at == hits.n)
			fail_msg("%s: not found", cases[i].words);
		assert_int_equal(registry_row(&builtin, hits.hits[at].id, &row), 0);
		if (row.first != cases[i].port || hits.hits[at].rank != cases[i].rank ||
		    (cases[i].name ? !row.name || strcmp(row.name, cases[i].name) != 0
				   : row.name != NULL))
			fail_msg("%s: %u %s, rank %d", cases[i].words, (unsigned int)row.first,
				 row.name ? row.name : "-", (int)hits.hits[at].rank);
	}
}

static bool holds(const char *text, const char *word)
{
	size_t n = strlen(word);

	while (text && *text && strncasecmp(text, word, n) != 0)
		text++;
	return text && *text;
}

/* What a plain look into every text finds, and nothing else. */
static void test_agrees_with_a_plain_look(void **state)
{
	static const char *const words[] = {"http",  "e", "nvidia", "RFC793", "\xe2",       "x",
					    "Cisco", "(", "\"",     "2015",   "unassigned", "zzzz"};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		BERTH_CLEANUP(arena_fini) struct arena arena = {0};
		struct search_hits hits = find(&builtin, words[i], &arena);
		size_t n = 0, n_plain = 0;

		for (size_t k = 0; k < hits.n; k++) {
			n += !hits.hits[k].is_use;
			assert_true(k == 0 || hits.hits[k].rank >= hits.hits[k - 1].rank);
		}
		for (uint32_t id = 0; id < registry_n_rows(&builtin); id++) {
			struct registry_row row;

			assert_int_equal(registry_row(&builtin, id, &row), 0);
			n_plain +=
				holds(row.name, words[i]) || holds(row.alias_of, words[i]) ||
				holds(row.description, words[i]) || holds(row.assignee, words[i]) ||
				holds(row.contact, words[i]) || holds(row.organization, words[i]) ||
				holds(row.references, words[i]) || holds(row.former, words[i]) ||
				holds(row.unauthorized_use, words[i]) || holds(row.note, words[i]);
		}
		assert_int_equal(n, n_plain);
	}
}

static void test_known_uses(void **state)
{
	static const struct {
		const char *words;
		size_t n_uses;
		enum search_rank first;
	} cases[] = {
		{"tool", 2, SEARCH_EXACT},       {"TOOLD", 1, SEARCH_EXACT},
		{"toold|http", 1, SEARCH_WORD},  {"oth", 1, SEARCH_PREFIX},
		{"said so", 1, SEARCH_WORD},     {"localhost:3476", 1, SEARCH_WORD},
		{"calhost", 1, SEARCH_REST},     {"linux", 1, SEARCH_WORD},
		{"tool|other", 1, SEARCH_EXACT}, {"toold|other", 0, SEARCH_EXACT},
	};
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	const char *reason = NULL;
	struct registry r;

	(void)state;
	tiny_registry_make(&bytes);
	assert_int_equal(registry_open_memory(&r, bytes.bytes, bytes.length, true, &reason), 0);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		BERTH_CLEANUP(arena_fini) struct arena arena = {0};
		struct search_hits hits = find(&r, cases[i].words, &arena);
		size_t n = 0;

		for (size_t k = 0; k < hits.n; k++)
			n += hits.hits[k].is_use;
		if (n != cases[i].n_uses)
			fail_msg("%s: %zu known uses", cases[i].words, n);
		if (n > 0)
			assert_int_equal(hits.hits[0].rank, cases[i].first);
	}
	registry_close(&r);
}

static void test_ranks(void **state)
{
	BERTH_CLEANUP(arena_fini) struct arena arena = {0};
	struct search_hits hits = find(&builtin, "http", &arena);
	size_t n[SEARCH_REST + 1] = {0};
	struct registry_row row;

	(void)state;
	for (size_t i = 0; i < hits.n; i++)
		n[hits.hits[i].rank]++;
	assert_true(n[SEARCH_EXACT] >= 5 && n[SEARCH_PREFIX] > 10 && n[SEARCH_WORD] > 10 &&
		    n[SEARCH_REST] > 1);
	for (size_t i = 0; i < hits.n; i++) {
		if (hits.hits[i].is_use || hits.hits[i].rank != SEARCH_EXACT)
			continue;
		assert_int_equal(registry_row(&builtin, hits.hits[i].id, &row), 0);
		assert_true(str_casecmp(row.name, "http") == 0 ||
			    (row.alias_of && str_casecmp(row.alias_of, "http") == 0));
	}
}

static void test_refused(void **state)
{
	BERTH_CLEANUP(arena_fini) struct arena arena = {0};
	const char *many[SEARCH_MAX_WORDS + 1], *empty[] = {"http", ""};
	struct search_hits hits;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(many); i++)
		many[i] = "a";
	assert_int_equal(search_find(&builtin, many, 0, &arena, &hits), -EINVAL);
	assert_int_equal(search_find(&builtin, many, N_ELEMENTS(many), &arena, &hits), -EINVAL);
	assert_int_equal(search_find(&builtin, empty, 2, &arena, &hits), -EINVAL);
	assert_int_equal(search_find(&builtin, many, SEARCH_MAX_WORDS, &arena, &hits), 0);
}

static void test_long_word(void **state)
{
	BERTH_CLEANUP(arena_fini) struct arena arena = {0};
	char *word = arena_alloc(&arena, 131072);
	const char *words[] = {word};
	struct search_suggestions near;
	struct search_hits hits;

	(void)state;
	memset(word, 'a', 131071);
	assert_int_equal(search_find(&builtin, words, 1, &arena, &hits), 0);
	assert_int_equal(hits.n, 0);
	search_suggest(&builtin, word, &near);
	assert_int_equal(near.n, 0);
}

static void test_suggestions(void **state)
{
	static const struct {
		const char *word, *first;
	} cases[] = {
		{"postgrsql", "postgresql"},
		{"nppmpp", "nppmp"},
		{"htpp", "http"},
		{"SSSH", "ssh"},
		{"imapss", "imaps"},
		{"mongod", "mongodb"},
		{"telent", "telnet"},
		{"sylsog", "syslog"},
	};
	struct search_suggestions near;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		bool is_found = false;

		search_suggest(&builtin, cases[i].word, &near);
		for (size_t k = 0; k < near.n; k++)
			is_found = is_found || strcmp(near.names[k], cases[i].first) == 0;
		if (!is_found)
			fail_msg("%s: %s is not suggested", cases[i].word, cases[i].first);
		assert_true(near.n <= SEARCH_MAX_SUGGESTIONS);
	}
	search_suggest(&builtin, "", &near);
	for (size_t k = 0; k < near.n; k++)
		assert_int_equal(strlen(near.names[k]), 1);
	search_suggest(&builtin, "nothing-like-this-at-all", &near);
	assert_int_equal(near.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_hit),   cmocka_unit_test(test_agrees_with_a_plain_look),
		cmocka_unit_test(test_known_uses),  cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_refused),     cmocka_unit_test(test_long_word),
		cmocka_unit_test(test_suggestions),
	};

	return cmocka_run_group_tests(tests, open_builtin, NULL);
}
