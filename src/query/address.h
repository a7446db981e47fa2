/*
 * Internet addresses as values: compared, classified and written without asking the system.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

enum address_family { ADDRESS_IPV4, ADDRESS_IPV6 };

/* One address. IPv4 uses bytes[0..3], the rest is zero. Network byte order, as in packets. */
struct address {
	enum address_family family;
	uint8_t bytes[16];
	uint32_t scope_id; /* IPv6 zone (an interface index), 0 = none */
};

/* How far away a client of a listener can be (the contract's word list). */
enum exposure {
	EXPOSURE_LOOPBACK,  /* 127.0.0.0/8, ::1 */
	EXPOSURE_LINK,      /* link-local: 169.254.0.0/16, fe80::/10 */
	EXPOSURE_INTERFACE, /* one address of this host, or one bound device */
	EXPOSURE_ALL_V4,    /* 0.0.0.0 */
	EXPOSURE_ALL_V6,    /* [::] with IPV6_V6ONLY */
	EXPOSURE_ALL,       /* [::] dual-stack: both families */
};

/* Longest text of address_format() with its terminator: v6, '%', a 32-bit zone. */
enum { ADDRESS_TEXT_SIZE = 64 };

/* "127.0.0.1", "::1", "fe80::1%2" (RFC 5952 form). `text` has ADDRESS_TEXT_SIZE bytes; returned. */
char *address_format(const struct address *a, char *text);

/*
 * Parse a numeric address: dotted quad, or IPv6 with or without brackets and with a numeric
 * "%zone". Returns 0, or -EINVAL.
 */
int address_parse(const char *text, struct address *out) BERTH_MUST_CHECK;

bool address_is_wildcard(const struct address *a);  /* 0.0.0.0 or :: */
bool address_is_loopback(const struct address *a);  /* 127/8, ::1, and ::ffff:127/104 */
bool address_is_link_local(const struct address *a);
bool address_is_v4_mapped(const struct address *a); /* ::ffff:0:0/96 */
bool address_is_equal(const struct address *a, const struct address *b); /* zone included */

/* A v4-mapped IPv6 address as the IPv4 address it stands for; any other unchanged. */
struct address address_unmapped(const struct address *a);

/*
 * The exposure of a listener bound to `local`; `is_dual_stack` matters for :: only, `has_device`
 * tells that it is bound to one device (SO_BINDTODEVICE), which narrows wildcards to that device.
 */
enum exposure address_exposure(const struct address *local, bool is_dual_stack, bool has_device);

/* "loopback", "link", "interface", "all-v4", "all-v6", "all". */
const char *address_exposure_name(enum exposure e);
/* The exposure of that name. Returns 0 or -EINVAL. */
int address_exposure_parse(const char *name, enum exposure *out) BERTH_MUST_CHECK;

/* "ipv4", "ipv6". */
const char *address_family_name(enum address_family f);
