/*
 * Port set: which of the 65,536 numbers; one transport's, or whatever the user of it says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* `{0}` is the empty set. 8 KiB: keep it out of small stacks. */
struct port_set {
	uint64_t bits[1024];
};

static inline void port_set_add(struct port_set *s, uint16_t port)
{
	s->bits[port / 64] |= (uint64_t)1 << port % 64;
}

/* A set that is NULL has nothing in it. */
static inline bool port_set_has(const struct port_set *s, uint16_t port)
{
	return s && s->bits[port / 64] >> port % 64 & 1;
}
