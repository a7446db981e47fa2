/* Events of listeners: what is told to whom, who is dropped, what Last-Event-ID gives. And labels
 * of metrics, which hold the same foreign bytes. */
#include "web/events.h"
#include "web/metrics.h"

#include "helpers/fake-link.h"
#include "helpers/tiny-registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "berth-world 1\nat 2026-08-17T09:30:00Z\nnamespace 4026531840 here\n"
#define SSH "socket tcp listener 0.0.0.0:22 queue=0/128 inode=20411 cookie=5\n"
#define WEB "socket tcp listener 0.0.0.0:80 queue=0/128 inode=20412 cookie=6\n"
#define OTHER_WEB "socket tcp listener 0.0.0.0:80 queue=0/128 inode=20413 cookie=7\n"

static struct {
	struct str image;
	struct registry registry;
	struct link *link;
	struct events *events;
	int64_t now_ms;
} all;

/* One reader, as a connection would be. */
struct client {
	struct events_reader *reader;
	int n_paused, n_resumed;
	char text[8192];
};

static int set_up(void **state)
{
	const char *reason;

	(void)state;
	all.image = (struct str){0};
	tiny_registry_make(&all.image);
	if (registry_open_memory(&all.registry, all.image.bytes, all.image.length, true,
				 &reason) < 0)
		return -1;
	all.link = fake_link_new(&all.registry, HEAD SSH);
	all.events = events_new(all.link, 2);
	all.now_ms = 1000000;
	return all.events ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	events_free(all.events);
	assert_int_equal(fake_link_n_views(all.link), 0);
	assert_false(fake_link_is_watched(all.link));
	fake_link_free(all.link);
	registry_close(&all.registry);
	str_fini(&all.image);
	return 0;
}

static void on_pause(void *context)
{
	((struct client *)context)->n_paused++;
}

static void on_resume(void *context)
{
	((struct client *)context)->n_resumed++;
}

static int join(struct client *c, const char *last_id)
{
	const struct events_waker waker = {on_pause, on_resume, c};

	return events_join(all.events, PAGE_SIGHT_PUBLIC, last_id, &waker, &c->reader);
}

/* Everything that is there, a few bytes at a time. Returns what the last read did. */
static long drain(struct client *c)
{
	size_t n = 0;
	long got;

	while ((got = events_read(c->reader, c->text + n, 7)) > 0) {
		n += (size_t)got;
		assert_true(n + 8 < sizeof(c->text));
	}
	c->text[n] = '\0';
	return got;
}

static void tick(void)
{
	all.now_ms += 1000;
	events_tick(all.events, all.now_ms);
}

static void change(const char *world)
{
	fake_link_change(all.link, world);
	events_changed(all.events, LINK_HERE);
	assert_true(events_is_due(all.events));
	tick();
}

static void tells_what_changes(void **state)
{
	struct client c = {.n_paused = 0};

	(void)state;
	assert_int_equal(join(&c, NULL), 0);
	assert_int_equal(drain(&c), 0);
	assert_non_null(strstr(c.text, "retry: 2000\n"));
	assert_non_null(strstr(c.text, "event: reset\n"));
	assert_int_equal(c.n_paused, 1);
	tick();
	assert_true(fake_link_is_watched(all.link));
	assert_int_equal(c.n_resumed, 1);
	assert_int_equal(drain(&c), 0);
	assert_non_null(strstr(c.text, "event: changed\ndata: {\"generation\":1}\n\n"));
	change(HEAD SSH WEB);
	assert_int_equal(drain(&c), 0);
	assert_non_null(strstr(c.text, "event: listener\ndata: {\"change\":\"added\","
				       "\"listener\":{"));
	assert_non_null(strstr(c.text, "\"port\":80,"));
	assert_null(strstr(c.text, "\"port\":22,"));
	assert_non_null(strstr(c.text, "data: {\"generation\":2}\n\n"));
	change(HEAD SSH OTHER_WEB); /* another socket at the same place */
	assert_int_equal(drain(&c), 0);
	assert_non_null(strstr(c.text, "{\"change\":\"removed\",\"listener\":{"));
	assert_non_null(strstr(c.text, "{\"change\":\"added\",\"listener\":{"));
	change(HEAD);
	assert_int_equal(drain(&c), 0);
	assert_null(strstr(c.text, "added"));
	assert_non_null(strstr(c.text, "\"port\":22,"));
	events_leave(c.reader);
}

/* The id of the last event of a text. */
static const char *last_id_of(const char *text, char *id, size_t size)
{
	const char *found = NULL;

	for (const char *at = text; (at = strstr(at, "id: ")) != NULL; at++)
		found = at + 4;
	assert_non_null(found);
	snprintf(id, size, "%.*s", (int)strcspn(found, "\n"), found);
	return id;
}

static void tells_what_was_missed(void **state)
{
	struct client c = {.n_paused = 0}, again = {.n_paused = 0};
	char id[64];

	(void)state;
	assert_int_equal(join(&c, NULL), 0);
	tick();
	assert_int_equal(drain(&c), 0);
	last_id_of(c.text, id, sizeof(id));
	c.reader = events_leave(c.reader);
	change(HEAD SSH WEB);
	assert_int_equal(join(&again, id), 0);
	assert_int_equal(drain(&again), 0);
	assert_null(strstr(again.text, "event: reset"));
	assert_non_null(strstr(again.text, "\"port\":80,"));
	again.reader = events_leave(again.reader);
	/* After that nobody looked for a while: what happened meanwhile is not known. */
	last_id_of(again.text, id, sizeof(id));
	tick();
	all.now_ms += EVENTS_INTEREST_MS;
	tick();
	assert_false(fake_link_is_watched(all.link));
	assert_int_equal(join(&again, id), 0);
	assert_int_equal(drain(&again), 0);
	assert_non_null(strstr(again.text, "event: reset"));
	again.reader = events_leave(again.reader);
	all.now_ms += EVENTS_INTEREST_MS;
	tick();
}

static void knows_its_own_ids(void **state)
{
	static const char *const ids[] = {"", "x", "00000000p1", "-", "zzzzzzzzp1",
					  "00000000p99999999999999999999999"};
	struct client c = {.n_paused = 0};
	char id[64];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(ids); i++) {
		assert_int_equal(join(&c, ids[i]), 0);
		assert_int_equal(drain(&c), 0);
		assert_non_null(strstr(c.text, "event: reset"));
		c.reader = events_leave(c.reader);
	}
	/* The other sight's events are others. */
	assert_int_equal(join(&c, NULL), 0);
	tick();
	assert_int_equal(drain(&c), 0);
	last_id_of(c.text, id, sizeof(id));
	events_leave(c.reader);
	*strchr(id, 'p') = 'f';
	assert_int_equal(join(&c, id), 0);
	assert_int_equal(drain(&c), 0);
	assert_non_null(strstr(c.text, "event: reset"));
	events_leave(c.reader);
	all.now_ms += EVENTS_INTEREST_MS;
	tick();
}

static void drops_who_is_too_slow(void **state)
{
	struct client fast = {.n_paused = 0}, slow = {.n_paused = 0};

	(void)state;
	assert_int_equal(join(&fast, NULL), 0);
	assert_int_equal(join(&slow, NULL), 0);
	tick();
	assert_int_equal(drain(&slow), 0);
	for (int i = 0; i < EVENTS_KEPT_MOST; i++) {
		change(i % 2 ? HEAD SSH : HEAD SSH WEB);
		assert_int_equal(drain(&fast), 0);
	}
	assert_int_equal(drain(&slow), -EPIPE);
	events_leave(slow.reader);
	events_leave(fast.reader);
	all.now_ms += EVENTS_INTEREST_MS;
	tick();
}

static void is_bounded(void **state)
{
	struct client c[3] = {{.n_paused = 0}};

	(void)state;
	assert_int_equal(join(&c[0], NULL), 0);
	assert_int_equal(join(&c[1], NULL), 0);
	assert_int_equal(join(&c[2], NULL), -EAGAIN);
	assert_int_equal(events_n_readers(all.events), 2);
	c[0].reader = events_leave(c[0].reader);
	assert_int_equal(join(&c[2], NULL), 0);
	events_leave(c[1].reader);
	events_leave(c[2].reader);
	assert_int_equal(events_n_readers(all.events), 0);
}

static void keeps_quiet_streams_alive(void **state)
{
	struct client c = {.n_paused = 0};

	(void)state;
	assert_int_equal(join(&c, NULL), 0);
	tick();
	assert_int_equal(drain(&c), 0);
	tick();
	assert_int_equal(c.n_resumed, 0); /* it was not asleep, then nothing happened */
	all.now_ms += EVENTS_BEAT_MS;
	tick();
	assert_int_equal(c.n_resumed, 1);
	assert_int_equal(drain(&c), 0);
	assert_string_equal(c.text, ":\n\n");
	events_leave(c.reader);
	all.now_ms += EVENTS_INTEREST_MS;
	tick();
}

static void watches_while_somebody_asks(void **state)
{
	(void)state;
	tick();
	assert_false(fake_link_is_watched(all.link));
	events_touch(all.events);
	assert_true(events_is_due(all.events));
	tick();
	assert_true(fake_link_is_watched(all.link));
	all.now_ms += EVENTS_INTEREST_MS;
	tick();
	assert_false(fake_link_is_watched(all.link));
}

static void ends(void **state)
{
	struct client c = {.n_paused = 0};

	(void)state;
	assert_int_equal(join(&c, NULL), 0);
	assert_int_equal(drain(&c), 0);
	events_end(all.events);
	assert_int_equal(c.n_resumed, 1);
	assert_int_equal(drain(&c), -EPIPE);
	events_leave(c.reader);
	assert_int_equal(join(&c, NULL), -EAGAIN);
}

static void escapes_labels(void **state)
{
	static const struct {
		const char *value, *escaped;
	} rows[] = {
		{"plain", "plain"},
		{"a\"b", "a\\\"b"},
		{"a\\b", "a\\\\b"},
		{"a\nb", "a\\\\nb"}, /* shown escaped already: the line feed is two characters */
		{"\xff", "\\\\xff"},
		{"\xe2\x80\xae", "\\\\u{202e}"},
		{"\xc3\xa4", "\xc3\xa4"},
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct str out = {0};

		metrics_append_escaped(&out, rows[i].value);
		if (strcasecmp(str_text(&out), rows[i].escaped) != 0)
			fail_msg("%s", str_text(&out));
		str_fini(&out);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(tells_what_changes),        TEST(tells_what_was_missed),
		TEST(knows_its_own_ids),         TEST(drops_who_is_too_slow),
		TEST(is_bounded),                TEST(keeps_quiet_streams_alive),
		TEST(watches_while_somebody_asks), TEST(ends),
		cmocka_unit_test(escapes_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
