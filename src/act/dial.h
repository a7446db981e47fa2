/*
 * Dial: names of hosts become addresses (the seam to a system's resolver), and one TCP connection
 * is tried. What a result means is the caller's.
 */
#pragma once

#include "base/arena.h"
#include "query/address.h"

/* Who is called a name: addresses in the order in which they are to be tried. */
struct dial_names {
	const struct address *addresses;
	size_t n;
	const char *error; /* why there are none, in the system's words; NULL otherwise */
};

/* Resolve `host`, a name or an address, with the system's resolver. Returns 0 (see `error`) or
 * -ENOMEM. All of `*out` lives in `arena`. */
int dial_resolve(const char *host, struct arena *arena, struct dial_names *out) BERTH_MUST_CHECK;

/*
 * Connect to `port` of `a`, wait at most `timeout_ms` for the answer, and close at once. Returns 0,
 * or a positive errno: ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, ...
 */
int dial_try(const struct address *a, uint16_t port, int64_t timeout_ms) BERTH_MUST_CHECK;
