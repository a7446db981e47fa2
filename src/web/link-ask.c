/* What others ask of the link, in any thread. */
#include "web/link.h"

#include "base/channel.h"
#include "web/link-parts.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum {
	STAKE_PATIENCE_MS = 10 * 1000,
	OUT_MOST = 256 * 1024, /* judgements on their way; looks are bounded by their ports */
};

static void ask(struct link *l, int32_t port)
{
	uint32_t index = port == LINK_ALL ? ATLAS_EVERYTHING : (uint32_t)port;

	if (!l->is_asked[index])
		l->is_asked[index] = link_put(l, ATLAS_LOOK, index, NULL, 0) == 0;
}

static struct link_place *find_place(struct link *l, int32_t port)
{
	if (port == LINK_ALL)
		return l->here.store ? &l->here : NULL;
	for (size_t i = 0; i < LINK_PORTS_MOST; i++) {
		if (l->places[i].port == port)
			return &l->places[i];
	}
	return NULL;
}

static int add_waiter(struct link *l, int32_t port, enum page_sight sight, link_arrived *arrived,
		      void *context)
{
	if (l->n_waiters == LINK_WAITERS_MOST)
		return -EAGAIN;
	l->waiters[l->n_waiters++] = (struct link_waiter){port, sight, arrived, context,
						     link_clock_ms() + LINK_PATIENCE_MS};
	if (l->n_waiters == 1) /* everybody is as patient: the others' time is over before */
		channel_ring(l->wake[1]);
	return 0;
}

static int look_up(struct link *l, int32_t port, enum page_sight sight, unsigned int most_age_ms,
		   link_arrived *arrived, void *context, const struct link_view **out)
{
	struct link_place *p;
	int r = 0;

	pthread_mutex_lock(&l->lock);
	p = find_place(l, port);
	if (p && (most_age_ms == UINT_MAX || link_clock_ms() - p->arrived_ms < most_age_ms)) {
		p->used = ++l->n_uses;
		*out = link_hold(p->views[sight]);
		r = 1;
	} else if (l->is_lost) {
		r = -EPIPE;
	} else {
		if (arrived)
			r = add_waiter(l, port, sight, arrived, context);
		if (r == 0)
			ask(l, port);
	}
	pthread_mutex_unlock(&l->lock);
	return r;
}

int link_here(struct link *l, enum page_sight sight, unsigned int most_age_ms,
	      link_arrived *arrived, void *context, const struct link_view **out)
{
	return look_up(l, LINK_ALL, sight, most_age_ms, arrived, context, out);
}

int link_port(struct link *l, enum page_sight sight, uint16_t port, unsigned int most_age_ms,
	      link_arrived *arrived, void *context, const struct link_view **out)
{
	return look_up(l, port, sight, most_age_ms, arrived, context, out);
}

bool link_forget(struct link *l, link_arrived *arrived, void *context)
{
	bool is_found = false;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->n_waiters && !is_found; i++) {
		if (l->waiters[i].arrived != arrived || l->waiters[i].context != context)
			continue;
		l->waiters[i] = l->waiters[--l->n_waiters];
		is_found = true;
	}
	pthread_mutex_unlock(&l->lock);
	return is_found;
}

void link_watch(struct link *l, bool is_watching)
{
	uint32_t before;

	pthread_mutex_lock(&l->lock);
	before = l->n_watchers;
	if (is_watching)
		l->n_watchers++;
	else if (before > 0)
		l->n_watchers--;
	if ((before > 0) != (l->n_watchers > 0))
		(void)!link_put(l, ATLAS_WATCH, l->n_watchers > 0, NULL, 0);
	pthread_mutex_unlock(&l->lock);
}

int link_stake(struct link *l, const char *line, link_staked *done, void *context)
{
	size_t n = strlen(line);
	int r = -EAGAIN;

	if (n > ATLAS_REQUEST_MOST || strchr(line, '\n'))
		return -EINVAL;
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < LINK_STAKES_MOST && r == -EAGAIN; i++) {
		struct link_staking *s = &l->stakings[i];

		if (s->id != 0)
			continue;
		l->n_ids += l->n_ids == UINT32_MAX ? 2 : 1; /* 0 is none */
		r = link_put(l, ATLAS_STAKE, l->n_ids, line, n);
		if (r == 0)
			*s = (struct link_staking){l->n_ids, done, context,
					      link_clock_ms() + STAKE_PATIENCE_MS};
	}
	pthread_mutex_unlock(&l->lock);
	return r;
}

int link_judge(struct link *l, uint16_t port, enum atlas_face face)
{
	int r;

	pthread_mutex_lock(&l->lock);
	r = l->out.length > OUT_MOST ? -EAGAIN
				     : link_put(l, ATLAS_FACE, (uint32_t)port * 4 + face, NULL, 0);
	if (r == 0 && l->faces[port][face] < UINT32_MAX)
		l->faces[port][face]++; /* until what the collector counted comes */
	pthread_mutex_unlock(&l->lock);
	return r;
}

void link_faces(struct link *l, uint16_t port, uint32_t out[3])
{
	pthread_mutex_lock(&l->lock);
	memcpy(out, l->faces[port], 3 * sizeof(*out));
	pthread_mutex_unlock(&l->lock);
}
