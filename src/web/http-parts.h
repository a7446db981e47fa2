/*
 * HTTP parts: what the files around libmicrohttpd share.
 */
#pragma once

#include "query/address.h"
#include "web/http.h"

#include <microhttpd.h>
#include <pthread.h>

/* A listening socket. */
struct http_listener {
	struct http *http;
	struct MHD_Daemon *daemon;
	bool is_unix;
	uint16_t port;
};

enum { HTTP_LISTENERS_MOST = 8 };

/* What a connection is at. */
enum http_phase {
	HTTP_PHASE_READING,   /* a request is awaited, or coming */
	HTTP_PHASE_ANSWERING,
	HTTP_PHASE_STREAMING, /* no end is in sight, and none is expected */
	HTTP_PHASE_ENDED,     /* shut down, and about to be closed */
};

/* A connection, in the list of all. */
struct http_peer {
	struct http_peer *before, *after;
	int fd;
	bool is_unix, has_uid;
	uint32_t uid;
	bool has_local;          /* the address that was connected to */
	struct address local;
	_Atomic int phase;       /* enum http_phase */
	_Atomic int64_t since_ms;
};

struct http {
	struct http_options options;
	struct http_listener listeners[HTTP_LISTENERS_MOST];
	size_t n_listeners;
	pthread_mutex_t lock;    /* of `peers` */
	struct http_peer *peers;
	pthread_mutex_t native_lock;
	_Atomic int n_waiting;   /* visits that wait */
};

/* Where a visit's wake-up and its going to sleep meet: the later one resumes. */
enum http_nap { HTTP_NAP_NONE, HTTP_NAP_ASLEEP, HTTP_NAP_WOKEN };

/* A request of a connection. */
struct http_visit {
	struct server_visit visit; /* the first member */
	const struct http_listener *listener;
	struct MHD_Connection *connection;
	struct http_peer *peer;
	char *target;
	struct str body;
	bool has_begun, is_too_long, is_body_too_long, has_body;
	_Atomic int nap;
};

/* Send an answer; NULL: out of memory. */
enum MHD_Result http_send(struct http_visit *v, struct response *r);

/* Begin a stream of events with the headers of `r`. */
enum MHD_Result http_stream(struct http_visit *v, const struct response *r);

/* For MHD_OPTION_NOTIFY_CONNECTION, of a struct http_listener. */
void http_on_connection(void *listener, struct MHD_Connection *connection, void **context,
			enum MHD_ConnectionNotificationCode code);

/* Note what a connection is at from now on. */
void http_set_phase(struct http_peer *peer, enum http_phase phase);

/* An answer as the library wants it, with every header. NULL when out of memory. */
bool http_add_headers(struct MHD_Response *native, const struct response *r);
