/*
 * UTF-16: the text of Windows, as the UTF-8 that everything else here is made of.
 *
 * Windows does not check what it calls UTF-16: a name may hold half of a surrogate pair. Such a
 * half becomes three bytes that are not UTF-8 (and so are shown escaped), and comes back from
 * them unchanged: every file name survives the way here and back.
 */
#pragma once

#include "base/attr.h"

#include <stdint.h>

/* `n` units as fresh heap memory, terminated (free() it). Ends at the first 0 unit. NULL when out
 * of memory. */
char *utf16_to_utf8(const uint16_t *units, size_t n) BERTH_MUST_CHECK;

/* The other way, terminated. Bytes that are neither UTF-8 nor such a half become U+FFFD. NULL when
 * out of memory. */
uint16_t *utf16_from_utf8(const char *text) BERTH_MUST_CHECK;
