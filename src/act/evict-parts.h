/*
 * Evict parts: how one step of a plan is settled, and how it is told. For act/evict only. Pure.
 */
#pragma once

#include "act/evict.h"
#include "base/arena.h"

/* What a plan is being made from. */
struct evict_making {
	const struct evict_request *request;
	const struct live_snapshot *live;
	struct arena *arena;
};

/*
 * Settle what becomes of a step's process and sockets (both set, the sockets one process's own):
 * action, why, is_blocking, unit, container, runtime, can_stop.
 */
void evict_settle_process(const struct evict_making *m, struct evict_step *step);

/* Settle a step for a socket without a process: nobody was seen, or the kernel holds it. */
void evict_settle_unowned(struct evict_step *step);

/* Settle a step for a port that rules of the kernel (`published`) lead elsewhere. */
void evict_settle_published(const struct evict_making *m, struct evict_step *step);

/* Whether a unit's name has that suffix (".socket"). NULL has none. */
bool evict_is_unit(const char *unit, const char *suffix);

/* Why the step is what it is, for people; NULL = nothing to add, or out of memory. */
const char *evict_reason(const struct evict_making *m, const struct evict_step *step);
