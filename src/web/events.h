/*
 * Events: what changes among the listeners, told to everybody who has a stream open (server-sent
 * events, WHATWG HTML 9.2).
 *
 *     event: reset      data: {"generation":N}    the first of a stream, and when some were missed:
 *                                                 look at everything anew
 *     event: listener   data: {"change":"added","listener":{...}}     or "removed"; the record of
 *                                                 `berth here --json`
 *     event: changed    data: {"generation":N}    after the listeners of a new generation
 *     event: queues     data: {"generation":N}    the same listeners; their queues differ
 *
 * Each has an id that Last-Event-ID takes; comments keep a quiet stream alive. Both sights have
 * their own events, kept in rings of bounded size: who reads slower than they turn is dropped, and
 * comes back for a reset. While there are readers, or somebody asked for a page of listeners within
 * the last ten seconds, the collector is told to look each second.
 */
#pragma once

#include "web/link.h"

#include <stdbool.h>

struct events;
struct events_reader;

enum {
	EVENTS_READERS_MOST = 64,    /* by default */
	EVENTS_KEPT_MOST = 256,      /* events of a ring ... */
	EVENTS_BYTES_MOST = 4 << 20, /* ... and their bytes */
	EVENTS_BEAT_MS = 15000,
	EVENTS_INTEREST_MS = 10000,
};

/* How a reader is made to wait and woken up again; called under the lock of the events, so they
 * must not call anything here. */
struct events_waker {
	void (*pause)(void *context);
	void (*resume)(void *context);
	void *context;
};

/* NULL when out of memory. `most` readers at one time. */
struct events *events_new(struct link *link, size_t most);
struct events *events_free(struct events *e); /* always NULL; no reader is left */

/* Something changed: from the link's thread. The work is done by events_tick(). */
void events_changed(struct events *e, enum link_change what);

/* Whether there is work for events_tick() right now. */
bool events_is_due(struct events *e);

/* Once a second, and when something is due; by one thread. `now_ms` is a clock that never jumps. */
void events_tick(struct events *e, int64_t now_ms);

/* Somebody asked for listeners. */
void events_touch(struct events *e);

/* How many readers there are. */
size_t events_n_readers(struct events *e);

/*
 * A new reader. `last_id` is what Last-Event-ID said; NULL = nothing. Returns 0, -EAGAIN: there are
 * too many, -ENOMEM.
 */
int events_join(struct events *e, enum page_sight sight, const char *last_id,
		const struct events_waker *waker, struct events_reader **out) BERTH_MUST_CHECK;

/* The next bytes of the stream. Returns how many; 0: there are none, `pause` was called, `resume`
 * will be; -EPIPE: it is over. */
long events_read(struct events_reader *reader, char *bytes, size_t size) BERTH_MUST_CHECK;

/* Always NULL. */
struct events_reader *events_leave(struct events_reader *reader);

/* Something is sent to everybody, so that those who are gone are found. */
void events_beat(struct events *e);

/* End all streams: readers are woken up and get -EPIPE. */
void events_end(struct events *e);
