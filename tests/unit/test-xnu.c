/*
 * What the kernel of macOS tells. The bytes are made by hand, at the offsets that Apple's headers
 * give their members, not through berth's mirrors of them.
 */
#include "base/arena.h"
#include "live/xnu-process.h"
#include "live/xnu-socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* struct socket_fdinfo: psi at 24, soi_proto at 264. */
enum {
	FDINFO_SIZE = 792,
	AT_PROTOCOL = 180,
	AT_FAMILY = 184,
	AT_QUEUED = 194,
	AT_LIMIT = 198,
	AT_KIND = 256,
	AT_FPORT = 264,
	AT_LPORT = 268,
	AT_GENCNT = 272,
	AT_VFLAG = 288,
	AT_FADDR = 296,
	AT_LADDR = 312,
	AT_STATE = 344,
};

/* struct xinpcb64; in a row of TCP it begins at 4. */
enum {
	END_SIZE = 24,
	UDP_SIZE = 260,
	TCP_SIZE = 472,
	ROW_FPORT = 16,
	ROW_LPORT = 18,
	ROW_GENCNT = 76,
	ROW_VFLAG = 92,
	ROW_FADDR = 96,
	ROW_LADDR = 112,
	ROW_SOCKET = 144,
	ROW_FAMILY = 176,
	ROW_QUEUED = 180,
	ROW_LIMIT = 184,
	ROW_UID = 248,
	TCP_STATE = 292, /* of struct xtcpcb64 */
};

enum { KIND_IN = 1, KIND_TCP = 2, KIND_UN = 3, PROTO_TCP = 6, PROTO_UDP = 17 };
enum { INET = 2, INET6 = 30, V4 = 1, V6 = 2 };
enum { CLOSED = 0, LISTEN = 1, SYN_SENT = 2, ESTABLISHED = 4, TIME_WAIT = 10 };

/* A socket as a test writes it down. */
struct made {
	int kind, protocol, family, vflag, state;
	const char *local, *remote; /* IPv4 stands in the last four of 16 bytes */
	uint16_t lport, fport;
	uint64_t gencnt;
	int queued, limit;
	uint32_t uid;
};

static void put(unsigned char *at, uint64_t value, size_t n)
{
	memcpy(at, &value, n); /* little-endian, as the test's own machine */
}

static void put_address(unsigned char *at, const char *text)
{
	struct address a;

	if (!text)
		return;
	assert_int_equal(address_parse(text, &a), 0);
	if (a.family == ADDRESS_IPV4) {
		memcpy(at + 12, a.bytes, 4);
		return;
	}
	memcpy(at, a.bytes, 16);
	if (a.scope_id != 0) { /* the KAME convention */
		at[2] = (unsigned char)(a.scope_id >> 8);
		at[3] = (unsigned char)a.scope_id;
	}
}

static uint64_t swapped(uint16_t port)
{
	return (uint64_t)(port >> 8 | (port & 0xff) << 8);
}

static void make_fdinfo(const struct made *m, unsigned char *b)
{
	memset(b, 0, FDINFO_SIZE);
	put(b + AT_PROTOCOL, (uint64_t)m->protocol, 4);
	put(b + AT_FAMILY, (uint64_t)m->family, 4);
	put(b + AT_QUEUED, (uint64_t)m->queued, 2);
	put(b + AT_LIMIT, (uint64_t)m->limit, 2);
	put(b + AT_KIND, (uint64_t)m->kind, 4);
	put(b + AT_FPORT, swapped(m->fport), 4);
	put(b + AT_LPORT, swapped(m->lport), 4);
	put(b + AT_GENCNT, m->gencnt, 8);
	b[AT_VFLAG] = (unsigned char)m->vflag;
	put_address(b + AT_FADDR, m->remote);
	put_address(b + AT_LADDR, m->local);
	put(b + AT_STATE, (uint64_t)m->state, 4);
}

/* "tcp listener 127.0.0.1:5000 queue=1/128": what a decoded socket is. */
static void describe(const struct live_socket *s, char *text, size_t size)
{
	char local[ADDRESS_TEXT_SIZE], remote[ADDRESS_TEXT_SIZE], rest[64] = "";

	if (s->has_queue)
		snprintf(rest, sizeof(rest), " queue=%u/%u", s->queued, s->limit);
	snprintf(text, size, "%s %s %s:%u%s%s%s%.0u%s%s", transport_name(s->transport),
		 live_state_name(s->state), address_format(&s->local, local), s->local_port,
		 s->has_remote ? " to " : "",
		 s->has_remote ? address_format(&s->remote, remote) : "",
		 s->has_remote ? ":" : "", s->remote_port, s->is_dual_stack ? " dual" : "", rest);
}

static const struct {
	struct made made;
	const char *is; /* NULL: nothing that has a port */
} cases[] = {
	{{KIND_TCP, PROTO_TCP, INET, V4, LISTEN, "127.0.0.1", NULL, 5000, 0, 7, 1, 128, 501},
	 "tcp listener 127.0.0.1:5000 queue=1/128"},
	{{KIND_TCP, PROTO_TCP, INET, V4, LISTEN, "0.0.0.0", NULL, 80, 0, 8, 0, 5, 0},
	 "tcp listener 0.0.0.0:80 queue=0/5"},
	{{KIND_TCP, PROTO_TCP, INET6, V4 | V6, LISTEN, "::", NULL, 7000, 0, 9, 0, 128, 501},
	 "tcp listener :::7000 dual queue=0/128"},
	{{KIND_TCP, PROTO_TCP, INET6, V6, LISTEN, "::", NULL, 7000, 0, 10, 0, 128, 501},
	 "tcp listener :::7000 queue=0/128"},
	{{KIND_TCP, PROTO_TCP, INET6, V4 | V6, LISTEN, "::1", NULL, 7000, 0, 10, 0, 128, 501},
	 "tcp listener ::1:7000 queue=0/128"},
	/* An IPv6 socket that was bound to a mapped address is one of IPv4 for the kernel. */
	{{KIND_TCP, PROTO_TCP, INET6, V4, LISTEN, "10.0.0.1", NULL, 22, 0, 11, 0, 1, 0},
	 "tcp listener 10.0.0.1:22 queue=0/1"},
	{{KIND_TCP, PROTO_TCP, INET6, V6, ESTABLISHED, "::ffff:10.0.0.1", "::ffff:10.0.0.2", 22,
	  50000, 11, 0, 0, 0},
	 "tcp connection 10.0.0.1:22 to 10.0.0.2:50000"},
	{{KIND_TCP, PROTO_TCP, INET6, V6, LISTEN, "fe80::1%4", NULL, 3722, 0, 12, 0, 1, 0},
	 "tcp listener fe80::1%4:3722 queue=0/1"},
	{{KIND_TCP, PROTO_TCP, INET6, V6, ESTABLISHED, "fe80::1%4", "fe80::2%4", 1, 2, 12, 0, 0, 0},
	 "tcp connection fe80::1%4:1 to fe80::2%4:2"},
	{{KIND_TCP, PROTO_TCP, INET, V4, CLOSED, "0.0.0.0", NULL, 9999, 0, 13, 0, 0, 501},
	 "tcp bound 0.0.0.0:9999"},
	/* Bound, and of no family yet: of the one it was made for. */
	{{KIND_TCP, PROTO_TCP, INET6, 0, CLOSED, "::", NULL, 9999, 0, 13, 0, 0, 501},
	 "tcp bound :::9999"},
	{{KIND_TCP, PROTO_TCP, INET, V4, SYN_SENT, "10.0.0.1", "10.0.0.2", 50000, 443, 14, 0, 0, 1},
	 "tcp connection 10.0.0.1:50000 to 10.0.0.2:443"},
	{{KIND_TCP, PROTO_TCP, INET, V4, TIME_WAIT, "10.0.0.1", "10.0.0.2", 443, 1, 15, 0, 0, 0},
	 "tcp time-wait 10.0.0.1:443 to 10.0.0.2:1"},
	{{KIND_TCP, PROTO_TCP, INET, V4, 4711, "10.0.0.1", "10.0.0.2", 443, 1, 15, 0, 0, 0},
	 "tcp connection 10.0.0.1:443 to 10.0.0.2:1"},
	{{KIND_TCP, PROTO_TCP, INET, V4, LISTEN, "0.0.0.0", NULL, 80, 0, 8, -1, -1, 0},
	 "tcp listener 0.0.0.0:80"},
	{{KIND_TCP, PROTO_TCP, INET, V4, CLOSED, "0.0.0.0", NULL, 0, 0, 16, 0, 0, 0}, NULL},
	{{KIND_IN, PROTO_UDP, INET, V4, 0, "0.0.0.0", NULL, 5353, 0, 17, 0, 0, 65},
	 "udp listener 0.0.0.0:5353"},
	{{KIND_IN, PROTO_UDP, INET6, V4 | V6, 0, "::", NULL, 5353, 0, 18, 0, 0, 65},
	 "udp listener :::5353 dual"},
	{{KIND_IN, PROTO_UDP, INET, V4, 0, "10.0.0.1", "10.0.0.2", 60000, 53, 19, 0, 0, 65},
	 "udp connection 10.0.0.1:60000 to 10.0.0.2:53"},
	{{KIND_IN, PROTO_UDP, INET, V4, 0, "0.0.0.0", NULL, 0, 0, 20, 0, 0, 65}, NULL},
};

static void test_descriptors(void **state BERTH_UNUSED)
{
	unsigned char bytes[FDINFO_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct made *m = &cases[i].made;
		struct live_socket s = {0};
		char text[256];
		int r;

		make_fdinfo(m, bytes);
		r = xnu_socket_decode(bytes, sizeof(bytes), &s);
		assert_int_equal(r, cases[i].is ? 0 : 1);
		if (!cases[i].is)
			continue;
		describe(&s, text, sizeof(text));
		assert_string_equal(text, cases[i].is);
		assert_int_equal(s.cookie, m->gencnt * 2 + (m->protocol == PROTO_UDP));
		assert_false(s.has_uid);
	}
}

/* Sockets without a port of TCP or UDP, and bytes that are too few. */
static void test_other_descriptors(void **state BERTH_UNUSED)
{
	static const struct made others[] = {
		{KIND_UN, 0, 1, 0, 0, NULL, NULL, 80, 0, 1, 0, 0, 0},
		{KIND_IN, 1, INET, V4, 0, "0.0.0.0", NULL, 80, 0, 1, 0, 0, 0},  /* ICMP */
		{KIND_IN, PROTO_TCP, INET, V4, 0, "0.0.0.0", NULL, 80, 0, 1, 0, 0, 0},
		{0, PROTO_TCP, INET, V4, LISTEN, "0.0.0.0", NULL, 80, 0, 1, 0, 0, 0},
		{7, PROTO_UDP, 40, 0, 0, NULL, NULL, 80, 0, 1, 0, 0, 0},        /* vsock */
	};
	unsigned char bytes[FDINFO_SIZE];
	struct live_socket s;

	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		make_fdinfo(&others[i], bytes);
		assert_int_equal(xnu_socket_decode(bytes, sizeof(bytes), &s), 1);
	}
	make_fdinfo(&cases[0].made, bytes);
	assert_int_equal(xnu_socket_decode(bytes, sizeof(bytes) - 1, &s), -EBADMSG);
	assert_int_equal(xnu_socket_decode(bytes, 0, &s), -EBADMSG);
}

/* --- lists ----------------------------------------------------------------------------------- */

struct list {
	unsigned char bytes[32 * TCP_SIZE];
	size_t n;
};

static void add_end(struct list *l)
{
	memset(l->bytes + l->n, 0, END_SIZE);
	put(l->bytes + l->n, END_SIZE, 4);
	l->n += END_SIZE;
}

static void add_row(struct list *l, const struct made *m)
{
	bool is_tcp = m->protocol == PROTO_TCP;
	size_t size = is_tcp ? TCP_SIZE : UDP_SIZE;
	unsigned char *row = l->bytes + l->n, *b = row + (is_tcp ? 4 : 0);

	memset(row, 0, size);
	put(b + ROW_FPORT, swapped(m->fport), 2);
	put(b + ROW_LPORT, swapped(m->lport), 2);
	put(b + ROW_GENCNT, m->gencnt, 8);
	b[ROW_VFLAG] = (unsigned char)m->vflag;
	put_address(b + ROW_FADDR, m->remote);
	put_address(b + ROW_LADDR, m->local);
	put(b + ROW_SOCKET, 108, 4);
	put(b + ROW_FAMILY, (uint64_t)m->family, 4);
	put(b + ROW_QUEUED, (uint64_t)m->queued, 2);
	put(b + ROW_LIMIT, (uint64_t)m->limit, 2);
	put(b + ROW_UID, m->uid, 4);
	if (is_tcp)
		put(row + TCP_STATE, (uint64_t)m->state, 4);
	put(row, size, 4);
	l->n += size;
}

struct taken {
	struct live_socket items[32];
	size_t n;
};

static void take(struct live_socket *s, void *context)
{
	struct taken *t = context;

	assert_true(t->n < N_ELEMENTS(t->items));
	t->items[t->n++] = *s;
}

static void check_list(int protocol, enum transport t)
{
	struct list l = {.n = 0};
	struct taken taken = {.n = 0};
	size_t n = 0;

	add_end(&l);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		if (cases[i].made.protocol == protocol)
			add_row(&l, &cases[i].made);
	}
	add_end(&l);
	assert_int_equal(xnu_socket_decode_list(l.bytes, l.n, t, take, &taken), 0);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct made *m = &cases[i].made;
		char text[256];

		if (m->protocol != protocol || !cases[i].is)
			continue;
		assert_true(n < taken.n);
		describe(&taken.items[n], text, sizeof(text));
		assert_string_equal(text, cases[i].is);
		assert_int_equal(taken.items[n].cookie, m->gencnt * 2 + (t == TRANSPORT_UDP));
		assert_int_equal(taken.items[n].has_uid, m->state != TIME_WAIT);
		assert_int_equal(taken.items[n].uid, m->state != TIME_WAIT ? m->uid : 0);
		n++;
	}
	assert_int_equal(n, taken.n);
}

/* A list tells of a socket what its descriptor tells, and who made it. */
static void test_lists(void **state BERTH_UNUSED)
{
	check_list(PROTO_TCP, TRANSPORT_TCP);
	check_list(PROTO_UDP, TRANSPORT_UDP);
}

static int decode(const struct list *l, size_t n, enum transport t)
{
	struct taken taken = {.n = 0};

	return xnu_socket_decode_list(l->bytes, n, t, take, &taken);
}

/* Whatever is not laid out as this berth knows it is refused as a whole. */
static void test_other_lists(void **state BERTH_UNUSED)
{
	struct list good = {.n = 0}, l;

	add_end(&good);
	add_end(&good);
	assert_int_equal(decode(&good, good.n, TRANSPORT_TCP), 0);
	good.n = 0;
	add_end(&good);
	add_row(&good, &cases[0].made);
	add_end(&good);
	assert_int_equal(decode(&good, good.n, TRANSPORT_TCP), 0);
	assert_int_equal(decode(&good, good.n, TRANSPORT_UDP), -EBADMSG);
	for (size_t n = 0; n < good.n; n++)
		assert_int_equal(decode(&good, n, TRANSPORT_TCP), -EBADMSG);

	l = good;
	put(l.bytes + END_SIZE + 4 + ROW_SOCKET, 112, 4); /* struct xsocket64 has grown */
	assert_int_equal(decode(&l, l.n, TRANSPORT_TCP), -EBADMSG);
	l = good;
	put(l.bytes + END_SIZE + 4, 264, 8); /* struct xinpcb64 has grown */
	assert_int_equal(decode(&l, l.n, TRANSPORT_TCP), -EBADMSG);
	l = good;
	put(l.bytes + END_SIZE + 4, UDP_SIZE, 8); /* its own size is as good as none */
	assert_int_equal(decode(&l, l.n, TRANSPORT_TCP), 0);
	for (uint64_t length = 0; length < 1000; length++) {
		l = good;
		put(l.bytes + END_SIZE, length, 4);
		assert_int_equal(decode(&l, l.n, TRANSPORT_TCP),
				 length == TCP_SIZE || length == END_SIZE ? 0 : -EBADMSG);
	}
	l = good;
	put(l.bytes, END_SIZE + 8, 4);
	assert_int_equal(decode(&l, l.n, TRANSPORT_TCP), -EBADMSG);
}

/* --- processes ------------------------------------------------------------------------------- */

/* Without its end. */
static void put_text(unsigned char *at, const char *text)
{
	while (*text)
		*at++ = (unsigned char)*text++;
}

static void test_process(void **state BERTH_UNUSED)
{
	unsigned char b[136] = {0};
	struct xnu_process p;

	put(b + 12, 812, 4);
	put(b + 16, 1, 4);
	put(b + 20, 501, 4);
	put_text(b + 48, "a name of 16 byt"); /* no terminator */
	put(b + 120, 1790000000, 8);
	put(b + 128, 250000, 8);
	assert_int_equal(xnu_process_decode(b, sizeof(b), &p), 0);
	assert_int_equal(p.pid, 812);
	assert_int_equal(p.parent, 1);
	assert_int_equal(p.uid, 501);
	assert_string_equal(p.name, "a name of 16 byt");
	assert_true(p.started == (live_time)1790000000250000000);
	put_text(b + 64, "the name of more, of 32 bytes...");
	assert_int_equal(xnu_process_decode(b, sizeof(b), &p), 0);
	assert_string_equal(p.name, "the name of more, of 32 bytes...");
	put(b + 120, UINT64_MAX, 8);
	assert_int_equal(xnu_process_decode(b, sizeof(b), &p), 0);
	assert_true(p.started == LIVE_TIME_NONE);
	put(b + 120, 0, 8);
	assert_int_equal(xnu_process_decode(b, sizeof(b), &p), 0);
	assert_true(p.started == LIVE_TIME_NONE);
	assert_int_equal(xnu_process_decode(b, sizeof(b) - 1, &p), -EBADMSG);
}

static void test_short_process(void **state BERTH_UNUSED)
{
	unsigned char b[64] = {0};
	struct xnu_process p;

	put(b, 1, 4);
	put(b + 36, 0, 4);
	put_text(b + 16, "launchd");
	assert_int_equal(xnu_process_decode_short(b, sizeof(b), &p), 0);
	assert_int_equal(p.pid, 1);
	assert_int_equal(p.parent, 0);
	assert_string_equal(p.name, "launchd");
	assert_true(p.started == LIVE_TIME_NONE);
	assert_int_equal(xnu_process_decode_short(b, sizeof(b) - 1, &p), -EBADMSG);
}

/* Bytes of KERN_PROCARGS2: the count and what follows it. */
#define PROCARGS(count, text) count, text, sizeof(text) - 1

static void test_arguments(void **state BERTH_UNUSED)
{
	static const struct {
		int32_t count;
		const char *bytes;
		size_t n;
		int r;
		const char *command; /* joined by '|'; NULL = none */
		bool has_environment;
		const char *label;
	} table[] = {
		{PROCARGS(3, "/usr/sbin/httpd\0\0\0\0\0httpd\0-D\0FOREGROUND\0PATH=/bin\0"
			     "XPC_SERVICE_NAME=org.apache.httpd\0\0ptr_munge=\0"),
		 0, "httpd|-D|FOREGROUND", true, "org.apache.httpd"},
		/* A shell in a terminal; a job's child that was given another one's name later. */
		{PROCARGS(1, "/bin/zsh\0-zsh\0XPC_SERVICE_NAME=0\0HOME=/\0"),
		 0, "-zsh", true, NULL},
		{PROCARGS(1, "/x\0x\0XPC_SERVICE_NAME=a\0XPC_SERVICE_NAME=b\0"), 0, "x", true, "a"},
		{PROCARGS(1, "/x\0x\0XPC_SERVICE_NAME=\0A=b\0"), 0, "x", true, NULL},
		/* Behind the environment stand strings of the kernel. */
		{PROCARGS(1, "/x\0x\0A=b\0\0XPC_SERVICE_NAME=not\0"), 0, "x", true, NULL},
		/* System integrity protection hides the environment of Apple's own programs. */
		{PROCARGS(2, "/bin/sleep\0\0sleep\0" "600\0"), 0, "sleep|600", false, NULL},
		/* Empty arguments count; an environment is never taken for arguments. */
		{PROCARGS(4, "/bin/sh\0sh\0-c\0\0x\0XPC_SERVICE_NAME=j\0"),
		 0, "sh|-c||x", true, "j"},
		{PROCARGS(0, "/x\0XPC_SERVICE_NAME=j\0"), 0, NULL, true, "j"},
		/* Fewer than are told, and the last one without its end. */
		{PROCARGS(9, "/x\0a\0b"), 0, "a|b", false, NULL},
		{PROCARGS(2147483647, "/x\0a\0"), 0, "a", false, NULL},
		{PROCARGS(1, "/x"), 0, NULL, false, NULL},
		{PROCARGS(1, "/x\0\0\0"), 0, NULL, false, NULL},
		{PROCARGS(1, ""), -EBADMSG, NULL, false, NULL},
		{PROCARGS(1, "\0x\0"), -EBADMSG, NULL, false, NULL},
		{PROCARGS(-1, "/x\0x\0"), -EBADMSG, NULL, false, NULL},
	};

	for (size_t i = 0; i < N_ELEMENTS(table); i++) {
		unsigned char bytes[256];
		char joined[256] = "";
		struct arena arena = {0};
		struct xnu_arguments a = {0};
		size_t length = 0;

		memcpy(bytes, &table[i].count, 4);
		memcpy(bytes + 4, table[i].bytes, table[i].n);
		assert_int_equal(xnu_process_decode_arguments(&arena, bytes, table[i].n + 4, 1000,
							      &a),
				 table[i].r);
		for (size_t k = 0; a.command && a.command[k]; k++)
			length += (size_t)snprintf(joined + length, sizeof(joined) - length,
						   "%s%s", k ? "|" : "", a.command[k]);
		assert_int_equal(a.command != NULL, table[i].command != NULL);
		if (table[i].command)
			assert_string_equal(joined, table[i].command);
		assert_int_equal(a.has_environment, table[i].has_environment);
		assert_int_equal(a.label != NULL, table[i].label != NULL);
		if (table[i].label)
			assert_string_equal(a.label, table[i].label);
		assert_false(a.is_cut);
		arena_fini(&arena);
	}
}

/* What is beyond the limit is cut, and the environment is found behind it all the same. */
static void test_long_arguments(void **state BERTH_UNUSED)
{
	static const char bytes[] = "\3\0\0\0/x\0abcd\0efgh\0ijkl\0XPC_SERVICE_NAME=j";
	static const struct {
		size_t limit, n;
		const char *last;
		bool is_cut;
	} table[] = {
		{100, 3, "ijkl", false}, {15, 3, "ijkl", false}, {14, 3, "ijkl", false},
		{13, 3, "ijk", true},    {10, 2, "efgh", true},  {9, 2, "efgh", true},
		{8, 2, "efg", true},     {5, 1, "abcd", true},   {1, 1, "a", true},
	};

	for (size_t i = 0; i < N_ELEMENTS(table); i++) {
		struct arena arena = {0};
		struct xnu_arguments a;
		size_t n = 0;

		assert_int_equal(xnu_process_decode_arguments(&arena, bytes, sizeof(bytes) - 1,
							      table[i].limit, &a), 0);
		while (a.command[n])
			n++;
		assert_int_equal(n, table[i].n);
		assert_string_equal(a.command[n - 1], table[i].last);
		assert_int_equal(a.is_cut, table[i].is_cut);
		assert_string_equal(a.label, "j");
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors), cmocka_unit_test(test_other_descriptors),
		cmocka_unit_test(test_lists),       cmocka_unit_test(test_other_lists),
		cmocka_unit_test(test_process),     cmocka_unit_test(test_short_process),
		cmocka_unit_test(test_arguments),   cmocka_unit_test(test_long_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
