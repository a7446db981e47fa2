#include "live/nat-linux.h"

#include "base/fd.h"
#include "base/lang.h"
#include "live/addresses-linux.h"
#include "live/nat-decode.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

/* A dump fills at most 32 KiB at once. MOST_BYTES bounds what a rule set may cost. */
enum { REPLY_SIZE = 64 * 1024, N_TRIES = 5, MOST_SINGLE_CHAINS = 24, MOST_SINGLE_SETS = 24 };
enum { MOST_BYTES = 64 * 1024 * 1024, SK_LOOKUP = 36 };

static const char what[] = N_("published ports");

/* One conversation with nf_tables. */
struct talk {
	struct mnl_socket *netlink;
	struct arena arena; /* of the rule set: forgotten when it was walked */
	struct nat_rules rules;
	uint32_t sequence, port_id;
	uint8_t *buffer; /* REPLY_SIZE */
	size_t n_chains; /* asked for one by one */
	size_t n_sets;   /* the same */
	int error;       /* the first that a fetch met */
	bool is_too_large;
};

/* --- the conversation ------------------------------------------------------------------------ */

/* What one message of an answer says: 0 go on, 1 done, or a negative errno. */
static int check_message(const struct nlmsghdr *head)
{
	int error = 0;

	if (head->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	if (head->nlmsg_type == NLMSG_OVERRUN)
		return -ENOBUFS;
	if (head->nlmsg_type != NLMSG_ERROR && head->nlmsg_type != NLMSG_DONE)
		return head->nlmsg_flags & NLM_F_MULTI ? 0 : 1;
	if (mnl_nlmsg_get_payload_len(head) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(head), sizeof(error));
	return error < 0 ? error : 1;
}

/* Add the messages of one datagram that answer this request. */
static int take_datagram(struct talk *t, size_t n)
{
	const struct nlmsghdr *head = (const void *)t->buffer;
	int left = (int)n, r = 0;

	while (r == 0 && mnl_nlmsg_ok(head, left)) {
		if (mnl_nlmsg_seq_ok(head, t->sequence) && mnl_nlmsg_portid_ok(head, t->port_id)) {
			r = check_message(head);
			if (r >= 0)
				nat_rules_add(&t->rules, head, head->nlmsg_len);
		}
		head = mnl_nlmsg_next(head, &left);
	}
	if (r == 0 && t->arena.n_bytes > MOST_BYTES) {
		t->is_too_large = true;
		return -E2BIG;
	}
	return r;
}

static int converse(struct talk *t, const struct nlmsghdr *request)
{
	int r = 0;

	if (mnl_socket_sendto(t->netlink, request, request->nlmsg_len) < 0)
		return -errno;
	while (r == 0) {
		ssize_t n = mnl_socket_recvfrom(t->netlink, t->buffer, REPLY_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		r = take_datagram(t, (size_t)n);
	}
	return r < 0 ? r : 0;
}

/* A request about everything, about a table, or about something of a table. */
static struct nlmsghdr *begin(struct talk *t, void *room, uint16_t type, bool is_dump,
			      uint8_t family)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(room);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(head, sizeof(*nfg));

	head->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (is_dump ? NLM_F_DUMP : 0));
	head->nlmsg_seq = ++t->sequence;
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return head;
}

static int ask_all(struct talk *t, uint16_t type)
{
	char room[128] = {0};

	return converse(t, begin(t, room, type, true, NFPROTO_UNSPEC));
}

static int ask_rules(struct talk *t, uint8_t family, const char *table, const char *chain)
{
	char room[1024] = {0};
	struct nlmsghdr *head = begin(t, room, NFT_MSG_GETRULE, true, family);

	mnl_attr_put_strz(head, NFTA_RULE_TABLE, table);
	if (*chain)
		mnl_attr_put_strz(head, NFTA_RULE_CHAIN, chain);
	return converse(t, head);
}

static int ask_set(struct talk *t, const struct nat_set *s, uint16_t type, bool is_dump)
{
	char room[1024] = {0};
	struct nlmsghdr *head = begin(t, room, type, is_dump, s->family);

	/* The numbers of both attributes are those of NFTA_SET_ELEM_LIST_*, too. */
	mnl_attr_put_strz(head, NFTA_SET_TABLE, s->table);
	if (*s->name)
		mnl_attr_put_strz(head, NFTA_SET_NAME, s->name);
	return converse(t, head);
}

/* --- what the walk asks for ------------------------------------------------------------------ */

static void keep_error(struct talk *t, int r)
{
	/* What is gone by now, or changed again and again, is not shown at all. */
	if (r < 0 && r != -ENOENT && t->error == 0)
		t->error = r;
}

static void forget_rules(struct nat_rules *r, const struct nat_chain *only)
{
	for (size_t i = 0; i < r->n_chains; i++) {
		struct nat_chain *c = r->chains[i];

		if (!c->is_loaded && c->family == only->family &&
		    strcmp(c->table, only->table) == 0)
			c->n_rules = 0;
	}
}

/* Rules one chain at a time; of a table with very many chains all at once. */
static void fetch_chain(struct nat_rules *r, struct nat_chain *chain, void *context)
{
	struct nat_chain whole = {.family = chain->family, .table = chain->table, .name = ""};
	struct talk *t = context;
	bool is_whole = ++t->n_chains > MOST_SINGLE_CHAINS;
	int error = -EINTR;

	r->only = is_whole ? &whole : chain;
	for (int i = 0; i < N_TRIES && error == -EINTR; i++) {
		forget_rules(r, r->only);
		error = ask_rules(t, chain->family, chain->table, r->only->name);
	}
	r->only = NULL;
	keep_error(t, error);
	for (size_t i = 0; is_whole && i < r->n_chains; i++) {
		if (r->chains[i]->family == chain->family &&
		    strcmp(r->chains[i]->table, chain->table) == 0)
			r->chains[i]->is_loaded = true;
	}
}

/* What a set is; of a table with very many of them all at once: the kernel seeks each by name. */
static int describe_set(struct talk *t, const struct nat_set *set)
{
	const struct nat_set whole = {.family = set->family, .table = set->table, .name = ""};

	if (set->is_known)
		return 0;
	if (++t->n_sets > MOST_SINGLE_SETS)
		return ask_set(t, &whole, NFT_MSG_GETSET, true);
	return ask_set(t, set, NFT_MSG_GETSET, false);
}

static void fetch_set(struct nat_rules *r BERTH_UNUSED, struct nat_set *set, void *context)
{
	struct talk *t = context;
	int error = -EINTR;

	for (int i = 0; i < N_TRIES && error == -EINTR; i++) {
		set->n_elements = 0;
		error = describe_set(t, set);
		if (error == 0)
			error = ask_set(t, set, NFT_MSG_GETSETELEM, true);
	}
	keep_error(t, error);
}

/* --- one namespace --------------------------------------------------------------------------- */

static void close_talk(struct talk *t)
{
	nat_rules_fini(&t->rules);
	arena_fini(&t->arena);
	free(t->buffer);
	if (t->netlink)
		mnl_socket_close(t->netlink);
}

static int open_talk(struct talk *t)
{
	const struct timeval patience = {.tv_sec = 10};

	t->rules.arena = &t->arena;
	t->buffer = malloc(REPLY_SIZE);
	if (!t->buffer)
		return -ENOMEM;
	t->netlink = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!t->netlink || mnl_socket_bind(t->netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(t->netlink), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) < 0)
		return -errno;
	t->port_id = mnl_socket_get_portid(t->netlink);
	return 0;
}

/* The base chains; tables too when there are any, because a table may be asleep. */
static int ask_chains(struct talk *t)
{
	int r = -EINTR;

	for (int i = 0; i < N_TRIES && r == -EINTR; i++)
		r = ask_all(t, NFT_MSG_GETCHAIN);
	if (r == 0 && t->rules.n_chains > 0)
		r = ask_all(t, NFT_MSG_GETTABLE);
	return r == -EINTR && t->rules.n_chains > 0 ? 0 : r;
}

static uint8_t protocols_of(const struct live_request *r)
{
	return (uint8_t)((r->transports & TRANSPORT_BIT(TRANSPORT_TCP) ? NAT_TCP : 0) |
			 (r->transports & TRANSPORT_BIT(TRANSPORT_UDP) ? NAT_UDP : 0));
}

static void append(struct arena *arena, struct published_list *list, const struct nat_answer *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct live_published *slot =
			ARENA_PUSH(arena, list->items, list->n, list->capacity);

		if (slot)
			*slot = from->items[i];
	}
}

/* Returns 0, or what kept it from being asked. */
static int read_tables(struct talk *t, const struct live_request *request, struct arena *arena,
		       struct published_list *list)
{
	const struct nat_fetcher fetcher = {fetch_chain, fetch_set, t};
	struct nat_question q = {.first = request->first_port,
				 .last = request->last_port,
				 .protocols = protocols_of(request),
				 .families = (uint8_t)((request->want_v4 ? NAT_V4 : 0) |
						       (request->want_v6 ? NAT_V6 : 0))};
	struct address_list addresses = {0};
	struct nat_answer answer = {0};
	int r = open_talk(t);

	if (r == 0)
		r = ask_chains(t);
	if (r < 0 || t->rules.n_chains == 0)
		return r;
	q.has_addresses = addresses_read(&t->arena, &addresses) == 0;
	q.addresses = addresses.items;
	q.n_addresses = addresses.n;
	nat_decode_filter(&t->rules, &q);
	r = nat_decode(&t->rules, &q, &fetcher, arena, &answer);
	if (r < 0)
		return r;
	append(arena, list, &answer);
	t->is_too_large |= answer.is_cut;
	return t->error;
}

/* --- what is not in nf_tables ---------------------------------------------------------------- */

bool nat_has_legacy_table(const char *text)
{
	static const char line[] = "nat";
	const size_t n = sizeof(line) - 1;

	for (const char *at = text; (at = strstr(at, line)) != NULL; at += n) {
		if ((at == text || at[-1] == '\n') && (at[n] == '\n' || at[n] == '\0'))
			return true;
	}
	return false;
}

static void explain_legacy(struct gaps *gaps, const char *place)
{
	static const char *const files[] = {"/proc/thread-self/net/ip_tables_names",
					    "/proc/thread-self/net/ip6_tables_names"};
	char text[512];

	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		if (fd_read_file_at(AT_FDCWD, files[i], text, sizeof(text), NULL) <= 0 ||
		    !nat_has_legacy_table(text))
			continue;
		snprintf(text, sizeof(text), _("of legacy %s%s"), i == 0 ? "iptables" : "ip6tables",
			 place);
		gaps_add(gaps, what, text, N_("berth does not read the rules of the old ip_tables"),
			 N_("use iptables-nft"));
	}
}

bool nat_has_ipvs_service(const char *text)
{
	const char *line = text;

	for (int i = 0; i < 3 && line; i++) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line && *line;
}

static void explain_ipvs(struct gaps *gaps, const char *place)
{
	char text[1024];

	if (fd_read_file_at(AT_FDCWD, "/proc/thread-self/net/ip_vs", text, sizeof(text),
			    NULL) <= 0 ||
	    !nat_has_ipvs_service(text))
		return;
	snprintf(text, sizeof(text), _("of IPVS%s"), place);
	gaps_add(gaps, what, text, N_("berth does not read the services of IPVS"), NULL);
}

/* Programs of that type may hand any port to any socket. Only the privileged may ask. */
static void explain_sk_lookup(struct gaps *gaps, const char *place)
{
	BERTH_CLEANUP(fd_closep) int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	union bpf_attr attr;
	char where[160];

	if (fd < 0)
		return;
	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)fd;
	attr.query.attach_type = SK_LOOKUP;
	if (syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) < 0 || attr.query.prog_cnt == 0)
		return;
	snprintf(where, sizeof(where), _("of sk_lookup%s"), place);
	gaps_add(gaps, what, where,
		 N_("a BPF program hands ports to sockets, and berth cannot read which"), NULL);
}

static void explain_refusal(struct gaps *gaps, const char *where, int error)
{
	if (error == -EPERM || error == -EACCES)
		gaps_add(gaps, what, where, N_("NAT rules need CAP_NET_ADMIN to be read"),
			 geteuid() == 0 ? N_("run with CAP_NET_ADMIN") : N_("run as root"));
	else
		gaps_add_errno(gaps, what, where, -error);
}

int nat_read(const struct live_request *request, const char *place, struct arena *arena,
	     struct gaps *gaps, struct published_list *list)
{
	struct talk t = {0};
	char where[160];
	int r;

	explain_ipvs(gaps, place);
	if (geteuid() == 0)
		explain_sk_lookup(gaps, place);
	/* Without connection tracking there is no NAT, of whatever kind. */
	if (access("/proc/sys/net/netfilter/nf_conntrack_max", F_OK) < 0 && errno == ENOENT)
		return 0;
	explain_legacy(gaps, place);
	r = read_tables(&t, request, arena, list);
	close_talk(&t);
	if (r == -ENOMEM)
		return r;
	snprintf(where, sizeof(where), _("of NAT%s"), place);
	/* EINVAL, EOPNOTSUPP, EPROTONOSUPPORT: this kernel has no nf_tables. */
	if (r < 0 && r != -EINVAL && r != -EOPNOTSUPP && r != -EPROTONOSUPPORT && r != -E2BIG)
		explain_refusal(gaps, where, r);
	if (t.is_too_large || r == -E2BIG)
		gaps_add(gaps, what, where, N_("too many rules; not all of them were read"), NULL);
	return arena_failed(arena) ? -ENOMEM : 0;
}
