/*
 * Diag: the kernel's own socket tables over NETLINK_SOCK_DIAG (Linux 3.3).
 *
 * Facts used here: any user may dump; the tables are those of the network namespace in which the
 * netlink socket was made. TCP_BOUND_INACTIVE (state 13, Linux 6.8, commit 91051f003948) must be
 * asked for by name and comes back as CLOSE. MPTCP (protocol 262) does not fit the 8-bit field and
 * goes into INET_DIAG_REQ_PROTOCOL (5.9). TIME_WAIT rows carry neither inode nor user.
 */
#pragma once

#include "live/socket-list.h"

/* Bits of diag_query.states: the kernel's TCP states, which it uses for UDP as well. */
enum {
	DIAG_ESTABLISHED = 1 << 1,
	DIAG_TIME_WAIT = 1 << 6,
	DIAG_CLOSE = 1 << 7, /* UDP: not connected */
	DIAG_LISTEN = 1 << 10,
	DIAG_BOUND_INACTIVE = 1 << 13,
	/* every state with a peer but TIME_WAIT: ESTABLISHED .. CLOSING without CLOSE and LISTEN */
	DIAG_CONNECTED = 0x1b3e,
};

/* One dump of one protocol. */
struct diag_query {
	enum transport transport; /* TRANSPORT_TCP, UDP, UDPLITE or MPTCP */
	bool want_v4, want_v6;
	uint32_t states;
	uint16_t first_port, last_port; /* inclusive; 0..65535 = all */
	bool is_remote_too; /* rows whose remote port is in the span count as well */
	/* TCP: rows tell whether they are half of an MPTCP socket. Each costs a kilobyte and a lock
	 * more. Told to everybody since Linux 6.15, before that to CAP_NET_ADMIN only. */
	bool is_ulp_wanted;
};

/* Room that diag_request() needs at most. */
enum { DIAG_REQUEST_SIZE = 256 };

/*
 * Build the netlink message for `q` and one address family (AF_INET, AF_INET6; AF_UNSPEC = both,
 * only for TRANSPORT_TCP) in `buffer` (DIAG_REQUEST_SIZE bytes, aligned for a netlink header).
 * Returns its length.
 */
size_t diag_request(const struct diag_query *q, int family, uint32_t sequence, void *buffer);

/* One row of a reply that answers the query. */
struct diag_row {
	struct live_socket socket; /* without `interface` and everything that is looked up later */
	uint32_t interface_index;  /* 0 = not bound to one */
	bool is_mptcp_half;        /* with is_ulp_wanted: belongs to an MPTCP socket */
};

/* Takes one row. */
typedef void (*diag_row_fn)(const struct diag_row *row, void *context);

/*
 * Parse `n` bytes of a reply (aligned for a netlink header) to the request with `sequence` from
 * netlink port `port_id`. Rows that do not answer `q` are left out; malformed messages end the
 * parsing. Pure. Returns 0 (more is to come), 1 (the dump is complete), or a negative errno: what
 * the kernel said, -EINTR (the dump is not consistent: repeat it), -EBADMSG (malformed).
 */
int diag_parse(const void *bytes, size_t n, const struct diag_query *q, uint32_t sequence,
	       uint32_t port_id, diag_row_fn row, void *context) BERTH_MUST_CHECK;

struct diag;

/*
 * A connection to the tables of the calling thread's network namespace. Strings of rows are put in
 * `arena`. Returns 0 or a negative errno.
 */
int diag_open(struct arena *arena, struct diag **out) BERTH_MUST_CHECK;

/* Always NULL. diag_close(NULL) is fine. */
struct diag *diag_close(struct diag *d);

/*
 * Whether a TCP row of the dumps run so far may be half of an MPTCP socket: it said so, or it came
 * from a dump without `is_ulp_wanted`.
 */
bool diag_may_have_mptcp(const struct diag *d);

/*
 * Run one dump and append its rows, all of them with namespace `ns`, to `list`. An inconsistent or
 * overrun dump is repeated a few times. Returns 0 or a negative errno, and then nothing was
 * appended: -ENOENT (the kernel does not know this protocol here), -EINTR (never consistent),
 * -EAGAIN (no answer within ten seconds), or what the kernel said.
 */
int diag_dump(struct diag *d, const struct diag_query *q, const struct live_namespace *ns,
	      struct socket_list *list) BERTH_MUST_CHECK;
