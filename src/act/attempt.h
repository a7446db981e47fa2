/*
 * Attempt: one connection to one address, and, if asked for, one HTTP request on it. Never blocks:
 * whoever owns it polls its descriptor. For act/ only.
 *
 * Nothing that the other end does costs more than one descriptor and HTTP_REPLY_MOST bytes until
 * the attempt's time is over.
 */
#pragma once

#include "act/http-reply.h"
#include "base/str.h"
#include "query/address.h"

#include <stdint.h>

enum attempt_state {
	ATTEMPT_NONE,       /* not begun, or ended */
	ATTEMPT_CONNECTING,
	ATTEMPT_CONNECTED,  /* and nothing more was asked: stays so until it is closed */
	ATTEMPT_ASKING,     /* the request is being sent, or its answer awaited */
	ATTEMPT_ANSWERED,   /* `status` is there */
	ATTEMPT_FAILED,     /* `error` says why */
};

/* `{.fd = -1}` is one that has not begun. */
struct attempt {
	enum attempt_state state;
	int fd;
	int error;              /* a positive errno; EBADMSG: what answers is not HTTP */
	int status;             /* of HTTP */
	bool has_ended;         /* the other end has closed the connection */
	int64_t give_up_ms;     /* on the monotonic clock */
	struct address to;      /* where it goes ... */
	uint16_t port;
	struct address from;    /* ... and from where, once it is connected */
	uint16_t from_port;
	struct str request;     /* what is to be sent; empty = nothing */
	size_t n_sent;
	char *reply;            /* HTTP_REPLY_MOST bytes, NULL until they are needed */
	size_t n_reply;
};

/* The monotonic clock. */
int64_t attempt_now_ms(void);

/*
 * Begin. With `path` an HTTP request for it is sent, `host` (and the port) being its Host. The
 * attempt fails by itself at `give_up_ms`. A failure is a state, not a return value. An attempt
 * that was begun must be given to attempt_end().
 */
void attempt_begin(struct attempt *a, const struct address *to, uint16_t port, const char *host,
		   const char *path, int64_t give_up_ms);

/* What to wait for (act/wire.h); 0 = nothing. */
short attempt_events(const struct attempt *a);

/* Go on, after wire_wait() said so or its time is over. */
void attempt_step(struct attempt *a, short revents, int64_t now_ms);

/* Close everything; state NONE. */
void attempt_end(struct attempt *a);
