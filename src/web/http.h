/*
 * HTTP: sockets in, sockets out. libmicrohttpd takes connections and reads requests; here they
 * become what server.h wants, are made to wait, streamed, counted, and ended when they take too
 * long. Nothing else of the atlas knows that library.
 */
#pragma once

#include "web/events.h"
#include "web/server.h"

struct http;

/* Limits; 0 = none, but for the size of a request's head. */
struct http_limits {
	unsigned int connections; /* open at one time ... */
	unsigned int per_address; /* ... from one address */
	unsigned int time_s;      /* for a request to come, for an answer to be taken */
	size_t head;              /* bytes of a request's line and headers */
};

struct http_options {
	struct server *server;
	struct events *events;
	struct http_limits limits;
	unsigned int n_threads;   /* of each listening socket */
};

/* NULL when out of memory. */
struct http *http_new(const struct http_options *options);

/*
 * Take connections from a listening stream socket, of TCP or a unix one, which becomes ours.
 * Returns 0; -ENOTSOCK, -EINVAL: it is none that listens; -EIO: the library refuses; or another
 * negative errno. `fd` stays the caller's then.
 */
int http_listen(struct http *h, int fd) BERTH_MUST_CHECK;

/* Once a second: end what takes too long. `now_ms` is of http_now(). */
void http_tick(struct http *h, int64_t now_ms);

/* Milliseconds of a clock that never jumps. */
int64_t http_now(void);

/*
 * Take nothing more, end everything, free. Visits that wait have to be woken up by then or soon
 * (the link is lost or closed), and events_end() called. Always NULL.
 */
struct http *http_free(struct http *h);
