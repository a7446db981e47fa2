/* Every listener of this machine beside its claim. */
#include "web/page-port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MOST_ROWS = 4000 };

static void put_owner(struct sheet *s, const struct answer_listener *l)
{
	const struct answer_owner *o = answer_main_owner(l);
	struct html *h = &s->h;

	html_open(h, "td");
	if (!o) {
		html_open_class(h, "span", "faint");
		sheet_say(s, s->p->sight == PAGE_SIGHT_FULL ? WORD_OWNER_UNSEEN
							    : WORD_OWNER_HIDDEN);
		html_close(h, "span");
	} else {
		html_open(h, "b");
		sheet_name(s, o->label ? o->label : "?");
		html_close(h, "b");
		if (l->n_owners > 1) {
			html_words(h, " +");
			html_number(h, (long long)l->n_owners - 1);
		}
		if (o->pid >= 0) {
			html_char(h, ' ');
			html_open_class(h, "span", "bit");
			SAY(s, WORD_PID, NUMBER("pid", o->pid));
			html_close(h, "span");
		}
	}
	html_close(h, "td");
}

static void put_user(struct sheet *s, const struct answer_listener *l)
{
	const struct answer_owner *o = answer_main_owner(l);
	const char *user = o && o->user ? o->user : l->user;
	const answer_number uid = o && o->uid >= 0 ? o->uid : l->uid;

	html_open(&s->h, "td");
	if (user)
		sheet_name(s, user);
	else if (uid >= 0)
		html_number(&s->h, uid);
	html_close(&s->h, "td");
}

/* Where it belongs: its container, else its unit; foreign namespaces by name. */
static void put_place(struct sheet *s, const struct answer_listener *l)
{
	const struct answer_owner *o = answer_main_owner(l);
	const char *container = o && o->container ? o->container : l->container;
	const char *unit = o && o->unit && !l->activates ? o->unit : l->unit;

	html_open(&s->h, "td");
	if (!l->is_here)
		SAY(s, WORD_IN_NAMESPACE, TEXT("name", l->ns.name));
	else if (container)
		SAY(s, WORD_OF_CONTAINER, TEXT("container", container));
	else if (o && strcmp(o->method, "kernel") == 0)
		sheet_say(s, WORD_KERNEL_PLACE);
	else if (unit)
		sheet_name(s, unit);
	html_close(&s->h, "td");
}

static void put_names(struct sheet *s, const struct answer_listener *l)
{
	struct html *h = &s->h;

	html_open(h, "td");
	for (size_t i = 0; i < MIN_OF(l->n_names, (size_t)4); i++) {
		if (i > 0)
			html_markup(h, ", ");
		if (strcmp(l->names[i].source, "claim") == 0)
			html_open_class(h, "b", "own");
		else
			html_open(h, "span");
		sheet_name(s, l->names[i].name);
		if (strcmp(l->names[i].source, "claim") == 0)
			html_close(h, "b");
		else
			html_close(h, "span");
	}
	html_close(h, "td");
}

static void begin_row(struct sheet *s, uint16_t port, const char *protocol, const char *key,
		      const char *verdict, const char *exposure)
{
	struct html *h = &s->h;

	html_open(h, "tr");
	html_attribute(h, "data-key", key);
	html_attribute_words(h, "data-verdict", verdict ? verdict : "");
	html_attribute_words(h, "data-exposure", exposure);
	html_open_with(h, "th", "scope=\"row\"");
	sheet_port(s, port);
	html_char(h, ' ');
	html_open_class(h, "span", "protocol");
	html_words(h, protocol);
	html_close(h, "span");
	html_close(h, "th");
}

static void put_listener(struct sheet *s, const struct answer_listener *l)
{
	struct html *h = &s->h;

	begin_row(s, l->port, l->protocol, l->cookie ? l->cookie : l->address, l->verdict,
		  l->exposure);
	html_open(h, "td");
	if (l->verdict)
		sheet_verdict(s, l->judged.word);
	html_close(h, "td");
	put_names(s, l);
	put_owner(s, l);
	put_user(s, l);
	html_open(h, "td");
	port_address(s, l);
	html_char(h, ' ');
	port_exposure(s, l);
	html_char(h, ' ');
	port_backlog(s, l);
	html_close(h, "td");
	put_place(s, l);
	html_close(h, "tr");
}

static void put_published(struct sheet *s, const struct answer_published *p)
{
	struct html *h = &s->h;

	begin_row(s, p->port, p->protocol, NULL, verdict_word_name(p->judged.word),
		  p->is_loopback ? "loopback" : "all");
	html_open(h, "td");
	sheet_verdict(s, p->judged.word);
	html_close(h, "td");
	SHEET_IN(s, "td", WORD_PUBLISHED);
	html_open(h, "td");
	if (p->n_owners > 0 && p->owners[0].label) {
		html_open(h, "b");
		sheet_name(s, p->owners[0].label);
		html_close(h, "b");
	}
	html_close(h, "td");
	html_open(h, "td");
	html_close(h, "td");
	html_open_with(h, "td", "colspan=\"2\"");
	port_published(s, p);
	html_close(h, "td");
	html_close(h, "tr");
}

static void put_rows(struct sheet *s, const struct answer_here *here)
{
	struct html *h = &s->h;
	size_t n = 0, k = 0;

	html_open_with(h, "tbody", "id=\"here-rows\"");
	for (size_t i = 0; i < here->n_listeners && n < MOST_ROWS; i++) {
		const struct answer_listener *l = &here->listeners[i];

		for (; k < here->n_published && here->published[k].port <= l->port; k++)
			put_published(s, &here->published[k]);
		if (strcmp(l->role, "maybe-client") == 0)
			continue;
		put_listener(s, l);
		n++;
	}
	for (; k < here->n_published && n < MOST_ROWS; k++, n++)
		put_published(s, &here->published[k]);
	html_close(h, "tbody");
}

static size_t count_exposed(const struct answer_here *here)
{
	size_t n = 0;

	for (size_t i = 0; i < here->n_listeners; i++) {
		const struct answer_listener *l = &here->listeners[i];

		n += l->is_here && strcmp(l->role, "listener") == 0 &&
		     strcmp(l->exposure, "loopback") != 0;
	}
	return n;
}

static size_t count_full(const struct answer_here *here)
{
	size_t n = 0;

	for (size_t i = 0; i < here->n_listeners; i++)
		n += answer_is_queue_full(&here->listeners[i]);
	return n;
}

/* What is to be known before the table is read. */
static void put_summary(struct sheet *s, const struct answer_here *here)
{
	const long long n = (long long)(here->n_listeners - here->n_maybe_clients);
	const long long exposed = (long long)count_exposed(here);
	const long long full = (long long)count_full(here);
	struct html *h = &s->h;

	html_open_with(h, "p", "id=\"here-summary\" class=\"line\" role=\"status\"");
	SAY_MANY(s, WORD_HERE_COUNT, n, NUMBER("n", n));
	html_char(h, ' ');
	SAY_MANY(s, WORD_HERE_EXPOSED, exposed, NUMBER("n", exposed));
	if (full > 0) {
		html_char(h, ' ');
		html_open_class(h, "strong", "full");
		SAY_MANY(s, WORD_HERE_FULL, full, NUMBER("n", full));
		html_close(h, "strong");
	}
	if (here->n_maybe_clients > 0) {
		const long long hidden = (long long)here->n_maybe_clients;

		html_char(h, ' ');
		SAY_MANY(s, WORD_HERE_HIDDEN, hidden, NUMBER("n", hidden));
	}
	html_close(h, "p");
}

/* Apart from what was seen, which may be the same a moment later. */
static void put_when(struct sheet *s, const struct answer_here *here)
{
	html_open_with(&s->h, "p", "id=\"here-seen\" class=\"checked\"");
	sheet_say(s, WORD_LOOKED_AT);
	html_char(&s->h, ' ');
	sheet_time(s, here->checked.at);
	html_close(&s->h, "p");
}

/* Shown by the script that filters; without it the table is whole. */
static void put_tools(struct sheet *s)
{
	struct html *h = &s->h;

	html_open_with(h, "div", "id=\"here-tools\" class=\"filter\" hidden");
	html_open_with(h, "label", "for=\"here-filter\"");
	sheet_say(s, WORD_FILTER);
	html_close(h, "label");
	html_open_with(h, "input", "type=\"search\" id=\"here-filter\" autocomplete=\"off\"");
	html_attribute_words(h, "placeholder", sheet_word(s, WORD_FILTER_HINT));
	html_markup(h, "<span id=\"here-shown\" role=\"status\"></span>");
	html_close(h, "div");
}

static void put_heads(struct sheet *s)
{
	struct html *h = &s->h;

	html_open(h, "thead");
	html_open(h, "tr");
	html_open_with(h, "th", "scope=\"col\" data-sort=\"number\" aria-sort=\"ascending\"");
	sheet_say(s, WORD_HEAD_PORT);
	html_close(h, "th");
	for (size_t i = 0; i < 6; i++) {
		static const enum word heads[] = {WORD_HEAD_VERDICT, WORD_HEAD_CLAIMED,
						  WORD_HEAD_PROGRAM, WORD_HEAD_USER,
						  WORD_HEAD_REACH, WORD_HEAD_PLACE};

		html_open_with(h, "th", "scope=\"col\" data-sort=\"text\"");
		sheet_say(s, heads[i]);
		html_close(h, "th");
	}
	html_close(h, "tr");
	html_close(h, "thead");
}

/* The table, and where a script has its rows again. */
static void put_table(struct sheet *s, const struct answer_here *here)
{
	struct html *h = &s->h;
	char url[48];

	snprintf(url, sizeof(url), "%shere/rows", s->root);
	html_open_with(h, "div", "id=\"here\"");
	html_attribute_words(h, "data-rows", url);
	html_attribute_words(h, "data-events", "/events");
	html_attribute_words(h, "data-shown", sheet_word(s, WORD_FILTER_SHOWN));
	put_tools(s);
	html_open_with(h, "div", "class=\"scroll\" role=\"region\" tabindex=\"0\""
				 " aria-labelledby=\"here-caption\"");
	html_open_with(h, "table", "id=\"here-table\" class=\"list here\"");
	html_open_with(h, "caption", "id=\"here-caption\" class=\"unseen\"");
	sheet_say(s, WORD_HERE_CAPTION);
	html_close(h, "caption");
	put_heads(s);
	put_rows(s, here);
	html_close(h, "table");
	html_close(h, "div");
	html_close(h, "div");
}

int page_here(const struct page *p)
{
	const struct answer_here *here = answer_here(p->from, p->arena);
	struct sheet_head head = {.script = "here.js", .place = SHEET_HERE, .is_wide = true};
	struct sheet s;

	if (!here)
		return -ENOMEM;
	head.title = words_text(p->language, WORD_HERE_TITLE);
	head.description = words_text(p->language, WORD_HERE_DESCRIPTION);
	sheet_begin(&s, p, &head, SHEET_BUDGET_LIST);
	SHEET_IN(&s, "h1", WORD_HERE_TITLE);
	if (!p->from->live->could_look)
		SHEET_IN(&s, "p", WORD_COULD_NOT_LOOK);
	put_summary(&s, here);
	put_table(&s, here);
	put_when(&s, here);
	sheet_gaps(&s, here->gaps, here->n_gaps);
	return sheet_end(&s);
}

int page_here_rows(const struct page *p)
{
	const struct answer_here *here = answer_here(p->from, p->arena);
	struct sheet s;

	if (!here)
		return -ENOMEM;
	sheet_begin_part(&s, p, SHEET_BUDGET_LIST);
	/* First: behind anything else a parser of HTML takes no <tbody> without its table. */
	put_rows(&s, here);
	put_summary(&s, here);
	put_when(&s, here);
	return sheet_end_part(&s);
}
