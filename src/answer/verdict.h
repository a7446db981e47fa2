/*
 * Verdict: who has a port against who is there, in one word. Pure: no look-up, no allocation.
 *
 * Never more than is known: "assigned" is not "in use", and a number proves nothing about who
 * listens. Where nothing tells whether the listener is the claimant the word is `occupied`, not a
 * guess. Only somebody's own claim can make it `conflict`.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

/* In order of weight among listeners of one port: the largest wins. */
enum verdict_word {
	VERDICT_VACANT,     /* nobody has it, nobody is here */
	VERDICT_DARK,       /* somebody has it, nobody is here (on this machine) */
	VERDICT_AS_CLAIMED, /* an own claim or an assignment, and its program is here */
	VERDICT_CUSTOMARY,  /* a program known to use this port by default */
	VERDICT_UNCLAIMED,  /* nobody has it, somebody listens */
	VERDICT_OCCUPIED,   /* somebody has it; nothing tells whether the listener is that one */
	VERDICT_CONFLICT,   /* an own claim, and a program that is not the one it was made for */
	VERDICT_UNKNOWN,    /* could not look */
};

/* On what the word stands, in order of weight. */
enum verdict_basis {
	BASIS_NONE, /* on nothing: nobody has it */
	BASIS_CLAIM,
	BASIS_ASSIGNMENT,
	BASIS_KNOWN_USE,
};

struct verdict {
	enum verdict_word word;
	enum verdict_basis basis;
};

/* An own claim that covers the port. */
struct verdict_claim {
	const char *name;
	const char *program; /* the program it was made for; NULL = not said: the name is tried */
	bool is_retired;     /* made for nobody: whoever is here is in conflict with it */
};

/* Software known to use the port by default. */
struct verdict_use {
	const char *programs; /* names as identify.h finds them, separated by , or ;; NULL = none */
	const char *service;  /* the registered name that it implements here; NULL = none */
	bool is_current;      /* still so, on this system and proven: it has a quiet port, too */
};

/* One listener of berth's own namespace, or a published port. */
struct verdict_resident {
	const char *const *names; /* what its owners may be called (identify.h); NULL-terminated */
};

/* Everything a verdict on one (port, protocol) stands on. Lists may be empty. */
struct verdict_case {
	bool could_look;
	const struct verdict_claim *claims;
	unsigned int n_claims;
	const char *const *assigned; /* names assigned to the port, aliases too; NULL-terminated */
	const struct verdict_use *uses;
	unsigned int n_uses;
	const struct verdict_resident *residents;
	unsigned int n_residents;
};

/* The verdict on the port. */
struct verdict verdict_of_port(const struct verdict_case *c);

/* The verdict on one of its listeners alone. */
struct verdict verdict_of_resident(const struct verdict_case *c, const struct verdict_resident *r);

/* "vacant", "dark", "as-claimed", "customary", "unclaimed", "occupied", "conflict", "unknown". */
const char *verdict_word_name(enum verdict_word w);
/* The word of that name. Returns 0 or -EINVAL. */
int verdict_word_parse(const char *name, enum verdict_word *out) BERTH_MUST_CHECK;
/* "claim", "assignment", "known-use"; NULL for BASIS_NONE. */
const char *verdict_basis_name(enum verdict_basis b);

/* Whether `program` is in `list`, which is separated by commas or semicolons (without case). */
bool verdict_list_has(const char *list, const char *program);
