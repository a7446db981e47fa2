#include "live/iphlp.h"

#include <string.h>

_Static_assert(sizeof(struct iphlp_tcp4) == 160, "MIB_TCPROW_OWNER_MODULE");
_Static_assert(sizeof(struct iphlp_tcp6) == 192, "MIB_TCP6ROW_OWNER_MODULE");
_Static_assert(sizeof(struct iphlp_udp4) == 160, "MIB_UDPROW_OWNER_MODULE");
_Static_assert(sizeof(struct iphlp_udp6) == 176, "MIB_UDP6ROW_OWNER_MODULE");

/* MIB_TCP_STATE. */
enum {
	STATE_CLOSED = 1,
	STATE_LISTEN = 2,
	STATE_SYN_SENT = 3,
	STATE_LAST_ACK = 10,
	STATE_TIME_WAIT = 11,
	STATE_DELETE_TCB = 12,
};

size_t iphlp_row_size(enum iphlp_table t)
{
	switch (t) {
	case IPHLP_TCP4:
		return sizeof(struct iphlp_tcp4);
	case IPHLP_TCP6:
		return sizeof(struct iphlp_tcp6);
	case IPHLP_UDP4:
		return sizeof(struct iphlp_udp4);
	case IPHLP_UDP6:
		return sizeof(struct iphlp_udp6);
	}
	return 0;
}

enum transport iphlp_transport(enum iphlp_table t)
{
	return t == IPHLP_TCP4 || t == IPHLP_TCP6 ? TRANSPORT_TCP : TRANSPORT_UDP;
}

bool iphlp_is_v6(enum iphlp_table t)
{
	return t == IPHLP_TCP6 || t == IPHLP_UDP6;
}

size_t iphlp_count(enum iphlp_table t, const void *table, size_t n, bool *is_cut)
{
	size_t fit = n > IPHLP_FIRST_ROW ? (n - IPHLP_FIRST_ROW) / iphlp_row_size(t) : 0;
	uint32_t count = 0;

	if (n >= sizeof(count))
		memcpy(&count, table, sizeof(count));
	*is_cut = count > fit || n < sizeof(count);
	return MIN_OF((size_t)count, fit);
}

static uint16_t port_of(uint32_t port_be)
{
	return (uint16_t)((port_be & 0xff) << 8 | (port_be >> 8 & 0xff));
}

static struct address v4(uint32_t address)
{
	struct address a = {.family = ADDRESS_IPV4};

	memcpy(a.bytes, &address, 4);
	return a;
}

/* A zone means something with link-local and multicast addresses only, and is not always 0 with
 * others. The documentation leaves open in which order its bytes stand: it is the number of an
 * interface, and those are small. */
static struct address v6(const uint8_t bytes[16], uint32_t scope)
{
	struct address a = {.family = ADDRESS_IPV6};
	uint32_t swapped = scope << 24 | (scope << 8 & 0xff0000) | (scope >> 8 & 0xff00) |
			   scope >> 24;

	memcpy(a.bytes, bytes, 16);
	if (address_is_link_local(&a) || bytes[0] == 0xff)
		a.scope_id = scope > 0xffff && swapped <= 0xffff ? swapped : scope;
	return a;
}

/* What a TCP row does with its port. False: nothing. */
static bool take_state(uint32_t state, struct live_socket *s)
{
	if (state == STATE_LISTEN)
		s->state = LIVE_LISTENER;
	else if (state == STATE_CLOSED)
		s->state = LIVE_BOUND;
	else if (state == STATE_TIME_WAIT)
		s->state = LIVE_TIME_WAIT;
	else if ((state >= STATE_SYN_SENT && state <= STATE_LAST_ACK) || state == STATE_DELETE_TCB)
		s->state = LIVE_CONNECTION;
	else
		return false;
	s->has_remote = s->state == LIVE_CONNECTION || s->state == LIVE_TIME_WAIT;
	return true;
}

static bool take_tcp4(const struct iphlp_tcp4 *row, struct iphlp_row *out)
{
	struct live_socket *s = &out->socket;

	s->local = v4(row->local);
	s->local_port = port_of(row->local_port_be);
	if (!take_state(row->state, s))
		return false;
	if (s->has_remote) {
		s->remote = v4(row->remote);
		s->remote_port = port_of(row->remote_port_be);
	}
	out->pid = row->pid;
	out->tag = row->module[0];
	return true;
}

static bool take_tcp6(const struct iphlp_tcp6 *row, struct iphlp_row *out)
{
	struct live_socket *s = &out->socket;

	s->local = v6(row->local, row->local_scope);
	s->local_port = port_of(row->local_port_be);
	if (!take_state(row->state, s))
		return false;
	if (s->has_remote) {
		s->remote = v6(row->remote, row->remote_scope);
		s->remote_port = port_of(row->remote_port_be);
	}
	out->pid = row->pid;
	out->tag = row->module[0];
	return true;
}

static bool take_udp4(const struct iphlp_udp4 *row, struct iphlp_row *out)
{
	out->socket.local = v4(row->local);
	out->socket.local_port = port_of(row->local_port_be);
	out->pid = row->pid;
	out->tag = row->module[0];
	return true;
}

static bool take_udp6(const struct iphlp_udp6 *row, struct iphlp_row *out)
{
	out->socket.local = v6(row->local, row->local_scope);
	out->socket.local_port = port_of(row->local_port_be);
	out->pid = row->pid;
	out->tag = row->module[0];
	return true;
}

int iphlp_decode(enum iphlp_table t, const void *table, size_t i, struct iphlp_row *out)
{
	const char *raw = (const char *)table + IPHLP_FIRST_ROW + i * iphlp_row_size(t);
	struct iphlp_row row = {.raw = raw};
	bool is_socket = false;
	union {
		struct iphlp_tcp4 tcp4;
		struct iphlp_tcp6 tcp6;
		struct iphlp_udp4 udp4;
		struct iphlp_udp6 udp6;
	} copy; /* tables need not be aligned */

	memcpy(&copy, raw, iphlp_row_size(t));
	row.socket.transport = iphlp_transport(t);
	row.socket.state = LIVE_LISTENER;
	switch (t) {
	case IPHLP_TCP4:
		is_socket = take_tcp4(&copy.tcp4, &row);
		break;
	case IPHLP_TCP6:
		is_socket = take_tcp6(&copy.tcp6, &row);
		break;
	case IPHLP_UDP4:
		is_socket = take_udp4(&copy.udp4, &row);
		break;
	case IPHLP_UDP6:
		is_socket = take_udp6(&copy.udp6, &row);
		break;
	}
	if (!is_socket || row.socket.local_port == 0)
		return 1;
	*out = row;
	return 0;
}
