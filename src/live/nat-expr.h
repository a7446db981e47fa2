/*
 * NAT expressions: what one rule does with the packets of a box. Pure.
 *
 * The expressions of a rule are followed with registers that hold "the destination port", not a
 * number: a comparison narrows the box, a look-up in a set splits it, an element at a time. What is
 * not understood leaves the box as it is and marks it as uncertain.
 */
#pragma once

#include "live/nat-box.h"
#include "live/nat-rules.h"

/* Where translated packets go. */
struct nat_target {
	uint8_t family;          /* of `address` */
	bool has_address;        /* false: to this machine itself, or only the port changes */
	bool is_redirect;
	uint8_t address[16];
	bool has_ports;          /* false: the port stays */
	uint16_t first, last;    /* one of these */
	bool has_base;           /* `first` is for port `base`, the next for the next */
	uint16_t base;
	bool is_xtables;         /* the rule was written by iptables-nft */
};

enum nat_end {
	NAT_END_STOP,      /* accepted, dropped: no later rule of this base chain sees them */
	NAT_END_RETURN,
	NAT_END_JUMP,
	NAT_END_GOTO,
	NAT_END_TRANSLATE, /* led elsewhere */
};

/* What becomes of the packets of a box. */
struct nat_outcome {
	enum nat_end end;
	const char *chain;        /* of jump and goto */
	struct nat_target target; /* of NAT_END_TRANSLATE */
};

/* A rule on its way. */
struct nat_run {
	struct nat_rules *rules;
	uint8_t family;    /* of the table */
	const char *table;
	uint32_t *budget;  /* expressions that may still be followed; ends everything at 0 */
	/* The set of that name with its elements; NULL = not known: any element may fit. */
	struct nat_set *(*set)(struct nat_run *run, const char *name);
	/* Takes each part of the box that comes to an end in this rule. */
	void (*end)(struct nat_run *run, const struct nat_box *box, const struct nat_outcome *out);
	void *context;
};

/* Follow `rule` with the packets of `box`; those for which it says nothing are not told. */
void nat_rule_run(struct nat_run *run, const struct nat_rule *rule, const struct nat_box *box);
