#include "act/lease-candidates.h"

#include "answer/suggest.h"
#include "base/str.h"
#include "ledger/claims.h"
#include "registry/registry.h"

#include <errno.h>
#include <stdlib.h>

static bool is_assigned(const struct registry *r, uint16_t port)
{
	enum registry_status tcp = registry_status(r, port, TRANSPORT_TCP);
	enum registry_status udp = registry_status(r, port, TRANSPORT_UDP);

	return (tcp != REGISTRY_UNASSIGNED && tcp != REGISTRY_DYNAMIC) ||
	       (udp != REGISTRY_UNASSIGNED && udp != REGISTRY_DYNAMIC);
}

/* A port that any connection may be given as its own; the kernel's reserved ones are not. */
static bool is_ephemeral(const struct live_rules *rules, uint16_t port)
{
	if (!rules->has_ephemeral || port < rules->ephemeral.first || port > rules->ephemeral.last)
		return false;
	for (size_t i = 0; rules->has_reserved && i < rules->n_reserved; i++) {
		if (port >= rules->reserved[i].first && port <= rules->reserved[i].last)
			return false;
	}
	return true;
}

static bool is_claimed(const struct lease_candidates_request *q, uint16_t port)
{
	const struct claim *c;
	size_t cursor = 0;

	while (q->claims && (c = claims_next(q->claims, port, &cursor)) != NULL) {
		enum claim_state state = claim_state(c, q->today);

		if (state == CLAIM_RETIRED)
			return true;
		if (state == CLAIM_ACTIVE && str_casecmp(c->name, q->name) != 0)
			return true;
	}
	return false;
}

/* Marks instead of a list: spans may overlap. */
static bool *wanted_ports(const struct lease_candidates_request *q)
{
	bool *wanted = calloc(UINT16_MAX + 1, sizeof(*wanted));

	for (size_t i = 0; wanted && i < q->n_spans; i++) {
		for (uint32_t port = q->spans[i].first; port <= q->spans[i].last; port++)
			wanted[port] = true;
	}
	for (uint32_t port = SUGGEST_FIRST; port <= SUGGEST_LAST; port++) {
		if (wanted && q->n_spans == 0)
			wanted[port] = !is_assigned(q->registry, (uint16_t)port);
	}
	return wanted;
}

static void fill(const struct lease_candidates_request *q, const bool *wanted,
		 struct lease_ports *out)
{
	bool takes_ephemeral = q->n_spans > 0 || out->is_ephemeral;

	out->n = out->n_claimed = out->n_ephemeral = 0;
	for (uint32_t port = 1; port <= UINT16_MAX; port++) {
		if (!wanted[port])
			continue;
		if (is_claimed(q, (uint16_t)port)) {
			out->n_claimed++;
			continue;
		}
		if (is_ephemeral(q->rules, (uint16_t)port)) {
			out->n_ephemeral++;
			if (!takes_ephemeral)
				continue;
		}
		out->ports[out->n++] = (uint16_t)port;
	}
}

/* Leases that begin at the same time are not to try the same ports: Fisher-Yates, by splitmix64. */
static void shuffle(struct lease_ports *pool, uint64_t seed)
{
	for (size_t i = pool->n; i > 1; i--) {
		uint64_t x = seed += 0x9e3779b97f4a7c15U;
		uint16_t swapped = pool->ports[i - 1];
		size_t j;

		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
		x = (x ^ x >> 27) * 0x94d049bb133111ebU;
		j = (size_t)((x ^ x >> 31) % i);
		pool->ports[i - 1] = pool->ports[j];
		pool->ports[j] = swapped;
	}
}

int lease_candidates(const struct lease_candidates_request *q, struct arena *arena,
		     struct lease_ports *out)
{
	struct lease_ports pool = {.ports = arena_calloc(arena, UINT16_MAX, sizeof(*pool.ports))};
	bool *wanted = wanted_ports(q);

	if (!pool.ports || !wanted) {
		free(wanted);
		return -ENOMEM;
	}
	fill(q, wanted, &pool);
	if (pool.n == 0 && pool.n_ephemeral > 0 && q->n_spans == 0) {
		pool.is_ephemeral = true;
		fill(q, wanted, &pool);
	}
	free(wanted);
	shuffle(&pool, q->seed);
	*out = pool;
	return 0;
}
