#include "live/gaps.h"

#include "base/lang.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

void gaps_add(struct gaps *g, const char *what, const char *where, const char *why,
	      const char *fix)
{
	struct live_gap *gap;

	for (size_t i = 0; i < g->n; i++) {
		gap = &g->items[i];
		if (!is_same(gap->what, what) || !is_same(gap->why, why) || !is_same(gap->fix, fix))
			continue;
		if (!is_same(gap->where, where))
			gap->n_similar++;
		return;
	}
	gap = ARENA_PUSH(g->arena, g->items, g->n, g->capacity);
	if (!gap)
		return;
	gap->what = arena_strdup(g->arena, what);
	gap->where = arena_strdup(g->arena, where);
	gap->why = arena_strdup(g->arena, why);
	gap->fix = arena_strdup(g->arena, fix);
}

const char *gaps_errno_text(int error, char *text, size_t size)
{
	snprintf(text, size, "%s", strerror(error)); /* English: looked up where it is shown */
	if (size > 1 && !isupper((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

void gaps_add_errno(struct gaps *g, const char *what, const char *where, int error)
{
	bool is_refused = error == EPERM || error == EACCES;
	char why[96];

	gaps_add(g, what, where, gaps_errno_text(error, why, sizeof(why)),
		 is_refused ? N_("run as root") : NULL);
}
