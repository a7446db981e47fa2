/*
 * Why: would bind(2), then listen(2), succeed for a server; and if not, the one cause. Pure.
 *
 * The judgement stands on a snapshot alone and is never wrong: where it hangs on something that was
 * not seen it is unknown, and then the cause names what it hangs on.
 *
 * The rules are those of Linux, measured on 6.18 (tests/unit/test-why.c holds them as a table):
 *
 * - The device is checked first. Then IPv4 checks the address before the privilege, IPv6 after it.
 * - TCP: every socket on the port whose address overlaps (query/overlap.h) is in the way, listening
 *   or not, connections and remnants too, but not half a handshake. It is not when both have
 *   SO_REUSEADDR and it does not listen; nor when both have SO_REUSEPORT and the same user (of a
 *   remnant the user is not asked). Accepted connections and remnants have their listener's flags,
 *   and the user of whoever accepted them.
 * - UDP: the same, but SO_REUSEADDR on both sides is enough even for a socket that receives. The
 *   first socket with which SO_REUSEPORT is shared ends the kernel's search: with one such and one
 *   in the way, their order decides, which nobody can see.
 * - TCP remembers for a port that its last SO_REUSEPORT sockets agreed, and lets one more of that
 *   user in without a look. It forgets when another socket is bound. Where that memory could matter
 *   the judgement is unknown.
 * - After a bind(2) that succeeded listen(2) succeeds, unless another socket of the same address
 *   listens meanwhile: both may be bound with SO_REUSEADDR, and one of them can listen.
 *
 * Other systems have rules of their own, which nobody verified: there every judgement is unknown.
 * One exception: a port that Windows keeps in an excluded range and that no socket has, to which
 * bind(2) says EACCES. One that is reserved for a guest (WSL, Hyper-V) it refuses as a rule, with
 * EACCES or EADDRINUSE (both are in WSL's bug reports): that is the cause, not judged.
 *
 * What no snapshot shows: a security module, a BPF program of a cgroup, Landlock. A trial meets
 * them, and then the cause is WHY_POLICY. Flags count as they are now, not as they were at bind(2).
 */
#pragma once

#include "live/live.h"

/* What bind(2) or listen(2) would say. */
enum why_word {
	WHY_UNKNOWN,
	WHY_OK,
	WHY_IN_USE,    /* EADDRINUSE */
	WHY_NOT_LOCAL, /* EADDRNOTAVAIL */
	WHY_DENIED,    /* EACCES */
	WHY_NO_DEVICE, /* ENODEV */
};

/* The one cause. */
enum why_cause {
	WHY_NO_CAUSE,             /* it would succeed */
	WHY_EXACT_LISTENER,       /* somebody listens on this very address */
	WHY_WILDCARD_OVERLAP,     /* a listener's or the wanted address is the wildcard */
	WHY_DUAL_STACK_OVERLAP,   /* an IPv6 wildcard that takes IPv4 too, and an IPv4 address */
	WHY_BOUND_ONLY,           /* a socket that is bound and does not listen */
	WHY_DEAD_SERVER,          /* a connection whose listener is gone */
	WHY_TIME_WAIT,            /* the kernel keeps a closed connection for a minute */
	WHY_FIN_WAIT_2,           /* the same while the far end has not closed */
	WHY_EPHEMERAL_CLIENT,     /* an outgoing connection took the port */
	WHY_REUSEPORT_OTHER_USER, /* SO_REUSEPORT on both sides, but another user's */
	WHY_INHERITED,            /* a child of the server has its listener, and not knowingly */
	WHY_CLASH_AT_LISTEN,      /* bind(2) succeeds, listen(2) does not */
	WHY_PRIVILEGED,           /* below ip_unprivileged_port_start without the capability */
	WHY_ADDRESS_NOT_LOCAL,    /* no interface has the address */
	WHY_NO_SUCH_DEVICE,
	WHY_POLICY,               /* an excluded range; or what no snapshot shows forbids it */
	WHY_PUBLISHED,            /* published by a container: its proxy listens */
	WHY_CAUSE_UNKNOWN,
};

enum { N_WHY_CAUSES = 18 };

/* A server that wants a port. Its address is one that bind(2) would consider: no mapped address
 * with v6only, no IPv6 multicast for TCP, no link-local address without its device. */
struct why_candidate {
	enum transport transport;
	struct address address;
	uint16_t port;
	bool has_reuse_address, has_reuse_port; /* SO_REUSEADDR, SO_REUSEPORT */
	bool is_v6only;     /* IPV6_V6ONLY; unset means the system's default */
	const char *device; /* SO_BINDTODEVICE, or the zone of a link-local address; NULL = none */
	bool has_uid;
	uint32_t uid;
	enum maybe may_bind_privileged;
};

/* The judgement. */
struct why_judgement {
	enum why_word bind;
	enum why_word listen; /* WHY_UNKNOWN where bind(2) fails and for UDP: see has_listen */
	bool has_listen;      /* bind(2) may succeed, and a listen(2) follows */
	enum why_cause cause;
	const struct live_socket *blocker;       /* the socket that the cause is about; or NULL */
	const struct live_published *published;  /* what it publishes; or NULL */
};

/*
 * A plain server as berth itself would run it: a wildcard of `family`, no flags, berth's user and
 * its privilege as the snapshot tells them.
 */
struct why_candidate why_plain(const struct live_snapshot *live, enum transport transport,
			       enum address_family family, uint16_t port);

/* Judge. The snapshot was taken with holders, for the port; of another namespace than berth's own
 * when it is the only one in it. */
struct why_judgement why_judge(const struct live_snapshot *live, const struct why_candidate *c);

/* The first port that takes no privilege. */
uint32_t why_unprivileged_start(const struct live_snapshot *live);

/* Whether a socket of the snapshot counts for the judgement: its port, port space and namespace. */
bool why_concerns(const struct live_snapshot *live, const struct why_candidate *c,
		  const struct live_socket *s);

/* Whether any socket does. */
bool why_has_socket(const struct live_snapshot *live, const struct why_candidate *c);

/* Whether Windows has reserved it for a guest, and no socket of this system has it. */
bool why_is_guests(const struct live_snapshot *live, const struct why_candidate *c);

/* Whether this socket alone is in the way. */
enum maybe why_blocks(const struct live_snapshot *live, const struct why_candidate *c,
		      const struct live_socket *s);

/* "ok", "EADDRINUSE", ..., "unknown". */
const char *why_word_name(enum why_word w);

/* The name of an errno that socket(2), setsockopt(2) or bind(2) gives; "ok" for 0, "unknown" for
 * one that none of them is known to give. */
const char *why_errno_name(int error);

/* "exact-listener", ...; NULL for WHY_NO_CAUSE. */
const char *why_cause_name(enum why_cause c);
