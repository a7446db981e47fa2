/*
 * Response cache: the answers that were made last, while what they show is the newest there is.
 *
 * A fixed number of places, so that it never grows: an answer takes the place that its key falls
 * on.
 */
#pragma once

#include "web/response.h"
#include "web/route.h"

/* What an answer is an answer to. */
struct response_key {
	enum route_id route;
	enum page_language language;
	enum page_sight sight;
	bool is_trusted;  /* with forms for changes */
	uint16_t port;    /* or the row of the map; 0 for the others */
	uint64_t serial;  /* of the view it was made from */
	uint64_t others;  /* counts changes of what is not in the view */
};

struct response_cache;

/* NULL when out of memory. */
struct response_cache *response_cache_new(void);
struct response_cache *response_cache_free(struct response_cache *c); /* always NULL */

/* The answer of that very key, held for the caller; NULL: there is none. */
struct response *response_cache_get(struct response_cache *c, const struct response_key *key);

/* Keep an answer; an older one of its place goes. */
void response_cache_put(struct response_cache *c, const struct response_key *key,
			struct response *r);

/* The largest answer that is kept, and how many places there are. */
enum { RESPONSE_CACHE_LARGEST = 1 << 20, RESPONSE_CACHE_PLACES = 512 };
