#include "web/events.h"

#include "render/render.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_SIGHTS = 2, PREFIX_SIZE = 160, ID_SIZE = 48 };

/* One event as bytes of a stream. */
struct message {
	char *text;
	size_t n;
};

/* The listeners that the newest events led to. */
struct base {
	const struct link_view *view; /* NULL: none yet */
	struct arena arena;
	const struct answer_listener **listeners; /* sorted */
	size_t n;
};

/* The events of one sight: numbers `first` up to `next` are kept. */
struct ring {
	struct message messages[EVENTS_KEPT_MOST];
	uint64_t first, next;
	size_t n_bytes;
	struct base base;
	enum page_sight sight;
	size_t n_readers;
};

struct events_reader {
	struct events_reader *before, *after;
	struct events *events;
	struct ring *ring;
	uint64_t next;  /* the event that is to be sent, or being sent */
	size_t offset;  /* how much of it was */
	char prefix[PREFIX_SIZE]; /* what comes before the next event, from `prefix_at` on */
	size_t prefix_at, prefix_n;
	struct events_waker waker;
	bool is_paused;
};

struct events {
	pthread_mutex_t lock;
	struct link *link;
	struct ring rings[N_SIGHTS];
	struct events_reader *readers;
	size_t n_readers, most;
	unsigned int stamp; /* in ids: of this run */
	_Atomic bool has_here, has_queues;
	_Atomic bool is_touched;
	int64_t touched_ms, beat_ms;
	bool is_watching; /* of events_tick() alone */
	bool is_over;
};

struct events *events_new(struct link *link, size_t most)
{
	struct events *e = calloc(1, sizeof(*e));
	struct timespec now = {0};

	if (!e)
		return NULL;
	if (pthread_mutex_init(&e->lock, NULL) != 0) {
		free(e);
		return NULL;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	e->stamp = (unsigned int)now.tv_sec ^ (unsigned int)now.tv_nsec;
	e->link = link;
	e->most = most;
	e->touched_ms = INT64_MIN / 2;
	for (size_t i = 0; i < N_SIGHTS; i++) {
		e->rings[i].sight = (enum page_sight)i;
		e->rings[i].first = e->rings[i].next = 1;
	}
	return e;
}

static void drop_oldest(struct ring *ring)
{
	struct message *m = &ring->messages[ring->first % EVENTS_KEPT_MOST];

	ring->n_bytes -= m->n;
	free(m->text);
	*m = (struct message){NULL, 0};
	ring->first++;
}

static void drop_base(struct base *base)
{
	link_release(base->view);
	arena_fini(&base->arena);
	*base = (struct base){.view = NULL};
}

/* Nothing that was sent before leads to what will be. */
static void forget(struct ring *ring)
{
	if (!ring->base.view)
		return;
	while (ring->first < ring->next)
		drop_oldest(ring);
	ring->first = ++ring->next;
	drop_base(&ring->base);
}

struct events *events_free(struct events *e)
{
	if (!e)
		return NULL;
	if (e->is_watching)
		link_watch(e->link, false);
	for (size_t i = 0; i < N_SIGHTS; i++)
		forget(&e->rings[i]);
	pthread_mutex_destroy(&e->lock);
	free(e);
	return NULL;
}

void events_changed(struct events *e, enum link_change what)
{
	if (what == LINK_HERE || what == LINK_CLAIMS)
		atomic_store(&e->has_here, true);
	else if (what == LINK_QUEUES)
		atomic_store(&e->has_queues, true);
}

bool events_is_due(struct events *e)
{
	return atomic_load(&e->has_here) || atomic_load(&e->has_queues) ||
	       (atomic_load(&e->is_touched) && !e->is_watching);
}

void events_touch(struct events *e)
{
	if (!atomic_load_explicit(&e->is_touched, memory_order_relaxed))
		atomic_store(&e->is_touched, true);
}

size_t events_n_readers(struct events *e)
{
	size_t n;

	pthread_mutex_lock(&e->lock);
	n = e->n_readers;
	pthread_mutex_unlock(&e->lock);
	return n;
}

static void wake(struct events_reader *r)
{
	if (!r->is_paused)
		return;
	r->is_paused = false;
	r->waker.resume(r->waker.context);
}

static char *format_id(const struct events *e, const struct ring *ring, uint64_t number, char *id)
{
	snprintf(id, ID_SIZE, "%08x%c%llu", e->stamp, ring->sight == PAGE_SIGHT_FULL ? 'f' : 'p',
		 (unsigned long long)number);
	return id;
}

/* Put an event into a ring; its data is one line. What cannot be kept makes readers begin anew. */
static void push(struct events *e, struct ring *ring, const char *event, const char *data)
{
	struct str text = {0};
	char id[ID_SIZE];

	str_printf(&text, "id: %s\nevent: %s\ndata: ", format_id(e, ring, ring->next, id), event);
	str_append(&text, data);
	str_append(&text, "\n\n");
	if (text.has_failed || text.length > EVENTS_BYTES_MOST / 4) {
		str_fini(&text);
		while (ring->first < ring->next)
			drop_oldest(ring);
		ring->first = ++ring->next;
		return;
	}
	while (ring->first < ring->next && (ring->next - ring->first >= EVENTS_KEPT_MOST ||
					    ring->n_bytes + text.length > EVENTS_BYTES_MOST))
		drop_oldest(ring);
	ring->messages[ring->next % EVENTS_KEPT_MOST] = (struct message){text.bytes, text.length};
	ring->n_bytes += text.length;
	ring->next++;
}

static void push_generation(struct events *e, struct ring *ring, const char *event)
{
	char data[64];

	snprintf(data, sizeof(data), "{\"generation\":%u}",
		 ring->base.view ? ring->base.view->generation : 0);
	push(e, ring, event, data);
}

static void push_listener(struct events *e, struct ring *ring, const char *change,
			  const struct answer_listener *l)
{
	struct writer_json json;
	struct str data = {0};

	str_printf(&data, "{\"change\":\"%s\",\"listener\":", change);
	writer_json_init(&json, &data, false);
	render_record(&record_here_listener, l, NULL, &json.base);
	str_append_char(&data, '}');
	push(e, ring, "listener", data.has_failed ? "{}" : str_text(&data));
	str_fini(&data);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* The order of listeners, and whether two of them are the same socket. */
static int compare_listeners(const struct answer_listener *a, const struct answer_listener *b)
{
	int order = compare_numbers(a->port, b->port);

	if (order == 0)
		order = compare_texts(a->protocol, b->protocol);
	if (order == 0)
		order = compare_texts(a->address, b->address);
	if (order == 0)
		order = compare_texts(a->interface, b->interface);
	if (order == 0)
		order = compare_numbers(a->ns.id, b->ns.id);
	if (order == 0)
		order = compare_texts(a->cookie, b->cookie);
	return order ? order : compare_numbers(a->inode, b->inode);
}

static int compare_places(const void *a, const void *b)
{
	const struct answer_listener *const *x = a, *const *y = b;

	return compare_listeners(*x, *y);
}

/* The listeners of a view, sorted. False when out of memory. */
static bool base_init(struct base *base, const struct link_view *view)
{
	const struct answer_here *here;

	*base = (struct base){.view = view};
	here = answer_here(&view->from, &base->arena);
	if (!here)
		return false;
	base->listeners = arena_calloc(&base->arena, here->n_listeners,
				       sizeof(const struct answer_listener *));
	if (!base->listeners)
		return false;
	base->n = here->n_listeners;
	for (size_t i = 0; i < base->n; i++)
		base->listeners[i] = &here->listeners[i];
	qsort(base->listeners, base->n, sizeof(const struct answer_listener *), compare_places);
	return true;
}

static void push_differences(struct events *e, struct ring *ring, const struct base *old,
			     const struct base *new)
{
	size_t i = 0, k = 0;

	while (i < old->n || k < new->n) {
		int order = i == old->n	  ? 1
			    : k == new->n ? -1
					  : compare_listeners(old->listeners[i], new->listeners[k]);

		if (order < 0)
			push_listener(e, ring, "removed", old->listeners[i]);
		else if (order > 0)
			push_listener(e, ring, "added", new->listeners[k]);
		i += order <= 0;
		k += order >= 0;
	}
}

/* Go on to the newest view. With the lock. */
static void advance(struct events *e, struct ring *ring, bool has_queues)
{
	const struct link_view *view = NULL;
	struct base old = ring->base, new;

	if (link_here(e->link, ring->sight, UINT_MAX, NULL, NULL, &view) != 1)
		return;
	if (old.view && old.view->serial == view->serial) {
		link_release(view);
		return;
	}
	if (!base_init(&new, view)) {
		drop_base(&new);
		return;
	}
	ring->base = new;
	if (old.view && old.view->generation == view->generation && has_queues) {
		push_generation(e, ring, "queues");
	} else if (!old.view || old.view->generation != view->generation) {
		if (old.view)
			push_differences(e, ring, &old, &new);
		push_generation(e, ring, "changed");
	}
	drop_base(&old);
}

static void set_prefix(struct events_reader *r, const char *text)
{
	if (r->prefix_at < r->prefix_n)
		return;
	r->prefix_n = strlen(text);
	memcpy(r->prefix, text, MIN_OF(r->prefix_n, sizeof(r->prefix)));
	r->prefix_at = 0;
}

/* Everybody who has something to read is woken up. With the lock. */
static void wake_readers(struct events *e, bool is_beat)
{
	for (struct events_reader *r = e->readers; r; r = r->after) {
		if (is_beat)
			set_prefix(r, ":\n\n");
		if (is_beat || e->is_over || r->next != r->ring->next)
			wake(r);
	}
}

/* Whether anybody wants the collector to look; with the lock. */
static bool is_wanted(struct events *e, int64_t now_ms)
{
	if (atomic_exchange(&e->is_touched, false))
		e->touched_ms = now_ms;
	return e->n_readers > 0 || now_ms - e->touched_ms < EVENTS_INTEREST_MS;
}

void events_tick(struct events *e, int64_t now_ms)
{
	bool has_here = atomic_exchange(&e->has_here, false);
	bool has_queues = atomic_exchange(&e->has_queues, false);
	bool is_beat, wants;

	pthread_mutex_lock(&e->lock);
	wants = is_wanted(e, now_ms);
	is_beat = now_ms - e->beat_ms >= EVENTS_BEAT_MS;
	if (is_beat)
		e->beat_ms = now_ms;
	for (size_t i = 0; i < N_SIGHTS; i++) {
		struct ring *ring = &e->rings[i];

		if (!wants)
			forget(ring);
		else if (ring->base.view ? has_here || has_queues : ring->n_readers > 0)
			advance(e, ring, has_queues);
	}
	wake_readers(e, is_beat);
	pthread_mutex_unlock(&e->lock);
	if (wants != e->is_watching)
		link_watch(e->link, wants);
	e->is_watching = wants;
}

/* The number behind a reader's last event; 0: it is none of ours, or what followed it is gone. */
static uint64_t read_id(const struct events *e, const struct ring *ring, const char *text)
{
	char id[ID_SIZE];
	const char *digits;
	uint64_t number;

	if (!text || strlen(text) < 10)
		return 0;
	digits = text + 9;
	if (str_parse_u64(digits, strlen(digits), UINT64_MAX - 1, &number) < 0 ||
	    strcmp(format_id(e, ring, number, id), text) != 0)
		return 0;
	return number + 1 >= ring->first && number + 1 <= ring->next && number > 0 ? number : 0;
}

static void begin(struct events_reader *r, const char *last_id)
{
	const struct ring *ring = r->ring;
	uint64_t number = read_id(r->events, ring, last_id);
	char text[PREFIX_SIZE], id[ID_SIZE];

	r->next = number > 0 ? number + 1 : ring->next;
	if (number > 0)
		snprintf(text, sizeof(text), "retry: 2000\n\n");
	else
		snprintf(text, sizeof(text),
			 "retry: 2000\nid: %s\nevent: reset\ndata: {\"generation\":%u}\n\n",
			 format_id(r->events, ring, ring->next > 0 ? ring->next - 1 : 0, id),
			 ring->base.view ? ring->base.view->generation : 0);
	set_prefix(r, text);
}

int events_join(struct events *e, enum page_sight sight, const char *last_id,
		const struct events_waker *waker, struct events_reader **out)
{
	struct events_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	pthread_mutex_lock(&e->lock);
	if (e->n_readers >= e->most || e->is_over) {
		pthread_mutex_unlock(&e->lock);
		free(r);
		return -EAGAIN;
	}
	r->events = e;
	r->ring = &e->rings[sight];
	r->waker = *waker;
	begin(r, last_id);
	r->after = e->readers;
	if (r->after)
		r->after->before = r;
	e->readers = r;
	e->n_readers++;
	r->ring->n_readers++;
	pthread_mutex_unlock(&e->lock);
	events_touch(e);
	*out = r;
	return 0;
}

/* The next bytes; with the lock. */
static long read_some(struct events_reader *r, char *bytes, size_t size)
{
	const struct message *m = &r->ring->messages[r->next % EVENTS_KEPT_MOST];
	bool is_prefix = r->offset == 0 && r->prefix_at < r->prefix_n;
	size_t n;

	if (is_prefix) {
		n = MIN_OF(size, r->prefix_n - r->prefix_at);
		memcpy(bytes, r->prefix + r->prefix_at, n);
		r->prefix_at += n;
		return (long)n;
	}
	if (r->next < r->ring->first || r->events->is_over)
		return -EPIPE;
	if (r->next == r->ring->next)
		return 0;
	n = MIN_OF(size, m->n - r->offset);
	memcpy(bytes, m->text + r->offset, n);
	r->offset += n;
	if (r->offset == m->n) {
		r->offset = 0;
		r->next++;
	}
	return (long)n;
}

long events_read(struct events_reader *reader, char *bytes, size_t size)
{
	struct events *e = reader->events;
	long n;

	pthread_mutex_lock(&e->lock);
	n = read_some(reader, bytes, size);
	if (n == 0) {
		reader->is_paused = true;
		reader->waker.pause(reader->waker.context);
	}
	pthread_mutex_unlock(&e->lock);
	return n;
}

struct events_reader *events_leave(struct events_reader *reader)
{
	struct events *e = reader ? reader->events : NULL;

	if (!reader)
		return NULL;
	pthread_mutex_lock(&e->lock);
	if (reader->before)
		reader->before->after = reader->after;
	else
		e->readers = reader->after;
	if (reader->after)
		reader->after->before = reader->before;
	e->n_readers--;
	reader->ring->n_readers--;
	pthread_mutex_unlock(&e->lock);
	free(reader);
	return NULL;
}

void events_beat(struct events *e)
{
	pthread_mutex_lock(&e->lock);
	wake_readers(e, true);
	pthread_mutex_unlock(&e->lock);
}

void events_end(struct events *e)
{
	pthread_mutex_lock(&e->lock);
	e->is_over = true;
	wake_readers(e, false);
	pthread_mutex_unlock(&e->lock);
}
