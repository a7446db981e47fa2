/*
 * Claims: every claim that is known in one run, from all files and ledgers, sorted and read-only.
 *
 * Gathered once: claims_init(), claims_add() for each, claims_finish(). Everything lives in one
 * arena; strings stay where they were.
 */
#pragma once

#include "base/arena.h"
#include "ledger/claim.h"

struct claims {
	struct claim *items;  /* in the order of claim_compare() */
	size_t n;
	uint16_t *reach;      /* the largest `last` up to here: a search for a port can stop */
	const struct claim **by_name; /* sorted by name (without case), then as items */
	size_t capacity;
	struct arena *arena;
};

void claims_init(struct claims *c, struct arena *arena);

/* Add a copy of `one`, its strings borrowed. False when out of memory. */
bool claims_add(struct claims *c, const struct claim *one);

/* Sort and index; nothing can be added afterwards. False when out of memory. */
bool claims_finish(struct claims *c);

/*
 * Claims that have the port in their range, in order, whatever their transports, address and day:
 * `*cursor` starts at 0. Returns NULL when there are no more. One look-up costs the logarithm of
 * their number, and what overlaps before the port.
 */
const struct claim *claims_next(const struct claims *c, uint16_t port, size_t *cursor);

/* The same for every claim that has a port of first..last. */
const struct claim *claims_next_in(const struct claims *c, uint16_t first, uint16_t last,
				   size_t *cursor);

/* Claims of that name (without case), in order: `*cursor` starts at 0. NULL when no more. */
const struct claim *claims_next_named(const struct claims *c, const char *name, size_t *cursor);

/*
 * The first claim that holds on `today` (active or retired) and collides with `wanted`, leaving out
 * `except` (may be NULL). NULL = none.
 */
const struct claim *claims_find_collision(const struct claims *c, const struct claim *wanted,
					  const char *today, const struct claim *except);
