/*
 * Overlap: do two bound addresses collide? Pure.
 *
 * The rules of Linux (net/ipv4/inet_connection_sock.c: inet_rcv_saddr_equal and its callers;
 * measured on 6.18):
 *
 * - equal addresses collide; a wildcard collides with every address of its family;
 * - [::] takes IPv4 too unless IPV6_V6ONLY is set, and then collides with every IPv4 address;
 * - an IPv4-mapped address is the IPv4 address it stands for;
 * - two sockets that are bound to different devices never collide; a link-local address is bound
 *   to the device of its zone;
 * - bind(2) to any other IPv6 address sets IPV6_V6ONLY. A socket that got such an address in
 *   another way (accepted by, or connected from, a dual-stack socket) keeps it unset, and has an
 *   IPv4 address all the same: 127.0.0.6 (LOOPBACK4_IPV6). So it collides with 0.0.0.0 of an IPv4
 *   socket (not with ::ffff:0.0.0.0).
 */
#pragma once

#include "query/address.h"

/* A thing that may not be known. */
enum maybe { MAYBE_UNKNOWN, MAYBE_NO, MAYBE_YES };

/* Where a socket is bound, or wants to be. */
struct overlap_end {
	struct address address; /* its zone does not count: give the device */
	enum maybe v6only;      /* IPV6_V6ONLY; IPv6 only */
	const char *device;     /* NULL = any */
};

/* How two ends collide, for people. */
enum overlap_kind {
	OVERLAP_SAME,      /* the same address */
	OVERLAP_WILDCARD,  /* one is the wildcard of the other's family */
	OVERLAP_DUAL_STACK, /* one is an IPv6 socket that takes IPv4 too, the other is IPv4 */
};

/*
 * Whether `wanted`, which is about to be bound, collides with `there`. MAYBE_UNKNOWN when that
 * hangs on an IPV6_V6ONLY that is not known. `is_datagram`: UDP compares plain IPv4 addresses
 * where TCP looks into its table of bound addresses, so that 127.0.0.6 collides, too. `kind` (may
 * be NULL) is set unless the answer is MAYBE_NO.
 */
enum maybe overlap_judge(const struct overlap_end *wanted, const struct overlap_end *there,
			 bool is_datagram, enum overlap_kind *kind);
