/*
 * Leases: which ports processes have on lease from berth, in berth's own network namespace.
 *
 * A lease is an abstract unix name, "@berth/lease/tcp/13002": it is bound by one process at a time,
 * and ends with the last process that has the socket, however that dies.
 */
#pragma once

#include "base/attr.h"
#include "query/port-set.h"

#include <stddef.h>

/* Add what is on lease now. Returns 0, or a negative errno: -ENOTSUP on systems without such names,
 * which have no leases. */
int leases_read(struct port_set *tcp, struct port_set *udp) BERTH_MUST_CHECK;

/* Pure: the same from `n` bytes of text as /proc/net/unix has it, other lines passed over. */
void leases_parse(const char *text, size_t n, struct port_set *tcp, struct port_set *udp);
