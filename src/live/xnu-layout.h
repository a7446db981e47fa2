/*
 * XNU layout: how the kernel of macOS lays out what it tells about sockets and processes.
 *
 * Mirrors of the structures that Apple's SDK documents, so that what reads them is compiled and
 * tested on every system. Members that berth does not read are here for their room. Sources: the
 * SDK's sys/proc_info.h (libproc), netinet/in_pcb.h, netinet/tcp_var.h and sys/socketvar.h (the
 * lists of net.inet.tcp.pcblist64 and net.inet.udp.pcblist64). The same on x86_64 and arm64: both
 * are little-endian and LP64. layout-darwin.c compares the mirrors of sys/proc_info.h with the SDK
 * that it is compiled with; every row of the lists tells its own length, which is checked.
 */
#pragma once

#include "base/attr.h"

#include <stdint.h>

/* Values of those structures: sys/socket.h, netinet/in.h and sys/proc_info.h of macOS. */
enum {
	XNU_AF_INET = 2,
	XNU_AF_INET6 = 30,
	XNU_PROTOCOL_TCP = 6,
	XNU_PROTOCOL_UDP = 17,
	XNU_SOCKINFO_IN = 1,  /* soi_kind: an internet socket */
	XNU_SOCKINFO_TCP = 2, /* soi_kind: one of TCP, with its state */
	XNU_VFLAG_IPV4 = 1,   /* vflag: takes IPv4 */
	XNU_VFLAG_IPV6 = 2,   /* vflag: takes IPv6; both: a dual-stack wildcard */
	XNU_STATUS_STOPPED = 4, /* pbi_status: SSTOP of sys/proc.h */
};

/* States of TCP (sys/proc_info.h: TSI_S_*; the same numbers as netinet/tcp_fsm.h). */
enum xnu_tcp_state {
	XNU_TCP_CLOSED,
	XNU_TCP_LISTEN,
	XNU_TCP_SYN_SENT,
	XNU_TCP_SYN_RECEIVED,
	XNU_TCP_ESTABLISHED,
	XNU_TCP_CLOSE_WAIT,
	XNU_TCP_FIN_WAIT_1,
	XNU_TCP_CLOSING,
	XNU_TCP_LAST_ACK,
	XNU_TCP_FIN_WAIT_2,
	XNU_TCP_TIME_WAIT,
};

/* --- sys/proc_info.h ------------------------------------------------------------------------- */

/* struct proc_fileinfo */
struct xnu_fileinfo {
	uint32_t open_flags, status;
	_Alignas(8) int64_t offset;
	int32_t type;
	uint32_t guard_flags;
};

/* struct vinfo_stat */
struct xnu_stat {
	uint32_t dev;
	uint16_t mode, nlink;
	_Alignas(8) uint64_t ino;
	uint32_t uid, gid;
	_Alignas(8) int64_t times[8];
	_Alignas(8) int64_t size, blocks;
	int32_t blksize;
	uint32_t flags, gen, rdev;
	_Alignas(8) int64_t spare[2];
};

/* struct sockbuf_info */
struct xnu_sockbuf {
	uint32_t cc, hiwat, mbcnt, mbmax, lowat;
	int16_t flags, timeo;
};

/*
 * struct in_sockinfo. Ports are in network order in the low 16 bits of an int; an IPv4 address is
 * the last four bytes of its sixteen (struct in4in6_addr).
 */
struct xnu_in_sockinfo {
	int32_t foreign_port_be, local_port_be;
	_Alignas(8) uint64_t generation; /* of this very control block */
	uint32_t flags, flow;
	uint8_t vflag, ttl;
	uint32_t reserved;
	uint8_t foreign[16], local[16];
	uint8_t v4_tos;
	_Alignas(4) uint8_t v6_hlim;
	int32_t v6_cksum;
	uint16_t v6_ifindex;
	int16_t v6_hops;
};

/* struct tcp_sockinfo */
struct xnu_tcp_sockinfo {
	struct xnu_in_sockinfo in;
	int32_t state; /* enum xnu_tcp_state */
	int32_t timers[4];
	int32_t mss;
	uint32_t flags, reserved;
	_Alignas(8) uint64_t tp;
};

/* struct socket_info. The union's largest member is a pair of addresses of 255 bytes. */
struct xnu_socket_info {
	struct xnu_stat stat;
	_Alignas(8) uint64_t so, pcb;
	int32_t type, protocol, family;
	int16_t options, linger, state;
	int16_t queued, queued_incomplete, queue_limit; /* of a listener */
	int16_t timeo;
	uint16_t error;
	uint32_t oobmark;
	struct xnu_sockbuf receive, send;
	int32_t kind; /* XNU_SOCKINFO_* */
	uint32_t reserved;
	union {
		struct xnu_in_sockinfo in;
		struct xnu_tcp_sockinfo tcp;
		_Alignas(8) uint8_t room[528];
	} proto;
};

/* struct socket_fdinfo: what PROC_PIDFDSOCKETINFO and PROC_PIDFILEPORTSOCKETINFO give. */
struct xnu_socket_fdinfo {
	struct xnu_fileinfo file;
	struct xnu_socket_info socket;
};

/* struct proc_bsdinfo: PROC_PIDTBSDINFO. */
struct xnu_bsdinfo {
	uint32_t flags, status, exit_status, pid, parent;
	uint32_t uid, gid, real_uid, real_gid, saved_uid, saved_gid, reserved;
	char comm[16]; /* the kernel's name: as many bytes as fit */
	char name[32]; /* the same with more room; empty when there is none */
	uint32_t n_files, group, jobc, tty, tty_group;
	int32_t nice;
	_Alignas(8) uint64_t start_s, start_us; /* since 1970 */
};

/* struct proc_bsdshortinfo: PROC_PIDT_SHORTBSDINFO, told of other users' processes too. */
struct xnu_bsdshortinfo {
	uint32_t pid, parent, group, status;
	char comm[16];
	uint32_t flags, uid, gid, real_uid, real_gid, saved_uid, saved_gid, reserved;
};

_Static_assert(sizeof(struct xnu_fileinfo) == 24, "struct proc_fileinfo");
_Static_assert(sizeof(struct xnu_stat) == 136, "struct vinfo_stat");
_Static_assert(sizeof(struct xnu_in_sockinfo) == 80, "struct in_sockinfo");
_Static_assert(sizeof(struct xnu_tcp_sockinfo) == 120, "struct tcp_sockinfo");
_Static_assert(sizeof(struct xnu_socket_info) == 768, "struct socket_info");
_Static_assert(sizeof(struct xnu_socket_fdinfo) == 792, "struct socket_fdinfo");
_Static_assert(sizeof(struct xnu_bsdinfo) == 136, "struct proc_bsdinfo");
_Static_assert(sizeof(struct xnu_bsdshortinfo) == 64, "struct proc_bsdshortinfo");

/* --- netinet/in_pcb.h, sys/socketvar.h, netinet/tcp_var.h: all under #pragma pack(4) ---------- */

#pragma pack(push, 4)

/* struct xinpgen: stands before and after every list. */
struct xnu_list_end {
	uint32_t length; /* of this structure */
	uint32_t n;
	uint64_t generation, socket_generation;
};

/* struct xsocket64 */
struct xnu_xsocket {
	uint32_t length; /* of this structure */
	uint64_t so;
	int16_t type, options, linger, state;
	uint64_t pcb;
	int32_t protocol, family;
	int16_t queued, queued_incomplete, queue_limit, timeo;
	uint16_t error;
	int32_t process_group;
	uint32_t oobmark;
	struct xnu_sockbuf receive, send;
	uint32_t uid; /* who made it */
};

/* struct xinpcb64: a row of net.inet.udp.pcblist64. Ports are in network order. */
struct xnu_xinpcb {
	uint64_t length; /* of this structure; 0 inside a row of TCP */
	uint64_t pcb;
	uint16_t foreign_port_be, local_port_be;
	uint64_t list[2], per_protocol, info, port_list[2], port_head;
	uint64_t generation; /* of this very control block; as in struct xnu_in_sockinfo */
	int32_t flags;
	uint32_t flow;
	uint8_t vflag, ttl, protocol;
	_Alignas(4) uint8_t foreign[16];
	uint8_t local[16];
	uint8_t v4_tos;
	_Alignas(4) uint8_t v6_hlim;
	int32_t v6_cksum;
	uint16_t v6_ifindex;
	int16_t v6_hops;
	struct xnu_xsocket socket;
	uint64_t alignment;
};

/* struct xtcpcb64: a row of net.inet.tcp.pcblist64. */
struct xnu_xtcpcb {
	uint32_t length; /* of this structure */
	struct xnu_xinpcb in;
	uint64_t segments;
	int32_t n_duplicates;
	int32_t timers[4];
	int32_t state; /* enum xnu_tcp_state */
	uint32_t rest[42]; /* sequence numbers, windows, times */
	uint64_t alignment;
};

#pragma pack(pop)

_Static_assert(sizeof(struct xnu_list_end) == 24, "struct xinpgen");
_Static_assert(sizeof(struct xnu_xsocket) == 108, "struct xsocket64");
_Static_assert(offsetof(struct xnu_xsocket, uid) == 104, "struct xsocket64");
_Static_assert(sizeof(struct xnu_xinpcb) == 260, "struct xinpcb64");
_Static_assert(offsetof(struct xnu_xinpcb, vflag) == 92, "struct xinpcb64");
_Static_assert(offsetof(struct xnu_xinpcb, local) == 112, "struct xinpcb64");
_Static_assert(offsetof(struct xnu_xinpcb, socket) == 144, "struct xinpcb64");
_Static_assert(offsetof(struct xnu_xtcpcb, state) == 292, "struct xtcpcb64");
_Static_assert(sizeof(struct xnu_xtcpcb) == 472, "struct xtcpcb64");
