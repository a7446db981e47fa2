/* Who claimed a port: registry rows and known uses, for people. */
#include "render/text-parts.h"

#include "base/lang.h"
#include "render/text-answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Rows that say the same of several transports are one line for people. */
static bool is_same_assignment(const struct answer_assignment *a, const struct answer_assignment *b)
{
	return is_text_equal(a->status, b->status) && is_text_equal(a->name, b->name) &&
	       is_text_equal(a->alias_of, b->alias_of) &&
	       is_text_equal(a->description, b->description) &&
	       a->ports.first == b->ports.first && a->ports.last == b->ports.last &&
	       is_text_equal(a->assignee, b->assignee) && is_text_equal(a->contact, b->contact) &&
	       is_text_equal(a->registered, b->registered) &&
	       is_text_equal(a->modified, b->modified) && is_text_equal(a->note, b->note) &&
	       is_text_equal(a->unauthorized_use, b->unauthorized_use);
}

static void put_protocols(struct text *t, const struct answer *a, size_t first)
{
	for (size_t i = first; i < a->n_assignments; i++) {
		if (!is_same_assignment(&a->assignments[i], &a->assignments[first]))
			continue;
		text_put(t, TEXT_PLAIN, i == first ? 3 : 1,
			 a->assignments[i].protocol ? a->assignments[i].protocol
						    : _("any protocol"));
	}
}

static void put_people(struct text *t, const struct answer_assignment *as)
{
	const char *person = as->contact ? as->contact : as->assignee;

	if (as->assignee && as->contact && strcmp(as->assignee, as->contact) != 0)
		text_putf(t, TEXT_PLAIN, 1, "assigned to %s,", as->assignee);
	if (person && as->organization)
		text_putf(t, TEXT_PLAIN, 1, "contact %s (%s)", person, as->organization);
	else if (person)
		text_putf(t, TEXT_PLAIN, 1, "contact %s", person);
	else if (as->organization)
		text_putf(t, TEXT_PLAIN, 1, "%s", as->organization);
}

static void put_note(struct text *t, const char *lead, const char *note)
{
	if (!note)
		return;
	text_end(t);
	text_begin(t, "", TEXT_INDENT);
	text_put(t, TEXT_FAINT, 0, lead);
	text_say(t, TEXT_PLAIN, 1, note);
}

static void put_references(struct text *t, const struct answer_assignment *as)
{
	if (!as->name)
		return;
	text_end(t);
	text_begin(t, "", TEXT_INDENT);
	if (!as->details_as_of && !as->references[0] && !as->contact && !as->registered) {
		text_say(t, TEXT_FAINT, 0,
			 _("people, dates and documents of this row are not known here"));
		return;
	}
	if (!as->references[0]) {
		text_say(t, TEXT_FAINT, 0, _("the registry cites no document for it"));
		return;
	}
	text_put(t, TEXT_FAINT, 0, _("document"));
	for (const char *const *ref = as->references; *ref; ref++)
		text_put(t, TEXT_PLAIN, 1, *ref);
}

/* Between the quotation marks of the language; text_putf() looks for those of a translation. */
static void put_quoted(struct text *t, const char *words)
{
	if (t->style->is_utf8 && !lang_is_translated())
		text_putf(t, TEXT_PLAIN, 2, "\xe2\x80\x9c%s\xe2\x80\x9d", words);
	else
		text_putf(t, TEXT_PLAIN, 2, "\"%s\"", words);
}

/* Aliases and other lesser rows take one line; the name that counts gets its details. */
static void put_assignment(struct text *t, const struct answer *a, size_t i)
{
	const struct answer_assignment *as = &a->assignments[i];
	bool is_assigned = strcmp(as->status, "assigned") == 0;
	char date[TEXT_DATE_SIZE], changed[TEXT_DATE_SIZE], span[TEXT_SPAN_SIZE];

	if (as->name)
		text_put(t, is_assigned ? TEXT_STRONG : TEXT_PLAIN, 0, as->name);
	else
		text_put(t, TEXT_FAINT, 0, as->status);
	if (as->alias_of)
		text_putf(t, TEXT_FAINT, 1, "(alias of %s)", as->alias_of);
	if (as->name && !is_assigned && !as->is_widespread)
		text_putf(t, TEXT_FAINT, 1, "(%s)", as->status);
	if (as->is_widespread)
		text_put(t, TEXT_NOTE, 1, _("(unassigned, but in widespread use)"));
	if (as->description && *as->description && strcasecmp(as->description, as->status) != 0)
		put_quoted(t, as->description);
	if (as->ports.first != as->ports.last)
		text_putf(t, TEXT_PLAIN, 3, "ports %s", text_span(&as->ports, span));
	put_protocols(t, a, i);
	if (as->alias_of)
		return;
	text_putf(t, TEXT_PLAIN, 3, "IANA%s%s%s%s%s", as->registered ? ", " : "",
		  as->registered ? text_date(as->registered, date) : "",
		  as->modified ? _(", changed ") : "",
		  as->modified ? text_date(as->modified, changed) : "",
		  as->contact || as->assignee || as->organization ? "," : "");
	put_people(t, as);
	put_references(t, as);
	put_note(t, _("used without assignment:"), as->unauthorized_use);
	if (t->style->is_verbose || !as->note || !str_starts_with(as->note, "Defined TXT keys"))
		put_note(t, _("note:"), as->note);
}

/* One's own claim stands before everything that the world says. */
static void put_claim(struct text *t, const struct answer_claim *c)
{
	bool is_active = strcmp(c->state, "active") == 0;
	char span[TEXT_SPAN_SIZE];

	text_put(t, TEXT_STRONG, 0, c->name);
	if (!is_active)
		text_put(t, TEXT_NOTE, 2, c->state);
	if (c->reason)
		put_quoted(t, c->reason);
	if (c->ports.first != c->ports.last)
		text_putf(t, TEXT_PLAIN, 3, "ports %s", text_span(&c->ports, span));
	for (const char *const *p = c->protocols; *p; p++)
		text_put(t, TEXT_PLAIN, p == c->protocols ? 3 : 1, *p);
	if (c->address)
		text_putf(t, TEXT_PLAIN, 2, "at %s", c->address);
	text_putf(t, TEXT_PLAIN, 3, "own claim");
	if (c->owner)
		text_putf(t, TEXT_PLAIN, 1, "of %s", c->owner);
	if (c->scope)
		text_putf(t, TEXT_PLAIN, 1, "in %s", c->scope);
	if (c->program)
		text_putf(t, TEXT_PLAIN, 1, "for program %s", c->program);
	if (c->since)
		text_putf(t, TEXT_PLAIN, 1, "since %s", c->since);
	if (c->until)
		text_putf(t, is_active ? TEXT_PLAIN : TEXT_NOTE, 1, "until %s", c->until);
	text_putf(t, TEXT_FAINT, 1, "(%s)", c->source);
}

void text_claimed(struct text *t, const struct answer *a)
{
	const char *label = _("claimed");

	for (size_t i = 0; i < a->n_claims; i++) {
		text_begin(t, label, TEXT_INDENT);
		put_claim(t, &a->claims[i]);
		text_end(t);
		label = "";
	}

	for (size_t i = 0; i < a->n_assignments; i++) {
		bool is_repeated = false;

		for (size_t k = 0; k < i; k++)
			is_repeated = is_repeated ||
				      is_same_assignment(&a->assignments[i], &a->assignments[k]);
		if (is_repeated)
			continue;
		text_begin(t, label, TEXT_INDENT);
		put_assignment(t, a, i);
		text_end(t);
		label = "";
	}
	if (a->n_assignments > 0)
		return;
	text_begin(t, label, TEXT_INDENT);
	if (a->n_claims > 0)
		text_put(t, TEXT_PLAIN, 0, _("otherwise"));
	text_say(t, TEXT_PLAIN, a->n_claims > 0,
		 strcmp(a->range, "dynamic") == 0
			 ? _("by nobody: the registry has no row for 49152-65535; RFC 6335 keeps "
			   "these ports for dynamic use and never assigns them")
			 : _("by nobody: the registry has no row for it"));
	text_end(t);
}

/* A short name for the evidence; the whole of it stands in -v and in JSON. */
static void describe_source(const struct text *t, const char *evidence, char *out, size_t size)
{
	const char *rest = strchr(evidence, ':'), *at;

	snprintf(out, size, "%s", evidence);
	if (t->style->is_verbose || !rest)
		return;
	rest++;
	if (str_starts_with(evidence, "deb:") || str_starts_with(evidence, "npm:")) {
		at = strchr(rest + 1, '@');
		snprintf(out, size, "%s %.*s", evidence[0] == 'd' ? "Debian" : "npm",
			 at ? (int)(at - rest) : 40, rest);
	} else if (str_starts_with(evidence, "github:")) {
		at = strrchr(rest, '@');
		snprintf(out, size, "%.*s %.*s", (int)strcspn(rest, ":@"), rest,
			 at && strlen(at) == 41 ? 7 : 20, at ? at + 1 : "");
	} else if (str_starts_with(rest, "//")) {
		snprintf(out, size, "%.*s", (int)strcspn(rest + 2, "/"), rest + 2);
	}
}

static const char *describe_years(const struct answer_use *use, char *out, size_t size)
{
	const char *doubt = strcmp(use->grade, "unverified") == 0 ? _(", unverified") : "";

	if (use->since && use->until)
		snprintf(out, size, _("%s to %s%s"), use->since, use->until, doubt);
	else if (use->since)
		snprintf(out, size, _("since %s%s"), use->since, doubt);
	else if (use->until)
		snprintf(out, size, _("until %s%s"), use->until, doubt);
	else
		snprintf(out, size, "%s", *doubt ? doubt + 2 : "");
	return out;
}

enum { USE_COLUMNS = 5, MOST_USES = 64, USE_TEXT = 64, USE_SOURCE = 160 };

void text_known(struct text *t, const struct answer *a)
{
	struct text_cell cells[MOST_USES * USE_COLUMNS];
	char years[MOST_USES][USE_TEXT], sources[MOST_USES][USE_SOURCE];
	static const struct text_column columns[USE_COLUMNS] = {{.least = 0}};
	size_t n = MIN_OF(a->n_known_uses, MOST_USES);

	for (size_t i = 0; i < n; i++) {
		const struct answer_use *use = &a->known_uses[i];
		struct text_cell *row = &cells[i * USE_COLUMNS];
		bool is_doubtful = strcmp(use->grade, "unverified") == 0;

		row[0] = (struct text_cell){use->software, TEXT_STRONG};
		row[1] = (struct text_cell){use->purpose, TEXT_PLAIN};
		row[2] = (struct text_cell){use->protocol, TEXT_PLAIN};
		row[3] = (struct text_cell){describe_years(use, years[i], sizeof(years[i])),
					    is_doubtful ? TEXT_NOTE : TEXT_PLAIN};
		describe_source(t, use->evidence, sources[i], USE_SOURCE);
		row[4] = (struct text_cell){sources[i], TEXT_FAINT};
	}
	text_table(t, _("known"), TEXT_INDENT, columns, cells, n, USE_COLUMNS);
}
