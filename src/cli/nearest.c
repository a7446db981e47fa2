#include "cli/nearest.h"

#include "base/lang.h"
#include "base/str.h"
#include "cli/system.h"
#include "ledger/claims.h"
#include "registry/search.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 3 };

struct near {
	const char *names[MOST];
	size_t n;
};

static void add(struct near *near, const char *name)
{
	for (size_t i = 0; i < near->n; i++) {
		if (strcmp(near->names[i], name) == 0)
			return;
	}
	if (near->n < MOST)
		near->names[near->n++] = name;
}

static void add_if_near(struct near *near, const char *word, const char *name)
{
	unsigned int limit = strlen(word) > 4 ? 2 : 1;

	if (name && str_distance(word, name, limit) <= limit)
		add(near, name);
}

bool nearest_words(const struct answer_sources *from, const struct query *q, char *hint,
		   size_t size)
{
	const struct live_snapshot *live = from->live;
	struct near near = {0};
	struct search_suggestions found;
	size_t used = 0;

	for (size_t i = 1; i < N_VERBS && q->kind == QUERY_WORD; i++) {
		if (!system_has_verb(verb_rows[i].id))
			continue;
		add_if_near(&near, q->word, verb_rows[i].name);
	}
	for (size_t i = 0; from->claims && i < from->claims->n && q->kind == QUERY_WORD; i++)
		add_if_near(&near, q->word, from->claims->items[i].name);
	for (size_t i = 0; i < live->n_sockets; i++) {
		const struct live_socket *s = &live->sockets[i];

		for (size_t k = 0; k < s->n_owners && q->kind != QUERY_SERVICE; k++) {
			if (s->owners[k].process)
				add_if_near(&near, q->word, s->owners[k].process->program);
		}
	}
	search_suggest(from->registry, q->word, &found);
	for (size_t i = 0; i < found.n; i++)
		add(&near, found.names[i]);
	hint[0] = '\0';
	for (size_t i = 0; i < near.n && used < size; i++) {
		const char *lead = i == 0 ? "" : i + 1 == near.n ? _(" or ") : ", ";
		int n = snprintf(hint + used, size - used, "%s%.40s", lead, near.names[i]);

		used += n > 0 ? (size_t)n : 0;
	}
	return near.n > 0;
}
