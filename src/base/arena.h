/*
 * Arena: many small things that die together.
 *
 * Memory is taken in growing blocks and given back all at once. Nothing in an arena is freed alone.
 * Allocation fails only when the system is out of memory; then NULL is returned, the arena stays
 * usable and arena_failed() reports it, so that a long construction can be checked once at its end.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

struct arena_block;

/* Embed it or keep it on the stack; zero-initialised (`{0}`) is a valid empty arena. */
struct arena {
	struct arena_block *newest; /* the block that is being filled; owns the older ones */
	size_t n_bytes;             /* bytes handed out so far, padding included */
	bool has_failed;            /* one allocation failed since arena_init() */
};

/* A position to return to with arena_reset(): everything allocated later is forgotten. */
struct arena_mark {
	struct arena_block *block;
	size_t used;
	size_t n_bytes;
};

void arena_init(struct arena *a);

/* Gives all memory back; the arena is empty and usable. arena_fini(NULL) does nothing. */
void arena_fini(struct arena *a);

/*
 * `size` zeroed bytes aligned for any object; NULL when out of memory. A size of 0 yields a valid
 * pointer that must not be read.
 */
void *arena_alloc(struct arena *a, size_t size) BERTH_MUST_CHECK;

/* The same for `n` elements of `size` bytes, the product checked. */
void *arena_calloc(struct arena *a, size_t n, size_t size) BERTH_MUST_CHECK;

/*
 * A larger copy of an array: `n_new` elements, the first `n_old` copied, the rest zeroed. The old
 * array stays where it is until the arena dies (grow by doubling, so at most half is wasted).
 */
void *arena_grow(struct arena *a, const void *old, size_t n_old, size_t n_new,
		 size_t size) BERTH_MUST_CHECK;

/* Terminated copies. `text` may be NULL: then NULL. arena_strndup() copies at most `n` bytes. */
char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t n);

/* A formatted string in the arena; NULL when out of memory. */
char *arena_printf(struct arena *a, const char *fmt, ...) BERTH_PRINTF(2, 3);

struct arena_mark arena_mark(const struct arena *a);
void arena_reset(struct arena *a, struct arena_mark mark);

/* Whether any allocation failed since arena_init(). */
bool arena_failed(const struct arena *a);

/*
 * Append room for one element to a growing array in arena `a`: evaluates to a pointer to the new,
 * zeroed element or NULL. `items`, `n` and `capacity` are lvalues. Where `n` was made smaller
 * before, what was there then is there still.
 */
#define ARENA_PUSH(a, items, n, capacity)                                                          \
	((n) < (capacity) || ((items) = arena_push_grow((a), (items), (n), &(capacity),            \
							sizeof(*(items)))) != NULL                 \
		 ? &(items)[(n)++]                                                                 \
		 : NULL)

/* For ARENA_PUSH only: doubles `*capacity`; on failure returns NULL (the old array is lost to the
 * caller's variable, the arena still owns it) and leaves `*capacity` at 0: pushes go on failing. */
void *arena_push_grow(struct arena *a, const void *old, size_t n, size_t *capacity, size_t size);
