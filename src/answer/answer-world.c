/* The parts of an answer that come from the registry: assignments, known uses, rules. */
#include "answer/answer-parts.h"

#include "base/str.h"
#include "registry/browser-ports.h"
#include "registry/known-uses.h"
#include "registry/registry.h"

#include <stdlib.h>
#include <string.h>

/* "a;b;c" as a NULL-terminated list. NULL when out of memory. */
static const char *const *split_list(const char *list, struct arena *arena)
{
	const char **items = NULL;
	size_t n = 0, capacity = 0;
	struct registry_piece piece;

	while (registry_item(&list, &piece)) {
		const char **item = ARENA_PUSH(arena, items, n, capacity);

		if (!item)
			return NULL;
		*item = arena_strndup(arena, piece.text, piece.n);
	}
	return arena_grow(arena, items, n, n + 1, sizeof(*items));
}

static const char *copy_piece(struct registry_piece piece, struct arena *arena)
{
	return piece.n ? arena_strndup(arena, piece.text, piece.n) : NULL;
}

static bool fill_former(const char *list, struct answer_assignment *out, struct arena *arena)
{
	struct answer_former *former = NULL;
	size_t n = 0, capacity = 0;
	struct registry_piece piece;

	while (registry_item(&list, &piece)) {
		struct registry_former one = registry_former(piece);
		struct answer_former *slot = ARENA_PUSH(arena, former, n, capacity);

		if (!slot)
			return false;
		slot->name = copy_piece(one.name, arena);
		slot->listed = copy_piece(one.listed, arena);
		slot->removed = copy_piece(one.removed, arena);
	}
	out->former = former;
	out->n_former = n;
	return !arena_failed(arena);
}

bool answer_fill_assignment(const struct registry *reg, uint32_t id, struct answer_assignment *out,
			    struct arena *arena)
{
	struct registry_row row;

	if (registry_row(reg, id, &row) < 0)
		return false;
	*out = (struct answer_assignment){
		.source = "iana",
		.protocol = row.has_protocol ? transport_name(row.protocol) : NULL,
		.status = registry_status_name(row.status),
		.name = row.name,
		.alias_of = row.alias_of,
		.description = row.description,
		.has_ports = row.has_ports,
		.ports = {row.first, row.last},
		.assignee = row.assignee,
		.contact = row.contact,
		.organization = row.organization,
		.registered = row.registered,
		.modified = row.modified,
		.references = split_list(row.references, arena),
		.unauthorized_use = row.unauthorized_use,
		.note = row.note,
		.service_code =
			row.has_service_code ? (answer_number)row.service_code : ANSWER_NULL,
		.is_widespread = row.is_widespread,
		.details_as_of = row.details_as_of,
	};
	return out->references != NULL && fill_former(row.former, out, arena);
}

bool answer_wants(const struct answer_options *options, enum transport t)
{
	return !options->has_transport || transport_port_space(options->transport) == t ||
	       (options->transport == TRANSPORT_UDPLITE && t == TRANSPORT_UDP);
}

static bool has_id(const uint32_t *ids, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

/* Row numbers that cover the port, each once: "the" row of every protocol, then the others. */
static uint32_t *collect_rows(const struct registry *reg, uint16_t port,
			      const struct answer_options *options, size_t *n_out,
			      struct arena *arena)
{
	struct registry_rows rows[N_REGISTRY_TRANSPORTS];
	size_t most = 0, n = 0;
	uint32_t *ids;

	for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
		rows[t] = registry_lookup(reg, port, (enum transport)t);
		if (!answer_wants(options, (enum transport)t))
			rows[t].n = 0;
		most += rows[t].n;
	}
	ids = arena_calloc(arena, most, sizeof(*ids));
	if (!ids)
		return NULL;
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
			uint32_t last = pass == 0 ? MIN_OF(rows[t].n, 1) : rows[t].n;

			for (uint32_t i = pass; i < last; i++) {
				if (!has_id(ids, n, rows[t].ids[i]))
					ids[n++] = rows[t].ids[i];
			}
		}
	}
	*n_out = n;
	return ids;
}

bool answer_fill_assignments(const struct registry *reg, uint16_t port,
			     const struct answer_options *options, struct answer *out,
			     struct arena *arena)
{
	struct answer_assignment *assignments;
	size_t n = 0;
	uint32_t *ids = collect_rows(reg, port, options, &n, arena);

	if (!ids)
		return false;
	assignments = arena_calloc(arena, n, sizeof(*assignments));
	for (size_t i = 0; assignments && i < n; i++) {
		if (!answer_fill_assignment(reg, ids[i], &assignments[i], arena))
			return false;
	}
	out->assignments = assignments;
	out->n_assignments = n;
	return assignments != NULL;
}

void answer_fill_use(const struct known_use *use, struct answer_use *out, struct arena *arena)
{
	*out = (struct answer_use){
		.software = use->software,
		.purpose = use->purpose,
		.protocol = transport_name(use->protocol),
		.ports = {use->first, use->last},
		.since = use->since,
		.until = use->until,
		.evidence = use->evidence,
		.grade = use->grade,
		.platform = use->platform,
		.service = use->service,
		.programs = split_list(use->programs, arena),
	};
}

/* The proven before the merely reported, the older before the younger, undated ones last. */
static int compare_uses(const void *pa, const void *pb)
{
	const struct answer_use *a = pa, *b = pb;
	int r = (strcmp(a->grade, "unverified") == 0) - (strcmp(b->grade, "unverified") == 0);

	if (r == 0)
		r = strcmp(a->since ? a->since : "9999", b->since ? b->since : "9999");
	if (r == 0)
		r = strcmp(a->software, b->software);
	return r ? r : strcmp(a->protocol, b->protocol);
}

bool answer_fill_uses(const struct registry *reg, uint16_t port,
		      const struct answer_options *options, struct answer *out, struct arena *arena)
{
	struct answer_use *uses = NULL;
	size_t n = 0, capacity = 0;

	for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
		uint32_t cursor = 0;
		struct known_use use;

		while (answer_wants(options, (enum transport)t) &&
		       known_use_next(reg, port, (enum transport)t, &cursor, &use, NULL)) {
			struct answer_use *slot = ARENA_PUSH(arena, uses, n, capacity);

			if (!slot)
				return false;
			answer_fill_use(&use, slot, arena);
		}
	}
	if (n > 0)
		qsort(uses, n, sizeof(*uses), compare_uses);
	out->known_uses = uses;
	out->n_known_uses = n;
	return !arena_failed(arena);
}

bool answer_case_add_name(struct answer_case *c, size_t *capacity, const char *source,
			  const char *name, struct arena *arena)
{
	struct answer_name *names = (struct answer_name *)(uintptr_t)c->names;
	struct answer_name *slot = ARENA_PUSH(arena, names, c->n_names, *capacity);

	c->names = names;
	if (!slot)
		return false;
	*slot = (struct answer_name){.source = source, .name = name};
	return true;
}

/* Assigned names of (port, transport), aliases included, what is merely widespread left out. */
static bool fill_assigned(const struct registry *reg, struct registry_rows rows,
			  struct answer_case *out, size_t *capacity, struct arena *arena)
{
	const char **assigned = arena_calloc(arena, (size_t)rows.n + 1, sizeof(*assigned));
	size_t n = 0;

	if (!assigned)
		return false;
	for (uint32_t i = 0; i < rows.n; i++) {
		struct registry_row row;

		if (registry_row(reg, rows.ids[i], &row) < 0 || !row.name)
			continue;
		if (row.status == REGISTRY_ASSIGNED && !row.is_widespread)
			assigned[n++] = row.name;
		if (!row.alias_of && !answer_case_add_name(out, capacity, "iana", row.name, arena))
			return false;
	}
	out->world.assigned = assigned;
	return true;
}

/* Uses that are over, or of another system, or merely reported, give nobody a port. */
static bool is_current(const struct known_use *use, enum live_system system)
{
	return !use->until &&
	       (!use->platform || strcmp(use->platform, live_system_name(system)) == 0) &&
	       (!use->grade || strcmp(use->grade, "unverified") != 0);
}

/*
 * The software that is known to use the port. A program of ended or other-system software is still
 * recognised when it runs here; it only does not make a quiet port anybody's.
 */
static bool fill_case_uses(const struct registry *reg, uint16_t port, enum transport transport,
			   enum live_system system, struct answer_case *out, size_t *capacity,
			   struct arena *arena)
{
	struct verdict_use *uses = NULL;
	size_t n = 0, n_room = 0;
	uint32_t cursor = 0;
	struct known_use use;

	while (known_use_next(reg, port, transport, &cursor, &use, NULL)) {
		struct verdict_use *slot = ARENA_PUSH(arena, uses, n, n_room);

		if (!slot)
			return false;
		*slot = (struct verdict_use){.programs = use.programs,
					     .service = use.service,
					     .is_current = is_current(&use, system)};
		if (slot->is_current && 
		    !answer_case_add_name(out, capacity, "known", use.software, arena))
			return false;
	}
	out->world.uses = uses;
	out->world.n_uses = (unsigned int)n;
	return true;
}

bool answer_fill_case(const struct answer_sources *from, uint16_t port, enum transport transport,
		      struct answer_case *out, struct arena *arena)
{
	enum transport space = transport_port_space(transport);
	size_t capacity = 0;

	*out = (struct answer_case){.world = {.could_look = from->live->could_look}};
	return answer_fill_case_claims(from, port, space, out, &capacity, arena) &&
	       fill_assigned(from->registry, registry_lookup(from->registry, port, space), out,
			     &capacity, arena) &&
	       fill_case_uses(from->registry, port, space, from->live->system, out, &capacity,
			      arena);
}

static bool is_in_spans(const struct live_span *spans, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++) {
		if (port >= spans[i].first && port <= spans[i].last)
			return true;
	}
	return false;
}

const char *const *answer_policies(const struct answer_sources *from, uint16_t port,
				   struct arena *arena)
{
	const struct live_rules *rules = &from->live->rules;
	const char **policies = arena_calloc(arena, 9, sizeof(*policies));
	bool is_reserved = is_in_spans(rules->reserved, rules->n_reserved, port);
	size_t n = 0;

	if (!policies)
		return NULL;
	if (rules->has_ephemeral && !is_reserved && is_in_spans(&rules->ephemeral, 1, port))
		policies[n++] = "ephemeral";
	if (is_reserved)
		policies[n++] = "reserved-by-kernel";
	if (rules->has_privileged && port > 0 && port < rules->unprivileged_start)
		policies[n++] = "privileged";
	if (live_is_excluded(rules, TRANSPORT_TCP, port))
		policies[n++] = "excluded-tcp";
	if (live_is_excluded(rules, TRANSPORT_UDP, port))
		policies[n++] = "excluded-udp";
	if (live_is_guests(rules, TRANSPORT_TCP, port))
		policies[n++] = "guest-tcp";
	if (live_is_guests(rules, TRANSPORT_UDP, port))
		policies[n++] = "guest-udp";
	if (registry_is_browser_blocked(port))
		policies[n++] = "browser-blocked";
	return policies;
}
