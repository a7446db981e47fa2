/*
 * Route: from the path of a request to what it is about. Pure; the rows are routes.def.
 */
#pragma once

#include "base/str.h"
#include "web/http-text.h"
#include "web/page.h"

/* Methods that a route takes. HEAD goes where GET goes, OPTIONS everywhere. */
enum { ROUTE_GET = 1, ROUTE_POST = 2 };

enum route_kind {
	ROUTE_PAGE, /* has a German twin; the reader's language decides */
	ROUTE_PART, /* a part of a page: has the twin, is never redirected */
	ROUTE_DATA, /* speaks no language */
};

/* What is looked at before an answer is made. */
enum route_wants { ROUTE_WANTS_NOTHING, ROUTE_WANTS_HERE, ROUTE_WANTS_PORT };

#define ROUTE(id, path, methods, kind, wants, handler) ROUTE_##id,
enum route_id {
#include "web/routes.def"
	N_ROUTES
};
#undef ROUTE

/* A row. */
struct route {
	const char *path; /* with # and * */
	unsigned int methods;
	enum route_kind kind;
	enum route_wants wants;
};

extern const struct route routes[N_ROUTES];

/* A path, understood. */
struct route_match {
	enum route_id id;
	enum page_language language;
	uint16_t port;                   /* of a path with # */
	char word[HTTP_TEXT_VALUE_MOST]; /* what stands for *, decoded: foreign bytes without NUL */
};

/*
 * Find the route of a path as it came (`n` bytes, percent-encoded). Letters of either case,
 * needless zeros of a port and one slash at the end are taken: see route_path(). Returns 0;
 * -EINVAL: it is malformed; -ENOENT: there is nothing of that path (port 65536).
 */
int route_find(const char *path, size_t n, struct route_match *out) BERTH_MUST_CHECK;

/* Append the one right way to write a path, in a language (English for ROUTE_DATA). */
void route_path(const struct route_match *match, enum page_language language, struct str *out);

/* Append a path without its language, as pages want it. */
void route_plain_path(const struct route_match *match, struct str *out);
