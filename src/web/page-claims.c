/* One's own claims: the list, what wants the same, who is there instead; a form to stake one. */
#include "web/page-list.h"
#include "web/page-port.h"

#include "ledger/claims.h"
#include "ledger/collisions.h"

#include <errno.h>
#include <string.h>

enum { CLAIMS_BYTES_MOST = 24 * 1024, CONFLICTS_BYTES_MOST = 9 * 1024 };

/* Something that is not as it was claimed: two claims, or somebody who listens. */
struct conflict {
	const struct claim *claim, *with;
	const struct answer_listener *listener;
};

/* What of the page is long. */
struct view {
	struct sheet s;
	struct page_wish wish;
	struct list_of claims, conflicts;
	struct list claims_list, conflicts_list;
};

/* Claims that hold today, in their order. */
static const struct claim **list_holding(const struct page *p, size_t *n)
{
	const struct claims *all = p->from->claims;
	const size_t most = all ? all->n : 0;
	const struct claim **out = arena_calloc(p->arena, most, sizeof(*out));

	*n = 0;
	for (size_t i = 0; out && i < most; i++) {
		if (claim_state(&all->items[i], p->from->today) != CLAIM_EXPIRED)
			out[(*n)++] = &all->items[i];
	}
	return out;
}

static void put_claim_name(struct sheet *s, const struct claim *c)
{
	struct html *h = &s->h;

	html_open(h, "b");
	sheet_name(s, c->name);
	html_close(h, "b");
	html_char(h, ' ');
	sheet_open_port(s, c->first);
	sheet_span(s, (struct live_span){c->first, c->last});
	sheet_close_port(s, c->first);
	html_markup(h, " (");
	sheet_name(s, c->source);
	html_char(h, ')');
}

/* The same program on the same port, at another address. */
static bool is_told(const struct answer_here *here, size_t i)
{
	const struct answer_listener *l = &here->listeners[i];
	const struct answer_owner *o = answer_main_owner(l);

	for (size_t k = i; k > 0 && here->listeners[k - 1].port == l->port; k--) {
		const struct answer_owner *other = answer_main_owner(&here->listeners[k - 1]);

		if (here->listeners[k - 1].judged.word == VERDICT_CONFLICT && o && other &&
		    o->pid == other->pid)
			return true;
	}
	return false;
}

static void put_conflict(struct sheet *s, const void *context, size_t i)
{
	const struct conflict *c = (const struct conflict *)context + i;
	const struct answer_owner *o = c->listener ? answer_main_owner(c->listener) : NULL;
	struct html *h = &s->h;

	s->h.budget = 2 * (size_t)LIST_CELL_MOST;
	html_open(h, "li");
	if (c->claim) {
		put_claim_name(s, c->claim);
		html_char(h, ' ');
		sheet_say(s, WORD_COLLIDES_WITH);
		html_char(h, ' ');
		put_claim_name(s, c->with);
	} else if (c->listener) {
		sheet_port(s, c->listener->port);
		html_char(h, ' ');
		SAY(s, WORD_INTRUDER,
		    STRONG("name", c->listener->n_names > 0 ? c->listener->names[0].name : "?"),
		    STRONG("who", o && o->label ? o->label : sheet_word(s, WORD_SOMEBODY)));
	}
	html_close(h, "li");
}

/* All conflicts: first claims that want the same, then who listens where somebody else is claimed.
 * NULL when out of memory. */
static const struct conflict *list_conflicts(const struct page *p, size_t *n)
{
	const struct answer_here *here = answer_here(p->from, p->arena);
	size_t n_claims;
	const struct claim **claims = list_holding(p, &n_claims);
	const int32_t *with = claims ? collisions_find(claims, n_claims, p->arena) : NULL;
	struct conflict *out = !here || !with ? NULL
			       : arena_calloc(p->arena, n_claims + here->n_listeners + 1,
					      sizeof(*out));

	*n = 0;
	for (size_t i = 0; out && i < n_claims; i++) {
		if (with[i] != COLLISIONS_NONE)
			out[(*n)++] = (struct conflict){claims[i], claims[with[i]], NULL};
	}
	for (size_t i = 0; out && i < here->n_listeners; i++) {
		const struct answer_listener *l = &here->listeners[i];

		if (l->verdict && l->judged.word == VERDICT_CONFLICT && !is_told(here, i))
			out[(*n)++].listener = l;
	}
	return out;
}

static void put_claim(struct sheet *s, const void *context, size_t i)
{
	const struct answer_claim *c = (const struct answer_claim *)context + i;
	struct html *h = &s->h;

	s->h.budget = LIST_CELL_MOST;
	html_open(h, "tr");
	html_open_with(h, "th", "scope=\"row\"");
	sheet_open_port(s, c->ports.first);
	sheet_span(s, c->ports);
	sheet_close_port(s, c->ports.first);
	for (const char *const *p = c->protocols; *p; p++) {
		html_char(h, ' ');
		html_open_class(h, "span", "protocol");
		html_words(h, *p);
		html_close(h, "span");
	}
	html_close(h, "th");
	list_cell(s);
	html_open(h, "b");
	sheet_name(s, c->name);
	html_close(h, "b");
	if (strcmp(c->state, "active") != 0) {
		html_char(h, ' ');
		html_open_class(h, "span", "tag");
		sheet_say(s, strcmp(c->state, "expired") == 0 ? WORD_CLAIM_EXPIRED
							      : WORD_CLAIM_RETIRED);
		html_close(h, "span");
	}
	html_close(h, "td");
	list_cell(s);
	sheet_name(s, c->owner);
	html_close(h, "td");
	list_cell(s);
	if (c->until)
		sheet_date(s, c->until);
	html_close(h, "td");
	list_cell(s);
	sheet_name(s, c->reason);
	html_close(h, "td");
	list_cell(s);
	sheet_name(s, c->source);
	html_close(h, "td");
	html_close(h, "tr");
}

/* The same words stay, on whichever page. */
static const char *query_of(const struct view *v, bool has_page, bool has_conflicts)
{
	struct str query = {0};
	const char *kept;

	if (*v->wish.words) {
		char *words = arena_strndup(v->s.p->arena, v->wish.words, LIST_WORDS_MOST);

		str_append(&query, "q=");
		html_append_percent(&query, words ? words : "");
		str_append_char(&query, '&');
	}
	if (has_page && v->claims_list.page > 1)
		str_printf(&query, "page=%u&", v->claims_list.page);
	if (has_conflicts && v->conflicts_list.page > 1)
		str_printf(&query, "conflicts=%u&", v->conflicts_list.page);
	kept = arena_strdup(v->s.p->arena, str_text(&query));
	str_fini(&query);
	return kept ? kept : "";
}

/* A short list needs none. */
static void put_filter(struct view *v)
{
	struct sheet *s = &v->s;
	struct html *h = &s->h;

	if (!*v->wish.words && v->claims_list.last == v->claims_list.n)
		return;
	html_open_with(h, "form", "class=\"filter\" method=\"get\"");
	html_url(h, "action", sheet_url(s->p, "claims"));
	html_open_with(h, "label", "for=\"claims-filter\"");
	sheet_say(s, WORD_FILTER);
	html_close(h, "label");
	html_open_with(h, "input", "type=\"search\" id=\"claims-filter\" name=\"q\""
				   " maxlength=\"100\"");
	html_attribute(h, "value", v->wish.words);
	html_open_with(h, "button", "type=\"submit\"");
	sheet_say(s, WORD_FILTER_DO);
	html_close(h, "button");
	html_open(h, "span");
	list_say(s, &v->claims_list);
	html_close(h, "span");
	html_close(h, "form");
}

static void put_list(struct view *v)
{
	static const enum word heads[] = {WORD_HEAD_PORT, WORD_HEAD_NAME, WORD_HEAD_OWNER,
					  WORD_HEAD_UNTIL, WORD_HEAD_REASON, WORD_HEAD_SOURCE};
	struct sheet *s = &v->s;
	struct html *h = &s->h;

	put_filter(v);
	html_open_with(h, "div", "class=\"scroll\" role=\"region\" tabindex=\"0\""
				 " aria-labelledby=\"claims-caption\"");
	html_open_class(h, "table", "list");
	html_open_with(h, "caption", "id=\"claims-caption\" class=\"unseen\"");
	sheet_say(s, WORD_CLAIMS_TITLE);
	html_close(h, "caption");
	sheet_heads(s, heads, N_ELEMENTS(heads));
	html_open(h, "tbody");
	list_put(s, &v->claims, &v->claims_list);
	html_close(h, "tbody");
	html_close(h, "table");
	html_close(h, "div");
	list_links(s, &v->claims_list, "claims-pages", "claims", query_of(v, false, true),
		   "page");
}

/* A field of the form: `input` is a literal. */
#define PUT_FIELD(s, id, label, input)                                                             \
	do {                                                                                       \
		html_open_class(&(s)->h, "p", "field");                                            \
		html_open_with(&(s)->h, "label", "for=\"" id "\"");                                \
		sheet_say((s), (label));                                                           \
		html_close(&(s)->h, "label");                                                      \
		html_open_with(&(s)->h, "input", "id=\"" id "\" name=\"" id "\" " input);          \
		html_close(&(s)->h, "p");                                                          \
	} while (0)

static void put_form(struct sheet *s)
{
	struct html *h = &s->h;

	html_open_with(h, "section", "id=\"stake\" aria-labelledby=\"stake-h\"");
	html_open_with(h, "h2", "id=\"stake-h\"");
	sheet_say(s, WORD_STAKE_TITLE);
	html_close(h, "h2");
	if (!s->p->may_change) {
		SHEET_IN(s, "p", WORD_STAKE_TOKEN);
		html_close(h, "section");
		return;
	}
	html_open_with(h, "form", "class=\"stake\" method=\"post\"");
	html_url(h, "action", sheet_url(s->p, "claims"));
	PUT_FIELD(s, "name", WORD_HEAD_NAME,
		  "type=\"text\" required maxlength=\"63\" pattern=\"[A-Za-z0-9\\-]+\"");
	PUT_FIELD(s, "ports", WORD_STAKE_PORTS,
		  "type=\"text\" required maxlength=\"63\" placeholder=\"8080/tcp\"");
	PUT_FIELD(s, "owner", WORD_HEAD_OWNER, "type=\"text\" maxlength=\"200\"");
	PUT_FIELD(s, "program", WORD_FACT_PROGRAM, "type=\"text\" maxlength=\"200\"");
	PUT_FIELD(s, "until", WORD_HEAD_UNTIL, "type=\"date\"");
	PUT_FIELD(s, "reason", WORD_HEAD_REASON, "type=\"text\" maxlength=\"200\"");
	html_open_with(h, "button", "type=\"submit\"");
	sheet_say(s, WORD_STAKE_DO);
	html_close(h, "button");
	html_close(h, "form");
	html_close(h, "section");
}

static void put_conflicts(struct view *v)
{
	struct sheet *s = &v->s;

	html_open_with(&s->h, "h2", "id=\"conflicts\"");
	sheet_say(s, WORD_CONFLICTS_TITLE);
	html_close(&s->h, "h2");
	html_open_class(&s->h, "ul", "plain");
	list_put(s, &v->conflicts, &v->conflicts_list);
	if (v->conflicts.n == 0)
		SHEET_IN(s, "li", WORD_CONFLICTS_NONE);
	html_close(&s->h, "ul");
	list_links(s, &v->conflicts_list, "conflicts-pages", "claims", query_of(v, true, false),
		   "conflicts");
}

static int view_init(struct view *v, const struct page *p, const struct claims *all)
{
	const struct page_wish nothing = {.page = 1, .conflicts = 1};
	const struct answer_claim *claims = answer_claims(all, p->from->today, p->arena);
	const struct conflict *conflicts;
	size_t n_conflicts;
	int r;

	v->wish = p->wish ? *p->wish : nothing;
	v->wish.words = sheet_typed(p, v->wish.words);
	conflicts = claims ? list_conflicts(p, &n_conflicts) : NULL;
	if (!conflicts)
		return -ENOMEM;
	v->claims = (struct list_of){.row = put_claim, .context = claims, .n = all->n,
				     .words = v->wish.words, .column = -1, .page = v->wish.page,
				     .most_bytes = CLAIMS_BYTES_MOST};
	v->conflicts = (struct list_of){.row = put_conflict, .context = conflicts,
					.n = n_conflicts, .column = -1,
					.page = v->wish.conflicts,
					.most_bytes = CONFLICTS_BYTES_MOST};
	r = list_find(p, &v->claims, &v->claims_list);
	return r < 0 ? r : list_find(p, &v->conflicts, &v->conflicts_list);
}

int page_claims(const struct page *p)
{
	static const struct claims nothing;
	const struct claims *all = p->from->claims ? p->from->claims : &nothing;
	struct sheet_head head = {.place = SHEET_CLAIMS, .is_wide = true};
	struct view v = {.s = {.p = p}};
	int r = view_init(&v, p, all);

	if (r < 0)
		return r;
	head.title = words_text(p->language, WORD_CLAIMS_TITLE);
	head.description = words_text(p->language, WORD_CLAIMS_LINE);
	head.query = query_of(&v, true, true);
	sheet_begin(&v.s, p, &head, SHEET_BUDGET);
	SHEET_IN(&v.s, "h1", WORD_CLAIMS_TITLE);
	html_open_class(&v.s.h, "p", "line");
	sheet_say(&v.s, WORD_CLAIMS_LINE);
	html_close(&v.s.h, "p");
	if (all->n > 0) {
		put_list(&v);
		put_conflicts(&v);
	} else {
		SHEET_IN(&v.s, "p", WORD_CLAIMS_NONE);
	}
	put_form(&v.s);
	sheet_gaps(&v.s, p->from->claim_gaps, p->from->n_claim_gaps, NULL);
	return sheet_end(&v.s);
}
