/* The three ranges, the kernel's own, and what browsers refuse; and the pages of errors. */
#include "web/page-port.h"

#include <errno.h>
#include <string.h>

/* Spans of a list that the kernel keeps; there may be thousands. */
enum { MOST_RESERVED = 200 };

static void put_heads(struct sheet *s)
{
	static const enum word heads[] = {WORD_HEAD_RANGE, WORD_HEAD_PORTS, WORD_HEAD_N_NAMED,
					  WORD_HEAD_N_DOCUMENTED, WORD_HEAD_N_KNOWN,
					  WORD_HEAD_N_LISTENING};

	sheet_heads(s, heads, N_ELEMENTS(heads) - (s->p->is_static ? 1 : 0));
}

static void put_count(struct sheet *s, answer_number n)
{
	html_open_class(&s->h, "td", "number");
	if (n >= 0)
		html_number(&s->h, n);
	html_close(&s->h, "td");
}

static enum word word_of_range(const char *name)
{
	if (strcmp(name, "system") == 0)
		return WORD_RANGE_NAME_SYSTEM;
	return strcmp(name, "user") == 0 ? WORD_RANGE_NAME_USER : WORD_RANGE_NAME_DYNAMIC;
}

static void put_range(struct sheet *s, const struct answer_range *r)
{
	struct html *h = &s->h;

	html_open(h, "tr");
	html_open_with(h, "th", "scope=\"row\"");
	sheet_say(s, word_of_range(r->name));
	html_close(h, "th");
	html_open(h, "td");
	sheet_port(s, r->ports.first);
	html_words(h, "\xe2\x80\x93");
	sheet_port(s, r->ports.last);
	html_close(h, "td");
	put_count(s, r->n_named);
	put_count(s, r->n_documented);
	put_count(s, r->n_known);
	if (!s->p->is_static)
		put_count(s, r->n_listening);
	html_close(h, "tr");
}

static void put_spans(struct sheet *s, const struct answer_span *spans, size_t n)
{
	struct html *h = &s->h;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			html_markup(h, ", ");
		sheet_port(s, (uint16_t)spans[i].first);
		if (spans[i].last == spans[i].first)
			continue;
		html_words(h, "\xe2\x80\x93");
		sheet_port(s, (uint16_t)spans[i].last);
	}
}

static void put_kernel(struct sheet *s, const struct answer_kernel *k)
{
	struct html *h = &s->h;

	SHEET_SECTION(s, "kernel", WORD_KERNEL_TITLE);
	html_open_class(h, "ul", "plain");
	if (k->ephemeral) {
		html_open(h, "li");
		SAY(s, WORD_KERNEL_EPHEMERAL, PORT("first", k->ephemeral->first),
		    PORT("last", k->ephemeral->last));
		html_close(h, "li");
	}
	if (k->unprivileged_start >= 0) {
		html_open(h, "li");
		SAY(s, WORD_KERNEL_PRIVILEGED, PORT("first", k->unprivileged_start));
		html_close(h, "li");
	}
	if (k->n_reserved > 0) {
		html_open(h, "li");
		sheet_say(s, WORD_KERNEL_RESERVED);
		html_char(h, ' ');
		put_spans(s, k->reserved, MIN_OF(k->n_reserved, (size_t)MOST_RESERVED));
		if (k->n_reserved > MOST_RESERVED) {
			const long long rest = (long long)k->n_reserved - MOST_RESERVED;

			html_char(h, ' ');
			SAY_MANY(s, WORD_KERNEL_RESERVED_MORE, rest, NUMBER("n", rest),
				 CODE("file", "/proc/sys/net/ipv4/ip_local_reserved_ports"));
		}
		html_close(h, "li");
	}
	if (!k->ephemeral && k->unprivileged_start < 0)
		SHEET_IN(s, "li", WORD_COULD_NOT_LOOK);
	html_close(h, "ul");
	html_close(h, "section");
}

static void put_browsers(struct sheet *s, const struct answer_kernel *k)
{
	struct html *h = &s->h;

	SHEET_SECTION(s, "browsers", WORD_BROWSERS_TITLE);
	html_open(h, "p");
	SAY(s, WORD_BROWSERS_LINE, DATE("date", k->browser_blocked_as_of));
	html_close(h, "p");
	html_open_class(h, "p", "numbers");
	put_spans(s, k->browser_blocked, k->n_browser_blocked);
	html_close(h, "p");
	html_close(h, "section");
}

int page_ranges(const struct page *p)
{
	static const enum word who[] = {WORD_RANGE_SYSTEM, WORD_RANGE_USER, WORD_RANGE_DYNAMIC};
	const struct answer_ranges *r = answer_ranges(p->from, p->arena);
	struct sheet_head head = {.place = SHEET_RANGES};
	struct sheet s;
	struct html *h = &s.h;

	if (!r)
		return -ENOMEM;
	head.title = words_text(p->language, WORD_RANGES_TITLE);
	head.description = words_text(p->language, WORD_RANGES_LINE);
	sheet_begin(&s, p, &head, SHEET_BUDGET_LIST);
	SHEET_IN(&s, "h1", WORD_RANGES_TITLE);
	html_open_class(h, "p", "line");
	sheet_say(&s, WORD_RANGES_LINE);
	html_close(h, "p");
	for (size_t i = 0; i < N_ELEMENTS(who); i++) {
		html_open(h, "p");
		SAY(&s, who[i], LINK("rfc", "RFC 6335", "https://www.rfc-editor.org/rfc/rfc6335"));
		html_close(h, "p");
	}
	html_open_with(h, "div", "class=\"scroll\" role=\"region\" tabindex=\"0\""
				 " aria-labelledby=\"ranges-caption\"");
	html_open_class(h, "table", "list");
	html_open_with(h, "caption", "id=\"ranges-caption\"");
	sheet_say(&s, WORD_RANGES_CAPTION);
	html_close(h, "caption");
	put_heads(&s);
	html_open(h, "tbody");
	for (size_t i = 0; i < r->n_ranges; i++)
		put_range(&s, &r->ranges[i]);
	html_close(h, "tbody");
	html_close(h, "table");
	html_close(h, "div");
	if (!p->is_static)
		put_kernel(&s, &r->kernel);
	put_browsers(&s, &r->kernel);
	html_open_class(h, "p", "checked");
	sheet_registry(&s, &r->registry);
	html_close(h, "p");
	return sheet_end(&s);
}

int page_error(const struct page *p, unsigned int status)
{
	static const struct {
		unsigned int status;
		enum word title, line;
	} errors[] = {
		{400, WORD_ERROR_400, WORD_ERROR_400_LINE},
		{403, WORD_ERROR_403, WORD_ERROR_403_LINE},
		{404, WORD_ERROR_404, WORD_ERROR_404_LINE},
		{405, WORD_ERROR_405, WORD_ERROR_405_LINE},
		{409, WORD_ERROR_409, WORD_ERROR_409_LINE},
		{413, WORD_ERROR_413, WORD_ERROR_413_LINE},
		{429, WORD_ERROR_429, WORD_ERROR_429_LINE},
		{503, WORD_ERROR_503, WORD_ERROR_503_LINE},
		{500, WORD_ERROR_500, WORD_ERROR_500_LINE}, /* and every other */
	};
	struct sheet_head head = {.is_nameless = true};
	struct sheet s;
	size_t i = 0;

	while (i + 1 < N_ELEMENTS(errors) && errors[i].status != status)
		i++;
	head.title = words_text(p->language, errors[i].title);
	sheet_begin(&s, p, &head, SHEET_BUDGET);
	html_open(&s.h, "h1");
	html_open_class(&s.h, "span", "faint");
	html_number(&s.h, status);
	html_close(&s.h, "span");
	html_char(&s.h, ' ');
	sheet_say(&s, errors[i].title);
	html_close(&s.h, "h1");
	SHEET_IN(&s, "p", errors[i].line);
	if (p->message) {
		html_open_class(&s.h, "p", "said");
		html_text(&s.h, p->message);
		html_close(&s.h, "p");
	}
	return sheet_end(&s);
}
