/*
 * nft-dump: asks nf_tables for every chain, table, rule, set and element, and does nothing with the
 * answers: what the kernel takes for a whole rule set, whoever asks. Prints how many bytes came.
 */
#include <libmnl/libmnl.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_SIZE = 64 * 1024, MOST_SETS = 65536, NAME_SIZE = 256 };

struct set {
	char table[NAME_SIZE], name[NAME_SIZE];
	uint8_t family;
};

static struct set *sets;
static size_t n_sets;
static unsigned long long n_bytes;
static uint8_t reply[REPLY_SIZE];

static int find_name(const struct nlattr *a, void *data)
{
	struct set *s = data;
	uint16_t type = mnl_attr_get_type(a);
	char *to = type == NFTA_SET_TABLE ? s->table : type == NFTA_SET_NAME ? s->name : NULL;

	if (to && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) == 0)
		snprintf(to, NAME_SIZE, "%s", mnl_attr_get_str(a));
	return MNL_CB_OK;
}

static int take(const struct nlmsghdr *head, void *keeps_sets)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(head);

	n_bytes += head->nlmsg_len;
	if (!keeps_sets || n_sets == MOST_SETS)
		return MNL_CB_OK;
	sets[n_sets].family = nfg->nfgen_family;
	if (mnl_attr_parse(head, sizeof(*nfg), find_name, &sets[n_sets]) >= 0)
		n_sets++;
	return MNL_CB_OK;
}

static int ask(struct mnl_socket *s, uint16_t type, const struct set *of, void *keeps_sets)
{
	uint8_t room[1024] = {0};
	struct nlmsghdr *head = mnl_nlmsg_put_header(room);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(head, sizeof(*nfg));
	static unsigned int sequence;
	int r = 1;

	head->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->nlmsg_seq = ++sequence;
	nfg->nfgen_family = of ? of->family : NFPROTO_UNSPEC;
	if (of) {
		mnl_attr_put_strz(head, NFTA_SET_ELEM_LIST_TABLE, of->table);
		mnl_attr_put_strz(head, NFTA_SET_ELEM_LIST_SET, of->name);
	}
	if (mnl_socket_sendto(s, head, head->nlmsg_len) < 0)
		return -1;
	while (r > 0) {
		ssize_t n = mnl_socket_recvfrom(s, reply, sizeof(reply));

		if (n < 0)
			return -1;
		r = mnl_cb_run(reply, (size_t)n, sequence, mnl_socket_get_portid(s), take,
			       keeps_sets);
	}
	return r;
}

int main(void)
{
	struct mnl_socket *s = mnl_socket_open(NETLINK_NETFILTER);
	int r;

	sets = calloc(MOST_SETS, sizeof(*sets));
	if (!sets || !s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		perror("nft-dump");
		return 4;
	}
	r = ask(s, NFT_MSG_GETCHAIN, NULL, NULL);
	r |= ask(s, NFT_MSG_GETTABLE, NULL, NULL);
	r |= ask(s, NFT_MSG_GETRULE, NULL, NULL);
	r |= ask(s, NFT_MSG_GETSET, NULL, &sets);
	for (size_t i = 0; i < n_sets; i++)
		r |= ask(s, NFT_MSG_GETSETELEM, &sets[i], NULL);
	if (r < 0)
		perror("nft-dump");
	printf("%llu bytes, %zu sets\n", n_bytes, n_sets);
	return r < 0 ? 4 : 0;
}
