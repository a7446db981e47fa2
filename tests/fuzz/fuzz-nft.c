/*
 * Fuzz target: messages of nf_tables and what is made of them. Whatever the bytes are, entries lie
 * in the asked ports, and a narrower question never finds what the wider one does not cover.
 */
#include "live/nat-decode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void demand(int is_true)
{
	if (!is_true)
		abort();
}

static void check_entries(const struct nat_answer *a, const struct nat_question *q)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct live_published *p = &a->items[i];
		uint32_t n = (uint32_t)p->ports.last - p->ports.first;
		uint32_t n_to = (uint32_t)p->to_ports.last - p->to_ports.first;

		demand(p->ports.first <= p->ports.last && p->ports.first >= q->first &&
		       p->ports.last <= q->last && p->by);
		demand(n_to == 0 || n_to == n);
		demand(!p->note || strlen(p->note) < 512);
	}
}

static void ask(const uint8_t *bytes, size_t n, uint16_t first, uint16_t last)
{
	static const struct address own = {.family = ADDRESS_IPV4, .bytes = {10, 1, 1, 1}};
	const struct nat_question q = {.first = first,
				       .last = last,
				       .protocols = NAT_TCP | NAT_UDP,
				       .families = NAT_V4 | NAT_V6,
				       .addresses = &own,
				       .n_addresses = 1,
				       .has_addresses = first != 0};
	struct arena arena = {0};
	struct nat_rules rules = {.arena = &arena};
	struct nat_answer answer = {0};

	nat_decode_filter(&rules, &q);
	nat_rules_add(&rules, bytes, n);
	demand(nat_decode(&rules, &q, NULL, &arena, &answer) == 0);
	check_entries(&answer, &q);
	nat_rules_fini(&rules);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint16_t port = 8080;

	if (n > 256 * 1024)
		return 0;
	if (n >= 2)
		memcpy(&port, bytes + n / 2, n / 2 + 2 <= n ? 2 : 0);
	ask(bytes, n, 0, UINT16_MAX);
	ask(bytes, n, port, port);
	return 0;
}
