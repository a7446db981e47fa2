/*
 * Table: the text tables /proc/net/{tcp,tcp6,udp,udp6,udplite,udplite6}.
 *
 * The second choice, where sock_diag is refused or a namespace cannot be entered. They know neither
 * bound-only sockets nor cookies, cgroups, devices, the queue limit or IPV6_V6ONLY: a wildcard IPv6
 * row is taken for dual-stack, the kernel's default, and the caller says in a gap that this is so.
 */
#pragma once

#include "live/socket-list.h"

/*
 * Parse one line of `n` bytes (with or without its newline) of the table of `transport`. Pure.
 * Returns 0 and the row, 1 for the heading or an empty line, -EBADMSG for anything else.
 */
int table_parse_line(const char *line, size_t n, enum transport transport,
		     struct live_socket *out) BERTH_MUST_CHECK;

/*
 * Read one table (`is_v6`: its second file) in the directory `net`, such as "/proc/812/net", and
 * append the rows that `request` covers to `list`, with namespace `ns`. Returns 0 or a negative
 * errno (-ENOENT: the kernel has no such protocol); rows read before a failure stay.
 */
int table_read(const char *net, enum transport transport, bool is_v6,
	       const struct live_request *request, const struct live_namespace *ns,
	       struct socket_list *list) BERTH_MUST_CHECK;
