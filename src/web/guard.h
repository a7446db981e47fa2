/*
 * Guard: whether a request may come in at all, how much whoever sent it may see, and whether it may
 * change anything.
 *
 * - Host has to be a name of this very server: localhost or below it, 127.0.0.0/8, ::1 or the very
 *   address that was connected to, with the port it listens on, or a name that --host gave. A name
 *   of a stranger that leads here (DNS rebinding) is refused. Over a unix socket the same names
 *   count, with any port.
 * - Everything is shown, and changes are taken, from who has the token (in the cookie that it was
 *   changed into, or as "Authorization: Bearer"), and over a unix socket from root and the user who
 *   runs berth. A recording is shown whole to everybody: it is not this machine.
 * - A change must come from a page of this server: Origin, and Sec-Fetch-Site, where a browser
 *   sends them, have to say so; with nothing but a cookie one of them has to be there.
 */
#pragma once

#include "web/server.h"

/* Who is let in. */
struct guard {
	struct link *link;
	const char *const *hosts; /* NULL-terminated; NULL = none; "name" or "name:port" */
	uint32_t uid;             /* who runs berth */
};

enum guard_verdict {
	GUARD_FINE,
	GUARD_NO_HOST,    /* none, two, or none that can be read: 400 */
	GUARD_WRONG_HOST, /* not a name of this server: 421 */
};

enum guard_verdict guard_host(const struct guard *g, const struct server_request *request);

/* Whether changes are taken from whoever sends this: everything but what guard_may_change() asks of
 * the page that it comes from. So a page knows what to offer. */
bool guard_is_trusted(const struct guard *g, const struct server_request *request);

/* How much is shown. */
enum page_sight guard_sight(const struct guard *g, const struct server_request *request);

/* Whether a change is taken from this request. */
bool guard_may_change(const struct guard *g, const struct server_request *request);

enum { GUARD_COOKIE_SIZE = 32 };

/* The name of the token's cookie: cookies know no ports, so it names ours. Returned. */
char *guard_cookie_name(const struct server_request *request, char *name);
