/*
 * Serve: the front of `berth serve` from its first step to its last: the registry, the sandbox, the
 * link to the collector, the server, the sockets.
 */
#pragma once

#include "web/http.h"

enum { SERVE_LISTENERS_MOST = 8, SERVE_HOSTS_MOST = 16 };

/* What was asked for. */
struct serve_wish {
	int pipe;                  /* to the collector */
	int listeners[SERVE_LISTENERS_MOST];
	size_t n_listeners;
	const char *hosts[SERVE_HOSTS_MOST + 1]; /* NULL-terminated */
	size_t n_hosts;
	const char *registry;      /* an image; NULL: the newest there is; "built-in" */
	unsigned int limit_connections, limit_per_address, limit_time_s, limit_head, limit_streams;
	unsigned int n_threads;
	bool is_verbose;           /* say what was given up of privileges, too */
};

/*
 * Serve until the collector ends. Returns 0; or a negative errno with a line in `*error`. What
 * could not be given up of privileges is said on standard error, a line each.
 */
int serve(const struct serve_wish *wish, const char **error) BERTH_MUST_CHECK;
