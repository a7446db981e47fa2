/*
 * The map of all ports: the cells of ports of every kind, over the built-in registry and a world in
 * the words of a recording; its counts against the registry's own; what is drawn and what is told.
 */
#include "ledger/claims.h"
#include "live/recording.h"
#include "registry/registry.h"
#include "render/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TODAY "2026-08-17"

static const char world[] =
	"berth-world 1\n"
	"namespace 1 here\n"
	"namespace 2 name=box container=abc\n"
	"rules ephemeral=32768-60999 unprivileged=1024 reserved=40000-40009\n"
	"process 7 program=permify path=/usr/bin/permify\n"
	"process 8 program=nginx path=/usr/sbin/nginx\n"
	"socket tcp listener 127.0.0.1:3476 owners=7:3\n"
	"socket tcp listener 0.0.0.0:14600 owners=8:3\n"
	"socket tcp listener 0.0.0.0:14601 ns=2\n"
	"socket udp listener 0.0.0.0:50000\n"
	"socket tcp bound 127.0.0.1:14602 owners=8:4\n"
	"published tcp 9000-9002 by=nftables to=10.0.0.2 ports=80-82\n";

/* A world, claims and their map. */
struct scene {
	struct arena arena;
	struct registry registry;
	struct live_snapshot live;
	struct claims claims;
	struct answer_sources from;
	struct map *map;
};

static const struct claim own[] = {
	{.name = "shop", .protocols = TRANSPORT_BIT(TRANSPORT_TCP), .first = 14600, .last = 14602,
	 .since = "2026-01-01", .program = "shopd", .source = "x"},
	{.name = "gone", .protocols = TRANSPORT_BIT(TRANSPORT_TCP), .first = 14610, .last = 14610,
	 .since = "2025-01-01", .until = "2025-12-31", .source = "x"},
	{.name = "old", .protocols = TRANSPORT_BIT(TRANSPORT_TCP), .first = 14611, .last = 14611,
	 .since = "2025-01-01", .is_retired = true, .source = "x"},
};

static void set_up(struct scene *s, const char *text)
{
	struct live_request request = live_request_default();
	struct recording recording;
	char error[RECORDING_ERROR_SIZE];
	const char *reason;

	*s = (struct scene){.map = NULL};
	assert_int_equal(registry_open_builtin(&s->registry, &reason), 0);
	if (recording_read(text, strlen(text), "world", &s->arena, &recording, error) != 0)
		fail_msg("%s", error);
	assert_int_equal(recording_select(&recording, &request, &s->arena, &s->live), 0);
	claims_init(&s->claims, &s->arena);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		assert_true(claims_add(&s->claims, &own[i]));
	assert_true(claims_finish(&s->claims));
	s->from = (struct answer_sources){.registry = &s->registry, .live = &s->live,
					  .claims = &s->claims, .today = TODAY};
	s->map = arena_alloc(&s->arena, sizeof(*s->map));
	assert_non_null(s->map);
	assert_true(answer_index(&s->from, &s->arena));
	assert_int_equal(map_fill(&s->from, &s->arena, s->map), 0);
}

static void tear_down(struct scene *s)
{
	registry_close(&s->registry);
	arena_fini(&s->arena);
}

static void test_cells(void **state)
{
#define B(flag) MAP_BIT(MAP_##flag)
	static const struct {
		uint16_t port, is;
		const char *why;
	} rows[] = {
		{0, B(RESERVED) | B(BLOCKED), "reserved by RFC 6335, refused by browsers"},
		{22, B(ASSIGNED) | B(BLOCKED) | B(KNOWN), "ssh"},
		{1023, B(RESERVED), "reserved under every protocol"},
		{3476, B(ASSIGNED) | B(KNOWN) | B(LISTENING), "nppmp; Permify at loopback"},
		{6697, B(ASSIGNED) | B(BLOCKED), "reserved for udp, but named for tcp"},
		{6001, B(ASSIGNED), "inside the range of x11"},
		{14935, 0, "nobody's"},
		{14600, B(CLAIMED) | B(LISTENING) | B(EXPOSED) | B(CONFLICT), "the wrong program"},
		{14601, B(CLAIMED), "a listener inside a container does not count"},
		{14602, B(CLAIMED), "bound is not listening"},
		{14610, 0, "the claim is over"},
		{14611, B(CLAIMED), "retired for good"},
		{9000, B(ASSIGNED) | B(KNOWN) | B(LISTENING) | B(EXPOSED), "published"},
		{9002, B(ASSIGNED) | B(LISTENING) | B(EXPOSED), "the last of a published range"},
		{32770, B(ASSIGNED) | B(EPHEMERAL), "filenet-rpc, in the kernel's range"},
		{40000, B(ASSIGNED) | B(KEPT), "kept out of it"},
		{50000, B(EPHEMERAL), "a UDP client most likely"},
		{60999, B(EPHEMERAL), "the last one of it"},
		{61000, 0, "behind it"},
		{65535, 0, "the last one"},
	};
#undef B
	struct scene s;

	(void)state;
	set_up(&s, world);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint16_t is = s.map->cells[rows[i].port];

		/* Known uses come and go with the table: only what the row says must be there. */
		if (!(rows[i].is & MAP_BIT(MAP_KNOWN)))
			is &= (uint16_t)~MAP_BIT(MAP_KNOWN);
		if (is != rows[i].is)
			fail_msg("%u (%s): %x, not %x", rows[i].port, rows[i].why, is, rows[i].is);
	}
	tear_down(&s);
}

/* As `berth ranges` counts, and as a count of cells does. */
static void test_counts(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, world);
	for (unsigned int range = 0; range < N_REGISTRY_RANGES; range++) {
		struct registry_counts counts =
			registry_counts(&s.registry, (enum registry_range)range);

		assert_int_equal(s.map->by_range[range][MAP_ASSIGNED], counts.n_named);
		assert_int_equal(s.map->by_range[range][MAP_KNOWN], counts.n_known);
	}
	for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++) {
		uint32_t n = 0, in_runs = 0, cursor = 0;
		struct live_span run;

		for (uint32_t port = 0; port < MAP_CELLS; port++)
			n += (s.map->cells[port] & MAP_BIT(flag)) != 0;
		while (map_next_run(s.map, (enum map_flag)flag, &cursor, &run))
			in_runs += (uint32_t)run.last - run.first + 1;
		assert_int_equal(s.map->counts[flag], n);
		assert_int_equal(in_runs, n);
	}
	assert_int_equal(s.map->counts[MAP_LISTENING], 5);
	assert_int_equal(s.map->counts[MAP_EPHEMERAL], 60999 - 32768 + 1 - 10);
	tear_down(&s);
}

static void test_blind(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, "berth-world 1\ncould-look no\n");
	assert_false(s.map->could_look);
	assert_int_equal(s.map->counts[MAP_LISTENING], 0);
	assert_int_equal(s.map->counts[MAP_EPHEMERAL], 0);
	assert_int_equal(s.map->counts[MAP_CLAIMED], 4);
	tear_down(&s);
}

static const struct map_words words = {
	.language = "en", .title = "a <title> & \"more\"", .description = "what it is",
	.ranges = {"system", "user", "dynamic"},
	.layers = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	.vacant = "nobody's", .footer = "as of <then>", .thousands = '.',
};

static size_t occurrences(const char *text, const char *word)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, word)); at++)
		n++;
	return n;
}

static void test_picture(void **state)
{
	struct map_svg svg = {.words = &words, .is_alone = true};
	struct str out = {0}, again = {0};
	struct scene s;

	(void)state;
	set_up(&s, world);
	svg.map = s.map;
	assert_int_equal(map_write_svg(&svg, &out), 0);
	assert_int_equal(map_write_svg(&svg, &again), 0);
	assert_string_equal(str_text(&out), str_text(&again));
	assert_non_null(strstr(str_text(&out), "a &lt;title&gt; &amp; &quot;more&quot;"));
	assert_non_null(strstr(str_text(&out), "as of &lt;then&gt;"));
	assert_null(strstr(str_text(&out), "<title>a <"));
	assert_non_null(strstr(str_text(&out), "6.350"));
	assert_null(strstr(str_text(&out), "href="));
	/* Port 3476 is in row 13, column 148; 14600 in row 57, column 8. */
	assert_non_null(strstr(str_text(&out), "M594 48h0a6 6 0 0 1 0 12h-0a6 6 0 0 1 0-12z"));
	assert_non_null(strstr(str_text(&out),
			       "map-conflict\" fill=\"#b3261e\"><path d=\"M32 228h4v4h-4z\""));
	svg.is_alone = false;
	str_clear(&out);
	assert_int_equal(map_write_svg(&svg, &out), 0);
	assert_int_equal(occurrences(str_text(&out), "<a href=\"#row-"), MAP_SIDE);
	assert_null(strstr(str_text(&out), "<style"));
	str_fini(&out);
	str_fini(&again);
	tear_down(&s);
}

/* The worst that can listen: every second port. */
static void test_size(void **state)
{
	struct map_svg svg = {.words = &words, .is_alone = true};
	struct str out = {0};
	struct scene s;

	(void)state;
	set_up(&s, world);
	for (uint32_t port = 0; port < MAP_CELLS; port += 2)
		s.map->cells[port] |= MAP_BIT(MAP_LISTENING);
	svg.map = s.map;
	assert_int_equal(map_write_svg(&svg, &out), 0);
	assert_true(out.length < 1024 * 1024);
	tear_down(&s);
	str_clear(&out);
	set_up(&s, world);
	svg.map = s.map;
	assert_int_equal(map_write_svg(&svg, &out), 0);
	assert_true(out.length < 64 * 1024);
	str_fini(&out);
	tear_down(&s);
}

static void test_layers(void **state)
{
	struct str out = {0};
	struct scene s;

	(void)state;
	set_up(&s, world);
	assert_int_equal(map_write_layers(s.map, &out), 0);
	assert_non_null(strstr(str_text(&out), "\"listening\":[3476,3476,9000,9002,14600,14600]"));
	assert_non_null(strstr(str_text(&out), "\"claimed\":[14600,14602,14611,14611]"));
	assert_non_null(strstr(str_text(&out), "\"ephemeral\":[32768,39999,40010,60999]"));
	assert_non_null(strstr(str_text(&out), "\"exposed\":[9000,9002,14600,14600]"));
	assert_non_null(strstr(str_text(&out), "\"conflict\":[14600,14600]"));
	str_fini(&out);
	tear_down(&s);
}

static void test_row(void **state)
{
	struct str out = {0};
	struct scene s;

	(void)state;
	set_up(&s, world);
	assert_int_equal(map_write_row(&s.from, s.map, 13, &s.arena, &out), 0);
	assert_non_null(strstr(str_text(&out),
			       "{\"port\":3476,\"is\":[\"assigned\",\"known\",\"listening\"],"
			       "\"names\":[\"nppmp\"],"));
	assert_non_null(strstr(str_text(&out), "\"here\":[\"permify\"]"));
	assert_null(strstr(str_text(&out), "\"port\":3327"));
	assert_null(strstr(str_text(&out), "\"port\":3584"));
	str_clear(&out);
	assert_int_equal(map_write_row(&s.from, s.map, 255, &s.arena, &out), 0);
	assert_non_null(strstr(str_text(&out), "\"row\":255,\"ports\":["));
	str_fini(&out);
	tear_down(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),  cmocka_unit_test(test_counts),
		cmocka_unit_test(test_blind),  cmocka_unit_test(test_picture),
		cmocka_unit_test(test_size),   cmocka_unit_test(test_layers),
		cmocka_unit_test(test_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
