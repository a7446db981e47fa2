#include "web/route.h"

#include <errno.h>
#include <string.h>

#define ROUTE(id, path, methods, kind, wants, handler)                                             \
	[ROUTE_##id] = {path, methods, ROUTE_##kind, ROUTE_WANTS_##wants},
const struct route routes[N_ROUTES] = {
#include "web/routes.def"
};
#undef ROUTE

enum { PARTS_MOST = 5, PART_SIZE = HTTP_TEXT_VALUE_MOST };

/* A path cut at its slashes and decoded: "/" has no parts. */
struct parts {
	char text[PARTS_MOST][PART_SIZE];
	size_t n;
};

static int cut(const char *path, size_t n, struct parts *out)
{
	size_t at = 1;

	out->n = 0;
	if (n == 0 || path[0] != '/')
		return -EINVAL;
	while (at < n) {
		const char *slash = memchr(path + at, '/', n - at);
		size_t length = slash ? (size_t)(slash - (path + at)) : n - at;
		int r;

		if (out->n == PARTS_MOST || length == 0)
			return -ENOENT;
		r = http_text_decode(path + at, length, false, out->text[out->n], PART_SIZE);
		if (r < 0)
			return r == -ENAMETOOLONG ? -ENOENT : r;
		out->n++;
		at += length + 1;
	}
	return 0;
}

/* Whether one part of a row's path stands for what came. */
static bool fits_part(const char *pattern, size_t n, const char *text, struct route_match *out)
{
	if (n == 1 && pattern[0] == '#')
		return http_text_port(text, &out->port) == 0;
	if (n == 1 && pattern[0] == '*') {
		memcpy(out->word, text, strlen(text) + 1);
		return true;
	}
	return strlen(text) == n && strncasecmp(pattern, text, n) == 0;
}

static bool fits(const char *pattern, const struct parts *parts, size_t first,
		 struct route_match *out)
{
	size_t i = first;

	for (const char *at = pattern + 1; *at; i++) {
		size_t n = strcspn(at, "/");

		if (i == parts->n || !fits_part(at, n, parts->text[i], out))
			return false;
		at += n + (at[n] == '/');
	}
	return i == parts->n;
}

int route_find(const char *path, size_t n, struct route_match *out)
{
	struct route_match match = {.language = PAGE_ENGLISH};
	struct parts parts;
	size_t first = 0;
	int r = cut(path, n, &parts);

	if (r < 0)
		return r;
	if (parts.n > 0 && str_casecmp(parts.text[0], "de") == 0) {
		match.language = PAGE_GERMAN;
		first = 1;
	}
	for (size_t i = 0; i < N_ROUTES; i++) {
		if ((first > 0 && routes[i].kind == ROUTE_DATA) ||
		    !fits(routes[i].path, &parts, first, &match))
			continue;
		match.id = (enum route_id)i;
		*out = match;
		return 0;
	}
	return -ENOENT;
}

/* Characters that need no encoding anywhere (RFC 3986, 2.3), as html_append_percent() has it. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

static void append_word(const char *word, struct str *out)
{
	for (; *word; word++) {
		if (is_plain(*word))
			str_append_char(out, *word);
		else
			str_printf(out, "%%%02X", (unsigned char)*word);
	}
}

void route_plain_path(const struct route_match *match, struct str *out)
{
	for (const char *at = routes[match->id].path; *at; at++) {
		if (*at == '#')
			str_printf(out, "%u", match->port);
		else if (*at == '*')
			append_word(match->word, out);
		else
			str_append_char(out, *at);
	}
}

void route_path(const struct route_match *match, enum page_language language, struct str *out)
{
	if (language == PAGE_GERMAN && routes[match->id].kind != ROUTE_DATA)
		str_append(out, "/de");
	route_plain_path(match, out);
}
