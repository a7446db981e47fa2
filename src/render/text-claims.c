#include "render/text-claims.h"

#include "base/arena.h"
#include "base/instant.h"
#include "base/lang.h"
#include "render/text-answer.h"

#include <stdio.h>
#include <string.h>

/* "8080/tcp,udp" */
static const char *describe_ports(const struct answer_claim *c, struct arena *arena)
{
	char span[TEXT_SPAN_SIZE];
	char *text = arena_strdup(arena, text_span(&c->ports, span));
	char lead = '/';

	for (const char *const *p = c->protocols; text && *p; p++) {
		text = arena_printf(arena, "%s%c%s", text, lead, *p);
		lead = ',';
	}
	return text;
}

static const char *describe_state(const struct answer_claim *c, struct arena *arena)
{
	if (strcmp(c->state, "active") == 0)
		return c->until ? arena_printf(arena, _("until %s"), c->until) : "";
	if (strcmp(c->state, "expired") == 0)
		return arena_printf(arena, _("expired %s"), c->until ? c->until : "");
	return _(c->state);
}

enum { CLAIM_COLUMNS = 9 };

static void fill_row(const struct answer_claim *c, struct text_cell *row, struct arena *arena)
{
	bool is_active = strcmp(c->state, "active") == 0;

	row[0] = (struct text_cell){describe_ports(c, arena), TEXT_STRONG};
	row[1] = (struct text_cell){c->address ? c->address : "*",
				    c->address ? TEXT_PLAIN : TEXT_FAINT};
	row[2] = (struct text_cell){c->name, is_active ? TEXT_GOOD : TEXT_FAINT};
	row[3] = (struct text_cell){c->owner, TEXT_PLAIN};
	row[4] = (struct text_cell){c->scope, TEXT_PLAIN};
	row[5] = (struct text_cell){describe_state(c, arena), is_active ? TEXT_PLAIN : TEXT_NOTE};
	row[6] = (struct text_cell){c->program, TEXT_PLAIN};
	row[7] = (struct text_cell){c->source, TEXT_FAINT};
	row[8] = (struct text_cell){c->reason, TEXT_FAINT};
}

/* A column that is empty everywhere says nothing. */
static size_t squeeze(const struct text_column *columns, struct text_cell *cells, size_t n,
		      struct text_column *kept)
{
	bool is_used[CLAIM_COLUMNS] = {false};
	size_t n_kept = 0, out = 0;

	for (size_t i = 0; i < n * CLAIM_COLUMNS; i++) {
		const char *text = cells[i].text;

		if (text && *text && strcmp(text, "*") != 0)
			is_used[i % CLAIM_COLUMNS] = true;
	}
	for (size_t i = 0; i < CLAIM_COLUMNS; i++) {
		if (is_used[i])
			kept[n_kept++] = columns[i];
	}
	for (size_t i = 0; i < n * CLAIM_COLUMNS; i++) {
		if (is_used[i % CLAIM_COLUMNS])
			cells[out++] = cells[i];
	}
	return n_kept;
}

void text_claims(struct text *t, const struct answer_claim *claims, size_t n)
{
	static const struct text_column columns[CLAIM_COLUMNS] = {
		{.head = N_("PORT")},
		{.head = N_("ADDRESS"), .least = 10},
		{.head = N_("NAME")},
		{.head = N_("OWNER"), .least = 8},
		{.head = N_("SCOPE"), .least = 6, .drop = 3},
		{.head = N_("STATE")},
		{.head = N_("PROGRAM"), .least = 8, .drop = 4},
		{.head = N_("SOURCE"), .drop = 2},
		{.head = N_("FOR"), .least = 12, .drop = 1},
	};
	struct text_column kept[CLAIM_COLUMNS];
	struct text_cell *cells;
	struct arena arena;

	if (n == 0) {
		text_begin(t, "", 0);
		text_put(t, TEXT_FAINT, 0, _("nothing is claimed"));
		text_end(t);
		return;
	}
	arena_init(&arena);
	cells = arena_calloc(&arena, n * CLAIM_COLUMNS, sizeof(*cells));
	for (size_t i = 0; cells && i < n; i++)
		fill_row(&claims[i], cells + i * CLAIM_COLUMNS, &arena);
	if (!cells || arena_failed(&arena)) {
		t->out->has_failed = true;
	} else {
		size_t n_kept = squeeze(columns, cells, n, kept);

		text_table(t, "", 0, kept, cells, n, n_kept);
	}
	arena_fini(&arena);
}

static const char *describe_action(const char *action)
{
	static const struct {
		const char *action, *text;
	} words[] = {
		{"claim", N_("claimed")}, {"renew", N_("renewed")}, {"unclaim", N_("given up")},
		{"expire", N_("expired")}, {"claimed", N_("claimed")},
		{"unclaimed", N_("given up")}, {"unchanged", N_("unchanged")},
	};

	for (size_t i = 0; i < N_ELEMENTS(words); i++) {
		if (strcmp(action, words[i].action) == 0)
			return _(words[i].text);
	}
	return action;
}

void text_ledger(struct text *t, const struct answer_ledger *l)
{
	struct arena arena;

	arena_init(&arena);
	for (size_t i = 0; i < l->n_log; i++) {
		text_begin(t, describe_action(l->log[i].action), 10);
		text_put(t, TEXT_STRONG, 0, l->log[i].ports);
		text_put(t, TEXT_GOOD, 2, l->log[i].name);
		if (l->log[i].detail)
			text_say(t, TEXT_PLAIN, 2, l->log[i].detail);
		text_end(t);
	}
	for (size_t i = 0; l->n_log == 0 && i < l->n_claims; i++) {
		const char *ports = describe_ports(&l->claims[i], &arena);

		text_begin(t, describe_action(l->result), 10);
		text_put(t, TEXT_STRONG, 0, ports ? ports : "?");
		text_put(t, TEXT_GOOD, 2, l->claims[i].name);
		if (strcmp(l->result, "unchanged") == 0)
			text_say(t, TEXT_PLAIN, 2, _("is claimed so already"));
		text_end(t);
	}
	text_begin(t, l->is_file ? _("in") : _("ledger"), 10);
	text_put(t, TEXT_FAINT, 0, l->ledger);
	text_end(t);
	arena_fini(&arena);
}

enum { ENTRY_COLUMNS = 6 };

void text_entries(struct text *t, const struct answer_entry *entries, size_t n)
{
	static const struct text_column columns[ENTRY_COLUMNS] = {
		{.head = N_("WHEN")}, {.head = N_("WHO")},
		{.head = N_("WHAT")}, {.head = N_("PORT")},
		{.head = N_("NAME")}, {.head = N_("DETAIL"), .least = 12, .drop = 1},
	};
	struct text_cell *cells;
	struct arena arena;

	if (n == 0) {
		text_begin(t, "", 0);
		text_put(t, TEXT_FAINT, 0, _("nothing was ever written here"));
		text_end(t);
		return;
	}
	arena_init(&arena);
	cells = arena_calloc(&arena, n * ENTRY_COLUMNS, sizeof(*cells));
	for (size_t i = 0; cells && i < n; i++) {
		struct text_cell *row = cells + i * ENTRY_COLUMNS;
		char at[INSTANT_TEXT_SIZE];

		/* To the second, for people. */
		instant_format(entries[i].at - entries[i].at % 1000000000, at);
		row[0] = (struct text_cell){arena_strdup(&arena, at), TEXT_PLAIN};
		row[1] = (struct text_cell){entries[i].user, TEXT_PLAIN};
		row[2] = (struct text_cell){describe_action(entries[i].action), TEXT_PLAIN};
		row[3] = (struct text_cell){entries[i].ports, TEXT_STRONG};
		row[4] = (struct text_cell){entries[i].name, TEXT_GOOD};
		row[5] = (struct text_cell){entries[i].detail, TEXT_FAINT};
	}
	if (arena_failed(&arena))
		t->out->has_failed = true;
	else
		text_table(t, "", 0, columns, cells, n, ENTRY_COLUMNS);
	arena_fini(&arena);
}
