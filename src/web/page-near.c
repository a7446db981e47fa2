/* What changed about a port, and the ports beside it. */
#include "web/page-port.h"

#include "answer/reading.h"
#include "ledger/claims.h"
#include "registry/known-uses.h"
#include "registry/registry.h"

#include <string.h>

static const char *status_word(struct sheet *s, const char *status)
{
	static const struct {
		const char *status;
		enum word word;
	} words[] = {
		{"assigned", WORD_ROW_ASSIGNED},	 {"reserved", WORD_ROW_RESERVED},
		{"unassigned", WORD_ROW_UNASSIGNED}, {"de-assigned", WORD_ROW_DEASSIGNED},
	};

	for (size_t i = 0; status && i < N_ELEMENTS(words); i++) {
		if (strcmp(status, words[i].status) == 0)
			return sheet_word(s, words[i].word);
	}
	return sheet_word(s, WORD_ROW_NOT_LISTED);
}

static void put_what(struct sheet *s, const struct answer_change *c)
{
	const char *before = c->name_before, *after = c->name_after;
	const char *any = after ? after : before;

	if (strcmp(c->kind, "renamed") == 0)
		SAY(s, WORD_CHANGE_RENAMED, STRONG("before", before ? before : "?"),
		    STRONG("after", after ? after : "?"));
	else if (strcmp(c->kind, "re-dated") == 0 || strcmp(c->kind, "edited") == 0)
		SAY(s, *c->kind == 'r' ? WORD_CHANGE_REDATED : WORD_CHANGE_EDITED,
		    STRONG("name", any ? any : status_word(s, c->status_after)));
	else if (before && !after)
		SAY(s, WORD_CHANGE_REMOVED, STRONG("name", before),
		    OWN("status", status_word(s, c->status_after)));
	else if (after && !before)
		SAY(s, WORD_CHANGE_ADDED, STRONG("name", after),
		    OWN("status", status_word(s, c->status_before)));
	else
		SAY(s, WORD_CHANGE_STATUS,
		    STRONG("name", any ? any : sheet_word(s, WORD_THE_NUMBER)),
		    OWN("before", status_word(s, c->status_before)),
		    OWN("after", status_word(s, c->status_after)));
}

static void put_when(struct sheet *s, const struct answer_change *c)
{
	html_open_class(&s->h, "span", "when");
	if (c->date)
		sheet_date(s, c->date);
	else if (c->seen_before && c->seen_after)
		SAY(s, WORD_BETWEEN, DATE("first", c->seen_before), DATE("last", c->seen_after));
	else if (c->seen_after)
		SAY(s, WORD_BEFORE, DATE("date", c->seen_after));
	html_close(&s->h, "span");
}

static void put_change(struct sheet *s, const struct answer *a, size_t i)
{
	const struct answer_change *c = &a->history[i];
	struct html *h = &s->h;

	html_open(h, "li");
	put_when(s, c);
	html_char(h, ' ');
	put_what(s, c);
	for (size_t j = i; j < a->n_history; j++) {
		if (!reading_is_same_change(c, &a->history[j]) || !a->history[j].protocol)
			continue;
		html_char(h, ' ');
		html_open_class(h, "span", "protocol");
		html_words(h, a->history[j].protocol);
		html_close(h, "span");
	}
	html_close(h, "li");
}

void port_history(struct sheet *s, const struct answer *a)
{
	enum { MOST_CHANGES = 40 };

	if (a->n_history == 0)
		return;
	SHEET_SECTION(s, "history", WORD_HISTORY_TITLE);
	html_open_class(&s->h, "ul", "changes");
	for (size_t i = 0; i < MIN_OF(a->n_history, (size_t)MOST_CHANGES); i++) {
		if (!reading_is_repeated(a->history, i))
			put_change(s, a, i);
	}
	html_close(&s->h, "ul");
	html_close(&s->h, "section");
}

/* The different names of a neighbour, by protocol. */
static size_t put_registered(struct sheet *s, uint16_t port)
{
	const char *told[N_REGISTRY_TRANSPORTS] = {NULL};
	size_t n = 0;

	for (size_t t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
		const char *name = registry_name(s->p->from->registry, port, (enum transport)t);
		bool is_told = !name;

		for (size_t i = 0; i < n && !is_told; i++)
			is_told = strcmp(told[i], name) == 0;
		if (is_told)
			continue;
		if (n > 0)
			html_markup(&s->h, ", ");
		sheet_name(s, name);
		told[n++] = name;
	}
	return n;
}

/* The first uses of a neighbour; what is only told by somebody is not worth a line here. */
static void put_uses(struct sheet *s, uint16_t port, size_t n)
{
	const char *told[3];
	size_t n_told = 0;

	for (enum transport t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
		struct known_use use;
		uint32_t next = 0;

		while (n_told < N_ELEMENTS(told) &&
		       known_use_next(s->p->from->registry, port, t, &next, &use, NULL)) {
			bool is_told = strcmp(use.grade, "unverified") == 0;

			for (size_t i = 0; i < n_told && !is_told; i++)
				is_told = strcmp(told[i], use.software) == 0;
			if (is_told)
				continue;
			if (n++ > 0)
				html_markup(&s->h, ", ");
			sheet_name(s, use.software);
			told[n_told++] = use.software;
		}
	}
}

/* Who has it without being asked: claims, then software. */
static void put_known(struct sheet *s, uint16_t port)
{
	const struct claims *claims = s->p->from->claims;
	const struct claim *claim;
	size_t cursor = 0, n = 0;

	for (size_t i = 0; claims && i < 2 && (claim = claims_next(claims, port, &cursor)); i++) {
		if (n++ > 0)
			html_markup(&s->h, ", ");
		html_open_class(&s->h, "b", "own");
		sheet_name(s, claim->name);
		html_close(&s->h, "b");
	}
	put_uses(s, port, n);
}

static enum word status_of(struct sheet *s, uint16_t port)
{
	switch (registry_status(s->p->from->registry, port, TRANSPORT_TCP)) {
	case REGISTRY_ASSIGNED:
		return WORD_ROW_ASSIGNED;
	case REGISTRY_RESERVED:
		return WORD_ROW_RESERVED;
	case REGISTRY_DE_ASSIGNED:
		return WORD_ROW_DEASSIGNED;
	case REGISTRY_UNASSIGNED:
		return WORD_ROW_UNASSIGNED;
	case REGISTRY_DYNAMIC:
	case REGISTRY_NONE:
		break;
	}
	return WORD_ROW_NONE;
}

static void put_neighbour(struct sheet *s, uint16_t port, bool is_itself)
{
	struct html *h = &s->h;

	if (is_itself)
		html_open_with(h, "tr", "class=\"self\" aria-current=\"true\"");
	else
		html_open(h, "tr");
	html_open_with(h, "th", "scope=\"row\"");
	if (is_itself)
		html_number(h, port);
	else
		sheet_port(s, port);
	html_close(h, "th");
	html_open(h, "td");
	if (put_registered(s, port) == 0) {
		html_open_class(h, "span", "faint");
		sheet_say(s, status_of(s, port));
		html_close(h, "span");
	}
	html_close(h, "td");
	html_open(h, "td");
	put_known(s, port);
	html_close(h, "td");
	html_close(h, "tr");
}

static void put_pager(struct sheet *s, uint16_t port)
{
	struct html *h = &s->h;

	html_open_class(h, "p", "pager");
	if (port > 0 && sheet_has_port(s->p, (uint16_t)(port - 1))) {
		sheet_open_port(s, (uint16_t)(port - 1));
		html_attribute_words(h, "rel", "prev");
		html_words(h, "\xe2\x86\x90 ");
		html_number(h, port - 1);
		sheet_close_port(s, (uint16_t)(port - 1));
	}
	if (port < UINT16_MAX && sheet_has_port(s->p, (uint16_t)(port + 1))) {
		sheet_open_port(s, (uint16_t)(port + 1));
		html_attribute_words(h, "rel", "next");
		html_number(h, port + 1);
		html_words(h, " \xe2\x86\x92");
		sheet_close_port(s, (uint16_t)(port + 1));
	}
	html_close(h, "p");
}

void port_neighbours(struct sheet *s, uint16_t port)
{
	static const enum word heads[] = {WORD_HEAD_PORT, WORD_HEAD_REGISTERED, WORD_HEAD_KNOWN};
	enum { EACH_SIDE = 10 };
	const int first = MAX_OF((int)port - EACH_SIDE, 0);
	const int last = MIN_OF((int)port + EACH_SIDE, UINT16_MAX);
	struct html *h = &s->h;

	SHEET_SECTION(s, "near", WORD_NEAR_TITLE);
	html_open_class(h, "table", "near");
	html_open_class(h, "caption", "unseen");
	SAY(s, WORD_NEAR_CAPTION, NUMBER("first", first), NUMBER("last", last));
	html_close(h, "caption");
	sheet_heads(s, heads, N_ELEMENTS(heads));
	html_open(h, "tbody");
	for (int i = first; i <= last; i++)
		put_neighbour(s, (uint16_t)i, i == port);
	html_close(h, "tbody");
	html_close(h, "table");
	put_pager(s, port);
	html_close(h, "section");
}
