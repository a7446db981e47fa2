/*
 * Number map: from 64-bit numbers (inodes, cookies, process ids) to small values, in memory.
 *
 * Open addressing; grows by doubling. Keys come from the kernel and are spread by a hash.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* `{0}` is a valid empty map. */
struct number_map {
	struct number_map_slot *slots;
	size_t n, capacity; /* capacity is 0 or a power of two */
	bool has_failed;    /* out of memory: one key at least is missing */
};

/* number_map_find() of a key that is not there. */
#define NUMBER_MAP_NONE UINT32_MAX

void number_map_fini(struct number_map *m);

/* Set or replace the value of `key` (not 0; value not NUMBER_MAP_NONE). */
void number_map_set(struct number_map *m, uint64_t key, uint32_t value);

/* The value of `key`, or NUMBER_MAP_NONE. */
uint32_t number_map_find(const struct number_map *m, uint64_t key);
