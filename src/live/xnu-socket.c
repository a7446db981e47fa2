#include "live/xnu-socket.h"

#include "live/xnu-layout.h"

#include <errno.h>
#include <string.h>

/* What both structures tell, under names of their own. */
struct block {
	enum transport transport;
	int32_t family; /* of socket(2): XNU_AF_* */
	uint16_t local_port, remote_port;
	const uint8_t *local, *remote; /* 16 bytes */
	uint8_t vflag;
	uint64_t generation;
	bool has_state;
	int32_t state; /* of TCP */
	int16_t queued, queue_limit;
};

/* The low half of an int that holds a port in network order. */
static uint16_t port_of(int32_t port_be)
{
	uint32_t be = (uint32_t)port_be;

	return (uint16_t)((be & 0xff) << 8 | (be >> 8 & 0xff));
}

/*
 * The kernel keeps the zone of link-local addresses inside of them, in the second pair of bytes
 * (the KAME convention; RFC 4291 wants zeros there).
 */
static void take_zone(struct address *a)
{
	bool is_unicast = a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
	bool is_multicast = a->bytes[0] == 0xff && (a->bytes[1] & 0x0f) <= 2;

	if (!is_unicast && !is_multicast)
		return;
	a->scope_id = (uint32_t)(a->bytes[2] << 8 | a->bytes[3]);
	a->bytes[2] = a->bytes[3] = 0;
}

static struct address address_of(const uint8_t *bytes, bool is_v6)
{
	struct address a = {.family = is_v6 ? ADDRESS_IPV6 : ADDRESS_IPV4};

	if (!is_v6) {
		memcpy(a.bytes, bytes + 12, 4);
		return a;
	}
	memcpy(a.bytes, bytes, 16);
	take_zone(&a);
	return address_unmapped(&a);
}

static enum live_state state_of_tcp(enum xnu_tcp_state state)
{
	switch (state) {
	case XNU_TCP_CLOSED:
		return LIVE_BOUND;
	case XNU_TCP_LISTEN:
		return LIVE_LISTENER;
	case XNU_TCP_TIME_WAIT:
		return LIVE_TIME_WAIT;
	case XNU_TCP_SYN_SENT:
	case XNU_TCP_SYN_RECEIVED:
	case XNU_TCP_ESTABLISHED:
	case XNU_TCP_CLOSE_WAIT:
	case XNU_TCP_FIN_WAIT_1:
	case XNU_TCP_CLOSING:
	case XNU_TCP_LAST_ACK:
	case XNU_TCP_FIN_WAIT_2:
		return LIVE_CONNECTION;
	}
	return LIVE_CONNECTION; /* a state that is not documented: it has the port, with a peer */
}

/* Whether a socket takes IPv6. One that is not bound yet is of the family it was made for. */
static bool is_v6_of(const struct block *b)
{
	if (b->vflag & (XNU_VFLAG_IPV4 | XNU_VFLAG_IPV6))
		return b->vflag & XNU_VFLAG_IPV6;
	return b->family == XNU_AF_INET6;
}

/* Returns 0, or 1: nothing that has a port. */
static int make_socket(const struct block *b, struct live_socket *out)
{
	bool is_v6 = is_v6_of(b), is_udp = b->transport == TRANSPORT_UDP;
	struct live_socket s = {
		.transport = b->transport,
		.local = address_of(b->local, is_v6),
		.local_port = b->local_port,
		.cookie = b->generation * 2 + is_udp,
	};

	if (s.local_port == 0 || (!is_udp && !b->has_state))
		return 1;
	if (is_udp)
		s.state = b->remote_port != 0 ? LIVE_CONNECTION : LIVE_LISTENER;
	else
		s.state = state_of_tcp((enum xnu_tcp_state)b->state);
	if (s.state == LIVE_CONNECTION || s.state == LIVE_TIME_WAIT) {
		s.has_remote = true;
		s.remote = address_of(b->remote, is_v6);
		s.remote_port = b->remote_port;
	}
	s.is_dual_stack = is_v6 && (b->vflag & XNU_VFLAG_IPV4) &&
			  s.local.family == ADDRESS_IPV6 && address_is_wildcard(&s.local);
	if (s.state == LIVE_LISTENER && !is_udp && b->queued >= 0 && b->queue_limit >= 0) {
		s.has_queue = true;
		s.queued = (uint32_t)b->queued;
		s.limit = (uint32_t)b->queue_limit;
	}
	*out = s;
	return 0;
}

int xnu_socket_decode(const void *bytes, size_t n, struct live_socket *out)
{
	struct xnu_socket_fdinfo info;
	const struct xnu_socket_info *socket = &info.socket;
	const struct xnu_in_sockinfo *in = &socket->proto.in; /* first in SOCKINFO_TCP too */
	struct block b;

	if (n < sizeof(info))
		return -EBADMSG;
	memcpy(&info, bytes, sizeof(info));
	if ((socket->kind != XNU_SOCKINFO_IN && socket->kind != XNU_SOCKINFO_TCP) ||
	    (socket->protocol != XNU_PROTOCOL_TCP && socket->protocol != XNU_PROTOCOL_UDP))
		return 1;
	b = (struct block){
		.transport = socket->protocol == XNU_PROTOCOL_UDP ? TRANSPORT_UDP : TRANSPORT_TCP,
		.family = socket->family,
		.local_port = port_of(in->local_port_be),
		.remote_port = port_of(in->foreign_port_be),
		.local = in->local,
		.remote = in->foreign,
		.vflag = in->vflag,
		.generation = in->generation,
		.has_state = socket->kind == XNU_SOCKINFO_TCP,
		.state = socket->proto.tcp.state,
		.queued = socket->queued,
		.queue_limit = socket->queue_limit,
	};
	return make_socket(&b, out);
}

/* --- lists ----------------------------------------------------------------------------------- */

static bool is_laid_out(const struct xnu_xinpcb *in)
{
	return (in->length == 0 || in->length == sizeof(*in)) &&
	       in->socket.length == sizeof(in->socket);
}

static void take_row(const struct xnu_xinpcb *in, enum transport t, const int32_t *state,
		     xnu_socket_fn take, void *context)
{
	const struct block b = {
		.transport = t,
		.family = in->socket.family,
		.local_port = port_of(in->local_port_be),
		.remote_port = port_of(in->foreign_port_be),
		.local = in->local,
		.remote = in->foreign,
		.vflag = in->vflag,
		.generation = in->generation,
		.has_state = state != NULL,
		.state = state ? *state : 0,
		.queued = in->socket.queued,
		.queue_limit = in->socket.queue_limit,
	};
	struct live_socket s;

	if (make_socket(&b, &s) != 0)
		return;
	/* Nobody's any more: the maker is not told. */
	s.has_uid = s.state != LIVE_TIME_WAIT;
	s.uid = s.has_uid ? in->socket.uid : 0;
	take(&s, context);
}

/* One row of `n` bytes. */
static int decode_row(const unsigned char *bytes, size_t n, enum transport t, xnu_socket_fn take,
		      void *context)
{
	struct xnu_xtcpcb tcp;
	struct xnu_xinpcb udp;

	if (t == TRANSPORT_UDP) {
		if (n != sizeof(udp))
			return -EBADMSG;
		memcpy(&udp, bytes, sizeof(udp));
		if (!is_laid_out(&udp))
			return -EBADMSG;
		take_row(&udp, t, NULL, take, context);
		return 0;
	}
	if (n != sizeof(tcp))
		return -EBADMSG;
	memcpy(&tcp, bytes, sizeof(tcp));
	udp = tcp.in;
	if (!is_laid_out(&udp))
		return -EBADMSG;
	take_row(&udp, t, &tcp.state, take, context);
	return 0;
}

int xnu_socket_decode_list(const void *bytes, size_t n, enum transport t, xnu_socket_fn take,
			   void *context)
{
	const unsigned char *at = bytes;
	bool is_first = true;
	int r = 0;

	while (r == 0) {
		uint32_t length;

		if (n < sizeof(length))
			return -EBADMSG; /* the list's end is missing */
		memcpy(&length, at, sizeof(length));
		if (length < sizeof(struct xnu_list_end) || length > n)
			return -EBADMSG;
		if (!is_first && length == sizeof(struct xnu_list_end))
			return 0;
		if (is_first && length != sizeof(struct xnu_list_end))
			return -EBADMSG;
		if (!is_first)
			r = decode_row(at, length, t, take, context);
		is_first = false;
		at += length;
		n -= length;
	}
	return r;
}
