/*
 * NAT box: which packets a rule is about. Pure.
 *
 * A box is one range of destination ports, one range of destination addresses (or all), some
 * protocols and families. Conditions that a box cannot hold leave it as large as it is, mark it as
 * uncertain and, where a person would want to know, stand in its note.
 */
#pragma once

#include "query/address.h"

enum { NAT_V4 = 1, NAT_V6 = 2 };
enum { NAT_TCP = 1, NAT_UDP = 2 };
enum { NAT_NOTE_SIZE = 120 };

struct nat_box {
	uint8_t families;    /* NAT_V4 | NAT_V6 */
	uint8_t protocols;   /* NAT_TCP | NAT_UDP */
	uint16_t first, last; /* destination ports */
	bool has_address;    /* only destinations from..to, of the one family */
	uint8_t from[16], to[16];
	bool is_local;       /* a rule asked that the destination is an address of this machine */
	bool is_uncertain;   /* not all of these packets are meant */
	char note[NAT_NOTE_SIZE]; /* "from interface eth0, one of several"; "" = nothing to say */
};

/* Each narrows a box and returns whether anything is left of it. */

/* Destination ports first..last only; all others only. */
bool nat_box_ports(struct nat_box *b, uint16_t first, uint16_t last);
bool nat_box_not_ports(struct nat_box *b, uint16_t first, uint16_t last);

/* The protocol of that number only; all others only. */
bool nat_box_protocol(struct nat_box *b, uint8_t number);
bool nat_box_not_protocol(struct nat_box *b, uint8_t number);

/* NAT_V4, NAT_V6. */
bool nat_box_family(struct nat_box *b, uint8_t family);

/* Destination addresses from..to of `family` (4 or 16 bytes each) only; all others only. */
bool nat_box_addresses(struct nat_box *b, uint8_t family, const uint8_t *from, const uint8_t *to);
bool nat_box_not_addresses(struct nat_box *b, uint8_t family, const uint8_t *from,
			   const uint8_t *to);

/* A condition that the box cannot hold; `note` NULL = nothing that a person would want to know. */
void nat_box_doubt(struct nat_box *b, const char *note);

/* Whether every packet of `inner` is in `outer`, and `outer` is certain. */
bool nat_box_covers(const struct nat_box *outer, const struct nat_box *inner);

/* Bytes of an address of `family`: 4, 16. */
size_t nat_address_size(uint8_t family);
