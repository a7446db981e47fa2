/*
 * Durations as people type them: "30s", "500ms", "10m", "2h", "1.5s", "1m30s"; a bare number is
 * seconds, as in timeout(1) and sleep(1).
 */
#pragma once

#include "base/attr.h"

#include <stdint.h>

/* The longest duration that is understood: 366 days. */
#define DURATION_MAX_MS (INT64_C(366) * 24 * 3600 * 1000)

/*
 * Parse a duration into milliseconds, rounded up, so that no positive duration becomes 0. Units are
 * ms, s, m (min), h and d; several follow one another from the largest to the smallest. Returns 0;
 * -EINVAL: not of this form; -ERANGE: longer than DURATION_MAX_MS.
 */
int duration_parse(const char *text, int64_t *out_ms) BERTH_MUST_CHECK;
