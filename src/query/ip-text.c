#include "query/ip-text.h"

#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { N_GROUPS = 8 };

char *ip_text_format_v4(const uint8_t bytes[4], char *text)
{
	char *at = text;

	for (size_t i = 0; i < 4; i++) {
		at += str_put_u64(at, bytes[i]);
		*at++ = i < 3 ? '.' : '\0';
	}
	return text;
}

/* The first of the longest runs of zero groups; `*n` is below 2 when there is none. */
static size_t find_zeros(const unsigned int *groups, size_t *n)
{
	size_t best = 0;

	*n = 0;
	for (size_t i = 0; i < N_GROUPS; i++) {
		size_t end = i;

		while (end < N_GROUPS && groups[end] == 0)
			end++;
		if (end - i > *n) {
			*n = end - i;
			best = i;
		}
	}
	return best;
}

char *ip_text_format_v6(const uint8_t bytes[16], char *text)
{
	unsigned int groups[N_GROUPS];
	size_t first, n_zeros, used = 0;
	char dots[IP_TEXT_SIZE];

	for (size_t i = 0; i < N_GROUPS; i++)
		groups[i] = (unsigned int)bytes[2 * i] << 8 | bytes[2 * i + 1];
	first = find_zeros(groups, &n_zeros);
	for (size_t i = 0; i < N_GROUPS; i++) {
		char *at = text + used;
		int n;

		if (i == 6 && first == 0 &&
		    (n_zeros == 6 || (n_zeros == 5 && groups[5] == 0xffff))) {
			snprintf(at, IP_TEXT_SIZE - used, ":%s",
				 ip_text_format_v4(bytes + 12, dots));
			break;
		}
		if (n_zeros >= 2 && i == first) {
			/* The groups behind it bring the second colon. */
			n = snprintf(at, IP_TEXT_SIZE - used,
				     first + n_zeros == N_GROUPS ? "::" : ":");
			i += n_zeros - 1;
		} else {
			n = snprintf(at, IP_TEXT_SIZE - used, i > 0 ? ":%x" : "%x", groups[i]);
		}
		used += n > 0 ? (size_t)n : 0;
	}
	return text;
}

int ip_text_parse_v4(const char *text, uint8_t bytes[4])
{
	uint8_t out[4];

	for (size_t i = 0; i < 4; i++) {
		unsigned int value = 0;
		size_t n = strspn(text, "0123456789");

		if (n == 0 || n > 3 || (n > 1 && *text == '0'))
			return -EINVAL;
		for (size_t k = 0; k < n; k++)
			value = value * 10 + (unsigned int)(text[k] - '0');
		if (value > 255 || text[n] != (i < 3 ? '.' : '\0'))
			return -EINVAL;
		out[i] = (uint8_t)value;
		text += n + 1;
	}
	memcpy(bytes, out, sizeof(out));
	return 0;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
	const char *found = c ? strchr(digits, lower) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* One to four hex digits; returns how many, 0 = none or too many. */
static size_t parse_group(const char *text, unsigned int *value)
{
	size_t n = 0;

	for (*value = 0; hex_digit(text[n]) >= 0; n++) {
		if (n == 4)
			return 0;
		*value = *value << 4 | (unsigned int)hex_digit(text[n]);
	}
	return n;
}

int ip_text_parse_v6(const char *text, uint8_t bytes[16])
{
	uint8_t out[16] = {0};
	size_t used = 0, gap = SIZE_MAX;

	if (text[0] == ':' && *++text != ':')
		return -EINVAL;
	while (*text) {
		unsigned int value;
		size_t n;

		if (*text == ':') {
			if (gap != SIZE_MAX)
				return -EINVAL;
			gap = used;
			text++;
			continue;
		}
		n = parse_group(text, &value);
		if (n > 0 && text[n] == '.' && used <= 12 &&
		    ip_text_parse_v4(text, out + used) == 0) {
			used += 4;
			break;
		}
		if (n == 0 || used > 14 || (text[n] && text[n] != ':') ||
		    (text[n] == ':' && !text[n + 1]))
			return -EINVAL;
		out[used++] = (uint8_t)(value >> 8);
		out[used++] = (uint8_t)value;
		text += n + (text[n] == ':');
	}
	if (gap == SIZE_MAX ? used != 16 : used > 15)
		return -EINVAL;
	if (gap != SIZE_MAX) {
		memmove(out + gap + 16 - used, out + gap, used - gap);
		memset(out + gap, 0, 16 - used);
	}
	memcpy(bytes, out, sizeof(out));
	return 0;
}
