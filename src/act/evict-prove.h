/*
 * Evict prove: what a look and a bind say of the addresses that were to be freed. For act/evict-run
 * and act/evict-prove only.
 */
#pragma once

#include "act/evict-run.h"

/*
 * Look at the asked ports as the run was told to; `want_owners`: search every process for owners.
 * Returns 0 or a negative errno.
 */
int evict_look(struct evict_run *run, bool want_owners,
	       struct live_snapshot *out) BERTH_MUST_CHECK;

/* Whether the process is one of the plan's own, those that were refused included. */
bool evict_is_planned(const struct evict_plan *plan, const struct live_process *p);
