#include "web/html.h"

#include <errno.h>
#include <string.h>

/* The longest thing that one character becomes: \u{10ffff}. */
enum { SPECIAL_MOST = 10 };

void html_begin(struct html *h, struct str *out, size_t budget)
{
	*h = (struct html){.out = out, .budget = budget};
}

int html_finish(struct html *h)
{
	if (h->out->has_failed)
		return -ENOMEM;
	return h->depth > 0 || h->is_in_tag || h->is_broken ? -EINVAL : 0;
}

/* The start tag is complete as soon as anything but an attribute follows. */
static void end_tag(struct html *h)
{
	if (h->is_in_tag)
		str_append_char(h->out, '>');
	h->is_in_tag = false;
}

/* Elements without content and end tag. */
static bool is_void(struct html_name name)
{
	static const char *const names[] = {"br", "hr", "img", "input", "link", "meta", "col",
					    "wbr"};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		if (name.text[0] == names[i][0] && strcmp(name.text, names[i]) == 0)
			return true;
	}
	return false;
}

static bool is_same(struct html_name a, struct html_name b)
{
	return a.n == b.n && memcmp(a.text, b.text, a.n) == 0;
}

void html_open_raw(struct html *h, struct html_name name, const char *attributes, size_t n)
{
	bool is_short = name.n <= 5 && is_void(name);

	end_tag(h);
	if (!is_short && h->depth == HTML_DEPTH_MOST) {
		h->is_broken = true;
		return;
	}
	str_append_char(h->out, '<');
	str_append_bytes(h->out, name.text, name.n);
	str_append_bytes(h->out, attributes, n);
	h->is_in_tag = true;
	if (!is_short)
		h->open[h->depth++] = name;
}

void html_open_name(struct html *h, struct html_name name)
{
	html_open_raw(h, name, "", 0);
}

void html_close_name(struct html *h, struct html_name name)
{
	end_tag(h);
	if (h->depth == 0 || !is_same(h->open[h->depth - 1], name)) {
		h->is_broken = true;
		return;
	}
	h->depth--;
	str_append_bytes(h->out, "</", 2);
	str_append_bytes(h->out, name.text, name.n);
	str_append_char(h->out, '>');
}

void html_put_markup(struct html *h, const char *literal, size_t n)
{
	end_tag(h);
	str_append_bytes(h->out, literal, n);
}

/* What ASCII stands for itself in text and in quoted attributes. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '&' && c != '<' && c != '>' && c != '"' && c != '\'';
}

static void put_ascii(struct str *out, char c)
{
	switch (c) {
	case '&':
		str_append(out, "&amp;");
		break;
	case '<':
		str_append(out, "&lt;");
		break;
	case '>':
		str_append(out, "&gt;");
		break;
	case '"':
		str_append(out, "&quot;");
		break;
	case '\'':
		str_append(out, "&#39;");
		break;
	case '\t':
		str_append(out, "\\t");
		break;
	case '\n':
		str_append(out, "\\n");
		break;
	case '\r':
		str_append(out, "\\r");
		break;
	default: /* a character, not our enum */
		str_printf(out, "\\x%02x", (unsigned int)(unsigned char)c);
		break;
	}
}

/* One character that is not plain; returns how many bytes it took. */
static size_t put_special(struct str *out, const char *bytes, size_t n)
{
	uint32_t code_point;
	size_t length;

	if ((unsigned char)bytes[0] < 0x80) {
		put_ascii(out, bytes[0]);
		return 1;
	}
	length = str_utf8_decode(bytes, n, &code_point);
	if (length == 0) {
		str_printf(out, "\\x%02x", (unsigned int)(unsigned char)bytes[0]);
		return 1;
	}
	if (!str_is_unsafe(code_point))
		str_append_bytes(out, bytes, length);
	else
		str_printf(out, code_point < 0x100 ? "\\x%02x" : "\\u{%04x}",
			   (unsigned int)code_point);
	return length;
}

/* At most `most` bytes are written, whole characters. Returns whether all of `text` was. */
static bool put_escaped(struct str *out, const char *text, size_t n, size_t most)
{
	size_t i = 0;

	while (i < n) {
		size_t run = i, room = most < n - i ? i + most : n;

		while (run < room && is_plain((unsigned char)text[run]))
			run++;
		if (run > i)
			str_append_bytes(out, text + i, run - i);
		most -= run - i;
		i = run;
		if (i == n)
			break;
		if (most < SPECIAL_MOST)
			return false;
		run = out->length;
		i += put_special(out, text + i, n - i);
		most -= out->length - run;
	}
	return true;
}

void html_words(struct html *h, const char *text)
{
	html_words_part(h, text, strlen(text));
}

void html_words_part(struct html *h, const char *text, size_t n)
{
	end_tag(h);
	put_escaped(h->out, text, n, SIZE_MAX);
}

/* Whole characters, within one piece's bound and the rest of the document's. */
static void put_foreign(struct html *h, const char *text)
{
	const size_t n = strnlen(text, HTML_TEXT_MOST + 1), begin = h->out->length;
	size_t taken = MIN_OF(n, (size_t)HTML_TEXT_MOST);
	bool is_whole = taken == n;

	while (!is_whole && taken > 0 && ((unsigned char)text[taken] & 0xc0) == 0x80)
		taken--;
	is_whole = put_escaped(h->out, text, taken, h->budget) && is_whole;
	h->budget -= MIN_OF(h->out->length - begin, h->budget);
	if (!is_whole)
		str_append(h->out, "\xe2\x80\xa6");
}

void html_text(struct html *h, const char *text)
{
	end_tag(h);
	if (text)
		put_foreign(h, text);
}

void html_number(struct html *h, long long n)
{
	char digits[24];
	size_t i = sizeof(digits);
	unsigned long long rest = n < 0 ? 0ULL - (unsigned long long)n : (unsigned long long)n;

	end_tag(h);
	do {
		digits[--i] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (n < 0)
		digits[--i] = '-';
	str_append_bytes(h->out, digits + i, sizeof(digits) - i);
}

void html_char(struct html *h, char c)
{
	end_tag(h);
	put_escaped(h->out, &c, 1, SIZE_MAX);
}

/* Attributes that a browser runs, or from which it loads. */
static bool is_active(struct html_name name)
{
	static const char *const names[] = {"href", "src", "action", "formaction", "style",
					    "srcdoc", "srcset", "data", "poster", "ping",
					    "background", "http-equiv"};

	if (name.n >= 2 && memcmp(name.text, "on", 2) == 0)
		return true;
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		if (name.text[0] == names[i][0] && strcmp(name.text, names[i]) == 0)
			return true;
	}
	return false;
}

static bool begin_attribute(struct html *h, struct html_name name)
{
	if (!h->is_in_tag) {
		h->is_broken = true;
		return false;
	}
	str_append_char(h->out, ' ');
	str_append_bytes(h->out, name.text, name.n);
	str_append_bytes(h->out, "=\"", 2);
	return true;
}

void html_put_attribute(struct html *h, struct html_name name, const char *value)
{
	if (is_active(name)) {
		h->is_broken = true;
		return;
	}
	if (!value || !begin_attribute(h, name))
		return;
	put_foreign(h, value);
	str_append_char(h->out, '"');
}

void html_put_attribute_words(struct html *h, struct html_name name, const char *value)
{
	if (is_active(name) || !begin_attribute(h, name)) {
		h->is_broken = true;
		return;
	}
	put_escaped(h->out, value, strlen(value), SIZE_MAX);
	str_append_char(h->out, '"');
}

void html_put_attribute_number(struct html *h, struct html_name name, long long value)
{
	if (is_active(name) || !begin_attribute(h, name)) {
		h->is_broken = true;
		return;
	}
	h->is_in_tag = false;
	html_number(h, value);
	h->is_in_tag = true;
	str_append_char(h->out, '"');
}

/* A scheme is what stands before the first ':' unless a '/', '?' or '#' comes earlier. */
static bool has_scheme(const char *url)
{
	return url[strcspn(url, ":/?#")] == ':';
}

bool html_is_url(const char *url)
{
	if (!url || !*url || strnlen(url, HTML_URL_MOST + 1) > HTML_URL_MOST)
		return false;
	for (const char *c = url; *c; c++) {
		if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || *c == '\\')
			return false;
	}
	if (str_starts_with(url, "https://") || str_starts_with(url, "http://"))
		return true;
	/* "//host" would leave this machine. */
	return !has_scheme(url) && !str_starts_with(url, "//");
}

bool html_put_url(struct html *h, struct html_name name, const char *url)
{
	if (!html_is_url(url) || !begin_attribute(h, name))
		return false;
	put_escaped(h->out, url, strlen(url), SIZE_MAX);
	str_append_char(h->out, '"');
	return true;
}

void html_append_percent(struct str *out, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = strnlen(text, HTML_URL_MOST);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};

		if (is_letter || (c >= '0' && c <= '9') || (c && strchr("-._~", c)))
			str_append_char(out, (char)c);
		else
			str_append_bytes(out, escaped, sizeof(escaped));
	}
}
