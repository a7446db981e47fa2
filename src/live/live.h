/*
 * Live: what runs now. Sockets of every reachable network namespace, joined to their owners.
 *
 * One call looks, everything it found lives in the caller's arena as one snapshot. What could not
 * be seen is in the snapshot too, as gaps: nothing is dropped and nothing is left blank.
 *
 * The same records come from the running kernel (source-linux) and from a recording
 * (source-replay), so everything behind them is tested without root on any system.
 */
#pragma once

#include "base/arena.h"
#include "query/address.h"
#include "query/overlap.h"
#include "query/transport.h"

#include <stdbool.h>
#include <stdint.h>

/* A time of day in nanoseconds since 1970-01-01 UTC; LIVE_TIME_NONE = not known. */
typedef int64_t live_time;
#define LIVE_TIME_NONE INT64_MIN

/* Instead of a uid: users have no numbers there (Windows), or it is not known. */
#define LIVE_UID_NONE UINT32_MAX

/* What a socket does with its port. */
enum live_state {
	LIVE_LISTENER,   /* takes what arrives: TCP/MPTCP LISTEN, unconnected bound UDP, UDP-Lite */
	LIVE_BOUND,      /* bound and neither listening nor connected: blocks bind, takes nothing */
	LIVE_CONNECTION, /* has a peer: TCP but LISTEN, BOUND and TIME_WAIT; connected UDP */
	LIVE_TIME_WAIT,  /* nobody's any more: the kernel keeps the pair of addresses for a while */
};

/* Where a TCP connection stands (RFC 9293, 3.3.2). */
enum live_stage {
	LIVE_STAGE_NONE, /* no connection of TCP, or not known */
	LIVE_SYN_SENT,
	LIVE_SYN_RECEIVED, /* without an inode: half of a handshake, which holds no port */
	LIVE_ESTABLISHED,
	LIVE_FIN_WAIT_1,
	LIVE_FIN_WAIT_2,
	LIVE_CLOSE_WAIT,
	LIVE_CLOSING,
	LIVE_LAST_ACK,
};

/* How an owner was found (the contract's "method"). */
enum live_method {
	LIVE_BY_FD,       /* /proc/PID/fd of its process (Linux); the system's table elsewhere */
	LIVE_BY_THREAD,   /* a thread's descriptor table */
	LIVE_BY_IO_URING, /* a file registered with io_uring */
	LIVE_BY_CGROUP,   /* the cgroup in which the socket was made; evidence, not proof */
	LIVE_BY_KERNEL,   /* the kernel itself holds it */
};

/* How far owners of a socket were searched. */
enum live_search {
	LIVE_SEARCH_NONE,   /* not at all: not permitted, or a socket that cannot have an owner */
	LIVE_SEARCH_CGROUP, /* the socket's cgroup and its unit; more owners may be elsewhere */
	LIVE_SEARCH_ALL,    /* every process that could be looked into */
};

/* A network namespace in which sockets were looked for. */
struct live_namespace {
	uint64_t id;           /* inode of the namespace file, as lsns shows it; Linux, where that
	                          may not be seen: of its /proc/PID/net/stat, a number of the same
	                          kind that no namespace has */
	const char *name;      /* "here", "host", name of a container or mount, or "net:[N]" */
	const char *container; /* id of the container it belongs to; NULL = none or not known */
	bool is_here;          /* berth's own */
	bool is_read_as_text;  /* read through /proc/PID/net instead of sock_diag */
};

/* One process of a parent chain: just enough to name it. */
struct live_parent {
	uint32_t pid;
	const char *program;
};

/*
 * A process that holds sockets. Strings are foreign bytes: escape before showing. NULL = not known
 * (and then a gap says why), unless said otherwise.
 */
struct live_process {
	uint32_t pid;
	const char *program;   /* base name of the executable; without one the kernel's 15 bytes */
	const char *path;      /* of the executable, without a " (deleted)" suffix */
	bool is_path_deleted;
	const char *const *command; /* argument vector, NULL-terminated; NULL = not known */
	bool is_command_cut;        /* longer than the 64 KiB that are read */
	const char *directory; /* current working directory */
	uint32_t uid;          /* LIVE_UID_NONE = none */
	const char *user;      /* of /etc/passwd; NULL in another user namespace or without entry */
	live_time started;
	const char *unit;      /* systemd unit of its cgroup ("cron.service"); NULL = none */
	const char *container; /* container id of its cgroup; NULL = none */
	const char *login;     /* whose sessions its cgroup is in (user-UID.slice); NULL = none */
	const struct live_parent *parents; /* its parent first, then upward; ends below pid 0 */
	size_t n_parents;
};

/* A process's hold on a socket. */
struct live_owner {
	const struct live_process *process; /* NULL with LIVE_BY_KERNEL: then `kernel` names it */
	const char *kernel;                 /* "nfsd", "vxlan vx0": a driver and its device; NULL
	                                       otherwise */
	int fd;                             /* descriptor number; -1 = not a descriptor */
	enum live_method method;
};

/* One socket, checked against the request. */
struct live_socket {
	enum transport transport;
	enum live_state state;
	struct address local;
	uint16_t local_port;
	bool has_remote;        /* `remote` and `remote_port` are valid */
	struct address remote;
	uint16_t remote_port;
	bool is_dual_stack;     /* an IPv6 wildcard socket that takes IPv4 too */
	const char *interface;  /* SO_BINDTODEVICE, or a link-local address's zone; NULL = any */
	bool has_queue;         /* listener of TCP: `queued` of at most `limit` connections wait */
	uint32_t queued, limit;
	uint32_t inode;         /* 0 = none: the kernel's own, TIME_WAIT, orphan */
	uint64_t cookie;        /* the kernel's name for this very socket; 0 = not known */
	bool has_uid;
	uint32_t uid;           /* who made it */
	const char *user;       /* name of `uid`, only where it can be trusted; NULL otherwise */
	uint32_t expires_ms;    /* TIME_WAIT, and FIN_WAIT_2 of nobody: time left; 0 = not known */
	enum live_stage stage;
	bool is_remnant;        /* only the pair of addresses is left: TIME_WAIT, and FIN_WAIT_2 of
	                           a socket that nobody has any more */
	enum maybe v6only;      /* IPV6_V6ONLY; but see live_socket_end() */
	enum maybe reuse_address, reuse_port; /* SO_REUSEADDR, SO_REUSEPORT; of want_flags */
	uint64_t cgroup_id;     /* cgroup v2 of its maker; 0 = not known */
	const char *unit;       /* of that cgroup, or the socket unit for which systemd made it */
	const char *container;  /* container id of that cgroup; NULL = none */
	const char *activates;  /* the service that this socket unit starts ("ssh.service"; with
	                           Accept=yes a template, "ssh@.service"); NULL = none, not known */
	const char *const *starts; /* its ExecStart=, cut up, NULL-terminated; NULL = not known */
	const struct live_namespace *ns;
	enum live_search owners_search;
	const struct live_owner *owners; /* oldest process first */
	size_t n_owners;
};

/* A span of ports, first <= last. */
struct live_span {
	uint16_t first, last;
};

/*
 * A host port that something leads elsewhere: rules of the kernel, or a process that passes on what
 * arrives. Several may stand for one port (rules and a proxy).
 */
struct live_published {
	enum transport transport;
	bool has_address;       /* only at `address`; otherwise at any of the host's */
	struct address address;
	struct live_span ports; /* host ports */
	bool has_to;            /* `to` is the address it leads to */
	struct address to;
	const char *to_name;    /* where it leads if that is no address of this system */
	bool is_to_here;        /* it leads to another port of the same namespace */
	struct live_span to_ports; /* one for each of `ports`, one for all; 0-0 = not known */
	const char *by;         /* "nftables", "iptables-nft", "docker-proxy", "conmon", ... */
	const char *container;  /* id of the container it leads to; NULL = not known */
	const char *note;       /* conditions, for people: "from interface eth0"; NULL = none */
	uint64_t via;           /* cookie of the host's socket that takes part; 0 = none: rules */
	uint64_t listener;      /* cookie of the listener behind it; 0 = not known */
};

/* What is known of a container by its id. */
struct live_container {
	const char *id;      /* as in the `container` of processes, sockets, namespaces */
	const char *name;    /* NULL = not known */
	const char *image;   /* "docker.io/library/nginx:1.25"; NULL = not known */
	const char *runtime; /* "docker", "podman", "containerd", "cri-o"; NULL = not known */
};

/* Something that could not be seen. Strings never NULL but `fix`. */
struct live_gap {
	const char *what;  /* "owner", "namespace", "sockets", "claims", ... */
	const char *where; /* "pid 812", "net:[4026532281]", "tcp 0.0.0.0:22" */
	const char *why;   /* "permission denied" */
	const char *fix;   /* "run as root"; NULL = none known */
	uint32_t n_similar; /* how many more of the same kind this one stands for */
};

/* Ranges of ports. */
struct live_spans {
	const struct live_span *items;
	size_t n;
};

/* What this system says about port numbers themselves. has_* false = could not be read. */
struct live_rules {
	bool has_ephemeral;
	struct live_span ephemeral; /* ip_local_port_range */
	bool has_privileged;
	uint32_t unprivileged_start; /* ip_unprivileged_port_start; ports below need a privilege */
	bool has_reserved;
	const struct live_span *reserved; /* ip_local_reserved_ports */
	size_t n_reserved;
	/*
	 * Nobody may bind them although nobody has them: what `netsh int ipv4 show
	 * excludedportrange` lists without a `*` (Hyper-V's NAT takes such ranges). Empty: none, or
	 * not known, which is then a gap. Those with a `*` an administrator has kept out of the
	 * ephemeral range; a server that names one gets it (Microsoft, KB 3039044).
	 */
	struct live_spans excluded_tcp, excluded_udp;
	/*
	 * Windows: reserved for guests (WSL, virtual machines). Bind of others is refused as a
	 * rule, but not of ports that a guest shares, which nobody can tell. Empty: none, or not
	 * known, which is then a gap.
	 */
	struct live_spans guest_tcp, guest_udp;
	enum maybe has_v6only_default;    /* bindv6only: IPv6 sockets begin with IPV6_V6ONLY */
	/* What they mean to berth itself. */
	enum maybe may_bind_privileged; /* it has CAP_NET_BIND_SERVICE there */
	bool has_uid;
	uint32_t uid;    /* whom it runs as */
	uint32_t kernel; /* version * 1000 + patch level: 6018 is Linux 6.18; 0 = not known */
};

/* Which kinds of sockets are wanted. */
enum {
	LIVE_WANT_LISTENERS = 1,
	LIVE_WANT_HOLDERS = 2,     /* bound-only, TIME_WAIT, connections by local port */
	LIVE_WANT_CONNECTIONS = 4, /* connections by local and by remote port */
};

/* Which network namespaces. */
enum live_scope {
	LIVE_SCOPE_ALL,   /* every reachable one */
	LIVE_SCOPE_HERE,  /* berth's own */
	LIVE_SCOPE_NAMED, /* the one of `netns` */
};

/* Which flags of sockets are to be read: through a copy of the owner's descriptor, which takes
 * the right to trace that process (Linux 5.6: pidfd_getfd) and is closed at once. */
enum live_flags {
	LIVE_FLAGS_NONE,
	LIVE_FLAGS_FEW, /* of IPv6 connections on which alone a plain bind(2) to 0.0.0.0 hangs */
	LIVE_FLAGS_ALL, /* of every socket on the asked ports */
};

/* Somewhere a server wants to be: what bind(2) checks about the place itself. */
struct live_place {
	struct address address;
	const char *device; /* NULL = none */
};

/* What is known of that place, in berth's own namespace or the one named. */
struct live_site {
	enum maybe is_local;   /* bind(2) takes the address */
	enum maybe has_device; /* there is such a device */
	enum maybe has_vrf;    /* there are VRF devices, with port spaces of their own */
};

/* What is asked of a source. */
struct live_request {
	uint16_t first_port, last_port; /* inclusive; 0..65535 = all */
	transport_set transports;       /* of listeners and holders */
	bool want_v4, want_v6;
	unsigned int want;              /* LIVE_WANT_*; holders, connections only from "here" ... */
	bool want_all_namespaces_holders; /* ... unless this is set */
	enum live_scope scope;
	const char *netns;              /* LIVE_SCOPE_NAMED: a name of /run/netns, an id, a path */
	bool want_all_owners;           /* search every process even when an owner was found */
	bool want_peer_owners;          /* owners of connections too, not only of the others */
	enum live_flags flags;
	const struct live_place *place; /* to be checked; NULL = none */
	/*
	 * Nothing but sockets and the namespaces they are in, for who compares them with an earlier
	 * look: no owners, users, units and containers, no published ports, no rules and no flags.
	 * Gaps are about sockets and namespaces only.
	 */
	bool want_only_sockets;
};

/* Which system was looked at. The first is that of recordings that name none. */
enum live_system { LIVE_LINUX, LIVE_MACOS, LIVE_WINDOWS, LIVE_OTHER };

enum { N_LIVE_SYSTEMS = 4 };

/* What was seen. Everything in it lives as long as the arena. */
struct live_snapshot {
	enum live_system system;
	live_time at;                   /* when the look began */
	const struct live_namespace *namespaces;
	size_t n_namespaces;            /* those looked into */
	/* By port, transport, state, family, address, cookie; those asked for, and the listeners
	 * behind published ports. */
	const struct live_socket *sockets;
	size_t n_sockets;
	const struct live_published *published; /* by port, transport, address */
	size_t n_published;
	const struct live_container *containers; /* by id */
	size_t n_containers;
	const struct live_gap *gaps;
	size_t n_gaps;
	struct live_rules rules;        /* of berth's own namespace, or the one asked for by name */
	struct live_site site;
	bool could_look;                /* false: not even berth's own namespace could be read */
};

/*
 * Where a socket is bound, with everything that follows from its kind: bind(2) to an IPv6 address
 * that is no wildcard sets IPV6_V6ONLY; a dual-stack wildcard has it not. (Not every bound-only
 * socket got its address from bind(2): one that could not connect has it from there.)
 */
struct overlap_end live_socket_end(const struct live_socket *s);

/* Whether nobody may bind the port of that transport: an excluded range. */
bool live_is_excluded(const struct live_rules *rules, enum transport transport, uint16_t port);
/* Whether the port of that transport is reserved for a guest. */
bool live_is_guests(const struct live_rules *rules, enum transport transport, uint16_t port);

/* "syn-sent", "fin-wait-2", ...; NULL for LIVE_STAGE_NONE. */
const char *live_stage_name(enum live_stage s);
/* The stage of that name. Returns 0 or -EINVAL. */
int live_stage_parse(const char *name, enum live_stage *out) BERTH_MUST_CHECK;

/* A request for everything on all ports in all namespaces, listeners only; adjust what differs. */
struct live_request live_request_default(void);

/* "listener", "bound", "connection", "time-wait". */
const char *live_state_name(enum live_state s);
/* "linux", "macos", "windows": the words of known uses; "other". */
const char *live_system_name(enum live_system s);
/* "fd", "thread", "io_uring", "cgroup", "kernel". */
const char *live_method_name(enum live_method m);
/* "none", "cgroup", "all". */
const char *live_search_name(enum live_search s);

/* The sockets of one port (any transport): sets the first index and returns how many follow. */
size_t live_snapshot_find(const struct live_snapshot *s, uint16_t port, size_t *first);

/* The order in which a snapshot's sockets stand; for qsort(3). */
int live_socket_compare(const void *a, const void *b);

/* The order in which a snapshot's published ports stand; for qsort(3). */
int live_published_compare(const void *a, const void *b);

/* Whether a published port is part of what was asked (ports, transports, families). */
bool live_request_publishes(const struct live_request *r, const struct live_published *p);

/* The port to which `port`, one of `p`, leads; 0 = not known. */
uint16_t live_published_target(const struct live_published *p, uint16_t port);

/* The listener behind it, if it is in the snapshot; NULL = not known. */
const struct live_socket *live_snapshot_behind(const struct live_snapshot *s,
					       const struct live_published *p);

/* The order of containers, and the one of that id; NULL = not in the snapshot. */
int live_container_compare(const void *a, const void *b);
const struct live_container *live_snapshot_container(const struct live_snapshot *s,
						     const char *id);

/* Whether a socket is part of what was asked (ports, transports, families, kinds, namespace). */
bool live_request_covers(const struct live_request *r, const struct live_socket *s);
