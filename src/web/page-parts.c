/* The layout of every page: head, navigation, footer; how places and links are written. */
#include "web/page-parts.h"

#include "base/instant.h"
#include "registry/registry.h"
#include "web/assets.h"
#include "web/page-service.h"

#include <stdio.h>
#include <string.h>

enum { URL_SIZE = 512, MOST_DEPTH = 4 };

const char *sheet_word(const struct sheet *s, enum word w)
{
	return words_text(s->p->language, w);
}

/* Words up to `n` bytes: what stands between backquotes is a command. `*is_code`: inside of one. */
static void put_words(struct sheet *s, const char *text, size_t n, bool *is_code)
{
	while (n > 0) {
		const char *mark = memchr(text, '`', n);
		const size_t length = mark ? (size_t)(mark - text) : n;

		html_words_part(&s->h, text, length);
		if (!mark)
			return;
		if (*is_code)
			html_close(&s->h, "code");
		else
			html_open(&s->h, "code");
		*is_code = !*is_code;
		text += length + 1;
		n -= length + 1;
	}
}

void sheet_say(struct sheet *s, enum word w)
{
	const char *text = sheet_word(s, w);
	bool is_code = false;

	put_words(s, text, strlen(text), &is_code);
}

void sheet_heads(struct sheet *s, const enum word *heads, size_t n)
{
	struct html *h = &s->h;

	html_open(h, "thead");
	html_open(h, "tr");
	for (size_t i = 0; i < n; i++) {
		html_open_with(h, "th", "scope=\"col\"");
		sheet_say(s, heads[i]);
		html_close(h, "th");
	}
	html_close(h, "tr");
	html_close(h, "thead");
}

/* Folders between the root of this language and the file of a static page. */
static size_t depth_of(const struct page *p)
{
	size_t n = 0;

	for (const char *c = p->path; *c; c++)
		n += *c == '/';
	return n > 0 ? MIN_OF(n - 1, (size_t)MOST_DEPTH) : 0;
}

/* What leads from a page to the root of the atlas: "/", or "../../" of a static German page. */
static const char *atlas_root(const struct page *p, char *out, size_t size)
{
	size_t n = depth_of(p) + (p->language != PAGE_ENGLISH);

	if (p->is_static)
		snprintf(out, size, "%.*s", (int)(3 * n), "../../../../../");
	else
		snprintf(out, size, "/");
	return out;
}

static void find_root(struct sheet *s)
{
	const struct page *p = s->p;

	if (p->is_static)
		snprintf(s->root, sizeof(s->root), "%.*s", (int)(3 * depth_of(p)), "../../../../");
	else
		snprintf(s->root, sizeof(s->root), "%s",
			 p->language == PAGE_GERMAN ? "/de/" : "/");
}

/* The URL of a path of some language, seen from this page. */
static const char *url_in(const struct page *p, enum page_language language, const char *path,
			  char *out, size_t size)
{
	char root[24];

	snprintf(out, size, "%s%s%s%s", atlas_root(p, root, sizeof(root)),
		 language == PAGE_GERMAN ? "de/" : "", *path ? path : p->is_static ? "index" : "",
		 p->is_static ? ".html" : "");
	return out;
}

const char *sheet_url(const struct page *p, const char *path)
{
	char url[URL_SIZE];
	const char *kept;

	if (p->is_static) {
		snprintf(url, sizeof(url), "%.*s%s.html", (int)(3 * depth_of(p)), "../../../../",
			 *path ? path : "index");
		kept = arena_strdup(p->arena, url);
	} else {
		kept = arena_strdup(p->arena, url_in(p, p->language, path, url, sizeof(url)));
	}
	return kept ? kept : "";
}

static void put_asset_url(struct sheet *s, const struct asset *a, bool is_script)
{
	char root[24], url[URL_SIZE];

	atlas_root(s->p, root, sizeof(root));
	if (s->p->is_static)
		snprintf(url, sizeof(url), "%sassets/%s", root, a->name);
	else
		snprintf(url, sizeof(url), "%sassets/%s?v=%s", root, a->name, a->version);
	if (is_script)
		html_url(&s->h, "src", url);
	else
		html_url(&s->h, "href", url);
}

static void put_script(struct sheet *s, const char *name)
{
	const struct asset *a = name ? assets_find(name) : NULL;

	if (!a)
		return;
	html_open_with(&s->h, "script", "type=\"module\"");
	put_asset_url(s, a, true);
	html_close(&s->h, "script");
}

static void put_style(struct sheet *s, const char *name)
{
	const struct asset *a = name ? assets_find(name) : NULL;

	if (!a)
		return;
	html_open_with(&s->h, "link", "rel=\"stylesheet\"");
	put_asset_url(s, a, false);
}

static void put_files(struct sheet *s, const struct sheet_head *head)
{
	const struct asset *icon = assets_find("favicon.svg");

	if (icon) {
		html_open_with(&s->h, "link", "rel=\"icon\" type=\"image/svg+xml\"");
		put_asset_url(s, icon, false);
	}
	put_style(s, "berth.css");
	put_style(s, head->style);
	put_script(s, head->script);
}

/* Whether the atlas has its pages in that language. */
static bool has_language(const struct page *p, enum page_language language)
{
	return p->languages == 0 || p->languages & (1U << language);
}

static void put_alternates(struct sheet *s)
{
	const char *path = s->p->path + (*s->p->path == '/');
	char url[URL_SIZE];

	html_open_with(&s->h, "link", "rel=\"canonical\"");
	html_url(&s->h, "href", url_in(s->p, s->p->language, path, url, sizeof(url)));
	for (size_t i = 0; i < N_PAGE_LANGUAGES; i++) {
		if (!has_language(s->p, (enum page_language)i))
			continue;
		html_open_with(&s->h, "link", "rel=\"alternate\"");
		html_attribute_words(&s->h, "hreflang", words_language_code((enum page_language)i));
		html_url(&s->h, "href",
			 url_in(s->p, (enum page_language)i, path, url, sizeof(url)));
	}
	if (!has_language(s->p, PAGE_ENGLISH))
		return;
	html_open_with(&s->h, "link", "rel=\"alternate\" hreflang=\"x-default\"");
	html_url(&s->h, "href", url_in(s->p, PAGE_ENGLISH, path, url, sizeof(url)));
}

static void put_head(struct sheet *s, const struct sheet_head *head)
{
	struct html *h = &s->h;

	html_open(h, "head");
	html_markup(h, "<meta charset=\"utf-8\">"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		       "<meta name=\"color-scheme\" content=\"light dark\">");
	html_open(h, "title");
	html_text(h, head->title);
	html_close(h, "title");
	if (head->description) {
		html_open_with(h, "meta", "name=\"description\"");
		html_attribute(h, "content", head->description);
	}
	if (head->is_nameless)
		html_markup(h, "<meta name=\"robots\" content=\"noindex\">");
	else
		put_alternates(s);
	put_files(s, head);
	html_close(h, "head");
}

static void put_place(struct sheet *s, const struct sheet_head *head, enum sheet_place place,
		      const char *path, enum word name)
{
	struct html *h = &s->h;

	html_open(h, "li");
	html_open(h, "a");
	html_url(h, "href", sheet_url(s->p, path));
	if (head->place == place)
		html_attribute_words(h, "aria-current", "page");
	sheet_say(s, name);
	html_close(h, "a");
	html_close(h, "li");
}

/* The same page in another language; a server is told to keep to it (web/server-check.c). */
static const char *switch_in(const struct page *p, enum page_language language,
			     const struct sheet_head *head)
{
	const char *path = head->is_nameless ? "" : p->path + (*p->path == '/'), *url;
	char plain[URL_SIZE];

	if (head->query && head->is_nameless)
		path = "search";
	url_in(p, language, path, plain, sizeof(plain));
	if (p->is_static)
		url = arena_strdup(p->arena, plain);
	else
		url = arena_printf(p->arena, "%s?%slang=%s", plain, head->query ? head->query : "",
				   words_language_code(language));
	return url ? url : "";
}

static void put_languages(struct sheet *s, const struct sheet_head *head)
{
	struct html *h = &s->h;

	for (size_t i = 0; i < N_PAGE_LANGUAGES; i++) {
		const enum page_language language = (enum page_language)i;

		if (language == s->p->language || !has_language(s->p, language))
			continue;
		html_open_class(h, "a", "language");
		html_url(h, "href", switch_in(s->p, language, head));
		html_attribute_words(h, "hreflang", words_language_code(language));
		html_attribute_words(h, "lang", words_language_code(language));
		html_words(h, words_language_name(language));
		html_close(h, "a");
	}
}

static void put_search(struct sheet *s)
{
	struct html *h = &s->h;

	html_open_with(h, "form", "class=\"seek\" role=\"search\" method=\"get\"");
	html_url(h, "action", sheet_url(s->p, "search"));
	html_open_with(h, "label", "class=\"unseen\" for=\"q\"");
	sheet_say(s, WORD_SEARCH_LABEL);
	html_close(h, "label");
	html_open_with(h, "input", "type=\"search\" id=\"q\" name=\"q\" autocomplete=\"off\""
				   " maxlength=\"200\"");
	html_attribute_words(h, "placeholder", sheet_word(s, WORD_SEARCH_HINT));
	html_open_with(h, "button", "type=\"submit\"");
	sheet_say(s, WORD_SEARCH_DO);
	html_close(h, "button");
	html_close(h, "form");
}

static void put_banner(struct sheet *s, const struct sheet_head *head)
{
	struct html *h = &s->h;

	html_open_with(h, "a", "class=\"skip\" href=\"#main\"");
	sheet_say(s, WORD_SKIP);
	html_close(h, "a");
	html_open_class(h, "header", "banner");
	html_open_class(h, "a", "home");
	html_url(h, "href", sheet_url(s->p, ""));
	html_markup(h, "<b>berth</b> ");
	SHEET_IN(s, "span", WORD_ATLAS);
	html_close(h, "a");
	html_open(h, "nav");
	html_attribute_words(h, "aria-label", sheet_word(s, WORD_NAV));
	html_open(h, "ul");
	put_place(s, head, SHEET_MAP, "", WORD_NAV_MAP);
	if (!s->p->is_static) {
		put_place(s, head, SHEET_HERE, "here", WORD_NAV_HERE);
		put_place(s, head, SHEET_CLAIMS, "claims", WORD_NAV_CLAIMS);
	}
	put_place(s, head, SHEET_RANGES, "ranges", WORD_NAV_RANGES);
	html_close(h, "ul");
	html_close(h, "nav");
	put_search(s);
	put_languages(s, head);
	html_close(h, "header");
}

void sheet_begin(struct sheet *s, const struct page *p, const struct sheet_head *head,
		 size_t budget)
{
	struct html *h = &s->h;

	*s = (struct sheet){.p = p};
	html_begin(h, p->out, budget);
	find_root(s);
	html_markup(h, "<!DOCTYPE html>\n");
	html_open(h, "html");
	html_attribute_words(h, "lang", words_language_code(p->language));
	put_head(s, head);
	html_open(h, "body");
	put_banner(s, head);
	if (head->is_wide)
		html_open_with(h, "main", "id=\"main\" class=\"wide\" tabindex=\"-1\"");
	else
		html_open_with(h, "main", "id=\"main\" tabindex=\"-1\"");
}

int sheet_end(struct sheet *s)
{
	struct html *h = &s->h;

	html_close(h, "main");
	html_open_class(h, "footer", "colophon");
	html_open(h, "p");
	sheet_say(s, s->p->is_static ? WORD_FOOTER_STATIC : WORD_FOOTER);
	html_close(h, "p");
	html_close(h, "footer");
	html_close(h, "body");
	html_close(h, "html");
	html_markup(h, "\n");
	return html_finish(h);
}

void sheet_begin_part(struct sheet *s, const struct page *p, size_t budget)
{
	*s = (struct sheet){.p = p};
	html_begin(&s->h, p->out, budget);
	find_root(s);
}

int sheet_end_part(struct sheet *s)
{
	return html_finish(&s->h);
}

void sheet_crumbs(struct sheet *s, const char *parent, const char *url, const char *here)
{
	struct html *h = &s->h;

	html_open_class(h, "nav", "crumbs");
	html_attribute_words(h, "aria-label", sheet_word(s, WORD_CRUMBS));
	html_open(h, "ol");
	html_open(h, "li");
	if (url) {
		html_open(h, "a");
		html_url(h, "href", url);
	}
	html_words(h, parent);
	if (url)
		html_close(h, "a");
	html_close(h, "li");
	html_open_with(h, "li", "aria-current=\"page\"");
	html_text(h, here);
	html_close(h, "li");
	html_close(h, "ol");
	html_close(h, "nav");
}

const char *sheet_typed(const struct page *p, const char *text)
{
	const size_t n = text ? strnlen(text, HTML_TEXT_MOST) : 0;
	struct str out = {0};
	const char *kept;

	for (size_t i = 0; i < n;) {
		uint32_t code_point;
		const size_t length = str_utf8_decode(text + i, n - i, &code_point);

		if (length == 0)
			str_append(&out, "\xef\xbf\xbd");
		else if (!str_is_unsafe(code_point))
			str_append_bytes(&out, text + i, length);
		else if (code_point < 0xa0)
			str_append_char(&out, ' ');
		i += length > 0 ? length : 1;
	}
	kept = out.has_failed ? NULL : arena_strdup(p->arena, str_text(&out));
	str_fini(&out);
	return kept ? kept : "";
}

void sheet_name(struct sheet *s, const char *text)
{
	html_open(&s->h, "bdi");
	html_text(&s->h, text);
	html_close(&s->h, "bdi");
}

/* Year, month and day of "2002", "2002-04" or "2015-07-24"; 0 = not told. False: another text. */
static bool read_date(const char *date, uint64_t out[3])
{
	static const uint64_t most[3] = {9999, 12, 31};
	static const size_t begins[3] = {0, 5, 8}, lengths[3] = {4, 2, 2};
	size_t n = strnlen(date, 11);

	out[0] = out[1] = out[2] = 0;
	if (n != 4 && n != 7 && n != 10)
		return false;
	for (size_t i = 0; i < 3 && begins[i] < n; i++) {
		if ((i > 0 && date[begins[i] - 1] != '-') ||
		    str_parse_u64(date + begins[i], lengths[i], most[i], &out[i]) < 0)
			return false;
	}
	return (n < 7 || out[1] > 0) && (n < 10 || out[2] > 0);
}

const char *sheet_date_text(const struct page *p, const char *date)
{
	uint64_t d[3];
	const char *month;

	if (!read_date(date, d) || d[1] == 0)
		return date;
	month = words_text(p->language, (enum word)(WORD_MONTH_1 + (int)d[1] - 1));
	if (d[2] == 0)
		return COMPOSE(p, WORD_DATE_MONTH, OWN("month", month),
			       NUMBER("year", (long long)d[0]));
	return COMPOSE(p, WORD_DATE_DAY, NUMBER("day", (long long)d[2]), OWN("month", month),
		       NUMBER("year", (long long)d[0]));
}

void sheet_date(struct sheet *s, const char *date)
{
	uint64_t d[3];
	const bool is_date = read_date(date, d);

	if (is_date) {
		html_open(&s->h, "time");
		html_attribute(&s->h, "datetime", date);
	}
	html_text(&s->h, sheet_date_text(s->p, date));
	if (is_date)
		html_close(&s->h, "time");
}

void sheet_time(struct sheet *s, live_time at)
{
	char exact[INSTANT_TEXT_SIZE], shown[INSTANT_TEXT_SIZE];

	if (at == LIVE_TIME_NONE)
		return;
	instant_format(at, exact);
	snprintf(shown, sizeof(shown), "%.10s %.8s UTC", exact, exact + 11);
	html_open(&s->h, "time");
	html_attribute(&s->h, "datetime", exact);
	html_text(&s->h, shown);
	html_close(&s->h, "time");
}

void sheet_span(struct sheet *s, struct live_span span)
{
	html_number(&s->h, span.first);
	if (span.last == span.first)
		return;
	html_words(&s->h, "\xe2\x80\x93");
	html_number(&s->h, span.last);
}

bool sheet_has_port(const struct page *p, uint16_t port)
{
	return !p->ports || (port >= p->ports->first && port <= p->ports->last);
}

uint16_t sheet_first_port(const struct page *p, struct live_span span)
{
	const uint16_t port = p->ports ? MAX_OF(span.first, p->ports->first) : span.first;

	return port <= span.last && sheet_has_port(p, port) ? port : span.first;
}

void sheet_close_port(struct sheet *s, uint16_t port)
{
	if (sheet_has_port(s->p, port))
		html_close(&s->h, "a");
	else
		html_close(&s->h, "span");
}

void sheet_open_port(struct sheet *s, uint16_t port)
{
	char url[64];

	if (!sheet_has_port(s->p, port)) {
		html_open(&s->h, "span");
		return;
	}
	snprintf(url, sizeof(url), s->p->is_static ? "%sports/%u.html" : "%sports/%u", s->root,
		 port);
	html_open(&s->h, "a");
	html_url(&s->h, "href", url);
}

void sheet_port(struct sheet *s, uint16_t port)
{
	if (!sheet_has_port(s->p, port)) {
		html_number(&s->h, port);
		return;
	}
	sheet_open_port(s, port);
	html_number(&s->h, port);
	sheet_close_port(s, port);
}

void sheet_service(struct sheet *s, const char *name)
{
	struct str url = {0};

	if (!page_service_is_there(s->p, name)) {
		sheet_name(s, name);
		return;
	}
	str_append(&url, s->root);
	str_append(&url, "services/");
	if (s->p->is_static) {
		page_service_file(name, &url);
		str_append(&url, ".html");
	} else {
		html_append_percent(&url, name);
	}
	html_open(&s->h, "a");
	html_url(&s->h, "href", str_text(&url));
	sheet_name(s, name);
	html_close(&s->h, "a");
	str_fini(&url);
}

static void put_slot(struct sheet *s, const struct slot *slot)
{
	struct html *h = &s->h;

	switch (slot->kind) {
	case SLOT_NUMBER:
		html_number(h, slot->number);
		return;
	case SLOT_TEXT:
		sheet_name(s, slot->text);
		return;
	case SLOT_CODE:
		html_open(h, "code");
		html_text(h, slot->text);
		html_close(h, "code");
		return;
	case SLOT_STRONG:
		html_open(h, "b");
		sheet_name(s, slot->text);
		html_close(h, "b");
		return;
	case SLOT_WORDS:
		html_words(h, slot->text);
		return;
	case SLOT_DATE:
		sheet_date(s, slot->text);
		return;
	case SLOT_PORT:
		sheet_port(s, (uint16_t)slot->number);
		return;
	case SLOT_LINK:
		html_open(h, "a");
		html_url(h, "href", slot->url);
		html_text(h, slot->text);
		html_close(h, "a");
		return;
	}
}

/* The next place of a text: sets where it begins and how long it is; NULL = there is none. */
static const struct slot *next_slot(const char *text, const struct slot *slots, size_t n,
				    const char **begin, size_t *length)
{
	for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
		for (size_t i = 0; i < n; i++) {
			const size_t name = strlen(slots[i].name);

			if (strncmp(at + 1, slots[i].name, name) != 0 || at[1 + name] != '}')
				continue;
			*begin = at;
			*length = name + 2;
			return &slots[i];
		}
	}
	return NULL;
}

void sheet_fill(struct sheet *s, const char *text, const struct slot *slots, size_t n)
{
	const struct slot *slot;
	const char *begin;
	bool is_code = false;
	size_t length;

	while ((slot = next_slot(text, slots, n, &begin, &length)) != NULL) {
		put_words(s, text, (size_t)(begin - text), &is_code);
		put_slot(s, slot);
		text = begin + length;
	}
	put_words(s, text, strlen(text), &is_code);
}

static void append_plain(struct str *out, const struct slot *slot)
{
	switch (slot->kind) {
	case SLOT_NUMBER:
	case SLOT_PORT:
		str_printf(out, "%lld", slot->number);
		return;
	case SLOT_TEXT:
	case SLOT_CODE:
	case SLOT_STRONG:
	case SLOT_DATE:
	case SLOT_WORDS:
	case SLOT_LINK:
		if (slot->text)
			str_append_bytes(out, slot->text, strnlen(slot->text, HTML_TEXT_MOST));
		return;
	}
}

/* Plain text has no commands in another type. */
static void append_words(struct str *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '`')
			str_append_char(out, text[i]);
	}
}

const char *sheet_compose(const struct page *p, const char *text, const struct slot *slots,
			  size_t n)
{
	const struct slot *slot;
	struct str out = {0};
	const char *begin, *kept;
	size_t length;

	while ((slot = next_slot(text, slots, n, &begin, &length)) != NULL) {
		append_words(&out, text, (size_t)(begin - text));
		append_plain(&out, slot);
		text = begin + length;
	}
	append_words(&out, text, strlen(text));
	kept = out.has_failed ? NULL : arena_strdup(p->arena, str_text(&out));
	str_fini(&out);
	return kept ? kept : "";
}
