/*
 * Portserver: ports for portpicker's clients, over the protocol of its server.
 *
 * A client connects to a unix stream socket, writes a process id in decimal and reads "PORT\n"; no
 * bytes before the end mean that there is none for it. The port is leased (act/lease.h) until that
 * process ends; nobody gives one back. Who may name whom: a process of the same user, as
 * SO_PEERCRED tells it; root anybody. A client in another PID namespace can only name itself.
 *
 * Nobody is waited for. A connection that says nothing is closed after ten seconds, or sooner when
 * its user has more than PORTSERVER_MOST_OF_USER of them, or there are more than
 * PORTSERVER_MOST_CLIENTS: the oldest goes first.
 */
#pragma once

#include "act/lease.h"

enum {
	PORTSERVER_MOST_CLIENTS = 512,
	PORTSERVER_MOST_OF_USER = 128,
	PORTSERVER_FDS_A_LEASE = 4, /* two names, what it tells of itself, a pidfd */
};

/* Since it began. */
struct portserver_counts {
	uint64_t n_served, n_ended;    /* leases */
	uint64_t n_refused;            /* bad, dead or foreign process ids */
	uint64_t n_exhausted;          /* no port (or no descriptor) was left */
	uint64_t n_silent, n_displaced;
	size_t n_leases, n_clients, n_ports, n_most_leases; /* now; in the pool; that fit */
};

struct portserver;

/*
 * Listen at `address`: "@NAME" in the abstract namespace, else a path. A socket at that path where
 * nobody answers any more is replaced. Raises the soft limit of descriptors to the hard one. The
 * pool's ports are kept. Returns 0; -EADDRINUSE: somebody answers there; -ENOTSOCK: something else
 * is there; -ENAMETOOLONG, -EINVAL: no such address can be; -ENOSYS: /proc, which tells whose a
 * process is, is not there, or of another PID namespace; -ENOTSUP; or another negative errno.
 */
int portserver_open(const char *address, const struct lease_ports *pool,
		    struct portserver **out) BERTH_MUST_CHECK;

/* Always NULL. Every lease ends. portserver_close(NULL) is fine. */
struct portserver *portserver_close(struct portserver *s);

/* Serve until `stop_fd` is readable; then 0, or a negative errno. At SIGUSR1, which is nobody
 * else's since portserver_open(), `status` is called with the counts. */
int portserver_run(struct portserver *s, int stop_fd,
		   void (*status)(const struct portserver_counts *counts, void *context),
		   void *context) BERTH_MUST_CHECK;

void portserver_count(const struct portserver *s, struct portserver_counts *out);
