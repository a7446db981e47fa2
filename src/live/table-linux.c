#include "live/table-linux.h"

#include "base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 32 * 1024, MS_PER_TICK = 10 /* USER_HZ is 100 on every architecture of today */ };

/* A cursor over one line. */
struct text {
	const char *at, *end;
};

static void skip_spaces(struct text *t)
{
	while (t->at < t->end && *t->at == ' ')
		t->at++;
}

static int digit_of(char c, unsigned int base)
{
	int d = c >= '0' && c <= '9' ? c - '0' : -1;

	if (c >= 'A' && c <= 'F')
		d = c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		d = c - 'a' + 10;
	return d >= 0 && (unsigned int)d < base ? d : -1;
}

/* A number of 1 to `most` digits. */
static bool take_number(struct text *t, unsigned int base, int most, uint64_t *out)
{
	uint64_t value = 0;
	int n = 0;

	for (; t->at < t->end && n < most && digit_of(*t->at, base) >= 0; t->at++, n++)
		value = value * base + (uint64_t)digit_of(*t->at, base);
	*out = value;
	return n > 0;
}

static bool take_char(struct text *t, char c)
{
	if (t->at >= t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

/* "0100007F:1F90", or 32 digits for IPv6: words of 32 bits as this machine stores them. */
static bool take_endpoint(struct text *t, struct address *a, uint16_t *port)
{
	const char *start = t->at;
	size_t n_words;
	uint64_t value;

	while (t->at < t->end && digit_of(*t->at, 16) >= 0)
		t->at++;
	if (t->at - start != 8 && t->at - start != 32)
		return false;
	n_words = (size_t)(t->at - start) / 8;
	t->at = start;
	*a = (struct address){.family = n_words == 1 ? ADDRESS_IPV4 : ADDRESS_IPV6};
	for (size_t i = 0; i < n_words; i++) {
		uint32_t word;

		if (!take_number(t, 16, 8, &value))
			return false;
		word = (uint32_t)value;
		memcpy(a->bytes + i * 4, &word, sizeof(word));
	}
	*a = address_unmapped(a);
	if (!take_char(t, ':') || !take_number(t, 16, 4, &value))
		return false;
	*port = (uint16_t)value;
	skip_spaces(t);
	return true;
}

static bool take_field(struct text *t, unsigned int base, int most, uint64_t *out)
{
	bool is_there = take_number(t, base, most, out);

	if (t->at < t->end && *t->at != ' ' && *t->at != ':' && *t->at != '\n')
		return false;
	skip_spaces(t);
	return is_there;
}

static bool set_state(struct live_socket *s, uint64_t kernel_state)
{
	bool is_stream = s->transport == TRANSPORT_TCP;

	if (kernel_state == 0 || kernel_state > TCP_CLOSING + 1)
		return false;
	if (kernel_state == (is_stream ? TCP_LISTEN : TCP_CLOSE))
		s->state = LIVE_LISTENER;
	else if (kernel_state == TCP_TIME_WAIT)
		s->state = LIVE_TIME_WAIT;
	else
		s->state = LIVE_CONNECTION;
	return true;
}

/* "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 31337" */
int table_parse_line(const char *line, size_t n, enum transport transport, struct live_socket *out)
{
	struct live_socket s = {.transport = transport};
	struct text t = {line, line + n};
	uint64_t slot, state, sent, received, timer, expires, retries, uid, timeouts, inode;

	skip_spaces(&t);
	if (t.at == t.end || *t.at == '\n' || (t.end - t.at >= 2 && memcmp(t.at, "sl", 2) == 0))
		return 1;
	if (!take_number(&t, 10, 10, &slot) || !take_char(&t, ':'))
		return -EBADMSG;
	skip_spaces(&t);
	if (!take_endpoint(&t, &s.local, &s.local_port) ||
	    !take_endpoint(&t, &s.remote, &s.remote_port) || !take_field(&t, 16, 2, &state) ||
	    !take_number(&t, 16, 8, &sent) || !take_char(&t, ':') ||
	    !take_field(&t, 16, 8, &received) || !take_number(&t, 16, 2, &timer) ||
	    !take_char(&t, ':') || !take_field(&t, 16, 8, &expires) ||
	    !take_field(&t, 16, 8, &retries) || !take_field(&t, 10, 10, &uid) ||
	    !take_field(&t, 10, 10, &timeouts) || !take_field(&t, 10, 10, &inode))
		return -EBADMSG;
	if (!set_state(&s, state) || uid > UINT32_MAX || inode > UINT32_MAX)
		return -EBADMSG;
	s.has_remote = s.state == LIVE_CONNECTION || s.state == LIVE_TIME_WAIT;
	if (!s.has_remote) {
		s.remote = (struct address){0};
		s.remote_port = 0;
	}
	s.is_dual_stack = !s.has_remote && s.local.family == ADDRESS_IPV6 &&
			  address_is_wildcard(&s.local);
	s.inode = (uint32_t)inode;
	s.has_uid = inode != 0;
	s.uid = s.has_uid ? (uint32_t)uid : 0;
	if (s.state == LIVE_TIME_WAIT)
		s.expires_ms = (uint32_t)MIN_OF(expires * MS_PER_TICK, UINT32_MAX);
	*out = s;
	return 0;
}

/* Take every whole line of `buffer`; returns how many bytes they were. */
static size_t take_lines(const char *buffer, size_t n, enum transport transport,
			 const struct live_request *request, const struct live_namespace *ns,
			 struct socket_list *list, bool *is_malformed)
{
	size_t done = 0;
	const char *newline;

	while ((newline = memchr(buffer + done, '\n', n - done)) != NULL) {
		struct live_socket s;
		size_t length = (size_t)(newline - (buffer + done)) + 1;
		int r = table_parse_line(buffer + done, length, transport, &s);

		done += length;
		if (r < 0)
			*is_malformed = true;
		if (r != 0)
			continue;
		s.ns = ns;
		if (live_request_covers(request, &s))
			socket_list_push(list, &s);
	}
	return done;
}

int table_read(const char *net, enum transport transport, bool is_v6,
	       const struct live_request *request, const struct live_namespace *ns,
	       struct socket_list *list)
{
	BERTH_CLEANUP(fd_closep) int fd = -1;
	char path[128], buffer[CHUNK];
	bool is_malformed = false;
	size_t have = 0;

	snprintf(path, sizeof(path), "%s/%s%s", net, transport_name(transport), is_v6 ? "6" : "");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	for (;;) {
		long n = fd_read(fd, buffer + have, sizeof(buffer) - have);
		size_t done;

		if (n < 0)
			return (int)n;
		have += (size_t)n;
		done = take_lines(buffer, have, transport, request, ns, list, &is_malformed);
		if (n == 0 || (done == 0 && have == sizeof(buffer)))
			break;
		memmove(buffer, buffer + done, have - done);
		have -= done;
	}
	return is_malformed || have > 0 ? -EBADMSG : 0;
}
