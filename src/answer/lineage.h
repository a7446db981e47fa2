/*
 * Lineage: where a process comes from, for people: what started it, up to a session, a cron job, an
 * ssh login. Pure.
 *
 * Only what its unit and its container do not say already: a service that systemd started itself,
 * or the process of a container, has no lineage worth a line.
 */
#pragma once

#include "base/arena.h"
#include "live/live.h"

/* Where a process comes from. Strings are foreign bytes. */
struct lineage {
	const char *const *steps; /* programs, its parent first, NULL-terminated; may be empty */
	const char *origin;       /* "an ssh login of alice", "a cron job"; NULL = nothing to add */
};

/*
 * Fill `*out` from the parents of `p`; strings are those of `p` or in `arena`. Returns whether
 * there is something to tell. Repeated programs are one step, a program's own masters are none; at
 * most six steps, then "...".
 */
bool lineage_of(const struct live_process *p, struct arena *arena, struct lineage *out);
