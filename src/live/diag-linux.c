#include "live/diag-linux.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

/* What older kernel headers lack. */
enum { ATTR_PROTOCOL = 3, ATTR_V6ONLY = 11, ATTR_ULP = 19, ATTR_CGROUP = 21, ULP_NAME = 1 };
enum { MPTCP_NUMBER = 262, NEW_SYN_RECV = 12 };
/* idiag_timer of a row that is not a socket any more (struct inet_timewait_sock). */
enum { TIMER_REMNANT = 3 };
/* A protocol number that no kernel gives an answer for: one too old to read ATTR_PROTOCOL must say
 * ENOENT rather than dump what 262 & 255 happens to mean (it is TCP). */
enum { NO_PROTOCOL = 253 };
/* A dump never needs more: the kernel fills at most 32 KiB at once. */
enum { REPLY_SIZE = 64 * 1024, N_TRIES = 5, N_NAMES = 8 };

/* --- the request ----------------------------------------------------------------------------- */

/* The kernel's filter program: each step jumps `yes` or `no` bytes ahead; falling off the exact end
 * accepts, 4 bytes further rejects. Returns the number of steps. */
static size_t write_filter(const struct diag_query *q, struct inet_diag_bc_op *op)
{
	const unsigned short first = q->first_port, last = q->last_port;

	if (!q->is_remote_too) {
		op[0] = (struct inet_diag_bc_op){INET_DIAG_BC_S_GE, 8, 20};
		op[1].no = first;
		op[2] = (struct inet_diag_bc_op){INET_DIAG_BC_S_LE, 8, 12};
		op[3].no = last;
		return 4;
	}
	op[0] = (struct inet_diag_bc_op){INET_DIAG_BC_S_GE, 8, 20};
	op[1].no = first;
	op[2] = (struct inet_diag_bc_op){INET_DIAG_BC_S_LE, 8, 12};
	op[3].no = last;
	op[4] = (struct inet_diag_bc_op){INET_DIAG_BC_JMP, 4, 20};
	op[5] = (struct inet_diag_bc_op){INET_DIAG_BC_D_GE, 8, 20};
	op[6].no = first;
	op[7] = (struct inet_diag_bc_op){INET_DIAG_BC_D_LE, 8, 12};
	op[8].no = last;
	return 9;
}

static uint8_t protocol_number(enum transport t)
{
	switch (t) {
	case TRANSPORT_TCP:
		return IPPROTO_TCP;
	case TRANSPORT_UDP:
		return IPPROTO_UDP;
	case TRANSPORT_UDPLITE:
		return IPPROTO_UDPLITE;
	case TRANSPORT_SCTP:
		return IPPROTO_SCTP;
	case TRANSPORT_DCCP:
		return IPPROTO_DCCP;
	case TRANSPORT_MPTCP:
		break;
	}
	return NO_PROTOCOL;
}

static void put_attributes(struct nlmsghdr *header, const struct diag_query *q)
{
	struct inet_diag_bc_op filter[9] = {0};

	if (q->transport == TRANSPORT_MPTCP)
		mnl_attr_put_u32(header, ATTR_PROTOCOL, MPTCP_NUMBER);
	if (q->first_port != 0 || q->last_port != UINT16_MAX) {
		size_t n = write_filter(q, filter);

		mnl_attr_put(header, INET_DIAG_REQ_BYTECODE, n * sizeof(filter[0]), filter);
	}
}

size_t diag_request(const struct diag_query *q, int family, uint32_t sequence, void *buffer)
{
	/* The upper layer of a socket comes along with its tcp_info only. */
	const uint8_t extensions = q->is_ulp_wanted ? 1 << (INET_DIAG_INFO - 1) : 0;
	struct nlmsghdr *header;

	memset(buffer, 0, DIAG_REQUEST_SIZE);
	header = mnl_nlmsg_put_header(buffer);
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = sequence;
	if (family == AF_UNSPEC) {
		/* Only the older form walks both families at once, at half the price. */
		struct inet_diag_req *old = mnl_nlmsg_put_extra_header(header, sizeof(*old));

		header->nlmsg_type = TCPDIAG_GETSOCK;
		old->idiag_family = AF_UNSPEC;
		old->idiag_states = q->states;
		old->idiag_ext = extensions;
	} else {
		struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(header, sizeof(*req));

		header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		req->sdiag_family = (uint8_t)family;
		req->sdiag_protocol = protocol_number(q->transport);
		req->idiag_states = q->states;
		req->idiag_ext = extensions;
	}
	put_attributes(header, q);
	return header->nlmsg_len;
}

/* --- the reply ------------------------------------------------------------------------------- */

/* What the attributes of a row say. */
struct extras {
	bool has_v6only, is_v6only, is_mptcp_half;
	uint64_t cgroup_id;
};

static int read_ulp(const struct nlattr *attr, void *context)
{
	struct extras *extras = context;

	if (mnl_attr_get_type(attr) == ULP_NAME && mnl_attr_get_payload_len(attr) >= 5)
		extras->is_mptcp_half = memcmp(mnl_attr_get_payload(attr), "mptcp", 5) == 0;
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *attr, void *context)
{
	struct extras *extras = context;

	switch (mnl_attr_get_type(attr)) {
	case ATTR_V6ONLY:
		if (mnl_attr_get_payload_len(attr) >= 1) {
			extras->has_v6only = true;
			extras->is_v6only = mnl_attr_get_u8(attr) != 0;
		}
		break;
	case ATTR_ULP:
		return mnl_attr_parse_nested(attr, read_ulp, extras);
	case ATTR_CGROUP:
		if (mnl_attr_get_payload_len(attr) >= sizeof(uint64_t))
			extras->cgroup_id = mnl_attr_get_u64(attr);
		break;
	default: /* not our enum: the kernel sends many more */
		break;
	}
	return MNL_CB_OK;
}

static struct address address_of(const uint32_t words_be[4], uint8_t family, uint32_t interface)
{
	struct address a = {.family = family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6};

	memcpy(a.bytes, words_be, family == AF_INET ? 4 : 16);
	a = address_unmapped(&a);
	if (a.family == ADDRESS_IPV6 && address_is_link_local(&a))
		a.scope_id = interface;
	return a;
}

static bool is_datagram(enum transport t)
{
	return t == TRANSPORT_UDP || t == TRANSPORT_UDPLITE;
}

/* The live_state of a kernel state, -1 for one that was not asked for. */
static int state_of(const struct diag_query *q, uint8_t kernel_state)
{
	uint32_t bit = kernel_state < 32 ? (uint32_t)1 << kernel_state : 0;

	if (bit == DIAG_CLOSE && !is_datagram(q->transport))
		return q->states & DIAG_BOUND_INACTIVE ? (int)LIVE_BOUND : -1;
	/* A request socket is stored as NEW_SYN_RECV and shown when SYN_RECV is asked for. */
	if (kernel_state == NEW_SYN_RECV)
		bit = (uint32_t)1 << TCP_SYN_RECV;
	if (!(q->states & bit))
		return -1;
	if (bit == DIAG_LISTEN || bit == DIAG_CLOSE)
		return LIVE_LISTENER;
	return bit == DIAG_TIME_WAIT ? LIVE_TIME_WAIT : LIVE_CONNECTION;
}

static bool has_asked_port(const struct diag_query *q, const struct live_socket *s)
{
	if (s->local_port >= q->first_port && s->local_port <= q->last_port)
		return true;
	return q->is_remote_too && s->has_remote && s->remote_port >= q->first_port &&
	       s->remote_port <= q->last_port;
}

static enum live_stage stage_of(uint8_t kernel_state)
{
	switch (kernel_state) {
	case TCP_ESTABLISHED:
		return LIVE_ESTABLISHED;
	case TCP_SYN_SENT:
		return LIVE_SYN_SENT;
	case TCP_SYN_RECV:
	case NEW_SYN_RECV:
		return LIVE_SYN_RECEIVED;
	case TCP_FIN_WAIT1:
		return LIVE_FIN_WAIT_1;
	case TCP_FIN_WAIT2:
		return LIVE_FIN_WAIT_2;
	case TCP_CLOSE_WAIT:
		return LIVE_CLOSE_WAIT;
	case TCP_LAST_ACK:
		return LIVE_LAST_ACK;
	case TCP_CLOSING:
		return LIVE_CLOSING;
	default: /* not our enum */
		return LIVE_STAGE_NONE;
	}
}

/* What TCP does with the connection, and how long the kernel keeps what nobody has any more. */
static void fill_stage(const struct inet_diag_msg *msg, struct live_socket *s)
{
	bool is_left = s->inode == 0 && msg->idiag_state == TCP_FIN_WAIT2;

	if (is_datagram(s->transport))
		return;
	if (s->state == LIVE_CONNECTION)
		s->stage = stage_of(msg->idiag_state);
	s->is_remnant = s->state == LIVE_TIME_WAIT ||
			(is_left && msg->idiag_timer == TIMER_REMNANT);
	if (s->state == LIVE_TIME_WAIT || is_left)
		s->expires_ms = msg->idiag_expires;
}

/* Whether the message is a row that answers `q`; fills `*row`. */
static bool decode(const struct inet_diag_msg *msg, const struct extras *extras,
		   const struct diag_query *q, struct diag_row *row)
{
	const struct inet_diag_sockid *id = &msg->id;
	struct live_socket *s = &row->socket;
	int state = state_of(q, msg->idiag_state);

	if (state < 0 || (msg->idiag_family != AF_INET && msg->idiag_family != AF_INET6))
		return false;
	*row = (struct diag_row){
		.interface_index = id->idiag_if,
		.is_mptcp_half = extras->is_mptcp_half,
	};
	s->transport = q->transport;
	s->state = (enum live_state)state;
	s->local = address_of(id->idiag_src, msg->idiag_family, id->idiag_if);
	s->local_port = ntohs(id->idiag_sport);
	s->has_remote = state == LIVE_CONNECTION || state == LIVE_TIME_WAIT;
	if (s->has_remote) {
		s->remote = address_of(id->idiag_dst, msg->idiag_family, id->idiag_if);
		s->remote_port = ntohs(id->idiag_dport);
	}
	s->is_dual_stack = !s->has_remote && s->local.family == ADDRESS_IPV6 &&
			   address_is_wildcard(&s->local) && extras->has_v6only &&
			   !extras->is_v6only;
	s->has_queue = msg->idiag_state == TCP_LISTEN;
	s->queued = s->has_queue ? msg->idiag_rqueue : 0;
	s->limit = s->has_queue ? msg->idiag_wqueue : 0;
	s->inode = msg->idiag_inode;
	s->cookie = (uint64_t)id->idiag_cookie[1] << 32 | id->idiag_cookie[0];
	s->has_uid = s->inode != 0;
	s->uid = s->has_uid ? msg->idiag_uid : 0;
	fill_stage(msg, s);
	if (extras->has_v6only && s->local.family == ADDRESS_IPV6 && !s->is_dual_stack)
		s->v6only = extras->is_v6only ? MAYBE_YES : MAYBE_NO;
	s->cgroup_id = extras->cgroup_id;
	return has_asked_port(q, s) &&
	       (s->local.family == ADDRESS_IPV4 ? q->want_v4
						: q->want_v6 || (q->want_v4 && s->is_dual_stack));
}

/* A kernel's error, from a message whose payload begins with one. */
static int error_of(const struct nlmsghdr *header)
{
	int error;

	if (mnl_nlmsg_get_payload_len(header) < sizeof(error))
		return -EBADMSG;
	memcpy(&error, mnl_nlmsg_get_payload(header), sizeof(error));
	return error > -4096 && error < 0 ? error : 0;
}

static int take_message(const struct nlmsghdr *header, const struct diag_query *q, diag_row_fn row,
			void *context)
{
	struct extras extras = {0};
	struct diag_row decoded;

	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	if (header->nlmsg_type == NLMSG_ERROR) {
		int error = error_of(header);

		return error ? error : 1;
	}
	if (header->nlmsg_type == NLMSG_DONE)
		return mnl_nlmsg_get_payload_len(header) >= sizeof(int) && error_of(header) < 0
			       ? error_of(header)
			       : 1;
	if (header->nlmsg_type == NLMSG_OVERRUN)
		return -ENOBUFS;
	if (header->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;
	if (mnl_nlmsg_get_payload_len(header) < sizeof(struct inet_diag_msg))
		return -EBADMSG;
	if (mnl_attr_parse(header, sizeof(struct inet_diag_msg), read_attribute, &extras) < 0)
		return -EBADMSG;
	if (decode(mnl_nlmsg_get_payload(header), &extras, q, &decoded))
		row(&decoded, context);
	return 0;
}

/* Whether a whole message is there. Not mnl_nlmsg_ok(): that of libmnl 1.0.4 takes a length with
 * the highest bit set for a negative one, and lets it pass. */
static bool is_whole(const struct nlmsghdr *header, size_t left)
{
	return left >= sizeof(*header) && header->nlmsg_len >= sizeof(*header) &&
	       header->nlmsg_len <= left;
}

int diag_parse(const void *bytes, size_t n, const struct diag_query *q, uint32_t sequence,
	       uint32_t port_id, diag_row_fn row, void *context)
{
	const struct nlmsghdr *header = bytes;
	int left = n > REPLY_SIZE ? REPLY_SIZE : (int)n;

	while (left > 0 && is_whole(header, (size_t)left)) {
		/* An answer to an earlier, abandoned request is not ours. */
		if (mnl_nlmsg_seq_ok(header, sequence) && mnl_nlmsg_portid_ok(header, port_id)) {
			int r = take_message(header, q, row, context);

			if (r != 0)
				return r;
		}
		header = mnl_nlmsg_next(header, &left);
	}
	return left > 0 ? -EBADMSG : 0;
}

/* --- the conversation ------------------------------------------------------------------------ */

struct diag {
	struct mnl_socket *netlink;
	struct arena *arena;
	uint32_t sequence, port_id;
	bool may_have_mptcp;
	struct {
		uint32_t index;
		const char *text;
	} names[N_NAMES]; /* of interfaces met lately */
	size_t next_name;
	void *reply; /* REPLY_SIZE bytes */
};

struct diag *diag_close(struct diag *d)
{
	if (!d)
		return NULL;
	if (d->netlink)
		mnl_socket_close(d->netlink);
	free(d->reply);
	free(d);
	return NULL;
}

int diag_open(struct arena *arena, struct diag **out)
{
	const struct timeval patience = {.tv_sec = 10};
	struct diag *d = calloc(1, sizeof(*d));
	int error;

	if (!d)
		return -ENOMEM;
	d->arena = arena;
	d->reply = malloc(REPLY_SIZE);
	d->netlink = d->reply ? mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC) : NULL;
	if (!d->netlink || mnl_socket_bind(d->netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(d->netlink), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) < 0) {
		error = d->reply ? -errno : -ENOMEM;
		diag_close(d);
		return error;
	}
	d->port_id = mnl_socket_get_portid(d->netlink);
	*out = d;
	return 0;
}

bool diag_may_have_mptcp(const struct diag *d)
{
	return d->may_have_mptcp;
}

/* The name of an interface of the namespace of `d`; NULL when it is gone. */
static const char *interface_name(struct diag *d, uint32_t index)
{
	struct ifreq request = {.ifr_ifindex = (int)index};

	for (size_t i = 0; i < N_NAMES; i++) {
		if (d->names[i].index == index)
			return d->names[i].text;
	}
	if (ioctl(mnl_socket_get_fd(d->netlink), SIOCGIFNAME, &request) < 0)
		return NULL;
	d->names[d->next_name].index = index;
	d->names[d->next_name].text = arena_strndup(d->arena, request.ifr_name, IFNAMSIZ);
	index = (uint32_t)d->next_name;
	d->next_name = (d->next_name + 1) % N_NAMES;
	return d->names[index].text;
}

struct dump {
	struct diag *diag;
	const struct live_namespace *ns;
	struct socket_list *list;
	bool is_ulp_wanted;
};

static void keep_row(const struct diag_row *row, void *context)
{
	struct dump *dump = context;
	struct live_socket s = row->socket;

	s.ns = dump->ns;
	if (s.transport == TRANSPORT_TCP && (row->is_mptcp_half || !dump->is_ulp_wanted))
		dump->diag->may_have_mptcp = true;
	/* MPTCP's own dump skips some of several listeners of one address (seen on Linux 6.18). */
	if (row->is_mptcp_half && s.state == LIVE_LISTENER)
		s.transport = TRANSPORT_MPTCP;
	if (row->interface_index != 0) {
		s.interface = interface_name(dump->diag, row->interface_index);
		if (!s.interface) /* it is gone, and the socket stays bound to it */
			s.interface = arena_printf(dump->diag->arena, "#%u", row->interface_index);
	}
	socket_list_push(dump->list, &s);
}

/* One request and everything that answers it; `*n_parts` replies had rows. */
static int converse(struct diag *d, const struct diag_query *q, int family, struct dump *dump,
		    size_t *n_parts)
{
	_Alignas(struct nlmsghdr) unsigned char request[DIAG_REQUEST_SIZE];
	size_t length = diag_request(q, family, ++d->sequence, request);
	int r = 0;

	*n_parts = 0;

	if (mnl_socket_sendto(d->netlink, request, length) < 0)
		return -errno;
	while (r == 0) {
		ssize_t n = mnl_socket_recvfrom(d->netlink, d->reply, REPLY_SIZE);
		size_t before = dump->list->n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOSPC ? -EBADMSG : -errno; /* ENOSPC: libmnl's "cut off" */
		r = diag_parse(d->reply, (size_t)n, q, d->sequence, d->port_id, keep_row, dump);
		*n_parts += dump->list->n > before;
	}
	return r < 0 ? r : 0;
}

/*
 * Between two parts of a dump the kernel only remembers how many sockets of a hash bucket it has
 * told. When one of those is closed meanwhile it leaves out another, that lives, without a word: so
 * a dump in parts is made a second time, and who is in both is unified later. Not with connections,
 * of which there may be many thousand, while their buckets are small.
 */
static bool may_have_skipped(const struct diag_query *q, size_t n_parts)
{
	const uint32_t quiet = DIAG_LISTEN | DIAG_BOUND_INACTIVE | DIAG_CLOSE;

	return n_parts > 1 && (q->transport == TRANSPORT_UDP || q->transport == TRANSPORT_UDPLITE ||
			       (q->states & ~quiet) == 0);
}

static int dump_family(struct diag *d, const struct diag_query *q, int family, struct dump *dump)
{
	size_t kept = dump->list->n, n_parts = 0, n_whole;
	int r = -EINTR;

	for (int i = 0; i < N_TRIES && (r == -EINTR || r == -ENOBUFS); i++) {
		dump->list->n = kept;
		r = converse(d, q, family, dump, &n_parts);
	}
	n_whole = r < 0 ? kept : dump->list->n;
	if (r < 0 || (may_have_skipped(q, n_parts) && converse(d, q, family, dump, &n_parts) < 0))
		dump->list->n = n_whole;
	return r;
}

int diag_dump(struct diag *d, const struct diag_query *q, const struct live_namespace *ns,
	      struct socket_list *list)
{
	struct dump dump = {
		.diag = d,
		.ns = ns,
		.list = list,
		.is_ulp_wanted = q->is_ulp_wanted,
	};
	size_t kept = list->n;
	int r = 0;

	/* IPv4 may live in an IPv6 socket, so IPv6 is always asked. */
	if (q->transport == TRANSPORT_TCP && q->want_v4)
		return dump_family(d, q, AF_UNSPEC, &dump);
	if (q->want_v4)
		r = dump_family(d, q, AF_INET, &dump);
	if (r == 0)
		r = dump_family(d, q, AF_INET6, &dump);
	if (r == -ENOENT && q->want_v4 && list->n > kept)
		r = 0; /* a kernel without IPv6 */
	if (r < 0)
		list->n = kept;
	return r;
}
