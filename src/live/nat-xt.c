#include "live/nat-xt.h"

#include "base/lang.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>

/* struct nf_nat_ipv4_multi_range_compat with its one range (the program's headers lack a size). */
struct old_range {
	uint32_t size, flags;
	uint8_t min_address[4], max_address[4];
	uint16_t min_port_be, max_port_be;
};

/* struct nf_nat_range2; nf_nat_range is its beginning, without the base. */
struct new_range {
	uint32_t flags;
	uint8_t min_address[16], max_address[16];
	uint16_t min_port_be, max_port_be, base_be;
};

enum { RANGE_ADDRESS = 1, RANGE_PORTS = 2, RANGE_OFFSET = 32 };
enum { OLD_ADDRTYPE_SIZE = 12 };

/* --- matches --------------------------------------------------------------------------------- */

/* Source and destination ports of the tcp and udp matches, which begin alike. */
static bool match_ports(struct nat_box *b, const uint16_t ports[4], bool is_not_source,
			bool is_not_destination)
{
	if (ports[0] != 0 || ports[1] != UINT16_MAX || is_not_source)
		nat_box_doubt(b, N_("from some source ports only"));
	return is_not_destination ? nat_box_not_ports(b, ports[2], ports[3])
				  : nat_box_ports(b, ports[2], ports[3]);
}

static bool match_tcp(struct nat_box *b, struct nat_bytes info)
{
	struct xt_tcp tcp;
	uint16_t ports[4];

	if (info.n < sizeof(tcp))
		return nat_box_doubt(b, N_("under further conditions")), true;
	memcpy(&tcp, info.at, sizeof(tcp));
	memcpy(ports, info.at, sizeof(ports));
	if (tcp.option || tcp.flg_mask)
		nat_box_doubt(b, NULL);
	return match_ports(b, ports, tcp.invflags & XT_TCP_INV_SRCPT,
			   tcp.invflags & XT_TCP_INV_DSTPT);
}

static bool match_udp(struct nat_box *b, struct nat_bytes info)
{
	struct xt_udp udp;
	uint16_t ports[4];

	if (info.n < sizeof(udp))
		return nat_box_doubt(b, N_("under further conditions")), true;
	memcpy(&udp, info.at, sizeof(udp));
	memcpy(ports, info.at, sizeof(ports));
	return match_ports(b, ports, udp.invflags & XT_UDP_INV_SRCPT,
			   udp.invflags & XT_UDP_INV_DSTPT);
}

static bool match_multiport(struct nat_box *b, struct nat_bytes info, struct nat_xt_spans *spans)
{
	struct xt_multiport_v1 m;

	if (info.n < sizeof(m))
		return nat_box_doubt(b, N_("under further conditions")), true;
	memcpy(&m, info.at, sizeof(m));
	if (m.flags == XT_MULTIPORT_SOURCE || m.count > XT_MULTI_PORTS)
		return nat_box_doubt(b, N_("from some source ports only")), true;
	for (size_t i = 0; i < m.count; i++) {
		uint16_t first = m.ports[i], last = first;

		if (m.pflags[i] && i + 1 < m.count)
			last = m.ports[++i];
		if (m.invert) {
			if (!nat_box_not_ports(b, first, last))
				return false;
			continue;
		}
		spans->items[spans->n].first = first;
		spans->items[spans->n++].last = last;
	}
	if (m.flags == XT_MULTIPORT_EITHER && !m.invert) {
		spans->n = 0; /* the source port may be the one that fits */
		nat_box_doubt(b, N_("under further conditions"));
		return true;
	}
	return m.invert || spans->n > 0;
}

static bool match_addrtype(struct nat_box *b, uint32_t revision, struct nat_bytes info)
{
	struct xt_addrtype_info_v1 v1;
	uint32_t inverted[2];
	uint16_t kinds[2];
	bool is_local;

	if (info.n < (revision == 0 ? OLD_ADDRTYPE_SIZE : sizeof(v1)))
		return nat_box_doubt(b, N_("under further conditions")), true;
	memcpy(kinds, info.at, sizeof(kinds));
	if (revision == 0) {
		memcpy(inverted, info.at + sizeof(kinds), sizeof(inverted));
	} else {
		memcpy(&v1, info.at, sizeof(v1));
		inverted[0] = v1.flags & XT_ADDRTYPE_INVERT_SOURCE;
		inverted[1] = v1.flags & XT_ADDRTYPE_INVERT_DEST;
	}
	if (kinds[0])
		nat_box_doubt(b, N_("from some sources only"));
	if (!kinds[1])
		return true;
	is_local = !(kinds[1] & XT_ADDRTYPE_LOCAL) == (inverted[1] != 0);
	b->is_local |= is_local;
	return is_local;
}

bool nat_xt_match(struct nat_box *b, const char *name, uint32_t revision, struct nat_bytes info,
		  struct nat_xt_spans *spans)
{
	static const char *const silent[] = {"conntrack", "state"};
	static const char *const chosen[] = {"statistic", "recent", "random", "nth"};

	if (strcmp(name, "comment") == 0)
		return true;
	if (strcmp(name, "tcp") == 0)
		return match_tcp(b, info);
	if (strcmp(name, "udp") == 0 || strcmp(name, "udplite") == 0)
		return match_udp(b, info);
	if (strcmp(name, "multiport") == 0 && revision == 1)
		return match_multiport(b, info, spans);
	if (strcmp(name, "addrtype") == 0)
		return match_addrtype(b, revision, info);
	for (size_t i = 0; i < N_ELEMENTS(silent); i++) {
		if (strcmp(name, silent[i]) == 0)
			return nat_box_doubt(b, NULL), true;
	}
	for (size_t i = 0; i < N_ELEMENTS(chosen); i++) {
		if (strcmp(name, chosen[i]) == 0)
			return nat_box_doubt(b, N_("one of several")), true;
	}
	nat_box_doubt(b, N_("under further conditions"));
	return true;
}

/* --- targets --------------------------------------------------------------------------------- */

static void set_ports(struct nat_target *t, uint32_t flags, uint16_t min_be, uint16_t max_be,
		      uint16_t base_be)
{
	if (!(flags & RANGE_PORTS))
		return;
	t->has_ports = true;
	t->first = ntohs(min_be);
	t->last = ntohs(max_be);
	t->has_base = flags & RANGE_OFFSET;
	t->base = ntohs(base_be);
}

static bool read_old_range(struct nat_bytes info, struct nat_target *t)
{
	struct old_range range;

	if (info.n < sizeof(range))
		return false;
	memcpy(&range, info.at, sizeof(range));
	t->family = NAT_V4;
	t->has_address = range.flags & RANGE_ADDRESS;
	memcpy(t->address, range.min_address, sizeof(range.min_address));
	set_ports(t, range.flags, range.min_port_be, range.max_port_be, 0);
	return true;
}

static bool read_new_range(struct nat_bytes info, uint8_t family, bool has_base,
			   struct nat_target *t)
{
	struct new_range range = {0};
	size_t n = has_base ? sizeof(range) : offsetof(struct new_range, base_be);

	if (info.n < n)
		return false;
	memcpy(&range, info.at, n);
	t->family = family == NFPROTO_IPV6 ? NAT_V6 : NAT_V4;
	t->has_address = range.flags & RANGE_ADDRESS;
	memcpy(t->address, range.min_address, nat_address_size(t->family));
	set_ports(t, has_base ? range.flags : range.flags & ~(uint32_t)RANGE_OFFSET,
		  range.min_port_be, range.max_port_be, range.base_be);
	return true;
}

bool nat_xt_target(const char *name, uint32_t revision, struct nat_bytes info, uint8_t family,
		   struct nat_outcome *out)
{
	bool is_dnat = strcmp(name, "DNAT") == 0, is_redirect = strcmp(name, "REDIRECT") == 0;
	struct nat_target t = {.is_xtables = true, .is_redirect = is_redirect};
	bool is_read;

	if (strcmp(name, "SNAT") == 0 || strcmp(name, "MASQUERADE") == 0) {
		*out = (struct nat_outcome){.end = NAT_END_STOP};
		return true;
	}
	if (!is_dnat && !is_redirect)
		return false; /* LOG, MARK and the like go on to the next rule */
	if (revision == 0 && family != NFPROTO_IPV6)
		is_read = read_old_range(info, &t);
	else
		is_read = read_new_range(info, family, revision >= 2, &t);
	*out = (struct nat_outcome){.end = is_read ? NAT_END_TRANSLATE : NAT_END_STOP, .target = t};
	if (is_redirect)
		out->target.has_address = false;
	return true;
}
