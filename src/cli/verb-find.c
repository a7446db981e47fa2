/* berth find WORDS: search one's own claims, the registry and the known uses. */
#include "cli/cli.h"
#include "cli/own-claims.h"
#include "registry/search.h"
#include "render/text-list.h"

#include <string.h>

/* "find ssh server" and "find 'ssh server'" are the same: words, each of which must be there. */
static size_t split_words(struct cli *c, const char **words, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < c->options->n_words; i++) {
		char *rest = arena_strdup(&c->arena, c->options->words[i]), *word;

		while (rest && (word = strsep(&rest, " \t\n")) != NULL) {
			if (!*word)
				continue;
			if (n == most)
				return most + 1;
			words[n++] = word;
		}
	}
	return n;
}

static int say_nothing_found(struct cli *c, const char *const *words, size_t n_words)
{
	struct search_suggestions near;

	search_suggest(&c->registry, words[0], &near);
	if (c->options->is_quiet)
		return EXIT_NO;
	if (n_words == 1 && near.n > 0)
		return cli_fail(EXIT_NO, "nothing found; did you mean %s?", near.names[0]);
	return cli_fail(EXIT_NO, "nothing found");
}

static int show_list(struct cli *c, const struct answer_found *found, size_t n)
{
	struct cli_list list;
	int r = 0;

	cli_list_begin(&list, c);
	for (size_t i = 0; i < n && r == 0; i++)
		r = cli_list_add(&list, &record_found, &found[i], "match");
	return r ? r : cli_list_end(&list);
}

static int show(struct cli *c, const struct answer_found *found, size_t n)
{
	struct writer_csv csv;
	struct text text;

	switch (c->options->format) {
	case FORMAT_TEXT:
		text_init(&text, &c->out, &c->style);
		text_found(&text, found, n);
		break;
	case FORMAT_CSV:
		writer_csv_init(&csv, &c->out);
		render_csv_header(&record_found, &csv);
		for (size_t i = 0; i < n; i++)
			render_csv_row(&record_found, &found[i], &csv);
		break;
	case FORMAT_JSON:
	case FORMAT_JSONL:
		return show_list(c, found, n);
	}
	return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
}

int verb_find(struct cli *c)
{
	const char *words[SEARCH_MAX_WORDS];
	struct search_hits hits;
	struct answer_sources from = {.today = NULL};
	const struct answer_found *found;
	size_t n_words = split_words(c, words, SEARCH_MAX_WORDS), n = 0;
	int r;

	if (n_words == 0)
		return cli_fail(EXIT_USAGE, "berth find takes words to look for");
	if (n_words > SEARCH_MAX_WORDS)
		return cli_fail(EXIT_USAGE, "berth find takes at most %d words", SEARCH_MAX_WORDS);
	r = cli_open_registry(c);
	if (r == 0)
		r = own_claims_gather(c, 0, UINT16_MAX, &c->arena, &from);
	if (r != 0)
		return r;
	r = search_find(&c->registry, words, n_words, &c->arena, &hits);
	found = r < 0 ? NULL : answer_found(&c->registry, &hits, &n, &c->arena);
	if (!found || !answer_find_claims(from.claims, from.today, words, n_words, &found, &n,
					  &c->arena))
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (!c->options->is_quiet && (n > 0 || c->options->format != FORMAT_TEXT))
		r = show(c, found, n);
	if (r > 0)
		return r;
	return n > 0 ? EXIT_ANSWERED : say_nothing_found(c, words, n_words);
}
