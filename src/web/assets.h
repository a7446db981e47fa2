/*
 * Assets: the files that pages load (style, scripts, the icon), as they lie in src/web/assets/ and
 * linked into the program. Nothing that a page loads comes from anywhere else.
 *
 * Pages ask for them as "NAME?v=VERSION": the version changes with the bytes, so that such an
 * answer may be kept for good. In a static atlas they are the files assets/NAME.
 */
#pragma once

#include <stddef.h>

/* One file. Everything in it is constant. */
struct asset {
	const char *name;    /* "berth.css": letters, digits, '.', '-' only */
	const char *type;    /* for Content-Type: "text/css; charset=utf-8" */
	const char *bytes;   /* `n` of them, terminated by a NUL more */
	size_t n;
	const char *etag;    /* with its quotes, made from the bytes: "\"9f86d081884c7d65\"" */
	const char *version; /* its first eight digits, for "?v=" */
};

/* The asset of that name; NULL = there is none. */
const struct asset *assets_find(const char *name);

/* All of them, sorted by name; `*n` is their number. */
const struct asset *assets_all(size_t *n);
