/* The collector's parts: frames, claims, faces as they travel; what a look is compared with. */
#include "act/atlas-pipe.h"
#include "act/collector-claims.h"
#include "act/collector-faces.h"
#include "act/collector-look.h"
#include "act/collector.h"
#include "live/recording.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- frames ---------------------------------------------------------------------------------- */

static void frame_round_trip(void **state)
{
	const struct atlas_frame sent = {ATLAS_PORT, 3476, "payload", 7};
	struct str bytes = {0};
	struct atlas_frame got;
	size_t used;

	(void)state;
	atlas_frame_write(&sent, &bytes);
	atlas_frame_write(&(struct atlas_frame){ATLAS_WATCH, 1, NULL, 0}, &bytes);
	assert_int_equal(bytes.length, 16 + 7 + 16);
	for (size_t n = 0; n < 16 + 7; n++)
		assert_int_equal(atlas_frame_read(bytes.bytes, n, 7, &got, &used), 0);
	assert_int_equal(atlas_frame_read(bytes.bytes, bytes.length, 7, &got, &used), 1);
	assert_int_equal(used, 16 + 7);
	assert_int_equal(got.kind, ATLAS_PORT);
	assert_int_equal(got.argument, 3476);
	assert_int_equal(got.n, 7);
	assert_memory_equal(got.bytes, "payload", 7);
	assert_int_equal(atlas_frame_read(bytes.bytes + used, 16, 0, &got, &used), 1);
	assert_int_equal(got.kind, ATLAS_WATCH);
	str_fini(&bytes);
}

static void frame_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{"x", 1}, {"bAtx", 4},
		{"bAtl\0\0\0\0\0\0\0\0\0\0\0\0", 16},             /* no such kind */
		{"bAtl\x08\0\0\0\0\0\0\0\0\0\0\0", 16},
		{"bAtl\x3f\0\0\0\0\0\0\0\0\0\0\0", 16},
		{"bAtl\x44\0\0\0\0\0\0\0\0\0\0\0", 16},
		{"bAtl\x40\0\0\0\0\0\0\0\x08\0\0\0", 16},          /* longer than allowed */
		{"bAtl\x40\0\0\0\0\0\0\0\xff\xff\xff\xff", 16},
	};
	struct atlas_frame got;
	size_t used;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_int_equal(atlas_frame_read(rows[i].bytes, rows[i].n, 7, &got, &used),
				 -EPROTO);
}

static void time_round_trip(void **state)
{
	static const int64_t times[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1760000000123456789};
	char bytes[ATLAS_TIME_SIZE];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(times); i++) {
		atlas_time_write(times[i], bytes);
		assert_true(atlas_time_read(bytes) == times[i]);
	}
}

/* --- claims ---------------------------------------------------------------------------------- */

static const struct claim some_claims[] = {
	{.name = "web", .protocols = 1, .first = 80, .last = 81, .owner = "a \"b\" # c",
	 .reason = "it's # so", .source = "x y/ports.claims:3", .level = 2},
	{.name = "web", .protocols = 2, .first = 80, .last = 81, .until = "2999-01-01",
	 .is_retired = true, .source = "ports.claims:4", .level = 0},
	{.name = "mine", .protocols = 1, .first = 90, .last = 90, .since = "2026-01-01",
	 .source = "ledger", .level = CLAIM_LEVEL_LEDGER},
	{.name = "all", .protocols = 3, .first = 91, .last = 99, .since = "2026-01-01",
	 .scope = "s", .program = "p", .source = "system ledger", .level = CLAIM_LEVEL_SYSTEM,
	 .has_address = true, .address = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}},
};

static void same_text(const char *a, const char *b)
{
	assert_true((a == NULL) == (b == NULL));
	if (a && b)
		assert_string_equal(a, b);
}

static void same_claim(const struct claim *a, const struct claim *b)
{
	same_text(a->name, b->name);
	same_text(a->owner, b->owner);
	same_text(a->scope, b->scope);
	same_text(a->since, b->since);
	same_text(a->until, b->until);
	same_text(a->program, b->program);
	same_text(a->reason, b->reason);
	same_text(a->source, b->source);
	assert_int_equal(a->level, b->level);
	assert_int_equal(a->protocols, b->protocols);
	assert_int_equal(a->first, b->first);
	assert_int_equal(a->last, b->last);
	assert_int_equal(a->is_retired, b->is_retired);
	assert_int_equal(a->has_address, b->has_address);
	if (a->has_address)
		assert_true(address_is_equal(&a->address, &b->address));
}

static void claims_round_trip(void **state)
{
	struct str payloads[ATLAS_N_CLAIMS] = {{0}};
	struct claims before, after;
	struct arena arena = {0};

	(void)state;
	claims_init(&before, &arena);
	claims_init(&after, &arena);
	for (size_t i = 0; i < N_ELEMENTS(some_claims); i++)
		assert_true(claims_add(&before, &some_claims[i]));
	assert_true(claims_finish(&before));
	assert_int_equal(atlas_claims_write(&before, payloads), 0);
	for (unsigned int i = 0; i < ATLAS_N_CLAIMS; i++)
		assert_int_equal(atlas_claims_read(atlas_claims_argument(i), str_text(&payloads[i]),
						   payloads[i].length, &arena, &after),
				 0);
	assert_true(claims_finish(&after));
	assert_int_equal(after.n, before.n);
	for (size_t i = 0; i < after.n; i++)
		same_claim(&before.items[i], &after.items[i]);
	for (unsigned int i = 0; i < ATLAS_N_CLAIMS; i++)
		str_fini(&payloads[i]);
	arena_fini(&arena);
}

static void claims_refused(void **state)
{
	static const char *const rows[] = {
		"web 80/tcp\n",                         /* of nowhere */
		"# 16 a\nweb 80/tcp\n", "# x a\nweb 80/tcp\n", "#\nweb 80/tcp\n", "# 1\n",
		"# 0 a\nweb 80/tcp\nweb 81/tcp\n",      /* the second of nowhere */
		"# 0 a\ninclude /etc/passwd\n", "# 0 a\n\n", "# 0 a\nbad\n", "# 0 a\n\xff\n",
	};
	struct arena arena = {0};
	struct claims out;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		claims_init(&out, &arena);
		assert_int_equal(atlas_claims_read(ATLAS_CLAIMS_FILES, rows[i], strlen(rows[i]),
						   &arena, &out),
				 -EPROTO);
	}
	assert_int_equal(atlas_claims_read(CLAIM_LEVEL_LEDGER, "no image", 8, &arena, &out),
			 -EPROTO);
	arena_fini(&arena);
}

/* --- faces ----------------------------------------------------------------------------------- */

static void faces_file(void **state)
{
	static const char text[] = "22 1 2 3\n\nnonsense\n80 1 2\n443 1 2 3 4\n70000 1 1 1\n"
				   "90 1 2 -3\n91 1 2 3 \n65535 0 0 1000000000";
	struct faces *f = calloc(1, sizeof(*f));
	struct str out = {0};

	(void)state;
	assert_non_null(f);
	faces_parse(f, text, sizeof(text) - 1);
	assert_true(faces_count(f, 22, ATLAS_FACE_NO));
	assert_true(faces_count(f, 65535, ATLAS_FACE_NO));
	assert_false(faces_count(f, 22, 3));
	faces_format(f, &out);
	assert_string_equal(str_text(&out), "22 1 2 4\n91 1 2 3\n65535 0 0 1000000000\n");
	str_fini(&out);
	free(f);
}

/* --- looks ----------------------------------------------------------------------------------- */

/* A machine that is a recording, and another one when it is told. */
struct machine {
	struct source source;
	const char *world;
	int n_whole, n_points, n_cheap;
	uint32_t dead; /* a process that has ended */
};

static int64_t now;

static int64_t clock_ms(void)
{
	return now;
}

static int look(struct source *s, const struct live_request *request, struct arena *arena,
		struct live_snapshot *out)
{
	struct machine *m = (struct machine *)s;
	char error[RECORDING_ERROR_SIZE];
	struct recording r;

	if (request->want_only_sockets)
		m->n_cheap++;
	else if (request->first_port == request->last_port)
		m->n_points++;
	else
		m->n_whole++;
	assert_int_equal(recording_read(m->world, strlen(m->world), "w", arena, &r, error), 0);
	return recording_select(&r, request, arena, out);
}

static bool has_process(struct source *s, uint32_t pid)
{
	return ((struct machine *)s)->dead != pid;
}

static void close_machine(struct source *s)
{
	(void)s;
}

static struct source_ops ops = {.look = look, .close = close_machine, .has_process = has_process};

#define BEGIN "berth-world 1\nat 2026-08-17T09:30:00Z\nnamespace 1 here\nnamespace 2 name=box\n" \
	      "process 7 program=web\nprocess 8 program=db\n"
#define WEB "socket tcp listener 0.0.0.0:80 cookie=1 queue=0/8 owners=7:3\n"
#define DB "socket tcp listener 0.0.0.0:5432 cookie=2 owners=8:3\n"
#define FOREIGN "socket tcp listener 0.0.0.0:81 ns=2 cookie=3 owners=8:4\n"

/* One step: the machine is `world`, and a look at it is a `change` with the text of `wanted`. */
struct step {
	const char *world;
	int change, n_whole, n_points; /* looks made for it */
	const char *wanted;            /* NULL = as `world` */
};

static void check_text(const struct kept *k, const char *world)
{
	struct str got = {0}, wanted = {0};
	char error[RECORDING_ERROR_SIZE];
	struct arena arena = {0};
	struct recording r;

	assert_int_equal(recording_read(world, strlen(world), "w", &arena, &r, error), 0);
	assert_int_equal(recording_write(&r.snapshot, (struct recording_options){0}, &wanted), 0);
	assert_int_equal(recording_write(&k->snapshot, (struct recording_options){0}, &got), 0);
	assert_string_equal(str_text(&got), str_text(&wanted));
	str_fini(&got);
	str_fini(&wanted);
	arena_fini(&arena);
}

static void take_steps(struct machine *m, const struct step *steps, size_t n)
{
	struct kept *k = calloc(1, sizeof(*k));
	struct live_request request = live_request_default();

	assert_non_null(k);
	m->source.ops = &ops;
	now = 1000;
	for (size_t i = 0; i < n; i++) {
		m->world = steps[i].world;
		m->n_whole = m->n_points = 0;
		assert_int_equal(kept_look(k, &m->source, &request, clock_ms), steps[i].change);
		assert_int_equal(m->n_whole, steps[i].n_whole);
		assert_int_equal(m->n_points, steps[i].n_points);
		check_text(k, steps[i].wanted ? steps[i].wanted : steps[i].world);
		now += 750;
	}
	kept_fini(k);
	free(k);
}

#define STEPS(...)                                                                                 \
	do {                                                                                       \
		static const struct step steps[] = {__VA_ARGS__};                                  \
		struct machine m = {.n_whole = 0};                                                 \
		take_steps(&m, steps, N_ELEMENTS(steps));                                          \
	} while (0)

static void look_unchanged(void **state)
{
	(void)state;
	STEPS({BEGIN WEB DB, KEPT_CHANGED, 1, 0, NULL}, {BEGIN WEB DB, KEPT_SAME, 0, 0, NULL},
	      {BEGIN WEB DB, KEPT_SAME, 0, 0, NULL});
}

/* After a change, a whole look follows, which finds nothing else. */
static void look_new(void **state)
{
	(void)state;
	STEPS({BEGIN WEB, KEPT_CHANGED, 1, 0, NULL},
	      {BEGIN WEB DB FOREIGN, KEPT_CHANGED, 0, 2, NULL},
	      {BEGIN WEB DB FOREIGN, KEPT_SAME, 0, 0, NULL},
	      {BEGIN WEB DB FOREIGN, KEPT_SAME, 0, 0, NULL},
	      {BEGIN WEB DB FOREIGN, KEPT_SAME, 1, 0, NULL},
	      {BEGIN WEB DB FOREIGN, KEPT_SAME, 0, 0, NULL});
}

static void look_gone(void **state)
{
	(void)state;
	STEPS({BEGIN WEB DB, KEPT_CHANGED, 1, 0, NULL},
	      {BEGIN DB, KEPT_CHANGED, 0, 0, NULL}, {BEGIN, KEPT_CHANGED, 0, 0, NULL});
}

/* The same port, another socket. */
static void look_restarted(void **state)
{
	(void)state;
	STEPS({BEGIN WEB DB, KEPT_CHANGED, 1, 0, NULL},
	      {BEGIN "socket tcp listener 0.0.0.0:80 cookie=9 owners=8:9\n" DB, KEPT_CHANGED, 0, 1,
	       NULL});
}

static void look_queues(void **state)
{
#define FULL "socket tcp listener 0.0.0.0:80 cookie=1 queue=9/8 owners=7:3\n"
#define NEARLY "socket tcp listener 0.0.0.0:80 cookie=1 queue=8/8 owners=7:3\n"
	(void)state;
	STEPS({BEGIN WEB, KEPT_CHANGED, 1, 0, NULL}, {BEGIN FULL, KEPT_QUEUES, 0, 0, NULL},
	      {BEGIN FULL, KEPT_SAME, 0, 0, NULL}, {BEGIN NEARLY, KEPT_QUEUES, 0, 0, NULL},
	      {BEGIN WEB, KEPT_QUEUES, 0, 0, NULL});
}

static void look_many(void **state)
{
	static char world[8192];
	size_t n = strlen(BEGIN);
	struct step steps[2] = {{BEGIN WEB, KEPT_CHANGED, 1, 0, NULL},
				{world, KEPT_CHANGED, 1, 0, NULL}};
	struct machine m = {.n_whole = 0};

	(void)state;
	memcpy(world, BEGIN, n);
	for (int i = 0; i < 9; i++)
		n += (size_t)snprintf(world + n, sizeof(world) - n,
				      "socket tcp listener 0.0.0.0:%d cookie=%d owners=7:%d\n",
				      100 + i, 100 + i, i);
	take_steps(&m, steps, 2);
}

/* Owners that nobody sees but a whole look. */
static void look_owner_more(void **state)
{
#define SHARED "socket tcp listener 0.0.0.0:80 cookie=1 queue=0/8 owners=7:3,8:3\n"
	struct machine m = {.n_whole = 0};
	struct kept *k = calloc(1, sizeof(*k));
	struct live_request request = live_request_default();

	(void)state;
	assert_non_null(k);
	m.source.ops = &ops;
	m.world = BEGIN WEB;
	now = 0;
	assert_int_equal(kept_look(k, &m.source, &request, clock_ms), KEPT_CHANGED);
	m.world = BEGIN SHARED;
	now = COLLECTOR_WHOLE_MS - 1;
	assert_int_equal(kept_look(k, &m.source, &request, clock_ms), KEPT_SAME);
	now = COLLECTOR_WHOLE_MS;
	assert_int_equal(kept_look(k, &m.source, &request, clock_ms), KEPT_CHANGED);
	check_text(k, BEGIN SHARED);
	/* One of them ends: it is not shown until the next whole look. */
	m.world = BEGIN WEB;
	m.dead = 8;
	now++;
	for (int i = 1; i < KEPT_ALIVE_EVERY; i++)
		assert_int_equal(kept_look(k, &m.source, &request, clock_ms), KEPT_SAME);
	assert_int_equal(kept_look(k, &m.source, &request, clock_ms), KEPT_CHANGED);
	check_text(k, BEGIN WEB);
	kept_fini(k);
	free(k);
}

/* A search that does not find what a cheap look shows is not made again each time. */
static int look_never(struct source *s, const struct live_request *request, struct arena *arena,
		      struct live_snapshot *out)
{
	struct machine *m = (struct machine *)s;
	const char *world = m->world;
	int r;

	m->world = request->want_only_sockets ? world : BEGIN WEB;
	r = look(s, request, arena, out);
	m->world = world;
	return r;
}

static void look_hopeless(void **state)
{
	static const struct step steps[] = {
		{BEGIN WEB, KEPT_CHANGED, 1, 0, NULL}, {BEGIN WEB DB, KEPT_SAME, 0, 1, BEGIN WEB},
		{BEGIN WEB DB, KEPT_SAME, 0, 0, BEGIN WEB},
	};
	struct machine m = {.n_whole = 0};

	(void)state;
	ops.look = look_never;
	take_steps(&m, steps, N_ELEMENTS(steps));
	ops.look = look;
}

static void look_namespaces(void **state)
{
#define LESS "berth-world 1\nat 2026-08-17T09:30:00Z\nnamespace 1 here\n" \
	     "process 7 program=web\n"
	(void)state;
	STEPS({LESS WEB, KEPT_CHANGED, 1, 0, NULL},
	      {BEGIN WEB FOREIGN, KEPT_CHANGED, 0, 1, NULL}, {LESS WEB, KEPT_CHANGED, 0, 0, NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_round_trip), cmocka_unit_test(frame_refused),
		cmocka_unit_test(time_round_trip),  cmocka_unit_test(claims_round_trip),
		cmocka_unit_test(claims_refused),   cmocka_unit_test(faces_file),
		cmocka_unit_test(look_unchanged),   cmocka_unit_test(look_new),
		cmocka_unit_test(look_gone),	    cmocka_unit_test(look_restarted),
		cmocka_unit_test(look_queues),	    cmocka_unit_test(look_many),
		cmocka_unit_test(look_owner_more),  cmocka_unit_test(look_hopeless),
		cmocka_unit_test(look_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
