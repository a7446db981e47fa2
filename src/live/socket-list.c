#include "live/socket-list.h"

#include "base/array.h"
#include "base/str.h"
#include "live/number-map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void socket_list_fini(struct socket_list *l)
{
	free(l->items);
	*l = (struct socket_list){0};
}

void socket_list_push(struct socket_list *l, const struct live_socket *s)
{
	if (l->n == l->capacity) {
		size_t wider = l->capacity ? l->capacity * 2 : 32;
		struct live_socket *grown = array_resize(l->items, wider, sizeof(*grown));

		if (!grown) {
			l->has_failed = true;
			return;
		}
		l->items = grown;
		l->capacity = wider;
	}
	l->items[l->n++] = *s;
}

/* An MPTCP row knows neither zones nor devices (Linux 6.18). */
static bool is_same_address(const struct address *half, const struct address *whole)
{
	struct address plain = *half;

	plain.scope_id = whole->scope_id;
	return address_is_equal(&plain, whole);
}

/* Whether the TCP row `s` is the very socket that the MPTCP row `m` shows. */
static bool is_half_of(const struct live_socket *s, const struct live_socket *m)
{
	return s->local_port == m->local_port && s->remote_port == m->remote_port &&
	       is_same_address(&s->local, &m->local) && is_same_address(&s->remote, &m->remote);
}

/* What only the TCP half `s`, about to be forgotten, tells. */
static void inherit(struct live_socket *m, const struct live_socket *s)
{
	m->interface = s->interface;
	m->local.scope_id = s->local.scope_id;
	m->remote.scope_id = s->remote.scope_id;
}

/* Whether the later row `twin` of the same cookie is the same socket. The kernel gives the accepted
 * sockets of an MPTCP listener the cookie of the listener (seen on Linux 6.18). */
static bool is_same_socket(const struct live_socket *s, const struct live_socket *twin)
{
	return s->transport != TRANSPORT_MPTCP || is_half_of(s, twin);
}

/* The listener that the kernel makes for an MPTCP endpoint with a port shows address and port on
 * its TCP half only (seen on Linux 6.18). */
static bool is_portless(const struct live_socket *s)
{
	return s->transport == TRANSPORT_MPTCP && s->state == LIVE_LISTENER && s->local_port == 0;
}

/* Where rows are by what tells them apart: the last of each kind. */
struct index {
	struct number_map by_cookie;
	struct number_map mptcp_by_inode;
	struct number_map mptcp_by_ends; /* connections that nobody has accepted yet: no inode */
};

/* A number for both ends of a connection. */
static uint64_t key_of_ends(const struct live_socket *s)
{
	unsigned char bytes[2 * sizeof(s->local.bytes) + 2 * sizeof(s->local_port)];
	unsigned char *at = bytes;

	memcpy(at, s->local.bytes, sizeof(s->local.bytes));
	at += sizeof(s->local.bytes);
	memcpy(at, s->remote.bytes, sizeof(s->remote.bytes));
	at += sizeof(s->remote.bytes);
	memcpy(at, &s->local_port, sizeof(s->local_port));
	memcpy(at + sizeof(s->local_port), &s->remote_port, sizeof(s->remote_port));
	return str_hash(bytes, sizeof(bytes)) | 1;
}

static void index_row(struct index *x, const struct live_socket *s, uint32_t i)
{
	if (s->cookie != 0)
		number_map_set(&x->by_cookie, s->cookie, i);
	if (s->transport != TRANSPORT_MPTCP || is_portless(s))
		return;
	if (s->inode != 0)
		number_map_set(&x->mptcp_by_inode, s->inode, i);
	else
		number_map_set(&x->mptcp_by_ends, key_of_ends(s), i);
}

/* The MPTCP row of the socket that row `s` is part of; NUMBER_MAP_NONE: there is none. */
static uint32_t find_mptcp(const struct socket_list *l, const struct index *x,
			   const struct live_socket *s)
{
	uint32_t at;

	if (s->inode != 0)
		return number_map_find(&x->mptcp_by_inode, s->inode);
	if (x->mptcp_by_ends.n == 0)
		return NUMBER_MAP_NONE;
	at = number_map_find(&x->mptcp_by_ends, key_of_ends(s));
	return at != NUMBER_MAP_NONE && is_half_of(s, &l->items[at]) ? at : NUMBER_MAP_NONE;
}

/* What becomes of row `i`. */
static bool is_kept(struct socket_list *l, size_t i, const struct index *x)
{
	struct live_socket *s = &l->items[i];
	uint32_t twin;

	if (is_portless(s))
		return false;
	twin = s->cookie != 0 ? number_map_find(&x->by_cookie, s->cookie) : (uint32_t)i;
	if (twin != i && is_same_socket(s, &l->items[twin]))
		return false;
	twin = s->state == LIVE_TIME_WAIT ? NUMBER_MAP_NONE : find_mptcp(l, x, s);
	if (twin == NUMBER_MAP_NONE)
		return true;
	if (s->transport != TRANSPORT_MPTCP && s->transport != TRANSPORT_TCP)
		return true;
	/* A listener that its TCP half has shown to be MPTCP, and the MPTCP row of it. */
	if (s->transport == TRANSPORT_MPTCP && (twin == i || s->state != LIVE_LISTENER))
		return true;
	if (s->state == LIVE_LISTENER || is_half_of(s, &l->items[twin])) {
		inherit(&l->items[twin], s);
		return false;
	}
	s->transport = TRANSPORT_MPTCP;
	return true;
}

int socket_list_unify(struct socket_list *l, size_t first)
{
	struct index index = {0};
	size_t n_kept = first;
	bool has_failed;

	for (size_t i = first; i < l->n; i++)
		index_row(&index, &l->items[i], (uint32_t)i);
	has_failed = index.by_cookie.has_failed || index.mptcp_by_inode.has_failed ||
		     index.mptcp_by_ends.has_failed;
	if (!has_failed) {
		/* First mark, then move: a moved row would lead the maps astray. */
		for (size_t i = first; i < l->n; i++) {
			if (!is_kept(l, i, &index))
				l->items[i].ns = NULL;
		}
		for (size_t i = first; i < l->n; i++) {
			if (l->items[i].ns)
				l->items[n_kept++] = l->items[i];
		}
		l->n = n_kept;
	}
	number_map_fini(&index.by_cookie);
	number_map_fini(&index.mptcp_by_inode);
	number_map_fini(&index.mptcp_by_ends);
	return has_failed ? -ENOMEM : 0;
}
