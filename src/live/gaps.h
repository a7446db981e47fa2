/*
 * Gaps: what a look could not see, collected while looking.
 *
 * Equal troubles are one gap: it names the first place and counts the others.
 */
#pragma once

#include "live/live.h"

/* `{.arena = a}` is an empty list. The gaps and copies of their texts live in `arena`. */
struct gaps {
	struct arena *arena;
	struct live_gap *items;
	size_t n, capacity;
};

/*
 * Add one. If one with the same `what`, `why` and `fix` is there already, it stands for this one
 * too, and when even `where` is the same nothing changes. `fix` may be NULL.
 */
void gaps_add(struct gaps *g, const char *what, const char *where, const char *why,
	      const char *fix);

/* The same with the words of an errno (> 0): "permission denied", fix "run as root" for EPERM and
 * EACCES, no fix otherwise. */
void gaps_add_errno(struct gaps *g, const char *what, const char *where, int error);

/* "permission denied" rather than "Permission denied": the words of an errno inside a sentence, in
 * `text` (`size` bytes); returned. Independent of the locale. */
const char *gaps_errno_text(int error, char *text, size_t size);
