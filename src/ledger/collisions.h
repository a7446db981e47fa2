/*
 * Collisions: which claims of many want the same, as the kernel would judge (claim_collides()), in
 * time that grows with their number and not with its square.
 */
#pragma once

#include "base/arena.h"
#include "ledger/claim.h"

enum { COLLISIONS_NONE = -1 };

/*
 * For each of `n` claims, sorted by first port, the number of an earlier one that it collides with:
 * of several that which reaches furthest, or COLLISIONS_NONE. Returns `n` numbers in the arena,
 * NULL when out of memory. A claim that collides with a later one only is found from there.
 */
const int32_t *collisions_find(const struct claim *const *claims, size_t n, struct arena *arena);
