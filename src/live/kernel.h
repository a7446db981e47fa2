/*
 * Kernel: ports on which the kernel itself listens, and what says so. Pure: netlink messages and
 * lines of /proc in, records out.
 *
 * Tunnels make their sockets inside the kernel when they are set up; no process holds them.
 * Evidence is what their drivers tell of themselves: rtnetlink (vxlan, geneve, bareudp:
 * IFLA_INFO_DATA) and generic netlink (fou and gue, wireguard, l2tp, the listeners of MPTCP
 * endpoints); for NFS nfsd's portlist, for RxRPC its table of local endpoints (net/rxrpc/proc.c).
 */
#pragma once

#include "base/arena.h"
#include "live/live.h"

/* One port that a driver says it uses. */
struct kernel_port {
	const char *driver; /* "vxlan", "nfsd" */
	const char *device; /* its interface, "tunnel 7"; NULL = it has none */
	transport_set transports;
	bool has_v4, has_v6; /* sockets of which families it has */
	bool has_address;    /* on this one only; otherwise on the wildcard */
	struct address address;
	uint16_t port;
	int32_t link_ns; /* the socket's network namespace as the one asked calls it; -1 = itself */
};

/* Bounds: of one namespace. */
enum { KERNEL_PORTS_MAX = 4096 };

/* What one network namespace told. `{.arena = a}` is empty; strings are in the arena. */
struct kernel_ports {
	struct arena *arena;
	struct kernel_port *items;
	size_t n, capacity;
	const char **wireguards; /* interfaces that have to be asked one by one */
	size_t n_wireguards, wireguards_capacity;
};

/* What is asked, and so how a reply is to be read. */
enum kernel_talk {
	KERNEL_LINKS,     /* RTM_GETLINK */
	KERNEL_FOU,       /* FOU_CMD_GET */
	KERNEL_L2TP,      /* L2TP_CMD_TUNNEL_GET */
	KERNEL_WIREGUARD, /* WG_CMD_GET_DEVICE */
	KERNEL_MPTCP,     /* MPTCP_PM_CMD_GET_ADDR */
};
enum { N_KERNEL_TALKS = 5 };

/*
 * Parse `n` bytes of a reply (aligned for a netlink header) to the dump with `sequence` from
 * netlink port `port_id`. Returns 0 (more is to come), 1 (complete), or a negative errno: what the
 * kernel said, -EINTR (not consistent: repeat it), -EBADMSG (malformed).
 */
int kernel_parse(enum kernel_talk talk, const void *bytes, size_t n, uint32_t sequence,
		 uint32_t port_id, struct kernel_ports *out) BERTH_MUST_CHECK;

/* The id of a generic netlink family in the reply to CTRL_CMD_GETFAMILY. Returns it, or -errno. */
int kernel_parse_family(const void *bytes, size_t n, uint32_t sequence,
			uint32_t port_id) BERTH_MUST_CHECK;

/* The id in the reply to RTM_GETNSID (>= 0), or a negative errno; -ENOENT: it has none. */
int kernel_parse_nsid(const void *bytes, size_t n, uint32_t sequence,
		      uint32_t port_id) BERTH_MUST_CHECK;

/* Lines of nfsd's portlist ("tcp 2049") and of /proc/net/rxrpc/locals; `text` is terminated. */
void kernel_parse_nfsd(const char *text, struct kernel_ports *out);
void kernel_parse_rxrpc(const char *text, struct kernel_ports *out);

/* Whether `s`, a socket of the namespace in question that no process holds, is that port. */
bool kernel_is_port(const struct kernel_port *p, const struct live_socket *s);
