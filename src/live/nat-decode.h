/*
 * NAT decode: from a rule set of nf_tables to the ports that it leads elsewhere. Pure.
 *
 * The base chains of type nat are walked as the kernel walks them, with the asked ports instead of
 * a packet: each translation that some of them reach is an entry. Bounds: NAT_MOST_DEPTH chains
 * inside one another (the kernel's own limit is 16), so many expressions and entries in all; beyond
 * them `is_cut` says that something may be missing.
 */
#pragma once

#include "live/live.h"
#include "live/nat-expr.h"

enum { NAT_MOST_DEPTH = 16, NAT_MOST_ENTRIES = 20000, NAT_BUDGET = 4000000 };

/* What is asked, and what has to be known to answer. */
struct nat_question {
	uint16_t first, last; /* ports */
	uint8_t protocols, families;
	/* The addresses of this machine; a destination that is none of them is no port of it. */
	const struct address *addresses;
	size_t n_addresses;
	bool has_addresses; /* false: not known, then every address passes */
};

/* Where more of the rule set comes from, for lack of which a walk asks; NULL = it is all there. */
struct nat_fetcher {
	/* Add the rules of `chain`, the elements of `set`. */
	void (*chain)(struct nat_rules *r, struct nat_chain *chain, void *context);
	void (*set)(struct nat_rules *r, struct nat_set *set, void *context);
	void *context;
};

/* The published ports that a rule set makes, sorted; without container and listener. */
struct nat_answer {
	struct live_published *items;
	size_t n;
	bool is_cut;
};

/* Let `rules` keep only those that may concern `q`; it must live as long as they are added. */
void nat_decode_filter(struct nat_rules *rules, const struct nat_question *q);

/* Walk. Everything in `out` is in `arena`. Returns 0 or -ENOMEM. */
int nat_decode(struct nat_rules *rules, const struct nat_question *q,
	       const struct nat_fetcher *fetcher, struct arena *arena,
	       struct nat_answer *out) BERTH_MUST_CHECK;
