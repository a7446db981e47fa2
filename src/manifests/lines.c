/* Manifests that are read line by line: socket units of systemd, .env files. */
#include "manifests/readers.h"

#include <string.h>
#include <strings.h>

enum { LISTENS_MOST = 256, VALUE_MOST = 256 };

/* One line, trimmed. */
struct line {
	const char *text;
	size_t n;
	unsigned int number, indent;
};

/* The lines of a file. */
struct lines {
	const char *next, *end;
	unsigned int number;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool next_line(struct lines *l, struct line *out)
{
	const char *start = l->next, *end;

	if (l->next >= l->end)
		return false;
	end = memchr(start, '\n', (size_t)(l->end - start));
	end = end ? end : l->end;
	l->next = end < l->end ? end + 1 : end;
	out->number = ++l->number;
	out->indent = 0;
	while (start < end && is_blank(*start)) {
		start++;
		out->indent++;
	}
	while (end > start && is_blank(end[-1]))
		end--;
	out->text = start;
	out->n = (size_t)(end - start);
	return true;
}

/* "KEY = VALUE" taken apart. */
static bool split(const struct line *l, struct line *key, struct line *value)
{
	const char *equals = memchr(l->text, '=', l->n);
	const char *at = equals ? equals + 1 : NULL, *end = l->text + l->n;

	if (!equals)
		return false;
	*key = *l;
	key->n = (size_t)(equals - l->text);
	while (key->n > 0 && is_blank(key->text[key->n - 1]))
		key->n--;
	while (at < end && is_blank(*at))
		at++;
	*value = (struct line){at, (size_t)(end - at), l->number,
			       l->indent + (unsigned int)(at - l->text)};
	return true;
}

static bool is_word(const struct line *l, const char *word)
{
	return l->n == strlen(word) && strncmp(l->text, word, l->n) == 0;
}

/* What a unit listens on: an empty assignment takes back all before it. */
struct listens {
	struct {
		struct line value;
		bool is_datagram;
	} items[LISTENS_MOST];
	size_t n;
};

static void say_listen(const struct line *value, bool is_datagram, const char *name,
		       struct report *out)
{
	const struct report_at at = {value->number, value->indent + 1};
	const char *colon = str_last_byte(value->text, value->n, ':');
	char address[64];
	struct report_port port = {.kind = "socket", .name = name, .at = at,
				   .protocols = is_datagram ? "udp" : "tcp"};
	size_t n_address = colon ? (size_t)(colon - value->text) : 0;
	const char *number = colon ? colon + 1 : value->text;

	if (value->n == 0 || strchr("/@", value->text[0]) ||
	    (value->n > 6 && strncmp(value->text, "vsock:", 6) == 0))
		return; /* not the internet's */
	if (memchr(value->text, '%', value->n)) {
		report_gap(out, at, "the port hangs on a specifier of the unit");
		return;
	}
	if (n_address >= sizeof(address) ||
	    !readers_span(number, value->n - (size_t)(number - value->text), &port.first,
			  &port.last)) {
		report_gap(out, at, "neither a port nor an address with one");
		return;
	}
	if (colon) {
		memcpy(address, value->text, n_address);
		address[n_address] = '\0';
		port.address = address;
	}
	report_port(out, &port);
}

static void take_listen(struct listens *all, const struct line *key, const struct line *value)
{
	bool is_datagram = is_word(key, "ListenDatagram");

	if (!is_datagram && !is_word(key, "ListenStream"))
		return;
	if (value->n == 0) {
		all->n = 0;
	} else if (all->n < LISTENS_MOST) {
		all->items[all->n].value = *value;
		all->items[all->n++].is_datagram = is_datagram;
	}
}

void readers_socket(const char *path, const char *bytes, size_t n, struct report *out)
{
	const char *slash = strrchr(path, '/'), *stem = slash ? slash + 1 : path;
	struct lines lines = {bytes, bytes + n, 0};
	struct listens all = {.n = 0};
	struct line line, key, value;
	bool is_socket = false;
	char name[64];
	size_t length = strlen(stem);

	length -= length > 7 ? 7 : 0; /* ".socket" */
	length = MIN_OF(length, sizeof(name) - 1);
	memcpy(name, stem, length);
	name[length] = '\0';
	while (next_line(&lines, &line)) {
		if (line.n == 0 || strchr("#;", line.text[0]))
			continue;
		if (line.text[0] == '[')
			is_socket = is_word(&line, "[Socket]");
		else if (is_socket && split(&line, &key, &value))
			take_listen(&all, &key, &value);
	}
	for (size_t i = 0; i < all.n; i++)
		say_listen(&all.items[i].value, all.items[i].is_datagram, name, out);
}

/* "PORT", "WEB_PORT", "port" */
static bool is_port_key(const struct line *key)
{
	return key->n >= 4 && key->n < 64 && strncasecmp(key->text + key->n - 4, "port", 4) == 0 &&
	       (key->n == 4 || key->text[key->n - 5] == '_');
}

/* The quotes around a value, and a comment behind it, are not of it. */
static void unquote(struct line *value)
{
	char quote = value->n > 0 ? value->text[0] : '\0';
	const char *end;

	if (quote != '"' && quote != '\'') {
		for (size_t i = 1; i < value->n; i++) {
			if (value->text[i] == '#' && is_blank(value->text[i - 1]))
				value->n = i;
		}
		while (value->n > 0 && is_blank(value->text[value->n - 1]))
			value->n--;
		return;
	}
	end = memchr(value->text + 1, quote, value->n - 1);
	value->text++;
	value->indent++;
	value->n = end ? (size_t)(end - value->text) : 0;
}

static void skip_export(struct line *line)
{
	if (line->n <= 7 || strncmp(line->text, "export ", 7) != 0)
		return;
	line->text += 7;
	line->n -= 7;
	line->indent += 7;
}

bool readers_variable(const struct reader_variables *v, const char *name, size_t n_name,
		      const char **value, size_t *n_value)
{
	struct lines lines = {v->bytes, v->bytes + v->n, 0};
	struct line line, key, found;
	bool is_set = false;

	while (v->bytes && next_line(&lines, &line)) {
		skip_export(&line);
		if (line.n == 0 || line.text[0] == '#' || !split(&line, &key, &found) ||
		    key.n != n_name || memcmp(key.text, name, n_name) != 0)
			continue;
		unquote(&found);
		*value = found.text;
		*n_value = found.n;
		is_set = true;
	}
	return is_set;
}

void readers_dotenv(const char *bytes, size_t n, struct report *out)
{
	struct lines lines = {bytes, bytes + n, 0};
	struct line line, key, value;

	while (next_line(&lines, &line)) {
		char name[64];
		struct report_port port = {.kind = "variable", .name = name};

		if (line.n == 0 || line.text[0] == '#')
			continue;
		skip_export(&line);
		if (!split(&line, &key, &value) || !is_port_key(&key))
			continue;
		unquote(&value);
		memcpy(name, key.text, key.n);
		name[key.n] = '\0';
		port.at = (struct report_at){value.number, value.indent + 1};
		if (readers_span(value.text, value.n, &port.first, &port.last) &&
		    port.first == port.last)
			report_port(out, &port);
	}
}
