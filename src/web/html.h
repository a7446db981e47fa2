/*
 * HTML: a typed writer of HTML documents.
 *
 * Markup comes from string literals only: the macros below take nothing else. Everything that is
 * not a literal (names of the registry, of processes, of users; what was typed) passes a function
 * that escapes it: as text, as the value of an attribute, or as a URL. In all three, what
 * str_is_unsafe() names (control characters, marks that turn the direction of writing) and bytes
 * that are not UTF-8 are shown escaped, as everywhere in berth; a URL that is not relative, http
 * or https is not written at all.
 *
 * Foreign text is bounded: one piece by HTML_TEXT_MOST bytes, a document by the bytes that it may
 * become there; what is left out is marked by an ellipsis. Elements that are open are remembered:
 * closing another one than the innermost, going deeper than HTML_DEPTH_MOST and attributes outside
 * a start tag make the document broken (html_finish()); tests demand that none ever is.
 *
 * Names of attributes that a browser runs or loads (on..., style, srcdoc; href, src, action
 * without html_url()) are refused in the same way.
 */
#pragma once

#include "base/str.h"

enum {
	HTML_DEPTH_MOST = 32,
	HTML_TEXT_MOST = 2048, /* of one piece of foreign text; the registry's longest has 1,532 */
	HTML_URL_MOST = 2048,
};

/* A name in markup; points at a literal. */
struct html_name {
	const char *text;
	size_t n;
};

/* A document under construction. */
struct html {
	struct str *out;   /* borrowed */
	size_t budget;     /* bytes that foreign text may still become */
	struct html_name open[HTML_DEPTH_MOST];
	size_t depth;
	bool is_in_tag;    /* a start tag waits for attributes */
	bool is_broken;    /* it was not used as it should be */
};

/* A document, or a part of one, in which foreign text becomes at most `budget` bytes. */
void html_begin(struct html *h, struct str *out, size_t budget);

/* 0; -ENOMEM; -EINVAL: elements are open, or it is broken. */
int html_finish(struct html *h) BERTH_MUST_CHECK;

/* The beginning of an element: `name` is a literal. Attributes may follow. */
#define html_open(h, name) html_open_name((h), (struct html_name){"" name "", sizeof(name) - 1})

/* An element with one class, both literals. */
#define html_open_class(h, name, class)                                                            \
	html_open_raw((h), (struct html_name){"" name "", sizeof(name) - 1},                       \
		      " class=\"" class "\"", sizeof(" class=\"" class "\"") - 1)

/* The same with attributes that are one literal: html_open_with(h, "td", "colspan=\"2\""). */
#define html_open_with(h, name, attributes)                                                        \
	html_open_raw((h), (struct html_name){"" name "", sizeof(name) - 1}, " " attributes "",    \
		      sizeof(" " attributes) - 1)

/* Close the innermost element, which has to be this one. */
#define html_close(h, name) html_close_name((h), (struct html_name){"" name "", sizeof(name) - 1})

/* Markup that is complete in itself: a literal with as many end tags as start tags. */
#define html_markup(h, literal) html_put_markup((h), "" literal "", sizeof(literal) - 1)

/* Attributes of the start tag that was just begun; `name` is a literal. NULL values: nothing. */
#define html_attribute(h, name, value)                                                             \
	html_put_attribute((h), (struct html_name){"" name "", sizeof(name) - 1}, (value))
/* The same with a text of berth's own: not bounded. */
#define html_attribute_words(h, name, value)                                                       \
	html_put_attribute_words((h), (struct html_name){"" name "", sizeof(name) - 1}, (value))
#define html_attribute_number(h, name, value)                                                      \
	html_put_attribute_number((h), (struct html_name){"" name "", sizeof(name) - 1}, (value))

/* href, src or action: a relative URL, http or https. Another one is left out, and false. */
#define html_url(h, name, url)                                                                     \
	html_put_url((h), (struct html_name){"" name "", sizeof(name) - 1}, (url))

/* Text of berth's own (words, translations): escaped like all, not bounded. */
void html_words(struct html *h, const char *text);
void html_words_part(struct html *h, const char *text, size_t n);

/* Foreign text: escaped and bounded. NULL: nothing. */
void html_text(struct html *h, const char *text);

void html_number(struct html *h, long long n);

/* One character of ASCII between things: ' ', ':', '/'. */
void html_char(struct html *h, char c);

/* Whether a URL may be followed: relative without a scheme, http or https; not too long. */
bool html_is_url(const char *url);

/* Append `text` so that it can stand in a path or query of a URL: all but unreserved characters
 * (RFC 3986) as %XX. At most HTML_URL_MOST bytes of it. */
void html_append_percent(struct str *out, const char *text);

/* What the macros call. */
void html_open_name(struct html *h, struct html_name name);
void html_open_raw(struct html *h, struct html_name name, const char *attributes, size_t n);
void html_close_name(struct html *h, struct html_name name);
void html_put_markup(struct html *h, const char *literal, size_t n);
void html_put_attribute(struct html *h, struct html_name name, const char *value);
void html_put_attribute_words(struct html *h, struct html_name name, const char *value);
void html_put_attribute_number(struct html *h, struct html_name name, long long value);
bool html_put_url(struct html *h, struct html_name name, const char *url);
