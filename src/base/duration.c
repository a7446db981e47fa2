#include "base/duration.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{"d", INT64_C(86400000)}, {"h", 3600000}, {"min", 60000}, {"ms", 1}, {"m", 60000},
	{"s", 1000},
};

enum { MICRO = 1000000 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits, perhaps with a fraction, as millionths. Returns 0, -EINVAL or -ERANGE. */
static int take_number(const char **text, int64_t *out_micro)
{
	const char *p = *text;
	int64_t whole = 0, part = 0, scale = MICRO;
	bool has_rest = false; /* digits beyond a millionth */

	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++) {
		whole = whole * 10 + (*p - '0');
		if (whole > DURATION_MAX_MS)
			return -ERANGE;
	}
	if (*p == '.') {
		if (!is_digit(*++p))
			return -EINVAL;
		for (; is_digit(*p); p++) {
			scale /= 10;
			part += (*p - '0') * scale;
			has_rest = has_rest || (scale == 0 && *p != '0');
		}
	}
	*text = p;
	*out_micro = whole * MICRO + part + has_rest;
	return 0;
}

/* The unit at `text`; "min" and "ms" come before "m". NULL = none. */
static const struct unit *take_unit(const char **text)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(*text, units[i].name, n) == 0) {
			*text += n;
			return &units[i];
		}
	}
	return NULL;
}

int duration_parse(const char *text, int64_t *out_ms)
{
	static const struct unit seconds = {"", 1000};
	int64_t total = 0, last = INT64_MAX;

	do {
		const struct unit *unit = &seconds;
		int64_t micro, ms;
		int r = take_number(&text, &micro);

		if (r < 0)
			return r;
		if (*text != '\0' || last != INT64_MAX) {
			unit = take_unit(&text);
			if (!unit || unit->ms >= last)
				return -EINVAL;
		}
		last = unit->ms;
		if (micro / MICRO > DURATION_MAX_MS / unit->ms)
			return -ERANGE;
		/* Whole units and their fraction apart: the product stays far below 2^63. */
		ms = micro / MICRO * unit->ms + (micro % MICRO * unit->ms + MICRO - 1) / MICRO;
		total += ms;
		if (total > DURATION_MAX_MS)
			return -ERANGE;
	} while (*text != '\0');
	*out_ms = total;
	return 0;
}
