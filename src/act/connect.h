/*
 * Connect: one explicit TCP connection to a host that somebody named. The only act that sends
 * anything, and only because it was asked to.
 */
#pragma once

#include "answer/answer.h"

/*
 * Resolve `host` and connect to its addresses in turn until one takes the connection, which is then
 * closed; `timeout_ms` for all of it after resolution. Returns the result in `arena`, or NULL when
 * out of memory.
 */
const struct answer_remote *connect_once(const char *host, uint16_t port, int timeout_ms,
					 struct arena *arena);
