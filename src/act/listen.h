/*
 * Listen: a quiet listener that records who knocks.
 *
 * It binds TCP and UDP, IPv4 and IPv6, says nothing to whoever connects, reads the first bytes and
 * lets go. What it holds at most is fixed, whatever comes:
 *
 *     LISTEN_MOST_HELD connections at once (fewer where few descriptors are allowed). One more, and
 *         the oldest is let go to make room; that is counted.
 *     OPENER_MOST bytes of each, LISTEN_MOST_SHOWN of them shown.
 *     LISTEN_SILENT_MS for a connection that says nothing or dribbles, LISTEN_QUIET_MS after the
 *         last byte of one that has said something.
 *     A tenth of the time for looking up who the peers on this host are; those beyond are counted.
 *
 * What the kernel itself drops when datagrams come faster than they are read is not counted.
 */
#pragma once

#include "answer/answer.h"
#include "live/source.h"

enum {
	LISTEN_MOST_PORTS = 64,
	LISTEN_MOST_HELD = 256,
	LISTEN_MOST_SHOWN = 256,
	LISTEN_SILENT_MS = 10 * 1000,
	LISTEN_QUIET_MS = 300,
	LISTEN_MOST_PEERS = 4096, /* different addresses that are told apart */
	LISTEN_MOST_KINDS = 32,   /* of openers, in the totals */
};

struct listen_port {
	uint16_t port;
	bool want_tcp, want_udp;
};

struct listen_request {
	const struct listen_port *ports; /* at most LISTEN_MOST_PORTS */
	size_t n_ports;
	struct address on[2];  /* one address, or one of each family */
	size_t n_on;
	bool is_either_enough; /* of two addresses one may be of a family this host does not have */
	int64_t for_ms;        /* negative = no end */
	uint64_t max;          /* knocks; 0 = no end */
	int stop_fd;           /* it ends when this is readable; -1 = none */
	/* Takes each knock; its strings are valid during the call. Not 0 ends it all. */
	int (*knock)(void *context, const struct answer_knock *knock);
	void *context;
};

/* What could not be bound. */
struct listen_trouble {
	enum transport transport;
	struct address address;
	uint16_t port;
};

struct listen_totals {
	uint64_t n_tcp, n_udp;
	uint64_t n_without_bytes; /* connections that said nothing */
	uint64_t n_displaced;     /* let go early, to make room */
	uint64_t n_unasked;       /* peers of this host that were not looked up */
	size_t n_peers;           /* different addresses, at most LISTEN_MOST_PEERS */
	bool has_more_peers;
	struct {
		const char *opener;
		uint64_t n;
	} kinds[LISTEN_MOST_KINDS]; /* in the order of their first coming */
	size_t n_kinds;
	int64_t elapsed_ms;
	bool has_reached_max;
};

struct listener;

/* Bind everything. Returns 0; or the negative errno of the socket in `*trouble`, and then nothing
 * is bound; or -ENOMEM with a port of 0 there. */
int listen_open(const struct listen_request *request, struct listener **out,
		struct listen_trouble *trouble) BERTH_MUST_CHECK;

/* Which of the addresses are listened on; both unless is_either_enough. */
bool listen_has_address(const struct listener *l, size_t i);

/*
 * Listen until the time is over, enough has come, `stop_fd` is readable, or knock() says so (its
 * result is returned). `source` tells who the peers are; NULL = nobody asks. Returns 0 or a
 * negative errno; `*totals` is filled in either case. Once.
 */
int listen_run(struct listener *l, struct source *source,
	       struct listen_totals *totals) BERTH_MUST_CHECK;

/* Always NULL. listen_close(NULL) is fine. */
struct listener *listen_close(struct listener *l);
