#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void str_init(struct str *s)
{
	*s = (struct str){0};
}

void str_fini(struct str *s)
{
	if (!s)
		return;
	free(s->bytes);
	str_init(s);
}

void str_clear(struct str *s)
{
	s->length = 0;
	if (s->bytes)
		s->bytes[0] = '\0';
}

const char *str_text(const struct str *s)
{
	return s->bytes ? s->bytes : "";
}

/* Room for `more` bytes and the terminator. */
static bool reserve(struct str *s, size_t more)
{
	size_t need, capacity = s->capacity ? s->capacity : 64;
	char *bytes;

	if (__builtin_add_overflow(s->length, more, &need) || need > SIZE_MAX / 4) {
		s->has_failed = true;
		return false;
	}
	need++;
	if (need <= s->capacity)
		return true;
	while (capacity < need)
		capacity *= 2;
	bytes = realloc(s->bytes, capacity);
	if (!bytes) {
		s->has_failed = true;
		return false;
	}
	s->bytes = bytes;
	s->capacity = capacity;
	return true;
}

void str_append_bytes(struct str *s, const void *bytes, size_t n)
{
	if (!reserve(s, n))
		return;
	if (n > 0)
		memcpy(s->bytes + s->length, bytes, n);
	s->length += n;
	s->bytes[s->length] = '\0';
}

void str_append(struct str *s, const char *text)
{
	str_append_bytes(s, text, strlen(text));
}

void str_append_char(struct str *s, char c)
{
	str_append_bytes(s, &c, 1);
}

void str_pad(struct str *s, char c, size_t n)
{
	if (!reserve(s, n))
		return;
	memset(s->bytes + s->length, c, n);
	s->length += n;
	s->bytes[s->length] = '\0';
}

void str_printf(struct str *s, const char *fmt, ...)
{
	va_list args, again;
	int length;

	va_start(args, fmt);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, args);
	if (length >= 0 && reserve(s, (size_t)length)) {
		vsnprintf(s->bytes + s->length, (size_t)length + 1, fmt, again);
		s->length += (size_t)length;
	}
	va_end(again);
	va_end(args);
}

size_t str_utf8_decode(const char *bytes, size_t n, uint32_t *code_point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *b = (const unsigned char *)bytes;
	size_t length;
	uint32_t value;

	if (n == 0)
		return 0;
	if (b[0] < 0x80) {
		*code_point = b[0];
		return 1;
	}
	length = b[0] >= 0xf0 && b[0] < 0xf5 ? 4 : b[0] >= 0xe0 ? 3 : b[0] >= 0xc2 ? 2 : 0;
	if (length == 0 || length > n || b[0] > 0xf4)
		return 0;
	value = b[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (b[i] & 0x3fU);
	}
	if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 0;
	*code_point = value;
	return length;
}

bool str_is_utf8(const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t code_point;
		size_t n = str_utf8_decode(text, left, &code_point);

		if (n == 0)
			return false;
		text += n;
		left -= n;
	}
	return true;
}

bool str_is_unsafe(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} unsafe[] = {
		{0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x061c, 0x061c},
		{0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f},
		{0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},
		{0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff},
		{0xe0000, 0xe0fff},
	};

	if (c >= ' ' && c < 0x7f)
		return false;
	for (size_t i = 0; i < N_ELEMENTS(unsafe); i++) {
		if (c >= unsafe[i].first && c <= unsafe[i].last)
			return true;
	}
	return (c & 0xfffe) == 0xfffe;
}

static void append_escape(struct str *s, uint32_t c)
{
	if (c == '\t')
		str_append(s, "\\t");
	else if (c == '\n')
		str_append(s, "\\n");
	else if (c == '\r')
		str_append(s, "\\r");
	else if (c < 0x100)
		str_printf(s, "\\x%02x", c);
	else
		str_printf(s, "\\u{%04x}", c);
}

size_t str_plain(const char *bytes, size_t n)
{
	const uint64_t ones = UINT64_MAX / 0xff;
	size_t i = 0;

	/* Eight at a time: a byte that is below 0x20, is 0x7f or has its highest bit set. */
	while (n - i >= 8) {
		uint64_t word, deletes;

		memcpy(&word, bytes + i, sizeof(word));
		deletes = word ^ ones * 0x7f;
		if ((word | ((word - ones * 0x20) & ~word) | ((deletes - ones) & ~deletes)) &
		    ones * 0x80)
			break;
		i += 8;
	}
	while (i < n && bytes[i] >= ' ' && bytes[i] < 0x7f)
		i++;
	return i;
}

size_t str_put_u64(char *out, uint64_t value)
{
	size_t n = 1;

	for (uint64_t rest = value; rest >= 10; rest /= 10)
		n++;
	for (size_t i = n; i > 0; value /= 10)
		out[--i] = (char)('0' + value % 10);
	return n;
}

void str_append_escaped(struct str *s, const char *text, bool is_ascii)
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t c = 0;
		size_t n = str_plain(text, left);

		if (n > 0) {
			str_append_bytes(s, text, n);
			text += n;
			left -= n;
			continue;
		}
		n = str_utf8_decode(text, left, &c);
		if (n == 0) {
			str_printf(s, "\\x%02x", (unsigned char)*text);
			n = 1;
		} else if (str_is_unsafe(c) || (is_ascii && c > 0x7e)) {
			append_escape(s, c);
		} else {
			str_append_bytes(s, text, n);
		}
		text += n;
		left -= n;
	}
}

size_t str_columns(const char *text)
{
	size_t left = strlen(text), columns = 0;

	while (left > 0) {
		uint32_t c = 0;
		size_t n = str_plain(text, left);
		int width;

		if (n > 0) {
			columns += n;
			text += n;
			left -= n;
			continue;
		}
		n = str_utf8_decode(text, left, &c);
		width = n == 0 || c < 0x7f ? 1 : wcwidth((int)c);
		n = MAX_OF(n, 1);
		columns += width < 0 ? 1 : (size_t)width;
		text += n;
		left -= n;
	}
	return columns;
}

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

int str_casecmp(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) - lower(*b);
}

bool str_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

int str_parse_u64(const char *text, size_t n, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (n == 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned int digit = (unsigned int)(text[i] - '0');

		if (value > max / 10 || value * 10 > max - MIN_OF(digit, max))
			return -ERANGE;
		value = value * 10 + digit;
	}
	*out = value;
	return 0;
}

const char *str_last_byte(const char *bytes, size_t n, char byte)
{
	while (n > 0) {
		if (bytes[--n] == byte)
			return bytes + n;
	}
	return NULL;
}

uint64_t str_hash(const void *bytes, size_t n)
{
	const unsigned char *b = bytes;
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * 0x100000001b3U;
	return hash;
}

enum { LONGEST_WORD = 63 };

unsigned int str_distance(const char *a, const char *b, unsigned int limit)
{
	size_t n_a = strnlen(a, LONGEST_WORD + 1), n_b = strnlen(b, LONGEST_WORD + 1);
	unsigned int rows[3][LONGEST_WORD + 2]; /* this row, the one before, the one before that */

	if (n_a > LONGEST_WORD || n_b > LONGEST_WORD ||
	    (n_a > n_b ? n_a - n_b : n_b - n_a) > limit)
		return limit + 1;
	for (unsigned int j = 0; j <= n_b; j++)
		rows[0][j] = j;
	for (unsigned int i = 1; i <= n_a; i++) {
		unsigned int *now = rows[i % 3], *before = rows[(i - 1) % 3];
		unsigned int best = now[0] = i;

		for (unsigned int j = 1; j <= n_b; j++) {
			bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
			unsigned int cost = before[j - 1] + !is_same;

			cost = MIN_OF(cost, MIN_OF(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				cost = MIN_OF(cost, rows[(i - 2) % 3][j - 2] + 1);
			now[j] = cost;
			best = MIN_OF(best, cost);
		}
		if (best > limit)
			return limit + 1;
	}
	return MIN_OF(rows[n_a % 3][n_b], limit + 1);
}
