/*
 * Lease names: which ports processes have on lease from berth, in berth's own network namespace.
 *
 * A lease is an abstract unix name, "@berth/lease/tcp/13002": it is bound by one process at a time,
 * and ends with the last process that has the socket, however that dies. Anybody can bind such a
 * name, or one whose text looks like another line of the table: that only makes a port look taken.
 */
#pragma once

#include "base/attr.h"
#include "query/port-set.h"

#include <stddef.h>

/* How the name of a lease begins; "tcp/13002" follows. Whose it is, and since when, stands in other
 * names (act/lease-text.h), which only `berth leases` reads. */
#define LEASE_NAMES_LOCK "berth/lease/"

/* Add what is on lease now. Returns 0, or a negative errno: -ENOTSUP on systems without such names,
 * which have no leases. */
int lease_names_read(struct port_set *tcp, struct port_set *udp) BERTH_MUST_CHECK;

/* Pure: the same from `n` bytes of text as /proc/net/unix has it, other lines passed over. */
void lease_names_parse(const char *text, size_t n, struct port_set *tcp, struct port_set *udp);
