#include "live/site-linux.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <linux/if_addr.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { REPLY_SIZE = 32 * 1024, REQUEST_SIZE = 256 };

/* What a conversation looks for. */
struct question {
	const struct live_place *place;
	uint32_t device;   /* index of the place's device; 0 = none */
	enum maybe answer;
};

static enum maybe from_bool(bool b)
{
	return b ? MAYBE_YES : MAYBE_NO;
}

/* --- conversations --------------------------------------------------------------------------- */

/* One request; `take` sees every message of the reply. Returns 0, a negative errno, or the positive
 * one with which the kernel answers. */
static int converse(struct nlmsghdr *request, mnl_cb_t take, struct question *q)
{
	_Alignas(struct nlmsghdr) unsigned char reply[REPLY_SIZE];
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	const bool is_dump = request->nlmsg_flags & NLM_F_DUMP;
	int more = MNL_CB_OK, error = 0, refusal = 0;

	if (!netlink)
		return -errno;
	request->nlmsg_seq = 1;
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(netlink, request, request->nlmsg_len) < 0)
		error = -errno;
	while (error == 0 && more > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(netlink, reply, sizeof(reply));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error = -errno;
			break;
		}
		more = mnl_cb_run(reply, (size_t)n, 1, mnl_socket_get_portid(netlink), take, q);
		if (more < 0)
			refusal = errno;
		if (!is_dump)
			break;
	}
	mnl_socket_close(netlink);
	return error < 0 ? error : refusal;
}

static struct nlmsghdr *begin(void *buffer, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	return header;
}

/* --- addresses ------------------------------------------------------------------------------- */

static int take_route(const struct nlmsghdr *header, void *context)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(header);
	struct question *q = context;

	if (header->nlmsg_type == RTM_NEWROUTE && mnl_nlmsg_get_payload_len(header) >= sizeof(*m))
		q->answer = from_bool(m->rtm_type == RTN_LOCAL || m->rtm_type == RTN_BROADCAST ||
				      m->rtm_type == RTN_MULTICAST);
	return MNL_CB_OK;
}

static enum maybe ask_route(const struct live_place *place)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[REQUEST_SIZE];
	struct question q = {.place = place};
	struct nlmsghdr *header = begin(buffer, RTM_GETROUTE, 0);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(header, sizeof(*m));
	int r;

	m->rtm_family = AF_INET;
	m->rtm_dst_len = 32;
	mnl_attr_put(header, RTA_DST, 4, place->address.bytes);
	r = converse(header, take_route, &q);
	/* No way there at all: then it is not here either. */
	return r == ENETUNREACH || r == EHOSTUNREACH || r == EINVAL || r == EACCES ? MAYBE_NO
										   : q.answer;
}

/* 224.0.0.0/4 and 255.255.255.255 need no route. */
static bool is_always_taken(const struct address *a)
{
	static const uint8_t all[4] = {255, 255, 255, 255};

	return (a->bytes[0] & 0xf0) == 0xe0 || memcmp(a->bytes, all, sizeof(all)) == 0;
}

struct attributes {
	const uint8_t *address;
	uint32_t flags;
};

static int take_attribute(const struct nlattr *attr, void *context)
{
	struct attributes *a = context;

	if (mnl_attr_get_type(attr) == IFA_ADDRESS && mnl_attr_get_payload_len(attr) >= 16)
		a->address = mnl_attr_get_payload(attr);
	if (mnl_attr_get_type(attr) == IFA_FLAGS &&
	    mnl_attr_get_payload_len(attr) >= sizeof(uint32_t))
		a->flags = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int take_address(const struct nlmsghdr *header, void *context)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(header);
	struct question *q = context;
	struct attributes a = {0};
	bool is_near, is_tentative;

	if (header->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(header) < sizeof(*m) ||
	    m->ifa_family != AF_INET6)
		return MNL_CB_OK;
	a.flags = m->ifa_flags;
	if (mnl_attr_parse(header, sizeof(*m), take_attribute, &a) < 0 || !a.address ||
	    memcmp(a.address, q->place->address.bytes, 16) != 0)
		return MNL_CB_OK;
	is_tentative = (a.flags & IFA_F_TENTATIVE) && !(a.flags & IFA_F_OPTIMISTIC);
	/* Addresses of a link or of the host are its own; any other may be met at every device. */
	is_near = m->ifa_scope == RT_SCOPE_LINK || m->ifa_scope == RT_SCOPE_HOST;
	if (!is_tentative && (!is_near || q->device == 0 || q->device == m->ifa_index))
		q->answer = MAYBE_YES;
	return MNL_CB_OK;
}

static enum maybe ask_addresses(const struct live_place *place, uint32_t device)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[REQUEST_SIZE];
	struct question q = {.place = place, .device = device, .answer = MAYBE_NO};
	struct nlmsghdr *header = begin(buffer, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(header, sizeof(*m));

	m->ifa_family = AF_INET6;
	return converse(header, take_address, &q) != 0 && q.answer != MAYBE_YES ? MAYBE_UNKNOWN
										: q.answer;
}

static bool is_set(const char *path)
{
	char text[16];

	return fd_read_file_at(AT_FDCWD, path, text, sizeof(text), NULL) > 0 && text[0] != '0';
}

static enum maybe is_local(const struct live_place *place, uint32_t device)
{
	const struct address plain = address_unmapped(&place->address);
	const struct live_place wanted = {.address = plain, .device = place->device};

	if (address_is_wildcard(&plain))
		return MAYBE_YES;
	if (plain.family == ADDRESS_IPV4) {
		if (is_always_taken(&plain) || is_set("/proc/sys/net/ipv4/ip_nonlocal_bind"))
			return MAYBE_YES;
		return ask_route(&wanted);
	}
	if (plain.bytes[0] == 0xff || is_set("/proc/sys/net/ipv6/ip_nonlocal_bind"))
		return MAYBE_YES;
	return ask_addresses(&wanted, device != 0 ? device : plain.scope_id);
}

/* --- devices --------------------------------------------------------------------------------- */

/* The index of a device, 0 when there is none; `*out` tells whether there is. */
static uint32_t find_device(const char *name, enum maybe *out)
{
	BERTH_CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {0};

	if (!name || fd < 0)
		return 0;
	*out = MAYBE_NO;
	if (strlen(name) >= sizeof(request.ifr_name))
		return 0;
	memcpy(request.ifr_name, name, strlen(name));
	if (ioctl(fd, SIOCGIFINDEX, &request) < 0) {
		*out = errno == ENODEV ? MAYBE_NO : MAYBE_UNKNOWN;
		return 0;
	}
	*out = MAYBE_YES;
	return (uint32_t)request.ifr_ifindex;
}

static int take_kind(const struct nlattr *attr, void *context)
{
	struct question *q = context;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
	    mnl_attr_get_payload_len(attr) >= sizeof("vrf") - 1 &&
	    memcmp(mnl_attr_get_payload(attr), "vrf", 3) == 0)
		q->answer = MAYBE_YES;
	return MNL_CB_OK;
}

static int take_link_attribute(const struct nlattr *attr, void *context)
{
	if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
		return mnl_attr_parse_nested(attr, take_kind, context);
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *header, void *context)
{
	if (header->nlmsg_type == RTM_NEWLINK &&
	    mnl_nlmsg_get_payload_len(header) >= sizeof(struct ifinfomsg) &&
	    mnl_attr_parse(header, sizeof(struct ifinfomsg), take_link_attribute, context) < 0)
		return MNL_CB_ERROR;
	return MNL_CB_OK;
}

static enum maybe ask_vrf(void)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[REQUEST_SIZE];
	struct question q = {.answer = MAYBE_NO};
	struct nlmsghdr *header = begin(buffer, RTM_GETLINK, NLM_F_DUMP);
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(header, sizeof(*m));

	m->ifi_family = AF_UNSPEC;
	return converse(header, take_link, &q) != 0 ? MAYBE_UNKNOWN : q.answer;
}

/* --- who asks -------------------------------------------------------------------------------- */

static bool has_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[capability / 32].effective & 1U << capability % 32);
}

/* A capability counts in the user namespace that owns the network namespace. */
static enum maybe may_bind_privileged(void)
{
	BERTH_CLEANUP(fd_closep) int net = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	BERTH_CLEANUP(fd_closep) int owner = net < 0 ? -1 : ioctl(net, NS_GET_USERNS);
	struct stat owning, own;

	if (net >= 0 && owner < 0 && errno == EPERM)
		return MAYBE_NO; /* it belongs to one above ours */
	if (owner < 0 || fstat(owner, &owning) < 0 || stat("/proc/thread-self/ns/user", &own) < 0)
		return MAYBE_UNKNOWN;
	if (has_capability(CAP_NET_BIND_SERVICE))
		return MAYBE_YES;
	/* The maker of a namespace below ours has every capability in it. */
	return owning.st_ino == own.st_ino ? MAYBE_NO : MAYBE_UNKNOWN;
}

void site_read(const struct live_place *place, bool has_devices, struct live_rules *rules,
	       struct live_site *out)
{
	uint32_t device;

	*out = (struct live_site){0};
	rules->has_uid = true;
	rules->uid = (uint32_t)geteuid();
	rules->may_bind_privileged = may_bind_privileged();
	out->has_vrf = has_devices || (place && place->device) ? ask_vrf() : MAYBE_NO;
	if (!place)
		return;
	device = find_device(place->device, &out->has_device);
	out->is_local = is_local(place, device);
}
