#include "live/json-scan.h"

#include "base/str.h"

#include <string.h>

static char peek(struct json *j)
{
	while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' ||
				  *j->at == '\r'))
		j->at++;
	return j->at < j->end ? *j->at : '\0';
}

/* Nothing that follows is worth reading. */
static void give_up(struct json *j)
{
	j->at = j->end;
}

bool json_enter(struct json *j, char bracket)
{
	if (peek(j) != bracket)
		return false;
	j->at++;
	return true;
}

/* The bytes of the string that comes next, escapes in them; `*n` of them. NULL: none comes. */
static const char *take_raw(struct json *j, size_t *n)
{
	const char *start;

	if (peek(j) != '"')
		return NULL;
	start = ++j->at;
	while (j->at < j->end && *j->at != '"')
		j->at += *j->at == '\\' && j->at + 1 < j->end ? 2 : 1;
	if (j->at >= j->end) {
		give_up(j);
		return NULL;
	}
	*n = (size_t)(j->at - start);
	j->at++;
	return start;
}

bool json_key(struct json *j, char key[static JSON_KEY_SIZE])
{
	const char *raw;
	size_t n = 0;

	if (peek(j) == ',')
		j->at++;
	if (peek(j) == '}') {
		j->at++;
		return false;
	}
	raw = take_raw(j, &n);
	if (!raw || peek(j) != ':') {
		give_up(j);
		return false;
	}
	j->at++;
	if (n >= JSON_KEY_SIZE)
		n = 0;
	memcpy(key, raw, n);
	key[n] = '\0';
	return true;
}

bool json_item(struct json *j)
{
	if (peek(j) == ',')
		j->at++;
	if (peek(j) == ']') {
		j->at++;
		return false;
	}
	return j->at < j->end;
}

/* Four hexadecimal digits; -1 when they are none. */
static int take_hex(const char **at, const char *end)
{
	int value = 0;

	if (end - *at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = *(*at)++;
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static size_t append_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* \uXXXX, perhaps with its second half; what is none becomes U+FFFD. At most as long as it was. */
static size_t take_unicode(const char **at, const char *end, char *out)
{
	int high = take_hex(at, end);
	uint32_t c = high > 0 ? (uint32_t)high : 0xfffd;

	if (c >= 0xd800 && c < 0xdc00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
		const char *second = *at + 2;
		int low = take_hex(&second, end);

		if (low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
			*at = second;
		}
	}
	if (c >= 0xd800 && c < 0xe000)
		c = 0xfffd;
	return append_utf8(out, c);
}

static size_t decode(const char *raw, size_t n, char *out)
{
	static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	const char *end = raw + n;
	size_t length = 0;

	while (raw < end) {
		const char *letter;

		if (*raw != '\\' || raw + 1 == end) {
			out[length++] = *raw ? *raw : '?';
			raw++;
			continue;
		}
		raw += 2;
		letter = raw[-1] ? strchr(letters, raw[-1]) : NULL;
		if (raw[-1] == 'u')
			length += take_unicode(&raw, end, out + length);
		else if (letter)
			out[length++] = meanings[letter - letters];
		else
			out[length++] = raw[-1] ? raw[-1] : '?';
	}
	return length;
}

const char *json_text(struct json *j, struct arena *arena)
{
	const char *raw;
	char *text;
	size_t n = 0;

	if (peek(j) != '"') {
		json_skip(j);
		return NULL;
	}
	raw = take_raw(j, &n);
	if (!raw || n > JSON_TEXT_MAX)
		return NULL;
	/* No escape is shorter than what it stands for, but a broken \u. */
	text = arena_alloc(arena, n + 4);
	if (text)
		text[decode(raw, n, text)] = '\0';
	return text;
}

void json_skip(struct json *j)
{
	size_t depth = 0, n;

	do {
		switch (peek(j)) {
		case '\0':
			give_up(j);
			return;
		case '"':
			(void)!take_raw(j, &n);
			break;
		case '{':
		case '[':
			depth++;
			j->at++;
			break;
		case '}':
		case ']':
		case ',':
		case ':':
			if (depth == 0) { /* there is no value */
				give_up(j);
				return;
			}
			depth -= *j->at == '}' || *j->at == ']';
			j->at++;
			break;
		default: /* a number, a word */
			while (j->at < j->end && !strchr(",:]}[{\" \t\r\n", *j->at))
				j->at++;
		}
	} while (depth > 0 && j->at < j->end);
}

bool json_find(struct json *j, const char *key)
{
	char found[JSON_KEY_SIZE];

	if (!json_enter(j, '{'))
		return false;
	while (json_key(j, found)) {
		if (strcmp(found, key) == 0)
			return true;
		json_skip(j);
	}
	return false;
}
