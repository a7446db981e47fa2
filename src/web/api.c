#include "web/api.h"

#include "registry/search.h"
#include "render/render.h"
#include "web/server-parts.h"

#include <errno.h>
#include <string.h>

static void write_record(const struct field_record *record, const void *data, struct str *out)
{
	struct writer_json json;

	writer_json_init(&json, out, true);
	render_record(record, data, NULL, &json.base);
	str_append_char(out, '\n');
}

int api_write_port(const struct answer_sources *from, uint16_t port, struct arena *arena,
		   struct str *out)
{
	const struct answer_options options = {.has_transport = false};
	const struct answer *answer = answer_port(from, port, &options, arena);

	if (!answer)
		return -ENOMEM;
	write_record(&record_answer, answer, out);
	return out->has_failed ? -ENOMEM : 0;
}

int api_write_here(const struct answer_sources *from, struct arena *arena, struct str *out)
{
	const struct answer_here *here = answer_here(from, arena);

	if (!here)
		return -ENOMEM;
	write_record(&record_here, here, out);
	return out->has_failed ? -ENOMEM : 0;
}

/* Cut at blanks; returns how many, or SEARCH_MAX_WORDS + 1. */
static size_t cut_words(char *text, const char **words)
{
	char *word;
	size_t n = 0;

	while ((word = strsep(&text, " \t\r\n")) != NULL) {
		if (!*word)
			continue;
		if (n == SEARCH_MAX_WORDS)
			return n + 1;
		words[n++] = word;
	}
	return n;
}

int api_write_find(const struct answer_sources *from, const char *words, struct arena *arena,
		   struct str *out)
{
	const char *cut[SEARCH_MAX_WORDS];
	char *copy = arena_strdup(arena, words);
	size_t n_words = copy ? cut_words(copy, cut) : 0, n = 0;
	const struct answer_found *found = NULL;
	struct search_hits hits;

	if (!copy)
		return -ENOMEM;
	if (n_words == 0 || n_words > SEARCH_MAX_WORDS)
		return -EINVAL;
	if (search_find(from->registry, cut, n_words, arena, &hits) == 0)
		found = answer_found(from->registry, &hits, &n, arena);
	if (!found || (from->claims && !answer_find_claims(from->claims, from->today, cut, n_words,
							   &found, &n, arena)))
		return -ENOMEM;
	str_append_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		struct writer_json json;

		writer_json_init(&json, out, true);
		str_append(out, i > 0 ? ",\n" : "\n");
		render_record(&record_found, &found[i], NULL, &json.base);
	}
	str_append(out, n > 0 ? "\n]\n" : "]\n");
	return out->has_failed ? -ENOMEM : 0;
}

static struct response *finish(struct server_turn *t, struct response *r, int written)
{
	if (written == 0)
		return server_finish(t, r);
	response_release(r);
	if (written != -EINVAL)
		return NULL;
	return server_error_because(t, 400, "q takes words to look for");
}

struct response *api_port(struct server_turn *t)
{
	struct response *r = response_new(200, "application/json");

	return r ? finish(t, r, api_write_port(t->from, t->match.port, t->arena, &r->body)) : NULL;
}

struct response *api_here(struct server_turn *t)
{
	struct response *r = response_new(200, "application/json");

	return r ? finish(t, r, api_write_here(t->from, t->arena, &r->body)) : NULL;
}

struct response *api_find(struct server_turn *t)
{
	char words[HTTP_TEXT_VALUE_MOST];
	struct response *r;

	if (server_parameter(t, "q", words) < 0)
		return server_error_because(t, 400, "the query is malformed");
	r = response_new(200, "application/json");
	return r ? finish(t, r, api_write_find(t->from, words, t->arena, &r->body)) : NULL;
}
