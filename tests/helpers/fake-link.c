#include "helpers/fake-link.h"

#include "base/fd.h"
#include "live/recording.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fake_link_token[] = "0123456789abcdef0123456789abcdef";

enum { WAITERS_MOST = 16 };

struct waiter {
	link_arrived *arrived;
	void *context;
	enum page_sight sight;
	int32_t port;
};

struct link {
	const struct registry *registry;
	enum fake_link_mode mode;
	struct recording world;
	struct arena arena; /* of the worlds */
	uint32_t generation;
	struct waiter waiters[WAITERS_MOST];
	size_t n_waiters;
	link_staked *staked;
	void *staked_context;
	char *line;
	uint32_t faces[3];
	int n_watchers, n_views;
	bool is_lost;
};

struct view {
	struct link_view view; /* the first member */
	struct link *link;
	struct arena arena;
	struct live_snapshot live;
	int n_holders;
};

static void read_world(struct link *l, const char *world)
{
	char error[RECORDING_ERROR_SIZE];

	if (recording_read(world, strlen(world), "world", &l->arena, &l->world, error) < 0) {
		fprintf(stderr, "%s\n", error);
		abort();
	}
	l->generation++;
}

struct link *fake_link_new(const struct registry *registry, const char *world)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->registry = registry;
	read_world(l, world);
	return l;
}

void fake_link_free(struct link *l)
{
	arena_fini(&l->arena);
	free(l->line);
	free(l);
}

void fake_link_set(struct link *l, enum fake_link_mode mode)
{
	l->mode = mode;
}

void fake_link_change(struct link *l, const char *world)
{
	read_world(l, world);
}

static const struct link_view *make_view(struct link *l, enum page_sight sight, int32_t port)
{
	struct live_request request = live_request_default();
	struct view *v = calloc(1, sizeof(*v));

	if (!v)
		abort();
	if (port >= 0) {
		request.first_port = request.last_port = (uint16_t)port;
		request.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS | LIVE_WANT_CONNECTIONS;
	}
	v->link = l;
	v->n_holders = 1;
	v->view = (struct link_view){.serial = (uint64_t)l->generation * 2 + (sight != 0),
				     .generation = port < 0 ? l->generation : 0,
				     .sight = sight,
				     .port = port};
	v->view.from = (struct answer_sources){.registry = l->registry, .live = &v->live,
					       .today = "2026-08-17",
					       .saw_all_holders = port >= 0};
	if (recording_select(&l->world, &request, &v->arena, &v->live) < 0 ||
	    !answer_index(&v->view.from, &v->arena))
		abort();
	v->view.at = v->live.at;
	l->n_views++;
	return &v->view;
}

static int find(struct link *l, const struct waiter *who, unsigned int most_age_ms,
		const struct link_view **out)
{
	if (l->is_lost)
		return -EPIPE;
	if (l->mode == FAKE_LINK_READY) {
		*out = make_view(l, who->sight, who->port);
		return 1;
	}
	if (!who->arrived)
		return 0;
	if (l->n_waiters == WAITERS_MOST)
		return -EAGAIN;
	(void)most_age_ms;
	l->waiters[l->n_waiters++] = *who;
	return 0;
}

int link_here(struct link *l, enum page_sight sight, unsigned int most_age_ms,
	      link_arrived *arrived, void *context, const struct link_view **out)
{
	return find(l, &(struct waiter){arrived, context, sight, -1}, most_age_ms, out);
}

int link_port(struct link *l, enum page_sight sight, uint16_t port, unsigned int most_age_ms,
	      link_arrived *arrived, void *context, const struct link_view **out)
{
	return find(l, &(struct waiter){arrived, context, sight, port}, most_age_ms, out);
}

size_t fake_link_arrive(struct link *l, bool has_view)
{
	size_t n = l->n_waiters;
	struct waiter called[WAITERS_MOST];

	memcpy(called, l->waiters, sizeof(called));
	l->n_waiters = 0;
	for (size_t i = 0; i < n; i++)
		called[i].arrived(called[i].context,
				  has_view ? make_view(l, called[i].sight, called[i].port) : NULL);
	return n;
}

const struct link_view *link_hold(const struct link_view *view)
{
	((struct view *)(uintptr_t)view)->n_holders++;
	return view;
}

void link_release(const struct link_view *view)
{
	struct view *v = (struct view *)(uintptr_t)view;

	if (!v || --v->n_holders > 0)
		return;
	v->link->n_views--;
	arena_fini(&v->arena);
	free(v);
}

void link_watch(struct link *l, bool is_watching)
{
	l->n_watchers += is_watching ? 1 : -1;
}

int link_stake(struct link *l, const char *line, link_staked *done, void *context)
{
	if (l->staked)
		return -EAGAIN;
	free(l->line);
	l->line = strdup(line);
	l->staked = done;
	l->staked_context = context;
	return 0;
}

bool fake_link_settle(struct link *l, enum ledger_outcome outcome, const char *message)
{
	link_staked *done = l->staked;

	l->staked = NULL;
	if (done)
		done(l->staked_context, outcome, message);
	return done != NULL;
}

int link_judge(struct link *l, uint16_t port, enum atlas_face face)
{
	(void)port;
	l->faces[face]++;
	return 0;
}

void link_faces(struct link *l, uint16_t port, uint32_t out[3])
{
	(void)port;
	memcpy(out, l->faces, sizeof(l->faces));
}

bool link_is_replay(const struct link *l)
{
	(void)l;
	return false;
}

bool link_is_token(const struct link *l, const char *bytes, size_t n)
{
	(void)l;
	return n == ATLAS_TOKEN_SIZE && memcmp(bytes, fake_link_token, n) == 0;
}

bool link_is_lost(struct link *l)
{
	return l->is_lost;
}

void fake_link_lose(struct link *l)
{
	l->is_lost = true;
}

const char *fake_link_line(const struct link *l)
{
	return l->line;
}

bool fake_link_is_watched(const struct link *l)
{
	return l->n_watchers > 0;
}

int fake_link_n_views(const struct link *l)
{
	return l->n_views;
}
