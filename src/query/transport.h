/*
 * Transport protocols: the second half of a port's name.
 *
 * A port number means nothing without its transport: 514/tcp is a shell, 514/udp is syslog.
 */
#pragma once

#include "base/attr.h"

#include <stdint.h>

enum transport {
	TRANSPORT_TCP,
	TRANSPORT_UDP,
	TRANSPORT_SCTP,
	TRANSPORT_DCCP,
	TRANSPORT_UDPLITE, /* RFC 3828: its own port space in the kernel, none in the registry */
	TRANSPORT_MPTCP,   /* RFC 8684: shares TCP's port space; the registry knows it as tcp */
};

enum { N_TRANSPORTS = 6, N_REGISTRY_TRANSPORTS = 4 /* tcp, udp, sctp, dccp */ };

/* A set of transports: bit (1 << enum transport). */
typedef uint32_t transport_set;

#define TRANSPORT_BIT(t) ((transport_set)1 << (t))
#define TRANSPORT_ALL ((transport_set)0x3f)

/* "tcp", "udp", "sctp", "dccp", "udplite", "mptcp": the words of every output. */
const char *transport_name(enum transport t);

/* The transport of that name (without case). Returns 0 or -EINVAL. */
int transport_parse(const char *name, enum transport *out) BERTH_MUST_CHECK;

/* The port space a transport binds in: MPTCP binds in TCP's, every other in its own. */
enum transport transport_port_space(enum transport t);
