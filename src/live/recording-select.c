#include "live/recording.h"

#include "base/lang.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Whether `wanted` (a name, an id, "net:[ID]", a path that ends in the name) means `ns`. */
static bool is_named(const struct live_namespace *ns, const char *wanted)
{
	const char *slash = strrchr(wanted, '/');
	char id[40];

	if (strcmp(wanted, ns->name) == 0 || (slash && strcmp(slash + 1, ns->name) == 0))
		return true;
	snprintf(id, sizeof(id), "net:[%llu]", (unsigned long long)ns->id);
	if (strcmp(wanted, id) == 0)
		return true;
	id[strlen(id) - 1] = '\0';
	return strcmp(wanted, id + strlen("net:[")) == 0;
}

static bool is_in_scope(const struct live_request *request, const struct live_namespace *ns)
{
	switch (request->scope) {
	case LIVE_SCOPE_ALL:
		return true;
	case LIVE_SCOPE_HERE:
		return ns->is_here;
	case LIVE_SCOPE_NAMED:
		return request->netns && is_named(ns, request->netns);
	}
	return false;
}

/* Connections that are in nobody's way: their owners are asked for separately. */
static bool is_mere_peer(const struct live_request *request, const struct live_socket *s)
{
	return s->state == LIVE_CONNECTION &&
	       !((request->want & LIVE_WANT_HOLDERS) && s->local_port >= request->first_port &&
		 s->local_port <= request->last_port);
}

static int select_owners(const struct live_request *request, const bool *late,
			 struct arena *arena, struct live_socket *s)
{
	struct live_owner *owners;
	size_t n_early = 0;

	if (request->want_only_sockets) {
		s->user = s->unit = s->container = s->activates = NULL;
		s->starts = NULL;
	}
	if (request->want_only_sockets ||
	    (is_mere_peer(request, s) && !request->want_peer_owners)) {
		s->owners = NULL;
		s->n_owners = 0;
		s->owners_search = LIVE_SEARCH_NONE;
		return 0;
	}
	for (size_t i = 0; i < s->n_owners; i++)
		n_early += !late || !late[i];
	if (request->want_all_owners || (n_early == 0 && s->n_owners > 0)) {
		if (s->owners_search == LIVE_SEARCH_CGROUP)
			s->owners_search = LIVE_SEARCH_ALL;
		return 0;
	}
	if (n_early == s->n_owners)
		return 0;
	owners = arena_calloc(arena, n_early, sizeof(*owners));
	if (!owners)
		return -ENOMEM;
	n_early = 0;
	for (size_t i = 0; i < s->n_owners; i++) {
		if (!late[i])
			owners[n_early++] = s->owners[i];
	}
	s->owners = owners;
	s->n_owners = n_early;
	return 0;
}

/* The namespaces in scope. `to` says where each of the recording's went; NULL = out of scope. */
static int select_namespaces(const struct recording *r, const struct live_request *request,
			     struct arena *arena, struct live_snapshot *out,
			     const struct live_namespace ***to)
{
	struct live_namespace *namespaces;

	namespaces = arena_calloc(arena, r->snapshot.n_namespaces, sizeof(*namespaces));
	*to = arena_calloc(arena, r->snapshot.n_namespaces, sizeof(**to));
	if (!namespaces || !*to)
		return -ENOMEM;
	out->n_namespaces = 0;
	for (size_t i = 0; i < r->snapshot.n_namespaces; i++) {
		struct live_namespace *ns = &namespaces[out->n_namespaces];

		if (!is_in_scope(request, &r->snapshot.namespaces[i]))
			continue;
		*ns = r->snapshot.namespaces[i];
		(*to)[i] = ns;
		out->n_namespaces++;
	}
	out->namespaces = namespaces;
	return 0;
}

/* The part of a published range that was asked for. */
static void clip(const struct live_request *request, struct live_published *p)
{
	uint16_t first = MAX_OF(p->ports.first, request->first_port);
	uint16_t last = MIN_OF(p->ports.last, request->last_port);

	if (p->to_ports.first != p->to_ports.last)
		p->to_ports = (struct live_span){live_published_target(p, first),
						 live_published_target(p, last)};
	p->ports = (struct live_span){first, last};
}

static int select_published(const struct recording *r, const struct live_request *request,
			    struct arena *arena, struct live_snapshot *out)
{
	struct live_published *published;
	bool is_here = request->scope != LIVE_SCOPE_NAMED;

	for (size_t i = 0; i < out->n_namespaces; i++)
		is_here |= out->namespaces[i].is_here;
	published = arena_calloc(arena, r->snapshot.n_published, sizeof(*published));
	if (!published)
		return -ENOMEM;
	out->n_published = 0;
	for (size_t i = 0; i < r->snapshot.n_published && is_here; i++) {
		struct live_published *p = &published[out->n_published];

		if (request->want_only_sockets || !(request->want & LIVE_WANT_LISTENERS) ||
		    !live_request_publishes(request, &r->snapshot.published[i]))
			continue;
		*p = r->snapshot.published[i];
		clip(request, p);
		out->n_published++;
	}
	out->published = published;
	return 0;
}

static bool is_behind(const struct live_snapshot *out, const struct live_socket *s)
{
	for (size_t i = 0; i < out->n_published && s->cookie != 0; i++) {
		if (out->published[i].listener == s->cookie)
			return true;
	}
	return false;
}

static int select_sockets(const struct recording *r, const struct live_request *request,
			  struct arena *arena, struct live_snapshot *out,
			  const struct live_namespace **to)
{
	struct live_socket *sockets;
	size_t n = 0;

	sockets = arena_calloc(arena, r->snapshot.n_sockets, sizeof(*sockets));
	if (!sockets)
		return -ENOMEM;
	for (size_t i = 0; i < r->snapshot.n_sockets; i++) {
		const struct live_socket *s = &r->snapshot.sockets[i];
		const struct live_namespace *ns = to[s->ns - r->snapshot.namespaces];
		int error;

		if (!ns || (!live_request_covers(request, s) && !is_behind(out, s)))
			continue;
		sockets[n] = *s;
		sockets[n].ns = ns;
		error = select_owners(request, r->late_owners ? r->late_owners[i] : NULL, arena,
				      &sockets[n]);
		if (error < 0)
			return error;
		n++;
	}
	out->sockets = sockets;
	out->n_sockets = n;
	return 0;
}

/* A namespace that was asked for by name and is not there. */
static int add_namespace_gap(const struct live_request *request, struct arena *arena,
			     struct live_snapshot *out)
{
	struct live_gap *gaps = arena_grow(arena, out->gaps, out->n_gaps, out->n_gaps + 1,
					   sizeof(*gaps));
	const char *where = request->netns ? arena_strdup(arena, request->netns) : "";

	if (!gaps || !where)
		return -ENOMEM;
	gaps[out->n_gaps++] = (struct live_gap){
		.what = "namespace",
		.where = where,
		.why = N_("no such namespace in this recording"),
	};
	out->gaps = gaps;
	out->could_look = false;
	return 0;
}

/* What want_only_sockets leaves out. */
static void strip(struct live_snapshot *s)
{
	s->containers = NULL;
	s->n_containers = 0;
	s->rules = (struct live_rules){0};
	s->site = (struct live_site){0};
}

int recording_select(const struct recording *r, const struct live_request *request,
		     struct arena *arena, struct live_snapshot *out)
{
	struct live_snapshot selected = r->snapshot;
	const struct live_namespace **to;
	int error = select_namespaces(r, request, arena, &selected, &to);

	if (error == 0)
		error = select_published(r, request, arena, &selected);
	if (error == 0)
		error = select_sockets(r, request, arena, &selected, to);
	if (error == 0 && request->scope == LIVE_SCOPE_NAMED && selected.n_namespaces == 0)
		error = add_namespace_gap(request, arena, &selected);
	if (error == 0 && request->want_only_sockets)
		strip(&selected);
	if (error == 0)
		*out = selected;
	return error;
}
