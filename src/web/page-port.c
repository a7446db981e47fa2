/* The page for one port: title, verdict, and its sections in their order. */
#include "web/page-port.h"

#include "answer/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Rows that stand for a name: neither an alias nor a filler. */
static const struct answer_assignment *first_named(const struct answer *a, bool is_assigned)
{
	for (size_t i = 0; i < a->n_assignments; i++) {
		const struct answer_assignment *as = &a->assignments[i];

		if (as->name && !as->alias_of &&
		    (strcmp(as->status, "assigned") == 0) == is_assigned)
			return as;
	}
	return NULL;
}

static const struct answer_claim *first_claim(const struct answer *a)
{
	for (size_t i = 0; i < a->n_claims; i++) {
		if (strcmp(a->claims[i].state, "active") == 0)
			return &a->claims[i];
	}
	return NULL;
}

const char *port_name(const struct answer *a)
{
	const struct answer_assignment *as = first_named(a, true);
	const struct answer_claim *claim = first_claim(a);

	if (!as)
		as = first_named(a, false);
	if (as)
		return as->name;
	if (claim)
		return claim->name;
	return a->n_known_uses > 0 ? a->known_uses[0].software : NULL;
}

/* What the registry says of the number as a whole: the weightiest of its rows. */
static enum word status_of(const struct answer *a)
{
	static const struct {
		const char *status;
		enum word word;
	} statuses[] = {
		{"assigned", WORD_STATUS_ASSIGNED},
		{"reserved", WORD_STATUS_RESERVED},
		{"de-assigned", WORD_STATUS_DEASSIGNED},
		{"unassigned", WORD_STATUS_UNASSIGNED},
	};

	for (size_t k = 0; k < N_ELEMENTS(statuses); k++) {
		for (size_t i = 0; i < a->n_assignments; i++) {
			if (strcmp(a->assignments[i].status, statuses[k].status) == 0)
				return statuses[k].word;
		}
	}
	return strcmp(a->range, "dynamic") == 0 ? WORD_STATUS_DYNAMIC : WORD_STATUS_UNASSIGNED;
}

static const char *describe_assigned(const struct page *p, const struct answer_assignment *as)
{
	const char *date = as->registered ? sheet_date_text(p, as->registered) : NULL;
	const bool is_told = as->description && *as->description &&
			     str_casecmp(as->description, as->name) != 0;

	if (is_told && date)
		return COMPOSE(p, WORD_LINE_ASSIGNED_FULL, TEXT("name", as->name),
			       TEXT("description", as->description), OWN("date", date));
	if (is_told)
		return COMPOSE(p, WORD_LINE_ASSIGNED_DESCRIBED, TEXT("name", as->name),
			       TEXT("description", as->description));
	return COMPOSE(p, WORD_LINE_ASSIGNED, TEXT("name", as->name));
}

/* The one honest line below the title. */
static const char *describe_port(const struct page *p, const struct answer *a)
{
	const struct answer_assignment *as = first_named(a, true), *loose = first_named(a, false);
	const char *software = a->n_known_uses > 0 ? a->known_uses[0].software : NULL;
	const enum word status = status_of(a);

	if (a->port == 0)
		return words_text(p->language, WORD_LINE_ZERO);
	if (as)
		return describe_assigned(p, as);
	if (loose && loose->is_widespread)
		return COMPOSE(p, WORD_LINE_WIDESPREAD, TEXT("name", loose->name));
	if (status == WORD_STATUS_DYNAMIC)
		return words_text(p->language, WORD_LINE_DYNAMIC);
	if (software)
		return COMPOSE(p, WORD_LINE_KNOWN, TEXT("software", software));
	if (status == WORD_STATUS_RESERVED)
		return words_text(p->language, WORD_LINE_RESERVED);
	if (status == WORD_STATUS_DEASSIGNED)
		return words_text(p->language, WORD_LINE_DEASSIGNED);
	return words_text(p->language, status == WORD_STATUS_ASSIGNED ? WORD_LINE_NAMELESS
								      : WORD_LINE_UNASSIGNED);
}

static bool is_held_by(const struct answer *a, bool is_udp)
{
	for (size_t i = 0; i < a->n_holders; i++) {
		if (str_starts_with(a->holders[i].protocol, "udp") == is_udp)
			return true;
	}
	return false;
}

static enum word sentence_of(const struct answer *a, struct verdict v, bool is_udp)
{
	const bool is_held = is_held_by(a, is_udp);

	switch (v.word) {
	case VERDICT_VACANT:
		return is_held ? WORD_SAID_VACANT_HELD : WORD_SAID_VACANT;
	case VERDICT_DARK:
		if (is_held)
			return WORD_SAID_DARK_HELD;
		return v.basis == BASIS_KNOWN_USE ? WORD_SAID_DARK_KNOWN : WORD_SAID_DARK;
	case VERDICT_AS_CLAIMED:
		return v.basis == BASIS_CLAIM ? WORD_SAID_AS_CLAIMED : WORD_SAID_AS_REGISTERED;
	case VERDICT_CUSTOMARY:
		return WORD_SAID_CUSTOMARY;
	case VERDICT_UNCLAIMED:
		return WORD_SAID_UNCLAIMED;
	case VERDICT_OCCUPIED:
		return WORD_SAID_OCCUPIED;
	case VERDICT_CONFLICT:
		return WORD_SAID_CONFLICT;
	case VERDICT_UNKNOWN:
		return WORD_SAID_UNKNOWN;
	}
	return WORD_SAID_UNKNOWN;
}

static void put_verdict(struct sheet *s, const struct answer *a, struct verdict v,
			const char *protocols, bool is_udp)
{
	const char *who = reading_resident(a, v, is_udp);
	struct html *h = &s->h;

	html_open_class(h, "p", "said");
	html_open_class(h, "span", "protocol");
	html_words(h, protocols);
	html_close(h, "span");
	html_char(h, ' ');
	sheet_verdict(s, v.word);
	html_char(h, ' ');
	SAY(s, sentence_of(a, v, is_udp),
	    STRONG("who", who ? who : sheet_word(s, WORD_SOMEBODY)));
	html_close(h, "p");
}

/* The bytes that names in the strip become; they stand in full below. */
enum { STRIP_MOST = 600 };

/* The strip below the title: what was seen, in a word for each protocol. */
static void put_strip(struct sheet *s, const struct answer *a)
{
	const size_t budget = sheet_narrow(s, STRIP_MOST);
	struct html *h = &s->h;

	html_open_with(h, "div", "id=\"verdict\" class=\"strip\"");
	if (s->p->is_static) {
		html_open_class(h, "p", "said");
		sheet_say(s, status_of(a));
		html_close(h, "p");
	} else if (a->tcp.word == a->udp.word && a->tcp.basis == a->udp.basis &&
		   is_held_by(a, false) == is_held_by(a, true)) {
		put_verdict(s, a, a->tcp, "tcp, udp", reading_resident(a, a->tcp, false) == NULL);
	} else {
		put_verdict(s, a, a->tcp, "tcp", false);
		put_verdict(s, a, a->udp, "udp", true);
	}
	html_close(h, "div");
	sheet_widen(s, budget);
}

static void put_contents(struct sheet *s, const struct answer *a)
{
	const struct {
		const char *url;
		enum word word;
		bool is_there;
	} entries[] = {
		{"#claimed", WORD_CLAIMED_TITLE, true},
		{"#known", WORD_KNOWN_TITLE, a->n_known_uses > 0},
		{"#live", WORD_LIVE_TITLE, true},
		{"#rules", WORD_RULES_TITLE, true},
		{"#bind", WORD_BIND_TITLE, true},
		{"#history", WORD_HISTORY_TITLE, a->n_history > 0},
		{"#near", WORD_NEAR_TITLE, true},
		{"#elsewhere", WORD_ELSEWHERE_TITLE, true},
		{"#matters", WORD_MATTERS_TITLE, true},
		{"#sources", WORD_SOURCES_TITLE, true},
	};
	struct html *h = &s->h;

	html_open_class(h, "nav", "contents");
	html_attribute_words(h, "aria-label", sheet_word(s, WORD_CONTENTS));
	html_open(h, "ol");
	for (size_t i = 0; i < N_ELEMENTS(entries); i++) {
		if (!entries[i].is_there)
			continue;
		html_open(h, "li");
		html_open(h, "a");
		html_url(h, "href", entries[i].url);
		sheet_say(s, entries[i].word);
		html_close(h, "a");
		html_close(h, "li");
	}
	html_close(h, "ol");
	html_close(h, "nav");
}

static void put_top(struct sheet *s, const struct answer *a, const char *name, const char *line)
{
	struct html *h = &s->h;

	sheet_crumbs(s, sheet_word(s, WORD_PORTS), sheet_url(s->p, ""),
		     COMPOSE(s->p, WORD_PORT_N, NUMBER("port", a->port)));
	html_open(h, "h1");
	SAY(s, WORD_PORT_N, NUMBER("port", a->port));
	html_char(h, ':');
	html_char(h, ' ');
	sheet_name(s, name);
	html_close(h, "h1");
	html_open_class(h, "p", "line");
	html_text(h, line);
	html_close(h, "p");
	put_strip(s, a);
}

static void put_sections(struct sheet *s, const struct answer *a)
{
	put_contents(s, a);
	html_open_class(&s->h, "div", "sections");
	port_claimed(s, a);
	port_known(s, a);
	port_live(s, a);
	port_rules(s, a);
	port_bind(s, a);
	port_history(s, a);
	port_neighbours(s, a->port);
	port_elsewhere(s, a->port);
	port_matters(s, a);
	port_sources(s, a);
	port_faces(s, a->port);
	html_close(&s->h, "div");
}

static const struct answer *ask(const struct page *p, uint16_t port)
{
	static const struct answer_options options = {.want_all_peers = false};

	return answer_port(p->from, port, &options, p->arena);
}

int page_port(const struct page *p, uint16_t port)
{
	const struct answer *a = ask(p, port);
	const char *name = a ? port_name(a) : NULL;
	struct sheet_head head = {.script = "port.js"};
	struct sheet s;

	if (!a)
		return -ENOMEM;
	if (!name)
		name = words_text(p->language, status_of(a));
	head.title = COMPOSE(p, WORD_PORT_TITLE, NUMBER("port", port), TEXT("name", name));
	head.description = describe_port(p, a);
	sheet_begin(&s, p, &head, SHEET_BUDGET);
	html_open_with(&s.h, "article", "class=\"port\"");
	put_top(&s, a, name, head.description);
	put_sections(&s, a);
	html_close(&s.h, "article");
	return sheet_end(&s);
}

int page_port_live(const struct page *p, uint16_t port)
{
	const struct answer *a = ask(p, port);
	struct sheet s;

	if (!a)
		return -ENOMEM;
	sheet_begin_part(&s, p, SHEET_BUDGET);
	put_strip(&s, a);
	port_live(&s, a);
	port_bind(&s, a);
	return sheet_end_part(&s);
}
