/*
 * Query: what was asked, in berth's terms. Pure text work; nothing is looked up here.
 *
 * WHAT is one of
 *     3476  :3476                one port
 *     3476/udp  :3476/udp        one port of one transport
 *     8000-8010  8000-8010/tcp   a range, first <= last
 *     example.org:443  [::1]:80  a host and a port: one explicit connection
 *     service:ssh program:nginx pid:7 unit:cron.service container:web
 *     ssh                        any other word: exactly a service, program, unit or container
 */
#pragma once

#include "base/attr.h"
#include "query/transport.h"

#include <stdbool.h>
#include <stdint.h>

enum query_kind {
	QUERY_PORT,      /* one port: first == last */
	QUERY_RANGE,     /* first..last */
	QUERY_REMOTE,    /* host and first */
	QUERY_WORD,      /* word: whatever it matches */
	QUERY_SERVICE,   /* word: a service name or alias of the registry */
	QUERY_PROGRAM,   /* word: a running program's name */
	QUERY_PID,       /* pid */
	QUERY_UNIT,      /* word: a systemd unit; ".service" may be left out */
	QUERY_CONTAINER, /* word: a container's name, id or the first 4 or more digits of it */
};

struct query {
	enum query_kind kind;
	uint16_t first, last;         /* QUERY_PORT, QUERY_RANGE, QUERY_REMOTE */
	bool has_transport;           /* "/udp" was given */
	enum transport transport;     /* valid with has_transport */
	uint32_t pid;                 /* QUERY_PID */
	const char *text;             /* WHAT as it was given; borrowed from the caller */
	char word[256];               /* QUERY_WORD .. QUERY_CONTAINER, or the host; terminated */
};

/* Room for the one line that says what is wrong with WHAT. */
enum { QUERY_ERROR_SIZE = 256 };

/*
 * Parse one WHAT. Returns 0, or -EINVAL with one clear line in `error` (QUERY_ERROR_SIZE bytes):
 * foreign bytes in it are escaped and shortened. `out` is untouched on failure.
 */
int query_parse(const char *what, struct query *out, char *error) BERTH_MUST_CHECK;

/* Whether WHAT is syntactically one port (N, :N, N/proto): its JSON answer is one object. */
bool query_is_one_port(const struct query *q);
