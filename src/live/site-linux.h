/*
 * Site: what bind(2) checks about a place before it looks for other sockets.
 *
 * Facts used here: bind(2) takes an IPv4 address that the local table calls local, broadcast or
 * multicast (inet_addr_valid_or_nonlocal), an IPv6 address that an interface has and that is no
 * longer tentative (ipv6_chk_addr), and any address under ip_nonlocal_bind. A port below
 * ip_unprivileged_port_start takes CAP_NET_BIND_SERVICE in the user namespace that owns the network
 * namespace.
 */
#pragma once

#include "live/live.h"

/*
 * What is known of `place` (NULL = none was asked about) in the network namespace of the calling
 * thread, and what berth may do there (the last members of `rules`); what cannot be told stays
 * MAYBE_UNKNOWN. `has_devices`: a socket is bound to a device, so that VRF devices matter; without
 * one, and without a device of the place, they are not looked for, and "no" is said of them.
 */
void site_read(const struct live_place *place, bool has_devices, struct live_rules *rules,
	       struct live_site *out);
