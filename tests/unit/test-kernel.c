/*
 * What the kernel's drivers say of themselves, as netlink messages; and which sockets are theirs.
 *
 * The messages of geneve, bareudp, fou, l2tp and wireguard are made here after the kernel's uapi
 * headers: those drivers need not be in the kernel that runs the tests.
 */
#include <netinet/in.h>

#include "live/kernel.h"

#include <errno.h>
#include <linux/fou.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/l2tp.h>
#include <linux/mptcp.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/wireguard.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SEQUENCE = 7, PORT_ID = 99, GENERIC = 33 };

/* A reply under construction. */
struct reply {
	_Alignas(8) unsigned char bytes[4096];
	size_t n;
	struct nlmsghdr *header;
};

static void append(struct reply *r, const void *bytes, size_t n)
{
	size_t padded = (n + 3) & ~(size_t)3;

	memset(r->bytes + r->n, 0, padded);
	if (n > 0)
		memcpy(r->bytes + r->n, bytes, n);
	r->n += padded;
	r->header->nlmsg_len += (uint32_t)padded;
}

static void begin(struct reply *r, uint16_t type, const void *head, size_t n)
{
	r->header = (void *)(r->bytes + r->n);
	*r->header = (struct nlmsghdr){.nlmsg_len = sizeof(*r->header), .nlmsg_type = type,
				       .nlmsg_flags = NLM_F_MULTI, .nlmsg_seq = SEQUENCE,
				       .nlmsg_pid = PORT_ID};
	r->n += sizeof(*r->header);
	append(r, head, n);
}

static void attribute(struct reply *r, uint16_t type, const void *bytes, size_t n)
{
	struct nlattr attr = {.nla_len = (uint16_t)(sizeof(attr) + n), .nla_type = type};

	append(r, &attr, sizeof(attr));
	append(r, bytes, n);
}

static void text(struct reply *r, uint16_t type, const char *value)
{
	attribute(r, type, value, strlen(value) + 1);
}

static void u8(struct reply *r, uint16_t type, uint8_t value)
{
	attribute(r, type, &value, sizeof(value));
}

static void u16(struct reply *r, uint16_t type, uint16_t value)
{
	attribute(r, type, &value, sizeof(value));
}

static void u32(struct reply *r, uint16_t type, uint32_t value)
{
	attribute(r, type, &value, sizeof(value));
}

static struct nlattr *open_nest(struct reply *r, uint16_t type)
{
	struct nlattr *nest = (void *)(r->bytes + r->n);

	attribute(r, type, NULL, 0);
	return nest;
}

static void close_nest(struct reply *r, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)(r->bytes + r->n - (unsigned char *)nest);
}

static void end(struct reply *r)
{
	int zero = 0;

	begin(r, NLMSG_DONE, &zero, sizeof(zero));
}

/* A link of this kind; `fill` puts its IFLA_INFO_DATA. */
static void link_of(struct reply *r, const char *name, const char *kind, unsigned int flags,
		    void (*fill)(struct reply *r))
{
	struct ifinfomsg info = {.ifi_flags = flags};
	struct nlattr *linkinfo, *data;

	begin(r, RTM_NEWLINK, &info, sizeof(info));
	text(r, IFLA_IFNAME, name);
	linkinfo = open_nest(r, IFLA_LINKINFO);
	text(r, IFLA_INFO_KIND, kind);
	data = open_nest(r, IFLA_INFO_DATA);
	if (fill)
		fill(r);
	close_nest(r, data);
	close_nest(r, linkinfo);
}

static void generic(struct reply *r, uint8_t command)
{
	struct genlmsghdr head = {.cmd = command, .version = 1};

	begin(r, GENERIC, &head, sizeof(head));
}

/* "vxlan vx0 udp 4789 v4 [ADDRESS] [@NS]", one a line. */
static const char *tell(const struct kernel_ports *ports, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ports->n; i++) {
		const struct kernel_port *p = &ports->items[i];
		char address[ADDRESS_TEXT_SIZE], ns[16] = "";

		if (p->link_ns >= 0)
			snprintf(ns, sizeof(ns), " @%d", p->link_ns);
		n += (size_t)snprintf(
			out + n, size - n, "%s%s%s %s %u%s%s%s%s%s", i > 0 ? "\n" : "", p->driver,
			p->device ? p->device : "",
			p->transports & TRANSPORT_BIT(TRANSPORT_UDP) ? "udp" : "tcp", p->port,
			p->has_v4 ? " v4" : "", p->has_v6 ? " v6" : "", p->has_address ? " " : "",
			p->has_address ? address_format(&p->address, address) : "", ns);
	}
	return out;
}

static void check(struct reply *r, enum kernel_talk talk, const char *expected)
{
	struct arena arena = {0};
	struct kernel_ports ports = {.arena = &arena};
	char told[1024];

	end(r);
	assert_int_equal(kernel_parse(talk, r->bytes, r->n, SEQUENCE, PORT_ID, &ports), 1);
	assert_string_equal(tell(&ports, told, sizeof(told)), expected);
	arena_fini(&arena);
}

static void vxlan_4789(struct reply *r)
{
	u8(r, IFLA_VXLAN_COLLECT_METADATA, 0);
	u16(r, IFLA_VXLAN_PORT, htons(4789));
}

static void vxlan_v6(struct reply *r)
{
	static const uint8_t address[16] = {0xfd, [15] = 1};

	u16(r, IFLA_VXLAN_PORT, htons(4789));
	attribute(r, IFLA_VXLAN_GROUP6, address, sizeof(address));
}

static void vxlan_both(struct reply *r)
{
	u8(r, IFLA_VXLAN_COLLECT_METADATA, 1);
	u16(r, IFLA_VXLAN_PORT, htons(4789));
}

static void geneve_6081(struct reply *r)
{
	u16(r, IFLA_GENEVE_PORT, htons(6081));
	u32(r, IFLA_GENEVE_REMOTE, htonl(0x0a000001));
}

static void geneve_both(struct reply *r)
{
	u16(r, IFLA_GENEVE_PORT, htons(6081));
	attribute(r, IFLA_GENEVE_COLLECT_METADATA, NULL, 0);
}

static void bareudp_6635(struct reply *r)
{
	u16(r, IFLA_BAREUDP_PORT, htons(6635));
}

static void short_port(struct reply *r)
{
	u8(r, IFLA_VXLAN_PORT, 18);
}

static void test_links(void **state BERTH_UNUSED)
{
	static const struct {
		const char *name, *kind;
		void (*fill)(struct reply *r);
		unsigned int flags;
		const char *expected;
	} cases[] = {
		{"0", "vxlan", vxlan_4789, IFF_UP, "vxlan0 udp 4789 v4"},
		{"6", "vxlan", vxlan_v6, IFF_UP, "vxlan6 udp 4789 v6"},
		{"b", "vxlan", vxlan_both, IFF_UP, "vxlanb udp 4789 v4 v6"},
		{"g", "geneve", geneve_6081, IFF_UP, "geneveg udp 6081 v4"},
		{"g", "geneve", geneve_both, IFF_UP, "geneveg udp 6081 v4 v6"},
		{"u", "bareudp", bareudp_6635, IFF_UP, "bareudpu udp 6635 v4 v6"},
		{"d", "vxlan", vxlan_4789, 0, ""},
		{"n", "vxlan", NULL, IFF_UP, ""},
		{"s", "vxlan", short_port, IFF_UP, ""},
		{"v", "veth", vxlan_4789, IFF_UP, ""},
		{"e", "", vxlan_4789, IFF_UP, ""},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct reply r = {.n = 0};

		link_of(&r, cases[i].name, cases[i].kind, cases[i].flags, cases[i].fill);
		check(&r, KERNEL_LINKS, cases[i].expected);
	}
}

static void test_moved_link(void **state BERTH_UNUSED)
{
	struct reply r = {.n = 0};

	link_of(&r, "0", "vxlan", IFF_UP, vxlan_4789);
	u32(&r, IFLA_LINK_NETNSID, 3);
	check(&r, KERNEL_LINKS, "vxlan0 udp 4789 v4 @3");
}

static void test_wireguard(void **state BERTH_UNUSED)
{
	static const uint8_t key[32] = {1, 2, 3};
	struct arena arena = {0};
	struct kernel_ports ports = {.arena = &arena};
	struct reply r = {.n = 0}, device = {.n = 0}, silent = {.n = 0};

	link_of(&r, "wg0", "wireguard", IFF_UP, NULL);
	link_of(&r, "wg1", "wireguard", 0, NULL);
	end(&r);
	assert_int_equal(kernel_parse(KERNEL_LINKS, r.bytes, r.n, SEQUENCE, PORT_ID, &ports), 1);
	assert_int_equal(ports.n_wireguards, 1);
	assert_string_equal(ports.wireguards[0], "wg0");
	arena_fini(&arena);
	generic(&device, WG_CMD_GET_DEVICE);
	text(&device, WGDEVICE_A_IFNAME, "wg0");
	attribute(&device, WGDEVICE_A_PRIVATE_KEY, key, sizeof(key));
	u16(&device, WGDEVICE_A_LISTEN_PORT, 51820);
	check(&device, KERNEL_WIREGUARD, "wireguardwg0 udp 51820 v4 v6");
	generic(&silent, WG_CMD_GET_DEVICE);
	u16(&silent, WGDEVICE_A_LISTEN_PORT, 0);
	check(&silent, KERNEL_WIREGUARD, "");
}

static void test_generic(void **state BERTH_UNUSED)
{
	static const uint8_t v6[16] = {0xfd, [15] = 1};
	struct reply fou = {.n = 0}, l2tp = {.n = 0}, mptcp = {.n = 0};
	struct nlattr *nest;

	generic(&fou, FOU_CMD_GET);
	u16(&fou, FOU_ATTR_PORT, htons(5555));
	u8(&fou, FOU_ATTR_AF, AF_INET);
	u8(&fou, FOU_ATTR_TYPE, FOU_ENCAP_DIRECT);
	generic(&fou, FOU_CMD_GET);
	u16(&fou, FOU_ATTR_PORT, htons(5556));
	u8(&fou, FOU_ATTR_AF, AF_INET6);
	u8(&fou, FOU_ATTR_TYPE, FOU_ENCAP_GUE);
	generic(&fou, FOU_CMD_GET);
	u16(&fou, FOU_ATTR_PORT, htons(5557));
	attribute(&fou, FOU_ATTR_LOCAL_V6, v6, sizeof(v6));
	check(&fou, KERNEL_FOU,
	      "fou udp 5555 v4\ngue udp 5556 v6\nfou udp 5557 v6 fd00::1");

	generic(&l2tp, L2TP_CMD_TUNNEL_GET);
	u32(&l2tp, L2TP_ATTR_CONN_ID, 42);
	u16(&l2tp, L2TP_ATTR_ENCAP_TYPE, L2TP_ENCAPTYPE_UDP);
	u32(&l2tp, L2TP_ATTR_IP_SADDR, htonl(0x0a000001));
	u16(&l2tp, L2TP_ATTR_UDP_SPORT, 1701);
	generic(&l2tp, L2TP_CMD_TUNNEL_GET); /* over plain IP: no port */
	u16(&l2tp, L2TP_ATTR_ENCAP_TYPE, L2TP_ENCAPTYPE_IP);
	u32(&l2tp, L2TP_ATTR_IP_SADDR, htonl(0x0a000001));
	u16(&l2tp, L2TP_ATTR_UDP_SPORT, 1702);
	check(&l2tp, KERNEL_L2TP, "l2tptunnel 42 udp 1701 v4 10.0.0.1");

	generic(&mptcp, MPTCP_PM_CMD_GET_ADDR);
	nest = open_nest(&mptcp, MPTCP_PM_ATTR_ADDR | NLA_F_NESTED);
	u8(&mptcp, MPTCP_PM_ADDR_ATTR_ID, 3);
	u32(&mptcp, MPTCP_PM_ADDR_ATTR_ADDR4, htonl(0x0a000001));
	u16(&mptcp, MPTCP_PM_ADDR_ATTR_PORT, 7777);
	close_nest(&mptcp, nest);
	check(&mptcp, KERNEL_MPTCP, "mptcpendpoint 3 tcp 7777 v4 10.0.0.1");
}

static void test_messages(void **state BERTH_UNUSED)
{
	struct arena arena = {0};
	struct kernel_ports ports = {.arena = &arena};
	struct reply r = {.n = 0}, family = {.n = 0}, nsid = {.n = 0}, none = {.n = 0};
	struct rtgenmsg head = {.rtgen_family = AF_UNSPEC};
	int error = -EPERM;

	link_of(&r, "0", "vxlan", IFF_UP, vxlan_4789);
	assert_int_equal(kernel_parse(KERNEL_LINKS, r.bytes, r.n, SEQUENCE, PORT_ID, &ports), 0);
	assert_int_equal(kernel_parse(KERNEL_LINKS, r.bytes, r.n, SEQUENCE + 1, PORT_ID, &ports),
			 0);
	assert_int_equal(ports.n, 1);
	assert_int_equal(kernel_parse(KERNEL_LINKS, r.bytes, r.n - 4, SEQUENCE, PORT_ID, &ports),
			 -EBADMSG);
	r.header->nlmsg_flags |= NLM_F_DUMP_INTR;
	assert_int_equal(kernel_parse(KERNEL_LINKS, r.bytes, r.n, SEQUENCE, PORT_ID, &ports),
			 -EINTR);
	r.n = 0;
	begin(&r, NLMSG_ERROR, &error, sizeof(error));
	assert_int_equal(kernel_parse(KERNEL_FOU, r.bytes, r.n, SEQUENCE, PORT_ID, &ports), -EPERM);
	assert_int_equal(kernel_parse_family(r.bytes, r.n, SEQUENCE, PORT_ID), -EPERM);
	generic(&family, CTRL_CMD_NEWFAMILY);
	u16(&family, CTRL_ATTR_FAMILY_ID, 29);
	assert_int_equal(kernel_parse_family(family.bytes, family.n, SEQUENCE, PORT_ID), 29);
	begin(&nsid, RTM_NEWNSID, &head, sizeof(head));
	u32(&nsid, NETNSA_NSID, 5);
	assert_int_equal(kernel_parse_nsid(nsid.bytes, nsid.n, SEQUENCE, PORT_ID), 5);
	begin(&none, RTM_NEWNSID, &head, sizeof(head));
	u32(&none, NETNSA_NSID, UINT32_MAX);
	assert_int_equal(kernel_parse_nsid(none.bytes, none.n, SEQUENCE, PORT_ID), -ENOENT);
	arena_fini(&arena);
}

static void test_lines(void **state BERTH_UNUSED)
{
	struct arena arena = {0};
	struct kernel_ports nfsd = {.arena = &arena}, rxrpc = {.arena = &arena};
	char told[512];

	kernel_parse_nfsd("rdma 20049\ntcp 2049\nudp 2049\ntcp x\ntcp 65536\ntcp\n\nsctp 1\n",
			  &nfsd);
	assert_string_equal(tell(&nfsd, told, sizeof(told)),
			    "nfsd tcp 2049 v4 v6\nnfsd udp 2049 v4 v6");
	kernel_parse_rxrpc("Proto Local                                           Use Act RxQ\n"
			   "UDP   0.0.0.0:7001                                      1   1   0\n"
			   "UDP   [::]:7003                                         1   1   0\n"
			   "UDP   10.0.0.1:7004                                     1   1   0\n"
			   "UDP   nonsense                                          1   1   0\n"
			   "UDP\n",
			   &rxrpc);
	assert_string_equal(tell(&rxrpc, told, sizeof(told)),
			    "rxrpc udp 7001 v4\nrxrpc udp 7003 v6\nrxrpc udp 7004 v4 10.0.0.1");
	arena_fini(&arena);
}

static void test_matches(void **state BERTH_UNUSED)
{
	static const struct {
		const char *address;
		uint16_t port;
		enum transport transport;
		const char *at; /* the socket's address */
		bool has_v4, has_v6, is_expected;
	} cases[] = {
		{NULL, 4789, TRANSPORT_UDP, "0.0.0.0", true, false, true},
		{NULL, 4789, TRANSPORT_UDP, "::", true, false, false},
		{NULL, 4789, TRANSPORT_UDP, "::", true, true, true},
		{NULL, 4789, TRANSPORT_UDP, "127.0.0.1", true, true, false},
		{NULL, 4789, TRANSPORT_TCP, "0.0.0.0", true, true, false},
		{NULL, 4790, TRANSPORT_UDP, "0.0.0.0", true, true, false},
		{"10.0.0.1", 4789, TRANSPORT_UDP, "10.0.0.1", true, false, true},
		{"10.0.0.1", 4789, TRANSPORT_UDP, "0.0.0.0", true, false, false},
		{"10.0.0.1", 4789, TRANSPORT_UDP, "10.0.0.2", true, false, false},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct kernel_port p = {.driver = "x", .port = 4789, .has_v4 = cases[i].has_v4,
					.has_v6 = cases[i].has_v6,
					.has_address = cases[i].address != NULL,
					.transports = TRANSPORT_BIT(TRANSPORT_UDP)};
		struct live_socket s = {.transport = cases[i].transport,
					.local_port = cases[i].port};

		assert_int_equal(address_parse(cases[i].at, &s.local), 0);
		if (cases[i].address)
			assert_int_equal(address_parse(cases[i].address, &p.address), 0);
		if (kernel_is_port(&p, &s) != cases[i].is_expected)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),	 cmocka_unit_test(test_moved_link),
		cmocka_unit_test(test_wireguard), cmocka_unit_test(test_generic),
		cmocka_unit_test(test_messages), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
