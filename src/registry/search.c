#include "registry/search.h"

#include "base/str.h"
#include "registry/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is known of one string of the pool and one word: bits, so that occurrences add up. */
enum { IS_EXACT = 1, IS_PREFIX = 2, IS_WORD = 4, IS_INSIDE = 8 };

enum { NOT_FOUND = SEARCH_REST + 1 };

/* One search at work. The two that are as large as the pool are on the heap: an arena would write
 * zeros over them, and most pages of `fits` are never written. */
struct search {
	const struct registry *registry;
	char *pool;        /* the string pool in lower case, terminated once more */
	uint8_t *fits;     /* for each offset where a string begins: IS_... of the word at hand */
	uint8_t *rows;     /* worst rank so far of each row */
	uint8_t *uses;     /* and of each known use */
	uint32_t *touched; /* offsets in `fits` that are not 0 */
	size_t n_touched, touched_capacity;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80);
}

/* Branch-free, so that the compiler can take many bytes at once: the pool is lowered each time. */
static void lower_all(char *out, const char *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)in[i];

		out[i] = (char)(c | (unsigned char)((unsigned char)(c - 'A') < 26) << 5);
	}
}

/* How the occurrence at `at` fits the string that begins at `begin`. */
static uint8_t fit_of(const char *begin, const char *at, size_t length)
{
	bool is_word = (at == begin || !is_letter(at[-1])) && !is_letter(at[length]);
	uint8_t fit = is_word ? IS_WORD : IS_INSIDE;

	if (at == begin)
		fit |= at[length] == '\0' ? IS_EXACT | IS_PREFIX : IS_PREFIX;
	return fit;
}

/* Mark every string of the pool that holds `word` (in lower case). */
static int mark_strings(struct search *s, struct arena *arena, const char *word)
{
	size_t length = strlen(word), n = s->registry->strings.n;
	const char *end = s->pool + n, *next = s->pool + 1;
	const char *at;

	for (size_t i = 0; i < s->n_touched; i++)
		s->fits[s->touched[i]] = 0;
	s->n_touched = 0;
	while ((at = memmem(next, (size_t)(end - next), word, length))) {
		const char *before = str_last_byte(s->pool, (size_t)(at - s->pool), '\0');
		uint32_t begin = (uint32_t)(before + 1 - s->pool);

		if (s->fits[begin] == 0) {
			uint32_t *touched =
				ARENA_PUSH(arena, s->touched, s->n_touched, s->touched_capacity);

			if (!touched)
				return -ENOMEM;
			*touched = begin;
		}
		s->fits[begin] |= fit_of(s->pool + begin, at, length);
		next = at + 1;
	}
	return 0;
}

/* The rank of one string; `is_name`: being equal, or beginning so, counts for more. */
static uint8_t rank_of(const struct search *s, uint32_t offset, bool is_name)
{
	uint8_t fit = offset < s->registry->strings.n ? s->fits[offset] : 0;

	if (fit == 0)
		return NOT_FOUND;
	if (is_name && (fit & IS_EXACT))
		return SEARCH_EXACT;
	if (is_name && (fit & IS_PREFIX))
		return SEARCH_PREFIX;
	return fit & IS_WORD ? SEARCH_WORD : SEARCH_REST;
}

static uint8_t best_of(const struct search *s, const uint32_t *offsets, size_t n, size_t n_names)
{
	uint8_t best = NOT_FOUND;

	for (size_t i = 0; i < n; i++) {
		uint8_t rank = rank_of(s, offsets[i], i < n_names);

		best = MIN_OF(best, rank);
	}
	return best;
}

static uint8_t rank_row(const struct search *s, const struct format_row *row)
{
	const uint32_t offsets[] = {
		row->name,    row->alias_of,     row->description, row->assignee,
		row->contact, row->organization, row->references,  row->unauthorized_use,
		row->former,  row->note,
	};

	return best_of(s, offsets, N_ELEMENTS(offsets), 2);
}

/* One of the programs of a known use may be the word: the pool knows only the whole list. */
static uint8_t rank_program(const struct search *s, uint32_t programs, const char *word)
{
	const char *rest = image_string(&s->registry->strings, programs);
	size_t length = strlen(word);
	struct registry_piece piece;
	uint8_t best = NOT_FOUND;

	if (rank_of(s, programs, false) == NOT_FOUND)
		return NOT_FOUND;
	while (registry_item(&rest, &piece)) {
		if (piece.n < length || strncasecmp(piece.text, word, length) != 0)
			continue;
		if (piece.n == length)
			return SEARCH_EXACT;
		best = SEARCH_PREFIX;
	}
	return best;
}

static uint8_t rank_use(const struct search *s, const struct format_use *use, const char *word)
{
	const uint32_t offsets[] = {use->software, use->purpose,  use->programs,
				    use->platform, use->evidence, use->quote};
	uint8_t best = best_of(s, offsets, N_ELEMENTS(offsets), 1);

	return MIN_OF(best, rank_program(s, use->programs, word));
}

/* Every word must be found: the worst rank counts, and NOT_FOUND stays. */
static void rank_all(struct search *s, const char *word)
{
	const struct format_row *rows = s->registry->rows.items;
	const struct format_use *uses = s->registry->uses.items;

	for (uint32_t i = 0; i < s->registry->rows.n; i++) {
		if (s->rows[i] != NOT_FOUND) {
			uint8_t rank = rank_row(s, &rows[i]);

			s->rows[i] = MAX_OF(s->rows[i], rank);
		}
	}
	for (uint32_t i = 0; i < s->registry->uses.n; i++) {
		if (s->uses[i] != NOT_FOUND) {
			uint8_t rank = rank_use(s, &uses[i], word);

			s->uses[i] = MAX_OF(s->uses[i], rank);
		}
	}
}

static int collect(struct search *s, struct arena *arena, struct search_hits *out)
{
	struct search_hits found = {0};
	size_t n = 0;

	for (uint32_t i = 0; i < s->registry->rows.n; i++)
		n += s->rows[i] != NOT_FOUND;
	for (uint32_t i = 0; i < s->registry->uses.n; i++)
		n += s->uses[i] != NOT_FOUND;
	found.hits = arena_calloc(arena, n, sizeof(*found.hits));
	if (!found.hits)
		return -ENOMEM;
	for (unsigned int rank = SEARCH_EXACT; rank <= SEARCH_REST; rank++) {
		enum search_rank worth = (enum search_rank)rank;

		for (uint32_t i = 0; i < s->registry->uses.n; i++) {
			if (s->uses[i] == rank)
				found.hits[found.n++] = (struct search_hit){true, i, worth};
		}
		for (uint32_t i = 0; i < s->registry->rows.n; i++) {
			if (s->rows[i] == rank)
				found.hits[found.n++] = (struct search_hit){false, i, worth};
		}
	}
	*out = found;
	return 0;
}

/* The scratch memory goes at the end; the hits are made in the caller's arena. */
static int find(struct search *s, struct arena *scratch, const char *const *words, size_t n_words)
{
	const struct registry *r = s->registry;

	s->pool = malloc((size_t)r->strings.n + 1);
	s->fits = calloc(r->strings.n, 1);
	s->rows = arena_alloc(scratch, r->rows.n);
	s->uses = arena_alloc(scratch, r->uses.n);
	if (!s->pool || !s->fits || !s->rows || !s->uses)
		return -ENOMEM;
	lower_all(s->pool, r->strings.items, r->strings.n);
	s->pool[r->strings.n] = '\0';
	for (size_t i = 0; i < n_words; i++) {
		char *word = arena_strdup(scratch, words[i]);
		int error;

		if (!word)
			return -ENOMEM;
		lower_all(word, word, strlen(word));
		error = mark_strings(s, scratch, word);
		if (error < 0)
			return error;
		rank_all(s, word);
	}
	return 0;
}

int search_find(const struct registry *r, const char *const *words, size_t n_words,
		struct arena *arena, struct search_hits *out)
{
	BERTH_CLEANUP(arena_fini) struct arena scratch = {0};
	struct search s = {.registry = r};
	int error;

	if (n_words == 0 || n_words > SEARCH_MAX_WORDS)
		return -EINVAL;
	for (size_t i = 0; i < n_words; i++) {
		if (!*words[i])
			return -EINVAL;
	}
	error = find(&s, &scratch, words, n_words);
	if (error == 0)
		error = collect(&s, arena, out);
	free(s.pool);
	free(s.fits);
	return error;
}

/* A candidate and what it costs, see cost_of(). */
struct candidate {
	const char *name;
	uint32_t cost;
};

static bool is_before(const struct candidate *a, const struct candidate *b)
{
	if (a->cost != b->cost)
		return a->cost < b->cost;
	return str_casecmp(a->name, b->name) < 0;
}

/* Keep the best few, sorted; a name only once. */
static void keep(struct candidate *best, size_t *n, struct candidate c)
{
	size_t at = 0;

	for (size_t i = 0; i < *n; i++) {
		if (str_casecmp(best[i].name, c.name) == 0)
			return;
	}
	while (at < *n && is_before(&best[at], &c))
		at++;
	if (at == SEARCH_MAX_SUGGESTIONS)
		return;
	*n = MIN_OF(*n + 1, (size_t)SEARCH_MAX_SUGGESTIONS);
	for (size_t i = *n - 1; i > at; i--)
		best[i] = best[i - 1];
	best[at] = c;
}

/* The lowest port of some rows; beyond all ports when they have none. */
static uint32_t lowest_port(const struct registry *r, struct registry_rows rows)
{
	const struct format_row *first =
		rows.n > 0 ? IMAGE_AT(struct format_row, &r->rows, rows.ids[0]) : NULL;

	return first && (first->flags & FORMAT_HAS_PORTS) ? first->first : UINT16_MAX + 1;
}

/*
 * Edits weigh most. Of equals one with the same first letter is likelier (people seldom mistype
 * it), then the lower port, which more people know.
 */
static uint32_t cost_of(const char *word, const char *name, unsigned int edits, uint32_t port)
{
	uint32_t is_other = (*word | 0x20) != (*name | 0x20);

	return edits << 18 | is_other << 17 | port;
}

void search_suggest(const struct registry *r, const char *word, struct search_suggestions *out)
{
	unsigned int limit = strnlen(word, 5) <= 4 ? 1 : 2;
	struct candidate best[SEARCH_MAX_SUGGESTIONS];
	size_t n = 0;

	for (uint32_t i = 0; i < r->names.n; i++) {
		struct registry_rows rows;
		const char *name = registry_name_at(r, i, &rows);
		unsigned int edits = name ? str_distance(word, name, limit) : 0;
		struct candidate new = {.name = name};

		if (!name || edits == 0 || edits > limit)
			continue;
		new.cost = cost_of(word, name, edits, lowest_port(r, rows));
		keep(best, &n, new);
	}
	for (uint32_t i = 0; i < r->use_programs.n; i++) {
		const struct format_use_program *entries = r->use_programs.items;
		const char *name = image_string(&r->strings, entries[i].program);
		unsigned int edits = name ? str_distance(word, name, limit) : 0;
		struct known_use use;

		if (name && edits > 0 && edits <= limit &&
		    known_use_get(r, entries[i].use, &use) == 0)
			keep(best, &n,
			     (struct candidate){name, cost_of(word, name, edits, use.first)});
	}
	*out = (struct search_suggestions){.n = n};
	for (size_t i = 0; i < n; i++)
		out->names[i] = best[i].name;
}
