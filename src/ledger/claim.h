/*
 * Claim: one reservation of one's own, from a claims file or a ledger. Pure: no look-up, no clock.
 *
 * A claim names ports of one or several transports, at one address or at every one. It holds from
 * the day it was made until its last day, if it has one; a retired claim keeps its ports from being
 * used again by anybody.
 */
#pragma once

#include "base/arena.h"
#include "query/address.h"
#include "query/transport.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a claim stands, the nearest first: of claims that say the same the nearest counts. */
enum {
	CLAIM_LEVEL_FILES = 16,                      /* 0: the file found first; its includes */
	CLAIM_LEVEL_LEDGER = CLAIM_LEVEL_FILES,      /* the ledger of the user who runs berth */
	CLAIM_LEVEL_SYSTEM = CLAIM_LEVEL_LEDGER + 1, /* the system's ledger */
};

enum {
	CLAIM_DATE_SIZE = 11,  /* "2026-08-17" and its terminator */
	CLAIM_NAME_LONG = 15,  /* longest service name of RFC 6335; longer ones deserve a warning */
	CLAIM_NAME_MOST = 63,  /* longest name of a claim */
	CLAIM_TEXT_MOST = 200, /* bytes of an owner, a scope, a program, a reason */
	CLAIM_ERROR_SIZE = 256,
	CLAIM_PORTS_SIZE = 64, /* longest text of claim_ports_format() */
};

/* One claim. Strings are borrowed from whatever it was read from; NULL = not said. */
struct claim {
	const char *name;
	transport_set protocols; /* at least one of tcp, udp, sctp, dccp */
	uint16_t first, last;    /* first <= last */
	bool has_address;        /* false: every address */
	struct address address;
	const char *owner;       /* who answers for it */
	const char *scope;       /* for whom it holds: a host, a team, a site */
	const char *since;       /* "2026-08-17": the day it was made */
	const char *until;       /* "2026-12-31": the last day on which it holds; NULL = for good */
	const char *program;     /* the program that is to listen; several separated by commas */
	const char *reason;      /* what for, in words */
	bool is_retired;         /* nobody may use the ports again */
	const char *source;      /* "ports.claims:12", "ledger", "system ledger" */
	unsigned int level;      /* 0 .. CLAIM_LEVEL_SYSTEM */
};

/* What became of a claim on a day. */
enum claim_state {
	CLAIM_ACTIVE,
	CLAIM_EXPIRED, /* its last day is over: it holds nothing any more */
	CLAIM_RETIRED, /* retired, and for good */
};

/* The claim on `today` ("2026-08-17"). */
enum claim_state claim_state(const struct claim *c, const char *today);
const char *claim_state_name(enum claim_state s); /* "active", "expired", "retired" */

/* Whether the claim is about (port, transport); `address` NULL = any, else a claim at one address
 * counts when a socket at `address` would take what arrives at it. Whatever the day. */
bool claim_covers(const struct claim *c, uint16_t port, enum transport transport,
		  const struct address *address);

/* A transport that the claim is about: the first of its set. */
enum transport claim_any_transport(const struct claim *c);

/*
 * Whether two claims want the same, as the kernel would judge two binds: a port in common, in the
 * same port space, at addresses that exclude each other. Names, days and levels do not matter.
 */
bool claim_collides(const struct claim *a, const struct claim *b);

/* Whether both name the same ports of the same transports at the same address. */
bool claim_has_same_ports(const struct claim *a, const struct claim *b);

/* The order of every list: first port, last port, level, name (without case), address. */
int claim_compare(const struct claim *a, const struct claim *b);

/*
 * "8080", "8000-8010", "53/udp", "53/tcp,udp" into ports and transports; without transports
 * `*protocols` is 0. Returns 0, or -EINVAL with one line in `error` (CLAIM_ERROR_SIZE bytes;
 * foreign bytes in it are escaped); outputs are untouched then.
 */
int claim_ports_parse(const char *text, uint16_t *first, uint16_t *last, transport_set *protocols,
		      char *error) BERTH_MUST_CHECK;

/* "8080/tcp", "8000-8010/tcp,udp", with its address "127.0.0.1 8080/tcp" left out. Returned. */
char *claim_ports_format(const struct claim *c, char *text);

/* "127.0.0.1 8080/tcp": the ports of a claim behind its address. NULL when out of memory. */
char *claim_describe_ports(const struct claim *c, struct arena *arena);

/* "8080/tcp is taken: web 8080/tcp, of alice (ledger)": the one line for people. */
char *claim_describe_collision(const struct claim *wanted, const struct claim *other,
			       struct arena *arena);

/* What is to be said of a name. */
enum claim_name {
	CLAIM_NAME_GOOD, /* a service name of RFC 6335 */
	CLAIM_NAME_WIDE, /* of its form, but longer than 15 characters */
	CLAIM_NAME_BAD,  /* empty, too long, or other characters */
};
enum claim_name claim_name_check(const char *name);

/* Whether an owner, scope, program or reason can be kept: 1 to CLAIM_TEXT_MOST bytes of UTF-8 on
 * one line, nothing that a terminal would obey. */
bool claim_text_is_good(const char *text);

/* Whether `text` is a day that exists, written YYYY-MM-DD. Such texts compare with strcmp(3). */
bool claim_date_is_good(const char *text);

/* The day (UTC) of an instant in nanoseconds since 1970, between the years 0 and 9999. `text` has
 * CLAIM_DATE_SIZE bytes; returned. */
char *claim_date_format(int64_t instant_ns, char *text);
