/* The parts of an answer that come from what runs now. */
#include "answer/answer-parts.h"

#include "answer/identify.h"
#include "answer/lineage.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SAMPLES = 8, MOST_PEERS = 8 };

static bool fill_parents(const struct live_process *p, struct answer_owner *out,
			 struct arena *arena)
{
	struct answer_parent *parents = arena_calloc(arena, p->n_parents, sizeof(*parents));

	if (!parents)
		return false;
	for (size_t i = 0; i < p->n_parents; i++) {
		parents[i].pid = p->parents[i].pid;
		parents[i].program = p->parents[i].program;
	}
	out->parents = parents;
	out->n_parents = p->n_parents;
	return true;
}

static bool fill_owner(const struct answer_sources *from, const struct live_owner *o,
		       struct answer_owner *out, struct arena *arena)
{
	const struct live_process *p = o->process;
	struct lineage lineage;

	*out = (struct answer_owner){
		.pid = ANSWER_NULL,
		.fd = o->fd >= 0 ? o->fd : ANSWER_NULL,
		.method = live_method_name(o->method),
		.program = o->kernel,
		.uid = ANSWER_NULL,
		.started = LIVE_TIME_NONE,
		.label = o->kernel,
	};
	if (!p)
		return true;
	out->pid = p->pid;
	out->program = p->program;
	out->path = p->path;
	out->path_deleted = p->is_path_deleted;
	out->command = p->command;
	out->directory = p->directory;
	out->user = p->user;
	out->uid = p->uid != LIVE_UID_NONE ? (answer_number)p->uid : ANSWER_NULL;
	out->started = p->started;
	out->unit = p->unit;
	out->container = answer_container(from, p->container, arena);
	out->container_id = p->container;
	out->label = identify_label(p, arena);
	if (lineage_of(p, arena, &lineage)) {
		out->lineage = lineage.steps;
		out->origin = lineage.origin;
	}
	return fill_parents(p, out, arena);
}

const struct answer_owner *answer_owner(const struct answer_sources *from,
					const struct live_owner *o, struct arena *arena)
{
	struct answer_owner *owner = arena_alloc(arena, sizeof(*owner));

	return owner && fill_owner(from, o, owner, arena) ? owner : NULL;
}

const struct answer_owner *answer_owners(const struct answer_sources *from,
					 const struct live_socket *s, struct arena *arena)
{
	struct answer_owner *owners = arena_calloc(arena, s->n_owners, sizeof(*owners));

	for (size_t i = 0; owners && i < s->n_owners; i++) {
		if (!fill_owner(from, &s->owners[i], &owners[i], arena))
			return NULL;
	}
	return owners;
}

/* The owner that stands for a group of sockets. */
static const struct answer_owner *first_owner(const struct answer_sources *from,
					      const struct live_socket *s, struct arena *arena)
{
	return s->n_owners > 0 ? answer_owner(from, &s->owners[0], arena) : NULL;
}

const struct answer_owner *answer_main_owner(const struct answer_listener *l)
{
	for (size_t i = 0; l->activates && i < l->n_owners; i++) {
		if (!l->owners[i].program || strcmp(l->owners[i].program, "systemd") != 0)
			return &l->owners[i];
	}
	return l->n_owners > 0 ? &l->owners[0] : NULL;
}

bool answer_is_queue_full(const struct answer_listener *l)
{
	return l->backlog && l->backlog->queued > l->backlog->limit;
}

static const struct answer_backlog *backlog_of(const struct live_socket *s, struct arena *arena)
{
	struct answer_backlog *b = arena_alloc(arena, sizeof(*b));

	if (b)
		*b = (struct answer_backlog){.queued = s->queued, .limit = s->limit};
	return b;
}

const char *answer_address(const struct address *a, struct arena *arena)
{
	char text[ADDRESS_TEXT_SIZE];

	return arena_strdup(arena, address_format(a, text));
}

bool answer_fill_listener(const struct answer_sources *from, const struct live_socket *s,
			  struct answer_listener *out, struct arena *arena)
{
	*out = (struct answer_listener){
		.protocol = transport_name(s->transport),
		.family = address_family_name(s->local.family),
		.address = answer_address(&s->local, arena),
		.port = s->local_port,
		.dual_stack = s->is_dual_stack,
		.interface = s->interface,
		.exposure = address_exposure_name(
			address_exposure(&s->local, s->is_dual_stack, s->interface != NULL)),
		.role = "listener",
		.backlog = s->has_queue ? backlog_of(s, arena) : NULL,
		.inode = s->inode ? s->inode : ANSWER_NULL,
		.cookie = s->cookie ? arena_printf(arena, "%" PRIu64, s->cookie) : NULL,
		.user = s->user,
		.uid = s->has_uid ? (answer_number)s->uid : ANSWER_NULL,
		.ns = {.id = (answer_number)s->ns->id,
		       .name = s->ns->name,
		       .container = answer_container(from, s->ns->container, arena)},
		.owners_search = live_search_name(s->owners_search),
		.unit = s->unit,
		.activates = s->activates,
		.container = answer_container(from, s->container, arena),
		.container_id = s->container,
		.ns_container_id = s->ns->container,
		.socket = s,
		.owners = answer_owners(from, s, arena),
		.n_owners = s->n_owners,
		.is_here = s->ns->is_here || from->counts_every_namespace,
	};
	return !arena_failed(arena);
}

/* The ends of a connection as the wire has them: an IPv4 peer of an IPv6 socket is an IPv4 peer. */
static const char *format_plain(const struct address *a, struct arena *arena)
{
	const struct address plain = address_unmapped(a);

	return answer_address(&plain, arena);
}

/* By the first owner: its number before its place in memory, which is another on every run. */
static int compare_owners(const struct live_socket *a, const struct live_socket *b)
{
	const struct live_process *owner_a = a->n_owners ? a->owners[0].process : NULL;
	const struct live_process *owner_b = b->n_owners ? b->owners[0].process : NULL;
	uint32_t pid_a = owner_a ? owner_a->pid : 0, pid_b = owner_b ? owner_b->pid : 0;
	uintptr_t at_a = (uintptr_t)owner_a, at_b = (uintptr_t)owner_b;

	return pid_a != pid_b ? (pid_a > pid_b) - (pid_a < pid_b) : (at_a > at_b) - (at_a < at_b);
}

/* An order that puts the sockets of one group next to each other. */
static int compare_holders(const void *pa, const void *pb)
{
	const struct live_socket *a = *(const struct live_socket *const *)pa;
	const struct live_socket *b = *(const struct live_socket *const *)pb;
	int r = (a->local_port > b->local_port) - (a->local_port < b->local_port);

	if (r == 0)
		r = (a->state > b->state) - (a->state < b->state);
	if (r == 0)
		r = (a->transport > b->transport) - (a->transport < b->transport);
	if (r == 0)
		r = (a->local.family > b->local.family) - (a->local.family < b->local.family);
	if (r == 0)
		r = memcmp(a->local.bytes, b->local.bytes, sizeof(a->local.bytes));
	if (r == 0)
		r = compare_owners(a, b);
	return r ? r : live_socket_compare(a, b);
}

static bool is_same_group(const struct live_socket *a, const struct live_socket *b)
{
	const void *owner_a = a->n_owners ? a->owners[0].process : NULL;
	const void *owner_b = b->n_owners ? b->owners[0].process : NULL;

	return a->local_port == b->local_port && a->state == b->state &&
	       a->transport == b->transport && owner_a == owner_b &&
	       address_is_equal(&a->local, &b->local);
}

static answer_number seconds_left(const struct live_socket *s)
{
	if (s->state != LIVE_TIME_WAIT || s->expires_ms == 0) /* not all systems tell */
		return ANSWER_NULL;
	return (s->expires_ms + (answer_number)999) / 1000;
}

const char *answer_holder_kind(enum live_state state)
{
	switch (state) {
	case LIVE_LISTENER:
		return "listener";
	case LIVE_BOUND:
		return "bound-only";
	case LIVE_CONNECTION:
		return "connection";
	case LIVE_TIME_WAIT:
		return "time-wait";
	}
	return "?";
}

static void fill_sample(const struct live_socket *s, struct answer_sample *out, struct arena *arena)
{
	*out = (struct answer_sample){
		.address = format_plain(&s->local, arena),
		.port = s->local_port,
		.peer_address = s->has_remote ? format_plain(&s->remote, arena) : NULL,
		.peer_port = s->has_remote ? s->remote_port : ANSWER_NULL,
		.inode = s->inode ? s->inode : ANSWER_NULL,
		.seconds_left = seconds_left(s),
	};
}

/* One group: `n` sockets, all alike. */
static bool fill_group(const struct answer_sources *from, const struct live_socket *const *group,
		       size_t n, struct answer_holder *out, struct arena *arena)
{
	const struct live_socket *first = group[0];
	struct answer_sample *samples;

	*out = (struct answer_holder){
		.kind = answer_holder_kind(first->state),
		.protocol = transport_name(first->transport),
		.address = format_plain(&first->local, arena),
		.owner = first_owner(from, first, arena),
		.count = (answer_number)n,
		.seconds_left = ANSWER_NULL,
		.n_samples = MIN_OF(n, MOST_SAMPLES),
		.port = first->local_port,
	};
	samples = arena_calloc(arena, out->n_samples, sizeof(*samples));
	for (size_t i = 0; samples && i < n; i++) {
		out->seconds_left = MAX_OF(out->seconds_left, seconds_left(group[i]));
		if (i < out->n_samples)
			fill_sample(group[i], &samples[i], arena);
	}
	out->samples = samples;
	return samples != NULL;
}

bool answer_fill_holders(const struct answer_sources *from,
			 const struct live_socket *const *sockets, size_t n,
			 const struct answer_holder **out, size_t *n_out, struct arena *arena)
{
	const struct live_socket **sorted = arena_grow(arena, sockets, n, n, sizeof(*sorted));
	struct answer_holder *holders = NULL;
	size_t n_holders = 0, capacity = 0;

	if (!sorted)
		return false;
	qsort(sorted, n, sizeof(*sorted), compare_holders);
	for (size_t i = 0, k; i < n; i = k) {
		struct answer_holder *holder = ARENA_PUSH(arena, holders, n_holders, capacity);

		for (k = i + 1; k < n && is_same_group(sorted[i], sorted[k]); k++)
			continue;
		if (!holder || !fill_group(from, sorted + i, k - i, holder, arena))
			return false;
	}
	*out = holders;
	*n_out = n_holders;
	return true;
}

static int compare_remote(const void *pa, const void *pb)
{
	const struct live_socket *a = *(const struct live_socket *const *)pa;
	const struct live_socket *b = *(const struct live_socket *const *)pb;
	int r = (a->remote_port > b->remote_port) - (a->remote_port < b->remote_port);

	if (r == 0)
		r = (a->remote.family > b->remote.family) - (a->remote.family < b->remote.family);
	if (r == 0)
		r = memcmp(a->remote.bytes, b->remote.bytes, sizeof(a->remote.bytes));
	return r ? r : live_socket_compare(a, b);
}

bool answer_index(struct answer_sources *from, struct arena *arena)
{
	const struct live_socket **index = NULL;
	size_t n = 0, capacity = 0;

	for (size_t i = 0; i < from->live->n_sockets; i++) {
		const struct live_socket *s = &from->live->sockets[i];

		if (s->state != LIVE_CONNECTION || !s->has_remote)
			continue;
		const struct live_socket **slot = ARENA_PUSH(arena, index, n, capacity);

		if (!slot)
			return false;
		*slot = s;
	}
	if (n > 0)
		qsort(index, n, sizeof(*index), compare_remote);
	from->by_remote = index;
	from->n_by_remote = n;
	return answer_index_published(from, arena);
}

/* The connections whose remote port is `port`. */
static size_t find_remote(const struct answer_sources *from, uint16_t port, size_t *first)
{
	size_t low = 0, high = from->n_by_remote, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (from->by_remote[middle]->remote_port < port)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < from->n_by_remote && from->by_remote[low + n]->remote_port == port)
		n++;
	*first = low;
	return n;
}

static int compare_peers(const void *pa, const void *pb)
{
	const struct answer_peer *a = pa, *b = pb;

	answer_number pid_a = a->owner ? a->owner->pid : -1, pid_b = b->owner ? b->owner->pid : -1;
	int r;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	r = strcmp(a->address, b->address);
	return r ? r : (pid_a > pid_b) - (pid_a < pid_b);
}

static int compare_by_peer(const void *pa, const void *pb)
{
	const struct live_socket *a = *(const struct live_socket *const *)pa;
	const struct live_socket *b = *(const struct live_socket *const *)pb;
	int r = (a->remote.family > b->remote.family) - (a->remote.family < b->remote.family);

	if (r == 0)
		r = memcmp(a->remote.bytes, b->remote.bytes, sizeof(a->remote.bytes));
	return r ? r : compare_owners(a, b);
}

/* The order for grouping: nothing is left to chance, so that every system shows the same. */
static int sort_by_peer(const void *pa, const void *pb)
{
	int r = compare_by_peer(pa, pb);

	return r ? r
		 : live_socket_compare(*(const struct live_socket *const *)pa,
				       *(const struct live_socket *const *)pb);
}

/* Group connections by far end and owner, most frequent first. */
static bool fill_peers(const struct answer_sources *from, const struct live_socket **sockets,
		       size_t n, bool wants_all, struct answer_connections *out,
		       struct arena *arena)
{
	struct answer_peer *peers = NULL;
	size_t n_peers = 0, capacity = 0;

	qsort(sockets, n, sizeof(*sockets), sort_by_peer);
	for (size_t i = 0, k; i < n; i = k) {
		struct answer_peer *peer = ARENA_PUSH(arena, peers, n_peers, capacity);
		const struct live_socket *s = sockets[i];

		for (k = i + 1; k < n && compare_by_peer(&sockets[i], &sockets[k]) == 0; k++)
			continue;
		if (!peer)
			return false;
		peer->address = format_plain(&s->remote, arena);
		peer->owner = first_owner(from, s, arena);
		peer->count = (answer_number)(k - i);
	}
	if (arena_failed(arena))
		return false;
	if (n_peers > 0)
		qsort(peers, n_peers, sizeof(*peers), compare_peers);
	out->peers = peers;
	out->n_peers = wants_all ? n_peers : MIN_OF(n_peers, MOST_PEERS);
	return true;
}

bool answer_fill_connections(const struct answer_sources *from, uint16_t port,
			     const struct answer_options *options, struct answer *out,
			     struct arena *arena)
{
	size_t first_local, first_remote;
	size_t n_local = live_snapshot_find(from->live, port, &first_local);
	size_t n_remote = find_remote(from, port, &first_remote);
	const struct live_socket **all = arena_calloc(arena, n_local + n_remote, sizeof(*all));
	size_t n = 0;

	if (!all)
		return false;
	for (size_t i = 0; i < n_local; i++) {
		const struct live_socket *s = &from->live->sockets[first_local + i];

		if (s->state != LIVE_CONNECTION)
			continue;
		out->connections.local++;
		all[n++] = s;
	}
	for (size_t i = 0; i < n_remote; i++) {
		const struct live_socket *s = from->by_remote[first_remote + i];

		out->connections.remote++;
		if (s->local_port != port)
			all[n++] = s;
	}
	return fill_peers(from, all, n, options->want_all_peers, &out->connections, arena);
}
