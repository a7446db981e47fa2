/*
 * Addresses: those of the network namespace that the calling thread is in, from rtnetlink.
 */
#pragma once

#include "base/arena.h"
#include "query/address.h"

/* Addresses without zone; `items` live in the arena they were asked for with. */
struct address_list {
	struct address *items;
	size_t n, capacity;
};

/* Ask. Returns 0, or a negative errno and an empty list. */
int addresses_read(struct arena *arena, struct address_list *out) BERTH_MUST_CHECK;

/* Whether `a` is one of them. */
bool addresses_have(const struct address_list *l, const struct address *a);
