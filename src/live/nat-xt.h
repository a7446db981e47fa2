/*
 * NAT xtables: matches and targets that iptables-nft puts into nf_tables as they are. Pure.
 *
 * Layouts are those of linux/netfilter/xt_*.h and nf_nat.h, in the machine's own byte order.
 */
#pragma once

#include "live/nat-expr.h"

enum { NAT_XT_MOST_SPANS = 16 };

/* A match that stands for several ranges of ports: the box is each of them in turn. */
struct nat_xt_spans {
	size_t n;
	struct {
		uint16_t first, last;
	} items[NAT_XT_MOST_SPANS];
};

/*
 * Narrow `b` by the match `name` revision `revision` with its data. Returns whether anything is
 * left. `spans->n` > 0: what is left are these ranges only.
 */
bool nat_xt_match(struct nat_box *b, const char *name, uint32_t revision, struct nat_bytes info,
		  struct nat_xt_spans *spans);

/* Whether the target `name` ends the rule; then `*out` says how. `family` is the table's. */
bool nat_xt_target(const char *name, uint32_t revision, struct nat_bytes info, uint8_t family,
		   struct nat_outcome *out);
