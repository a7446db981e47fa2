#include "live/addresses-linux.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { REPLY_SIZE = 32 * 1024 };

struct reading {
	struct arena *arena;
	struct address_list *list;
	uint8_t family;
	const struct nlattr *best; /* IFA_LOCAL before IFA_ADDRESS: the near end of a pair */
};

static int take_attribute(const struct nlattr *attr, void *context)
{
	struct reading *r = context;
	int type = mnl_attr_get_type(attr);

	if (type == IFA_LOCAL || (type == IFA_ADDRESS && !r->best))
		r->best = attr;
	return MNL_CB_OK;
}

static int take_message(const struct nlmsghdr *header, void *context)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(header);
	struct reading *r = context;
	struct address *a;
	size_t n;

	if (header->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(header) < sizeof(*m))
		return MNL_CB_OK;
	n = m->ifa_family == AF_INET ? 4 : 16;
	r->best = NULL;
	if ((m->ifa_family != AF_INET && m->ifa_family != AF_INET6) ||
	    mnl_attr_parse(header, sizeof(*m), take_attribute, r) < 0 || !r->best ||
	    mnl_attr_get_payload_len(r->best) < n)
		return MNL_CB_OK;
	a = ARENA_PUSH(r->arena, r->list->items, r->list->n, r->list->capacity);
	if (!a)
		return MNL_CB_ERROR;
	a->family = n == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
	memcpy(a->bytes, mnl_attr_get_payload(r->best), n);
	return MNL_CB_OK;
}

static int converse(struct mnl_socket *netlink, void *buffer, struct reading *r)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *m;
	int more = MNL_CB_OK;

	header->nlmsg_type = RTM_GETADDR;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = 1;
	m = mnl_nlmsg_put_extra_header(header, sizeof(*m));
	m->ifa_family = AF_UNSPEC;
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(netlink, header, header->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(netlink, buffer, REPLY_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		more = mnl_cb_run(buffer, (size_t)n, 1, mnl_socket_get_portid(netlink),
				  take_message, r);
	}
	return more < 0 ? -errno : 0;
}

int addresses_read(struct arena *arena, struct address_list *out)
{
	struct address_list list = {0};
	struct reading r = {.arena = arena, .list = &list};
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	void *buffer = netlink ? calloc(1, REPLY_SIZE) : NULL;
	int error = netlink ? -ENOMEM : -errno;

	if (buffer)
		error = converse(netlink, buffer, &r);
	free(buffer);
	if (netlink)
		mnl_socket_close(netlink);
	if (error < 0)
		list = (struct address_list){0};
	*out = list;
	return error;
}

bool addresses_have(const struct address_list *l, const struct address *a)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].family == a->family &&
		    memcmp(l->items[i].bytes, a->bytes, sizeof(a->bytes)) == 0)
			return true;
	}
	return false;
}
