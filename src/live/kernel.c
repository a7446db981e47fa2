#include "live/kernel.h"

#include "base/str.h"

/* Before the kernel's headers, which then leave its names alone. */
#include <netinet/in.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fou.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/l2tp.h>
#include <linux/mptcp.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/wireguard.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

enum { REPLY_MAX = 64 * 1024, MOST_ATTRIBUTES = 64, LONGEST_LINE = 256 };

/* Attributes by their number; NULL = not there. Those of another length are found again by it. */
struct attributes {
	const struct nlattr *by_type[MOST_ATTRIBUTES];
};

static int collect(const struct nlattr *attr, void *context)
{
	struct attributes *a = context;
	uint16_t type = mnl_attr_get_type(attr);

	if (type < MOST_ATTRIBUTES)
		a->by_type[type] = attr;
	return MNL_CB_OK;
}

/* A length as netlink pads it. */
static size_t align_up(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* The attributes of `n` bytes; none of malformed ones. */
static struct attributes read_attributes(const void *bytes, size_t n)
{
	struct attributes a = {{NULL}};

	if (mnl_attr_parse_payload(bytes, n, collect, &a) < 0)
		return (struct attributes){{NULL}};
	return a;
}

static struct attributes read_nested(const struct attributes *a, unsigned int type)
{
	const struct nlattr *attr = a->by_type[type];

	if (!attr)
		return (struct attributes){{NULL}};
	return read_attributes(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
}

/* The bytes of a number in an attribute; false when it is not there or shorter. */
static bool read_bytes(const struct attributes *a, unsigned int type, void *out, size_t n)
{
	const struct nlattr *attr = a->by_type[type];

	if (!attr || mnl_attr_get_payload_len(attr) < n)
		return false;
	memcpy(out, mnl_attr_get_payload(attr), n);
	return true;
}

static uint16_t read_u16(const struct attributes *a, unsigned int type)
{
	uint16_t value;

	return read_bytes(a, type, &value, sizeof(value)) ? value : 0;
}

static uint16_t read_port_be(const struct attributes *a, unsigned int type)
{
	return ntohs(read_u16(a, type));
}

/* A terminated text of an attribute; NULL when it is not there, empty or too long. */
static const char *read_text(const struct attributes *a, unsigned int type, struct arena *arena)
{
	const struct nlattr *attr = a->by_type[type];
	size_t n = attr ? strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr)) : 0;

	if (n == 0 || n >= LONGEST_LINE)
		return NULL;
	return arena_strndup(arena, mnl_attr_get_payload(attr), n);
}

static bool is_flag(const struct attributes *a, unsigned int type)
{
	return a->by_type[type] != NULL;
}

static void push(struct kernel_ports *out, const struct kernel_port *port)
{
	struct kernel_port *slot;

	if (port->port == 0 || out->n == KERNEL_PORTS_MAX)
		return;
	slot = ARENA_PUSH(out->arena, out->items, out->n, out->capacity);
	if (slot)
		*slot = *port;
}

/* --- links ----------------------------------------------------------------------------------- */

/* include/uapi/linux/if_link.h; drivers/net/vxlan/vxlan_core.c opens IPv6 if its ends are, and both
 * families with collected metadata. */
static void take_vxlan(const struct attributes *data, struct kernel_port *p)
{
	bool is_both = is_flag(data, IFLA_VXLAN_COLLECT_METADATA);
	uint8_t metadata = 0;

	if (read_bytes(data, IFLA_VXLAN_COLLECT_METADATA, &metadata, sizeof(metadata)))
		is_both = metadata != 0;
	p->port = read_port_be(data, IFLA_VXLAN_PORT);
	p->has_v6 = is_both || is_flag(data, IFLA_VXLAN_LOCAL6) || is_flag(data, IFLA_VXLAN_GROUP6);
	p->has_v4 = is_both || !p->has_v6;
}

static void take_geneve(const struct attributes *data, struct kernel_port *p)
{
	bool is_both = is_flag(data, IFLA_GENEVE_COLLECT_METADATA);

	p->port = read_port_be(data, IFLA_GENEVE_PORT);
	p->has_v6 = is_both || is_flag(data, IFLA_GENEVE_REMOTE6);
	p->has_v4 = is_both || !p->has_v6;
}

/* One socket for both families, IPv4 without IPv6 in the kernel. */
static void take_bareudp(const struct attributes *data, struct kernel_port *p)
{
	p->port = read_port_be(data, IFLA_BAREUDP_PORT);
	p->has_v4 = true;
	p->has_v6 = true;
}

static void take_wireguard(struct kernel_ports *out, const char *device)
{
	const char **slot;

	if (!device || out->n_wireguards == KERNEL_PORTS_MAX)
		return;
	slot = ARENA_PUSH(out->arena, out->wireguards, out->n_wireguards,
			  out->wireguards_capacity);
	if (slot)
		*slot = device;
}

static int take_link(const struct nlmsghdr *header, struct kernel_ports *out)
{
	static const struct {
		const char *kind;
		void (*take)(const struct attributes *data, struct kernel_port *p);
	} kinds[] = {{"vxlan", take_vxlan}, {"geneve", take_geneve}, {"bareudp", take_bareudp}};
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
	struct kernel_port port = {.transports = TRANSPORT_BIT(TRANSPORT_UDP), .link_ns = -1};
	struct attributes link, link_info, data;
	const char *kind;

	if (header->nlmsg_type != RTM_NEWLINK)
		return 0;
	if (mnl_nlmsg_get_payload_len(header) < sizeof(*info))
		return -EBADMSG;
	link = read_attributes(mnl_nlmsg_get_payload_offset(header, sizeof(*info)),
			       mnl_nlmsg_get_payload_len(header) - align_up(sizeof(*info)));
	link_info = read_nested(&link, IFLA_LINKINFO);
	kind = read_text(&link_info, IFLA_INFO_KIND, out->arena);
	/* They open their sockets when they are set up, and close them when set down. */
	if (!kind || !(info->ifi_flags & IFF_UP))
		return 0;
	if (strcmp(kind, "wireguard") == 0)
		take_wireguard(out, read_text(&link, IFLA_IFNAME, out->arena));
	data = read_nested(&link_info, IFLA_INFO_DATA);
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
		if (strcmp(kind, kinds[i].kind) != 0)
			continue;
		port.driver = kinds[i].kind;
		port.device = read_text(&link, IFLA_IFNAME, out->arena);
		/* A device that was moved: its socket stays where it was made. */
		(void)!read_bytes(&link, IFLA_LINK_NETNSID, &port.link_ns, sizeof(port.link_ns));
		kinds[i].take(&data, &port);
		push(out, &port);
	}
	return 0;
}

/* --- generic netlink ------------------------------------------------------------------------- */

static bool read_address(const struct attributes *a, unsigned int type_v4, unsigned int type_v6,
			 struct address *out)
{
	struct address v4 = {.family = ADDRESS_IPV4}, v6 = {.family = ADDRESS_IPV6};

	if (read_bytes(a, type_v4, v4.bytes, 4))
		*out = v4;
	else if (read_bytes(a, type_v6, v6.bytes, 16))
		*out = v6;
	else
		return false;
	return true;
}

/* An address that is not a wildcard confines the port to it. */
static void confine(struct kernel_port *p, const struct address *a)
{
	p->has_v4 = a->family == ADDRESS_IPV4;
	p->has_v6 = !p->has_v4;
	p->has_address = !address_is_wildcard(a);
	p->address = *a;
}

static void take_fou(const struct attributes *a, struct kernel_ports *out)
{
	struct kernel_port port = {.transports = TRANSPORT_BIT(TRANSPORT_UDP), .link_ns = -1};
	struct address address;
	uint8_t family = AF_INET, type = FOU_ENCAP_DIRECT;

	(void)!read_bytes(a, FOU_ATTR_AF, &family, sizeof(family));
	(void)!read_bytes(a, FOU_ATTR_TYPE, &type, sizeof(type));
	port.driver = type == FOU_ENCAP_GUE ? "gue" : "fou";
	port.port = read_port_be(a, FOU_ATTR_PORT);
	port.has_v4 = family == AF_INET;
	port.has_v6 = family == AF_INET6;
	if (read_address(a, FOU_ATTR_LOCAL_V4, FOU_ATTR_LOCAL_V6, &address))
		confine(&port, &address);
	push(out, &port);
}

static void take_l2tp(const struct attributes *a, struct kernel_ports *out)
{
	struct kernel_port port = {
		.driver = "l2tp",
		.transports = TRANSPORT_BIT(TRANSPORT_UDP),
		.port = read_u16(a, L2TP_ATTR_UDP_SPORT),
		.link_ns = -1,
	};
	struct address address;
	uint32_t tunnel;

	if (read_u16(a, L2TP_ATTR_ENCAP_TYPE) != L2TP_ENCAPTYPE_UDP ||
	    !read_address(a, L2TP_ATTR_IP_SADDR, L2TP_ATTR_IP6_SADDR, &address))
		return;
	confine(&port, &address);
	if (read_bytes(a, L2TP_ATTR_CONN_ID, &tunnel, sizeof(tunnel)))
		port.device = arena_printf(out->arena, "tunnel %u", tunnel);
	push(out, &port);
}

static void take_wireguard_device(const struct attributes *a, struct kernel_ports *out)
{
	struct kernel_port port = {
		.driver = "wireguard",
		.device = read_text(a, WGDEVICE_A_IFNAME, out->arena),
		.transports = TRANSPORT_BIT(TRANSPORT_UDP),
		.has_v4 = true,
		.has_v6 = true,
		.port = read_u16(a, WGDEVICE_A_LISTEN_PORT),
		.link_ns = -1,
	};

	push(out, &port);
}

/* An endpoint with a port listens on it (net/mptcp/pm_kernel.c). */
static void take_mptcp(const struct attributes *a, struct kernel_ports *out)
{
	struct attributes nested = read_nested(a, MPTCP_PM_ATTR_ADDR);
	struct kernel_port port = {
		.driver = "mptcp",
		.transports = TRANSPORT_BIT(TRANSPORT_TCP) | TRANSPORT_BIT(TRANSPORT_MPTCP),
		.port = read_u16(&nested, MPTCP_PM_ADDR_ATTR_PORT),
		.link_ns = -1,
	};
	struct address address;
	uint8_t id = 0;

	if (!read_address(&nested, MPTCP_PM_ADDR_ATTR_ADDR4, MPTCP_PM_ADDR_ATTR_ADDR6, &address))
		return;
	confine(&port, &address);
	if (read_bytes(&nested, MPTCP_PM_ADDR_ATTR_ID, &id, sizeof(id)))
		port.device = arena_printf(out->arena, "endpoint %u", id);
	push(out, &port);
}

static int take_generic(enum kernel_talk talk, const struct nlmsghdr *header,
			struct kernel_ports *out)
{
	size_t n = mnl_nlmsg_get_payload_len(header);
	struct attributes a;

	if (n < GENL_HDRLEN)
		return -EBADMSG;
	a = read_attributes(mnl_nlmsg_get_payload_offset(header, GENL_HDRLEN), n - GENL_HDRLEN);
	switch (talk) {
	case KERNEL_LINKS:
		break;
	case KERNEL_FOU:
		take_fou(&a, out);
		break;
	case KERNEL_L2TP:
		take_l2tp(&a, out);
		break;
	case KERNEL_WIREGUARD:
		take_wireguard_device(&a, out);
		break;
	case KERNEL_MPTCP:
		take_mptcp(&a, out);
		break;
	}
	return 0;
}

/* --- messages -------------------------------------------------------------------------------- */

/* Takes one message; 0 to go on. */
typedef int (*take_fn)(const struct nlmsghdr *header, void *context);

/* A kernel's error, from a message whose payload begins with one; 0 = none. */
static int error_of(const struct nlmsghdr *header)
{
	int error;

	if (mnl_nlmsg_get_payload_len(header) < sizeof(error))
		return -EBADMSG;
	memcpy(&error, mnl_nlmsg_get_payload(header), sizeof(error));
	return error > -4096 && error < 0 ? error : 0;
}

static int take_message(const struct nlmsghdr *header, take_fn take, void *context)
{
	int error = 0;

	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	if (header->nlmsg_type == NLMSG_OVERRUN)
		return -ENOBUFS;
	if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
		if (mnl_nlmsg_get_payload_len(header) > 0)
			error = error_of(header);
		return error ? error : 1;
	}
	return header->nlmsg_type < NLMSG_MIN_TYPE ? 0 : take(header, context);
}

/* Not mnl_nlmsg_ok(): that of libmnl 1.0.4 takes a length with the highest bit set for a negative
 * one, and lets it pass. */
static bool is_whole(const struct nlmsghdr *header, size_t left)
{
	return left >= sizeof(*header) && header->nlmsg_len >= sizeof(*header) &&
	       header->nlmsg_len <= left;
}

static int each_message(const void *bytes, size_t n, uint32_t sequence, uint32_t port_id,
			take_fn take, void *context)
{
	const struct nlmsghdr *header = bytes;
	int left = n > REPLY_MAX ? REPLY_MAX : (int)n;

	while (left > 0 && is_whole(header, (size_t)left)) {
		if (mnl_nlmsg_seq_ok(header, sequence) && mnl_nlmsg_portid_ok(header, port_id)) {
			int r = take_message(header, take, context);

			if (r != 0)
				return r;
		}
		header = mnl_nlmsg_next(header, &left);
	}
	return left > 0 ? -EBADMSG : 0;
}

struct parsing {
	enum kernel_talk talk;
	struct kernel_ports *out;
};

static int take_reply(const struct nlmsghdr *header, void *context)
{
	const struct parsing *p = context;

	return p->talk == KERNEL_LINKS ? take_link(header, p->out)
				       : take_generic(p->talk, header, p->out);
}

int kernel_parse(enum kernel_talk talk, const void *bytes, size_t n, uint32_t sequence,
		 uint32_t port_id, struct kernel_ports *out)
{
	struct parsing p = {.talk = talk, .out = out};

	return each_message(bytes, n, sequence, port_id, take_reply, &p);
}

static int take_family(const struct nlmsghdr *header, void *context)
{
	size_t n = mnl_nlmsg_get_payload_len(header);
	struct attributes a;

	if (n < GENL_HDRLEN)
		return -EBADMSG;
	a = read_attributes(mnl_nlmsg_get_payload_offset(header, GENL_HDRLEN), n - GENL_HDRLEN);
	*(int *)context = read_u16(&a, CTRL_ATTR_FAMILY_ID);
	return 1;
}

int kernel_parse_family(const void *bytes, size_t n, uint32_t sequence, uint32_t port_id)
{
	int id = 0;
	int r = each_message(bytes, n, sequence, port_id, take_family, &id);

	return r < 0 ? r : id > 0 ? id : -ENOENT;
}

static int take_nsid(const struct nlmsghdr *header, void *context)
{
	size_t n = mnl_nlmsg_get_payload_len(header), skipped = align_up(sizeof(struct rtgenmsg));
	struct attributes a;
	int32_t id;

	if (header->nlmsg_type != RTM_NEWNSID || n < skipped)
		return -EBADMSG;
	a = read_attributes(mnl_nlmsg_get_payload_offset(header, sizeof(struct rtgenmsg)),
			    n - skipped);
	if (read_bytes(&a, NETNSA_NSID, &id, sizeof(id)))
		*(int *)context = id;
	return 1;
}

int kernel_parse_nsid(const void *bytes, size_t n, uint32_t sequence, uint32_t port_id)
{
	int id = -1;
	int r = each_message(bytes, n, sequence, port_id, take_nsid, &id);

	return r < 0 ? r : id >= 0 ? id : -ENOENT;
}

/* --- lines ----------------------------------------------------------------------------------- */

/* Every line that fits, terminated. */
static void each_line(const char *text, void (*take)(char *line, struct kernel_ports *out),
		      struct kernel_ports *out)
{
	char line[LONGEST_LINE];

	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n < sizeof(line)) {
			memcpy(line, text, n);
			line[n] = '\0';
			take(line, out);
		}
		text += n + (text[n] == '\n');
	}
}

/* "tcp 2049", "udp 2049"; other transports (rdma) are not ours. */
static void take_nfsd_line(char *line, struct kernel_ports *out)
{
	char *port = strchr(line, ' ');
	struct kernel_port p = {.driver = "nfsd", .has_v4 = true, .has_v6 = true, .link_ns = -1};
	enum transport transport;
	uint64_t number;

	if (!port)
		return;
	*port++ = '\0';
	if ((strcmp(line, "tcp") != 0 && strcmp(line, "udp") != 0) ||
	    transport_parse(line, &transport) < 0 ||
	    str_parse_u64(port, strcspn(port, " "), UINT16_MAX, &number) < 0)
		return;
	p.transports = TRANSPORT_BIT(transport);
	p.port = (uint16_t)number;
	push(out, &p);
}

void kernel_parse_nfsd(const char *text, struct kernel_ports *out)
{
	each_line(text, take_nfsd_line, out);
}

/* "UDP   0.0.0.0:7001            1   1   0": address and port are the second word. */
static void take_rxrpc_line(char *line, struct kernel_ports *out)
{
	struct kernel_port p = {.driver = "rxrpc", .transports = TRANSPORT_BIT(TRANSPORT_UDP),
				.link_ns = -1};
	char *word = line + strcspn(line, " "), *port;
	struct address address;
	uint64_t number;

	if (strncmp(line, "UDP", 3) != 0)
		return;
	word += strspn(word, " ");
	word[strcspn(word, " ")] = '\0';
	port = strrchr(word, ':');
	if (!port)
		return;
	*port++ = '\0';
	if (address_parse(word, &address) < 0 ||
	    str_parse_u64(port, strlen(port), UINT16_MAX, &number) < 0)
		return;
	p.port = (uint16_t)number;
	address = address_unmapped(&address);
	confine(&p, &address);
	push(out, &p);
}

void kernel_parse_rxrpc(const char *text, struct kernel_ports *out)
{
	each_line(text, take_rxrpc_line, out);
}

/* --- matching -------------------------------------------------------------------------------- */

bool kernel_is_port(const struct kernel_port *p, const struct live_socket *s)
{
	struct address local = s->local;

	if (s->local_port != p->port || !(p->transports & TRANSPORT_BIT(s->transport)) ||
	    !(local.family == ADDRESS_IPV4 ? p->has_v4 : p->has_v6))
		return false;
	local.scope_id = 0;
	return p->has_address ? address_is_equal(&p->address, &local)
			      : address_is_wildcard(&local);
}
