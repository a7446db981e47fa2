#include "act/lease-text.h"

#include "base/lang.h"
#include "live/lease-names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line, escaped, into `error`. */
static int BERTH_PRINTF(2, 3) refuse(char *error, const char *fmt, ...)
{
	struct str safe = {0};
	char line[LEASE_ERROR_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	str_append_escaped(&safe, line, false);
	snprintf(error, LEASE_ERROR_SIZE, "%s", str_text(&safe));
	str_fini(&safe);
	return -EINVAL;
}

/* --- what is wished for ---------------------------------------------------------------------- */

static int parse_span(const char *text, size_t n, struct live_span *out)
{
	const char *dash = memchr(text, '-', n);
	size_t n_first = dash ? (size_t)(dash - text) : n;
	uint64_t first, last;

	if (str_parse_u64(text, n_first, UINT16_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && str_parse_u64(dash + 1, n - n_first - 1, UINT16_MAX, &last) < 0)
		return -EINVAL;
	if (first == 0 || first > last)
		return -EINVAL;
	*out = (struct live_span){(uint16_t)first, (uint16_t)last};
	return 0;
}

int lease_spans_parse(const char *text, struct live_span spans[LEASE_MOST_SPANS], char *error)
{
	struct live_span found[LEASE_MOST_SPANS];
	const char *rest = text;
	int n = 0;

	for (;;) {
		size_t length = strcspn(rest, ",");

		if (n == LEASE_MOST_SPANS)
			return refuse(error, _("at most %d ranges can be given, not \"%.60s\""),
				      LEASE_MOST_SPANS, text);
		if (parse_span(rest, length, &found[n]) < 0)
			return refuse(error, _("\"%.60s\" is no range of ports: 8000, 8000-8010 or "
					     "8000,8005-8010"), text);
		n++;
		rest += length;
		if (!*rest++)
			break;
	}
	memcpy(spans, found, (size_t)n * sizeof(*spans));
	return n;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(const char *text, size_t n)
{
	if (n == 0 || n > LEASE_NAME_MOST || !is_letter(text[0]))
		return false;
	for (size_t i = 0; i < n; i++) {
		bool is_mark = text[i] == '-' || text[i] == '_' || text[i] == '.';

		if (!is_letter(text[i]) && !is_digit(text[i]) && !is_mark)
			return false;
	}
	return true;
}

int lease_wish_parse(const char *text, struct lease_wish *out, char *error)
{
	const char *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) : strlen(text);
	struct lease_wish wish = {.n_spans = 0};
	int r;

	if (!is_name(text, n))
		return refuse(error, _("\"%.60s\" is no NAME[=RANGE]: a letter, then letters, "
				     "digits, '-', '_', '.', at most %d"), text, LEASE_NAME_MOST);
	if (n == 4 && memcmp(text, "PORT", 4) == 0)
		return refuse(error, _("PORT is always the first port: it is no name of one"));
	memcpy(wish.name, text, n);
	r = equals ? lease_spans_parse(equals + 1, wish.spans, error) : 0;
	if (r < 0)
		return r;
	wish.n_spans = (size_t)r;
	*out = wish;
	return 0;
}

const char *lease_variable(const char *name, char *out)
{
	size_t n = 0;

	for (const char *c = name; *c && n < LEASE_NAME_MOST; c++)
		out[n++] = *c >= 'a' && *c <= 'z'			 ? (char)(*c - 'a' + 'A')
			   : is_letter(*c) || is_digit(*c) ? *c
								 : '_';
	snprintf(out + n, LEASE_VARIABLE_SIZE - n, "%s", n > 0 ? "_PORT" : "PORT");
	return out;
}

/* --- arguments ------------------------------------------------------------------------------- */

/* The wish that "{NAME}" at `text` stands for, and its length; NULL = it is none. */
static const struct lease_wish *find_place(const char *text, const struct lease_wish *wishes,
					   size_t n, size_t *length)
{
	size_t inside = strcspn(text + 1, "{}");

	if (text[1 + inside] != '}')
		return NULL;
	*length = inside + 2;
	if (n > 0 && inside == 4 && memcmp(text + 1, "PORT", 4) == 0)
		return wishes;
	for (size_t i = 0; wishes && inside > 0 && i < n; i++) {
		if (strlen(wishes[i].name) == inside &&
		    memcmp(wishes[i].name, text + 1, inside) == 0)
			return &wishes[i];
	}
	return NULL;
}

int lease_fill(const char *argument, const struct lease_wish *wishes, const uint16_t *ports,
	       size_t n, struct str *out)
{
	size_t before = out->length;
	int n_places = 0;

	while (*argument && out->length - before <= LEASE_ARGUMENT_MOST) {
		size_t plain = strcspn(argument, "{"), length = 0;
		const struct lease_wish *wish;

		str_append_bytes(out, argument, plain);
		argument += plain;
		if (!*argument)
			break;
		wish = find_place(argument, wishes, n, &length);
		if (!wish) {
			str_append_char(out, *argument++);
			continue;
		}
		str_printf(out, "%u", ports[wish - wishes]);
		argument += length;
		n_places++;
	}
	return out->length - before > LEASE_ARGUMENT_MOST ? -E2BIG : n_places;
}

/* --- environment files ----------------------------------------------------------------------- */

/* Variables are numbered: 0 is PORT, i + 1 that of wish i (unless it has no name). */
static const char *variable_at(const struct lease_wish *wishes, size_t i, char *out)
{
	return lease_variable(i == 0 ? "" : wishes[i - 1].name, out);
}

static void put_variable(struct str *out, const char *prefix, size_t n_prefix,
			 const struct lease_wish *wishes, const uint16_t *ports, size_t i)
{
	char name[LEASE_VARIABLE_SIZE];

	str_append_bytes(out, prefix, n_prefix);
	str_printf(out, "%s=%u", variable_at(wishes, i, name), ports[i == 0 ? 0 : i - 1]);
}

/* The number of the variable that a line sets, and where its name begins; n + 1 = none of ours. */
static size_t find_variable(const char *line, size_t length, const struct lease_wish *wishes,
			    size_t n, size_t *at)
{
	char name[LEASE_VARIABLE_SIZE];
	size_t start = 0;

	while (start < length && (line[start] == ' ' || line[start] == '\t'))
		start++;
	if (length - start > 7 && memcmp(line + start, "export ", 7) == 0) {
		start += 7;
		while (start < length && line[start] == ' ')
			start++;
	}
	*at = start;
	for (size_t i = 0; i <= n; i++) {
		size_t size;

		if (i > 0 && !wishes[i - 1].name[0])
			continue;
		size = strlen(variable_at(wishes, i, name));
		if (length - start > size && memcmp(line + start, name, size) == 0 &&
		    line[start + size] == '=')
			return i;
	}
	return n + 1;
}

int lease_env_merge(const char *old, size_t n_old, const struct lease_wish *wishes,
		    const uint16_t *ports, size_t n, struct str *out)
{
	bool is_set[LEASE_MOST + 1] = {false};
	size_t before = out->length;

	if (n_old > LEASE_ENV_MOST || n > LEASE_MOST)
		return -EFBIG;
	if (n_old > 0 && memchr(old, '\0', n_old))
		return -EINVAL;
	for (size_t next = 0; next < n_old;) {
		const char *line = old + next, *end = memchr(line, '\n', n_old - next);
		size_t length = end ? (size_t)(end - line) : n_old - next, at = 0;
		bool has_return = length > 0 && line[length - 1] == '\r';
		size_t i = find_variable(line, length, wishes, n, &at);

		next += length + 1;
		if (i > n) {
			str_append_bytes(out, line, length);
		} else {
			put_variable(out, line, at, wishes, ports, i);
			str_append(out, has_return ? "\r" : "");
			is_set[i] = true;
		}
		str_append_char(out, '\n');
	}
	for (size_t i = 0; i <= n && n > 0; i++) {
		if (is_set[i] || (i > 0 && !wishes[i - 1].name[0]))
			continue;
		put_variable(out, "", 0, wishes, ports, i);
		str_append_char(out, '\n');
	}
	return out->length - before > (size_t)2 * LEASE_ENV_MOST ? -EFBIG : 0;
}

/* --- names of sockets ------------------------------------------------------------------------ */

void lease_lock_format(enum transport transport, uint16_t port, char *out)
{
	snprintf(out, LEASE_ADDRESS_MOST + 1, LEASE_NAMES_LOCK "%s/%u",
		 transport == TRANSPORT_UDP ? "udp" : "tcp", port);
}

void lease_record_format(const struct lease_record *r, char *out)
{
	snprintf(out, LEASE_ADDRESS_MOST + 1,
		 "berth/leased/%u/%" PRIu32 "/%" PRIu64 "/%" PRId64 "/%c/%s", r->port, r->pid,
		 r->pid_namespace, r->since_s, r->kind, r->name);
}

/* The number up to the next '/' (or the end), which must be the way we write it. */
static bool take_number(const char **rest, uint64_t max, uint64_t *out)
{
	size_t n = strcspn(*rest, "/");

	if (str_parse_u64(*rest, n, max, out) < 0 || (n > 1 && **rest == '0'))
		return false;
	*rest += n;
	return true;
}

static bool take_slash(const char **rest)
{
	return *(*rest)++ == '/';
}

static int parse_lock(const char *rest, struct lease_name *out)
{
	enum transport t = str_starts_with(rest, "udp/") ? TRANSPORT_UDP : TRANSPORT_TCP;
	uint64_t port;

	if (t == TRANSPORT_TCP && !str_starts_with(rest, "tcp/"))
		return -EINVAL;
	rest += 4;
	if (!take_number(&rest, UINT16_MAX, &port) || *rest || port == 0)
		return -EINVAL;
	*out = (struct lease_name){.transport = t, .port = (uint16_t)port};
	return 0;
}

static int parse_record(const char *rest, struct lease_name *out)
{
	uint64_t numbers[4];
	static const uint64_t most[4] = {UINT16_MAX, INT32_MAX, UINT64_MAX, UINT32_MAX};
	struct lease_record r = {.port = 0};

	for (size_t i = 0; i < N_ELEMENTS(most); i++) {
		if (!take_number(&rest, most[i], &numbers[i]) || !take_slash(&rest))
			return -EINVAL;
	}
	r.port = (uint16_t)numbers[0];
	r.pid = (uint32_t)numbers[1];
	r.pid_namespace = numbers[2];
	r.since_s = (int64_t)numbers[3];
	r.kind = *rest;
	if (r.port == 0 || r.pid == 0 || (r.kind != 'c' && r.kind != 'p') || rest[1] != '/')
		return -EINVAL;
	rest += 2;
	if (*rest && !is_name(rest, strlen(rest)))
		return -EINVAL;
	memcpy(r.name, rest, strlen(rest) + 1);
	*out = (struct lease_name){.is_record = true, .record = r};
	return 0;
}

int lease_name_parse(const char *text, struct lease_name *out)
{
	static const char lock[] = LEASE_NAMES_LOCK, record[] = "berth/leased/";

	if (str_starts_with(text, lock))
		return parse_lock(text + sizeof(lock) - 1, out);
	if (str_starts_with(text, record))
		return parse_record(text + sizeof(record) - 1, out);
	return -EINVAL;
}

/* --- a portserver's request ------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

int lease_request_parse(const char *bytes, size_t n, uint32_t *pid)
{
	uint64_t value;

	if (n > LEASE_REQUEST_MOST)
		return -EINVAL;
	while (n > 0 && is_blank(bytes[0])) {
		bytes++;
		n--;
	}
	while (n > 0 && is_blank(bytes[n - 1]))
		n--;
	if (str_parse_u64(bytes, n, INT32_MAX, &value) < 0 || value < 2)
		return -EINVAL;
	*pid = (uint32_t)value;
	return 0;
}
