/* What arrives at the link's end of the pipe: checked, read, made into views, handed out. */
#include "web/link-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MOST = LINK_WAITERS_MOST };

/* --- views; under the lock ------------------------------------------------------------------- */

void link_empty_place(struct link *l, struct link_place *p)
{
	if (p->store && p != &l->here)
		l->n_bytes -= p->store->n_bytes;
	for (size_t i = 0; i < LINK_N_SIGHTS; i++)
		link_release(p->views[i]);
	link_store_release(p->store);
	*p = (struct link_place){.port = LINK_ALL};
}

/* Both views of a store. Returns 0 or -ENOMEM, and then nothing has changed. */
static int make_views(struct link *l, struct link_store *store, int32_t port, live_time at,
		      const struct link_view *out[LINK_N_SIGHTS])
{
	for (unsigned int i = 0; i < LINK_N_SIGHTS; i++) {
		const struct link_view like = {
			.serial = ++l->n_serials,
			.generation = port == LINK_ALL ? l->generation : 0,
			.sight = (enum page_sight)i,
			.port = port,
			.at = at,
		};

		out[i] = link_view_new(&like, store, l->claims, l->options.registry);
		if (!out[i]) {
			if (i > 0)
				link_release(out[0]);
			return -ENOMEM;
		}
	}
	return 0;
}

/* New views take the place of the old ones; `store` is the place's own or one that it gets. */
static int renew(struct link *l, struct link_place *p, struct link_store *store, int32_t port,
		 live_time at)
{
	const struct link_view *views[LINK_N_SIGHTS];
	int r = make_views(l, store, port, at, views);

	if (r < 0)
		return r;
	if (store != p->store) {
		link_empty_place(l, p);
		p->store = store;
		if (p != &l->here)
			l->n_bytes += store->n_bytes;
	} else {
		for (size_t i = 0; i < LINK_N_SIGHTS; i++)
			link_release(p->views[i]);
	}
	p->port = port;
	for (size_t i = 0; i < LINK_N_SIGHTS; i++)
		p->views[i] = views[i];
	p->arrived_ms = link_clock_ms();
	p->used = ++l->n_uses;
	return 0;
}

/* The place of a port, or a free one, or the one that was used longest ago. */
static struct link_place *choose_place(struct link *l, int32_t port)
{
	struct link_place *oldest = &l->places[0];

	if (port == LINK_ALL)
		return &l->here;
	for (size_t i = 0; i < LINK_PORTS_MOST; i++) {
		struct link_place *p = &l->places[i];

		if (p->port == port)
			return p;
		if (p->used < oldest->used)
			oldest = p;
	}
	return oldest;
}

static void forget_large(struct link *l, const struct link_place *except)
{
	while (l->n_bytes > LINK_KEPT_MOST) {
		struct link_place *oldest = NULL;

		for (size_t i = 0; i < LINK_PORTS_MOST; i++) {
			struct link_place *p = &l->places[i];

			if (p->store && p != except && (!oldest || p->used < oldest->used))
				oldest = p;
		}
		if (!oldest)
			return;
		link_empty_place(l, oldest);
	}
}

/* --- who waits ------------------------------------------------------------------------------- */

/* A call that is to be made when the lock is let go. */
struct call {
	link_arrived *arrived;
	void *context;
	const struct link_view *view;
};

struct calls {
	struct call items[CALLS_MOST];
	size_t n;
};

/* Take those out who wait for `port`, or, without a place, whose patience is over. */
static void collect_waiters(struct link *l, const struct link_place *place, int64_t now,
			    struct calls *out)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_waiters; i++) {
		struct link_waiter *w = &l->waiters[i];
		bool is_due = place ? w->port == place->port : l->is_lost || now >= w->until_ms;

		if (!is_due || out->n == CALLS_MOST) {
			l->waiters[n++] = *w;
			continue;
		}
		out->items[out->n++] = (struct call){
			w->arrived, w->context, place ? link_hold(place->views[w->sight]) : NULL};
	}
	l->n_waiters = n;
}

static void make_calls(const struct calls *calls)
{
	for (size_t i = 0; i < calls->n; i++)
		calls->items[i].arrived(calls->items[i].context, calls->items[i].view);
}

/* Those whose claim is not answered in time, or never will be. */
void link_fail_stakings(struct link *l, int64_t now)
{
	struct link_staking failed[LINK_STAKES_MOST];
	size_t n = 0;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < LINK_STAKES_MOST; i++) {
		struct link_staking *s = &l->stakings[i];

		if (s->id == 0 || (!l->is_lost && now < s->until_ms))
			continue;
		failed[n++] = *s;
		s->id = 0;
	}
	pthread_mutex_unlock(&l->lock);
	for (size_t i = 0; i < n; i++)
		failed[i].done(failed[i].context, LEDGER_FAILED, "the collector does not answer");
}

/* Whether anybody's patience is over. */
static bool is_anybody_due(struct link *l, int64_t now)
{
	bool is_due = false;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->n_waiters && !is_due; i++)
		is_due = l->is_lost || now >= l->waiters[i].until_ms;
	pthread_mutex_unlock(&l->lock);
	return is_due;
}

int link_give_up_waiting(struct link *l)
{
	struct calls *calls;

	link_fail_stakings(l, link_clock_ms());
	if (!is_anybody_due(l, link_clock_ms()))
		return 0;
	calls = calloc(1, sizeof(*calls));
	if (!calls)
		return -ENOMEM;
	pthread_mutex_lock(&l->lock);
	collect_waiters(l, NULL, link_clock_ms(), calls);
	pthread_mutex_unlock(&l->lock);
	make_calls(calls);
	free(calls);
	return 0;
}

/* A place has new views: those who waited for them get them. */
static int hand_out(struct link *l, const struct link_place *p)
{
	struct calls *calls;

	pthread_mutex_lock(&l->lock);
	if (l->n_waiters == 0) {
		pthread_mutex_unlock(&l->lock);
		return 0;
	}
	pthread_mutex_unlock(&l->lock);
	calls = calloc(1, sizeof(*calls));
	if (!calls)
		return -ENOMEM;
	pthread_mutex_lock(&l->lock);
	collect_waiters(l, p, 0, calls);
	pthread_mutex_unlock(&l->lock);
	make_calls(calls);
	free(calls);
	return 0;
}

/* --- what arrives; in the thread ------------------------------------------------------------- */

/* Claims as they are now, or the same ones on another day: every view stands on the old ones. */
int link_renew_claims(struct link *l)
{
	char day[CLAIM_DATE_SIZE];
	struct link_claims *claims, *old;
	int r;

	link_today(day);
	r = link_claims_read(l->payloads, day, &claims);
	if (r < 0)
		return r;
	l->has_new_claims = false;
	pthread_mutex_lock(&l->lock);
	old = l->claims;
	l->claims = claims;
	for (size_t i = 0; i < LINK_PORTS_MOST; i++) {
		if (l->places[i].store)
			link_empty_place(l, &l->places[i]);
	}
	if (l->here.store)
		r = renew(l, &l->here, l->here.store, LINK_ALL, l->here.views[0]->at);
	pthread_mutex_unlock(&l->lock);
	link_claims_release(old);
	if (r == 0)
		link_tell(l, LINK_CLAIMS);
	return r;
}

static int take_recording(struct link *l, const struct atlas_frame *f, int32_t port)
{
	struct link_store *store = NULL;
	bool is_same_generation;
	struct link_place *p;
	int r = l->has_new_claims ? link_renew_claims(l) : 0;

	if (r == 0)
		r = link_store_read(f->bytes, f->n, port != LINK_ALL, l->nature, &store);
	if (r != 0)
		return r;
	pthread_mutex_lock(&l->lock);
	is_same_generation = l->here.store && f->argument == l->generation;
	if (port == LINK_ALL)
		l->generation = f->argument;
	l->is_asked[port == LINK_ALL ? ATLAS_EVERYTHING : (uint32_t)port] = false;
	p = choose_place(l, port);
	r = renew(l, p, store, port, store->snapshots[0].at);
	if (r < 0)
		link_store_release(store);
	else
		forget_large(l, p);
	pthread_mutex_unlock(&l->lock);
	if (r == 0)
		r = hand_out(l, p);
	if (r == 0 && port == LINK_ALL)
		link_tell(l, is_same_generation ? LINK_QUEUES : LINK_HERE);
	return r;
}

/* Nothing has changed: the same snapshot, looked at a moment ago. */
static int take_same(struct link *l, const struct atlas_frame *f)
{
	int r;

	if (f->n != ATLAS_TIME_SIZE || !l->here.store || f->argument != l->generation)
		return -EPROTO;
	pthread_mutex_lock(&l->lock);
	l->is_asked[ATLAS_EVERYTHING] = false;
	r = renew(l, &l->here, l->here.store, LINK_ALL, atlas_time_read(f->bytes));
	pthread_mutex_unlock(&l->lock);
	return r == 0 ? hand_out(l, &l->here) : r;
}

static int take_claims(struct link *l, const struct atlas_frame *f)
{
	for (unsigned int i = 0; i < ATLAS_N_CLAIMS; i++) {
		if (atlas_claims_argument(i) != f->argument)
			continue;
		str_clear(&l->payloads[i]);
		str_append_bytes(&l->payloads[i], f->bytes, f->n);
		l->has_new_claims = true;
		return l->payloads[i].has_failed ? -ENOMEM : 0;
	}
	return -EPROTO;
}

static bool is_faces_line(const char *line, size_t n, uint32_t (*faces)[3])
{
	uint64_t numbers[4];
	const char *end = line + n;

	for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
		const char *start = line;

		while (line < end && *line != ' ')
			line++;
		if (str_parse_u64(start, (size_t)(line - start), i == 0 ? UINT16_MAX : UINT32_MAX,
				  &numbers[i]) < 0 ||
		    (line < end) != (i < 3))
			return false;
		line += line < end;
	}
	for (size_t i = 0; i < 3; i++)
		faces[numbers[0]][i] = (uint32_t)numbers[i + 1];
	return true;
}

static int take_faces(struct link *l, const struct atlas_frame *f)
{
	uint32_t (*faces)[3] = calloc((size_t)UINT16_MAX + 1, sizeof(*faces)), (*old)[3];
	const char *at = f->bytes, *end = f->bytes + f->n;

	if (!faces)
		return -ENOMEM;
	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		if (!line_end || !is_faces_line(at, (size_t)(line_end - at), faces)) {
			free(faces);
			return -EPROTO;
		}
		at = line_end + 1;
	}
	pthread_mutex_lock(&l->lock);
	old = l->faces;
	l->faces = faces;
	pthread_mutex_unlock(&l->lock);
	free(old);
	link_tell(l, LINK_FACES);
	return 0;
}

static void answer_staking(const struct link_staking *s, const struct claims_image *image)
{
	const struct claims_head head = claims_image_head(image);
	enum ledger_outcome outcome = head.outcome <= LEDGER_FAILED
					      ? (enum ledger_outcome)head.outcome
					      : LEDGER_FAILED;

	s->done(s->context, outcome,
		head.message && *head.message ? head.message : NULL);
}

static int take_staked(struct link *l, const struct atlas_frame *f)
{
	struct link_staking found = {0};
	struct claims_image image;
	const char *reason;
	void *bytes = malloc(MAX_OF(f->n, 1)); /* aligned */
	int r = 0;

	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, f->bytes, f->n);
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < LINK_STAKES_MOST && f->argument != 0; i++) {
		if (l->stakings[i].id == f->argument) {
			found = l->stakings[i];
			l->stakings[i].id = 0;
		}
	}
	pthread_mutex_unlock(&l->lock);
	if (claims_image_open_memory(&image, bytes, f->n, CLAIM_LEVEL_LEDGER, &reason) < 0) {
		r = -EPROTO;
		if (found.id != 0)
			found.done(found.context, LEDGER_FAILED, "the answer makes no sense");
	} else {
		if (found.id != 0) /* else its patience is over */
			answer_staking(&found, &image);
		claims_image_close(&image);
	}
	free(bytes);
	return r;
}

static int take_frame(struct link *l, const struct atlas_frame *f)
{
	switch (f->kind) {
	case ATLAS_CLAIMS:
		return take_claims(l, f);
	case ATLAS_HERE:
		return take_recording(l, f, LINK_ALL);
	case ATLAS_PORT:
		return f->argument > UINT16_MAX ? -EPROTO
						: take_recording(l, f, (int32_t)f->argument);
	case ATLAS_STAKED:
		return take_staked(l, f);
	case ATLAS_FACES:
		return take_faces(l, f);
	case ATLAS_SAME:
		return take_same(l, f);
	case ATLAS_HELLO: /* has been said */
	case ATLAS_WATCH:
	case ATLAS_LOOK:
	case ATLAS_STAKE:
	case ATLAS_FACE:
		break;
	}
	return -EPROTO;
}

int link_take_frames(struct link *l)
{
	struct atlas_frame frame;
	size_t used, at = 0;
	int r;

	do {
		r = atlas_frame_read(l->in + at, l->n_in - at, ATLAS_PAYLOAD_MOST, &frame, &used);
		if (r <= 0)
			break;
		r = take_frame(l, &frame);
		at += used;
	} while (r == 0);
	l->n_in -= at;
	memmove(l->in, l->in + at, l->n_in);
	if (r == 0 && l->has_new_claims)
		r = link_renew_claims(l);
	return r;
}
