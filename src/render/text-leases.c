#include "render/text-leases.h"

#include "base/arena.h"
#include "base/lang.h"
#include "render/text-answer.h"
#include "render/text-wait.h"

#include <inttypes.h>
#include <string.h>

enum { LEASE_COLUMNS = 5 };

static const char *describe_age(const struct answer_lease *l, live_time now, struct arena *arena)
{
	struct str text = {0};
	const char *copy;

	if (l->since == LIVE_TIME_NONE)
		return "";
	if (now < l->since + 1000000000)
		str_append(&text, "0 s"); /* it knows seconds only */
	else
		text_put_duration(&text, (now - l->since) / 1000000000 * 1000);
	copy = arena_strdup(arena, str_text(&text));
	str_fini(&text);
	return copy;
}

static const char *describe_ports(const struct answer_lease *l, struct arena *arena)
{
	char lead = '/';
	const char *text = arena_printf(arena, "%u", l->port);

	for (const char *const *p = l->protocols; text && *p; p++) {
		text = arena_printf(arena, "%s%c%s", text, lead, *p);
		lead = ',';
	}
	return text;
}

/* The process it is for; without one, who keeps it. */
static const char *describe_owner(const struct answer_lease *l, struct arena *arena)
{
	if (l->owner)
		return arena_printf(arena, "%s (pid %" PRId64 ")%s",
				    l->owner->label ? l->owner->label : "?", (int64_t)l->owner->pid,
				    strcmp(l->kind, "portserver") == 0 ? _(", by a portserver")
								       : "");
	if (l->n_holders > 0)
		return arena_printf(arena, "%s (pid %" PRId64 ")",
				    l->holders[0].program ? l->holders[0].program : "?",
				    (int64_t)l->holders[0].pid);
	if (l->pid != ANSWER_NULL)
		return arena_printf(arena, "pid %" PRId64, (int64_t)l->pid);
	return _("not known");
}

void text_leases(struct text *t, const struct answer_leases *l)
{
	static const struct text_column columns[LEASE_COLUMNS] = {
		{.head = N_("PORT")},
		{.head = N_("NAME")},
		{.head = N_("FOR"), .least = 12},
		{.head = N_("USER"), .least = 6, .drop = 1},
		{.head = N_("AGE")},
	};
	struct text_cell *cells;
	struct arena arena;

	if (l->n_leases == 0) {
		text_begin(t, "", 0);
		text_put(t, TEXT_FAINT, 0, _("nothing is leased"));
		text_end(t);
		return;
	}
	arena_init(&arena);
	cells = arena_calloc(&arena, l->n_leases * LEASE_COLUMNS, sizeof(*cells));
	for (size_t i = 0; cells && i < l->n_leases; i++) {
		const struct answer_lease *one = &l->leases[i];
		struct text_cell *row = cells + i * LEASE_COLUMNS;

		row[0] = (struct text_cell){describe_ports(one, &arena), TEXT_STRONG};
		row[1] = (struct text_cell){one->name ? one->name : "-",
					    one->name ? TEXT_GOOD : TEXT_FAINT};
		row[2] = (struct text_cell){describe_owner(one, &arena), TEXT_PLAIN};
		row[3] = (struct text_cell){one->user, TEXT_PLAIN};
		row[4] = (struct text_cell){describe_age(one, l->checked.at, &arena), TEXT_PLAIN};
	}
	if (arena_failed(&arena))
		t->out->has_failed = true;
	else
		text_table(t, "", 0, columns, cells, l->n_leases, LEASE_COLUMNS);
	arena_fini(&arena);
}
