#include "web/server.h"

#include "web/events.h"
#include "web/server-parts.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A look that old is served as it is; that old it is served while another one is under way. */
/* How old a look may be to be shown at once, and while a newer one is under way; and what a script
 * asks for because something changed. */
enum { FRESH_MS = 1000, STALE_MS = 3000, LIVE_MS = 200 };

static server_handler *const handlers[N_ROUTES] = {
#define ROUTE(id, path, methods, kind, wants, handler) [ROUTE_##id] = handler,
#include "web/routes.def"
#undef ROUTE
};

struct server *server_new(const struct server_options *options)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->options = *options;
	s->guard = (struct guard){options->link, options->hosts, options->uid};
	s->cache = response_cache_new();
	return s->cache ? s : server_free(s);
}

struct server *server_free(struct server *s)
{
	if (s)
		response_cache_free(s->cache);
	free(s);
	return NULL;
}

struct server_counts *server_counts(struct server *s)
{
	return &s->counts;
}

void server_changed(struct server *s, enum link_change what)
{
	if (what == LINK_FACES)
		atomic_fetch_add(&s->n_faces, 1);
}

/* A look has come, or none in time. */
static void on_arrival(void *context, const struct link_view *view)
{
	struct server_visit *visit = context;

	visit->view = view;
	visit->stage = SERVER_STAGE_CAME;
	visit->wake(visit);
}

static int ask(struct server_turn *t, unsigned int most_age_ms, bool may_wait,
	       const struct link_view **view)
{
	struct link *link = t->server->options.link;
	link_arrived *arrived = may_wait ? on_arrival : NULL;

	if (routes[t->match.id].wants == ROUTE_WANTS_PORT)
		return link_port(link, t->visit->sight, t->match.port, most_age_ms, arrived,
				 may_wait ? t->visit : NULL, view);
	return link_here(link, t->visit->sight, most_age_ms, arrived, may_wait ? t->visit : NULL,
			 view);
}

/*
 * The view that a route wants. Returns 1 with it, 0: the visit waits; -ETIMEDOUT: nothing came, but
 * `*view` may be an old one; or as link_port().
 */
static int find_view(struct server_turn *t, const struct link_view **view)
{
	struct server_visit *visit = t->visit;
	const bool is_live = t->match.id == ROUTE_PORT_LIVE;
	int r;

	/* Who reads a page is likely to read on; what scrapes numbers gets them when it asks. */
	if (routes[t->match.id].wants == ROUTE_WANTS_HERE &&
	    routes[t->match.id].kind != ROUTE_DATA)
		events_touch(t->server->options.events);
	if (visit->stage == SERVER_STAGE_CAME) {
		*view = visit->view;
		visit->view = NULL;
		if (*view)
			return 1;
		r = ask(t, UINT_MAX, false, view);
		return r < 0 ? r : -ETIMEDOUT;
	}
	r = ask(t, is_live ? LIVE_MS : FRESH_MS, false, view);
	if (r != 0)
		return r;
	visit->stage = SERVER_STAGE_WAITING;
	r = ask(t, is_live ? LIVE_MS : STALE_MS, true, view);
	if (r != 0)
		visit->stage = SERVER_STAGE_NEW;
	return r;
}

/* What a page is made from when the collector does not answer: what is known, and a gap. */
struct blind {
	struct answer_sources from;
	struct live_snapshot live;
};

static const struct answer_sources *look_blindly(struct server_turn *t,
						 const struct link_view *old)
{
	struct blind *b = arena_alloc(t->arena, sizeof(*b));
	size_t n = old ? old->from.live->n_gaps : 0;
	struct live_gap *gaps = arena_calloc(t->arena, n + 1, sizeof(*gaps));

	if (!b || !gaps)
		return NULL;
	if (old) {
		b->from = old->from;
		b->live = *old->from.live;
		if (n > 0)
			memcpy(gaps, b->live.gaps, n * sizeof(*gaps));
	} else {
		b->from.registry = t->server->options.registry;
		b->from.today = "";
		b->live.at = LIVE_TIME_NONE;
	}
	gaps[n] = (struct live_gap){.what = "sockets", .where = "this machine",
				    .why = old ? "the newest look is still under way"
					       : "the look is still under way",
				    .fix = "ask again"};
	b->live.gaps = gaps;
	b->live.n_gaps = n + 1;
	b->from.live = &b->live;
	return old || answer_index(&b->from, t->arena) ? &b->from : NULL;
}

/* Whether answers of the route are kept: they depend on nothing but the key. */
static bool is_kept(const struct server_turn *t)
{
	const struct route *route = &routes[t->match.id];
	const bool has_list = t->match.id == ROUTE_HERE || t->match.id == ROUTE_HERE_ROWS ||
			      t->match.id == ROUTE_CLAIMS;

	if (has_list && t->n_query > 0)
		return false;
	return route->wants != ROUTE_WANTS_NOTHING && !strchr(route->path, '*') &&
	       t->request->method != SERVER_METHOD_POST && t->match.id != ROUTE_SEARCH &&
	       t->match.id != ROUTE_API_FIND && t->match.id != ROUTE_METRICS;
}

static struct response *serve_view(struct server_turn *t, const struct link_view *view)
{
	const struct response_key key = {
		.route = t->match.id,
		.language = t->match.language,
		.sight = t->visit->sight,
		.is_trusted = t->visit->is_trusted,
		.port = t->match.port,
		.serial = view->serial,
		.others = atomic_load(&t->server->n_faces),
	};
	struct response *r = is_kept(t) ? response_cache_get(t->server->cache, &key) : NULL;

	if (r)
		return r;
	t->from = &view->from;
	r = handlers[t->match.id](t);
	if (r && is_kept(t) && r->status == 200)
		response_cache_put(t->server->cache, &key, r);
	return r;
}

/* Call the handler of a route that wants a look, with one. */
static struct response *serve_looking(struct server_turn *t)
{
	const struct link_view *view = NULL;
	struct response *r = NULL;
	int got = find_view(t, &view);

	if (got == 0) {
		t->waits = true;
		return NULL;
	}
	if (got == 1) {
		r = serve_view(t, view);
	} else if (got == -ETIMEDOUT) {
		t->from = look_blindly(t, view);
		r = t->from ? handlers[t->match.id](t) : NULL;
	} else {
		r = server_error(t, 503);
	}
	link_release(view);
	return r;
}

static struct response *serve(struct server_turn *t)
{
	/* A claim that came back needs no look. */
	bool is_change = t->request->method == SERVER_METHOD_POST;

	if (routes[t->match.id].wants == ROUTE_WANTS_NOTHING || is_change)
		return handlers[t->match.id](t);
	return serve_looking(t);
}

static struct response *not_modified(struct server_turn *t, struct response *r)
{
	struct response *short_one;

	if (!r || r->status != 200 || !r->tag[0] || !t->request->if_none_match ||
	    t->request->method == SERVER_METHOD_POST ||
	    !http_text_has_tag(t->request->if_none_match, r->tag))
		return r;
	short_one = response_not_modified(r);
	response_release(r);
	return short_one;
}

/* Text without a page: for requests that are not meant for this server. */
static struct response *say_plainly(unsigned int status, const char *text)
{
	struct response *r = response_new(status, "text/plain; charset=utf-8");

	if (!r)
		return NULL;
	str_append(&r->body, text);
	r->ends_connection = true;
	return response_finish(r, RESPONSE_KEEP_NOTHING);
}

static struct response *check_host(struct server_turn *t)
{
	switch (guard_host(&t->server->guard, t->request)) {
	case GUARD_FINE:
		return NULL;
	case GUARD_NO_HOST:
		return say_plainly(400, "This request is malformed: its headers contradict each "
					"other, or none names a host.\n");
	case GUARD_WRONG_HOST:
		break;
	}
	return say_plainly(421, "This server does not answer to that name. Use localhost and its "
				"port, or start it with --host NAME.\n");
}

static struct response *steer(struct server_turn *t)
{
	struct response *r;
	size_t n_path = strcspn(t->request->target, "?");
	int found = route_find(t->request->target, n_path, &t->match);

	t->query = t->request->target + n_path;
	t->query += *t->query == '?';
	t->n_query = strlen(t->query);
	t->visit->sight = guard_sight(&t->server->guard, t->request);
	t->visit->is_trusted = guard_is_trusted(&t->server->guard, t->request);
	if (found < 0) {
		server_guess_language(t);
		return server_error(t, found == -EINVAL ? 400 : 404);
	}
	r = server_check(t, n_path);
	return r ? r : not_modified(t, serve(t));
}

static struct response *answer(struct server_turn *t)
{
	struct response *r = check_host(t);

	if (r)
		return r;
	if (link_is_lost(t->server->options.link)) {
		t->path = "/";
		return server_error(t, 503);
	}
	if (strlen(t->request->target) > HTTP_TEXT_TARGET_MOST)
		return say_plainly(414, "This address is too long.\n");
	for (const char *c = t->request->target; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return say_plainly(400, "This address has blanks or control characters.\n");
	}
	return steer(t);
}

enum server_step server_visit(struct server *s, struct server_visit *visit, struct response **out)
{
	struct arena arena;
	struct server_turn t = {.server = s, .visit = visit, .request = &visit->request,
				.arena = &arena, .path = "/", .query = ""};

	arena_init(&arena);
	*out = answer(&t);
	arena_fini(&arena);
	if (t.waits)
		return SERVER_WAITS;
	return t.streams ? SERVER_STREAMS : SERVER_ANSWERS;
}

void server_leave(struct server_visit *visit)
{
	link_release(visit->view);
	visit->view = NULL;
	free(visit->message);
	visit->message = NULL;
}
