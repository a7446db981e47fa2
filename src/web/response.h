/*
 * Response: an answer of HTTP before it is sent: status, headers, bytes. Made once, then never
 * changed; counted, so that one answer can go to many connections at once.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { RESPONSE_HEADERS_MOST = 10, RESPONSE_TAG_SIZE = 24 };

/* How long an answer may be kept, and by whom. */
enum response_keep {
	RESPONSE_KEEP_NOTHING, /* no-store: errors, redirects, what depends on a token just given */
	RESPONSE_KEEP_CHECKED, /* no-cache: kept, and asked for again with its tag */
	RESPONSE_KEEP_OWN,     /* private, no-cache: the same, and not by anybody between */
	RESPONSE_KEEP_LONG,    /* for a year: the path changes with the bytes */
};

/* One header. */
struct response_header {
	const char *name; /* constant */
	char *value;
};

/* One answer. Members are read-only but for response.c, and `native` for http.c. */
struct response {
	_Atomic unsigned int n_holders;
	unsigned int status;
	struct str body;          /* its own bytes ... */
	const char *constant;     /* ... or, when not NULL, `n_constant` that are never freed */
	size_t n_constant;
	struct response_header headers[RESPONSE_HEADERS_MOST];
	size_t n_headers;
	char tag[RESPONSE_TAG_SIZE]; /* for ETag, with its quotes; empty: none */
	struct response *of;      /* of "304 Not Modified": the answer that it stands for */
	bool has_failed;          /* out of memory while it was made */
	bool ends_connection;     /* nothing more is read from whoever asked */
	/* What a server keeps beside it; given up with release_native(), which then calls
	 * response_free() when nobody sends these bytes any more. */
	_Atomic(void *) native;
	void (*release_native)(void *native);
};

/* A new answer without bytes, held by the caller; NULL when out of memory. `type` may be NULL. */
struct response *response_new(unsigned int status, const char *type);

/* Add a header; both are copied but `name`. */
void response_add(struct response *r, const char *name, const char *value);

/*
 * All bytes are in `body`: set the tag (where `keep` has one) and Cache-Control. After this nothing
 * may change. Returns `r`, or NULL (and frees) when out of memory.
 */
struct response *response_finish(struct response *r, enum response_keep keep);

/* "304 Not Modified" for an answer that somebody has already; it holds that. NULL when out of
 * memory. */
struct response *response_not_modified(struct response *of);

/* The bytes, and how many. */
const char *response_bytes(const struct response *r, size_t *n);

/* The value of a header of its own; NULL: it has none. */
const char *response_header(const struct response *r, const char *name);

/* One more who holds it; one less. response_release(NULL) is fine. */
struct response *response_hold(struct response *r);
void response_release(struct response *r);

/* Free at once, whoever holds it: for release_native() only. */
void response_free(struct response *r);

/* What every answer says besides, unless it says otherwise itself; ends with an empty name. */
extern const struct response_security {
	const char *name, *value;
} response_security[];
