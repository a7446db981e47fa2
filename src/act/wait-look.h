/*
 * Wait look: what the system's own tables say about one port, so cheaply that it can be asked every
 * few milliseconds. The seam of `wait` to the system; needs no privilege. For act/ only.
 *
 * A point look-up asks the kernel the question that an arriving packet asks: which socket takes
 * what is sent to this address and port? One for 127.0.0.1 finds a listener on 127.0.0.1, on
 * 0.0.0.0 and on a dual-stack [::]; one for ::1 finds ::1 and [::]. Measured on Linux 6.18: 2.7 us
 * each, 4.4 us for two in one exchange, whatever else the host does. A listener elsewhere (another
 * address of 127/8, bound to a device) is found by a dump of listeners only, which walks all of
 * them (0.12 ms for 60) and is therefore asked rarely.
 */
#pragma once

#include "live/live.h"

struct wait_look;

/* Returns 0, -ENOTSUP (this system or build has no such tables), or another negative errno. */
int wait_look_open(struct wait_look **out) BERTH_MUST_CHECK;

/* Always NULL. wait_look_close(NULL) is fine. */
struct wait_look *wait_look_close(struct wait_look *l);

/* The ends of a socket: of a listener, or of a connection, or of one that is known already. */
struct wait_ends {
	enum transport transport;
	struct address local, remote;
	bool has_remote;
	uint16_t local_port, remote_port;
	uint64_t cookie; /* 0 = whichever socket it is */
};

/* One point look-up: the question, and its answer. */
struct wait_point {
	enum transport transport; /* TCP or UDP */
	struct address local;     /* which would be sent to */
	uint16_t port;
	bool is_there;            /* a listener takes it */
	struct address found;     /* to what that listener is bound */
	uint64_t cookie;          /* its identity */
	uint32_t queued, limit;   /* TCP: connections that wait to be accepted */
};

enum { WAIT_MOST_POINTS = 16 };

/* Ask for `n` (at most WAIT_MOST_POINTS) points in one exchange. Returns 0 or a negative errno. */
int wait_look_points(struct wait_look *l, struct wait_point *points, size_t n) BERTH_MUST_CHECK;

/* By what a socket of an earlier dump can be asked for. Returns whether it can. */
bool wait_look_ends_of(const struct live_socket *s, struct wait_ends *out);

/* Whether a socket of an earlier dump exists still: 1, 0, or a negative errno. A TCP socket that is
 * bound without listening cannot be asked for: -ENOTSUP. */
int wait_look_exists(struct wait_look *l, const struct live_socket *s) BERTH_MUST_CHECK;

/* What became of the server's end of a connection of our own. */
enum wait_server_end {
	WAIT_END_NONE,     /* it is not here: on another host or in another namespace */
	WAIT_END_WAITS,    /* the kernel took the connection, no process has accepted it */
	WAIT_END_ACCEPTED, /* a process has it */
};

/* The server's end of the connection from `client` to `server`. Returns 0 or a negative errno. */
int wait_look_server_end(struct wait_look *l, const struct address *server, uint16_t server_port,
			 const struct address *client, uint16_t client_port,
			 enum wait_server_end *out) BERTH_MUST_CHECK;

/* Rows of a dump, in the arena of the call. */
struct wait_rows {
	struct live_socket *items;
	size_t n;
};

/* All listeners on `port`, any address. Returns 0 or a negative errno. */
int wait_look_listeners(struct wait_look *l, enum transport transport, uint16_t port,
			struct arena *arena, struct wait_rows *out) BERTH_MUST_CHECK;

/* All that has `port` as its own: listeners, bound-only sockets, connections, TIME_WAIT. */
int wait_look_holders(struct wait_look *l, enum transport transport, uint16_t port,
		      struct arena *arena, struct wait_rows *out) BERTH_MUST_CHECK;

/* What the tables of some systems do not tell. */
enum wait_unseen {
	WAIT_UNSEEN_BOUND,    /* TCP sockets that are bound without listening */
	WAIT_UNSEEN_ACCEPTED, /* whether a process has accepted a connection */
};

/* Why that cannot be seen here, for people; NULL = it can. */
const char *wait_look_unseen(const struct wait_look *l, enum wait_unseen what);

/* Whether a look of the whole source (live/source.h) has the cookies of the tables. Without, a
 * listener is found there by the address to which it is bound. */
bool wait_look_shares_cookies(const struct wait_look *l);

/* Whether a process runs that might take connections for somebody else (live/proxy.h): by the names
 * of all processes, some microseconds for each, without asking who holds what. */
bool wait_look_may_have_proxy(void);

/* poll(2) with microseconds; for wire-posix.c. */
struct pollfd;
int wait_sleep(struct pollfd *fds, size_t n, int64_t timeout_us);

/* The addresses of this host, in `arena`; empty where they cannot be read. */
struct wait_addresses {
	struct address *items;
	size_t n;
};
int wait_look_addresses(struct arena *arena, struct wait_addresses *out) BERTH_MUST_CHECK;
