#include "live/recording-value.h"

#include "base/instant.h"
#include "base/str.h"
#include "live/recording.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *value_quote(const char *word, char *text)
{
	struct str escaped = {0};
	size_t n = strlen(word);
	char cut[41];

	snprintf(cut, sizeof(cut), "%s", word);
	str_append_escaped(&escaped, cut, true);
	if (escaped.length > 40) {
		escaped.bytes[40] = '\0';
		n = SIZE_MAX;
	}
	snprintf(text, QUOTE_SIZE, "\"%s%s\"", str_text(&escaped), n > 40 ? "..." : "");
	str_fini(&escaped);
	return text;
}

int value_fail(struct value_reader *r, const char *fmt, ...)
{
	struct str name = {0};
	char what[160];
	const char *shown;
	bool is_long;
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	str_append_escaped(&name, r->name, true);
	is_long = name.length > 60;
	shown = str_text(&name) + (is_long ? name.length - 57 : 0);
	snprintf(r->error, RECORDING_ERROR_SIZE, "%s%s:%zu: %s", is_long ? "..." : "", shown,
		 r->line, what);
	str_fini(&name);
	return -EBADMSG;
}

char *value_next_word(char **cursor)
{
	char *word = *cursor + strspn(*cursor, " \t");
	size_t n = strcspn(word, " \t");

	if (n == 0)
		return NULL;
	*cursor = word + n;
	if (**cursor)
		*(*cursor)++ = '\0';
	return word;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One escape behind its backslash: its byte, and how many characters it took; 0 = none. */
static size_t decode_escape(const char *text, char *out)
{
	static const char letters[] = "stnr\\", bytes[] = " \t\n\r\\";
	const char *letter = text[0] ? strchr(letters, text[0]) : NULL;
	int high, low;

	if (letter) {
		*out = bytes[letter - letters];
		return 1;
	}
	if (text[0] != 'x')
		return 0;
	high = hex_digit(text[1]);
	low = high < 0 ? -1 : hex_digit(text[2]);
	if (low < 0 || high * 16 + low == 0)
		return 0;
	*out = (char)(high * 16 + low);
	return 3;
}

int value_decode(struct value_reader *r, char *value)
{
	char quoted[QUOTE_SIZE];
	char *to = value;

	for (char *from = value; *from;) {
		size_t n;

		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		n = decode_escape(from + 1, to);
		if (n == 0)
			return value_fail(r, "%s is not an escape (\\s \\t \\n \\r \\\\ \\xNN)",
				    value_quote(from, quoted));
		from += n + 1;
		to++;
	}
	*to = '\0';
	return 0;
}

int value_number(struct value_reader *r, const char *text, uint64_t max, const char *what,
		       uint64_t *out)
{
	char quoted[QUOTE_SIZE];

	if (str_parse_u64(text, strlen(text), max, out) < 0)
		return value_fail(r, "%s: %s is not a number from 0 to %llu", what,
				  value_quote(text, quoted), (unsigned long long)max);
	return 0;
}

int value_u32(struct value_reader *r, const char *text, const char *what, uint32_t *out)
{
	uint64_t value;
	int error = value_number(r, text, UINT32_MAX, what, &value);

	if (error == 0)
		*out = (uint32_t)value;
	return error;
}

int value_instant(struct value_reader *r, const char *text, const char *what, live_time *out)
{
	char quoted[QUOTE_SIZE];

	if (instant_parse(text, out) < 0)
		return value_fail(r, "%s: %s is not an instant like 2026-08-17T09:30:00Z", what,
			    value_quote(text, quoted));
	return 0;
}

/* Count the elements of a list (0 of an empty one) and account for them. */
static int count_items(struct value_reader *r, const char *value, size_t *out)
{
	size_t n = *value ? 1 : 0;

	for (; *value; value++)
		n += *value == ',';
	r->n_items += n;
	if (r->n_items > RECORDING_ITEMS_MAX)
		return value_fail(r, "more than %d elements in lists", RECORDING_ITEMS_MAX);
	*out = n;
	return 0;
}

/* Cut the next element out of a list of which count_items() has counted the elements. */
static char *next_item(char **cursor)
{
	char *item = *cursor;
	size_t n = strcspn(item, ",");

	*cursor = item + n + (item[n] == ',');
	item[n] = '\0';
	return item;
}

int value_words(struct value_reader *r, char *value, const char *const **out)
{
	const char **words;
	size_t n = 0;
	int error = count_items(r, value, &n);

	if (error < 0)
		return error;
	words = arena_calloc(r->arena, n + 1, sizeof(*words));
	if (!words)
		return -ENOMEM;
	if (strcmp(value, "\\e") == 0)
		*value = '\0';
	for (size_t i = 0; i < n; i++) {
		char *word = next_item(&value);

		error = value_decode(r, word);
		if (error < 0)
			return error;
		words[i] = word;
	}
	*out = words;
	return 0;
}

int value_parents(struct value_reader *r, char *value, struct live_process *p)
{
	struct live_parent *parents;
	size_t n = 0;
	int error = count_items(r, value, &n);

	if (error < 0)
		return error;
	parents = arena_calloc(r->arena, n, sizeof(*parents));
	if (!parents)
		return -ENOMEM;
	for (size_t i = 0; i < n && error == 0; i++) {
		char *pid = next_item(&value), *program = strchr(pid, ':');

		if (program) {
			*program++ = '\0';
			error = value_decode(r, program);
			parents[i].program = program;
		}
		if (error == 0)
			error = value_u32(r, pid, "pid of a parent", &parents[i].pid);
	}
	p->parents = parents;
	p->n_parents = n;
	return error;
}

int value_span(struct value_reader *r, const char *text, bool can_be_one, struct live_span *out)
{
	const char *dash = strchr(text, '-');
	size_t n = dash ? (size_t)(dash - text) : strlen(text);
	char quoted[QUOTE_SIZE];
	uint64_t first, last;

	if ((!dash && !can_be_one) || str_parse_u64(text, n, UINT16_MAX, &first) < 0)
		return value_fail(r, "%s is not a range of ports", value_quote(text, quoted));
	last = first;
	if (dash && str_parse_u64(dash + 1, strlen(dash + 1), UINT16_MAX, &last) < 0)
		return value_fail(r, "%s is not a range of ports", value_quote(text, quoted));
	if (first > last)
		return value_fail(r, "%s begins behind its end", value_quote(text, quoted));
	*out = (struct live_span){.first = (uint16_t)first, .last = (uint16_t)last};
	return 0;
}

int value_spans(struct value_reader *r, char *value, struct live_spans *out)
{
	struct live_span *spans;
	size_t n = 0;
	int error = count_items(r, value, &n);

	if (error < 0)
		return error;
	spans = arena_calloc(r->arena, n, sizeof(*spans));
	if (!spans)
		return -ENOMEM;
	for (size_t i = 0; i < n && error == 0; i++)
		error = value_span(r, next_item(&value), true, &spans[i]);
	*out = (struct live_spans){spans, n};
	return error;
}

int value_queue(struct value_reader *r, char *value, struct live_socket *s)
{
	char *slash = strchr(value, '/');
	char quoted[QUOTE_SIZE];
	int error;

	if (!slash)
		return value_fail(r, "queue: %s is not QUEUED/LIMIT", value_quote(value, quoted));
	*slash = '\0';
	error = value_u32(r, value, "queue", &s->queued);
	return error < 0 ? error : value_u32(r, slash + 1, "queue", &s->limit);
}

static int read_method(struct value_reader *r, const char *text, enum live_method *out)
{
	char quoted[QUOTE_SIZE];

	for (unsigned int m = LIVE_BY_FD; m <= LIVE_BY_KERNEL; m++) {
		if (strcmp(text, live_method_name((enum live_method)m)) == 0) {
			*out = (enum live_method)m;
			return 0;
		}
	}
	return value_fail(r, "owners: %s is not a method", value_quote(text, quoted));
}

/* "kernel:NAME", "PID:FD", "PID:FD:METHOD", "PID::METHOD". */
static int read_owner(struct value_reader *r, char *text, struct live_owner *o, uint64_t *pid)
{
	char *fd = strchr(text, ':'), *method;
	char quoted[QUOTE_SIZE];
	uint64_t value = 0;
	int error;

	o->fd = -1;
	if (strcmp(text, "kernel") == 0 || str_starts_with(text, "kernel:")) {
		o->method = LIVE_BY_KERNEL;
		o->kernel = fd ? fd + 1 : NULL;
		*pid = VALUE_NO_PID;
		return fd ? value_decode(r, fd + 1) : 0;
	}
	if (!fd)
		return value_fail(r, "owners: %s is not PID:FD", value_quote(text, quoted));
	*fd++ = '\0';
	method = strchr(fd, ':');
	if (method)
		*method++ = '\0';
	error = value_number(r, text, UINT32_MAX, "pid of an owner", pid);
	if (error == 0 && *fd) {
		error = value_number(r, fd, INT_MAX, "descriptor of an owner", &value);
		o->fd = (int)value;
	}
	if (error == 0 && method)
		error = read_method(r, method, &o->method);
	return error;
}

int value_owners(struct value_reader *r, char *value, struct value_owners *out)
{
	struct value_owners o = {0};
	int error = count_items(r, value, &o.n);

	if (error < 0)
		return error;
	o.owners = arena_calloc(r->arena, o.n, sizeof(*o.owners));
	o.pids = arena_calloc(r->arena, o.n, sizeof(*o.pids));
	if (!o.owners || !o.pids)
		return -ENOMEM;
	for (size_t i = 0; i < o.n && error == 0; i++) {
		char *owner = next_item(&value);

		if (*owner == '+') {
			if (!o.late)
				o.late = arena_calloc(r->arena, o.n, sizeof(*o.late));
			if (!o.late)
				return -ENOMEM;
			o.late[i] = true;
		}
		error = read_owner(r, owner + (*owner == '+'), &o.owners[i], &o.pids[i]);
	}
	if (error == 0)
		*out = o;
	return error;
}

int value_search(struct value_reader *r, const char *value, enum live_search *out)
{
	char quoted[QUOTE_SIZE];

	for (unsigned int i = LIVE_SEARCH_NONE; i <= LIVE_SEARCH_ALL; i++) {
		if (strcmp(value, live_search_name((enum live_search)i)) == 0) {
			*out = (enum live_search)i;
			return 0;
		}
	}
	return value_fail(r, "search: %s is not none, cgroup or all", value_quote(value, quoted));
}

int value_maybe(struct value_reader *r, const char *value, const char *key, enum maybe *out)
{
	char quoted[QUOTE_SIZE];

	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return value_fail(r, "%s: %s is not yes or no", key, value_quote(value, quoted));
	*out = *value == 'y' ? MAYBE_YES : MAYBE_NO;
	return 0;
}

int value_stage(struct value_reader *r, const char *value, enum live_stage *out)
{
	char quoted[QUOTE_SIZE];

	if (live_stage_parse(value, out) < 0)
		return value_fail(r, "stage: %s is not a stage of a connection",
				  value_quote(value, quoted));
	return 0;
}

int value_endpoint(struct value_reader *r, const char *word, struct address *a, uint16_t *port)
{
	const char *colon = strrchr(word, ':');
	char text[ADDRESS_TEXT_SIZE], quoted[QUOTE_SIZE];
	size_t n = colon ? (size_t)(colon - word) : 0;
	uint64_t value;
	bool is_bracketed = n >= 2 && word[0] == '[' && word[n - 1] == ']';

	if (n == 0 || n >= sizeof(text) || (!is_bracketed && memchr(word, ':', n)) ||
	    str_parse_u64(colon + 1, strlen(colon + 1), UINT16_MAX, &value) < 0)
		return value_fail(r, "%s is not ADDRESS:PORT", value_quote(word, quoted));
	memcpy(text, word, n);
	text[n] = '\0';
	if (address_parse(text, a) < 0)
		return value_fail(r, "%s is not ADDRESS:PORT", value_quote(word, quoted));
	*port = (uint16_t)value;
	return 0;
}

int value_address(struct value_reader *r, char *value, struct address *out)
{
	char quoted[QUOTE_SIZE];
	int error = value_decode(r, value);

	if (error == 0 && address_parse(value, out) < 0)
		return value_fail(r, "%s is not an address", value_quote(value, quoted));
	return error;
}

int value_state(struct value_reader *r, const char *word, enum live_state *out)
{
	char quoted[QUOTE_SIZE];

	for (unsigned int s = LIVE_LISTENER; s <= LIVE_TIME_WAIT; s++) {
		if (strcmp(word, live_state_name((enum live_state)s)) == 0) {
			*out = (enum live_state)s;
			return 0;
		}
	}
	return value_fail(r, "%s is not a state of a socket", value_quote(word, quoted));
}

