#include "helpers/tiny-claims.h"

#include <stdlib.h>
#include <string.h>

void tiny_claims_make(struct str *out)
{
	static const struct claim claims[] = {
		{.name = "web", .protocols = 1, .first = 8080, .last = 8080, .owner = "alice",
		 .since = "2026-01-02", .program = "nginx,caddy", .reason = "the shop's front"},
		{.name = "db", .protocols = 1, .first = 5432, .last = 5432, .has_address = true,
		 .address = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}, .owner = "bob",
		 .scope = "host7", .since = "2026-01-03", .until = "2026-12-31"},
		{.name = "probe", .protocols = 3, .first = 9000, .last = 9010, .has_address = true,
		 .address = {.family = ADDRESS_IPV6, .bytes = {0xfe, 0x80, [15] = 1},
			     .scope_id = 2},
		 .since = "2026-01-04"},
		{.name = "old-web", .protocols = 3, .first = 8000, .last = 8099,
		 .since = "2024-05-06", .is_retired = true},
	};
	static const struct ledger_entry entries[] = {
		{1, 1767312000000000000, 1000, "alice", "claim", "web", "8080/tcp", NULL},
		{2, 1767398400000000000, 0, "bob (sudo)", "claim", "db", "127.0.0.1 5432/tcp",
		 "until 2026-12-31"},
	};
	const struct claims_head head = {.identity = 0x1122334455667788,
					 .generation = 2,
					 .written_ns = 1767398400000000000,
					 .message = "well done"};

	if (claims_image_write(&head, claims, N_ELEMENTS(claims), entries, N_ELEMENTS(entries),
			       out) < 0)
		abort();
}

static uint64_t sum_text(const char *text)
{
	return text ? strlen(text) : 0;
}

static uint64_t sum_claim(const struct claim *c)
{
	char address[ADDRESS_TEXT_SIZE], ports[CLAIM_PORTS_SIZE];

	return sum_text(c->name) + sum_text(c->owner) + sum_text(c->scope) + sum_text(c->since) +
	       sum_text(c->until) + sum_text(c->program) + sum_text(c->reason) +
	       sum_text(c->source) + sum_text(address_format(&c->address, address)) +
	       sum_text(claim_ports_format(c, ports)) + (uint64_t)claim_state(c, "2026-02-03");
}

uint64_t tiny_claims_walk(const struct claims_image *c)
{
	struct claims_head head = claims_image_head(c);
	uint64_t sum = head.generation + sum_text(head.message);
	struct ledger_entry entry;
	uint32_t cursor = 0, n = claims_image_n(c);
	struct claim one;

	for (uint32_t i = 0; i < n + 1 && i < 5000; i++)
		sum += claims_image_get(c, i, &one) == 0 ? sum_claim(&one) : 1;
	while (claims_image_next(c, 8000, 9005, &cursor, &one) && cursor < 5000)
		sum += sum_claim(&one);
	for (uint32_t port = 0; port <= UINT16_MAX; port += 251) {
		cursor = 0;
		if (claims_image_next(c, (uint16_t)port, (uint16_t)port, &cursor, &one))
			sum += sum_claim(&one);
	}
	for (uint32_t i = 0; i < claims_image_n_entries(c) && i < 5000; i++)
		sum += claims_image_entry(c, i, &entry) == 0 ? sum_text(entry.detail) : 1;
	return sum;
}
