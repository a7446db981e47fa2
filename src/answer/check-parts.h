/*
 * Check parts: what the files of check.c share.
 */
#pragma once

#include "answer/check.h"

/* A check under way. */
struct check {
	const struct check_case *given;
	struct arena *arena;
	struct answer_finding *findings;
	size_t n, capacity;
};

/* Where a claim of the tree stands. */
struct answer_place check_place_of(const struct check *k, const struct claims_tree_claim *c);

/* Add a finding at a claim; the message begins with "NAME PORTS ". NULL when out of memory. */
struct answer_finding *check_add_claim(struct check *k, enum check_kind kind,
				       const struct claims_tree_claim *c, const char *fmt, ...)
	BERTH_PRINTF(4, 5);

/* Add a finding anywhere. NULL when out of memory. */
struct answer_finding *check_add(struct check *k, enum check_kind kind, struct answer_place at,
				 const char *fmt, ...) BERTH_PRINTF(4, 5);

/* The other place that a finding speaks of. */
void check_relate(struct check *k, struct answer_finding *f, const struct claims_tree_claim *other);

/* "web 8080/tcp": a claim for people. */
const char *check_describe(const struct check *k, const struct claim *c);

/* A foreign text as one that can be shown; NULL stays NULL. */
const char *check_escape(const struct check *k, const char *text);

/* The claims against the world: registry, known uses, kernel, browsers. */
void check_world(struct check *k);

/* The claims against what stands in manifests. */
void check_places(struct check *k);

/* The claims against this machine. */
void check_live(struct check *k);
