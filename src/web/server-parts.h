/*
 * Server parts: what the files of the server share: server.c decides what is to be done with a
 * request, the handlers of routes.def make answers.
 */
#pragma once

#include "web/guard.h"
#include "web/response-cache.h"
#include "web/route.h"
#include "web/server.h"

struct server {
	struct guard guard;
	struct server_options options;
	struct response_cache *cache;
	struct server_counts counts;
	_Atomic uint64_t n_faces; /* counts changes of how pages were judged */
};

/* One request, as handlers see it. */
struct server_turn {
	struct server *server;
	struct server_visit *visit;
	const struct server_request *request;
	const char *query;            /* behind the '?'; `n_query` bytes */
	size_t n_query;
	struct route_match match;
	const char *path;             /* without its language, as it should be written */
	const struct answer_sources *from; /* what the route wants; NULL = nothing is wanted */
	struct arena *arena;
	bool waits, streams;          /* a handler asks for that; it returns NULL then */
};

/* A handler: the answer, or NULL when out of memory. */
typedef struct response *server_handler(struct server_turn *t);

#define ROUTE(id, path, methods, kind, wants, handler) server_handler handler;
#include "web/routes.def"
#undef ROUTE

/*
 * What is to be said before a handler is called: that the method is not for this route, that the
 * path is written otherwise, that the reader wants another language. `n_path` is the length of the
 * path in the target. NULL: nothing; `path` of the turn is set then.
 */
struct response *server_check(struct server_turn *t, size_t n_path);

/* The language of a path that leads nowhere. */
void server_guess_language(struct server_turn *t);

/* An error in the form that was asked for: a page, or JSON below /api/. */
struct response *server_error(struct server_turn *t, unsigned int status);

/* The same with a line that says what is wrong; NULL = none. Pages have words of their own. */
struct response *server_error_because(struct server_turn *t, unsigned int status,
				      const char *message);

/* "See other": to a path of this server. */
struct response *server_redirect(unsigned int status, const char *location);

/* The page of claims. */
struct response *server_claims_page(struct server_turn *t);

/* Finish an answer of this turn: its tag, and whether others may keep it. */
struct response *server_finish(struct server_turn *t, struct response *r);

/*
 * The parameter `key` of the query; `out` has HTTP_TEXT_VALUE_MOST bytes. Returns as
 * http_text_value().
 */
int server_parameter(const struct server_turn *t, const char *key, char *out) BERTH_MUST_CHECK;

/* Whether somebody who is no browser asks. */
bool server_is_program(const struct server_turn *t);
