#include "registry/builder.h"
#include "registry/diff.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ROWS = 4 };

/* A registry of a few rows of 7/tcp unless they say otherwise. */
struct world {
	struct registry_row rows[MAX_ROWS];
	size_t n;
};

#define TCP(n) .has_ports = true, .first = (n), .last = (n), .has_protocol = true
#define FREE(a, b)                                                                                 \
	{.has_ports = true, .first = (a), .last = (b), .status = REGISTRY_UNASSIGNED,              \
	 .description = "Unassigned"}

static void open_world(const struct world *w, const char *as_of, struct str *bytes,
		       struct registry *out)
{
	struct registry_source source = {.source = "test", .names_as_of = as_of, .is_exact = true};
	struct registry_builder *b = registry_builder_new();
	const char *reason = NULL;

	registry_builder_source(b, &source);
	for (size_t i = 0; i < w->n; i++) {
		struct registry_row row = w->rows[i];

		row.names_as_of = row.details_as_of = as_of;
		assert_int_equal(registry_builder_row(b, &row), 0);
	}
	assert_int_equal(registry_builder_finish(b, bytes), 0);
	registry_builder_free(b);
	assert_int_equal(registry_open_memory(out, bytes->bytes, bytes->length, true, &reason), 0);
}

/* "kind before>after@date" for each change, separated by blanks; fillers in parentheses. */
static void describe(const struct registry *a, const struct registry *b, struct str *out)
{
	struct arena arena = {0};
	struct diff diff;

	assert_int_equal(diff_registries(a, b, &arena, &diff), 0);
	for (size_t i = 0; i < diff.n; i++) {
		bool is_filler = diff_is_filler(a, b, &diff.changes[i]);
		struct history_entry e;

		diff_entry(a, b, &diff.changes[i], &e);
		str_printf(out, "%s%s%s %s>%s@%s%s", out->length ? " " : "", is_filler ? "(" : "",
			   history_kind_name(e.kind), e.name_before ? e.name_before : "-",
			   e.name_after ? e.name_after : "-", e.date ? e.date : "?",
			   is_filler ? ")" : "");
		assert_int_equal(diff_is_history(a, b, &diff.changes[i]),
				 !is_filler && e.kind != HISTORY_EDITED && e.last != 0);
	}
	arena_fini(&arena);
}

static void test_kinds(void **state)
{
	static const struct {
		struct world before, after;
		const char *changes;
	} cases[] = {
		{{{{TCP(7), .name = "a"}}, 1}, {{{TCP(7), .name = "a"}}, 1}, ""},
		{{{{TCP(7), .name = "a"}}, 1},
		 {{{TCP(7), .name = "b", .modified = "2018-11-05"}}, 1},
		 "renamed a>b@2018-11-05"},
		{{{{TCP(7), .name = "a"}}, 1}, {{{TCP(7), .name = "b"}}, 1}, "renamed a>b@?"},
		{{{{TCP(7), .name = "a"}}, 1},
		 {{{TCP(7), .status = REGISTRY_RESERVED, .former = "a||2025-02-13",
		    .modified = "2025-03-01"}}, 1},
		 "status a>-@2025-02-13"},
		{{{{TCP(7), .status = REGISTRY_RESERVED}}, 1},
		 {{{TCP(7), .name = "b", .registered = "2026-01-02"}}, 1},
		 "status ->b@2026-01-02"},
		{{{{TCP(7), .status = REGISTRY_RESERVED}}, 1},
		 {{{TCP(7), .status = REGISTRY_UNASSIGNED}}, 1},
		 "status ->-@?"},
		{{{{TCP(7), .name = "a", .modified = "2001-01-01"}}, 1},
		 {{{TCP(7), .name = "a", .modified = "2002-02-02", .note = "x"}}, 1},
		 "re-dated a>a@2002-02-02"},
		{{{{TCP(7), .name = "a"}}, 1},
		 {{{TCP(7), .name = "a", .contact = "Jo"}}, 1},
		 "edited a>a@?"},
		{{{{TCP(7), .name = "a"}}, 1},
		 {{{TCP(7), .name = "a"}, {TCP(7), .name = "b"}}, 2},
		 "added ->b@?"},
		{{{{TCP(7), .name = "a"}, {TCP(7), .name = "b"}}, 2},
		 {{{TCP(7), .name = "b"}}, 1},
		 "removed a>-@?"},
		{{{FREE(4461, 4483)}, 1},
		 {{FREE(4461, 4479), {TCP(4480), .name = "agtp"}, FREE(4481, 4483)}, 3},
		 "(added ->-@?) (removed ->-@?) added ->agtp@? (added ->-@?)"},
		{{{{.name = "only"}}, 1}, {{{.name = "only", .note = "x"}, {.name = "more"}}, 2},
		 "added ->more@? edited only>only@?"},
		{{{{.name = "rdp"}, {.name = "rdp", .note = "other"}}, 2},
		 {{{.name = "rdp"}, {.name = "rdp", .note = "other"}}, 2},
		 ""},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		BERTH_CLEANUP(str_fini) struct str a = {0}, b = {0}, changes = {0};
		struct registry before, after;

		open_world(&cases[i].before, "2022-07-18", &a, &before);
		open_world(&cases[i].after, "2026-08-17", &b, &after);
		describe(&before, &after, &changes);
		assert_string_equal(str_text(&changes), cases[i].changes);
		registry_close(&before);
		registry_close(&after);
	}
}

static void test_dates_of_an_entry(void **state)
{
	static const struct world before = {{FREE(7, 7)}, 1};
	static const struct world after = {{{TCP(7), .name = "a"}}, 1};
	BERTH_CLEANUP(str_fini) struct str a = {0}, b = {0};
	struct registry old, new;
	struct arena arena = {0};
	struct history_entry e;
	struct diff diff;

	(void)state;
	open_world(&before, "2022-07-18", &a, &old);
	open_world(&after, "2026-08-17", &b, &new);
	assert_int_equal(diff_registries(&old, &new, &arena, &diff), 0);
	assert_int_equal(diff.n_rows_added, 1);
	assert_int_equal(diff.n_rows_removed, 1);
	for (size_t i = 0; i < diff.n; i++) {
		diff_entry(&old, &new, &diff.changes[i], &e);
		assert_string_equal(e.seen_before, "2022-07-18");
		assert_string_equal(e.seen_after, "2026-08-17");
		if (e.kind == HISTORY_ADDED)
			assert_int_equal(e.status_before, REGISTRY_UNASSIGNED);
	}
	arena_fini(&arena);
	registry_close(&old);
	registry_close(&new);
}

/* Entries of every port: none is missed, whatever the spans of the others. */
static void test_history(void **state)
{
	static const uint16_t spans[][2] = {{9, 9}, {1, 100}, {50, 60}, {50, 50}, {0, 0},
					    {65535, 65535}, {40, 65535}, {3, 4}};
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	struct registry_builder *b = registry_builder_new();
	const char *reason = NULL;
	struct history_entry e = {.kind = HISTORY_ADDED, .name_after = "x"};
	struct registry r;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(spans); i++) {
		e.first = spans[i][0];
		e.last = spans[i][1];
		assert_int_equal(registry_builder_history(b, &e), 0);
	}
	e.first = 70;
	e.last = 60;
	assert_int_equal(registry_builder_history(b, &e), -EINVAL);
	assert_int_equal(registry_builder_finish(b, &bytes), 0);
	registry_builder_free(b);
	assert_int_equal(registry_open_memory(&r, bytes.bytes, bytes.length, true, &reason), 0);
	assert_int_equal(history_count(&r), N_ELEMENTS(spans));
	assert_int_equal(history_get(&r, N_ELEMENTS(spans), &e), -ENOENT);
	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		uint32_t cursor = 0;
		size_t n = 0, wanted = 0;

		for (size_t i = 0; i < N_ELEMENTS(spans); i++)
			wanted += spans[i][0] <= port && port <= spans[i][1];
		while (history_next(&r, (uint16_t)port, &cursor, &e)) {
			assert_true(e.first <= port && port <= e.last);
			n++;
		}
		assert_int_equal(n, wanted);
	}
	registry_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_dates_of_an_entry),
		cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
