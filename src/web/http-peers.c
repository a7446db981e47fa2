/* Connections: who is at the other end, and whether it takes too long. */
#include "web/http-parts.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* An answer may be taken as slowly as that many times the limit for a request. */
enum { SLOWER_ANSWERS = 3 };

void http_set_phase(struct http_peer *peer, enum http_phase phase)
{
	atomic_store_explicit(&peer->since_ms, http_now(), memory_order_relaxed);
	atomic_store_explicit(&peer->phase, phase, memory_order_relaxed);
}

static void add(struct http *h, struct http_peer *peer)
{
	pthread_mutex_lock(&h->lock);
	peer->after = h->peers;
	if (peer->after)
		peer->after->before = peer;
	h->peers = peer;
	pthread_mutex_unlock(&h->lock);
	atomic_fetch_add(&server_counts(h->options.server)->n_connections, 1);
}

static void take_out(struct http *h, struct http_peer *peer)
{
	pthread_mutex_lock(&h->lock);
	if (peer->before)
		peer->before->after = peer->after;
	else
		h->peers = peer->after;
	if (peer->after)
		peer->after->before = peer->before;
	pthread_mutex_unlock(&h->lock);
	atomic_fetch_sub(&server_counts(h->options.server)->n_connections, 1);
	free(peer);
}

/* Where the other end has connected to: more than one address may be listened at. */
static void read_local(struct http_peer *peer)
{
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	socklen_t n = sizeof(address);

	if (getsockname(peer->fd, (struct sockaddr *)&address, &n) < 0)
		return;
	if (address.ss_family == AF_INET) {
		peer->local.family = ADDRESS_IPV4;
		memcpy(peer->local.bytes, &((struct sockaddr_in *)&address)->sin_addr, 4);
	} else if (address.ss_family == AF_INET6) {
		peer->local.family = ADDRESS_IPV6;
		memcpy(peer->local.bytes, &((struct sockaddr_in6 *)&address)->sin6_addr, 16);
	}
	peer->has_local = address.ss_family == AF_INET || address.ss_family == AF_INET6;
}

static void begin(const struct http_listener *l, struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_peer *peer = info ? calloc(1, sizeof(*peer)) : NULL;
	struct ucred who;
	socklen_t n = sizeof(who);

	*context = peer;
	if (!peer)
		return;
	peer->fd = info->connect_fd;
	http_set_phase(peer, HTTP_PHASE_READING);
	if (!l->is_unix)
		read_local(peer);
	if (l->is_unix && getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
	    n == sizeof(who)) {
		peer->has_uid = true;
		peer->uid = (uint32_t)who.uid;
	}
	add(l->http, peer);
}

void http_on_connection(void *listener, struct MHD_Connection *connection, void **context,
			enum MHD_ConnectionNotificationCode code)
{
	const struct http_listener *l = listener;

	switch (code) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		begin(l, connection, context);
		break;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		if (*context)
			take_out(l->http, *context);
		*context = NULL;
		break;
	}
}

static bool is_overdue(const struct http_peer *peer, int64_t now_ms, int64_t limit_ms)
{
	int64_t since = atomic_load_explicit(&peer->since_ms, memory_order_relaxed);

	switch ((enum http_phase)atomic_load_explicit(&peer->phase, memory_order_relaxed)) {
	case HTTP_PHASE_READING:
		return now_ms - since > limit_ms;
	case HTTP_PHASE_ANSWERING:
		return now_ms - since > limit_ms * SLOWER_ANSWERS;
	case HTTP_PHASE_STREAMING:
	case HTTP_PHASE_ENDED:
		break;
	}
	return false;
}

/* The socket is shut down, and the library finds that out: it closes what it opened. */
static void end_overdue(struct http *h, int64_t now_ms, int64_t limit_ms)
{
	for (struct http_peer *peer = h->peers; peer; peer = peer->after) {
		if (!is_overdue(peer, now_ms, limit_ms))
			continue;
		(void)shutdown(peer->fd, SHUT_RDWR);
		atomic_fetch_add(&server_counts(h->options.server)->n_refused, 1);
		http_set_phase(peer, HTTP_PHASE_ENDED);
	}
}

/* Nobody reads from who only waits for events: that the other end is gone has to be asked for.
 * Returns whether one is. */
static bool end_abandoned(struct http *h)
{
	bool is_any = false;

	for (struct http_peer *peer = h->peers; peer; peer = peer->after) {
		struct pollfd poll_fd = {.fd = peer->fd, .events = POLLRDHUP};

		if (atomic_load_explicit(&peer->phase, memory_order_relaxed) !=
			    HTTP_PHASE_STREAMING ||
		    poll(&poll_fd, 1, 0) <= 0)
			continue;
		(void)shutdown(peer->fd, SHUT_RDWR);
		http_set_phase(peer, HTTP_PHASE_ENDED);
		is_any = true;
	}
	return is_any;
}

void http_tick(struct http *h, int64_t now_ms)
{
	int64_t limit_ms = (int64_t)h->options.limits.time_s * 1000;
	bool is_any;

	pthread_mutex_lock(&h->lock);
	if (limit_ms > 0)
		end_overdue(h, now_ms, limit_ms);
	is_any = end_abandoned(h);
	pthread_mutex_unlock(&h->lock);
	if (is_any)
		events_beat(h->options.events);
}
