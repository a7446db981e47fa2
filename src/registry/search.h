/*
 * Search: the rows and known uses in which all words stand, without case (ASCII).
 *
 * Looked through are names, aliases, descriptions, people, organizations, references, reported
 * unauthorized use, notes and former claimants of rows; software, purpose, programs, platform,
 * evidence and quotation of known uses. One pass over the string pool per word, however many rows.
 */
#pragma once

#include "base/arena.h"
#include "registry/known-uses.h"
#include "registry/registry.h"

/* How well a text fits a word; smaller is better. */
enum search_rank {
	SEARCH_EXACT,  /* a name, software or program is the word */
	SEARCH_PREFIX, /* one begins with it */
	SEARCH_WORD,   /* it stands somewhere as a whole word */
	SEARCH_REST,   /* it stands inside a word */
};

enum { SEARCH_MAX_WORDS = 16, SEARCH_MAX_SUGGESTIONS = 8 };

/* One thing found. */
struct search_hit {
	bool is_use;           /* a known use; else a row */
	uint32_t id;           /* for known_use_get() or registry_row() */
	enum search_rank rank; /* that of the word which fits worst */
};

/* Hits, the best first: by rank, a known use before a row, then in the order of the tables. */
struct search_hits {
	struct search_hit *hits;
	size_t n;
};

/*
 * Find everything that holds all of `words` (1..SEARCH_MAX_WORDS, each not empty, no blanks needed:
 * a word with a blank is found as it stands). The hits live in `arena`. Returns 0 also when nothing
 * was found; -EINVAL for no, empty or too many words; -ENOMEM.
 */
int search_find(const struct registry *r, const char *const *words, size_t n_words,
		struct arena *arena, struct search_hits *out) BERTH_MUST_CHECK;

/* Names near a word, the nearest first. Borrowed from the image. */
struct search_suggestions {
	const char *names[SEARCH_MAX_SUGGESTIONS];
	size_t n;
};

/*
 * "Did you mean": service names and programs of known uses within two edits of `word` (one for
 * words of up to four characters), nearest first, then those with the same first letter, then by
 * lowest port. A name that is the word itself is not suggested.
 */
void search_suggest(const struct registry *r, const char *word, struct search_suggestions *out);
