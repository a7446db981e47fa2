/*
 * IP helper: decodes the tables of sockets that Windows gives (GetExtendedTcpTable and
 * GetExtendedUdpTable, classes TCP_TABLE_OWNER_MODULE_ALL and UDP_TABLE_OWNER_MODULE, both
 * families). Pure: the bytes may come from anywhere, so it is tested on any system.
 *
 * Sources of the layouts: Microsoft's documentation of MIB_TCPTABLE_OWNER_MODULE,
 * MIB_TCP6TABLE_OWNER_MODULE, MIB_UDPTABLE_OWNER_MODULE and MIB_UDP6TABLE_OWNER_MODULE;
 * calls-windows.c asserts them against the system's headers.
 */
#pragma once

#include "live/live.h"

/* The four tables. */
enum iphlp_table { IPHLP_TCP4, IPHLP_TCP6, IPHLP_UDP4, IPHLP_UDP6 };
enum { N_IPHLP_TABLES = 4 };

/* A row: 32-bit numbers, ports in network order in their low half; addresses in network order. */
enum { IPHLP_MODULE_WORDS = 16 };

struct iphlp_tcp4 {
	uint32_t state, local, local_port_be, remote, remote_port_be, pid;
	int64_t created;                     /* 100 ns since 1601; 0 = not known */
	uint64_t module[IPHLP_MODULE_WORDS]; /* the first is the tag of a service, 0 = none */
};

struct iphlp_tcp6 {
	uint8_t local[16];
	uint32_t local_scope, local_port_be;
	uint8_t remote[16];
	uint32_t remote_scope, remote_port_be, state, pid;
	int64_t created;
	uint64_t module[IPHLP_MODULE_WORDS];
};

struct iphlp_udp4 {
	uint32_t local, local_port_be, pid, padding;
	int64_t created;
	uint32_t flags, padding_2;
	uint64_t module[IPHLP_MODULE_WORDS];
};

struct iphlp_udp6 {
	uint8_t local[16];
	uint32_t local_scope, local_port_be, pid, padding;
	int64_t created;
	uint32_t flags, padding_2;
	uint64_t module[IPHLP_MODULE_WORDS];
};

/* Bytes of a row, and where the first one stands behind the 32-bit count. */
size_t iphlp_row_size(enum iphlp_table t);
enum { IPHLP_FIRST_ROW = 8 };

/* The protocol of a table, and whether it is IPv6's. */
enum transport iphlp_transport(enum iphlp_table t);
bool iphlp_is_v6(enum iphlp_table t);

/* One row. */
struct iphlp_row {
	struct live_socket socket; /* without namespace and owners */
	uint32_t pid;              /* 0 = nobody's */
	uint64_t tag;              /* of a service; 0 = none */
	const void *raw;           /* the row itself, inside the table */
};

/* How many rows a table of `n` bytes holds: at most as many as fit. *is_cut: it counts more. */
size_t iphlp_count(enum iphlp_table t, const void *table, size_t n, bool *is_cut);

/*
 * Row `i` of those that iphlp_count() counted. Returns 0; 1 for a row that is no socket with a port
 * (port 0, a state that is not known).
 *
 * A datagram socket is a listener: Windows does not tell which ones are connected. CLOSED with a
 * port is bound-only. Every row stands for itself: a dual-stack socket has one in both tables.
 */
int iphlp_decode(enum iphlp_table t, const void *table, size_t i, struct iphlp_row *out);
