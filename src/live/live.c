#include "live/live.h"

#include "live/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {"listener", "bound", "connection", "time-wait"};
static const char *const method_names[] = {"fd", "thread", "io_uring", "cgroup", "kernel"};
static const char *const search_names[] = {"none", "cgroup", "all"};
static const char *const stage_names[] = {NULL, "syn-sent", "syn-received", "established",
					  "fin-wait-1", "fin-wait-2", "close-wait", "closing",
					  "last-ack"};

const char *live_state_name(enum live_state s)
{
	return (size_t)s < N_ELEMENTS(state_names) ? state_names[s] : "?";
}

const char *live_system_name(enum live_system s)
{
	static const char *const names[N_LIVE_SYSTEMS] = {
		[LIVE_LINUX] = "linux",
		[LIVE_MACOS] = "macos",
		[LIVE_WINDOWS] = "windows",
		[LIVE_OTHER] = "other",
	};

	return (size_t)s < N_ELEMENTS(names) ? names[s] : "?";
}

const char *live_method_name(enum live_method m)
{
	return (size_t)m < N_ELEMENTS(method_names) ? method_names[m] : "?";
}

const char *live_search_name(enum live_search s)
{
	return (size_t)s < N_ELEMENTS(search_names) ? search_names[s] : "?";
}

static bool is_in(const struct live_spans *spans, uint16_t port)
{
	for (size_t i = 0; i < spans->n; i++) {
		if (port >= spans->items[i].first && port <= spans->items[i].last)
			return true;
	}
	return false;
}

bool live_is_excluded(const struct live_rules *rules, enum transport transport, uint16_t port)
{
	const bool is_tcp = transport_port_space(transport) == TRANSPORT_TCP;

	return is_in(is_tcp ? &rules->excluded_tcp : &rules->excluded_udp, port);
}

bool live_is_guests(const struct live_rules *rules, enum transport transport, uint16_t port)
{
	const bool is_tcp = transport_port_space(transport) == TRANSPORT_TCP;

	return is_in(is_tcp ? &rules->guest_tcp : &rules->guest_udp, port);
}

const char *live_stage_name(enum live_stage s)
{
	return (size_t)s < N_ELEMENTS(stage_names) ? stage_names[s] : NULL;
}

int live_stage_parse(const char *name, enum live_stage *out)
{
	for (size_t i = 1; i < N_ELEMENTS(stage_names); i++) {
		if (strcmp(name, stage_names[i]) == 0) {
			*out = (enum live_stage)i;
			return 0;
		}
	}
	return -EINVAL;
}

struct overlap_end live_socket_end(const struct live_socket *s)
{
	struct overlap_end end = {
		.address = s->local, .v6only = s->v6only, .device = s->interface};

	if (s->is_dual_stack)
		end.v6only = MAYBE_NO;
	else if (s->state == LIVE_LISTENER && !address_is_wildcard(&s->local))
		end.v6only = MAYBE_YES; /* an MPTCP one does not know it */
	return end;
}

struct live_request live_request_default(void)
{
	return (struct live_request){
		.last_port = UINT16_MAX,
		.transports = TRANSPORT_ALL,
		.want_v4 = true,
		.want_v6 = true,
		.want = LIVE_WANT_LISTENERS,
		.scope = LIVE_SCOPE_ALL,
	};
}

/* -1, 0 or 1 without the overflow of a subtraction. */
static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int live_socket_compare(const void *pa, const void *pb)
{
	const struct live_socket *a = pa, *b = pb;
	int r = order(a->local_port, b->local_port);

	if (r == 0)
		r = order(transport_port_space(a->transport), transport_port_space(b->transport));
	if (r == 0)
		r = order(a->state, b->state);
	if (r == 0)
		r = order(!a->ns->is_here, !b->ns->is_here);
	if (r == 0)
		r = order(a->ns->id, b->ns->id);
	if (r == 0)
		r = order(a->local.family, b->local.family);
	if (r == 0)
		r = memcmp(a->local.bytes, b->local.bytes, sizeof(a->local.bytes));
	if (r == 0)
		r = order(a->remote_port, b->remote_port);
	if (r == 0)
		r = memcmp(a->remote.bytes, b->remote.bytes, sizeof(a->remote.bytes));
	if (r == 0)
		r = order(a->cookie, b->cookie);
	return r ? r : order(a->inode, b->inode);
}

size_t live_snapshot_find(const struct live_snapshot *s, uint16_t port, size_t *first)
{
	size_t low = 0, high = s->n_sockets, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->sockets[middle].local_port < port)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < s->n_sockets && s->sockets[low + n].local_port == port)
		n++;
	*first = low;
	return n;
}

int live_published_compare(const void *pa, const void *pb)
{
	const struct live_published *a = pa, *b = pb;
	int r = order(a->ports.first, b->ports.first);

	if (r == 0)
		r = order(a->transport, b->transport);
	if (r == 0)
		r = order(a->has_address, b->has_address);
	if (r == 0)
		r = order(a->address.family, b->address.family);
	if (r == 0)
		r = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
	if (r == 0)
		r = strcmp(a->by, b->by);
	if (r == 0)
		r = order(a->to.family, b->to.family);
	if (r == 0)
		r = memcmp(a->to.bytes, b->to.bytes, sizeof(a->to.bytes));
	if (r == 0)
		r = order(a->to_ports.first, b->to_ports.first);
	if (r == 0)
		r = order(a->ports.last, b->ports.last);
	if (r == 0)
		r = strcmp(a->note ? a->note : "", b->note ? b->note : "");
	if (r == 0)
		r = order(a->via, b->via);
	return r ? r : order(a->listener, b->listener);
}

bool live_request_publishes(const struct live_request *r, const struct live_published *p)
{
	enum address_family family = p->has_address ? p->address.family : p->to.family;

	if (p->ports.last < r->first_port || p->ports.first > r->last_port ||
	    !(r->transports & TRANSPORT_BIT(p->transport)))
		return false;
	if (!p->has_address && !p->has_to)
		return true;
	return family == ADDRESS_IPV4 ? r->want_v4 : r->want_v6;
}

uint16_t live_published_target(const struct live_published *p, uint16_t port)
{
	if (p->to_ports.first == p->to_ports.last)
		return p->to_ports.first;
	return (uint16_t)(p->to_ports.first + (port - p->ports.first));
}

const struct live_socket *live_snapshot_behind(const struct live_snapshot *s,
					       const struct live_published *p)
{
	for (uint32_t port = p->to_ports.first; p->listener && port <= p->to_ports.last; port++) {
		size_t first, n = live_snapshot_find(s, (uint16_t)port, &first);

		for (size_t i = first; i < first + n; i++) {
			if (s->sockets[i].cookie == p->listener)
				return &s->sockets[i];
		}
	}
	return NULL;
}

int live_container_compare(const void *pa, const void *pb)
{
	const struct live_container *a = pa, *b = pb;

	return strcmp(a->id, b->id);
}

const struct live_container *live_snapshot_container(const struct live_snapshot *s, const char *id)
{
	const struct live_container key = {.id = id};

	if (!id || s->n_containers == 0)
		return NULL;
	return bsearch(&key, s->containers, s->n_containers, sizeof(key), live_container_compare);
}

static bool covers_port(const struct live_request *r, uint16_t port)
{
	return port >= r->first_port && port <= r->last_port;
}

bool live_request_covers(const struct live_request *r, const struct live_socket *s)
{
	bool is_local = covers_port(r, s->local_port);

	if (!(r->transports & TRANSPORT_BIT(s->transport)) &&
	    !(r->transports & TRANSPORT_BIT(transport_port_space(s->transport))))
		return false;
	if (!(s->local.family == ADDRESS_IPV4 ? r->want_v4 : r->want_v6) &&
	    !(s->is_dual_stack && r->want_v4))
		return false;
	if (s->state == LIVE_LISTENER)
		return is_local && (r->want & LIVE_WANT_LISTENERS);
	if (!s->ns->is_here && !r->want_all_namespaces_holders && r->scope == LIVE_SCOPE_ALL)
		return false;
	if (is_local && (r->want & LIVE_WANT_HOLDERS))
		return true;
	return s->state == LIVE_CONNECTION && (r->want & LIVE_WANT_CONNECTIONS) &&
	       (is_local || (s->has_remote && covers_port(r, s->remote_port)));
}

int source_look(struct source *s, const struct live_request *request, struct arena *arena,
		struct live_snapshot *out)
{
	return s->ops->look(s, request, arena, out);
}

bool source_has_process(struct source *s, uint32_t pid)
{
	return !s->ops->has_process || s->ops->has_process(s, pid);
}

struct source *source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
	return NULL;
}
