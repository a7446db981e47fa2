/* HTTP/1 and the protocols that took over its first line: RTSP, SIP, SSDP. */
#include "act/opener-parts.h"

enum { MOST_METHOD = 20, MOST_LINE = 2048 };

static const struct {
	const char *version, *protocol;
} versions[] = {
	{"HTTP/", "http"},
	{"RTSP/", "rtsp"},
	{"SIP/", "sip"},
};

/* The first line without its end; `*is_whole`: its end is there. */
static struct opener_bytes first_line(struct opener_bytes b, bool *is_whole)
{
	const uint8_t *end = memchr(b.at, '\n', MIN_OF(b.n, MOST_LINE));

	*is_whole = end != NULL;
	if (end)
		b.n = (size_t)(end - b.at);
	if (end && b.n > 0 && b.at[b.n - 1] == '\r')
		b.n--;
	return b;
}

/* How long the method is: capital letters and '-', then a blank; 0 = that is no method. */
static size_t method_length(struct opener_bytes line)
{
	size_t n = 0;

	while (n < line.n && n < MOST_METHOD &&
	       ((line.at[n] >= 'A' && line.at[n] <= 'Z') || (n > 0 && line.at[n] == '-')))
		n++;
	return n >= 3 && n < line.n && line.at[n] == ' ' ? n : 0;
}

static const char *protocol_of(struct opener_bytes line)
{
	for (size_t i = line.n; i > 0; i--) {
		if (line.at[i - 1] != ' ')
			continue;
		for (size_t v = 0; v < N_ELEMENTS(versions); v++) {
			size_t n = strlen(versions[v].version);

			if (line.n - i >= n && memcmp(line.at + i, versions[v].version, n) == 0)
				return versions[v].protocol;
		}
		return NULL;
	}
	return NULL;
}

static char lower(uint8_t c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The value of the header "Host: value". */
static bool take_host(struct opener_bytes line, struct opener *out)
{
	static const char host[] = "host:";
	size_t n = strlen(host);

	if (line.n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (lower(line.at[i]) != host[i])
			return false;
	}
	while (n < line.n && (line.at[n] == ' ' || line.at[n] == '\t'))
		n++;
	opener_escape(line.at + n, line.n - n, out->name, sizeof(out->name));
	return true;
}

/* The headers up to the empty line. Returns whether they need no more bytes. */
static bool read_headers(struct opener_bytes b, struct opener *out)
{
	for (;;) {
		const uint8_t *end = b.n > 0 ? memchr(b.at, '\n', b.n) : NULL;
		struct opener_bytes line = {.at = b.at};

		if (!end)
			return false;
		line.n = (size_t)(end - b.at);
		b.n -= line.n + 1;
		b.at = end + 1;
		if (line.n > 0 && line.at[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0 || take_host(line, out))
			return true;
	}
}

bool opener_http(struct opener_bytes b, struct opener *out)
{
	bool is_whole;
	struct opener_bytes line = first_line(b, &is_whole);
	size_t method = method_length(line);
	const char *protocol = method > 0 && is_whole ? protocol_of(line) : NULL;
	const uint8_t *next;

	if (!protocol)
		return false;
	out->protocol = protocol;
	if (line.n >= 14 && memcmp(line.at, "PRI * HTTP/2.0", 14) == 0) {
		out->protocol = "http2";
		out->is_complete = true;
		return true;
	}
	if (line.n >= 8 && memcmp(line.at, "M-SEARCH", 8) == 0)
		out->protocol = "ssdp";
	while (line.n > 0 && line.at[line.n - 1] != ' ')
		line.n--; /* the version goes without saying */
	opener_escape(line.at, line.n > 0 ? line.n - 1 : 0, out->request, sizeof(out->request));
	next = (const uint8_t *)memchr(b.at, '\n', b.n) + 1;
	b.n -= (size_t)(next - b.at);
	b.at = next;
	out->is_complete = read_headers(b, out);
	return true;
}
