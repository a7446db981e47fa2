/*
 * The mirrors of xnu-layout.h beside the SDK that berth is being compiled with: a difference is a
 * compile error, not a wrong answer.
 */
#include "live/xnu-layout.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/proc.h>
#include <sys/proc_info.h>
#include <sys/socket.h>

#define SAME_SIZE(mirror, original)                                                                \
	_Static_assert(sizeof(struct mirror) == sizeof(struct original), #original)
#define SAME_PLACE(mirror, a, original, b)                                                         \
	_Static_assert(offsetof(struct mirror, a) == offsetof(struct original, b) &&               \
			       sizeof(((struct mirror *)0)->a) ==                                  \
				       sizeof(((struct original *)0)->b),                          \
		       #original "." #b)

SAME_SIZE(xnu_fileinfo, proc_fileinfo);
SAME_SIZE(xnu_stat, vinfo_stat);
SAME_SIZE(xnu_sockbuf, sockbuf_info);
SAME_SIZE(xnu_in_sockinfo, in_sockinfo);
SAME_SIZE(xnu_tcp_sockinfo, tcp_sockinfo);
SAME_SIZE(xnu_socket_info, socket_info);
SAME_SIZE(xnu_socket_fdinfo, socket_fdinfo);
SAME_SIZE(xnu_bsdinfo, proc_bsdinfo);
SAME_SIZE(xnu_bsdshortinfo, proc_bsdshortinfo);

SAME_PLACE(xnu_in_sockinfo, foreign_port_be, in_sockinfo, insi_fport);
SAME_PLACE(xnu_in_sockinfo, local_port_be, in_sockinfo, insi_lport);
SAME_PLACE(xnu_in_sockinfo, generation, in_sockinfo, insi_gencnt);
SAME_PLACE(xnu_in_sockinfo, vflag, in_sockinfo, insi_vflag);
SAME_PLACE(xnu_in_sockinfo, foreign, in_sockinfo, insi_faddr);
SAME_PLACE(xnu_in_sockinfo, local, in_sockinfo, insi_laddr);
SAME_PLACE(xnu_in_sockinfo, v6_hops, in_sockinfo, insi_v6.in6_hops);
SAME_PLACE(xnu_tcp_sockinfo, state, tcp_sockinfo, tcpsi_state);
SAME_PLACE(xnu_socket_info, protocol, socket_info, soi_protocol);
SAME_PLACE(xnu_socket_info, family, socket_info, soi_family);
SAME_PLACE(xnu_socket_info, queued, socket_info, soi_qlen);
SAME_PLACE(xnu_socket_info, queue_limit, socket_info, soi_qlimit);
SAME_PLACE(xnu_socket_info, kind, socket_info, soi_kind);
SAME_PLACE(xnu_socket_info, proto.in, socket_info, soi_proto.pri_in);
SAME_PLACE(xnu_socket_info, proto.tcp, socket_info, soi_proto.pri_tcp);
SAME_PLACE(xnu_socket_fdinfo, socket, socket_fdinfo, psi);
SAME_PLACE(xnu_bsdinfo, status, proc_bsdinfo, pbi_status);
SAME_PLACE(xnu_bsdinfo, pid, proc_bsdinfo, pbi_pid);
SAME_PLACE(xnu_bsdinfo, parent, proc_bsdinfo, pbi_ppid);
SAME_PLACE(xnu_bsdinfo, uid, proc_bsdinfo, pbi_uid);
SAME_PLACE(xnu_bsdinfo, comm, proc_bsdinfo, pbi_comm);
SAME_PLACE(xnu_bsdinfo, name, proc_bsdinfo, pbi_name);
SAME_PLACE(xnu_bsdinfo, start_s, proc_bsdinfo, pbi_start_tvsec);
SAME_PLACE(xnu_bsdinfo, start_us, proc_bsdinfo, pbi_start_tvusec);
SAME_PLACE(xnu_bsdshortinfo, pid, proc_bsdshortinfo, pbsi_pid);
SAME_PLACE(xnu_bsdshortinfo, parent, proc_bsdshortinfo, pbsi_ppid);
SAME_PLACE(xnu_bsdshortinfo, comm, proc_bsdshortinfo, pbsi_comm);
SAME_PLACE(xnu_bsdshortinfo, uid, proc_bsdshortinfo, pbsi_uid);

_Static_assert(XNU_AF_INET == AF_INET && XNU_AF_INET6 == AF_INET6, "families");
_Static_assert(XNU_PROTOCOL_TCP == IPPROTO_TCP && XNU_PROTOCOL_UDP == IPPROTO_UDP, "protocols");
_Static_assert(XNU_STATUS_STOPPED == SSTOP, "a stopped process");
_Static_assert(XNU_SOCKINFO_IN == SOCKINFO_IN && XNU_SOCKINFO_TCP == SOCKINFO_TCP, "kinds");
_Static_assert(XNU_VFLAG_IPV4 == INI_IPV4 && XNU_VFLAG_IPV6 == INI_IPV6, "families of a block");
_Static_assert(XNU_TCP_CLOSED == TSI_S_CLOSED && XNU_TCP_LISTEN == TSI_S_LISTEN &&
		       XNU_TCP_SYN_SENT == TSI_S_SYN_SENT &&
		       XNU_TCP_SYN_RECEIVED == TSI_S_SYN_RECEIVED &&
		       XNU_TCP_ESTABLISHED == TSI_S_ESTABLISHED &&
		       XNU_TCP_CLOSE_WAIT == TSI_S__CLOSE_WAIT &&
		       XNU_TCP_FIN_WAIT_1 == TSI_S_FIN_WAIT_1 &&
		       XNU_TCP_CLOSING == TSI_S_CLOSING && XNU_TCP_LAST_ACK == TSI_S_LAST_ACK &&
		       XNU_TCP_FIN_WAIT_2 == TSI_S_FIN_WAIT_2 &&
		       XNU_TCP_TIME_WAIT == TSI_S_TIME_WAIT,
	       "states of TCP");
