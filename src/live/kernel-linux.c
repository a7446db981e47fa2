#include "live/kernel-linux.h"

#include "base/fd.h"
#include "base/str.h"
#include "live/kernel.h"

/* Before the kernel's headers, which then leave its names alone. */
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
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
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { REPLY_SIZE = 64 * 1024, REQUEST_SIZE = 512, TEXT_SIZE = 64 * 1024, N_TRIES = 3 };
/* Not in older kernel headers: RTEXT_FILTER_SKIP_STATS of include/uapi/linux/rtnetlink.h. */
enum { SKIP_STATS = 1 << 3 };

/* A conversation over one netlink protocol, in the namespace of the calling thread. */
struct talk {
	struct mnl_socket *netlink;
	uint32_t sequence, port_id;
	void *reply; /* borrowed: REPLY_SIZE bytes */
};

/* The whole search. */
struct finding {
	struct arena *arena;
	const struct netns_list *namespaces;
	const struct socket_list *list;
	const bool *is_open;
	const struct live_owner **found;
	int *homes;  /* a descriptor of each namespace in which something is open; otherwise -1 */
	void *reply; /* REPLY_SIZE bytes */
};

/* --- one conversation ------------------------------------------------------------------------ */

static void talk_close(struct talk *t)
{
	if (t->netlink)
		mnl_socket_close(t->netlink);
}

static bool talk_open(struct talk *t, int protocol, void *reply)
{
	const struct timeval patience = {.tv_sec = 5};

	*t = (struct talk){.reply = reply};
	t->netlink = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!t->netlink || mnl_socket_bind(t->netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(t->netlink), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) < 0)
		return false;
	t->port_id = mnl_socket_get_portid(t->netlink);
	return true;
}

static long receive(struct talk *t)
{
	ssize_t n;

	do {
		n = mnl_socket_recvfrom(t->netlink, t->reply, REPLY_SIZE);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static struct nlmsghdr *begin(struct talk *t, void *buffer, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *header;

	memset(buffer, 0, REQUEST_SIZE);
	header = mnl_nlmsg_put_header(buffer);
	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_seq = ++t->sequence;
	return header;
}

static bool send_request(struct talk *t, const struct nlmsghdr *header)
{
	return mnl_socket_sendto(t->netlink, header, header->nlmsg_len) >= 0;
}

/* A dump and everything that answers it. What cannot be had is left out. */
static int dump(struct talk *t, const struct nlmsghdr *header, enum kernel_talk talk,
		struct kernel_ports *out)
{
	int r = send_request(t, header) ? 0 : -errno;

	while (r == 0) {
		long n = receive(t);

		r = n < 0 ? (int)n
			  : kernel_parse(talk, t->reply, (size_t)n, t->sequence, t->port_id, out);
	}
	/* It may hold a private key. */
	if (talk == KERNEL_WIREGUARD)
		explicit_bzero(t->reply, REPLY_SIZE);
	return r < 0 ? r : 0;
}

/* --- what is asked --------------------------------------------------------------------------- */

static void ask_links(struct finding *f, struct kernel_ports *out)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[REQUEST_SIZE];
	struct talk t;
	int r = -EINTR;

	for (int i = 0; talk_open(&t, NETLINK_ROUTE, f->reply) && i < N_TRIES && r == -EINTR; i++) {
		struct nlmsghdr *header = begin(&t, buffer, RTM_GETLINK, NLM_F_DUMP);

		mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
		mnl_attr_put_u32(header, IFLA_EXT_MASK, SKIP_STATS);
		out->n = 0;
		out->n_wireguards = 0;
		r = dump(&t, header, KERNEL_LINKS, out);
		talk_close(&t);
		t.netlink = NULL;
	}
	talk_close(&t);
}

/* The number that a generic netlink family has here; negative: it is not there. */
static int ask_family(struct talk *t, const char *name)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[REQUEST_SIZE];
	struct nlmsghdr *header = begin(t, buffer, GENL_ID_CTRL, 0);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));
	long n;

	generic->cmd = CTRL_CMD_GETFAMILY;
	generic->version = 1;
	mnl_attr_put_strz(header, CTRL_ATTR_FAMILY_NAME, name);
	if (!send_request(t, header))
		return -errno;
	n = receive(t);
	return n < 0 ? (int)n : kernel_parse_family(t->reply, (size_t)n, t->sequence, t->port_id);
}

/* One dump of a family; `device` is the interface it is about, NULL = all there is. */
static void ask_generic(struct talk *t, int family, enum kernel_talk talk, uint8_t command,
			uint8_t version, const char *device, struct kernel_ports *out)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[REQUEST_SIZE];
	struct nlmsghdr *header = begin(t, buffer, (uint16_t)family, NLM_F_DUMP);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));

	generic->cmd = command;
	generic->version = version;
	if (device)
		mnl_attr_put_strz(header, WGDEVICE_A_IFNAME, device);
	(void)!dump(t, header, talk, out);
}

static void ask_families(struct finding *f, struct kernel_ports *out)
{
	static const struct {
		const char *name;
		enum kernel_talk talk;
		uint8_t command, version;
	} families[] = {
		{"fou", KERNEL_FOU, FOU_CMD_GET, FOU_GENL_VERSION},
		{"l2tp", KERNEL_L2TP, L2TP_CMD_TUNNEL_GET, L2TP_GENL_VERSION},
		{MPTCP_PM_NAME, KERNEL_MPTCP, MPTCP_PM_CMD_GET_ADDR, MPTCP_PM_VER},
	};
	struct talk t;
	int id;

	if (talk_open(&t, NETLINK_GENERIC, f->reply)) {
		for (size_t i = 0; i < N_ELEMENTS(families); i++) {
			id = ask_family(&t, families[i].name);
			if (id > 0)
				ask_generic(&t, id, families[i].talk, families[i].command,
					    families[i].version, NULL, out);
		}
		id = out->n_wireguards > 0 ? ask_family(&t, WG_GENL_NAME) : -ENOENT;
		for (size_t i = 0; id > 0 && i < out->n_wireguards; i++)
			ask_generic(&t, id, KERNEL_WIREGUARD, WG_CMD_GET_DEVICE, WG_GENL_VERSION,
				    out->wireguards[i], out);
	}
	talk_close(&t);
}

static void ask_file(const char *path, void (*parse)(const char *, struct kernel_ports *),
		     struct kernel_ports *out)
{
	char *text = NULL;
	size_t n;

	if (fd_slurp_at(AT_FDCWD, path, TEXT_SIZE, &text, &n) == 0)
		parse(text, out);
	free(text);
}

/* What an open namespace is called in the one that the thread is in; negative: nothing. */
static int ask_nsid(struct finding *f, int fd)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[REQUEST_SIZE];
	struct nlmsghdr *header;
	struct talk t;
	long n = -EIO;

	if (talk_open(&t, NETLINK_ROUTE, f->reply)) {
		header = begin(&t, buffer, RTM_GETNSID, 0);
		mnl_nlmsg_put_extra_header(header, sizeof(struct rtgenmsg));
		mnl_attr_put_u32(header, NETNSA_FD, (uint32_t)fd);
		n = send_request(&t, header) ? receive(&t) : -errno;
		if (n >= 0)
			n = kernel_parse_nsid(t.reply, (size_t)n, t.sequence, t.port_id);
	}
	talk_close(&t);
	return (int)n;
}

/* --- joining --------------------------------------------------------------------------------- */

static void name_owner(struct finding *f, size_t i, const struct kernel_port *p, size_t n_more)
{
	struct live_owner *owner = arena_alloc(f->arena, sizeof(*owner));
	const char *name = p->driver;

	if (p->device)
		name = arena_printf(f->arena, "%s %s", name, p->device);
	if (name && n_more > 0)
		name = arena_printf(f->arena, "%s and %zu more", name, n_more);
	if (!owner || !name)
		return;
	*owner = (struct live_owner){.kernel = name, .fd = -1, .method = LIVE_BY_KERNEL};
	f->found[i] = owner;
}

/* The ports whose sockets are in namespace `ns`, which the one asked calls `id` (-1: itself). */
static void claim(struct finding *f, const struct kernel_ports *ports, const struct netns *ns,
		  int32_t id)
{
	for (size_t i = 0; i < f->list->n; i++) {
		const struct kernel_port *first = NULL;
		size_t n_more = 0;

		if (!f->is_open[i] || f->found[i] || f->list->items[i].ns != &ns->ns)
			continue;
		for (size_t k = 0; k < ports->n; k++) {
			const struct kernel_port *p = &ports->items[k];

			if (p->link_ns != id || !kernel_is_port(p, &f->list->items[i]))
				continue;
			/* Devices of one driver share a socket. */
			n_more += first != NULL;
			first = first ? first : p;
		}
		if (first)
			name_owner(f, i, first, n_more);
	}
}

/* Devices that were moved here from another namespace: their sockets stayed there. */
static void claim_elsewhere(struct finding *f, const struct kernel_ports *ports)
{
	bool is_needed = false;

	for (size_t k = 0; k < ports->n; k++)
		is_needed |= ports->items[k].link_ns >= 0;
	for (size_t i = 0; is_needed && i < f->namespaces->n; i++) {
		int id = f->homes[i] >= 0 ? ask_nsid(f, f->homes[i]) : -1;

		if (id >= 0)
			claim(f, ports, &f->namespaces->items[i], id);
	}
}

static void ask_namespace(struct netns *ns, int error, void *context)
{
	struct finding *f = context;
	size_t at = (size_t)(ns - f->namespaces->items);
	struct kernel_ports ports = {.arena = f->arena};

	if (error < 0)
		return;
	ask_links(f, &ports);
	claim_elsewhere(f, &ports);
	if (f->homes[at] < 0)
		return;
	ask_families(f, &ports);
	ask_file("/proc/thread-self/net/rxrpc/locals", kernel_parse_rxrpc, &ports);
	/* Mounted in berth's own namespace; it tells the ports of the one it was mounted in. */
	if (ns->ns.is_here)
		ask_file("/proc/fs/nfsd/portlist", kernel_parse_nfsd, &ports);
	claim(f, &ports, ns, -1);
}

/* lockd's ports, where they are set: nothing tells that it has opened them. */
static void ask_lockd(struct kernel_ports *out)
{
	static const struct {
		const char *path;
		enum transport transport;
	} ports[] = {{"/proc/sys/fs/nfs/nlm_tcpport", TRANSPORT_TCP},
		     {"/proc/sys/fs/nfs/nlm_udpport", TRANSPORT_UDP}};

	for (size_t i = 0; i < N_ELEMENTS(ports); i++) {
		struct kernel_port *slot;
		char text[16];
		uint64_t port;

		if (fd_read_file_at(AT_FDCWD, ports[i].path, text, sizeof(text), NULL) < 0 ||
		    str_parse_u64(text, strcspn(text, "\n"), UINT16_MAX, &port) < 0 || port == 0)
			continue;
		slot = ARENA_PUSH(out->arena, out->items, out->n, out->capacity);
		if (slot)
			*slot = (struct kernel_port){
				.driver = "lockd",
				.transports = TRANSPORT_BIT(ports[i].transport),
				.has_v4 = true,
				.has_v6 = true,
				.port = (uint16_t)port,
				.link_ns = -1,
			};
	}
}

/* --- the whole ------------------------------------------------------------------------------- */

/* The namespaces in which something is open. */
static bool open_homes(struct finding *f)
{
	bool is_needed = false;

	for (size_t i = 0; i < f->namespaces->n; i++)
		f->homes[i] = -1;
	for (size_t i = 0; i < f->list->n; i++) {
		/* `ns` is the first member of struct netns. */
		const struct netns *ns = (const void *)f->list->items[i].ns;
		int *home = &f->homes[ns - f->namespaces->items];

		if (!f->is_open[i])
			continue;
		is_needed = true;
		if (*home < 0)
			*home = netns_open(ns);
	}
	return is_needed;
}

int kernel_find(struct netns_list *namespaces, struct arena *arena, const struct socket_list *list,
		const bool *is_open, enum kernel_certainty certainty,
		const struct live_owner **found)
{
	struct finding f = {.arena = arena, .namespaces = namespaces, .list = list,
			    .is_open = is_open, .found = found};
	struct kernel_ports configured = {.arena = arena};

	f.homes = calloc(MAX_OF(namespaces->n, 1), sizeof(*f.homes));
	f.reply = malloc(REPLY_SIZE);
	if (!f.homes || !f.reply) {
		free(f.homes);
		free(f.reply);
		return -ENOMEM;
	}
	if (open_homes(&f)) {
		switch (certainty) {
		case KERNEL_CERTAIN:
			if (namespaces->items[0].ns.is_here)
				ask_namespace(&namespaces->items[0], 0, &f);
			netns_visit(namespaces, ask_namespace, &f);
			break;
		case KERNEL_ELIMINATED:
			ask_lockd(&configured);
			if (namespaces->items[0].ns.is_here)
				claim(&f, &configured, &namespaces->items[0], -1);
			break;
		}
	}
	for (size_t i = 0; i < namespaces->n; i++)
		fd_close(f.homes[i]);
	free(f.homes);
	free(f.reply);
	return arena_failed(arena) ? -ENOMEM : 0;
}
