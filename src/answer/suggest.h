/*
 * Suggest: a good port, chosen from what is known, with the reasons. Pure: nothing is looked up
 * and nothing is tried here.
 *
 * Each port has reasons. Some forbid it:
 *
 *     zero             port 0 means any port
 *     privileged       below ip_unprivileged_port_start
 *     claimed          a claim that holds (active or retired), of the same transport
 *     leased           a process has it on lease
 *     bound            a socket has it: bound, listening, or connected without a listener
 *     published        NAT rules or a proxy lead it elsewhere
 *     refused          bind(2) was tried and refused it
 *     ephemeral        in ip_local_port_range, not in ip_local_reserved_ports: any outgoing
 *                      connection may take it. Not when the whole asked range lies in there: then
 *                      it was asked for, and is said only
 *     excluded         in a range that Windows lets nobody bind, or keeps for a guest
 *     browser-blocked  browsers refuse it (Fetch's "bad ports"); only when one is to open it
 *
 * and some cost, so that the order of the costs is kept whatever comes together:
 *
 *     assigned      1000  IANA lists it for some protocol: assigned, reserved, de-assigned
 *     unauthorized-use 500  reported to IANA as used without assignment
 *     pool           250  in a range from which others draw: NodePort, Nomad, portserver, DDEV
 *     customary-system 160  an operating system's own program uses it (5000, 7000: AirPlay)
 *     customary       80  software uses it by default
 *     near-assigned   30  within 3 of a port that IANA lists, itself not one
 *     round           10  ends in 00: those are what people pick
 *     twin-taken       4  the other of tcp and udp has it bound, claimed or on lease
 *
 * or are said only: `closing`, when closed connections keep the number for up to a minute from
 * servers that do not set SO_REUSEADDR.
 *
 * The choice: a start is drawn from the range by a hash of what the port is for (`seed`), at a port
 * against which nothing speaks that lasts (drawn again up to 64 times, so that a newer registry
 * moves only those whose start it names). From there on forward, around the end of the range, the
 * first of the cheapest is chosen. So the same question gets the same port as long as it is free,
 * and different questions get different ones for the most part.
 *
 * Without a range the window 12346-14935 is it: user ports that no usual pool, no default ephemeral
 * range and hardly an assignment reaches. Its unassigned runs cost nothing.
 */
#pragma once

#include "base/arena.h"
#include "live/live.h"
#include "query/port-set.h"

struct registry;
struct claim;
struct claims;

enum {
	SUGGEST_FIRST = 12346, /* the range when none is asked for ... */
	SUGGEST_LAST = 14935,
	SUGGEST_WIDE_FIRST = 1024, /* ... and when nothing is left in it */
	SUGGEST_WIDE_LAST = 65535,
	SUGGEST_MOST = 1000,    /* ports in a block, and blocks at once */
	SUGGEST_PASSED = 32,    /* ports passed over that are listed */
};

enum suggest_why {
	SUGGEST_ZERO,
	SUGGEST_PRIVILEGED,
	SUGGEST_CLAIMED,
	SUGGEST_LEASED,
	SUGGEST_BOUND,
	SUGGEST_PUBLISHED,
	SUGGEST_REFUSED,
	SUGGEST_EPHEMERAL,
	SUGGEST_EXCLUDED,
	SUGGEST_BROWSER, /* the last that forbids */
	SUGGEST_ASSIGNED,
	SUGGEST_UNAUTHORIZED,
	SUGGEST_POOL,
	SUGGEST_CUSTOMARY_SYSTEM,
	SUGGEST_CUSTOMARY,
	SUGGEST_NEAR,
	SUGGEST_ROUND,
	SUGGEST_TWIN,
	SUGGEST_ASKED, /* ephemeral, and asked for */
	SUGGEST_CLOSING,
};

enum { N_SUGGEST_WHYS = SUGGEST_CLOSING + 1 };

/* One thing to say of a port. */
struct suggest_reason {
	uint16_t port;
	enum suggest_why why;
	uint32_t cost;    /* 0 of those that forbid */
	const char *text; /* for people: "in use: tcp 0.0.0.0:13002, python3 (pid 812)" */
};

/* Neighbouring ports that go together; usually one. */
struct suggest_place {
	uint16_t first, last;
	bool is_forbidden;
	bool is_kept;      /* a claim has it for the very purpose already */
	uint32_t cost;     /* of all its ports together */
	const struct suggest_reason *reasons; /* by port, what forbids first */
	size_t n_reasons;
};

/* What is known. NULL members: nothing is. */
struct suggest_world {
	const struct registry *registry;
	const struct live_snapshot *live; /* with listeners and holders, of berth's own namespace */
	const struct claims *claims;
	const char *today;
	const struct port_set *leased_tcp, *leased_udp;
	const struct port_set *refused; /* by a bind(2) that was tried */
	const struct port_set *snatched; /* claimed since the claims were read */
};

/* What is wanted. */
struct suggest_wish {
	uint64_t seed;
	bool want_tcp, want_udp; /* at least one */
	uint16_t first, last;    /* the range ... */
	bool is_asked;           /* ... that somebody asked for */
	uint16_t block;          /* neighbouring ports: 1 to SUGGEST_MOST */
	uint16_t count;          /* so many of them: 1 to SUGGEST_MOST */
	bool for_browser;
	const char *name, *scope; /* claims of that name and scope are its own; NULL = there are
	                             none */
};

/* What came of it. */
struct suggest_choice {
	const struct suggest_place *places; /* `count` of them, the best first; fewer: none left */
	size_t n;
	const struct suggest_place *runner_up; /* what would have been next; NULL = none */
	const struct suggest_place *passed;    /* what was passed over on the way, in its order */
	size_t n_passed;
	size_t n_more;                         /* passed over and not listed */
	uint32_t n_forbidden[N_SUGGEST_WHYS];  /* ports by what forbids them first, when there are
	                                          fewer than `count`; otherwise 0 */
	uint16_t start;                        /* where the search began */
};

/* Choose. False when out of memory. */
bool suggest_choose(const struct suggest_world *world, const struct suggest_wish *wish,
		    struct arena *arena, struct suggest_choice *out) BERTH_MUST_CHECK;

/* Everything that is to be said of the ports first..last. False when out of memory. */
bool suggest_judge(const struct suggest_world *world, const struct suggest_wish *wish,
		   uint16_t first, uint16_t last, struct arena *arena,
		   struct suggest_place *out) BERTH_MUST_CHECK;

/* The cost of first..last alone, UINT32_MAX = forbidden, by what `*why` (may be NULL) says. */
uint32_t suggest_cost_of(const struct suggest_world *world, const struct suggest_wish *wish,
			 uint16_t first, uint16_t last, enum suggest_why *why);

/* Whether a claim is the wish's own: of its name, scope and transports, as long as its block, in
 * its range, and it holds. */
bool suggest_is_own(const struct suggest_world *world, const struct suggest_wish *wish,
		    const struct claim *claim);

/* A number for what the port is for: parts may be NULL. Independent of machine and release. */
uint64_t suggest_seed(const char *repository, const char *checkout, const char *name);

bool suggest_forbids(enum suggest_why why);
const char *suggest_why_name(enum suggest_why why); /* "bound", "near-assigned" */
uint32_t suggest_why_cost(enum suggest_why why);
