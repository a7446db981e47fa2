#include "live/socket-list.h"

#include "live/number-map.h"

#include <errno.h>
#include <stdlib.h>

void socket_list_fini(struct socket_list *l)
{
	free(l->items);
	*l = (struct socket_list){0};
}

void socket_list_push(struct socket_list *l, const struct live_socket *s)
{
	if (l->n == l->capacity) {
		size_t wider = l->capacity ? l->capacity * 2 : 32;
		struct live_socket *grown = reallocarray(l->items, wider, sizeof(*grown));

		if (!grown) {
			l->has_failed = true;
			return;
		}
		l->items = grown;
		l->capacity = wider;
	}
	l->items[l->n++] = *s;
}

/* Whether the TCP row `s` is the very socket that the MPTCP row `m` shows. */
static bool is_half_of(const struct live_socket *s, const struct live_socket *m)
{
	return s->local_port == m->local_port && s->remote_port == m->remote_port &&
	       address_is_equal(&s->local, &m->local) && address_is_equal(&s->remote, &m->remote);
}

/* Whether the later row `twin` of the same cookie is the same socket. The kernel gives the accepted
 * sockets of an MPTCP listener the cookie of the listener (seen on Linux 6.18). */
static bool is_same_socket(const struct live_socket *s, const struct live_socket *twin)
{
	return s->transport != TRANSPORT_MPTCP || is_half_of(s, twin);
}

/* The listener that the kernel makes for an MPTCP endpoint with a port shows its address and port on
 * its TCP half only (seen on Linux 6.18). */
static bool is_portless(const struct live_socket *s)
{
	return s->transport == TRANSPORT_MPTCP && s->state == LIVE_LISTENER && s->local_port == 0;
}

/* What becomes of row `i`; both maps lead to the last row of that cookie or inode. */
static bool is_kept(struct socket_list *l, size_t i, const struct number_map *by_cookie,
		    const struct number_map *mptcp_by_inode)
{
	struct live_socket *s = &l->items[i];
	uint32_t twin;

	if (is_portless(s))
		return false;
	twin = s->cookie != 0 ? number_map_find(by_cookie, s->cookie) : (uint32_t)i;
	if (twin != i && is_same_socket(s, &l->items[twin]))
		return false;
	if (s->transport != TRANSPORT_TCP || s->inode == 0)
		return true;
	twin = number_map_find(mptcp_by_inode, s->inode);
	if (twin == NUMBER_MAP_NONE)
		return true;
	if (!is_portless(&l->items[twin]) &&
	    (s->state == LIVE_LISTENER || is_half_of(s, &l->items[twin])))
		return false;
	s->transport = TRANSPORT_MPTCP;
	return true;
}

int socket_list_unify(struct socket_list *l, size_t first)
{
	struct number_map by_cookie = {0}, mptcp_by_inode = {0};
	size_t n_kept = first;
	bool has_failed;

	for (size_t i = first; i < l->n; i++) {
		const struct live_socket *s = &l->items[i];

		if (s->cookie != 0)
			number_map_set(&by_cookie, s->cookie, (uint32_t)i);
		if (s->transport == TRANSPORT_MPTCP && s->inode != 0)
			number_map_set(&mptcp_by_inode, s->inode, (uint32_t)i);
	}
	has_failed = by_cookie.has_failed || mptcp_by_inode.has_failed;
	if (!has_failed) {
		/* First mark, then move: a moved row would lead the maps astray. */
		for (size_t i = first; i < l->n; i++) {
			if (!is_kept(l, i, &by_cookie, &mptcp_by_inode))
				l->items[i].ns = NULL;
		}
		for (size_t i = first; i < l->n; i++) {
			if (l->items[i].ns)
				l->items[n_kept++] = l->items[i];
		}
		l->n = n_kept;
	}
	number_map_fini(&by_cookie);
	number_map_fini(&mptcp_by_inode);
	return has_failed ? -ENOMEM : 0;
}
