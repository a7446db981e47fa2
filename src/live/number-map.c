#include "live/number-map.h"

#include <stdlib.h>

struct number_map_slot {
	uint64_t key; /* 0 = free */
	uint32_t value;
};

void number_map_fini(struct number_map *m)
{
	free(m->slots);
	*m = (struct number_map){0};
}

/* Where `key` is or would be. The map is never full. */
static struct number_map_slot *slot_of(const struct number_map *m, uint64_t key)
{
	size_t mask = m->capacity - 1;
	size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

	while (m->slots[at].key != 0 && m->slots[at].key != key)
		at = (at + 1) & mask;
	return &m->slots[at];
}

static bool widen(struct number_map *m)
{
	struct number_map wider = {.capacity = m->capacity ? m->capacity * 2 : 64, .n = m->n};

	wider.slots = calloc(wider.capacity, sizeof(*wider.slots));
	if (!wider.slots)
		return false;
	for (size_t i = 0; i < m->capacity; i++) {
		if (m->slots[i].key != 0)
			*slot_of(&wider, m->slots[i].key) = m->slots[i];
	}
	free(m->slots);
	*m = wider;
	return true;
}

void number_map_set(struct number_map *m, uint64_t key, uint32_t value)
{
	struct number_map_slot *slot;

	if (m->n + 1 > m->capacity / 4 * 3 && !widen(m)) {
		m->has_failed = true;
		return;
	}
	slot = slot_of(m, key);
	m->n += slot->key == 0;
	slot->key = key;
	slot->value = value;
}

uint32_t number_map_find(const struct number_map *m, uint64_t key)
{
	const struct number_map_slot *slot;

	if (m->n == 0 || key == 0)
		return NUMBER_MAP_NONE;
	slot = slot_of(m, key);
	return slot->key == key ? slot->value : NUMBER_MAP_NONE;
}
