/*
 * Clients of a portserver: who is at the other end, and for which process may he ask.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The other end of a unix socket, when it connected. */
struct client_peer {
	uint32_t pid; /* 0 = of a PID namespace that cannot be seen from here */
	uint32_t uid;
};

/* Returns 0 or a negative errno. */
int client_peer(int fd, struct client_peer *out) BERTH_MUST_CHECK;

/* Whether /proc is there, and of this PID namespace: nobody can be asked about without it. */
bool client_can_look(void);

/*
 * A descriptor (pidfd_open(2), Linux 5.3) of process `pid`, which lives and for which this peer may
 * ask. A peer of another PID namespace means one of its own numbers, so that only itself can be
 * told. Returns it and `*seen`, its number here, or a negative errno: -ESRCH: there is none;
 * -EPERM: he may not.
 */
int client_open_process(const struct client_peer *peer, uint32_t pid,
			uint32_t *seen) BERTH_MUST_CHECK;

/*
 * In `text` (terminated), a /proc/PID/status: its real and effective user, how many PID namespaces
 * it is in, as seen from here (1: ours), and its number in the innermost. Pure. Returns 0 or
 * -EBADMSG.
 */
struct client_status {
	uint32_t uid, effective_uid;
	uint32_t depth, innermost_pid;
	char state; /* 'Z', 'X': dead */
};
int client_parse_status(const char *text, struct client_status *out) BERTH_MUST_CHECK;
