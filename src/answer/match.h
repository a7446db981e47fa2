/*
 * Match: from a word to the ports it means: a service of the registry, a claim of one's own, a
 * running program, a unit, a container, a process id.
 */
#pragma once

#include "answer/answer.h"

/* One port that a word leads to, and why. A port may be listed with several reasons. */
struct match {
	uint16_t port;
	struct answer_match why;
};

/* All matches, sorted by port. */
struct matches {
	const struct match *items;
	size_t n;
	bool has_portless;     /* the registry has the name, but without a port (DNS-SD) */
	const char *portless;  /* its description; NULL = none */
};

/*
 * What query `q` (QUERY_WORD .. QUERY_CONTAINER) matches in a snapshot of all listeners. Returns
 * false when out of memory.
 */
bool match_query(const struct answer_sources *from, const struct query *q, struct matches *out,
		 struct arena *arena);

/* The matches of one port as an answer shows them: pointers into `m`, `*n` of them. */
const struct answer_match *match_of_port(const struct matches *m, uint16_t port, size_t *n,
					 struct arena *arena);
