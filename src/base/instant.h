/*
 * Instants as text: RFC 3339 in UTC, to the nanosecond, without the C library's time zones.
 *
 * An instant is a number of nanoseconds since 1970-01-01T00:00:00Z (POSIX time: no leap seconds).
 * All of int64_t is covered: 1677-09-21T00:12:43.145224192Z to 2262-04-11T23:47:16.854775807Z.
 */
#pragma once

#include "base/attr.h"

#include <stdint.h>

/* Longest text of instant_format() with its terminator, rounded up. */
enum { INSTANT_TEXT_SIZE = 64 };

/*
 * "2026-08-17T09:30:00Z"; a fraction only when there is one, without trailing zeros:
 * "2026-08-17T09:30:00.25Z". `text` has INSTANT_TEXT_SIZE bytes; it is returned.
 */
char *instant_format(int64_t instant_ns, char *text);

/*
 * Parse exactly what instant_format() writes (a fraction has 1 to 9 digits, zeros at its end are
 * fine). Returns 0; -EINVAL: not of this form, or no such day or time; -ERANGE: not in int64_t.
 */
int instant_parse(const char *text, int64_t *out_ns) BERTH_MUST_CHECK;
