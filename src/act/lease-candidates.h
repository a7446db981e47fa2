/*
 * Lease candidates: which ports a lease may be of, in the order in which they are tried.
 *
 * Without a range these are the ports of SUGGEST_FIRST to SUGGEST_LAST (12346-14935) that IANA has
 * assigned to nobody (some 2,500, clear of every system's usual ephemeral range, of node ports, of
 * what other tools pick from), outside this kernel's ephemeral range, and claimed by nobody. With a
 * range they are all of it but those claimed under another name. Whether a port is taken now is not
 * asked here: the lease asks.
 */
#pragma once

#include "base/arena.h"
#include "live/live.h"

struct registry;
struct claims;

struct lease_candidates_request {
	const struct registry *registry;
	const struct claims *claims; /* NULL = none */
	const char *today;           /* with claims */
	const struct live_rules *rules;
	const struct live_span *spans; /* none = the default pool */
	size_t n_spans;
	const char *name; /* whose claims are one's own; "" = nobody's */
	uint64_t seed;    /* of the order */
};

/* The ports, and what was left out. */
struct lease_ports {
	uint16_t *ports;
	size_t n;
	size_t n_claimed;   /* left out: claimed by another */
	size_t n_ephemeral; /* left out, or with `is_ephemeral` taken all the same */
	bool is_ephemeral;  /* nothing was left outside the ephemeral range: it is not left out */
};

/* Returns 0 or -ENOMEM. The ports live in `arena`. */
int lease_candidates(const struct lease_candidates_request *q, struct arena *arena,
		     struct lease_ports *out) BERTH_MUST_CHECK;
