/*
 * Resolve: the addresses of a host name, looked up aside, so that a slow name server holds up
 * nothing. For act/ only.
 *
 * The C library's getaddrinfo(3) cannot be ended early: it runs in a thread of its own that owns
 * what it works with, and is left to itself when nobody waits for it any more.
 */
#pragma once

#include "base/attr.h"
#include "query/address.h"

#include <stdbool.h>

struct resolve;

enum { RESOLVE_MOST = 8 /* addresses of one name that are kept */ };

/* Begin. Returns 0 or a negative errno. */
int resolve_begin(const char *host, struct resolve **out) BERTH_MUST_CHECK;

/* Readable when it is done. */
int resolve_fd(const struct resolve *r);

/*
 * The result, once it is done: true, and the addresses in the system's order of preference
 * (`*n` = 0: none, then `*error` has its words, until resolve_end()). False: not done.
 */
bool resolve_take(struct resolve *r, struct address out[RESOLVE_MOST], size_t *n,
		  const char **error);

/* Always NULL. resolve_end(NULL) is fine, at any time. */
struct resolve *resolve_end(struct resolve *r);
