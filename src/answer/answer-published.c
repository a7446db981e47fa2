/* The published ports of an answer, and what containers are called. */
#include "answer/answer-parts.h"

#include "answer/identify.h"

#include <inttypes.h>
#include <string.h>

enum { SHORT_ID = 12, LONG_ID = 32 };

const char *answer_container(const struct answer_sources *from, const char *id,
			     struct arena *arena)
{
	const struct live_container *c = live_snapshot_container(from->live, id);
	size_t n = 0;

	if (!id)
		return NULL;
	if (c && c->name)
		return c->name;
	while ((id[n] >= '0' && id[n] <= '9') || (id[n] >= 'a' && id[n] <= 'f'))
		n++;
	return n >= LONG_ID && !id[n] ? arena_strndup(arena, id, SHORT_ID) : id;
}

/* --- names ----------------------------------------------------------------------------------- */

/* Names under construction. */
struct names {
	const char **items;
	size_t n, capacity;
	bool has_failed;
};

static void add_list(const char *const *found, struct names *names, struct arena *arena)
{
	for (; found && *found; found++) {
		const char **name = ARENA_PUSH(arena, names->items, names->n, names->capacity);

		if (!name) {
			names->has_failed = true;
			return;
		}
		*name = *found;
	}
}

/* What a socket unit starts counts as being there: its program, as its service's file names it. */
static const char *const *names_of_service(const struct live_socket *s, struct arena *arena)
{
	struct live_process service = {.command = s->starts};
	const char *slash;

	if (!s->starts || !s->starts[0])
		return NULL;
	slash = strrchr(s->starts[0], '/');
	service.program = slash ? slash + 1 : s->starts[0];
	return identify_process(&service, arena);
}

/* "vxlan" of "vxlan vx0". */
static const char *const *names_of_driver(const char *kernel, struct arena *arena)
{
	const char **names = arena_calloc(arena, 2, sizeof(*names));

	if (names && kernel)
		names[0] = arena_strndup(arena, kernel, strcspn(kernel, " "));
	return names;
}

static void add_names(const struct live_socket *s, struct names *names, struct arena *arena)
{
	for (size_t i = 0; i < s->n_owners; i++) {
		const struct live_owner *o = &s->owners[i];

		add_list(o->process ? identify_process(o->process, arena)
				    : names_of_driver(o->kernel, arena),
			 names, arena);
	}
	add_list(names_of_service(s, arena), names, arena);
}

/* Names of the listener behind an entry; with none the names are not known. */
static void add_behind(const struct answer_sources *from, const struct live_published *p,
		       struct names *names, struct arena *arena)
{
	const struct live_socket *s = live_snapshot_behind(from->live, p);

	if (s)
		add_names(s, names, arena);
}

static const char *const *finish(const struct names *names, struct arena *arena)
{
	return names->has_failed ? NULL
				 : arena_grow(arena, names->items, names->n, names->n + 1,
					      sizeof(*names->items));
}

/* The first entry whose first port is `port`, or behind it. */
static size_t find_first(const struct live_snapshot *s, uint16_t port)
{
	size_t low = 0, high = s->n_published;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->published[middle].ports.first < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const char *const *answer_resident_names(const struct answer_sources *from,
					 const struct live_socket *s, struct arena *arena)
{
	const struct live_snapshot *live = from->live;
	struct names names = {0};

	add_names(s, &names, arena);
	for (size_t i = find_first(live, s->local_port);
	     s->cookie && i < live->n_published &&
	     live->published[i].ports.first == s->local_port; i++) {
		if (live->published[i].via == s->cookie)
			add_behind(from, &live->published[i], &names, arena);
	}
	return finish(&names, arena);
}

/* Whether two entries say the same to anybody who reads them: a proxy on the wildcards of both
 * families is one. */
static bool is_same_shown(const struct live_published *a, const struct live_published *b)
{
	struct live_published one = *a, other = *b;

	one.via = other.via = 0;
	return live_published_compare(&one, &other) == 0;
}

/* Whether the entry before `p` in the snapshot is shown for it. */
static bool is_repeated(const struct live_snapshot *live, const struct live_published *p)
{
	return p > live->published && is_same_shown(p - 1, p);
}

/* --- records --------------------------------------------------------------------------------- */

static bool fill(const struct answer_sources *from, const struct live_published *p, uint16_t port,
		 const struct answer_case *c, struct answer_published *out, struct arena *arena)
{
	const struct live_socket *behind = live_snapshot_behind(from->live, p);
	uint16_t to_port = live_published_target(p, port);
	struct names names = {0};
	struct verdict_resident resident;
	struct answer_case here;

	add_behind(from, p, &names, arena);
	resident.names = finish(&names, arena);
	if (!resident.names ||
	    !answer_case_at(c, p->has_address ? &p->address : NULL, &here, arena))
		return false;
	*out = (struct answer_published){
		.protocol = transport_name(p->transport),
		.address = p->has_address ? answer_address(&p->address, arena) : NULL,
		.port = port,
		.to_address = p->has_to ? answer_address(&p->to, arena) : p->to_name,
		.to_port = to_port ? (answer_number)to_port : ANSWER_NULL,
		.by = p->by,
		.container = answer_container(from, p->container, arena),
		.listener_cookie =
			p->listener ? arena_printf(arena, "%" PRIu64, p->listener) : NULL,
		.ports = p->ports,
		.note = p->note,
		.owners = behind ? answer_owners(from, behind, arena) : NULL,
		.n_owners = behind ? behind->n_owners : 0,
		.container_id = p->container,
		.to_ports = p->to_ports,
		.is_to_here = p->is_to_here,
		.is_loopback = p->has_address && address_is_loopback(&p->address),
		.transport = p->transport,
		.judged = verdict_of_resident(&here.world, &resident),
	};
	return !arena_failed(arena);
}

bool answer_index_published(struct answer_sources *from, struct arena *arena)
{
	const struct live_published **wide = NULL;
	size_t n = 0, capacity = 0;

	for (size_t i = 0; i < from->live->n_published; i++) {
		const struct live_published *p = &from->live->published[i], **slot;

		if (p->ports.first == p->ports.last)
			continue;
		slot = ARENA_PUSH(arena, wide, n, capacity);
		if (!slot)
			return false;
		*slot = p;
	}
	from->wide = wide;
	from->n_wide = n;
	return true;
}

/* Entries of a port under construction. */
struct list {
	const struct answer_sources *from;
	const struct answer_case *cases;
	const struct answer_options *options;
	uint16_t port;
	struct answer_published *items;
	size_t n, capacity;
	struct arena *arena;
};

static bool add(struct list *l, const struct live_published *p)
{
	bool is_stream = transport_port_space(p->transport) == TRANSPORT_TCP;
	struct answer_published *slot;

	if (is_repeated(l->from->live, p) ||
	    (l->options->has_transport &&
	     transport_port_space(l->options->transport) != transport_port_space(p->transport)))
		return true;
	slot = ARENA_PUSH(l->arena, l->items, l->n, l->capacity);
	return slot && fill(l->from, p, l->port, &l->cases[is_stream ? 0 : 1], slot, l->arena);
}

bool answer_fill_published(const struct answer_sources *from, uint16_t port,
			   const struct answer_case cases[2], const struct answer_options *options,
			   struct answer *out, struct arena *arena)
{
	const struct live_snapshot *live = from->live;
	struct list l = {.from = from, .cases = cases, .options = options, .port = port,
			 .arena = arena};

	for (size_t i = find_first(live, port);
	     i < live->n_published && live->published[i].ports.first == port; i++) {
		if (live->published[i].ports.last == port && !add(&l, &live->published[i]))
			return false;
	}
	for (size_t i = 0; i < from->n_wide; i++) {
		if (port >= from->wide[i]->ports.first && port <= from->wide[i]->ports.last &&
		    !add(&l, from->wide[i]))
			return false;
	}
	out->published = l.items;
	out->n_published = l.n;
	return true;
}

bool answer_fill_all_published(const struct answer_sources *from, struct answer_here *out,
			       struct arena *arena)
{
	const struct live_snapshot *live = from->live;
	struct answer_published *items = arena_calloc(arena, live->n_published, sizeof(*items));
	const struct live_published *before = NULL;
	struct answer_case c;
	size_t n = 0;

	if (!items)
		return false;
	for (size_t i = 0; i < live->n_published; i++) {
		const struct live_published *p = &live->published[i];
		bool is_known = before && before->ports.first == p->ports.first &&
			       before->transport == p->transport;

		if (!is_known && !answer_fill_case(from, p->ports.first, p->transport, &c, arena))
			return false;
		before = p;
		if (is_repeated(live, p))
			continue;
		if (!fill(from, p, p->ports.first, &c, &items[n++], arena))
			return false;
	}
	out->published = items;
	out->n_published = n;
	return true;
}
