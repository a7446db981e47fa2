/*
 * Fetch: one file over HTTPS, bounded in size and time (libcurl).
 */
#pragma once

#include "base/str.h"
#include "update/etag.h"

#include <stdbool.h>

enum { FETCH_ERROR_SIZE = 400 };

/* What came. */
struct fetch {
	struct str body;
	bool is_unchanged;            /* 304: nothing newer than the ETag that was sent */
	char etag[ETAG_SIZE];         /* of what came; "" = none, or longer than berth keeps */
	char error[FETCH_ERROR_SIZE]; /* one line, when it failed */
	bool is_refused;              /* it failed because of what came, not because nothing did */
};

/*
 * GET `url`, which must be https, as every redirection must be (five at most). `etag` and `cacert`
 * may be "". Nothing larger than `limit` is kept; a server has 30 s to be reached, must not stay
 * below 1 kB/s for 30 s, and has ten minutes for all. Returns 0; -EIO with `error` filled; -ENOMEM.
 * `out->body` must be given to str_fini().
 */
int fetch_get(const char *url, const char *etag, const char *cacert, size_t limit,
	      struct fetch *out) BERTH_MUST_CHECK;
