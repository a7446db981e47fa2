/*
 * IP text: addresses as text and back, the same on every system: as the GNU C library's
 * inet_ntop(3) and inet_pton(3) (a test compares them), whose likes elsewhere differ in corners.
 *
 * IPv6 is written as RFC 5952 wants it: lower case, the first of the longest runs of two or more
 * zero groups as "::", and dots for the last four bytes of v4-mapped and v4-compatible addresses.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

enum { IP_TEXT_SIZE = 46 }; /* the longest IPv6 text and its terminator */

/* `text` has IP_TEXT_SIZE bytes; returned. Bytes are in network order. */
char *ip_text_format_v4(const uint8_t bytes[4], char *text);
char *ip_text_format_v6(const uint8_t bytes[16], char *text);

/* Four decimal numbers without needless zeros. Returns 0 or -EINVAL. */
int ip_text_parse_v4(const char *text, uint8_t bytes[4]) BERTH_MUST_CHECK;

/* RFC 4291's forms, no zone, no brackets. Returns 0 or -EINVAL. */
int ip_text_parse_v6(const char *text, uint8_t bytes[16]) BERTH_MUST_CHECK;
