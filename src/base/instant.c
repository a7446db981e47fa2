#include "base/instant.h"

#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const int64_t second_ns = 1000000000;
static const int64_t day_s = 86400;

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 0001-01-01 to the first day of `year` (1..9999). */
static int64_t days_before_year(int64_t year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

static int64_t days_since_epoch(int64_t year, int64_t month, int64_t day)
{
	int64_t days = days_before_year(year) - days_before_year(1970) + day - 1;

	for (int64_t m = 1; m < month; m++)
		days += days_in_month(year, m);
	return days;
}

char *instant_format(int64_t instant, char *text)
{
	int64_t s = instant / second_ns, ns = instant % second_ns;
	int64_t days, year = 1677, month = 1;
	size_t n;

	if (ns < 0) {
		ns += second_ns;
		s--;
	}
	days = s / day_s - (s % day_s < 0);
	s -= days * day_s;
	while (days_since_epoch(year + 1, 1, 1) <= days)
		year++;
	days -= days_since_epoch(year, 1, 1);
	while (days >= days_in_month(year, month))
		days -= days_in_month(year, month++);

	snprintf(text, INSTANT_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%09d", (int)year,
		 (int)month, (int)days + 1, (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60),
		 (int)ns);
	n = strlen(text);
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	memcpy(text + n, "Z", 2);
	return text;
}

/* "YYYY-MM-DDTHH:MM:SS" into six numbers, each within its bounds. */
static int parse_date_time(const char *text, int64_t v[6])
{
	static const struct {
		size_t at, n;
		char after;
		int64_t first, last;
	} parts[6] = {{0, 4, '-', 1, 9999}, {5, 2, '-', 1, 12},  {8, 2, 'T', 1, 31},
		      {11, 2, ':', 0, 23},  {14, 2, ':', 0, 59}, {17, 2, '\0', 0, 59}};

	if (strlen(text) < 20)
		return -EINVAL;
	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		uint64_t value;

		if (str_parse_u64(text + parts[i].at, parts[i].n, 9999, &value) < 0)
			return -EINVAL;
		v[i] = (int64_t)value;
		if (v[i] < parts[i].first || v[i] > parts[i].last)
			return -EINVAL;
		if (parts[i].after && text[parts[i].at + parts[i].n] != parts[i].after)
			return -EINVAL;
	}
	return v[2] <= days_in_month(v[0], v[1]) ? 0 : -EINVAL;
}

/* "Z" or ".FFFZ" behind the seconds. */
static int parse_fraction(const char *text, int64_t *out_ns)
{
	uint64_t value = 0;
	size_t n;

	*out_ns = 0;
	if (strcmp(text, "Z") == 0)
		return 0;
	n = strlen(text);
	if (n < 3 || n > 11 || text[0] != '.' || text[n - 1] != 'Z')
		return -EINVAL;
	n -= 2;
	if (str_parse_u64(text + 1, n, 999999999, &value) < 0)
		return -EINVAL;
	for (; n < 9; n++)
		value *= 10;
	*out_ns = (int64_t)value;
	return 0;
}

int instant_parse(const char *text, int64_t *out)
{
	int64_t v[6], ns, s, instant;

	if (parse_date_time(text, v) < 0 || parse_fraction(text + 19, &ns) < 0)
		return -EINVAL;
	s = days_since_epoch(v[0], v[1], v[2]) * day_s + v[3] * 3600 + v[4] * 60 + v[5];
	if (s < 0 && ns > 0) { /* towards zero, so that the very first instants do not overflow */
		s++;
		ns -= second_ns;
	}
	if (__builtin_mul_overflow(s, second_ns, &instant) ||
	    __builtin_add_overflow(instant, ns, &instant))
		return -ERANGE;
	*out = instant;
	return 0;
}
