/* Every listener of this machine beside its claim. */
#include "web/page-list.h"
#include "web/page-port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { N_COLUMNS = 7 };

/* The columns, as addresses name them. */
static const struct {
	const char *name;
	enum word head;
} columns[N_COLUMNS] = {
	{"port", WORD_HEAD_PORT},       {"verdict", WORD_HEAD_VERDICT},
	{"claimed", WORD_HEAD_CLAIMED}, {"program", WORD_HEAD_PROGRAM},
	{"user", WORD_HEAD_USER},       {"reach", WORD_HEAD_REACH},
	{"place", WORD_HEAD_PLACE},
};

/* A row: one of both. */
struct row {
	const struct answer_listener *listener;
	const struct answer_published *published;
};

/* The table while it is made. */
struct view {
	struct sheet s;
	const struct answer_here *here;
	struct page_wish wish;
	const struct row *rows;
	struct list_of of;
	struct list list;
};

static void put_owner(struct sheet *s, const struct answer_listener *l)
{
	const struct answer_owner *o = answer_main_owner(l);
	struct html *h = &s->h;

	list_cell(s);
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

	list_cell(s);
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

	list_cell(s);
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

	list_cell(s);
	for (size_t i = 0; i < MIN_OF(l->n_names, (size_t)4); i++) {
		const bool is_own = strcmp(l->names[i].source, "claim") == 0;

		if (i > 0)
			html_markup(h, ", ");
		if (is_own)
			html_open_class(h, "b", "own");
		sheet_name(s, l->names[i].name);
		if (is_own)
			html_close(h, "b");
	}
	html_close(h, "td");
}

static void begin_row(struct sheet *s, uint16_t port, const char *protocol, const char *key)
{
	struct html *h = &s->h;

	s->h.budget = LIST_CELL_MOST;
	html_open(h, "tr");
	html_attribute(h, "data-key", key);
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

	begin_row(s, l->port, l->protocol, l->cookie ? l->cookie : l->address);
	list_cell(s);
	if (l->verdict)
		sheet_verdict(s, l->judged.word);
	html_close(h, "td");
	put_names(s, l);
	put_owner(s, l);
	put_user(s, l);
	list_cell(s);
	port_address(s, l);
	html_char(h, ' ');
	port_exposure(s, l);
	if (l->backlog && l->backlog->queued > 0)
		html_char(h, ' ');
	port_backlog(s, l);
	html_close(h, "td");
	put_place(s, l);
	html_close(h, "tr");
}

static void put_published(struct sheet *s, const struct answer_published *p)
{
	struct html *h = &s->h;

	begin_row(s, p->port, p->protocol, NULL);
	list_cell(s);
	sheet_verdict(s, p->judged.word);
	html_close(h, "td");
	SHEET_IN(s, "td", WORD_PUBLISHED);
	list_cell(s);
	if (p->n_owners > 0 && p->owners[0].label) {
		html_open(h, "b");
		sheet_name(s, p->owners[0].label);
		html_close(h, "b");
	}
	html_close(h, "td");
	html_markup(h, "<td></td>");
	html_open_with(h, "td", "colspan=\"2\"");
	s->h.budget = 2 * (size_t)LIST_CELL_MOST;
	port_published(s, p);
	html_close(h, "td");
	html_close(h, "tr");
}

static void put_row(struct sheet *s, const void *context, size_t i)
{
	const struct row *row = (const struct row *)context + i;

	if (row->listener)
		put_listener(s, row->listener);
	else
		put_published(s, row->published);
}

/* What is in the table, in the order of ports; NULL when out of memory. */
static const struct row *list_rows(const struct view *v, struct arena *arena, size_t *n)
{
	const struct answer_here *here = v->here;
	struct row *rows = arena_calloc(arena, here->n_listeners + here->n_published + 1,
					sizeof(*rows));
	size_t k = 0;

	*n = 0;
	for (size_t i = 0; rows && i <= here->n_listeners; i++) {
		const struct answer_listener *l =
			i < here->n_listeners ? &here->listeners[i] : NULL;

		for (; k < here->n_published && (!l || here->published[k].port <= l->port); k++) {
			if (!v->wish.has_port || here->published[k].port == v->wish.port)
				rows[(*n)++].published = &here->published[k];
		}
		if (l && strcmp(l->role, "maybe-client") != 0 &&
		    (!v->wish.has_port || l->port == v->wish.port))
			rows[(*n)++].listener = l;
	}
	return rows;
}

/* By which column; as rows come they are in the order of ports. */
static int find_column(const char *name)
{
	if (!name)
		return 0;
	name += *name == '-';
	for (int i = 0; i < N_COLUMNS; i++) {
		if (strcmp(name, columns[i].name) == 0)
			return i;
	}
	return 0;
}

static int view_init(struct view *v, const struct page *p)
{
	const struct page_wish nothing = {.page = 1};
	size_t n;

	v->here = answer_here(p->from, p->arena);
	v->wish = p->wish ? *p->wish : nothing;
	v->wish.words = sheet_typed(p, v->wish.words);
	v->rows = v->here ? list_rows(v, p->arena, &n) : NULL;
	if (!v->rows)
		return -ENOMEM;
	v->of = (struct list_of){.row = put_row, .context = v->rows, .n = n,
				 .words = v->wish.words, .page = v->wish.page,
				 .column = find_column(v->wish.sort)};
	v->of.is_down = v->wish.sort && *v->wish.sort == '-';
	if (v->of.column == 0 && !v->of.is_down)
		v->of.column = -1;
	return list_find(p, &v->of, &v->list);
}

/* Everything but the page in the address of this table, sorted by `column`, for list_links(). */
static const char *query_by(const struct view *v, int column, bool is_down)
{
	const struct page *p = v->s.p;
	struct str query = {0};
	const char *kept;

	if (*v->wish.words) {
		char *words = arena_strndup(p->arena, v->wish.words, LIST_WORDS_MOST);

		str_append(&query, "q=");
		html_append_percent(&query, words ? words : "");
		str_append_char(&query, '&');
	}
	if (column > 0 || is_down)
		str_printf(&query, "sort=%s%s&", is_down ? "-" : "", columns[column].name);
	if (v->wish.has_port)
		str_printf(&query, "port=%u&", v->wish.port);
	kept = arena_strdup(p->arena, str_text(&query));
	str_fini(&query);
	return kept ? kept : "";
}

static const char *query_of(const struct view *v)
{
	return query_by(v, v->of.column < 0 ? 0 : v->of.column, v->of.is_down);
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

/* Which rows these are of how many; said anew when that changes. */
static void put_shown(struct view *v)
{
	html_open_with(&v->s.h, "span", "id=\"here-shown\" role=\"status\"");
	list_say(&v->s, &v->list);
	html_close(&v->s.h, "span");
}

/* The server filters and sorts; a script asks it while somebody types. */
static void put_tools(struct view *v)
{
	struct sheet *s = &v->s;
	struct html *h = &s->h;

	html_open_with(h, "form", "id=\"here-tools\" class=\"filter\" method=\"get\"");
	html_url(h, "action", sheet_url(s->p, "here"));
	html_open_with(h, "label", "for=\"here-filter\"");
	sheet_say(s, WORD_FILTER);
	html_close(h, "label");
	html_open_with(h, "input", "type=\"search\" id=\"here-filter\" name=\"q\""
				   " autocomplete=\"off\" maxlength=\"100\"");
	if (*v->wish.words)
		html_attribute(h, "value", v->wish.words);
	html_attribute_words(h, "placeholder", sheet_word(s, WORD_FILTER_HINT));
	if (v->of.column >= 0) {
		html_open_with(h, "input", "type=\"hidden\" name=\"sort\"");
		html_attribute(h, "value", v->wish.sort);
	}
	if (v->wish.has_port) {
		html_open_with(h, "input", "type=\"hidden\" name=\"port\"");
		html_attribute_number(h, "value", v->wish.port);
	}
	html_open_with(h, "button", "type=\"submit\"");
	sheet_say(s, WORD_FILTER_DO);
	html_close(h, "button");
	put_shown(v);
	html_close(h, "form");
}

/* Each leads to the same rows in its order; the one in use to the other way round. */
static void put_head(struct view *v, int column)
{
	const bool is_this = column == (v->of.column < 0 ? 0 : v->of.column);
	const char *query = query_by(v, column, is_this && !v->of.is_down);
	char id[24];
	struct html *h = &v->s.h;

	snprintf(id, sizeof(id), "sort-%s", columns[column].name);
	html_open_with(h, "th", "scope=\"col\"");
	html_attribute_words(h, "data-sort", columns[column].name);
	if (is_this)
		html_attribute_words(h, "aria-sort", v->of.is_down ? "descending" : "ascending");
	html_open_with(h, "a", "class=\"sort\"");
	html_attribute_words(h, "id", id);
	html_url(h, "href", list_url(v->s.p, "here", query, "page", 1));
	sheet_say(&v->s, columns[column].head);
	html_close(h, "a");
	html_close(h, "th");
}

static void put_heads(struct view *v)
{
	struct html *h = &v->s.h;

	html_open_with(h, "thead", "id=\"here-heads\"");
	html_open(h, "tr");
	for (int i = 0; i < N_COLUMNS; i++)
		put_head(v, i);
	html_close(h, "tr");
	html_close(h, "thead");
}

static void put_rows(struct view *v)
{
	html_open_with(&v->s.h, "tbody", "id=\"here-rows\"");
	list_put(&v->s, &v->of, &v->list);
	html_close(&v->s.h, "tbody");
}

static void put_links(struct view *v)
{
	list_links(&v->s, &v->list, "here-pages", "here", query_of(v), "page");
}

/* The table, and where a script has its rows again. */
static void put_table(struct view *v)
{
	struct sheet *s = &v->s;
	struct html *h = &s->h;
	const char *url = list_url(s->p, "here/rows", query_of(v), "page", v->list.page);

	html_open_with(h, "div", "id=\"here\"");
	html_attribute_words(h, "data-rows", url);
	html_attribute_words(h, "data-events", "/events");
	put_tools(v);
	html_open_with(h, "div", "class=\"scroll\" role=\"region\" tabindex=\"0\""
				 " aria-labelledby=\"here-caption\"");
	html_open_with(h, "table", "id=\"here-table\" class=\"list here\"");
	html_open_with(h, "caption", "id=\"here-caption\" class=\"unseen\"");
	sheet_say(s, WORD_HERE_CAPTION);
	html_close(h, "caption");
	put_heads(v);
	put_rows(v);
	html_close(h, "table");
	html_close(h, "div");
	put_links(v);
	html_close(h, "div");
}

/* Of one port: whose, and the way back. */
static void put_only(struct view *v)
{
	struct sheet *s = &v->s;

	if (!v->wish.has_port)
		return;
	html_open(&s->h, "p");
	SAY(s, WORD_HERE_ONLY, PORT("port", v->wish.port),
	    LINK("all", sheet_word(s, WORD_HERE_ALL), sheet_url(s->p, "here")));
	html_close(&s->h, "p");
}

int page_here(const struct page *p)
{
	struct sheet_head head = {.script = "here.js", .place = SHEET_HERE, .is_wide = true};
	struct view v = {.s = {.p = p}};
	int r = view_init(&v, p);

	if (r < 0)
		return r;
	head.title = words_text(p->language, WORD_HERE_TITLE);
	head.description = words_text(p->language, WORD_HERE_DESCRIPTION);
	head.query = query_of(&v);
	sheet_begin(&v.s, p, &head, SHEET_BUDGET);
	SHEET_IN(&v.s, "h1", WORD_HERE_TITLE);
	if (!p->from->live->could_look)
		SHEET_IN(&v.s, "p", WORD_COULD_NOT_LOOK);
	put_summary(&v.s, v.here);
	put_only(&v);
	put_table(&v);
	put_when(&v.s, v.here);
	sheet_gaps(&v.s, v.here->gaps, v.here->n_gaps, "/api/v1/here");
	return sheet_end(&v.s);
}

int page_here_rows(const struct page *p)
{
	struct view v = {.s = {.p = p}};
	int r = view_init(&v, p);

	if (r < 0)
		return r;
	sheet_begin_part(&v.s, p, SHEET_BUDGET);
	/* First: behind anything else a parser of HTML takes no <thead> without its table. */
	put_heads(&v);
	put_rows(&v);
	put_links(&v);
	put_shown(&v);
	put_summary(&v.s, v.here);
	put_when(&v.s, v.here);
	return sheet_end_part(&v.s);
}
