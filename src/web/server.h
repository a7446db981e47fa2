/*
 * Server: from the pieces of a request to an answer. It knows what HTTP means and nothing of
 * sockets: http.c brings requests and takes answers away, tests and the fuzzer call it directly.
 *
 * All functions may be called by several threads at once.
 */
#pragma once

#include "web/link.h"
#include "web/response.h"

#include <stdbool.h>
#include <stdint.h>

struct server;
struct events;

enum server_method {
	SERVER_METHOD_GET,
	SERVER_METHOD_HEAD,
	SERVER_METHOD_POST,
	SERVER_METHOD_OPTIONS,
	SERVER_METHOD_OTHER,
};

/* Bounds of a request; what is longer has been refused by http.c. */
enum { SERVER_BODY_MOST = 4096 };

/* What came. Headers are NULL where they were not sent; all of it is foreign bytes, borrowed. */
struct server_request {
	enum server_method method;
	const char *target;      /* as it stands in the first line: path and query */
	const char *host, *origin, *fetch_site, *cookie, *authorization;
	const char *accept, *accept_language, *if_none_match, *content_type, *last_event_id;
	bool is_ambiguous;       /* a header that decides came twice, a body where none belongs */
	const char *body;        /* of POST; `n_body` bytes */
	size_t n_body;
	bool is_unix;            /* it came over a unix socket ... */
	bool has_peer;           /* ... whose other end is known: */
	uint32_t peer_uid;
	uint16_t listen_port;    /* otherwise the port it came to ... */
	const struct address *local; /* ... at this address; NULL = not known */
};

/* Where a visit stands. */
enum server_stage { SERVER_STAGE_NEW, SERVER_STAGE_WAITING, SERVER_STAGE_CAME };

/*
 * A request on its way. Fill in the first two members, the rest is zero; it stays where it is until
 * server_leave(). When server_visit() said SERVER_WAITS, `wake` is called once, from any thread,
 * perhaps before server_visit() has returned; then server_visit() is to be called again.
 */
struct server_visit {
	struct server_request request;
	void (*wake)(struct server_visit *visit);
	/* The server's own. */
	enum server_stage stage;
	const struct link_view *view; /* what came; NULL: nothing in time */
	enum ledger_outcome outcome;  /* of a claim */
	char *message;
	enum page_sight sight;        /* how much this reader may see */
	bool is_trusted;              /* changes are taken from this reader: guard_is_trusted() */
};

enum server_step {
	SERVER_ANSWERS, /* `*out` is the answer, the caller's to release; NULL: out of memory */
	SERVER_WAITS,   /* come again after `wake` */
	SERVER_STREAMS, /* events follow (web/events.h), in the sight of the visit; `*out` has the
	                   headers, and no bytes */
};

/* What a server is made with; everything is borrowed. */
struct server_options {
	struct link *link;
	struct events *events;
	const struct registry *registry;
	const char *const *hosts; /* more names that it may be called by; NULL-terminated */
	const char *version;
	uint32_t uid;             /* who runs berth; the front itself may be nobody by now */
};

/* NULL when out of memory. */
struct server *server_new(const struct server_options *options);
struct server *server_free(struct server *s); /* always NULL */

enum server_step server_visit(struct server *s, struct server_visit *visit, struct response **out);

/* A visit is over, answered or not. It must not be one that waits. */
void server_leave(struct server_visit *visit);

/* Something changed: answers that were kept may be old now. From the link's thread. */
void server_changed(struct server *s, enum link_change what);

/* What http.c counts, for /metrics. */
struct server_counts {
	_Atomic uint64_t n_requests[6]; /* answers by the first digit of their status; 0: none */
	_Atomic int64_t n_connections;
	_Atomic uint64_t n_refused; /* connections ended for being too slow */
};
struct server_counts *server_counts(struct server *s);
