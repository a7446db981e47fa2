#include "query/query.h"

#include "base/lang.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Put the offending text, escaped and shortened to 60 bytes, in front of what is wrong with it. */
static int refuse(const char *what, const char *why, char *error)
{
	struct str shown = {0};
	char head[64];
	size_t n = strnlen(what, 61);

	memcpy(head, what, n);
	head[MIN_OF(n, 60)] = '\0';
	str_append_escaped(&shown, head, false);
	snprintf(error, QUERY_ERROR_SIZE, "\"%.180s%s\" %s", str_text(&shown), n > 60 ? "..." : "",
		 _(why));
	str_fini(&shown);
	return -EINVAL;
}

/* One port number in `text[0..n)`. Returns 0, 1 (not digits at all) or -ERANGE. */
static int parse_port(const char *text, size_t n, uint16_t *out)
{
	uint64_t value;
	int r = str_parse_u64(text, n, UINT16_MAX, &value);

	if (r == -EINVAL)
		return 1;
	if (r < 0)
		return r;
	*out = (uint16_t)value;
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "N" or "N-M" in `text[0..n)`. Returns 0, 1 (something else) or -EINVAL with `error` filled. */
static int parse_ports(const char *what, const char *text, size_t n, struct query *q, char *error)
{
	const char *dash = memchr(text, '-', n);
	size_t n_first = dash ? (size_t)(dash - text) : n;
	int first, last = 0;

	first = parse_port(text, n_first, &q->first);
	q->last = q->first;
	if (dash)
		last = parse_port(dash + 1, n - n_first - 1, &q->last);
	if (first > 0 || last > 0)
		return 1;
	if (first < 0 || last < 0)
		return refuse(what, N_("is not a port: ports are 0 to 65535"), error);
	if (q->last < q->first)
		return refuse(what, N_("is not a range: the first port is the larger one"), error);
	q->kind = dash ? QUERY_RANGE : QUERY_PORT;
	return 0;
}

/* "PORTS[/TRANSPORT]". Returns as parse_ports(). */
static int parse_number(const char *what, const char *text, struct query *q, char *error)
{
	const char *slash = strchr(text, '/');
	int r = parse_ports(what, text, slash ? (size_t)(slash - text) : strlen(text), q, error);

	if (r != 0 || !slash)
		return r;
	if (transport_parse(slash + 1, &q->transport) < 0)
		return refuse(
			what,
			N_("names no transport: tcp, udp, sctp, dccp, udplite and mptcp are known"),
			error);
	q->has_transport = true;
	return 0;
}

static int take_word(const char *what, const char *word, size_t n, struct query *q, char *error)
{
	if (n == 0)
		return refuse(what, N_("is incomplete: a name is missing"), error);
	if (n >= sizeof(q->word))
		return refuse(what, N_("is too long for a name (255 bytes)"), error);
	memcpy(q->word, word, n);
	q->word[n] = '\0';
	return 0;
}

/* "service:ssh" and its like. Returns 0, 1 (no such prefix) or -EINVAL. */
static int parse_prefixed(const char *what, struct query *q, char *error)
{
	static const struct {
		const char *prefix;
		enum query_kind kind;
	} prefixes[] = {
		{"service:", QUERY_SERVICE}, {"program:", QUERY_PROGRAM}, {"pid:", QUERY_PID},
		{"unit:", QUERY_UNIT},       {"container:", QUERY_CONTAINER},
	};

	for (size_t i = 0; i < N_ELEMENTS(prefixes); i++) {
		const char *rest = what + strlen(prefixes[i].prefix);
		uint64_t pid;

		if (!str_starts_with(what, prefixes[i].prefix))
			continue;
		q->kind = prefixes[i].kind;
		if (q->kind != QUERY_PID)
			return take_word(what, rest, strlen(rest), q, error);
		if (str_parse_u64(rest, strlen(rest), INT32_MAX, &pid) < 0 || pid == 0)
			return refuse(what, N_("is not a process id"), error);
		q->pid = (uint32_t)pid;
		return 0;
	}
	return 1;
}

/* "HOST:PORT" with a name, an IPv4 address or a bracketed IPv6 address. Returns as above. */
static int parse_remote(const char *what, struct query *q, char *error)
{
	const char *colon = strrchr(what, ':');
	size_t n_host = colon ? (size_t)(colon - what) : 0;
	const char *host = what;
	int r;

	if (n_host == 0 || (memchr(what, ':', n_host) && what[0] != '['))
		return 1;
	if (what[0] == '[') {
		if (n_host < 3 || what[n_host - 1] != ']')
			return 1;
		host++;
		n_host -= 2;
	}
	r = parse_port(colon + 1, strlen(colon + 1), &q->first);
	if (r > 0)
		return 1;
	if (r < 0)
		return refuse(what, N_("is not a port: ports are 0 to 65535"), error);
	q->last = q->first;
	q->kind = QUERY_REMOTE;
	return take_word(what, host, n_host, q, error);
}

/* Words that look like a number gone wrong deserve a better line than "matches nothing". */
static int refuse_near_number(const char *what, char *error)
{
	size_t n_odd = 0;

	for (const char *c = what; *c; c++)
		n_odd += !is_digit(*c) && *c != '-' && *c != ':' && *c != '/' && *c != ',';
	if (n_odd > 0)
		return 1;
	if (strchr(what, ','))
		return refuse(what, N_("is not a port: separate several ports by spaces"), error);
	return refuse(what, N_("is not a port (0 to 65535) nor a range (8000-8010)"), error);
}

static int parse_any(const char *what, struct query *q, char *error)
{
	const char *number = what[0] == ':' ? what + 1 : what;
	int r;

	if (!*what)
		return refuse(what, N_("asks nothing: give a port, a range, a name or HOST:PORT"),
			      error);
	r = parse_number(what, number, q, error);
	if (r <= 0)
		return r;
	r = refuse_near_number(what, error);
	if (r <= 0)
		return r;
	r = parse_prefixed(what, q, error);
	if (r <= 0)
		return r;
	r = parse_remote(what, q, error);
	if (r <= 0)
		return r;
	q->kind = QUERY_WORD;
	return take_word(what, what, strlen(what), q, error);
}

int query_parse(const char *what, struct query *out, char *error)
{
	struct query q = {.text = what};
	int r = parse_any(what, &q, error);

	if (r == 0)
		*out = q;
	return r;
}

bool query_is_one_port(const struct query *q)
{
	return q->kind == QUERY_PORT;
}
