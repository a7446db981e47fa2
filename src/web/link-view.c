#include "web/link-view.h"

#include "live/recording.h"
#include "web/sight.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A view, and what it stands on. */
struct held_view {
	struct link_view view; /* first: what others hold */
	atomic_uint n_holders;
	struct live_snapshot live; /* the store's, of its own time */
	struct link_store *store;
	struct link_claims *claims;
};

/* --- stores ---------------------------------------------------------------------------------- */

static bool is_about_claims(const struct live_gap *gap)
{
	return strcmp(gap->what, "claims") == 0 || strcmp(gap->what, ATLAS_CLAIMS_ASIDE) == 0;
}

/* Gaps of claims travel with the others; records tell them apart. */
static int split_gaps(struct live_snapshot *s, struct answer_sources *from, struct arena *arena)
{
	struct live_gap *live = arena_calloc(arena, s->n_gaps, sizeof(*live));
	struct answer_gap *claims = arena_calloc(arena, s->n_gaps, sizeof(*claims));
	size_t n_live = 0, n_claims = 0;

	if (!live || !claims)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_gaps; i++) {
		const struct live_gap *gap = &s->gaps[i];

		if (is_about_claims(gap))
			claims[n_claims++] = (struct answer_gap){
				"claims", gap->where, gap->why, gap->fix,
				strcmp(gap->what, ATLAS_CLAIMS_ASIDE) == 0};
		else
			live[n_live++] = *gap;
	}
	s->gaps = live;
	s->n_gaps = n_live;
	from->claim_gaps = claims;
	from->n_claim_gaps = n_claims;
	return 0;
}

static int fill_sight(struct link_store *s, unsigned int sight, bool is_port,
		      struct link_nature nature)
{
	struct answer_sources *from = &s->from[sight];
	int r = split_gaps(&s->snapshots[sight], from, &s->arena);

	if (r < 0)
		return r;
	from->live = &s->snapshots[sight];
	from->saw_all_holders = is_port;
	from->counts_every_namespace = nature.is_named;
	return answer_index(from, &s->arena) ? 0 : -ENOMEM;
}

static int fill_store(struct link_store *s, const char *bytes, size_t n, bool is_port,
		      struct link_nature nature)
{
	char error[RECORDING_ERROR_SIZE];
	struct recording recording;
	int r = recording_read(bytes, n, "the pipe", &s->arena, &recording, error);

	if (r < 0)
		return r == -ENOMEM ? r : -EPROTO;
	s->snapshots[PAGE_SIGHT_FULL] = recording.snapshot;
	r = sight_reduce(&recording.snapshot, nature.is_privileged, nature.is_named, &s->arena,
			 &s->snapshots[PAGE_SIGHT_PUBLIC]);
	for (unsigned int sight = 0; r == 0 && sight < N_ELEMENTS(s->from); sight++)
		r = fill_sight(s, sight, is_port, nature);
	s->n_bytes = s->arena.n_bytes;
	return r;
}

int link_store_read(const char *bytes, size_t n, bool is_port, struct link_nature nature,
		    struct link_store **out)
{
	struct link_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	atomic_init(&s->n_holders, 1);
	r = fill_store(s, bytes, n, is_port, nature);
	if (r < 0) {
		link_store_release(s);
		return r;
	}
	*out = s;
	return 0;
}

/* Whether the caller was the last to hold it. */
static bool let_go(atomic_uint *n_holders)
{
	return atomic_fetch_sub_explicit(n_holders, 1, memory_order_acq_rel) == 1;
}

void link_store_release(struct link_store *s)
{
	if (!s || !let_go(&s->n_holders))
		return;
	arena_fini(&s->arena);
	free(s);
}

/* --- claims ---------------------------------------------------------------------------------- */

static int fill_claims(struct link_claims *c, const struct str payloads[ATLAS_N_CLAIMS])
{
	int r = 0;

	claims_init(&c->claims, &c->arena);
	for (unsigned int i = 0; r == 0 && i < ATLAS_N_CLAIMS; i++) {
		/* A copy that lives as long, and is aligned. */
		char *bytes = arena_alloc(&c->arena, payloads[i].length);

		if (!bytes)
			return -ENOMEM;
		if (payloads[i].length > 0)
			memcpy(bytes, payloads[i].bytes, payloads[i].length);
		r = atlas_claims_read(atlas_claims_argument(i), bytes, payloads[i].length,
				      &c->arena, &c->claims);
	}
	return r == 0 && !claims_finish(&c->claims) ? -ENOMEM : r;
}

int link_claims_read(const struct str payloads[ATLAS_N_CLAIMS], const char *today,
		     struct link_claims **out)
{
	struct link_claims *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	atomic_init(&c->n_holders, 1);
	memcpy(c->today, today, sizeof(c->today));
	r = fill_claims(c, payloads);
	if (r < 0) {
		link_claims_release(c);
		return r;
	}
	*out = c;
	return 0;
}

void link_claims_release(struct link_claims *c)
{
	if (!c || !let_go(&c->n_holders))
		return;
	arena_fini(&c->arena);
	free(c);
}

/* --- views ----------------------------------------------------------------------------------- */

const struct link_view *link_view_new(const struct link_view *like, struct link_store *store,
				      struct link_claims *claims, const struct registry *registry)
{
	struct held_view *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	atomic_init(&v->n_holders, 1);
	v->store = store;
	v->claims = claims;
	atomic_fetch_add_explicit(&store->n_holders, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&claims->n_holders, 1, memory_order_relaxed);
	v->view = *like;
	v->live = store->snapshots[like->sight];
	v->live.at = like->at;
	v->view.from = store->from[like->sight];
	v->view.from.live = &v->live;
	v->view.from.registry = registry;
	v->view.from.claims = &claims->claims;
	v->view.from.today = claims->today;
	return &v->view;
}

const struct link_view *link_hold(const struct link_view *view)
{
	/* The count is the one thing in a view that changes. */
	struct held_view *v = (struct held_view *)(uintptr_t)view;

	atomic_fetch_add_explicit(&v->n_holders, 1, memory_order_relaxed);
	return view;
}

void link_release(const struct link_view *view)
{
	struct held_view *v = (struct held_view *)(uintptr_t)view;

	if (!v || !let_go(&v->n_holders))
		return;
	link_store_release(v->store);
	link_claims_release(v->claims);
	free(v);
}
