#include "act/http-reply.h"

#include <errno.h>
#include <string.h>

enum { STATUS_LINE = 12 /* "HTTP/1.1 200" */ };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether the first `n` bytes may become a status line: so far they are what one begins with. */
static bool is_beginning(const char *b, size_t n)
{
	static const char form[] = "HTTP/1.# ###";

	for (size_t i = 0; i < n && i < STATUS_LINE; i++) {
		if (form[i] == '#' ? !is_digit(b[i]) : b[i] != form[i])
			return false;
	}
	if (n > STATUS_LINE && b[STATUS_LINE] != ' ' && b[STATUS_LINE] != '\r' &&
	    b[STATUS_LINE] != '\n')
		return false;
	return true;
}

/* Where the head that begins at `b` ends, behind its empty line; NULL = not yet. */
static const char *end_of_head(const char *b, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		if (b[i] != '\n')
			continue;
		if (b[i + 1] == '\n')
			return b + i + 2;
		if (i + 2 < n && b[i + 1] == '\r' && b[i + 2] == '\n')
			return b + i + 3;
	}
	return NULL;
}

int http_reply_status(const char *bytes, size_t n, int *status)
{
	const char *b = bytes;
	size_t left = n;

	while (is_beginning(b, left)) {
		const char *next;
		int code;

		if (left <= STATUS_LINE)
			return n >= HTTP_REPLY_MOST ? -EBADMSG : 0;
		code = (b[9] - '0') * 100 + (b[10] - '0') * 10 + (b[11] - '0');
		if (code >= 200 && code <= 599) {
			*status = code;
			return 1;
		}
		if (code < 100 || code > 199)
			return -EBADMSG;
		next = end_of_head(b, left);
		if (!next)
			return n >= HTTP_REPLY_MOST ? -EBADMSG : 0;
		left -= (size_t)(next - b);
		b = next;
	}
	return -EBADMSG;
}

bool http_reply_is_path(const char *path)
{
	if (*path != '/')
		return false;
	for (const char *c = path; *c; c++) {
		if ((unsigned char)*c <= ' ' || (unsigned char)*c == 0x7f)
			return false;
	}
	return true;
}
