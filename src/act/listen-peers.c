#include "act/listen-parts.h"

#include "act/attempt.h"
#include "answer/identify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A tenth of the time, and so much at once. */
enum { MOST_CREDIT_US = 300 * 1000, CREDIT_PER_MS = 100 };

int peers_open(struct peers *p, struct source *source)
{
	*p = (struct peers){.source = source,
			    .credit_us = MOST_CREDIT_US,
			    .credited_ms = attempt_now_ms()};
	arena_init(&p->arena);
	arena_init(&p->addresses_arena);
	p->seen = calloc(LISTEN_MOST_PEERS, sizeof(*p->seen));
	p->is_used = calloc(LISTEN_MOST_PEERS, sizeof(*p->is_used));
	if (!p->seen || !p->is_used)
		return -ENOMEM;
	if (wait_look_addresses(&p->addresses_arena, &p->own) < 0)
		p->own = (struct wait_addresses){0}; /* loopback is known without */
	return 0;
}

void peers_close(struct peers *p)
{
	free(p->seen);
	free(p->is_used);
	arena_fini(&p->arena);
	arena_fini(&p->addresses_arena);
	*p = (struct peers){0};
}

void peers_count(struct peers *p, const struct address *a)
{
	size_t at = (size_t)str_hash(a->bytes, sizeof(a->bytes)) % LISTEN_MOST_PEERS;

	/* A quarter stays free, so that a search ends soon. */
	while (p->is_used[at]) {
		if (address_is_equal(&p->seen[at], a))
			return;
		at = (at + 1) % LISTEN_MOST_PEERS;
	}
	if (p->n_seen >= LISTEN_MOST_PEERS / 4 * 3) {
		p->has_more = true;
		return;
	}
	p->is_used[at] = true;
	p->seen[at] = *a;
	p->n_seen++;
}

static bool is_of_this_host(const struct peers *p, const struct address *a,
			    const struct address *local)
{
	if (address_is_loopback(a) || address_is_equal(a, local))
		return true;
	for (size_t i = 0; i < p->own.n; i++) {
		if (p->own.items[i].family == a->family &&
		    memcmp(p->own.items[i].bytes, a->bytes, sizeof(a->bytes)) == 0)
			return true;
	}
	return false;
}

static int64_t now_us(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void put_socket(const struct live_socket *s, struct peer *out, struct arena *arena)
{
	if (s->user)
		snprintf(out->user, sizeof(out->user), "%s", s->user);
	if (s->has_uid)
		out->uid = s->uid;
	for (size_t i = 0; i < s->n_owners; i++) {
		const struct live_process *process = s->owners[i].process;
		const char *label = process ? identify_label(process, arena) : NULL;

		if (!process)
			continue;
		out->pid = process->pid;
		out->uid = process->uid;
		if (label)
			snprintf(out->program, sizeof(out->program), "%s", label);
		if (process->user)
			snprintf(out->user, sizeof(out->user), "%s", process->user);
		return;
	}
}

/* The socket at the far end: its own address and port are the peer's. */
static void take_sockets(const struct live_snapshot *live, enum transport transport,
			 struct peer *out, struct arena *arena)
{
	size_t first, n = live_snapshot_find(live, out->port, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct live_socket *s = &live->sockets[i];

		if (transport_port_space(s->transport) != transport || !s->ns->is_here ||
		    (transport == TRANSPORT_TCP && s->state != LIVE_CONNECTION))
			continue;
		if (address_is_equal(&s->local, &out->address) || address_is_wildcard(&s->local)) {
			put_socket(s, out, arena);
			return;
		}
	}
}

void peers_ask(struct peers *p, enum transport transport, const struct address *local,
	       struct peer *out)
{
	struct live_request request = live_request_default();
	struct live_snapshot live;
	int64_t begun = now_us(), now_ms = attempt_now_ms();

	if (!p->source || out->port == 0 || !is_of_this_host(p, &out->address, local))
		return;
	p->credit_us += (now_ms - p->credited_ms) * CREDIT_PER_MS;
	p->credit_us = MIN_OF(p->credit_us, MOST_CREDIT_US);
	p->credited_ms = now_ms;
	if (p->credit_us <= 0) {
		p->n_unasked++;
		return;
	}
	request.first_port = request.last_port = out->port;
	request.transports = transport == TRANSPORT_TCP
				     ? TRANSPORT_BIT(TRANSPORT_TCP) | TRANSPORT_BIT(TRANSPORT_MPTCP)
				     : TRANSPORT_BIT(TRANSPORT_UDP);
	request.want = LIVE_WANT_HOLDERS | (transport == TRANSPORT_UDP ? LIVE_WANT_LISTENERS : 0);
	request.scope = LIVE_SCOPE_HERE;
	request.want_peer_owners = true;
	if (source_look(p->source, &request, &p->arena, &live) == 0)
		take_sockets(&live, transport, out, &p->arena);
	arena_fini(&p->arena);
	arena_init(&p->arena);
	p->credit_us -= now_us() - begun;
}
