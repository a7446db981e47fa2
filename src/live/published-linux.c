#include "live/published-linux.h"

#include "live/addresses-linux.h"
#include "live/diag-linux.h"
#include "live/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- proxies --------------------------------------------------------------------------------- */

static bool is_host(const struct live_request *request, const struct live_namespace *ns)
{
	return ns->is_here || request->scope == LIVE_SCOPE_NAMED;
}

/* A placeholder's container is that of the rules for its port. Returns whether there were any. */
static bool give_to_rules(const struct live_published *placeholder, struct published_list *list)
{
	bool is_given = false;

	for (size_t i = 0; i < list->n; i++) {
		struct live_published *p = &list->items[i];

		if (p->transport != placeholder->transport || p->via != 0 || !p->has_to ||
		    placeholder->ports.first < p->ports.first ||
		    placeholder->ports.first > p->ports.last)
			continue;
		if (p->ports.first == p->ports.last)
			p->via = placeholder->via;
		p->container = placeholder->container;
		is_given = true;
	}
	return is_given;
}

int published_add_proxies(const struct live_request *request, const struct socket_list *sockets,
			  struct arena *arena, struct published_list *list)
{
	for (size_t i = 0; i < sockets->n; i++) {
		const struct live_socket *s = &sockets->items[i];

		for (size_t k = 0; k < s->n_owners && is_host(request, s->ns); k++) {
			struct live_published found, *slot;

			if (!s->owners[k].process ||
			    !proxy_read(s->owners[k].process, s, arena, &found) ||
			    (strcmp(found.by, "conmon") == 0 && give_to_rules(&found, list)))
				continue;
			slot = ARENA_PUSH(arena, list->items, list->n, list->capacity);
			if (!slot)
				return -ENOMEM;
			*slot = found;
		}
	}
	return arena_failed(arena) ? -ENOMEM : 0;
}

/* --- what is behind -------------------------------------------------------------------------- */

/* Which namespaces have an entry's address so far. */
struct meeting {
	bool is_settled;     /* the host's own, or so many that nothing tells which one is meant */
	bool is_met;
	bool has_container;  /* its container was known before */
};

struct link {
	const struct live_request *request;
	const struct socket_list *sockets;
	struct arena *arena;
	struct published_list *list;
	struct socket_list *behind;
	struct meeting *met; /* one an entry */
	size_t n_open; /* entries whose namespace is still looked for */
};

static bool is_in_range(const struct live_request *request, uint16_t port)
{
	return port >= request->first_port && port <= request->last_port;
}

/* How well a listener fits what arrives for an address: 0 not at all, 2 made for it. */
static int fitness(const struct live_published *p, const struct live_socket *s)
{
	enum address_family family = p->has_to ? p->to.family : ADDRESS_IPV4;

	if (s->state != LIVE_LISTENER || s->local_port != p->to_ports.first ||
	    transport_port_space(s->transport) != p->transport)
		return 0;
	if (address_is_wildcard(&s->local))
		return !p->has_to || s->local.family == family || s->is_dual_stack ? 1 : 0;
	if (!p->has_to)
		return 1;
	return s->local.family == family &&
			       memcmp(s->local.bytes, p->to.bytes, sizeof(p->to.bytes)) == 0
		       ? 2 : 0;
}

/* The best fitting listener of `ns`; NULL = none. */
static const struct live_socket *pick(const struct socket_list *from,
				      const struct live_namespace *ns,
				      const struct live_published *p)
{
	const struct live_socket *best = NULL;
	int best_fitness = 0;

	for (size_t i = 0; i < from->n; i++) {
		int f = from->items[i].ns == ns ? fitness(p, &from->items[i]) : 0;

		if (f > best_fitness) {
			best = &from->items[i];
			best_fitness = f;
		}
	}
	return best;
}

static bool is_behind_already(const struct link *l, uint64_t cookie)
{
	for (size_t i = 0; i < l->behind->n; i++) {
		if (l->behind->items[i].cookie == cookie)
			return true;
	}
	return false;
}

/* The listener in the namespace that the calling thread is in, asked for anew. */
static uint64_t dump_behind(struct link *l, struct netns *n, const struct live_published *p)
{
	struct diag_query query = {.transport = p->transport,
				   .want_v4 = true,
				   .want_v6 = true,
				   .states = p->transport == TRANSPORT_TCP ? DIAG_LISTEN
									   : DIAG_CLOSE,
				   .first_port = p->to_ports.first,
				   .last_port = p->to_ports.first};
	struct socket_list found = {0};
	const struct live_socket *best;
	struct diag *diag = NULL;
	uint64_t cookie = 0;

	if (diag_open(l->arena, &diag) == 0 && diag_dump(diag, &query, &n->ns, &found) == 0) {
		best = pick(&found, &n->ns, p);
		cookie = best ? best->cookie : 0;
		if (cookie != 0 && !is_behind_already(l, cookie))
			socket_list_push(l->behind, best);
	}
	diag_close(diag);
	socket_list_fini(&found);
	return cookie;
}

/* Fill in what is behind `p` in `n`, the namespace of the calling thread. */
static void look_behind(struct link *l, struct netns *n, struct live_published *p)
{
	const struct live_socket *s;

	if (!p->container)
		p->container = n->ns.container;
	if (p->to_ports.first == 0 || p->to_ports.first != p->to_ports.last)
		return;
	if (n->is_looked_into && is_in_range(l->request, p->to_ports.first)) {
		s = pick(l->sockets, &n->ns, p);
		p->listener = s ? s->cookie : 0;
	} else {
		p->listener = dump_behind(l, n, p);
	}
}

/* Entries that lead to this very namespace. */
static void look_here(struct link *l, struct netns *n)
{
	struct address_list own = {0};
	bool has_own = false;

	for (size_t i = 0; i < l->list->n; i++) {
		struct live_published *p = &l->list->items[i];

		if (p->has_to && !has_own) {
			has_own = true;
			(void)!addresses_read(l->arena, &own);
		}
		if (!p->is_to_here &&
		    !(p->has_to && (address_is_loopback(&p->to) || addresses_have(&own, &p->to)))) {
			l->n_open += p->has_to;
			continue;
		}
		l->met[i].is_settled = true;
		look_behind(l, n, p);
	}
}

static void look_there(struct netns *n, int error, void *context)
{
	struct address_list addresses;
	struct link *l = context;

	if (error != 0 || l->n_open == 0 || addresses_read(l->arena, &addresses) < 0)
		return;
	for (size_t i = 0; i < l->list->n; i++) {
		struct live_published *p = &l->list->items[i];

		if (!p->has_to || l->met[i].is_settled || !addresses_have(&addresses, &p->to))
			continue;
		if (l->met[i].has_container && n->ns.container &&
		    strcmp(p->container, n->ns.container) != 0)
			continue;
		if (l->met[i].is_met) {
			l->met[i].is_settled = true;
			p->listener = 0;
			p->container = l->met[i].has_container ? p->container : NULL;
			continue;
		}
		l->met[i].is_met = true;
		look_behind(l, n, p);
	}
}

int published_link(const struct live_request *request, struct netns_list *all,
		   const struct socket_list *sockets, struct arena *arena,
		   struct published_list *list, struct socket_list *behind)
{
	struct link l = {.request = request,
			 .sockets = sockets,
			 .arena = arena,
			 .list = list,
			 .behind = behind,
			 .met = arena_calloc(arena, list->n, sizeof(*l.met))};

	if (!l.met)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++)
		l.met[i].has_container = list->items[i].container != NULL;
	if (all->n > 0 && all->items[0].ns.is_here)
		look_here(&l, &all->items[0]);
	else
		l.n_open = list->n;
	if (l.n_open > 0)
		netns_visit(all, look_there, &l);
	return behind->has_failed || arena_failed(arena) ? -ENOMEM : 0;
}

void published_settle(struct published_list *list)
{
	size_t n = 0;

	if (list->n > 1)
		qsort(list->items, list->n, sizeof(*list->items), live_published_compare);
	for (size_t i = 0; i < list->n; i++) {
		if (n == 0 || live_published_compare(&list->items[n - 1], &list->items[i]) != 0)
			list->items[n++] = list->items[i];
	}
	list->n = n;
}
