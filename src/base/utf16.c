#include "base/utf16.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

static bool is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

static char *put(char *at, uint32_t c)
{
	if (c < 0x80) {
		*at++ = (char)c;
	} else if (c < 0x800) {
		*at++ = (char)(0xc0 | c >> 6);
		*at++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*at++ = (char)(0xe0 | c >> 12);
		*at++ = (char)(0x80 | (c >> 6 & 0x3f));
		*at++ = (char)(0x80 | (c & 0x3f));
	} else {
		*at++ = (char)(0xf0 | c >> 18);
		*at++ = (char)(0x80 | (c >> 12 & 0x3f));
		*at++ = (char)(0x80 | (c >> 6 & 0x3f));
		*at++ = (char)(0x80 | (c & 0x3f));
	}
	return at;
}

char *utf16_to_utf8(const uint16_t *units, size_t n)
{
	/* A unit takes three bytes at most, a pair four. */
	char *text = n < SIZE_MAX / 4 ? malloc(n * 3 + 1) : NULL, *at = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < n && units[i]; i++) {
		uint32_t c = units[i];

		if (is_high(c) && i + 1 < n && is_low(units[i + 1]))
			c = 0x10000 + ((c - 0xd800) << 10) + (units[++i] - 0xdc00U);
		at = put(at, c);
	}
	*at = '\0';
	return text;
}

/* One half of a surrogate pair in three bytes; 0 = no such thing. */
static uint16_t half_at(const char *text, size_t left)
{
	const unsigned char *b = (const unsigned char *)text;

	if (left < 3 || b[0] != 0xed || b[1] < 0xa0 || b[1] > 0xbf || (b[2] & 0xc0) != 0x80)
		return 0;
	return (uint16_t)(0xd000 | (b[1] & 0x3f) << 6 | (b[2] & 0x3f));
}

uint16_t *utf16_from_utf8(const char *text)
{
	size_t left = strlen(text), n = 0;
	uint16_t *units = left < SIZE_MAX / 4 ? malloc((left + 1) * sizeof(*units)) : NULL;

	if (!units)
		return NULL;
	while (left > 0) {
		uint32_t c = 0xfffd;
		size_t length = str_utf8_decode(text, left, &c);
		uint16_t half = length == 0 ? half_at(text, left) : 0;

		if (length == 0) {
			c = half ? half : 0xfffd;
			length = half ? 3 : 1;
		}
		if (c >= 0x10000) {
			units[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		units[n++] = (uint16_t)c;
		text += length;
		left -= length;
	}
	units[n] = 0;
	return units;
}
