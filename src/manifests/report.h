/*
 * Report: what berth-manifests says, for berth and nobody else: lines of fields separated by tabs.
 * Bytes of fields that are no printable ASCII, blanks, tabs and % are written as %XX.
 *
 *     berth-manifests 1
 *     file PATH
 *     port KIND NAME FIRST LAST PROTOCOLS ADDRESS LINE COLUMN     of the file above
 *     fault LINE COLUMN WORDS    it cannot be read
 *     gap LINE COLUMN WORDS      something in it is not known
 *     end
 *
 * KIND is published, host, node, socket, variable or inside; PROTOCOLS "tcp,udp" or empty; NAME and
 * ADDRESS may be empty; LINE 0 = the whole file. WORDS are fixed words.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { REPORT_MOST = 8 << 20, REPORT_PORTS_MOST = 20000 };

/* A place in a file, from 1; 0 = all of it. */
struct report_at {
	unsigned int line, column;
};

/* One port, or several in a row. */
struct report_port {
	const char *kind, *name;  /* name NULL = none */
	uint16_t first, last;
	const char *protocols;    /* NULL = it does not say */
	const char *address;      /* NULL = any */
	struct report_at at;
};

struct report {
	struct str out;
	unsigned int n_ports;
	bool is_full; /* more than it holds: said as a gap */
};

void report_begin(struct report *r);
void report_file(struct report *r, const char *path);
void report_port(struct report *r, const struct report_port *port);
void report_fault(struct report *r, struct report_at at, const char *words);
void report_gap(struct report *r, struct report_at at, const char *words);
void report_end(struct report *r);
