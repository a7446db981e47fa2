/* One's own claims: the list, what wants the same, who is there instead; a form to stake one. */
#include "web/page-port.h"

#include "ledger/claims.h"
#include "ledger/collisions.h"

#include <errno.h>
#include <string.h>

enum { MOST_CLAIMS = 1000, MOST_CONFLICTS = 200 };

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
	html_close(h, "a");
	html_markup(h, " (");
	sheet_name(s, c->source);
	html_char(h, ')');
}

/* Claims that want the same. Returns how many. */
static size_t put_collisions(struct sheet *s, const struct claim *const *claims,
			     const int32_t *with, size_t n)
{
	struct html *h = &s->h;
	size_t n_told = 0;

	for (size_t i = 0; i < n && n_told < MOST_CONFLICTS; i++) {
		if (with[i] == COLLISIONS_NONE)
			continue;
		n_told++;
		html_open(h, "li");
		put_claim_name(s, claims[i]);
		html_char(h, ' ');
		sheet_say(s, WORD_COLLIDES_WITH);
		html_char(h, ' ');
		put_claim_name(s, claims[with[i]]);
		html_close(h, "li");
	}
	return n_told;
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

static size_t put_intruders(struct sheet *s, const struct answer_here *here)
{
	struct html *h = &s->h;
	size_t n = 0;

	for (size_t i = 0; i < here->n_listeners && n < MOST_CONFLICTS; i++) {
		const struct answer_listener *l = &here->listeners[i];
		const struct answer_owner *o = answer_main_owner(l);

		if (!l->verdict || l->judged.word != VERDICT_CONFLICT || is_told(here, i))
			continue;
		n++;
		html_open(h, "li");
		sheet_port(s, l->port);
		html_char(h, ' ');
		SAY(s, WORD_INTRUDER,
		    STRONG("name", l->n_names > 0 ? l->names[0].name : "?"),
		    STRONG("who", o && o->label ? o->label : sheet_word(s, WORD_SOMEBODY)));
		html_close(h, "li");
	}
	return n;
}

static void put_heads(struct sheet *s)
{
	static const enum word heads[] = {WORD_HEAD_PORT, WORD_HEAD_NAME, WORD_HEAD_OWNER,
					  WORD_HEAD_UNTIL, WORD_HEAD_REASON, WORD_HEAD_SOURCE};
	struct html *h = &s->h;

	html_open(h, "thead");
	html_open(h, "tr");
	for (size_t i = 0; i < N_ELEMENTS(heads); i++) {
		html_open_with(h, "th", "scope=\"col\"");
		sheet_say(s, heads[i]);
		html_close(h, "th");
	}
	html_close(h, "tr");
	html_close(h, "thead");
}

static void put_claim(struct sheet *s, const struct answer_claim *c)
{
	struct html *h = &s->h;

	html_open(h, "tr");
	html_open_with(h, "th", "scope=\"row\"");
	sheet_open_port(s, c->ports.first);
	sheet_span(s, c->ports);
	html_close(h, "a");
	for (const char *const *p = c->protocols; *p; p++) {
		html_char(h, ' ');
		html_open_class(h, "span", "protocol");
		html_words(h, *p);
		html_close(h, "span");
	}
	html_close(h, "th");
	html_open(h, "td");
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
	html_open(h, "td");
	sheet_name(s, c->owner);
	html_close(h, "td");
	html_open(h, "td");
	if (c->until)
		sheet_date(s, c->until);
	html_close(h, "td");
	html_open(h, "td");
	sheet_name(s, c->reason);
	html_close(h, "td");
	html_open(h, "td");
	sheet_name(s, c->source);
	html_close(h, "td");
	html_close(h, "tr");
}

static void put_list(struct sheet *s, const struct answer_claim *claims, size_t n)
{
	struct html *h = &s->h;

	html_open_with(h, "div", "class=\"scroll\" role=\"region\" tabindex=\"0\""
				 " aria-labelledby=\"claims-caption\"");
	html_open_class(h, "table", "list");
	html_open_with(h, "caption", "id=\"claims-caption\" class=\"unseen\"");
	sheet_say(s, WORD_CLAIMS_TITLE);
	html_close(h, "caption");
	put_heads(s);
	html_open(h, "tbody");
	for (size_t i = 0; i < MIN_OF(n, (size_t)MOST_CLAIMS); i++)
		put_claim(s, &claims[i]);
	html_close(h, "tbody");
	html_close(h, "table");
	html_close(h, "div");
	if (n > MOST_CLAIMS) {
		const long long rest = (long long)n - MOST_CLAIMS;

		html_open(h, "p");
		SAY_MANY(s, WORD_MORE, rest, NUMBER("n", rest));
		html_close(h, "p");
	}
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
	if (s->p->sight != PAGE_SIGHT_FULL) {
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

static int put_conflicts(struct sheet *s)
{
	const struct page *p = s->p;
	const struct answer_here *here = answer_here(p->from, p->arena);
	size_t n, n_told;
	const struct claim **claims = list_holding(p, &n);
	const int32_t *with = claims ? collisions_find(claims, n, p->arena) : NULL;
	struct html *h = &s->h;

	if (!here || !with)
		return -ENOMEM;
	SHEET_IN(s, "h2", WORD_CONFLICTS_TITLE);
	html_open_class(h, "ul", "plain");
	n_told = put_collisions(s, claims, with, n);
	n_told += put_intruders(s, here);
	if (n_told == 0)
		SHEET_IN(s, "li", WORD_CONFLICTS_NONE);
	html_close(h, "ul");
	return 0;
}

int page_claims(const struct page *p)
{
	static const struct claims nothing;
	const struct claims *all = p->from->claims ? p->from->claims : &nothing;
	struct sheet_head head = {.place = SHEET_CLAIMS, .is_wide = true};
	const struct answer_claim *claims = answer_claims(all, p->from->today, p->arena);
	struct sheet s;
	int r = 0;

	if (!claims)
		return -ENOMEM;
	head.title = words_text(p->language, WORD_CLAIMS_TITLE);
	head.description = words_text(p->language, WORD_CLAIMS_LINE);
	sheet_begin(&s, p, &head, SHEET_BUDGET_LIST);
	SHEET_IN(&s, "h1", WORD_CLAIMS_TITLE);
	html_open_class(&s.h, "p", "line");
	sheet_say(&s, WORD_CLAIMS_LINE);
	html_close(&s.h, "p");
	if (all->n > 0) {
		put_list(&s, claims, all->n);
		r = put_conflicts(&s);
	} else {
		SHEET_IN(&s, "p", WORD_CLAIMS_NONE);
	}
	put_form(&s);
	sheet_gaps(&s, p->from->claim_gaps, p->from->n_claim_gaps);
	return r < 0 ? r : sheet_end(&s);
}
