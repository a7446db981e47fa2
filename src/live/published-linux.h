/*
 * Published: what leads a host port elsewhere, and the listener behind it.
 *
 * Rules of the kernel come from nat-linux, proxies from the owners of the host's listeners. What is
 * behind a target is looked up in the namespace that has its address.
 */
#pragma once

#include "live/nat-linux.h"
#include "live/netns-linux.h"
#include "live/socket-list.h"

/*
 * Append the proxies among the owners of `sockets` in the host's namespaces. Conmon, which only
 * keeps the number of a port, gives its container to the rules for that port instead. Returns 0 or
 * -ENOMEM.
 */
int published_add_proxies(const struct live_request *request, const struct socket_list *sockets,
			  struct arena *arena, struct published_list *list) BERTH_MUST_CHECK;

/*
 * Find the listeners behind the entries of `list`: among `sockets`, and in the namespaces of `all`
 * where nobody asked for their ports; those are appended to `behind`, without owners. Fills
 * `listener` and `container`. Returns 0 or -ENOMEM.
 */
int published_link(const struct live_request *request, struct netns_list *all,
		   const struct socket_list *sockets, struct arena *arena,
		   struct published_list *list, struct socket_list *behind) BERTH_MUST_CHECK;

/* Sort the entries and forget those that are there twice. */
void published_settle(struct published_list *list);
