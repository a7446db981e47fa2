#include "web/response-cache.h"

#include <pthread.h>
#include <stdlib.h>

/* All bytes that are kept, at most. */
#define KEPT_MOST ((size_t)64 << 20)

struct place {
	struct response_key key;
	struct response *response; /* NULL: free */
};

struct response_cache {
	pthread_mutex_t lock;
	struct place places[RESPONSE_CACHE_PLACES];
	size_t n_bytes;
};

struct response_cache *response_cache_new(void)
{
	struct response_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	if (pthread_mutex_init(&c->lock, NULL) == 0)
		return c;
	free(c);
	return NULL;
}

/* Empty a place. Returns what was there, to be released without the lock. */
static struct response *take(struct response_cache *c, struct place *p)
{
	struct response *r = p->response;
	size_t n = 0;

	if (r)
		(void)response_bytes(r, &n);
	c->n_bytes -= n;
	p->response = NULL;
	return r;
}

struct response_cache *response_cache_free(struct response_cache *c)
{
	for (size_t i = 0; c && i < RESPONSE_CACHE_PLACES; i++)
		response_release(c->places[i].response);
	if (c)
		pthread_mutex_destroy(&c->lock);
	free(c);
	return NULL;
}

static bool is_equal(const struct response_key *a, const struct response_key *b)
{
	return a->route == b->route && a->language == b->language && a->sight == b->sight &&
	       a->is_trusted == b->is_trusted &&
	       a->port == b->port && a->serial == b->serial && a->others == b->others;
}

/* The same page goes to the same place whatever its age. */
static struct place *place_of(struct response_cache *c, const struct response_key *key)
{
	const uint32_t parts[] = {(uint32_t)key->route, (uint32_t)key->language,
				  (uint32_t)key->sight, key->is_trusted, key->port};

	return &c->places[str_hash(parts, sizeof(parts)) % RESPONSE_CACHE_PLACES];
}

struct response *response_cache_get(struct response_cache *c, const struct response_key *key)
{
	struct place *p = place_of(c, key);
	struct response *r = NULL;

	pthread_mutex_lock(&c->lock);
	if (p->response && is_equal(&p->key, key))
		r = response_hold(p->response);
	pthread_mutex_unlock(&c->lock);
	return r;
}

void response_cache_put(struct response_cache *c, const struct response_key *key,
			struct response *r)
{
	struct place *p = place_of(c, key);
	struct response *old;
	size_t n;

	(void)response_bytes(r, &n);
	if (n > RESPONSE_CACHE_LARGEST)
		return;
	pthread_mutex_lock(&c->lock);
	old = take(c, p);
	if (c->n_bytes + n <= KEPT_MOST) {
		c->n_bytes += n;
		p->key = *key;
		p->response = response_hold(r);
	}
	pthread_mutex_unlock(&c->lock);
	response_release(old);
}
