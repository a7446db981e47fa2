/*
 * Claims format: what lies in the sections of a claims image. Shared by its reader and its writer
 * and by nothing else.
 *
 * Strings are offsets into the pool; readers check each against the pool's size at each access.
 */
#pragma once

#include "base/image.h"

#include <stdint.h>

#define CLAIMS_KIND IMAGE_ID('c', 'l', 'm', 's')
enum { CLAIMS_KIND_VERSION = 1 };

/* One struct claims_format_head. */
#define CLAIMS_HEAD IMAGE_ID('h', 'e', 'a', 'd')
struct claims_format_head {
	uint64_t identity, generation; /* of the ledger, see struct claims_head */
	int64_t written_ns;
	uint32_t outcome, message;     /* of a reply: a number and a string */
};

/* The claims, in the order of claim_compare(). */
#define CLAIMS_ROWS IMAGE_ID('r', 'o', 'w', 's')
struct claims_format_row {
	uint32_t name, owner, scope, since, until, program, reason; /* strings */
	uint32_t address_scope;
	uint8_t address[16];
	uint16_t first, last;
	uint16_t reach; /* the largest `last` up to here: a search for a port can stop */
	uint8_t protocols; /* a transport_set: tcp, udp, sctp, dccp */
	uint8_t flags;     /* CLAIMS_IS_... */
};
enum {
	CLAIMS_IS_RETIRED = 1,
	CLAIMS_HAS_IPV4 = 2, /* limited to an address of IPv4 */
	CLAIMS_HAS_IPV6 = 4, /* ... or of IPv6; never both */
	CLAIMS_FLAGS = 7,    /* all of them */
	CLAIMS_PROTOCOLS = 15,
};

/* Lines of the audit trail, as a reply to who asked for them; the newest last. */
#define CLAIMS_ENTRIES IMAGE_ID('e', 'n', 't', 'r')
struct claims_format_entry {
	int64_t number, at_ns, uid;
	uint32_t user, action, name, ports, detail; /* strings */
	uint32_t padding;
};
