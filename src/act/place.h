/*
 * Place: an address with a port, as the calls of a system take and give it. For act/ only.
 */
#pragma once

#include "query/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

/* A socket address of either family. */
union place {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Fill it in; the zone of an IPv6 address counts. Returns how many bytes of it count. */
socklen_t place_fill(const struct address *a, uint16_t port, union place *out);

/* What a system gave; only a link-local address keeps its zone. False, and nothing was filled in:
 * it is of another family. */
bool place_read(const union place *place, struct address *a, uint16_t *port);

/* The same of `n` bytes of a socket address, without its port. */
bool place_read_bytes(const void *bytes, size_t n, struct address *a);
