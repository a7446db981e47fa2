/*
 * NAT rules: what was read of a rule set of nf_tables, from the bytes of netlink messages. Pure.
 *
 * Messages are those of NFNL_SUBSYS_NFTABLES (linux/netfilter/nf_tables.h): NEWTABLE, NEWCHAIN,
 * NEWRULE, NEWSET, NEWSETELEM. Kept are the base chains of type nat at prerouting and output, and
 * of the other chains and sets what is added. Rules keep the bytes of their expressions; nat-expr
 * reads them.
 */
#pragma once

#include "base/arena.h"
#include "live/number-map.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of a message, of an attribute. */
struct nat_bytes {
	const uint8_t *at;
	size_t n;
};

/* Where a base chain is called. */
enum nat_hook {
	NAT_HOOK_NONE,       /* a chain that others jump to */
	NAT_HOOK_PREROUTING, /* what arrives from outside and from other namespaces */
	NAT_HOOK_OUTPUT,     /* what this namespace itself sends */
};

/* The expressions of one rule: a list of NFTA_LIST_ELEM. */
struct nat_rule {
	struct nat_bytes expressions;
};

/* A chain; its rules stand in their order. */
struct nat_chain {
	uint8_t family;         /* NFPROTO_IPV4, _IPV6, _INET */
	const char *table, *name;
	enum nat_hook hook;
	int32_t priority;
	bool is_loaded;         /* its rules were asked for */
	struct nat_rule *rules;
	size_t n_rules, capacity;
};

/* Where a verdict leads. Codes are those of nf_tables.h (NFT_JUMP ...) and netfilter.h. */
struct nat_verdict {
	bool is_set;
	int32_t code;
	const char *chain; /* of jump and goto; NULL otherwise */
};

/* An element: a key, or a range of keys, and what it maps to. */
struct nat_element {
	uint8_t *from, *to; /* n_key bytes each; to is inclusive */
	uint16_t n_key, n_data;
	bool is_end;      /* not an element: the first key behind the interval before it */
	bool is_catchall; /* stands for every key that no other element has */
	const uint8_t *data; /* NULL = none */
	struct nat_verdict verdict;
};

/* A set or map; elements are sorted by key once it is settled. */
struct nat_set {
	uint8_t family;
	const char *table, *name;
	bool is_known;  /* the kernel said what it is, elements apart */
	bool is_interval, is_loaded, is_settled;
	bool has_key_ends; /* ranges came as such; otherwise marks of ends follow intervals */
	struct nat_element *elements;
	size_t n_elements, capacity;
};

/* Everything read. `{.arena = a}` is empty; items and bytes live in `arena`. */
struct nat_rules {
	struct arena *arena;
	struct nat_chain **chains;
	size_t n_chains, chains_capacity;
	struct nat_set **sets;
	size_t n_sets, sets_capacity;
	const char **dormant; /* "FAMILY/TABLE" whose rules are asleep */
	size_t n_dormant, dormant_capacity;
	struct number_map index; /* of both, by a hash of what names them */
	size_t n_rules;
	size_t n_unread; /* messages that are none */
	/* Asked before a rule is kept; NULL = all are. */
	bool (*keeps)(uint8_t family, const struct nat_rule *rule, void *context);
	void *context;
	/* Only rules of this chain are taken while it is set, and only of this table. */
	const struct nat_chain *only;
};

/* Forget what is not in the arena. */
void nat_rules_fini(struct nat_rules *r);

/* Take the messages in `n` bytes. Returns how many of them were understood. */
size_t nat_rules_add(struct nat_rules *r, const void *bytes, size_t n);

/* The chain of that name, made when it is not there; NULL when out of memory. */
struct nat_chain *nat_rules_chain(struct nat_rules *r, uint8_t family, const char *table,
				  const char *name);
/* The same for a set. */
struct nat_set *nat_rules_set(struct nat_rules *r, uint8_t family, const char *table,
			      const char *name);

/* Whether the table of a chain is asleep. */
bool nat_rules_is_dormant(const struct nat_rules *r, const struct nat_chain *c);

/* Sort a set's elements and turn the marks of interval ends into ranges. */
void nat_set_settle(struct nat_set *s);

/*
 * The next attribute of `rest`: its type without flags, and its payload. False at the end, and
 * when what is left is none.
 */
bool nat_next_attribute(struct nat_bytes *rest, uint16_t *type, struct nat_bytes *payload);

/* The payload of the first attribute of type `wanted`; n = 0 and at = NULL when there is none. */
struct nat_bytes nat_attribute(struct nat_bytes in, uint16_t wanted);

/* A number of 4 bytes in network order; `otherwise` when there are not as many. */
uint32_t nat_number(struct nat_bytes payload, uint32_t otherwise);

/* Read a struct nft_data_attributes: a verdict, or a value (returned; n = 0 = none). */
struct nat_bytes nat_data(struct nat_rules *r, struct nat_bytes payload, struct nat_verdict *out);
