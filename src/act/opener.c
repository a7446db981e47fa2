#include "act/opener.h"

#include "act/opener-parts.h"

size_t opener_escape(const void *bytes, size_t n, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *from = bytes;
	size_t taken = 0, used = 0;

	for (; taken < n; taken++) {
		uint8_t c = from[taken];
		char piece[4];
		size_t length = 2;

		piece[0] = '\\';
		piece[1] = (char)(c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c);
		if (c >= ' ' && c < 0x7f && c != '\\') {
			piece[0] = (char)c;
			length = 1;
		} else if (c != '\n' && c != '\r' && c != '\t' && c != '\\') {
			piece[1] = 'x';
			piece[2] = digits[c >> 4];
			piece[3] = digits[c & 15];
			length = 4;
		}
		if (used + length >= size)
			break;
		memcpy(out + used, piece, length);
		used += length;
	}
	if (size > 0)
		out[used] = '\0';
	return taken;
}

void opener_read(const void *bytes, size_t n, bool is_datagram, struct opener *out)
{
	const struct opener_bytes b = {.at = bytes, .n = MIN_OF(n, OPENER_MOST)};

	memset(out, 0, sizeof(*out));
	/* Strict readers first: a mark of few bytes must not take their bytes for its own. */
	if (b.n > 0 && !opener_tls(b, out) && !opener_http(b, out) &&
	    !opener_dns(b, is_datagram, out))
		(void)opener_table(b, is_datagram, out);
	out->is_complete |= is_datagram || n >= OPENER_MOST;
}
