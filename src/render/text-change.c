#include "render/text-change.h"

#include "answer/reading.h"
#include "base/lang.h"
#include "render/text-answer.h"

#include <string.h>

enum { FIRST_OF_KIND = 5 };

static const char *or_nothing(const char *status)
{
	return status ? status : _("not listed");
}

static bool is_assigned(const char *status)
{
	return status && strcmp(status, "assigned") == 0;
}

static void put_what(struct text *t, const struct answer_change *c)
{
	const char *before = c->name_before, *after = c->name_after;

	if (strcmp(c->kind, "renamed") == 0) {
		text_putf(t, TEXT_PLAIN, 2, "%s became %s", before ? before : "?",
			  after ? after : "?");
	} else if (strcmp(c->kind, "re-dated") == 0) {
		text_putf(t, TEXT_PLAIN, 2, "%s: record changed",
			  after ? after : or_nothing(c->status_after));
	} else if (strcmp(c->kind, "edited") == 0) {
		text_putf(t, TEXT_PLAIN, 2, "%s: people, documents or texts changed",
			  after ? after : or_nothing(c->status_after));
	} else if (before && !after) {
		text_putf(t, TEXT_PLAIN, 2, "%s removed: ", before);
		text_put(t, TEXT_PLAIN, 0,
			 is_assigned(c->status_after) ? _("others stay") : _("now "));
		if (!is_assigned(c->status_after))
			text_put(t, TEXT_PLAIN, 0, or_nothing(c->status_after));
	} else if (after && !before) {
		text_putf(t, TEXT_PLAIN, 2, "%s added: ", after);
		text_put(t, TEXT_PLAIN, 0,
			 is_assigned(c->status_before) ? _("beside others") : _("was "));
		if (!is_assigned(c->status_before))
			text_put(t, TEXT_PLAIN, 0, or_nothing(c->status_before));
	} else {
		if (after)
			text_putf(t, TEXT_PLAIN, 2, "%s:", after);
		text_putf(t, TEXT_PLAIN, after ? 1 : 2, "%s became %s",
			  or_nothing(c->status_before), or_nothing(c->status_after));
	}
}

static void put_when(struct text *t, const struct answer_change *c)
{
	if (c->date)
		text_put(t, TEXT_PLAIN, 0, c->date);
	else if (c->seen_before && c->seen_after)
		text_putf(t, TEXT_PLAIN, 0, "between %s and %s", c->seen_before, c->seen_after);
	else if (c->seen_after)
		text_putf(t, TEXT_PLAIN, 0, "before %s", c->seen_after);
}

static void put_protocols(struct text *t, const struct answer_change *changes, size_t n, size_t i)
{
	for (size_t j = i; j < n; j++) {
		if (reading_is_same_change(&changes[i], &changes[j]) && changes[j].protocol)
			text_put(t, TEXT_FAINT, j == i ? 2 : 1, changes[j].protocol);
	}
}

void text_history(struct text *t, const struct answer *a, size_t indent)
{
	const char *label = _("history");

	for (size_t i = 0; i < a->n_history; i++) {
		const struct answer_change *c = &a->history[i];
		char span[TEXT_SPAN_SIZE];

		if (reading_is_repeated(a->history, i))
			continue;
		text_begin(t, label, indent);
		label = "";
		put_when(t, c);
		put_what(t, c);
		if (c->ports.first != c->ports.last)
			text_putf(t, TEXT_FAINT, 2, "ports %s", text_span(&c->ports, span));
		put_protocols(t, a->history, a->n_history, i);
		text_end(t);
	}
	if (a->n_history > 0 || !t->style->is_verbose)
		return;
	text_begin(t, label, indent);
	text_put(t, TEXT_FAINT, 0, _("none recorded"));
	text_end(t);
}

static void put_change(struct text *t, const struct answer_change *c)
{
	char span[TEXT_SPAN_SIZE];

	text_begin(t, "", 4);
	if (c->has_ports)
		text_putf(t, TEXT_STRONG, 0, "%s%s%s", text_span(&c->ports, span),
			  c->protocol ? "/" : "", c->protocol ? c->protocol : "");
	else
		text_put(t, TEXT_FAINT, 0, _("no port"));
	put_what(t, c);
	if (c->date)
		text_putf(t, TEXT_FAINT, 2, "(%s)", c->date);
	text_end(t);
}

/* A row without a name that only came or went is nothing to read. */
static bool is_filler(const struct answer_change *c)
{
	return !c->name_before && !c->name_after &&
	       (strcmp(c->kind, "added") == 0 || strcmp(c->kind, "removed") == 0);
}

static void put_kind(struct text *t, const struct answer_update *u, const char *kind,
		     const char *title, answer_number count)
{
	size_t n_shown = 0, n_named = 0;

	if (count <= 0)
		return;
	text_begin(t, "", 2);
	text_putf(t, TEXT_LABEL, 0, "%s: %lld", title, (long long)count);
	text_end(t);
	for (size_t i = 0; i < u->n_changes; i++) {
		const struct answer_change *c = &u->changes[i];

		if (strcmp(c->kind, kind) != 0 || is_filler(c))
			continue;
		n_named++;
		if (n_shown == FIRST_OF_KIND && !t->style->is_verbose)
			continue;
		put_change(t, c);
		n_shown++;
	}
	if (n_named == n_shown)
		return;
	text_begin(t, "", 4);
	text_putf(t, TEXT_FAINT, 0, "and %zu more (-v or --json shows them)", n_named - n_shown);
	text_end(t);
}

static const char *date_of(const struct answer_registry *r)
{
	return r->names_as_of ? r->names_as_of : "?";
}

void text_update(struct text *t, const struct answer_update *u, bool built_in_is_newer)
{
	bool is_updated = strcmp(u->result, "updated") == 0;

	text_begin(t, "", 0);
	if (is_updated)
		text_putf(t, TEXT_STRONG, 0, "the registry is of %s now, it was of %s%s",
			  date_of(&u->after), date_of(&u->before),
			  u->before.built_in ? _(" (built in)") : "");
	else
		text_putf(t, TEXT_STRONG, 0, "the registry of %s is the newest: nothing changed",
			  date_of(&u->after));
	text_end(t);
	if (is_updated) {
		text_begin(t, "", 2);
		text_putf(t, TEXT_PLAIN, 0, "rows: %lld, were %lld (%lld new, %lld gone)",
			  (long long)u->rows_after, (long long)u->rows_before,
			  (long long)u->rows_added, (long long)u->rows_removed);
		text_end(t);
		put_kind(t, u, "added", _("added"), u->added);
		put_kind(t, u, "removed", _("removed"), u->removed);
		put_kind(t, u, "renamed", _("renamed"), u->renamed);
		put_kind(t, u, "status", _("another status"), u->status);
		put_kind(t, u, "re-dated", _("re-dated"), u->re_dated);
		put_kind(t, u, "edited", _("edited"), u->edited);
	}
	text_begin(t, "", 0);
	text_putf(t, TEXT_FAINT, 0, "in %s", u->image);
	text_end(t);
	if (!built_in_is_newer)
		return;
	text_begin(t, "", 0);
	text_say(t, TEXT_NOTE, 0, _("the built-in registry is newer, and goes on to answer"));
	text_end(t);
}
