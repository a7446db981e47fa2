/* Pages that find: everything of one name, and what `berth find` finds. */
#include "web/page-list.h"
#include "web/page-port.h"

#include "ledger/claims.h"
#include "query/query.h"
#include "registry/known-uses.h"
#include "registry/search.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* The bytes of a claim that is shown whole; of a search, the words that count. */
enum { CLAIM_MOST = 2000, WORDS_MOST = 512, DESCRIPTION_MOST = 4000 };

static void begin_table(struct sheet *s, enum word caption, const enum word *heads, size_t n)
{
	struct html *h = &s->h;

	html_open_class(h, "table", "list");
	html_open_class(h, "caption", "unseen");
	sheet_say(s, caption);
	html_close(h, "caption");
	sheet_heads(s, heads, n);
	html_open(h, "tbody");
}

static void end_table(struct sheet *s)
{
	html_close(&s->h, "tbody");
	html_close(&s->h, "table");
}

/* Ports of a row as a link to the first of them. */
static void put_ports(struct sheet *s, struct live_span ports, const char *protocol)
{
	const uint16_t port = sheet_first_port(s->p, ports);
	struct html *h = &s->h;

	html_open_with(h, "th", "scope=\"row\"");
	sheet_open_port(s, port);
	sheet_span(s, ports);
	sheet_close_port(s, port);
	html_char(h, ' ');
	html_open_class(h, "span", "protocol");
	html_words(h, protocol ? protocol : sheet_word(s, WORD_ANY_PROTOCOL));
	html_close(h, "span");
	html_close(h, "th");
}

static void put_service_row(struct sheet *s, const struct answer_assignment *as)
{
	struct html *h = &s->h;

	s->h.budget = DESCRIPTION_MOST;
	html_open(h, "tr");
	if (as->has_ports) {
		put_ports(s, as->ports, as->protocol);
	} else {
		html_open_with(h, "th", "scope=\"row\"");
		sheet_say(s, WORD_NO_PORT);
		html_close(h, "th");
	}
	html_open(h, "td");
	sheet_name(s, as->description);
	if (as->alias_of) {
		html_char(h, ' ');
		SAY(s, WORD_ALIAS_OF, STRONG("name", as->alias_of));
	}
	html_close(h, "td");
	html_open(h, "td");
	if (as->registered)
		sheet_date(s, as->registered);
	html_close(h, "td");
	html_open(h, "td");
	sheet_name(s, as->contact ? as->contact : as->assignee);
	html_close(h, "td");
	html_close(h, "tr");
}

/* Everything of a name, one after the other: claims, rows of the registry, known uses. */
struct of_name {
	const struct page *page;
	struct registry_rows rows;
	const struct known_use *uses;
	size_t n_uses;
	const struct claim *const *claims;
	size_t n_claims;
};

static bool find_uses(const struct page *p, const char *name, struct of_name *out)
{
	const struct registry *reg = p->from->registry;
	struct known_use use, *slot, *uses = NULL;
	size_t capacity = 0;

	for (uint32_t i = 0; i < known_use_count(reg); i++) {
		if (known_use_get(reg, i, &use) < 0)
			continue;
		if (!(use.service && str_casecmp(use.service, name) == 0) &&
		    str_casecmp(use.software, name) != 0 && !known_use_has_program(&use, name))
			continue;
		slot = ARENA_PUSH(p->arena, uses, out->n_uses, capacity);
		if (!slot)
			return false;
		*slot = use;
	}
	out->uses = uses;
	return true;
}

static bool find_claims(const struct page *p, const char *name, struct of_name *out)
{
	const struct claim *one, **slot, **claims = NULL;
	size_t cursor = 0, capacity = 0;

	while (p->from->claims && (one = claims_next_named(p->from->claims, name, &cursor))) {
		slot = ARENA_PUSH(p->arena, claims, out->n_claims, capacity);
		if (!slot)
			return false;
		*slot = one;
	}
	out->claims = claims;
	return true;
}

static void put_claim(struct sheet *s, const struct claim *claim)
{
	struct answer_claim c;

	s->h.budget = CLAIM_MOST;
	if (answer_fill_claim(claim, s->p->from->today, &c, s->p->arena))
		port_claim(s, &c);
	else
		s->p->out->has_failed = true;
}

static void put_assignment(struct sheet *s, uint32_t id)
{
	const struct page *p = s->p;
	struct arena_mark mark = arena_mark(p->arena);
	struct answer_assignment as;

	if (answer_fill_assignment(p->from->registry, id, &as, p->arena))
		put_service_row(s, &as);
	else
		p->out->has_failed = true;
	arena_reset(p->arena, mark);
}

static void put_known_use(struct sheet *s, const struct known_use *use)
{
	struct html *h = &s->h;

	html_open(h, "tr");
	put_ports(s, (struct live_span){use->first, use->last}, transport_name(use->protocol));
	html_open(h, "td");
	sheet_name(s, use->software);
	html_close(h, "td");
	html_open(h, "td");
	sheet_name(s, use->purpose);
	html_close(h, "td");
	html_close(h, "tr");
}

static void put_of_name(struct sheet *s, const void *context, size_t i)
{
	const struct of_name *found = context;
	const size_t n_before = found->n_claims + found->rows.n;

	if (i < found->n_claims)
		put_claim(s, found->claims[i]);
	else if (i < n_before)
		put_assignment(s, found->rows.ids[i - found->n_claims]);
	else
		put_known_use(s, &found->uses[i - n_before]);
}

/* The part of a list that stands on this page. */
static struct list part_of(const struct list *l, size_t first, size_t n)
{
	struct list part = *l;

	part.first = MIN_OF(MAX_OF(l->first, first), first + n);
	part.last = MAX_OF(MIN_OF(l->last, first + n), part.first);
	return part;
}

/* What of a name stands on this page, each kind below its heading. */
static void put_kinds(struct sheet *s, const struct list_of *of, const struct list *l,
		      const struct of_name *found)
{
	static const enum word row_heads[] = {WORD_HEAD_PORT, WORD_HEAD_DESCRIPTION,
					      WORD_HEAD_REGISTERED_ON, WORD_HEAD_CONTACT};
	static const enum word use_heads[] = {WORD_HEAD_PORT, WORD_HEAD_SOFTWARE,
					      WORD_HEAD_PURPOSE};
	const struct list claims = part_of(l, 0, found->n_claims);
	const struct list rows = part_of(l, found->n_claims, found->rows.n);
	const struct list uses = part_of(l, found->n_claims + found->rows.n, found->n_uses);

	if (claims.last > claims.first) {
		SHEET_IN(s, "h2", WORD_NAV_CLAIMS);
		list_put(s, of, &claims);
	}
	if (rows.last > rows.first) {
		SHEET_IN(s, "h2", WORD_SERVICE_REGISTERED);
		begin_table(s, WORD_SERVICE_REGISTERED, row_heads, N_ELEMENTS(row_heads));
		list_put(s, of, &rows);
		end_table(s);
	}
	if (uses.last > uses.first) {
		SHEET_IN(s, "h2", WORD_KNOWN_TITLE);
		begin_table(s, WORD_KNOWN_TITLE, use_heads, N_ELEMENTS(use_heads));
		list_put(s, of, &uses);
		end_table(s);
	}
}

/* The links to the other pages; files have none, and say what has the rest. */
static void put_rest(struct sheet *s, const struct list *l, const char *path, const char *query,
		     const char *name)
{
	const long long rest = (long long)(l->n - l->last);

	if (!s->p->is_static) {
		list_links(s, l, "pages", path, query, "page");
	} else if (rest > 0) {
		html_open(&s->h, "p");
		SAY_MANY(s, WORD_MORE_BY, rest, NUMBER("n", rest),
			 CODE("command", arena_printf(s->p->arena, "berth find %s", name)));
		html_close(&s->h, "p");
	}
}

/* Names near one that was not found. */
static void put_near(struct sheet *s, const char *word)
{
	struct search_suggestions near;
	struct html *h = &s->h;

	search_suggest(s->p->from->registry, word, &near);
	if (near.n == 0)
		return;
	html_open(h, "p");
	sheet_say(s, WORD_DID_YOU_MEAN);
	for (size_t i = 0; i < near.n; i++) {
		html_markup(h, " ");
		sheet_service(s, near.names[i]);
		html_char(h, i + 1 < near.n ? ',' : '?');
	}
	html_close(h, "p");
}

static const char *service_path(const struct page *p, const char *name)
{
	struct str path = {0};
	const char *kept;

	str_append(&path, "services/");
	html_append_percent(&path, name);
	kept = arena_strdup(p->arena, str_text(&path));
	str_fini(&path);
	return kept ? kept : "";
}

int page_service(const struct page *p, const char *name)
{
	struct of_name found = {.page = p, .rows = registry_by_name(p->from->registry, name)};
	struct sheet_head head = {.title = COMPOSE(p, WORD_SERVICE_TITLE, TEXT("name", name))};
	struct list_of of = {.row = put_of_name, .context = &found, .column = -1,
			     .page = p->wish ? p->wish->page : 1};
	struct list l;
	struct sheet s;
	int r;

	if (!find_uses(p, name, &found) || !find_claims(p, name, &found))
		return -ENOMEM;
	of.n = found.n_claims + found.rows.n + found.n_uses;
	if (list_find(p, &of, &l) < 0)
		return -ENOMEM;
	head.is_nameless = of.n == 0;
	sheet_begin(&s, p, &head, SHEET_BUDGET);
	sheet_crumbs(&s, words_text(p->language, WORD_SERVICES), NULL, name);
	html_open(&s.h, "h1");
	SAY(&s, WORD_SERVICE_TITLE, TEXT("name", name));
	html_close(&s.h, "h1");
	if (of.n > 0) {
		SHEET_IN(&s, "p", WORD_SERVICE_LINE);
		put_kinds(&s, &of, &l, &found);
		put_rest(&s, &l, service_path(p, name), "", name);
	} else {
		SHEET_IN(&s, "p", WORD_SERVICE_NONE);
		put_near(&s, name);
	}
	r = sheet_end(&s);
	return r < 0 ? r : of.n > 0 ? 0 : 1;
}

/* A search while it runs. */
struct quest {
	const char *words[SEARCH_MAX_WORDS];
	size_t n_words;
	const struct answer_found *found;
	size_t n;
};

static bool split_words(const char *typed, struct quest *q, struct arena *arena)
{
	char *rest = arena_strndup(arena, typed, WORDS_MOST), *word;

	if (!rest)
		return false;
	while (q->n_words < SEARCH_MAX_WORDS && (word = strsep(&rest, " \t\r\n")) != NULL) {
		if (*word)
			q->words[q->n_words++] = word;
	}
	return true;
}

static int run_search(const struct page *p, struct quest *q)
{
	struct search_hits hits;

	if (q->n_words == 0)
		return 0;
	if (search_find(p->from->registry, q->words, q->n_words, p->arena, &hits) < 0)
		return -ENOMEM;
	q->found = answer_found(p->from->registry, &hits, &q->n, p->arena);
	if (!q->found)
		return -ENOMEM;
	if (p->from->claims && !answer_find_claims(p->from->claims, p->from->today, q->words,
						   q->n_words, &q->found, &q->n, p->arena))
		return -ENOMEM;
	return 0;
}

static void put_cell(struct sheet *s, const char *text)
{
	html_open(&s->h, "td");
	sheet_name(s, text);
	html_close(&s->h, "td");
}

static void put_found(struct sheet *s, const void *context, size_t i)
{
	const struct answer_found *f = (const struct answer_found *)context + i;
	struct html *h = &s->h;

	s->h.budget = DESCRIPTION_MOST;
	html_open(h, "tr");
	if (f->claim) {
		put_ports(s, f->claim->ports,
			  f->claim->protocols[0] ? f->claim->protocols[0] : NULL);
		put_cell(s, f->claim->name);
		put_cell(s, f->claim->reason ? f->claim->reason : f->claim->owner);
		SHEET_IN(s, "td", WORD_CLAIM_OWN);
	} else if (f->assignment) {
		if (f->assignment->has_ports) {
			put_ports(s, f->assignment->ports, f->assignment->protocol);
		} else {
			html_open_with(h, "th", "scope=\"row\"");
			sheet_say(s, WORD_NO_PORT);
			html_close(h, "th");
		}
		html_open(h, "td");
		if (f->assignment->name)
			sheet_service(s, f->assignment->name);
		html_close(h, "td");
		put_cell(s, f->assignment->description);
		SHEET_IN(s, "td", WORD_KIND_REGISTERED);
	} else if (f->known_use) {
		put_ports(s, f->known_use->ports, f->known_use->protocol);
		put_cell(s, f->known_use->software);
		put_cell(s, f->known_use->purpose);
		SHEET_IN(s, "td", WORD_KIND_KNOWN);
	}
	html_close(h, "tr");
}

static enum word word_of_rank(const char *rank)
{
	if (strcmp(rank, "exact") == 0)
		return WORD_RANK_EXACT;
	if (strcmp(rank, "prefix") == 0)
		return WORD_RANK_PREFIX;
	return strcmp(rank, "word") == 0 ? WORD_RANK_WORD : WORD_RANK_REST;
}

/* Groups of the same rank, the best first; claims, which have none of their own, on top. */
static void put_results(struct sheet *s, const struct quest *q, const struct list_of *of,
			const struct list *l)
{
	static const enum word heads[] = {WORD_HEAD_PORT, WORD_HEAD_NAME, WORD_HEAD_DESCRIPTION,
					  WORD_HEAD_KIND};

	for (size_t i = l->first, k; i < l->last; i = k) {
		const enum word rank = word_of_rank(q->found[i].rank);
		struct list group = *l;

		k = i;
		while (k < l->last && strcmp(q->found[k].rank, q->found[i].rank) == 0)
			k++;
		group.first = i;
		group.last = k;
		SHEET_IN(s, "h2", rank);
		begin_table(s, rank, heads, N_ELEMENTS(heads));
		list_put(s, of, &group);
		end_table(s);
	}
}

/* A number was typed: its page is what was looked for. */
static void put_direct(struct sheet *s, const struct quest *q)
{
	char error[QUERY_ERROR_SIZE];
	struct query query;

	if (q->n_words != 1 || query_parse(q->words[0], &query, error) < 0 ||
	    query.kind != QUERY_PORT)
		return;
	html_open_class(&s->h, "p", "direct");
	SAY(s, WORD_SEARCH_DIRECT, PORT("port", query.first));
	html_close(&s->h, "p");
}

static void put_large_form(struct sheet *s, const char *typed)
{
	struct html *h = &s->h;

	html_open_with(h, "form", "class=\"ask\" method=\"get\"");
	html_url(h, "action", sheet_url(s->p, "search"));
	html_open_with(h, "label", "for=\"words\"");
	sheet_say(s, WORD_SEARCH_LABEL);
	html_close(h, "label");
	html_open_with(h, "input", "type=\"search\" id=\"words\" name=\"q\" maxlength=\"200\"");
	html_attribute(h, "value", typed);
	html_char(h, ' ');
	html_open_with(h, "button", "type=\"submit\"");
	sheet_say(s, WORD_SEARCH_DO);
	html_close(h, "button");
	html_close(h, "form");
}

/* Where the script of a static atlas puts what it finds, and what it needs for that. */
static void put_results_to_come(struct sheet *s)
{
	struct html *h = &s->h;

	html_open_with(h, "div", "id=\"results\" role=\"status\" data-port=\"ports/\"");
	if (s->p->ports) {
		html_attribute_number(h, "data-first", s->p->ports->first);
		html_attribute_number(h, "data-last", s->p->ports->last);
	}
	html_attribute_words(h, "data-index",
			     s->p->language == PAGE_ENGLISH ? "search/" : "../search/");
	html_attribute_words(h, "data-found", sheet_word(s, WORD_FOUND_MANY));
	html_attribute_words(h, "data-more", sheet_word(s, WORD_MORE_MANY));
	html_attribute_words(h, "data-none", sheet_word(s, WORD_FOUND_NOTHING));
	html_attribute_words(h, "data-lost", sheet_word(s, WORD_SEARCH_LOST));
	html_close(h, "div");
}

/* "q=...&" for the twin in another language; NULL when out of memory. */
static const char *query_of(const char *words, struct arena *arena)
{
	struct str query = {0};
	const char *kept = NULL;

	str_append(&query, "q=");
	html_append_percent(&query, words);
	str_append_char(&query, '&');
	if (!query.has_failed)
		kept = arena_strdup(arena, str_text(&query));
	str_fini(&query);
	return kept;
}

/* What was found, or what could be looked for. */
static void put_outcome(struct sheet *s, const struct quest *q, const struct list_of *of,
			const struct list *l, const char *query)
{
	if (q->n > 0) {
		html_open(&s->h, "p");
		SAY_MANY(s, WORD_FOUND, (long long)q->n, NUMBER("n", (long long)q->n));
		html_close(&s->h, "p");
		put_results(s, q, of, l);
		list_links(s, l, "pages", "search", query, "page");
	} else if (q->n_words > 0) {
		SHEET_IN(s, "p", WORD_FOUND_NOTHING);
		put_near(s, q->words[0]);
	} else {
		html_open_with(&s->h, "p", "id=\"search-how\""); /* search.js removes it */
		sheet_say(s, s->p->is_static ? WORD_SEARCH_STATIC : WORD_SEARCH_HOW);
		html_close(&s->h, "p");
	}
}

int page_search(const struct page *p, const char *typed)
{
	const char *words = sheet_typed(p, typed);
	struct sheet_head head = {.is_nameless = *words != '\0',
				  .script = p->is_static ? "search.js" : NULL};
	struct list_of of = {.row = put_found, .column = -1, .page = p->wish ? p->wish->page : 1};
	struct quest q = {.n_words = 0};
	struct list l;
	struct sheet s;
	int r;

	if (!split_words(words, &q, p->arena))
		return -ENOMEM;
	r = run_search(p, &q);
	of.context = q.found;
	of.n = q.n;
	if (r == 0)
		r = list_find(p, &of, &l);
	if (r < 0)
		return r;
	head.title = q.n_words > 0 ? COMPOSE(p, WORD_SEARCH_TITLE_FOR, TEXT("words", words))
				   : words_text(p->language, WORD_SEARCH_TITLE);
	if (*words)
		head.query = query_of(words, p->arena);
	sheet_begin(&s, p, &head, SHEET_BUDGET);
	SHEET_IN(&s, "h1", WORD_SEARCH_TITLE);
	put_large_form(&s, words);
	if (p->is_static)
		put_results_to_come(&s);
	put_direct(&s, &q);
	put_outcome(&s, &q, &of, &l, head.query ? head.query : "");
	return sheet_end(&s);
}
