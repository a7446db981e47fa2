/*
 * Lease: ports that no other lease gets, for as long as a process lives. The seam to the system.
 *
 * Nobody runs in the background and nothing is written: a lease is a set of descriptors (the names
 * of act/lease-text.h), so it ends when the last process that has them does, however it dies.
 * Names are those of a network namespace, as ports are.
 *
 * What it keeps away: other leases. What else may take the port meanwhile: programs that ask
 * nobody.
 * LEASE_HOLD_REUSE keeps those away that bind without SO_REUSEADDR, and with them the ephemeral
 * choice of the kernel; a server that sets it, as most do, is not in its way. A server that does
 * not set it cannot bind a port that is held.
 */
#pragma once

#include "act/lease-text.h"
#include "act/lease-candidates.h"

enum lease_hold {
	LEASE_HOLD_REUSE, /* TCP: bound, SO_REUSEADDR, never listening, until the command listens */
	LEASE_HOLD_NONE,  /* nothing but the names */
	LEASE_HOLD_FD,    /* bound and listening sockets are handed to the command */
};

/* One lease. Descriptors are -1 where there is none; all are close-on-exec. */
struct lease {
	uint16_t port;
	int locks[2];  /* the names for TCP and UDP */
	int record;    /* a unix socket whose name is still to be given, or is */
	int holds[2];  /* IPv4, IPv6 */
	bool is_heard; /* somebody listens there, and it is not held any more */
};

/* Why no port was left: how many were which. */
struct lease_misses {
	size_t n_leased; /* another lease has it */
	size_t n_bound;  /* a socket has it */
	size_t n_denied; /* below the first port that takes no privilege */
};

/* Whether this system has what leases are made of. */
bool lease_is_possible(void);

/* The kernel's rules about ports, in berth's own namespace; {0} where they cannot be read. */
void lease_rules(struct arena *arena, struct live_rules *out);

/* A number that nobody can guess, for lease_candidates_request.seed. */
uint64_t lease_seed(void);

/*
 * Lease the first port of the pool, from `*cursor` on (0 at first), that no lease has and that is
 * free: a plain bind(2) to it succeeds for TCP and UDP, IPv4 and IPv6; `*cursor` is then behind it.
 * A closed connection in TIME_WAIT alone is not in the way when nothing better is left. Returns 0;
 * 1: none is left, `*misses` says why; or a negative errno (-ENOTSUP: not on this system).
 */
int lease_take(const struct lease_ports *pool, size_t *cursor, enum lease_hold how,
	       struct lease *out, struct lease_misses *misses) BERTH_MUST_CHECK;

/* Say whose it is. What fails is only not told. Safe in a forked child. */
void lease_tell(const struct lease *l, char kind, uint32_t pid, const char *name);

/* Give it back, as far as this process has it. */
void lease_drop(struct lease *l);

/* Let go of the sockets that hold it; the lease stays. */
void lease_unhold(struct lease *l);

/*
 * Put the ports into the environment file `path` (lease_env_merge()), which is made when it is not
 * there and otherwise keeps its mode and owner; it is replaced whole, one lease after the other.
 * Returns 0 or a negative errno: -EINVAL, -EFBIG: it is no text of a sensible size.
 */
int lease_write_env(const char *path, const struct lease_wish *wishes, const struct lease *leases,
		    size_t n) BERTH_MUST_CHECK;

/* What is to be run, with its leases. */
struct lease_run {
	const struct lease_wish *wishes;
	struct lease *leases;         /* of each wish; dropped by the caller */
	size_t n;
	const char *const *command;   /* as it was given: {NAME} is filled in here */
	enum lease_hold hold;
	struct address on;            /* LEASE_HOLD_FD: where it listens, one socket a wish; the */
	bool is_dual;                 /* IPv6 wildcard with `is_dual`: IPv4 too, alone if need be */
};

/* What became of it. */
struct lease_end {
	int exec_error; /* the errno of execve(2); 0 = it ran */
	int status;     /* its exit status, or 128 + the signal that ended it */
	bool was_killed;
};

/*
 * Run it: the ports in its environment and arguments, signals that somebody sends to this process
 * passed on (those of the terminal reach it anyway). All descriptors of the leases are inherited:
 * they live until this process and all of the command's that kept them are gone. Returns 0 and the
 * end, or a negative errno before anything ran.
 */
int lease_run(const struct lease_run *run, struct arena *arena,
	      struct lease_end *out) BERTH_MUST_CHECK;
