#include "base/repository.h"

#include "base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A line of a configuration: from `*at`, continued ones not joined. */
struct line {
	const char *text;
	size_t n;
};

static bool next_line(const char **at, const char *end, struct line *out)
{
	const char *line_end;

	if (*at >= end)
		return false;
	line_end = memchr(*at, '\n', (size_t)(end - *at));
	if (!line_end)
		line_end = end;
	out->text = *at;
	out->n = (size_t)(line_end - *at);
	*at = line_end + 1;
	while (out->n > 0 && isspace((unsigned char)out->text[0])) {
		out->text++;
		out->n--;
	}
	while (out->n > 0 && isspace((unsigned char)out->text[out->n - 1]))
		out->n--;
	return true;
}

static bool begins(const struct line *l, const char *word)
{
	size_t n = strlen(word);

	if (l->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (tolower((unsigned char)l->text[i]) != word[i])
			return false;
	}
	return true;
}

/* [remote "origin"]: the name of a section has no case, that of a subsection has. */
static bool is_origin(const struct line *l)
{
	static const char name[] = "\"origin\"]";
	size_t i = strlen("[remote");

	if (!begins(l, "[remote"))
		return false;
	while (i < l->n && (l->text[i] == ' ' || l->text[i] == '\t'))
		i++;
	return l->n - i >= strlen(name) && memcmp(l->text + i, name, strlen(name)) == 0;
}

/* A value: quotes taken off, \\ and \" undone, a comment left out. */
static bool take_value(const char *text, size_t n, char *out, size_t size)
{
	size_t used = 0, n_solid = 0;
	bool is_quoted = false;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '"') {
			is_quoted = !is_quoted;
			n_solid = used;
			continue;
		}
		if (!is_quoted && (c == '#' || c == ';'))
			break;
		if (c == '\\' && i + 1 < n)
			c = text[++i];
		if (!c || used + 1 >= size)
			return false;
		out[used++] = c;
		if (is_quoted || !isspace((unsigned char)c))
			n_solid = used;
	}
	out[n_solid] = '\0';
	return n_solid > 0;
}

bool repository_origin(const char *config, size_t n, char *url, size_t size)
{
	const char *at = config, *end = config + n;
	bool is_inside = false;
	struct line line;

	while (next_line(&at, end, &line)) {
		size_t i = strlen("url");

		if (line.n > 0 && line.text[0] == '[') {
			is_inside = is_origin(&line);
			continue;
		}
		if (!is_inside || !begins(&line, "url"))
			continue;
		while (i < line.n && (line.text[i] == ' ' || line.text[i] == '\t'))
			i++;
		if (i >= line.n || line.text[i++] != '=')
			continue;
		while (i < line.n && (line.text[i] == ' ' || line.text[i] == '\t'))
			i++;
		return take_value(line.text + i, line.n - i, url, size);
	}
	return false;
}

static size_t trim_end(const char *text, size_t n)
{
	static const char suffix[] = ".git";

	while (n > 1 && text[n - 1] == '/')
		n--;
	if (n > strlen(suffix) && memcmp(text + n - strlen(suffix), suffix, strlen(suffix)) == 0)
		n -= strlen(suffix);
	while (n > 1 && text[n - 1] == '/')
		n--;
	return n;
}

/* "host" and "path" of "user@HOST:port/path" and "user@HOST:path". */
static bool put_host(const char *rest, bool is_url, char *out, size_t size)
{
	size_t n_authority = is_url ? strcspn(rest, "/") : strcspn(rest, ":");
	const char *host = rest, *path = rest + n_authority;
	const char *at = str_last_byte(rest, n_authority, '@');
	size_t n_host = n_authority;
	int n;

	if (at) {
		host = at + 1;
		n_host = (size_t)(path - host);
	}
	if (is_url && n_host > 0) { /* the port, but not the colons of [::1] */
		const char *colon = str_last_byte(host, n_host, ':');

		if (colon && !memchr(colon, ']', (size_t)(path - colon)))
			n_host = (size_t)(colon - host);
	}
	path += strspn(path, is_url ? "/" : ":/");
	n = snprintf(out, size, "%.*s/%.*s", (int)MIN_OF(n_host, size), host,
		     (int)trim_end(path, strlen(path)), path);
	if (n < 0 || (size_t)n >= size || n_host == 0 || !*path)
		return false;
	for (size_t i = 0; i < n_host; i++)
		out[i] = (char)tolower((unsigned char)out[i]);
	return true;
}

bool repository_normalise(const char *url, char *out, size_t size)
{
	const char *scheme = strstr(url, "://");
	size_t n_path;
	int n;

	if (strlen(url) >= size)
		return false;
	if (scheme && !str_starts_with(url, "file://"))
		return put_host(scheme + 3, true, out, size);
	/* What has a colon before its first slash is host:path, as scp(1) has it. */
	if (!scheme && url[strcspn(url, ":/")] == ':')
		return put_host(url, false, out, size);
	if (scheme)
		url = scheme + 3;
	n_path = trim_end(url, strlen(url));
	n = snprintf(out, size, "%.*s", (int)n_path, url);
	return n > 0 && (size_t)n < size;
}
