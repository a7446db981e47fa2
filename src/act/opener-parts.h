/*
 * Parts of the opener, one for each protocol that says more than its name. For opener*.c only.
 */
#pragma once

#include "act/opener.h"

#include <stdint.h>
#include <string.h>

/* Bytes that are read from the front. */
struct opener_bytes {
	const uint8_t *at;
	size_t n;
};

/* Take `n` bytes off the front; fewer are there: take none and return false. */
static inline bool opener_take(struct opener_bytes *b, size_t n, struct opener_bytes *out)
{
	if (b->n < n)
		return false;
	*out = (struct opener_bytes){.at = b->at, .n = n};
	b->at += n;
	b->n -= n;
	return true;
}

/* Take a big-endian number of `n` (at most 4) bytes. */
static inline bool opener_number(struct opener_bytes *b, size_t n, uint32_t *out)
{
	struct opener_bytes bytes;
	uint32_t value = 0;

	if (n > 4 || !opener_take(b, n, &bytes))
		return false;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes.at[i];
	*out = value;
	return true;
}

/* Each of these looks whether it is its protocol, and if so fills `out` and returns true. */
bool opener_tls(struct opener_bytes b, struct opener *out);
bool opener_http(struct opener_bytes b, struct opener *out);            /* and RTSP, SIP, SSDP */
bool opener_dns(struct opener_bytes b, bool is_datagram, struct opener *out);
bool opener_table(struct opener_bytes b, bool is_datagram, struct opener *out); /* all others */
