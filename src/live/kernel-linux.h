/*
 * Kernel-owned sockets on Linux: the drivers of a network namespace are asked which ports they use.
 *
 * Asked only while a socket has no owner. A tunnel that is up on a port has the only socket there
 * can be on it, so its word is enough; what is only configured (lockd) counts when every process
 * has been looked into. What no driver claims stays unexplained: never a guess.
 */
#pragma once

#include "live/gaps.h"
#include "live/netns-linux.h"
#include "live/socket-list.h"

/* How sure the owner has to be. */
enum kernel_certainty {
	KERNEL_CERTAIN,    /* only what proves itself */
	KERNEL_ELIMINATED, /* no process has the socket: what is configured counts too */
};

/*
 * For each socket i of `list` with `is_open[i]`: set `found[i]` to its owner, in `arena`, where a
 * driver claims it. The sockets' `ns` point into `namespaces`. Without privilege the drivers that
 * hide their ports (wireguard, fou) stay silent. Returns 0 or -ENOMEM.
 */
int kernel_find(struct netns_list *namespaces, struct arena *arena, const struct socket_list *list,
		const bool *is_open, enum kernel_certainty certainty,
		const struct live_owner **found) BERTH_MUST_CHECK;
