/*
 * HTTP text: the pieces of a request, understood. Pure; bytes of strangers in, values out, every
 * length bounded. Nothing is guessed: what is malformed is said to be.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* Bounds of what is looked at. */
enum {
	HTTP_TEXT_TARGET_MOST = 2048, /* bytes of a request's target: path and query */
	HTTP_TEXT_VALUE_MOST = 1024,  /* bytes of one decoded value of a query or form */
	HTTP_TEXT_PAIRS_MOST = 32,    /* pairs of a query or form */
	HTTP_TEXT_HOST_SIZE = 256,    /* a host's name and its terminator */
};

/*
 * Undo percent-encoding (RFC 3986, 2.1): `n` bytes of `text` into `out` (`size` bytes), terminated;
 * with `is_form` a '+' is a blank. Returns the length; -EINVAL: "%" without two hexadecimal digits,
 * or a NUL; -ENAMETOOLONG: it does not fit.
 */
int http_text_decode(const char *text, size_t n, bool is_form, char *out,
		     size_t size) BERTH_MUST_CHECK;

/*
 * The value of `key` in "a=1&b=2" (`n` bytes), decoded into `out` (HTTP_TEXT_VALUE_MOST bytes).
 * Returns 1; 0: it is not there, `out` is empty; -EINVAL: the text is malformed anywhere, has more
 * than HTTP_TEXT_PAIRS_MOST pairs, or `key` twice; -ENAMETOOLONG: the value is too long.
 */
int http_text_value(const char *text, size_t n, const char *key, char *out) BERTH_MUST_CHECK;

/* The value of a cookie in a Cookie header (RFC 6265, 4.2.1), borrowed; `*n` is its length. NULL:
 * it is not there, or there twice. */
const char *http_text_cookie(const char *header, const char *name, size_t *n);

/*
 * What an Accept-Language header (RFC 9110, 12.5.4) thinks of a language ("de": German of any
 * country): its weight in thousandths; 0 = not wanted or not named. `*place` is the number of the
 * range that said so (for ties), UINT32_MAX without one. Malformed ranges are passed over.
 */
unsigned int http_text_language_weight(const char *header, const char *language, uint32_t *place);

/* Whether the header prefers German to English; without any preference it is English. */
bool http_text_prefers_german(const char *header);

/* Whether an If-None-Match header (RFC 9110, 13.1.2) names the tag ("\"abc\""), weakly compared. */
bool http_text_has_tag(const char *header, const char *tag);

/* A Host header, or the authority of an origin. */
struct http_text_host {
	char name[HTTP_TEXT_HOST_SIZE]; /* lower case; IPv6 without brackets; no dot at its end */
	bool is_ipv6;
	bool has_port;
	uint16_t port;
};

/* "localhost", "127.0.0.1:8080", "[::1]:80". Returns 0, or -EINVAL: none of these. */
int http_text_host_parse(const char *text, size_t n, struct http_text_host *out) BERTH_MUST_CHECK;

/* "http://HOST[:PORT]" or "https://...", as in Origin. Returns 0 or -EINVAL ("null", too). */
int http_text_origin_parse(const char *text, struct http_text_host *out) BERTH_MUST_CHECK;

/*
 * A port as a part of a path: decimal digits, however many zeros stand first. Returns 0, -EINVAL
 * (other characters, none at all), -ERANGE: there is no such port.
 */
int http_text_port(const char *text, uint16_t *out) BERTH_MUST_CHECK;

/* The type of a Content-Type header without its parameters and without regard to case. */
bool http_text_is_type(const char *header, const char *type);

/* Whether an Accept header names JSON before HTML: a program asks. */
bool http_text_wants_json(const char *accept);
