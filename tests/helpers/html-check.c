#include "helpers/html-check.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH = 64, NAME = 24 };

/* A reader of tags. */
struct check {
	const char *at, *end, *begin;
	char open[DEPTH][NAME];
	size_t depth;
	char *why;
};

static int refuse(struct check *c, const char *what)
{
	const size_t left = (size_t)(c->end - c->at);

	snprintf(c->why, HTML_CHECK_WHY, "%s at byte %zu: %.*s", what, (size_t)(c->at - c->begin),
		 (int)(left < 60 ? left : 60), c->at);
	return -1;
}

static int is_listed(const char *name, const char *const *list)
{
	for (; *list; list++) {
		if (strcmp(name, *list) == 0)
			return 1;
	}
	return 0;
}

static const char *const elements[] = {
	"html", "head", "title", "meta", "link", "script", "body", "a", "header", "nav", "ul", "ol",
	"li", "form", "label", "input", "button", "main", "footer", "p", "b", "span", "strong",
	"article", "section", "h1", "h2", "h3", "div", "dl", "dt", "dd", "bdi", "q", "code", "time",
	"table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "fieldset",
	"legend", "svg", "circle", "path", NULL};
static const char *const voids[] = {"meta", "link", "input", NULL};
static const char *const active[] = {"style", "srcdoc", "formaction", "srcset", "http-equiv", NULL};
static const char *const urls[] = {"href", "src", "action", NULL};

static int read_name(struct check *c, char *out)
{
	size_t n = 0;

	while (c->at < c->end && n + 1 < NAME &&
	       ((*c->at >= 'a' && *c->at <= 'z') || (*c->at >= '0' && *c->at <= '9') ||
		*c->at == '-' || (*c->at >= 'A' && *c->at <= 'Z')))
		out[n++] = *c->at++;
	out[n] = '\0';
	return n > 0 ? 0 : refuse(c, "no name");
}

static int check_reference(struct check *c)
{
	static const char *const references[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	for (size_t i = 0; i < N_ELEMENTS(references); i++) {
		const size_t n = strlen(references[i]);

		if ((size_t)(c->end - c->at) >= n && memcmp(c->at, references[i], n) == 0) {
			c->at += n;
			return 0;
		}
	}
	return refuse(c, "a bare &");
}

static int is_good_url(const char *value, size_t n)
{
	const size_t scheme = strcspn(value, ":/?#\"");

	if (n >= 2 && value[0] == '/' && (value[1] == '/' || value[1] == '\\'))
		return 0;
	if (scheme < n && value[scheme] == ':')
		return str_starts_with(value, "http://") || str_starts_with(value, "https://");
	return 1;
}

static int read_attribute(struct check *c)
{
	const char *value;
	char name[NAME];

	if (read_name(c, name) < 0)
		return -1;
	if (str_starts_with(name, "on") || is_listed(name, active))
		return refuse(c, "an active attribute");
	if (c->at >= c->end || *c->at != '=')
		return 0;
	c->at++;
	if (c->at >= c->end || *c->at++ != '"')
		return refuse(c, "a value without quotes");
	value = c->at;
	while (c->at < c->end && *c->at != '"') {
		if (*c->at == '<' || *c->at == '>' || *c->at == '\n')
			return refuse(c, "a character that is not for values");
		if (*c->at != '&')
			c->at++;
		else if (check_reference(c) < 0)
			return -1;
	}
	if (c->at >= c->end)
		return refuse(c, "a value without end");
	if (is_listed(name, urls) && !is_good_url(value, (size_t)(c->at - value)))
		return refuse(c, "a URL that leads elsewhere");
	c->at++;
	return 0;
}

static int read_end_tag(struct check *c)
{
	char name[NAME];

	c->at++;
	if (read_name(c, name) < 0)
		return -1;
	if (c->depth == 0 || strcmp(c->open[c->depth - 1], name) != 0)
		return refuse(c, "an end tag of something else");
	c->depth--;
	if (c->at >= c->end || *c->at++ != '>')
		return refuse(c, "no >");
	return 0;
}

static int read_tag(struct check *c)
{
	static const char doctype[] = "!DOCTYPE html>";
	char name[NAME];

	c->at++;
	if (c->at - 1 == c->begin && strncmp(c->at, doctype, strlen(doctype)) == 0) {
		c->at += strlen(doctype);
		return 0;
	}
	if (c->at < c->end && *c->at == '/')
		return read_end_tag(c);
	if (read_name(c, name) < 0)
		return -1;
	if (!is_listed(name, elements))
		return refuse(c, "an element that no page has");
	while (c->at < c->end && *c->at == ' ') {
		c->at++;
		if (read_attribute(c) < 0)
			return -1;
	}
	if (c->end - c->at >= 2 && c->at[0] == '/' && c->at[1] == '>') {
		c->at += 2;
		return 0;
	}
	if (c->at >= c->end || *c->at++ != '>')
		return refuse(c, "no >");
	if (is_listed(name, voids))
		return 0;
	if (c->depth == DEPTH)
		return refuse(c, "too deep");
	memcpy(c->open[c->depth++], name, NAME);
	return 0;
}

static int read_character(struct check *c)
{
	uint32_t code_point;
	const size_t n = str_utf8_decode(c->at, (size_t)(c->end - c->at), &code_point);

	if (n == 0)
		return refuse(c, "no UTF-8");
	if (str_is_unsafe(code_point) && code_point != '\n')
		return refuse(c, "a character that must not be there");
	if (code_point == '"' || code_point == '\'' || code_point == '>')
		return refuse(c, "a character that text escapes");
	c->at += n;
	return 0;
}

static int check_characters(struct check *c)
{
	while (c->at < c->end) {
		uint32_t code_point;
		const size_t n = str_utf8_decode(c->at, (size_t)(c->end - c->at), &code_point);

		if (n == 0 || (str_is_unsafe(code_point) && code_point != '\n'))
			return refuse(c, "a character that must not be there");
		c->at += n;
	}
	c->at = c->begin;
	return 0;
}

int html_check(const char *bytes, size_t n, char *why)
{
	struct check c = {.at = bytes, .begin = bytes, .end = bytes + n, .why = why};
	int r = check_characters(&c);

	while (r == 0 && c.at < c.end) {
		if (*c.at == '<')
			r = read_tag(&c);
		else if (*c.at == '&')
			r = check_reference(&c);
		else
			r = read_character(&c);
	}
	return r == 0 && c.depth > 0 ? refuse(&c, "something is open at the end") : r;
}
