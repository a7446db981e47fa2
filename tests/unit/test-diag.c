/* Requests to and replies from sock_diag, as bytes; what becomes of rows that are there twice. */
#include "live/diag-linux.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SEQUENCE = 7, PORT_ID = 99 };

/* A reply under construction. */
struct reply {
	_Alignas(8) unsigned char bytes[4096];
	size_t n;
};

/* What diag_parse() handed out. */
struct rows {
	struct diag_row items[16];
	size_t n;
};

static void take(const struct diag_row *row, void *context)
{
	struct rows *rows = context;

	assert_true(rows->n < N_ELEMENTS(rows->items));
	rows->items[rows->n++] = *row;
}

static struct nlmsghdr *begin(struct reply *r, uint16_t type)
{
	struct nlmsghdr *header = (void *)(r->bytes + r->n);

	memset(header, 0, sizeof(*header));
	header->nlmsg_len = sizeof(*header);
	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_MULTI;
	header->nlmsg_seq = SEQUENCE;
	header->nlmsg_pid = PORT_ID;
	r->n += sizeof(*header);
	return header;
}

static void append(struct reply *r, struct nlmsghdr *header, const void *bytes, size_t n)
{
	size_t padded = (n + 3) & ~(size_t)3;

	memset(r->bytes + r->n, 0, padded);
	memcpy(r->bytes + r->n, bytes, n);
	r->n += padded;
	header->nlmsg_len += (uint32_t)padded;
}

static void append_attribute(struct reply *r, struct nlmsghdr *header, uint16_t type,
			     const void *bytes, size_t n)
{
	struct nlattr attr = {.nla_len = (uint16_t)(sizeof(attr) + n), .nla_type = type};

	append(r, header, &attr, sizeof(attr));
	append(r, header, bytes, n);
}

/* A row as the kernel sends it: 127.0.0.1 or ::, `port`, kernel state `state`. */
static struct inet_diag_msg row_of(uint8_t family, uint16_t port, uint8_t state)
{
	struct inet_diag_msg msg = {
		.idiag_family = family,
		.idiag_state = state,
		.idiag_inode = 4711,
		.idiag_uid = 1000,
		.idiag_rqueue = 3,
		.idiag_wqueue = 128,
	};

	msg.id.idiag_sport = htons(port);
	msg.id.idiag_cookie[0] = 5;
	msg.id.idiag_cookie[1] = 1;
	if (family == AF_INET)
		msg.id.idiag_src[0] = htonl(INADDR_LOOPBACK);
	return msg;
}

static void add_row(struct reply *r, uint8_t family, uint16_t port, uint8_t state)
{
	const struct inet_diag_msg msg = row_of(family, port, state);

	append(r, begin(r, SOCK_DIAG_BY_FAMILY), &msg, sizeof(msg));
}

static const struct diag_query everything = {
	.transport = TRANSPORT_TCP,
	.want_v4 = true,
	.want_v6 = true,
	.states = DIAG_LISTEN | DIAG_CONNECTED | DIAG_TIME_WAIT | DIAG_BOUND_INACTIVE,
	.last_port = UINT16_MAX,
};

static int parse(const struct reply *r, const struct diag_query *q, struct rows *rows)
{
	*rows = (struct rows){0};
	return diag_parse(r->bytes, r->n, q, SEQUENCE, PORT_ID, take, rows);
}

static void test_row(void **state BERTH_UNUSED)
{
	struct reply r = {0};
	struct rows rows;
	const struct live_socket *s = &rows.items[0].socket;
	struct inet_diag_msg msg = row_of(AF_INET, 22, 10);
	const uint64_t group = UINT64_C(0x123456789a);
	struct nlmsghdr *header;

	msg.id.idiag_if = 3;
	header = begin(&r, SOCK_DIAG_BY_FAMILY);
	append(&r, header, &msg, sizeof(msg));
	append_attribute(&r, header, 21, &group, sizeof(group));
	append_attribute(&r, header, 250, "?", 1);
	assert_int_equal(parse(&r, &everything, &rows), 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(s->state, LIVE_LISTENER);
	assert_int_equal(s->transport, TRANSPORT_TCP);
	assert_int_equal(s->local.family, ADDRESS_IPV4);
	assert_memory_equal(s->local.bytes, "\x7f\0\0\1", 4);
	assert_int_equal(s->local_port, 22);
	assert_false(s->has_remote);
	assert_true(s->has_queue);
	assert_int_equal(s->queued, 3);
	assert_int_equal(s->limit, 128);
	assert_int_equal(s->inode, 4711);
	assert_true(s->cookie == UINT64_C(0x100000005));
	assert_true(s->has_uid);
	assert_int_equal(s->uid, 1000);
	assert_true(s->cgroup_id == group);
	assert_int_equal(rows.items[0].interface_index, 3);
}

/* state, family, V6ONLY attribute (-1: none), what it is (-1: dropped), dual-stack */
static void test_states(void **state BERTH_UNUSED)
{
	static const struct {
		enum transport transport;
		uint8_t kernel_state, family;
		int v6only, expected;
		bool is_dual;
	} cases[] = {
		{TRANSPORT_TCP, 10, AF_INET, -1, LIVE_LISTENER, false},
		{TRANSPORT_TCP, 10, AF_INET6, 0, LIVE_LISTENER, true},
		{TRANSPORT_TCP, 10, AF_INET6, 1, LIVE_LISTENER, false},
		{TRANSPORT_TCP, 10, AF_INET6, -1, LIVE_LISTENER, false},
		{TRANSPORT_TCP, 7, AF_INET6, 0, LIVE_BOUND, true},
		{TRANSPORT_TCP, 7, AF_INET, -1, LIVE_BOUND, false},
		{TRANSPORT_TCP, 1, AF_INET, -1, LIVE_CONNECTION, false},
		{TRANSPORT_TCP, 3, AF_INET, -1, LIVE_CONNECTION, false},
		{TRANSPORT_TCP, 12, AF_INET, -1, LIVE_CONNECTION, false},
		{TRANSPORT_TCP, 8, AF_INET6, -1, LIVE_CONNECTION, false},
		{TRANSPORT_TCP, 6, AF_INET, -1, LIVE_TIME_WAIT, false},
		{TRANSPORT_TCP, 14, AF_INET, -1, -1, false},
		{TRANSPORT_TCP, 0, AF_INET, -1, -1, false},
		{TRANSPORT_TCP, 255, AF_INET, -1, -1, false},
		{TRANSPORT_TCP, 10, 77, -1, -1, false},
		{TRANSPORT_UDP, 7, AF_INET6, 0, LIVE_LISTENER, true},
		{TRANSPORT_UDP, 1, AF_INET, -1, LIVE_CONNECTION, false},
		{TRANSPORT_UDPLITE, 7, AF_INET, -1, LIVE_LISTENER, false},
		{TRANSPORT_UDP, 10, AF_INET, -1, -1, false},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct inet_diag_msg msg = row_of(cases[i].family, 80, cases[i].kernel_state);
		uint8_t flag = cases[i].v6only == 1;
		struct diag_query query = everything;
		struct reply r = {0};
		struct rows rows;
		struct nlmsghdr *header = begin(&r, SOCK_DIAG_BY_FAMILY);

		query.transport = cases[i].transport;
		if (query.transport != TRANSPORT_TCP)
			query.states = DIAG_CLOSE | DIAG_ESTABLISHED;
		append(&r, header, &msg, sizeof(msg));
		if (cases[i].v6only >= 0)
			append_attribute(&r, header, 11, &flag, 1);
		assert_int_equal(parse(&r, &query, &rows), 0);
		assert_int_equal(rows.n, cases[i].expected >= 0);
		if (rows.n == 0)
			continue;
		assert_int_equal(rows.items[0].socket.state, cases[i].expected);
		assert_int_equal(rows.items[0].socket.is_dual_stack, cases[i].is_dual);
	}
}

/* A row that was not asked for is never taken for an answer. */
static void test_unasked(void **state BERTH_UNUSED)
{
	struct diag_query query = everything;
	struct reply r = {0};
	struct rows rows;

	add_row(&r, AF_INET, 3476, 10);
	add_row(&r, AF_INET, 34760, 10);
	add_row(&r, AF_INET6, 3476, 10);
	add_row(&r, AF_INET, 3476, 1);
	query.first_port = query.last_port = 3476;
	query.states = DIAG_LISTEN;
	query.want_v6 = false;
	assert_int_equal(parse(&r, &query, &rows), 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.items[0].socket.local_port, 3476);
	assert_int_equal(rows.items[0].socket.local.family, ADDRESS_IPV4);
}

static void test_remote_port(void **state BERTH_UNUSED)
{
	struct inet_diag_msg msg = row_of(AF_INET, 50000, 1);
	struct diag_query query = everything;
	struct reply r = {0};
	struct rows rows;

	msg.id.idiag_dport = htons(3476);
	msg.id.idiag_dst[0] = htonl(INADDR_LOOPBACK);
	append(&r, begin(&r, SOCK_DIAG_BY_FAMILY), &msg, sizeof(msg));
	query.first_port = query.last_port = 3476;
	assert_int_equal(parse(&r, &query, &rows), 0);
	assert_int_equal(rows.n, 0);
	query.is_remote_too = true;
	assert_int_equal(parse(&r, &query, &rows), 0);
	assert_int_equal(rows.n, 1);
	assert_true(rows.items[0].socket.has_remote);
	assert_int_equal(rows.items[0].socket.remote_port, 3476);
}

/* Mapped addresses are IPv4; only link-local ones carry a zone. */
static void test_addresses(void **state BERTH_UNUSED)
{
	struct inet_diag_msg msg = row_of(AF_INET6, 80, 10);
	struct reply r = {0};
	struct rows rows;

	msg.id.idiag_if = 4;
	msg.id.idiag_src[2] = htonl(0xffff);
	msg.id.idiag_src[3] = htonl(INADDR_LOOPBACK);
	append(&r, begin(&r, SOCK_DIAG_BY_FAMILY), &msg, sizeof(msg));
	msg.id.idiag_src[0] = htonl(0xfe800000);
	msg.id.idiag_src[2] = 0;
	append(&r, begin(&r, SOCK_DIAG_BY_FAMILY), &msg, sizeof(msg));
	msg.id.idiag_src[0] = htonl(0x20010db8);
	append(&r, begin(&r, SOCK_DIAG_BY_FAMILY), &msg, sizeof(msg));
	assert_int_equal(parse(&r, &everything, &rows), 0);
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.items[0].socket.local.family, ADDRESS_IPV4);
	assert_int_equal(rows.items[0].socket.local.scope_id, 0);
	assert_int_equal(rows.items[1].socket.local.scope_id, 4);
	assert_int_equal(rows.items[2].socket.local.scope_id, 0);
}

static void test_nobodys_rows(void **state BERTH_UNUSED)
{
	struct inet_diag_msg msg = row_of(AF_INET, 80, 6);
	struct reply r = {0};
	struct rows rows;

	msg.idiag_inode = 0;
	msg.idiag_uid = 0;
	msg.idiag_expires = 41000;
	append(&r, begin(&r, SOCK_DIAG_BY_FAMILY), &msg, sizeof(msg));
	assert_int_equal(parse(&r, &everything, &rows), 0);
	assert_int_equal(rows.n, 1);
	assert_false(rows.items[0].socket.has_uid);
	assert_int_equal(rows.items[0].socket.expires_ms, 41000);
}

/* How a dump ends. */
static void test_ends(void **state BERTH_UNUSED)
{
	static const struct {
		uint16_t type, flags;
		int error, expected;
	} cases[] = {
		{NLMSG_DONE, 0, 0, 1},
		{NLMSG_DONE, 0, -EINVAL, -EINVAL},
		{NLMSG_DONE, NLM_F_DUMP_INTR, 0, -EINTR},
		{NLMSG_ERROR, 0, -ENOENT, -ENOENT},
		{NLMSG_ERROR, 0, -EPERM, -EPERM},
		{NLMSG_ERROR, 0, 0, 1},
		{NLMSG_OVERRUN, 0, 0, -ENOBUFS},
		{NLMSG_NOOP, 0, 0, 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct reply r = {0};
		struct rows rows;
		struct nlmsghdr *header;

		add_row(&r, AF_INET, 80, 10);
		header = begin(&r, cases[i].type);
		header->nlmsg_flags |= cases[i].flags;
		append(&r, header, &cases[i].error, sizeof(int));
		assert_int_equal(parse(&r, &everything, &rows), cases[i].expected);
		assert_int_equal(rows.n, 1);
	}
}

static void test_malformed(void **state BERTH_UNUSED)
{
	struct reply r = {0};
	struct rows rows;
	struct nlmsghdr *header = begin(&r, SOCK_DIAG_BY_FAMILY);
	const struct inet_diag_msg msg = row_of(AF_INET, 80, 10);

	append(&r, header, &msg, sizeof(msg) - 4);
	assert_int_equal(parse(&r, &everything, &rows), -EBADMSG);
	assert_int_equal(rows.n, 0);

	r.n = 0;
	add_row(&r, AF_INET, 80, 10);
	((struct nlmsghdr *)(void *)r.bytes)->nlmsg_len += 64;
	assert_int_equal(parse(&r, &everything, &rows), -EBADMSG);
	((struct nlmsghdr *)(void *)r.bytes)->nlmsg_len = 3;
	assert_int_equal(parse(&r, &everything, &rows), -EBADMSG);
	((struct nlmsghdr *)(void *)r.bytes)->nlmsg_len = 0xc5c5c500; /* negative as an int */
	assert_int_equal(parse(&r, &everything, &rows), -EBADMSG);
	assert_int_equal(rows.n, 0);

	/* Every cut of a good reply: never more than what is whole. */
	r.n = 0;
	add_row(&r, AF_INET, 80, 10);
	add_row(&r, AF_INET6, 81, 10);
	for (size_t n = 0, whole = r.n; n < whole; n++) {
		r.n = n;
		assert_int_equal(parse(&r, &everything, &rows),
				 n == 0 || n == whole / 2 ? 0 : -EBADMSG);
		assert_int_equal(rows.n, n >= whole / 2);
	}
}

/* An answer to somebody else's or an earlier question. */
static void test_strangers(void **state BERTH_UNUSED)
{
	struct reply r = {0};
	struct rows rows;

	add_row(&r, AF_INET, 80, 10);
	((struct nlmsghdr *)(void *)r.bytes)->nlmsg_seq = SEQUENCE + 1;
	assert_int_equal(parse(&r, &everything, &rows), 0);
	((struct nlmsghdr *)(void *)r.bytes)->nlmsg_seq = SEQUENCE;
	((struct nlmsghdr *)(void *)r.bytes)->nlmsg_pid = PORT_ID + 1;
	assert_int_equal(parse(&r, &everything, &rows), 0);
	assert_int_equal(rows.n, 0);
}

static void test_requests(void **state BERTH_UNUSED)
{
	_Alignas(8) unsigned char buffer[DIAG_REQUEST_SIZE];
	const struct nlmsghdr *header = (const void *)buffer;
	const struct inet_diag_req_v2 *v2 = (const void *)(buffer + sizeof(*header));
	struct diag_query query = everything;

	assert_int_equal(diag_request(&query, AF_INET, SEQUENCE, buffer),
			 sizeof(*header) + sizeof(*v2));
	assert_int_equal(header->nlmsg_type, SOCK_DIAG_BY_FAMILY);
	assert_int_equal(v2->sdiag_protocol, IPPROTO_TCP);
	assert_int_equal(v2->idiag_states, 0x3f7e & ~DIAG_CLOSE);
	assert_true(diag_request(&query, AF_UNSPEC, SEQUENCE, buffer) <= DIAG_REQUEST_SIZE);
	assert_int_equal(header->nlmsg_type, TCPDIAG_GETSOCK);

	/* An old kernel reads 262 & 255 = 6 and would answer with TCP: it must see neither. */
	query.transport = TRANSPORT_MPTCP;
	query.first_port = query.last_port = 80;
	query.is_remote_too = true;
	assert_true(diag_request(&query, AF_INET6, SEQUENCE, buffer) <= DIAG_REQUEST_SIZE);
	assert_int_not_equal(v2->sdiag_protocol, IPPROTO_TCP);
	assert_int_not_equal(v2->sdiag_protocol, IPPROTO_UDP);
}

/* --- rows that are there twice --------------------------------------------------------------- */

static struct live_socket socket_of(enum transport t, enum live_state state, uint32_t inode,
				    uint64_t cookie, uint16_t remote_port)
{
	static const struct live_namespace here = {.name = "here", .is_here = true};

	return (struct live_socket){
		.transport = t,
		.state = state,
		.inode = inode,
		.cookie = cookie,
		.local_port = 80,
		.remote_port = remote_port,
		.has_remote = remote_port != 0,
		.ns = &here,
	};
}

static void test_unify(void **state BERTH_UNUSED)
{
	struct socket_list l = {0};
	const struct live_socket rows[] = {
		socket_of(TRANSPORT_TCP, LIVE_LISTENER, 10, 1, 0),    /* half of MPTCP */
		socket_of(TRANSPORT_TCP, LIVE_CONNECTION, 11, 2, 99), /* seen again below */
		socket_of(TRANSPORT_TCP, LIVE_CONNECTION, 13, 4, 77), /* first subflow */
		socket_of(TRANSPORT_TCP, LIVE_CONNECTION, 13, 5, 78), /* a further subflow */
		socket_of(TRANSPORT_TCP, LIVE_LISTENER, 14, 6, 0),    /* a plain one beside it */
		socket_of(TRANSPORT_TCP, LIVE_TIME_WAIT, 0, 2, 99),   /* the same cookie, later */
		socket_of(TRANSPORT_TCP, LIVE_LISTENER, 15, 0, 0),    /* of a text table */
		socket_of(TRANSPORT_TCP, LIVE_LISTENER, 16, 0, 0),
		socket_of(TRANSPORT_TCP, LIVE_CONNECTION, 0, 8, 55),  /* not accepted yet, MPTCP */
		socket_of(TRANSPORT_TCP, LIVE_CONNECTION, 0, 9, 56),  /* not accepted yet */
		socket_of(TRANSPORT_MPTCP, LIVE_LISTENER, 17, 10, 0), /* by half; its row below */
		socket_of(TRANSPORT_MPTCP, LIVE_LISTENER, 18, 11, 0), /* by its half alone */
		socket_of(TRANSPORT_MPTCP, LIVE_CONNECTION, 0, 7, 55),
		socket_of(TRANSPORT_MPTCP, LIVE_LISTENER, 17, 12, 0),
		socket_of(TRANSPORT_MPTCP, LIVE_LISTENER, 10, 7, 0),
		socket_of(TRANSPORT_MPTCP, LIVE_CONNECTION, 13, 7, 77), /* the listener's cookie */
	};
	static const struct {
		enum transport transport;
		uint32_t inode;
		uint16_t remote_port;
	} expected[] = {
		{TRANSPORT_MPTCP, 13, 78}, {TRANSPORT_TCP, 14, 0},    {TRANSPORT_TCP, 0, 99},
		{TRANSPORT_TCP, 15, 0},    {TRANSPORT_TCP, 16, 0},    {TRANSPORT_TCP, 0, 56},
		{TRANSPORT_MPTCP, 18, 0},  {TRANSPORT_MPTCP, 0, 55},  {TRANSPORT_MPTCP, 17, 0},
		{TRANSPORT_MPTCP, 10, 0},  {TRANSPORT_MPTCP, 13, 77},
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		socket_list_push(&l, &rows[i]);
	assert_int_equal(socket_list_unify(&l, 0), 0);
	assert_int_equal(l.n, N_ELEMENTS(expected));
	for (size_t i = 0; i < l.n; i++) {
		assert_int_equal(l.items[i].transport, expected[i].transport);
		assert_int_equal(l.items[i].inode, expected[i].inode);
		assert_int_equal(l.items[i].remote_port, expected[i].remote_port);
	}
	socket_list_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row),         cmocka_unit_test(test_states),
		cmocka_unit_test(test_unasked),     cmocka_unit_test(test_remote_port),
		cmocka_unit_test(test_addresses),   cmocka_unit_test(test_nobodys_rows),
		cmocka_unit_test(test_ends),        cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_strangers),   cmocka_unit_test(test_requests),
		cmocka_unit_test(test_unify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
