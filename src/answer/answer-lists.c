/* Answers that are not about one port: the ranges, and what a search found. */
#include "answer/answer-parts.h"

#include "base/lang.h"
#include "registry/browser-ports.h"
#include "registry/known-uses.h"
#include "registry/registry.h"
#include "registry/search.h"

static const char *registration_of(enum registry_range range)
{
	switch (range) {
	case REGISTRY_SYSTEM:
		return _("IANA, after IETF Review or IESG Approval (RFC 6335)");
	case REGISTRY_USER:
		return _("IANA, after IETF Review, IESG Approval or Expert Review (RFC 6335)");
	case REGISTRY_PRIVATE:
		return _("nobody: never assigned, free for private and dynamic use (RFC 6335)");
	}
	return "";
}

/* Ports of a range on which at least one listener counts. */
static answer_number count_listening(const struct answer_sources *from,
				     const struct live_span *span)
{
	answer_number n = 0;
	uint32_t before = UINT32_MAX;

	for (size_t i = 0; i < from->live->n_sockets; i++) {
		const struct live_socket *s = &from->live->sockets[i];
		bool counts = s->state == LIVE_LISTENER &&
			      (s->ns->is_here || from->counts_every_namespace);

		if (!counts || s->local_port < span->first || s->local_port > span->last ||
		    s->local_port == before)
			continue;
		before = s->local_port;
		n++;
	}
	return n;
}

static void fill_range(const struct answer_sources *from, enum registry_range range,
		       struct answer_range *out)
{
	struct registry_counts counts = registry_counts(from->registry, range);

	out->name = registry_range_name(range);
	registry_range_bounds(range, &out->ports.first, &out->ports.last);
	out->registration = registration_of(range);
	out->n_ports = counts.n_ports;
	out->n_named = counts.n_named;
	out->n_documented = counts.n_documented;
	out->n_known = counts.n_known;
	out->n_listening = count_listening(from, &out->ports);
}

static struct answer_span *copy_spans(const struct live_span *spans, size_t n, struct arena *arena)
{
	struct answer_span *copy = arena_calloc(arena, n, sizeof(*copy));

	for (size_t i = 0; copy && i < n; i++)
		copy[i] = (struct answer_span){spans[i].first, spans[i].last};
	return copy;
}

/* Sorted ports as spans of neighbours. */
static bool fill_blocked(struct answer_kernel *out, struct arena *arena)
{
	size_t n_ports, n = 0;
	const uint16_t *ports = registry_browser_blocked(&n_ports);
	struct answer_span *spans = arena_calloc(arena, n_ports, sizeof(*spans));

	for (size_t i = 0; spans && i < n_ports; i++) {
		if (n > 0 && spans[n - 1].last + 1 == ports[i])
			spans[n - 1].last = ports[i];
		else
			spans[n++] = (struct answer_span){ports[i], ports[i]};
	}
	out->browser_blocked_as_of = registry_browser_blocked_as_of();
	out->browser_blocked = spans;
	out->n_browser_blocked = n;
	return spans != NULL;
}

static bool fill_kernel(const struct answer_sources *from, struct answer_kernel *out,
			struct arena *arena)
{
	const struct live_rules *rules = &from->live->rules;

	out->unprivileged_start =
		rules->has_privileged ? (answer_number)rules->unprivileged_start : ANSWER_NULL;
	if (rules->has_ephemeral)
		out->ephemeral = copy_spans(&rules->ephemeral, 1, arena);
	out->reserved = copy_spans(rules->reserved, rules->n_reserved, arena);
	out->n_reserved = rules->n_reserved;
	out->excluded_tcp = copy_spans(rules->excluded_tcp.items, rules->excluded_tcp.n, arena);
	out->n_excluded_tcp = rules->excluded_tcp.n;
	out->excluded_udp = copy_spans(rules->excluded_udp.items, rules->excluded_udp.n, arena);
	out->n_excluded_udp = rules->excluded_udp.n;
	out->guest_tcp = copy_spans(rules->guest_tcp.items, rules->guest_tcp.n, arena);
	out->n_guest_tcp = rules->guest_tcp.n;
	out->guest_udp = copy_spans(rules->guest_udp.items, rules->guest_udp.n, arena);
	out->n_guest_udp = rules->guest_udp.n;
	return fill_blocked(out, arena) && !arena_failed(arena);
}

const struct answer_ranges *answer_ranges(const struct answer_sources *from, struct arena *arena)
{
	struct answer_ranges *out = arena_alloc(arena, sizeof(*out));
	struct answer_range *ranges = arena_calloc(arena, N_REGISTRY_RANGES, sizeof(*ranges));

	if (!out || !ranges)
		return NULL;
	for (unsigned int i = 0; i < N_REGISTRY_RANGES; i++)
		fill_range(from, (enum registry_range)i, &ranges[i]);
	out->registry = answer_registry(from->registry);
	out->checked = answer_checked(from->live);
	out->ranges = ranges;
	out->n_ranges = N_REGISTRY_RANGES;
	if (!fill_kernel(from, &out->kernel, arena) ||
	    !answer_fill_gaps(from, &out->gaps, &out->n_gaps, arena))
		return NULL;
	return out;
}

static const char *rank_name(enum search_rank rank)
{
	static const char *const names[] = {"exact", "prefix", "word", "rest"};

	return (size_t)rank < N_ELEMENTS(names) ? names[rank] : "rest";
}

static bool fill_found(const struct registry *reg, const struct search_hit *hit,
		       struct answer_found *out, struct arena *arena)
{
	struct answer_assignment *assignment;
	struct answer_use *use;
	struct known_use known;

	out->rank = rank_name(hit->rank);
	if (!hit->is_use) {
		assignment = arena_alloc(arena, sizeof(*assignment));
		out->kind = "assignment";
		out->assignment = assignment;
		return assignment && answer_fill_assignment(reg, hit->id, assignment, arena);
	}
	use = arena_alloc(arena, sizeof(*use));
	if (!use || known_use_get(reg, hit->id, &known) < 0)
		return false;
	answer_fill_use(&known, use, arena);
	out->kind = "known-use";
	out->known_use = use;
	return true;
}

const struct answer_found *answer_found(const struct registry *reg, const struct search_hits *hits,
					size_t *n, struct arena *arena)
{
	struct answer_found *found = arena_calloc(arena, hits->n, sizeof(*found));

	for (size_t i = 0; found && i < hits->n; i++) {
		if (!fill_found(reg, &hits->hits[i], &found[i], arena))
			return NULL;
	}
	*n = hits->n;
	return arena_failed(arena) ? NULL : found;
}
