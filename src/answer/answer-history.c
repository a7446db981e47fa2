/* Changes of the registry as records: the history of a port, the differences of an update. */
#include "answer/answer-parts.h"

#include "registry/history.h"
#include "registry/registry.h"

#include <stdlib.h>
#include <string.h>

static const char *status_word(enum registry_status status)
{
	return status == REGISTRY_NONE ? NULL : registry_status_name(status);
}

void answer_fill_change(const struct history_entry *entry, bool has_ports,
			struct answer_change *out)
{
	*out = (struct answer_change){
		.date = entry->date,
		.kind = history_kind_name(entry->kind),
		.protocol = entry->has_protocol ? transport_name(entry->protocol) : NULL,
		.has_ports = has_ports,
		.ports = {entry->first, entry->last},
		.name_before = entry->name_before,
		.name_after = entry->name_after,
		.status_before = status_word(entry->status_before),
		.status_after = status_word(entry->status_after),
		.seen_before = entry->seen_before,
		.seen_after = entry->seen_after,
	};
}

static const char *text(const char *maybe)
{
	return maybe ? maybe : "";
}

/* The changes of a port while they are gathered. */
struct gathered {
	struct answer_change *changes;
	size_t n, capacity;
	struct arena *arena;
};

/* Whether it is known already that `name` of this protocol is a thing of the past. */
static bool is_told(const struct gathered *g, const char *name, const char *protocol)
{
	for (size_t i = 0; i < g->n; i++) {
		if (strcmp(text(g->changes[i].name_before), name) == 0 &&
		    strcmp(text(g->changes[i].protocol), text(protocol)) == 0 &&
		    strcmp(text(g->changes[i].name_after), name) != 0)
			return true;
	}
	return false;
}

/* What the registry's own texts, and berth's table, say of earlier claimants. */
static bool add_former(struct gathered *g, const struct answer_assignment *as,
		       const struct answer_registry *registry)
{
	for (size_t i = 0; i < as->n_former; i++) {
		const struct answer_former *former = &as->former[i];
		struct answer_change *out;

		if (!former->name || is_told(g, former->name, as->protocol))
			continue;
		out = ARENA_PUSH(g->arena, g->changes, g->n, g->capacity);
		if (!out)
			return false;
		*out = (struct answer_change){
			.date = former->removed,
			.kind = history_kind_name(as->name ? HISTORY_RENAMED : HISTORY_STATUS),
			.protocol = as->protocol,
			.has_ports = as->has_ports,
			.ports = as->ports,
			.name_before = former->name,
			.name_after = as->name,
			.status_before = registry_status_name(REGISTRY_ASSIGNED),
			.status_after = as->status,
			.seen_before = former->listed,
			.seen_after = registry->names_as_of,
		};
	}
	return true;
}

/* By the day on which it was first seen, or happened; equal ones stay as they are. */
static const char *day_of(const struct answer_change *c)
{
	return c->date ? c->date : text(c->seen_after);
}

static void sort_changes(struct gathered *g)
{
	for (size_t i = 1; i < g->n; i++) { /* a handful */
		struct answer_change change = g->changes[i];
		size_t at = i;

		for (; at > 0 && strcmp(day_of(&g->changes[at - 1]), day_of(&change)) > 0; at--)
			g->changes[at] = g->changes[at - 1];
		g->changes[at] = change;
	}
}

bool answer_fill_history(const struct registry *reg, uint16_t port,
			 const struct answer_options *options, struct answer *out,
			 struct arena *arena)
{
	struct gathered g = {.arena = arena};
	struct history_entry entry;
	uint32_t cursor = 0;

	while (history_next(reg, port, &cursor, &entry)) {
		struct answer_change *change;

		if (entry.has_protocol && !answer_wants(options, entry.protocol))
			continue;
		change = ARENA_PUSH(arena, g.changes, g.n, g.capacity);
		if (!change)
			return false;
		answer_fill_change(&entry, true, change);
	}
	for (size_t i = 0; i < out->n_assignments; i++) {
		if (!add_former(&g, &out->assignments[i], &out->registry))
			return false;
	}
	sort_changes(&g);
	out->history = g.changes;
	out->n_history = g.n;
	return true;
}
