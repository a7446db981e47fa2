#include "render/map.h"

#include "ledger/claims.h"
#include "registry/browser-ports.h"
#include "registry/known-uses.h"
#include "registry/registry.h"

#include <errno.h>
#include <string.h>

static void mark(struct map *map, uint32_t first, uint32_t last, enum map_flag flag)
{
	for (uint32_t port = first; port <= last && port < MAP_CELLS; port++)
		map->cells[port] |= MAP_BIT(flag);
}

static void unmark(struct map *map, uint32_t first, uint32_t last, enum map_flag flag)
{
	for (uint32_t port = first; port <= last && port < MAP_CELLS; port++)
		map->cells[port] &= (uint16_t)~MAP_BIT(flag);
}

/* What the registry and its known uses say. A name under one protocol outweighs that the number is
 * reserved under another. */
static void mark_world(const struct registry *reg, struct map *map)
{
	struct registry_row row;
	struct known_use use;
	size_t n_blocked;
	const uint16_t *blocked = registry_browser_blocked(&n_blocked);

	for (uint32_t i = 0; registry_row(reg, i, &row) == 0; i++) {
		bool is_kept = row.status == REGISTRY_RESERVED ||
			       row.status == REGISTRY_DE_ASSIGNED;

		if (row.has_ports && row.name)
			mark(map, row.first, row.last, MAP_ASSIGNED);
		else if (row.has_ports && is_kept)
			mark(map, row.first, row.last, MAP_RESERVED);
	}
	for (uint32_t port = 0; port < MAP_CELLS; port++) {
		if (map->cells[port] & MAP_BIT(MAP_ASSIGNED))
			unmark(map, port, port, MAP_RESERVED);
	}
	for (uint32_t i = 0; known_use_get(reg, i, &use) == 0; i++)
		mark(map, use.first, use.last, MAP_KNOWN);
	for (size_t i = 0; i < n_blocked; i++)
		mark(map, blocked[i], blocked[i], MAP_BLOCKED);
}

static void mark_claims(const struct answer_sources *from, struct map *map)
{
	for (size_t i = 0; from->claims && i < from->claims->n; i++) {
		const struct claim *one = &from->claims->items[i];

		if (claim_state(one, from->today) != CLAIM_EXPIRED)
			mark(map, one->first, one->last, MAP_CLAIMED);
	}
}

static void mark_kernel(const struct live_rules *rules, struct map *map)
{
	if (rules->has_ephemeral)
		mark(map, rules->ephemeral.first, rules->ephemeral.last, MAP_EPHEMERAL);
	for (size_t i = 0; rules->has_reserved && i < rules->n_reserved; i++) {
		mark(map, rules->reserved[i].first, rules->reserved[i].last, MAP_KEPT);
		unmark(map, rules->reserved[i].first, rules->reserved[i].last, MAP_EPHEMERAL);
	}
}

static void mark_resident(struct map *map, struct live_span ports, bool is_exposed,
			  struct verdict judged)
{
	mark(map, ports.first, ports.last, MAP_LISTENING);
	if (is_exposed)
		mark(map, ports.first, ports.last, MAP_EXPOSED);
	if (judged.word == VERDICT_CONFLICT)
		mark(map, ports.first, ports.last, MAP_CONFLICT);
}

/* What counts for a verdict counts here: not what listens inside containers only, and not a UDP
 * socket that is a client most likely. */
static int mark_live(const struct answer_sources *from, struct arena *arena, struct map *map)
{
	const struct answer_here *here = answer_here(from, arena);

	if (!here)
		return -ENOMEM;
	for (size_t i = 0; i < here->n_listeners; i++) {
		const struct answer_listener *l = &here->listeners[i];

		if (l->is_here && strcmp(l->role, "listener") == 0)
			mark_resident(map, (struct live_span){l->port, l->port},
				      strcmp(l->exposure, "loopback") != 0, l->judged);
	}
	for (size_t i = 0; i < here->n_published; i++)
		mark_resident(map, here->published[i].ports, !here->published[i].is_loopback,
			      here->published[i].judged);
	return 0;
}

static void count(struct map *map)
{
	const uint16_t somebodys = MAP_BIT(MAP_ASSIGNED) | MAP_BIT(MAP_KNOWN) |
				   MAP_BIT(MAP_CLAIMED);

	for (uint32_t port = 0; port < MAP_CELLS; port++) {
		enum registry_range range = registry_range_of((uint16_t)port);
		uint16_t cell = map->cells[port];

		for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++)
			map->by_range[range][flag] += (cell & MAP_BIT(flag)) != 0;
		map->n_dark += (cell & somebodys) && !(cell & MAP_BIT(MAP_LISTENING));
	}
	for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++) {
		for (unsigned int range = 0; range < N_REGISTRY_RANGES; range++)
			map->counts[flag] += map->by_range[range][flag];
	}
}

int map_fill(const struct answer_sources *from, struct arena *arena, struct map *out)
{
	int r = 0;

	*out = (struct map){.could_look = from->live->could_look, .at = from->live->at};
	mark_world(from->registry, out);
	mark_claims(from, out);
	mark_kernel(&from->live->rules, out);
	if (out->could_look)
		r = mark_live(from, arena, out);
	count(out);
	return r;
}

const char *map_flag_name(enum map_flag flag)
{
	static const char *const names[N_MAP_FLAGS] = {
		[MAP_ASSIGNED] = "assigned",   [MAP_KNOWN] = "known",
		[MAP_CLAIMED] = "claimed",     [MAP_RESERVED] = "reserved",
		[MAP_EPHEMERAL] = "ephemeral", [MAP_KEPT] = "kept",
		[MAP_BLOCKED] = "blocked",     [MAP_LISTENING] = "listening",
		[MAP_EXPOSED] = "exposed",     [MAP_CONFLICT] = "conflict",
	};

	return names[flag];
}

bool map_next_run(const struct map *map, enum map_flag flag, uint32_t *cursor,
		  struct live_span *out)
{
	uint32_t first = *cursor, last;

	while (first < MAP_CELLS && !(map->cells[first] & MAP_BIT(flag)))
		first++;
	if (first >= MAP_CELLS)
		return false;
	for (last = first; last + 1 < MAP_CELLS && map->cells[last + 1] & MAP_BIT(flag);)
		last++;
	*cursor = last + 1;
	*out = (struct live_span){(uint16_t)first, (uint16_t)last};
	return true;
}
