/*
 * Diff: what differs between two registries, row by row.
 *
 * A row is the same row when name, ports and protocol are the same (whitespace folded; of several
 * with one key the first is the first). What is left over of the same ports and protocol is paired
 * in the order of the table: a name with a name (renamed), then a name with no name (its status
 * changed). The rest was added or removed. Rows without a name come and go as "Unassigned" ranges
 * are cut: they are counted and reported, but are no history (see diff_is_filler()).
 *
 * Where one of the two is not exact (the built-in registry), people and documents are compared as
 * the fields tell them, and what it does not know is not compared.
 */
#pragma once

#include "base/arena.h"
#include "registry/history.h"
#include "registry/registry.h"

#define DIFF_NO_ROW UINT32_MAX

/* One difference. */
struct diff_change {
	enum history_kind kind;
	uint32_t old_row, new_row; /* DIFF_NO_ROW where there is none */
	uint32_t columns;          /* bits (1 << enum iana_column) of the cells that differ */
};

/* All differences, in the order of ports; those of names without a port last. */
struct diff {
	struct diff_change *changes;
	size_t n, capacity;
	size_t counts[N_HISTORY_KINDS];
	size_t n_rows_added, n_rows_removed; /* rows whose key is new, or gone: with renamed ones */
};

/* Compare. Everything lives in the arena. Returns 0 or -ENOMEM. */
int diff_registries(const struct registry *before, const struct registry *after,
		    struct arena *arena, struct diff *out) BERTH_MUST_CHECK;

/* Whether a change is only a row without name that came or went. */
bool diff_is_filler(const struct registry *before, const struct registry *after,
		    const struct diff_change *change);

/* A change as an entry of history. Texts are borrowed from both registries. */
void diff_entry(const struct registry *before, const struct registry *after,
		const struct diff_change *change, struct history_entry *out);

/* Whether a change belongs into the history of a number: has ports, a name, and is not edited. */
bool diff_is_history(const struct registry *before, const struct registry *after,
		     const struct diff_change *change);
