#include "act/wait-question-linux.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void put_address(uint32_t words_be[4], const struct address *a)
{
	memcpy(words_be, a->bytes, a->family == ADDRESS_IPV4 ? 4 : 16);
}

size_t wait_question_put(const struct wait_ends *e, uint32_t sequence, void *buffer)
{
	bool is_udp = transport_port_space(e->transport) != TRANSPORT_TCP;
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request;
	struct inet_diag_sockid *id;

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST;
	header->nlmsg_seq = sequence;
	request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
	memset(request, 0, sizeof(*request));
	request->sdiag_family = e->local.family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
	request->sdiag_protocol = is_udp ? IPPROTO_UDP : IPPROTO_TCP;
	request->idiag_states = UINT32_MAX;
	id = &request->id;
	put_address(is_udp ? id->idiag_dst : id->idiag_src, &e->local);
	if (e->has_remote)
		put_address(is_udp ? id->idiag_src : id->idiag_dst, &e->remote);
	id->idiag_sport = htons(is_udp ? e->remote_port : e->local_port);
	id->idiag_dport = htons(is_udp ? e->local_port : e->remote_port);
	id->idiag_if = e->local.scope_id;
	id->idiag_cookie[0] = e->cookie ? (uint32_t)e->cookie : (uint32_t)INET_DIAG_NOCOOKIE;
	id->idiag_cookie[1] =
		e->cookie ? (uint32_t)(e->cookie >> 32) : (uint32_t)INET_DIAG_NOCOOKIE;
	return header->nlmsg_len;
}
