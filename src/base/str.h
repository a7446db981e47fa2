/*
 * Growing byte strings, and what may be done with foreign bytes before anybody sees them.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A growing string on the heap. `{0}` is a valid empty one. `bytes` is NULL until the first append
 * and always terminated afterwards. A failed append sets `has_failed` and is otherwise ignored, so
 * a long text can be built and checked once.
 */
struct str {
	char *bytes;
	size_t length;   /* without the terminator */
	size_t capacity; /* allocated bytes */
	bool has_failed; /* out of memory since str_init() */
};

void str_init(struct str *s);
void str_fini(struct str *s);
void str_clear(struct str *s); /* length 0, memory kept */

void str_append(struct str *s, const char *text);
void str_append_bytes(struct str *s, const void *bytes, size_t n);
void str_append_char(struct str *s, char c);
void str_pad(struct str *s, char c, size_t n);
void str_printf(struct str *s, const char *fmt, ...) BERTH_PRINTF(2, 3);

/* The text, never NULL. Owned by `s`. */
const char *str_text(const struct str *s);

/* How many of the `n` bytes, from the first on, are printable ASCII (a blank is): those are shown
 * as they are, each in a column of its own. */
size_t str_plain(const char *bytes, size_t n);

/*
 * Decode one UTF-8 character at `bytes` (`n` bytes are readable). Returns its length 1..4 and sets
 * `*code_point`; 0 when n is 0 or the bytes are not well-formed (RFC 3629: no overlong forms, no
 * surrogates, at most U+10FFFF).
 */
size_t str_utf8_decode(const char *bytes, size_t n, uint32_t *code_point);

/* Whether all of `text` is well-formed UTF-8. */
bool str_is_utf8(const char *text);

/*
 * Whether a code point must not reach a terminal or a line of text as it is: C0, DEL, C1, line and
 * paragraph separators, bidirectional controls, zero-width characters, BOM, tags, non-characters.
 */
bool str_is_unsafe(uint32_t code_point);

/*
 * Append foreign bytes so that a person can read them and no terminal obeys them: what
 * str_is_unsafe() names becomes \t \n \r, \xNN (below U+0100) or \u{NNNN}; bytes that are not UTF-8
 * become \xNN. With `is_ascii` every character above U+007E is escaped too.
 */
void str_append_escaped(struct str *s, const char *text, bool is_ascii);

/* Columns that a text takes on a terminal (wide characters count 2, combining ones 0). The text is
 * expected to be escaped already; malformed bytes count 1. */
size_t str_columns(const char *text);

/* Compare without case, ASCII only and independent of the locale. */
int str_casecmp(const char *a, const char *b);
bool str_starts_with(const char *text, const char *prefix);

/*
 * Decimal digits only (no sign, no space, at least one) up to `max`. Returns 0 and sets `*out`, or
 * a negative errno: -EINVAL (not all digits), -ERANGE (larger than max). `n` bytes are looked at.
 */
int str_parse_u64(const char *text, size_t n, uint64_t max, uint64_t *out) BERTH_MUST_CHECK;

/* The decimal digits of a number, 1 to 20 of them, without a terminator. Returns how many. */
size_t str_put_u64(char *out, uint64_t value);

/* The last byte `byte` of `n` bytes; NULL when there is none. */
const char *str_last_byte(const char *bytes, size_t n, char byte);

/* A cheap 64-bit hash (FNV-1a) for tables in memory; not for foreign keys in bulk. */
uint64_t str_hash(const void *bytes, size_t n);

/* Edit distance (insert, delete, replace, swap of neighbours) of two short words, without case;
 * stops early and returns `limit` + 1 when it is larger; so it does for words over 63 bytes. */
unsigned int str_distance(const char *a, const char *b, unsigned int limit);
