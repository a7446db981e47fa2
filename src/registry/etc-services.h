/*
 * etc-services: the registry as services(5) lines, for getservbyname(3) and everything that reads
 * /etc/services.
 *
 * A line is one port and one protocol: "name<TAB>port/protocol<TAB>aliases<TAB># description". The
 * name is "the" name of registry.h, the others of the same port and protocol are its aliases.
 * Ranges are expanded, rows without a protocol stand under each of the four: the file has neither.
 */
#pragma once

#include "registry/registry.h"

/* What was written, and what the format cannot hold. */
struct etc_services_counts {
	uint32_t n_lines;
	uint32_t n_names;    /* names and aliases on them */
	uint32_t n_unfit;    /* names left out: a blank, '#', control or other character in them */
	uint32_t n_portless; /* named rows left out: no port */
};

/* Takes the text piece by piece. Returns 0, or a negative errno that ends the writing. */
typedef int etc_services_sink(void *context, const char *text, size_t n);

/* Whether services(5) can hold the name: printable ASCII without blank and '#'. */
bool etc_services_fits(const char *name);

/* Write all lines, sorted by port, then tcp, udp, sctp, dccp. Returns 0 (and the counts), -ENOMEM,
 * or what `sink` returned. */
int etc_services_write(const struct registry *r, etc_services_sink *sink, void *context,
		       struct etc_services_counts *out) BERTH_MUST_CHECK;
