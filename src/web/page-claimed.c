/* Who claimed a port: one's own claims, the registry, known uses, and what changed. */
#include "web/page-port.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool port_is_same_row(const struct answer_assignment *a, const struct answer_assignment *b)
{
	return is_equal(a->status, b->status) && is_equal(a->name, b->name) &&
	       is_equal(a->alias_of, b->alias_of) && is_equal(a->description, b->description) &&
	       a->ports.first == b->ports.first && a->ports.last == b->ports.last &&
	       is_equal(a->assignee, b->assignee) && is_equal(a->contact, b->contact) &&
	       is_equal(a->registered, b->registered) && is_equal(a->modified, b->modified) &&
	       is_equal(a->note, b->note) && is_equal(a->unauthorized_use, b->unauthorized_use);
}

/* One fact of a list: the term, and what follows until end_fact(). */
static void begin_fact(struct sheet *s, enum word term)
{
	html_open(&s->h, "dt");
	sheet_say(s, term);
	html_close(&s->h, "dt");
	html_open(&s->h, "dd");
}

static void end_fact(struct sheet *s)
{
	html_close(&s->h, "dd");
}

static void put_fact(struct sheet *s, enum word term, const char *text)
{
	if (!text)
		return;
	begin_fact(s, term);
	sheet_name(s, text);
	end_fact(s);
}

static void put_fact_date(struct sheet *s, enum word term, const char *date)
{
	if (!date)
		return;
	begin_fact(s, term);
	sheet_date(s, date);
	end_fact(s);
}

static void put_protocol(struct sheet *s, const char *protocol)
{
	html_char(&s->h, ' ');
	html_open_class(&s->h, "span", "protocol");
	html_words(&s->h, protocol ? protocol : sheet_word(s, WORD_ANY_PROTOCOL));
	html_close(&s->h, "span");
}

static void put_protocols(struct sheet *s, const struct answer *a, size_t first)
{
	for (size_t i = first; i < a->n_assignments; i++) {
		if (port_is_same_row(&a->assignments[i], &a->assignments[first]))
			put_protocol(s, a->assignments[i].protocol);
	}
}

/* "RFC6335" and "draft-..." have addresses of their own. */
static bool find_document(const char *reference, char *url, size_t size)
{
	const size_t n = strnlen(reference, 200);

	if (n > 3 && n < 10 && strncasecmp(reference, "RFC", 3) == 0 &&
	    strspn(reference + 3, "0123456789") == n - 3) {
		snprintf(url, size, "https://www.rfc-editor.org/rfc/rfc%s", reference + 3);
		return true;
	}
	if (str_starts_with(reference, "draft-") && n < 200) {
		snprintf(url, size, "https://datatracker.ietf.org/doc/%s/", reference);
		return html_is_url(url);
	}
	snprintf(url, size, "%s", reference);
	return str_starts_with(reference, "http") && html_is_url(reference) && n < 200;
}

static void put_reference(struct sheet *s, const char *reference)
{
	struct html *h = &s->h;
	char url[256];

	if (!find_document(reference, url, sizeof(url))) {
		sheet_name(s, reference);
		return;
	}
	html_open_with(h, "a", "rel=\"external noreferrer\"");
	html_url(h, "href", url);
	html_text(h, reference);
	html_close(h, "a");
}

static void put_documents(struct sheet *s, const struct answer_assignment *as)
{
	const bool is_known = as->details_as_of || as->references[0] || as->contact ||
			      as->registered;

	if (!as->name)
		return;
	begin_fact(s, WORD_FACT_DOCUMENTS);
	if (!as->references[0])
		sheet_say(s, is_known ? WORD_CITES_NONE : WORD_DETAILS_UNKNOWN);
	for (const char *const *r = as->references; *r; r++) {
		if (r != as->references)
			html_markup(&s->h, ", ");
		put_reference(s, *r);
	}
	end_fact(s);
}

static void put_people(struct sheet *s, const struct answer_assignment *as)
{
	if (as->assignee && as->contact && strcmp(as->assignee, as->contact) != 0)
		put_fact(s, WORD_FACT_ASSIGNEE, as->assignee);
	if (as->contact || as->assignee)
		put_fact(s, WORD_FACT_CONTACT, as->contact ? as->contact : as->assignee);
	put_fact(s, WORD_FACT_ORGANIZATION, as->organization);
}

static void put_former(struct sheet *s, const struct answer_assignment *as)
{
	for (size_t i = 0; i < as->n_former; i++) {
		const struct answer_former *f = &as->former[i];

		begin_fact(s, WORD_FACT_FORMER);
		sheet_name(s, f->name);
		if (f->removed) {
			html_markup(&s->h, ", ");
			SAY(s, WORD_FORMER_REMOVED, DATE("date", f->removed));
		} else if (f->listed) {
			html_markup(&s->h, ", ");
			SAY(s, WORD_FORMER_LISTED, DATE("date", f->listed));
		}
		end_fact(s);
	}
}

static void put_note(struct sheet *s, const struct answer_assignment *as)
{
	/* What DNS-SD keeps in its records is of no use to who reads about a port. */
	if (as->note && !str_starts_with(as->note, "Defined TXT keys"))
		put_fact(s, WORD_FACT_NOTE, as->note);
}

static void put_facts(struct sheet *s, const struct answer_assignment *as)
{
	struct html *h = &s->h;

	html_open_class(h, "dl", "facts");
	if (as->ports.first != as->ports.last) {
		begin_fact(s, WORD_FACT_PORTS);
		sheet_span(s, as->ports);
		end_fact(s);
	}
	put_people(s, as);
	put_fact_date(s, WORD_FACT_REGISTERED, as->registered);
	put_fact_date(s, WORD_FACT_MODIFIED, as->modified);
	put_documents(s, as);
	if (as->service_code >= 0) {
		begin_fact(s, WORD_FACT_SERVICE_CODE);
		html_number(h, as->service_code);
		end_fact(s);
	}
	put_fact(s, WORD_FACT_UNAUTHORIZED, as->unauthorized_use);
	put_former(s, as);
	put_note(s, as);
	html_close(h, "dl");
}

static enum word word_of_status(const struct answer_assignment *as)
{
	if (as->is_widespread)
		return WORD_ROW_WIDESPREAD;
	if (strcmp(as->status, "reserved") == 0)
		return WORD_ROW_RESERVED;
	if (strcmp(as->status, "de-assigned") == 0)
		return WORD_ROW_DEASSIGNED;
	return strcmp(as->status, "unassigned") == 0 ? WORD_ROW_UNASSIGNED : WORD_ROW_ASSIGNED;
}

/* A row without a name: one line, and whatever else it says. */
static void put_nameless(struct sheet *s, const struct answer *a, size_t i)
{
	const struct answer_assignment *as = &a->assignments[i];
	struct html *h = &s->h;

	html_open_class(h, "p", "nameless");
	SHEET_IN(s, "b", word_of_status(as));
	put_protocols(s, a, i);
	if (as->description && *as->description && strcasecmp(as->description, as->status) != 0) {
		html_char(h, ' ');
		html_open(h, "q");
		sheet_name(s, as->description);
		html_close(h, "q");
	}
	html_close(h, "p");
	if (as->unauthorized_use || as->note || as->n_former > 0 || as->contact ||
	    as->ports.first != as->ports.last)
		put_facts(s, as);
}

static void put_row(struct sheet *s, const struct answer *a, size_t i)
{
	const struct answer_assignment *as = &a->assignments[i];
	struct html *h = &s->h;

	html_open_class(h, "div", "row");
	if (!as->name) {
		put_nameless(s, a, i);
		html_close(h, "div");
		return;
	}
	html_open(h, "h3");
	sheet_service(s, as->name);
	put_protocols(s, a, i);
	html_close(h, "h3");
	if (as->alias_of) {
		html_open(h, "p");
		SAY(s, WORD_ALIAS_OF, STRONG("name", as->alias_of));
		html_close(h, "p");
		html_close(h, "div");
		return;
	}
	if (as->description && *as->description) {
		html_open_class(h, "p", "means");
		html_open(h, "q");
		sheet_name(s, as->description);
		html_close(h, "q");
		html_close(h, "p");
	}
	if (strcmp(as->status, "assigned") != 0)
		SHEET_IN(s, "p", word_of_status(as));
	put_facts(s, as);
	html_close(h, "div");
}

static void put_claim_facts(struct sheet *s, const struct answer_claim *c)
{
	html_open_class(&s->h, "dl", "facts");
	if (c->ports.first != c->ports.last) {
		begin_fact(s, WORD_FACT_PORTS);
		sheet_span(s, c->ports);
		end_fact(s);
	}
	put_fact(s, WORD_FACT_ADDRESS, c->address);
	put_fact(s, WORD_FACT_OWNER, c->owner);
	put_fact(s, WORD_FACT_SCOPE, c->scope);
	put_fact(s, WORD_FACT_PROGRAM, c->program);
	put_fact_date(s, WORD_FACT_SINCE, c->since);
	put_fact_date(s, WORD_FACT_UNTIL, c->until);
	put_fact(s, WORD_FACT_SOURCE, c->source);
	html_close(&s->h, "dl");
}

void port_claim(struct sheet *s, const struct answer_claim *c)
{
	struct html *h = &s->h;

	html_open_class(h, "div", "row own");
	html_open(h, "h3");
	sheet_name(s, c->name);
	for (const char *const *p = c->protocols; *p; p++)
		put_protocol(s, *p);
	html_char(h, ' ');
	html_open_class(h, "span", "tag");
	sheet_say(s, strcmp(c->state, "expired") == 0	? WORD_CLAIM_EXPIRED
		     : strcmp(c->state, "retired") == 0 ? WORD_CLAIM_RETIRED
							: WORD_CLAIM_OWN);
	html_close(h, "span");
	html_close(h, "h3");
	if (c->reason) {
		html_open_class(h, "p", "means");
		html_open(h, "q");
		sheet_name(s, c->reason);
		html_close(h, "q");
		html_close(h, "p");
	}
	put_claim_facts(s, c);
	html_close(h, "div");
}

static bool is_repeated(const struct answer *a, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (port_is_same_row(&a->assignments[i], &a->assignments[k]))
			return true;
	}
	return false;
}

/* Why there is no name. */
static enum word why_nothing(const struct answer *a)
{
	bool is_reserved = false;

	for (size_t i = 0; i < a->n_assignments; i++)
		is_reserved |= strcmp(a->assignments[i].status, "reserved") == 0;
	if (a->port == 0)
		return WORD_WHY_ZERO;
	return is_reserved ? WORD_WHY_RESERVED : WORD_WHY_NOTHING;
}

/* "and 5 more", in a line of its own. */
static void put_more(struct sheet *s, size_t n, const char *url)
{
	if (n == 0)
		return;
	html_open_class(&s->h, "p", "more");
	sheet_more(s, n, url);
	html_close(&s->h, "p");
}

static void put_claims(struct sheet *s, const struct answer *a)
{
	enum { MOST_CLAIMS = 16, MOST_BYTES = 4000, CLAIM_MOST = 2000 };
	const size_t begin = s->h.out->length;
	size_t i = 0;

	for (; i < MIN_OF(a->n_claims, (size_t)MOST_CLAIMS) &&
	       s->h.out->length - begin < MOST_BYTES; i++) {
		const size_t budget = sheet_narrow(s, CLAIM_MOST);

		port_claim(s, &a->claims[i]);
		sheet_widen(s, budget);
	}
	put_more(s, a->n_claims - i,
		 arena_printf(s->p->arena, "%sclaims?q=%u", s->root, a->port));
}

/* The rows of the registry. IANA's are few for each port; those of other files may not be. */
static void put_rows(struct sheet *s, const struct answer *a)
{
	enum { MOST_BYTES = 8000 };
	const size_t begin = s->h.out->length;
	const char *rest = s->p->is_static ? NULL
			   : arena_printf(s->p->arena, "/api/v1/ports/%u", a->port);
	size_t n_left = 0;

	for (size_t i = 0; i < a->n_assignments; i++) {
		if (is_repeated(a, i))
			continue;
		if (s->h.out->length - begin < MOST_BYTES)
			put_row(s, a, i);
		else
			n_left++;
	}
	put_more(s, n_left, rest);
}

void port_claimed(struct sheet *s, const struct answer *a)
{
	const bool is_dynamic = strcmp(a->range, "dynamic") == 0;

	SHEET_SECTION(s, "claimed", WORD_CLAIMED_TITLE);
	put_claims(s, a);
	put_rows(s, a);
	if (a->n_assignments == 0)
		SHEET_IN(s, "p", is_dynamic ? WORD_NO_ROW_DYNAMIC : WORD_NO_ROW);
	else if (!port_name(a))
		SHEET_IN(s, "p", why_nothing(a));
	html_close(&s->h, "section");
}

/* What a piece of evidence is called, and where it can be read. */
struct evidence {
	char name[200], url[400];
};

static void describe_github(const char *rest, struct evidence *e)
{
	const char *colon = strchr(rest, ':'), *at = strrchr(rest, '@');
	const int n_owner = colon ? (int)MIN_OF(colon - rest, 90) : 0;

	if (!colon || !at || at < colon)
		return;
	snprintf(e->name, sizeof(e->name), "%.*s, %.*s, %.*s", n_owner, rest,
		 (int)MIN_OF(at - colon - 1, 80), colon + 1, strlen(at + 1) == 40 ? 7 : 20, at + 1);
	snprintf(e->url, sizeof(e->url), "https://github.com/%.*s/blob/%s/%.*s", n_owner, rest,
		 at + 1, (int)(at - colon - 1), colon + 1);
	if (strlen(e->url) + 1 == sizeof(e->url))
		e->url[0] = '\0';
}

static void describe_package(const char *kind, const char *rest, struct evidence *e)
{
	const char *at = strchr(rest + 1, '@'), *path = at ? strstr(at, ":/") : NULL;

	if (at && !path)
		path = strrchr(at, ':');
	if (!at || !path)
		return;
	snprintf(e->name, sizeof(e->name), "%s %.*s %.*s, %s", kind, (int)(at - rest), rest,
		 (int)(path - at - 1), at + 1, path + 1);
}

static void describe_evidence(const char *text, struct evidence *e)
{
	snprintf(e->name, sizeof(e->name), "%s", text);
	e->url[0] = '\0';
	if (str_starts_with(text, "github:"))
		describe_github(text + 7, e);
	else if (str_starts_with(text, "deb:"))
		describe_package("Debian", text + 4, e);
	else if (str_starts_with(text, "npm:"))
		describe_package("npm", text + 4, e);
	else if (html_is_url(text) && str_starts_with(text, "http") &&
		 strlen(text) < sizeof(e->url))
		snprintf(e->url, sizeof(e->url), "%s", text);
}

static void put_evidence(struct sheet *s, const char *text)
{
	struct html *h = &s->h;
	struct evidence e;

	describe_evidence(text, &e);
	html_char(h, ' ');
	html_open_class(h, "span", "evidence");
	if (html_is_url(e.url)) {
		html_open_with(h, "a", "rel=\"external noreferrer\"");
		html_url(h, "href", e.url);
		html_text(h, e.name);
		html_close(h, "a");
	} else {
		html_text(h, e.name);
	}
	html_close(h, "span");
}

static void put_years(struct sheet *s, const struct answer_use *use)
{
	if (!use->since && !use->until)
		return;
	html_markup(&s->h, ", ");
	if (use->since && use->until)
		SAY(s, WORD_YEARS, DATE("since", use->since), DATE("until", use->until));
	else if (use->since)
		SAY(s, WORD_YEARS_SINCE, DATE("since", use->since));
	else
		SAY(s, WORD_YEARS_UNTIL, DATE("until", use->until));
}

/* As its makers write it. */
static const char *platform_name(const char *platform)
{
	static const char *const names[][2] = {
		{"linux", "Linux"}, {"macos", "macOS"}, {"windows", "Windows"}};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		if (strcmp(platform, names[i][0]) == 0)
			return names[i][1];
	}
	return platform;
}

static void put_use(struct sheet *s, const struct answer_use *use)
{
	struct html *h = &s->h;

	html_open(h, "li");
	html_open(h, "b");
	sheet_name(s, use->software);
	html_close(h, "b");
	if (use->purpose) {
		html_markup(h, ", ");
		sheet_name(s, use->purpose);
	}
	html_char(h, ' ');
	html_open_class(h, "span", "when");
	html_words(h, use->protocol);
	if (use->ports.first != use->ports.last) {
		html_char(h, ' ');
		sheet_span(s, use->ports);
	}
	put_years(s, use);
	if (use->platform) {
		html_markup(h, ", ");
		SAY(s, WORD_USE_ON, TEXT("platform", platform_name(use->platform)));
	}
	html_close(h, "span");
	if (strcmp(use->grade, "unverified") == 0) {
		html_char(h, ' ');
		html_open_class(h, "span", "tag doubt");
		sheet_say(s, WORD_UNVERIFIED);
		html_close(h, "span");
	}
	if (use->evidence)
		put_evidence(s, use->evidence);
	html_close(h, "li");
}

void port_known(struct sheet *s, const struct answer *a)
{
	enum { MOST_USES = 40, MOST_BYTES = 8000 };
	const size_t begin = s->h.out->length;
	size_t i = 0;

	if (a->n_known_uses == 0)
		return;
	SHEET_SECTION(s, "known", WORD_KNOWN_TITLE);
	SHEET_IN(s, "p", WORD_KNOWN_INTRO);
	html_open_class(&s->h, "ul", "uses");
	for (; i < MIN_OF(a->n_known_uses, (size_t)MOST_USES) &&
	       s->h.out->length - begin < MOST_BYTES; i++)
		put_use(s, &a->known_uses[i]);
	html_close(&s->h, "ul");
	put_more(s, a->n_known_uses - i,
		 s->p->is_static ? NULL
		 : arena_printf(s->p->arena, "/api/v1/ports/%u", a->port));
	html_close(&s->h, "section");
}
