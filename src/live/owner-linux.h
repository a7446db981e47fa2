/*
 * Owner: who holds a socket. A ladder, cheapest rung first.
 *
 * 1. The processes of the socket's cgroup and of the unit or container that it is part of.
 * 2. What their descriptor tables do not show: threads with private tables, io_uring.
 * 3. The kernel's own drivers, while a socket has no owner.
 * 4. Every process, while a socket has no owner, or when all owners are asked for.
 */
#pragma once

#include "live/cgroup-linux.h"
#include "live/gaps.h"
#include "live/netns-linux.h"
#include "live/proc-linux.h"
#include "live/socket-list.h"
#include "live/units-linux.h"

/* What the search works with. */
struct owner_tools {
	const struct live_request *request;
	struct arena *arena;
	struct cgroups *cgroups;
	struct procs *procs;
	struct units *units;
	struct netns_list *namespaces; /* of the sockets: their `ns` point into it */
	struct gaps *gaps;
};

/* Whether owners of `s` are searched at all: it has an inode, and its kind was asked for. */
bool owner_is_wanted(const struct live_request *request, const struct live_socket *s);

/*
 * Fill `owners`, `n_owners` and `owners_search` of the sockets of `list`, and name the socket unit
 * of those that systemd holds (`unit`, `activates`, `starts`). Sockets that are left without an
 * owner get their gap from owner_explain(), not here. Returns 0 or -ENOMEM; `*n_denied` counts the
 * processes that berth may not look into.
 */
int owner_find(const struct owner_tools *tools, struct socket_list *list,
	       uint32_t *n_denied) BERTH_MUST_CHECK;

/* Whether the search came to its end without an owner, and what was hidden from it is no excuse. */
bool owner_is_mysterious(const struct live_request *request, const struct live_socket *s);

/* Add the gaps of sockets without an owner; `n_denied` as owner_find() gave it. */
void owner_explain(const struct owner_tools *tools, const struct socket_list *list,
		   uint32_t n_denied);
