#include "ledger/claims.h"

#include "base/str.h"

#include <stdlib.h>

void claims_init(struct claims *c, struct arena *arena)
{
	*c = (struct claims){.arena = arena};
}

bool claims_add(struct claims *c, const struct claim *one)
{
	struct claim *slot = ARENA_PUSH(c->arena, c->items, c->n, c->capacity);

	if (!slot)
		return false;
	*slot = *one;
	return true;
}

static int compare_items(const void *a, const void *b)
{
	return claim_compare(a, b);
}

static int compare_names(const void *pa, const void *pb)
{
	const struct claim *a = *(const struct claim *const *)pa;
	const struct claim *b = *(const struct claim *const *)pb;
	int r = str_casecmp(a->name, b->name);

	return r ? r : (a > b) - (a < b); /* both stand in the sorted items */
}

bool claims_finish(struct claims *c)
{
	uint16_t reach = 0;

	c->reach = arena_calloc(c->arena, c->n, sizeof(*c->reach));
	c->by_name = arena_calloc(c->arena, c->n, sizeof(*c->by_name));
	if (!c->reach || !c->by_name)
		return false;
	if (c->n > 1)
		qsort(c->items, c->n, sizeof(*c->items), compare_items);
	for (size_t i = 0; i < c->n; i++) {
		reach = MAX_OF(reach, c->items[i].last);
		c->reach[i] = reach;
		c->by_name[i] = &c->items[i];
	}
	if (c->n > 1)
		qsort(c->by_name, c->n, sizeof(*c->by_name), compare_names);
	return true;
}

/* The first item that a claim which reaches `port` can be. */
static size_t find_reach(const struct claims *c, uint16_t port)
{
	size_t low = 0, high = c->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->reach[middle] < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct claim *claims_next_in(const struct claims *c, uint16_t first, uint16_t last,
				   size_t *cursor)
{
	size_t i = *cursor ? *cursor : find_reach(c, first);

	for (; i < c->n && c->items[i].first <= last; i++) {
		if (c->items[i].last >= first) {
			*cursor = i + 1;
			return &c->items[i];
		}
	}
	*cursor = c->n ? c->n : 1;
	return NULL;
}

const struct claim *claims_next(const struct claims *c, uint16_t port, size_t *cursor)
{
	return claims_next_in(c, port, port, cursor);
}

const struct claim *claims_next_named(const struct claims *c, const char *name, size_t *cursor)
{
	size_t low = *cursor, high = *cursor ? *cursor : c->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_casecmp(c->by_name[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low >= c->n || str_casecmp(c->by_name[low]->name, name) != 0) {
		*cursor = c->n ? c->n : 1;
		return NULL;
	}
	*cursor = low + 1;
	return c->by_name[low];
}

const struct claim *claims_find_collision(const struct claims *c, const struct claim *wanted,
					  const char *today, const struct claim *except)
{
	const struct claim *one;
	size_t cursor = 0;

	while ((one = claims_next_in(c, wanted->first, wanted->last, &cursor)) != NULL) {
		if (one != except && claim_state(one, today) != CLAIM_EXPIRED &&
		    claim_collides(one, wanted))
			return one;
	}
	return NULL;
}
