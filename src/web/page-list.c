#include "web/page-list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MOST = 16 };

/* A row as text while rows are filtered and sorted. */
struct entry {
	uint32_t row;
	const char *key; /* of the column to sort by; "" = it is not there */
};

/* A filter, cut into words. */
struct filter {
	const char *words[WORDS_MOST];
	bool is_wanted[WORDS_MOST];
	size_t n;
};

/* Letters of Latin-1 without their marks, from U+00C0 on: what people sort them as. */
static const char bare[] = "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo/ouuuuyty";

/* The text as it is compared: small letters without marks. */
static void append_folded(struct str *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)text[i];
		const unsigned char next = i + 1 < n ? (unsigned char)text[i + 1] : 0;

		if (c == 0xc3 && next >= 0x80 && next < 0xc0) {
			str_append_char(out, bare[next - 0x80]);
			i++;
		} else {
			str_append_char(out, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
		}
	}
}

static bool cut_filter(const char *text, struct filter *out, struct arena *arena)
{
	struct str folded = {0};
	char *rest, *word;

	out->n = 0;
	if (!text)
		return true;
	append_folded(&folded, text, strnlen(text, LIST_WORDS_MOST));
	rest = folded.has_failed ? NULL : arena_strdup(arena, str_text(&folded));
	str_fini(&folded);
	if (!rest)
		return false;
	while (out->n < WORDS_MOST && (word = strsep(&rest, " \t\r\n")) != NULL) {
		const bool is_unwanted = word[0] == '-' && word[1];

		if (!*word)
			continue;
		out->words[out->n] = word + is_unwanted;
		out->is_wanted[out->n++] = !is_unwanted;
	}
	return true;
}

static bool passes(const struct filter *filter, const char *text)
{
	for (size_t i = 0; i < filter->n; i++) {
		if ((strstr(text, filter->words[i]) != NULL) != filter->is_wanted[i])
			return false;
	}
	return true;
}

/* A character that the writer of HTML escaped: how long it is there; 0 = it is none. */
static size_t unescape(const char *at, char *out)
{
	static const struct {
		const char *text;
		char c;
	} all[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};

	for (size_t i = 0; i < N_ELEMENTS(all); i++) {
		if (str_starts_with(at, all[i].text)) {
			*out = all[i].c;
			return strlen(all[i].text);
		}
	}
	return 0;
}

/*
 * What of a row is read, without markup. Cells begin with the byte of a unit separator, which the
 * writer never lets through: the text of cell n stands behind the nth.
 */
static void read_text(const struct str *html, struct str *out)
{
	const char *at = str_text(html);

	while (*at) {
		char c = *at;
		size_t n = c == '&' ? unescape(at, &c) : 1;

		if (*at == '<') {
			if (str_starts_with(at, "<td") || str_starts_with(at, "<th"))
				str_append_char(out, '\x1f');
			at += strcspn(at, ">");
			at += *at == '>';
			continue;
		}
		str_append_char(out, c);
		at += n > 0 ? n : 1;
	}
}

static const char *find_column(const char *text, int column)
{
	for (; column >= 0 && text; column--) {
		text = strchr(text, '\x1f');
		text += text != NULL;
	}
	return text ? text : "";
}

/* Numbers inside texts are compared as numbers. */
static int compare_texts(const char *a, const char *b)
{
	static const char digits[] = "0123456789";
	const bool has_a = *a && *a != '\x1f', has_b = *b && *b != '\x1f';

	if (!has_a || !has_b) /* what is empty comes last */
		return has_b - has_a;
	while (*a && *a != '\x1f') {
		size_t n = strspn(a, digits), m = strspn(b, digits);
		int r;

		if (n == 0 || m == 0) {
			if (*a != *b)
				break;
			a++;
			b++;
			continue;
		}
		for (; n > 1 && *a == '0'; n--)
			a++;
		for (; m > 1 && *b == '0'; m--)
			b++;
		r = n != m ? (n < m ? -1 : 1) : memcmp(a, b, n);
		if (r != 0)
			return r;
		a += n;
		b += m;
	}
	return (int)(unsigned char)(*a == '\x1f' ? 0 : *a) -
	       (int)(unsigned char)(*b == '\x1f' ? 0 : *b);
}

static int compare_up(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	const int r = compare_texts(x->key, y->key);

	return r != 0 ? r : x->row < y->row ? -1 : x->row > y->row;
}

/* Rows that are alike stay in their order. */
static int compare_down(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	const int r = compare_texts(y->key, x->key);

	return r != 0 ? r : x->row < y->row ? -1 : x->row > y->row;
}

/* A sheet for one row alone. */
static void put_alone(const struct page *p, const struct list_of *of, size_t i, struct str *out)
{
	struct page alone = *p;
	struct sheet s;

	str_clear(out);
	alone.out = out;
	sheet_begin_part(&s, &alone, SHEET_BUDGET_LIST);
	of->row(&s, of->context, i);
	if (sheet_end_part(&s) < 0)
		out->has_failed = true;
}

/* Which rows pass, with what they are sorted by. Returns how many; false when out of memory. */
static bool choose(const struct page *p, const struct list_of *of, struct entry *entries,
		   size_t *n)
{
	struct str html = {0}, text = {0}, folded = {0};
	struct filter filter;
	bool is_fine = cut_filter(of->words, &filter, p->arena);

	*n = 0;
	for (size_t i = 0; is_fine && i < of->n; i++) {
		struct entry *e = &entries[*n];

		*e = (struct entry){(uint32_t)i, ""};
		if (filter.n == 0 && of->column < 0) {
			++*n;
			continue;
		}
		put_alone(p, of, i, &html);
		str_clear(&text);
		str_clear(&folded);
		read_text(&html, &text);
		append_folded(&folded, str_text(&text), text.length);
		if (!passes(&filter, str_text(&folded)))
			continue;
		if (of->column >= 0)
			e->key = arena_strdup(p->arena,
					      find_column(str_text(&folded), of->column));
		is_fine = e->key && !html.has_failed && !text.has_failed && !folded.has_failed;
		++*n;
	}
	str_fini(&html);
	str_fini(&text);
	str_fini(&folded);
	return is_fine;
}

/* Cut pages until the one that is wanted, or the last one. False when out of memory. */
static bool cut_pages(const struct page *p, const struct list_of *of, struct list *l)
{
	const size_t most = of->most_bytes > 0 ? of->most_bytes : (size_t)LIST_BYTES_MOST;
	struct str html = {0};
	size_t bytes = 0, i = 0;
	bool is_fine = true;

	l->page = 1;
	for (; is_fine && i < l->n; i++) {
		const size_t n_rows = i - l->first;

		put_alone(p, of, l->order[i], &html);
		is_fine = !html.has_failed;
		if (n_rows == LIST_ROWS_MOST || (n_rows > 0 && bytes + html.length > most)) {
			if (l->page >= of->page)
				break;
			l->page++;
			l->first = i;
			bytes = 0;
		}
		bytes += html.length;
	}
	l->last = i;
	str_fini(&html);
	return is_fine;
}

int list_find(const struct page *p, const struct list_of *of, struct list *out)
{
	struct entry *entries = arena_calloc(p->arena, of->n + 1, sizeof(*entries));
	uint32_t *order = arena_calloc(p->arena, of->n + 1, sizeof(*order));
	struct list l = {.order = order, .n_all = of->n};

	if (!entries || !order || !choose(p, of, entries, &l.n))
		return -ENOMEM;
	if (of->column >= 0)
		qsort(entries, l.n, sizeof(*entries), of->is_down ? compare_down : compare_up);
	for (size_t i = 0; i < l.n; i++)
		order[i] = entries[i].row;
	if (!cut_pages(p, of, &l))
		return -ENOMEM;
	*out = l;
	return 0;
}

void list_put(struct sheet *s, const struct list_of *of, const struct list *l)
{
	const size_t budget = s->h.budget;

	for (size_t i = l->first; i < l->last; i++) {
		s->h.budget = SHEET_BUDGET_LIST; /* the rows were measured: each as it is alone */
		of->row(s, of->context, l->order[i]);
	}
	s->h.budget = budget;
}

void list_say(struct sheet *s, const struct list *l)
{
	const bool is_whole = l->first == 0 && l->last == l->n;

	if (!is_whole)
		SAY(s, WORD_LIST_ROWS, NUMBER("first", (long long)l->first + 1),
		    NUMBER("last", (long long)l->last), NUMBER("n", (long long)l->n));
	if (l->n == l->n_all)
		return;
	if (!is_whole)
		html_markup(&s->h, "; ");
	SAY(s, WORD_FILTER_SHOWN, NUMBER("n", (long long)l->n),
	    NUMBER("all", (long long)l->n_all));
}

const char *list_url(const struct page *p, const char *path, const char *query, const char *key,
		     unsigned int page)
{
	const size_t n = strlen(query);
	const char *url;

	if (page > 1)
		url = arena_printf(p->arena, "%s?%s%s=%u", sheet_url(p, path), query, key, page);
	else
		url = arena_printf(p->arena, "%s%s%.*s", sheet_url(p, path), n > 0 ? "?" : "",
				   (int)(n > 0 ? n - 1 : 0), query);
	return url ? url : "";
}

static void put_link(struct sheet *s, const char *path, const char *query, const char *key,
		     unsigned int page, bool is_next)
{
	struct html *h = &s->h;

	if (is_next)
		html_open_with(h, "a", "rel=\"next\"");
	else
		html_open_with(h, "a", "rel=\"prev\"");
	html_url(h, "href", list_url(s->p, path, query, key, page));
	sheet_say(s, is_next ? WORD_LIST_NEXT : WORD_LIST_BEFORE);
	html_close(h, "a");
}

void list_links(struct sheet *s, const struct list *l, const char *id, const char *path,
		const char *query, const char *key)
{
	const bool has_more = l->last < l->n;
	struct html *h = &s->h;

	if (l->page > 1 || has_more)
		html_open_with(h, "nav", "class=\"pages\"");
	else
		html_open_with(h, "nav", "class=\"pages\" hidden");
	html_attribute_words(h, "id", id);
	html_attribute_words(h, "aria-label", sheet_word(s, WORD_LIST_PAGES));
	if (l->page > 1)
		put_link(s, path, query, key, l->page - 1, false);
	if (l->page > 1 || has_more) {
		html_open(h, "span");
		SAY(s, WORD_LIST_ROWS, NUMBER("first", (long long)l->first + 1),
		    NUMBER("last", (long long)l->last), NUMBER("n", (long long)l->n));
		html_close(h, "span");
	}
	if (has_more)
		put_link(s, path, query, key, l->page + 1, true);
	html_close(h, "nav");
}

void list_cell(struct sheet *s)
{
	s->h.budget = LIST_CELL_MOST;
	html_open(&s->h, "td");
}
