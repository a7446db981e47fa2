/*
 * Lease pool: which ports this user's leases may be of, from the registry, his claims and the
 * kernel's rules.
 */
#pragma once

#include "act/lease-candidates.h"
#include "cli/cli.h"

/*
 * The ports of `spans` (none: the usual pool) for a lease called `name`. Opens what is needed,
 * once. Returns 0, or an exit code after saying why.
 */
int lease_pool(struct cli *c, const struct live_span *spans, size_t n_spans, const char *name,
	       struct lease_ports *out) BERTH_MUST_CHECK;

struct lease_misses;

/* "2 are leased, 1 is taken": why none of the pool was left, in `out`. */
void lease_pool_describe(const struct lease_ports *pool, const struct lease_misses *misses,
			 struct str *out);
