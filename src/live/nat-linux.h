/*
 * NAT: host ports that rules of the kernel lead elsewhere, in the namespace of the calling thread.
 *
 * nf_tables is asked over netlink: for its chains first, and for nothing more while no base chain
 * of type nat is there. What works without such rules, or cannot be read, becomes a gap: legacy
 * iptables, IPVS, sk_lookup programs, missing privilege.
 */
#pragma once

#include "live/gaps.h"
#include "live/live.h"

/* Published ports while they are collected; `items` live in the arena of the look. */
struct published_list {
	struct live_published *items;
	size_t n, capacity;
};

/* Whether /proc/net/ip_vs (terminated) lists a service: IPVS hands its ports on, and berth cannot
 * read how. Its head has three lines. Pure. */
bool nat_has_ipvs_service(const char *text);

/* Whether /proc/net/ip_tables_names (terminated) has the table nat: a name a line. Pure. */
bool nat_has_legacy_table(const char *text);

/*
 * Append what rules publish of the asked ports. `place` names the namespace in gaps ("" = berth's
 * own). Returns 0 or -ENOMEM.
 */
int nat_read(const struct live_request *request, const char *place, struct arena *arena,
	     struct gaps *gaps, struct published_list *list) BERTH_MUST_CHECK;
