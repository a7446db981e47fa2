/*
 * Would bind(2) succeed: a line for each rule, beside what is there, in the words of a recording.
 * Each expectation was measured on Linux 6.18.
 */
#include "answer/why.h"
#include "base/str.h"
#include "live/recording.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Sockets on port 7000. N: no flags; A: SO_REUSEADDR; P: SO_REUSEPORT; Q: not known. */
#define N " reuse-address=no reuse-port=no"
#define A " reuse-address=yes reuse-port=no"
#define P " reuse-address=no reuse-port=yes"
#define AP " reuse-address=yes reuse-port=yes"
#define LISTEN(address, more)                                                                      \
	"socket tcp listener " address ":7000 inode=1 cookie=1 uid=0" more "\n"
#define DUAL(more) LISTEN("[::]", " dual" more)
#define SINGLE(more) LISTEN("[::]", " v6only=yes" more)
#define BOUND(address, more) "socket tcp bound " address ":7000 inode=2 cookie=2 uid=0" more "\n"
#define CHILD(address, more)                                                                       \
	"socket tcp connection " address ":7000 127.0.0.1:9 stage=established inode=3 cookie=3 "   \
	"uid=0" more "\n"
#define PENDING(address)                                                                           \
	"socket tcp connection " address ":7000 127.0.0.1:9 stage=established cookie=4\n"
#define HALF(address)                                                                              \
	"socket tcp connection " address ":7000 127.0.0.1:9 stage=syn-received cookie=5\n"
#define TIME_WAIT(address) "socket tcp time-wait " address ":7000 127.0.0.1:9 cookie=6\n"
#define FIN_WAIT(address)                                                                          \
	"socket tcp connection " address ":7000 127.0.0.1:9 stage=fin-wait-2 remnant cookie=7\n"
#define UDP(address, more) "socket udp listener " address ":7000 inode=8 cookie=8 uid=0" more "\n"
#define UDP2(address, more) "socket udp listener " address ":7000 inode=9 cookie=9 uid=0" more "\n"

struct row {
	const char *there;
	const char *wanted; /* "tcp 0.0.0.0 A P only uid=1 dev=eth0 port=80" */
	enum why_word bind;
	enum why_cause cause;
};

static const struct row rows[] = {
	{"", "tcp 0.0.0.0", WHY_OK, WHY_NO_CAUSE},
	/* the matrix that everybody meets */
	{LISTEN("127.0.0.1", A), "tcp 127.0.0.1 A", WHY_IN_USE, WHY_EXACT_LISTENER},
	{LISTEN("0.0.0.0", A), "tcp 127.0.0.1 A", WHY_IN_USE, WHY_WILDCARD_OVERLAP},
	{LISTEN("127.0.0.1", N), "tcp 0.0.0.0", WHY_IN_USE, WHY_WILDCARD_OVERLAP},
	{LISTEN("127.0.0.1", N), "tcp 127.0.0.2", WHY_OK, WHY_NO_CAUSE},
	{DUAL(N), "tcp 0.0.0.0", WHY_IN_USE, WHY_DUAL_STACK_OVERLAP},
	{DUAL(N), "tcp 127.0.0.1", WHY_IN_USE, WHY_DUAL_STACK_OVERLAP},
	{SINGLE(N), "tcp 0.0.0.0", WHY_OK, WHY_NO_CAUSE},
	{LISTEN("127.0.0.1", N), "tcp ::", WHY_IN_USE, WHY_DUAL_STACK_OVERLAP},
	{LISTEN("127.0.0.1", N), "tcp :: only", WHY_OK, WHY_NO_CAUSE},
	{LISTEN("[::1]", N), "tcp 127.0.0.1", WHY_OK, WHY_NO_CAUSE},
	{LISTEN("[::1]", N), "tcp 0.0.0.0", WHY_OK, WHY_NO_CAUSE},
	{BOUND("127.0.0.1", N), "tcp 127.0.0.1 A", WHY_IN_USE, WHY_BOUND_ONLY},
	{BOUND("127.0.0.1", A), "tcp 127.0.0.1 A", WHY_OK, WHY_NO_CAUSE},
	{BOUND("127.0.0.1", A), "tcp 127.0.0.1", WHY_IN_USE, WHY_BOUND_ONLY},
	{LISTEN("127.0.0.1", P), "tcp 127.0.0.1 P uid=0", WHY_OK, WHY_NO_CAUSE},
	{LISTEN("127.0.0.1", P), "tcp 127.0.0.1 P uid=1", WHY_IN_USE, WHY_REUSEPORT_OTHER_USER},
	{LISTEN("127.0.0.1", P), "tcp 127.0.0.1", WHY_IN_USE, WHY_EXACT_LISTENER},
	{LISTEN("127.0.0.1", A), "tcp 127.0.0.1 P", WHY_IN_USE, WHY_EXACT_LISTENER},
	{CHILD("127.0.0.1", N), "tcp 127.0.0.1", WHY_IN_USE, WHY_DEAD_SERVER},
	{CHILD("127.0.0.1", N), "tcp 127.0.0.1 A", WHY_IN_USE, WHY_DEAD_SERVER},
	{CHILD("127.0.0.1", A), "tcp 127.0.0.1", WHY_IN_USE, WHY_DEAD_SERVER},
	{CHILD("127.0.0.1", A), "tcp 0.0.0.0 A", WHY_OK, WHY_NO_CAUSE},
	{CHILD("127.0.0.1", A), "tcp 127.0.0.2", WHY_OK, WHY_NO_CAUSE},
	/* remnants: certain for a plain server, not to be known for SO_REUSEADDR */
	{TIME_WAIT("127.0.0.1"), "tcp 127.0.0.1", WHY_IN_USE, WHY_TIME_WAIT},
	{TIME_WAIT("127.0.0.1"), "tcp 0.0.0.0", WHY_IN_USE, WHY_TIME_WAIT},
	{TIME_WAIT("127.0.0.1"), "tcp 127.0.0.1 A", WHY_UNKNOWN, WHY_TIME_WAIT},
	{TIME_WAIT("127.0.0.1"), "tcp 127.0.0.1 P", WHY_UNKNOWN, WHY_TIME_WAIT},
	{TIME_WAIT("127.0.0.1"), "tcp 127.0.0.2 A", WHY_OK, WHY_NO_CAUSE},
	{TIME_WAIT("[::1]"), "tcp 0.0.0.0", WHY_UNKNOWN, WHY_TIME_WAIT},
	{FIN_WAIT("127.0.0.1"), "tcp 127.0.0.1", WHY_IN_USE, WHY_FIN_WAIT_2},
	{FIN_WAIT("127.0.0.1"), "tcp 127.0.0.1 A", WHY_UNKNOWN, WHY_FIN_WAIT_2},
	/* half a handshake holds nothing; a whole one that waits has its listener's flags */
	{HALF("127.0.0.1"), "tcp 127.0.0.1", WHY_OK, WHY_NO_CAUSE},
	{LISTEN("0.0.0.0", P) PENDING("127.0.0.1"), "tcp 0.0.0.0 P uid=0", WHY_OK, WHY_NO_CAUSE},
	{PENDING("127.0.0.1"), "tcp 0.0.0.0 A", WHY_UNKNOWN, WHY_DEAD_SERVER},
	/* what owners may not tell */
	{LISTEN("127.0.0.1", ""), "tcp 127.0.0.1", WHY_IN_USE, WHY_EXACT_LISTENER},
	{LISTEN("127.0.0.1", ""), "tcp 127.0.0.1 A", WHY_IN_USE, WHY_EXACT_LISTENER},
	{LISTEN("127.0.0.1", ""), "tcp 127.0.0.1 P", WHY_UNKNOWN, WHY_EXACT_LISTENER},
	{BOUND("127.0.0.1", ""), "tcp 127.0.0.1 A", WHY_UNKNOWN, WHY_BOUND_ONLY},
	{LISTEN("[::]", ""), "tcp 0.0.0.0", WHY_UNKNOWN, WHY_DUAL_STACK_OVERLAP},
	/* the IPv4 half of connections over IPv6 */
	{CHILD("[::1]", N " v6only=no"), "tcp 0.0.0.0", WHY_IN_USE, WHY_DEAD_SERVER},
	{CHILD("[::1]", N " v6only=yes"), "tcp 0.0.0.0", WHY_OK, WHY_NO_CAUSE},
	{CHILD("[::1]", N), "tcp 0.0.0.0", WHY_UNKNOWN, WHY_DEAD_SERVER},
	/* what TCP remembers of SO_REUSEPORT */
	{BOUND("127.0.0.1", A), "tcp 127.0.0.1 P", WHY_UNKNOWN, WHY_BOUND_ONLY},
	{BOUND("127.0.0.1", N), "tcp 127.0.0.1 P", WHY_IN_USE, WHY_BOUND_ONLY},
	{CHILD("127.0.0.1", P), "tcp 127.0.0.1 P uid=1", WHY_UNKNOWN, WHY_DEAD_SERVER},
	{LISTEN("127.0.0.1", N), "tcp :: P", WHY_UNKNOWN, WHY_DUAL_STACK_OVERLAP},
	{DUAL(N), "tcp :: P", WHY_IN_USE, WHY_EXACT_LISTENER},
	/* devices */
	{LISTEN("0.0.0.0", N " interface=eth1"), "tcp 0.0.0.0", WHY_IN_USE, WHY_EXACT_LISTENER},
	{LISTEN("0.0.0.0", N " interface=eth1"), "tcp 0.0.0.0 dev=eth0", WHY_OK, WHY_NO_CAUSE},
	{LISTEN("0.0.0.0", N " interface=eth0"), "tcp 0.0.0.0 dev=eth0", WHY_IN_USE,
	 WHY_EXACT_LISTENER},
	{"", "tcp 0.0.0.0 dev=none", WHY_NO_DEVICE, WHY_NO_SUCH_DEVICE},
	/* UDP: SO_REUSEADDR shares even with one that receives */
	{UDP("0.0.0.0", N), "udp 0.0.0.0", WHY_IN_USE, WHY_EXACT_LISTENER},
	{UDP("0.0.0.0", A), "udp 0.0.0.0 A", WHY_OK, WHY_NO_CAUSE},
	{UDP("0.0.0.0", A), "udp 0.0.0.0", WHY_IN_USE, WHY_EXACT_LISTENER},
	{UDP("0.0.0.0", P), "udp 127.0.0.1 P uid=0", WHY_OK, WHY_NO_CAUSE},
	{UDP("0.0.0.0", P), "udp 127.0.0.1 P uid=1", WHY_IN_USE, WHY_REUSEPORT_OTHER_USER},
	{UDP("0.0.0.0", AP) UDP2("0.0.0.0", A), "udp 0.0.0.0 P uid=0", WHY_UNKNOWN,
	 WHY_EXACT_LISTENER},
	{UDP("0.0.0.0", N), "tcp 0.0.0.0", WHY_OK, WHY_NO_CAUSE},
	{LISTEN("0.0.0.0", N), "udp 0.0.0.0", WHY_OK, WHY_NO_CAUSE},
	/* the place */
	{"", "tcp 0.0.0.0 port=80 uid=1", WHY_DENIED, WHY_PRIVILEGED},
	{"", "tcp 0.0.0.0 port=80 uid=0", WHY_OK, WHY_NO_CAUSE},
	{"", "tcp 192.0.2.1", WHY_NOT_LOCAL, WHY_ADDRESS_NOT_LOCAL},
	{"", "tcp 192.0.2.1 port=80 uid=1", WHY_NOT_LOCAL, WHY_ADDRESS_NOT_LOCAL},
	{"", "tcp 2001:db8::1 port=80 uid=1", WHY_DENIED, WHY_PRIVILEGED},
	{LISTEN("0.0.0.0", N), "tcp 192.0.2.1", WHY_NOT_LOCAL, WHY_ADDRESS_NOT_LOCAL},
	/* what was not seen */
	{"gap what=sockets where=tcp why=denied\n", "tcp 0.0.0.0", WHY_UNKNOWN, WHY_CAUSE_UNKNOWN},
	{"gap what=sockets where=tcp why=denied\n", "udp 0.0.0.0", WHY_OK, WHY_NO_CAUSE},
	{"gap what=sockets where=tcp why=denied\n" LISTEN("0.0.0.0", N), "tcp 0.0.0.0", WHY_IN_USE,
	 WHY_EXACT_LISTENER},
	{"gap what=sockets where=tcp\\sin\\sblue why=denied\n", "tcp 0.0.0.0", WHY_OK,
	 WHY_NO_CAUSE},
	{"gap what=sockets where=blue why=denied\n", "tcp 0.0.0.0", WHY_OK, WHY_NO_CAUSE},
	{"gap what=sockets where=here why=denied\n", "udp 0.0.0.0", WHY_UNKNOWN, WHY_CAUSE_UNKNOWN},
	{"could-look no\n", "tcp 0.0.0.0", WHY_UNKNOWN, WHY_CAUSE_UNKNOWN},
	/* the weightiest is the cause */
	{TIME_WAIT("127.0.0.1") CHILD("127.0.0.1", N) LISTEN("0.0.0.0", N), "tcp 0.0.0.0",
	 WHY_IN_USE, WHY_EXACT_LISTENER},
	{TIME_WAIT("127.0.0.1") CHILD("127.0.0.1", N), "tcp 0.0.0.0", WHY_IN_USE, WHY_DEAD_SERVER},
	/* somebody else's namespace is no hindrance */
	{LISTEN("0.0.0.0", N " ns=2"), "tcp 0.0.0.0", WHY_OK, WHY_NO_CAUSE},
	/* an ephemeral port; an heir */
	{"socket tcp connection 10.0.0.5:40000 192.0.2.9:443 stage=established inode=3" N "\n",
	 "tcp 0.0.0.0 port=40000", WHY_IN_USE, WHY_EPHEMERAL_CLIENT},
	{"process 7 program=sleep\n" LISTEN("0.0.0.0", N " owners=7:3"), "tcp 0.0.0.0", WHY_IN_USE,
	 WHY_INHERITED},
	{LISTEN("0.0.0.0", N) "published tcp 7000 by=docker-proxy container=abc via=1\n",
	 "tcp 0.0.0.0", WHY_IN_USE, WHY_PUBLISHED},
};

static void read_world(const char *there, struct arena *arena, struct live_snapshot *out)
{
	struct recording recording;
	char error[RECORDING_ERROR_SIZE];
	struct str text = {0};

	str_append(&text, "berth-world 1\n"
			  "rules ephemeral=32768-60999 unprivileged=1024 v6only-default=no\n"
			  "namespace 1 here\nnamespace 2\n");
	str_append(&text, there);
	if (recording_read(str_text(&text), text.length, "row", arena, &recording, error) != 0)
		fail_msg("%s", error);
	str_fini(&text);
	*out = recording.snapshot;
	out->site.has_vrf = MAYBE_NO;
}

static void take_word(char *word, struct why_candidate *c)
{
	uint64_t number;

	if (strcmp(word, "tcp") == 0 || strcmp(word, "udp") == 0)
		assert_int_equal(0, transport_parse(word, &c->transport));
	else if (strcmp(word, "A") == 0)
		c->has_reuse_address = true;
	else if (strcmp(word, "P") == 0)
		c->has_reuse_port = true;
	else if (strcmp(word, "only") == 0)
		c->is_v6only = true;
	else if (strncmp(word, "dev=", 4) == 0)
		c->device = word + 4;
	else if (strncmp(word, "uid=", 4) == 0)
		c->uid = (uint32_t)(word[4] - '0');
	else if (strncmp(word, "port=", 5) == 0 &&
		 str_parse_u64(word + 5, strlen(word + 5), UINT16_MAX, &number) == 0)
		c->port = (uint16_t)number;
	else
		assert_int_equal(0, address_parse(word, &c->address));
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct why_candidate c = {.port = 7000, .has_uid = true};
		struct live_snapshot live;
		struct why_judgement j;
		struct arena arena;
		char words[128], *save = NULL, *word;

		arena_init(&arena);
		read_world(rows[i].there, &arena, &live);
		snprintf(words, sizeof(words), "%s", rows[i].wanted);
		for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
			take_word(word, &c);
		c.may_bind_privileged = c.uid == 0 ? MAYBE_YES : MAYBE_NO;
		live.site.has_device = c.device && strcmp(c.device, "none") == 0 ? MAYBE_NO
										   : MAYBE_YES;
		live.site.is_local = c.address.bytes[0] == 192 || c.address.bytes[0] == 0x20
					     ? MAYBE_NO
					     : MAYBE_YES;
		j = why_judge(&live, &c);
		print_message("%s, beside\n%s", rows[i].wanted, rows[i].there);
		assert_string_equal(why_word_name(rows[i].bind), why_word_name(j.bind));
		assert_int_equal(rows[i].cause, j.cause);
		assert_int_equal(j.has_listen,
				 c.transport == TRANSPORT_TCP &&
					 (j.bind == WHY_OK || j.bind == WHY_UNKNOWN));
		if (j.has_listen)
			assert_int_equal(j.bind, j.listen);
		arena_fini(&arena);
	}
}

/* A privilege that is not known leaves the word open, but not what is in the way. */
static void test_unknown_privilege(void **state)
{
	struct live_snapshot live;
	struct arena arena;
	struct why_candidate c;
	struct why_judgement j;

	(void)state;
	arena_init(&arena);
	read_world("socket tcp listener 0.0.0.0:80 inode=1 cookie=1 uid=0\n", &arena, &live);
	c = why_plain(&live, TRANSPORT_TCP, ADDRESS_IPV4, 80);
	j = why_judge(&live, &c);
	assert_int_equal(WHY_UNKNOWN, j.bind);
	assert_int_equal(WHY_EXACT_LISTENER, j.cause);
	c.port = 81;
	j = why_judge(&live, &c);
	assert_int_equal(WHY_UNKNOWN, j.bind);
	assert_int_equal(WHY_PRIVILEGED, j.cause);
	arena_fini(&arena);
}

static void test_names(void **state)
{
	(void)state;
	assert_null(why_cause_name(WHY_NO_CAUSE));
	for (int i = 1; i < N_WHY_CAUSES; i++)
		assert_non_null(why_cause_name((enum why_cause)i));
	assert_string_equal("ok", why_errno_name(0));
	assert_string_equal("EADDRINUSE", why_errno_name(EADDRINUSE));
	assert_string_equal("unknown", why_errno_name(EXDEV));
	assert_string_equal("unknown", why_word_name(WHY_UNKNOWN));
}

/* A namespace asked for by name, on a kernel that does not show all sockets of any. */
static void test_gap_of_every_namespace(void **state)
{
	struct arena arena = {0};
	struct live_snapshot live;
	struct live_namespace other;
	struct why_candidate c;

	(void)state;
	read_world("gap what=sockets where=tcp why=denied\n", &arena, &live);
	other = live.namespaces[0];
	other.name = "blue";
	other.is_here = false;
	live.namespaces = &other;
	live.n_namespaces = 1;
	c = why_plain(&live, TRANSPORT_TCP, ADDRESS_IPV4, 7000);
	assert_int_equal(why_judge(&live, &c).bind, WHY_UNKNOWN);
	arena_fini(&arena);
}

/* The one thing that is known of Windows: an excluded range, where no socket has the port. */
static void test_excluded(void **state)
{
	static const struct {
		const char *there;
		enum transport transport;
		const char *address;
		enum why_word bind;
		enum why_cause cause;
	} excluded[] = {
		{"system windows\n", TRANSPORT_TCP, "0.0.0.0", WHY_DENIED, WHY_POLICY},
		{"system windows\n", TRANSPORT_TCP, "::", WHY_DENIED, WHY_POLICY},
		{"system windows\n", TRANSPORT_TCP, "127.0.0.1", WHY_DENIED, WHY_POLICY},
		{"system windows\n", TRANSPORT_MPTCP, "0.0.0.0", WHY_DENIED, WHY_POLICY},
		{"system windows\n", TRANSPORT_UDP, "0.0.0.0", WHY_UNKNOWN, WHY_CAUSE_UNKNOWN},
		{"system windows\n", TRANSPORT_TCP, "192.0.2.1", WHY_UNKNOWN, WHY_CAUSE_UNKNOWN},
		{"system windows\n" LISTEN("127.0.0.1", ""), TRANSPORT_TCP, "0.0.0.0", WHY_UNKNOWN,
		 WHY_CAUSE_UNKNOWN},
		{"system windows\n" UDP("127.0.0.1", ""), TRANSPORT_TCP, "0.0.0.0", WHY_DENIED,
		 WHY_POLICY},
		{"system macos\n", TRANSPORT_TCP, "0.0.0.0", WHY_UNKNOWN, WHY_CAUSE_UNKNOWN},
		{"", TRANSPORT_TCP, "0.0.0.0", WHY_OK, WHY_NO_CAUSE}, /* Linux has none */
	};
	static const struct live_span span = {6990, 7000};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(excluded); i++) {
		struct arena arena = {0};
		struct live_snapshot live;
		struct why_candidate c;
		struct why_judgement j;

		read_world(excluded[i].there, &arena, &live);
		live.rules.excluded_tcp = (struct live_spans){&span, 1};
		c = why_plain(&live, excluded[i].transport, ADDRESS_IPV4, 7000);
		assert_int_equal(address_parse(excluded[i].address, &c.address), 0);
		j = why_judge(&live, &c);
		if (j.bind != excluded[i].bind || j.cause != excluded[i].cause)
			fail_msg("row %zu: %s", i, why_word_name(j.bind));
		assert_int_equal(j.has_listen, c.transport != TRANSPORT_UDP &&
					       j.bind != WHY_DENIED);
		c.port = 7001;
		assert_int_not_equal(why_judge(&live, &c).bind, WHY_DENIED);
		arena_fini(&arena);
	}
}

/* Reserved for a guest: a cause, and no judgement. */
static void test_guests(void **state)
{
	static const struct {
		const char *there;
		enum transport transport;
		const char *address;
		enum why_cause cause;
	} guests[] = {
		{"system windows\n", TRANSPORT_TCP, "0.0.0.0", WHY_POLICY},
		{"system windows\n", TRANSPORT_TCP, "::1", WHY_POLICY},
		{"system windows\n", TRANSPORT_UDP, "0.0.0.0", WHY_CAUSE_UNKNOWN},
		{"system windows\n", TRANSPORT_TCP, "192.0.2.1", WHY_CAUSE_UNKNOWN},
		{"system windows\n" LISTEN("127.0.0.1", ""), TRANSPORT_TCP, "0.0.0.0",
		 WHY_CAUSE_UNKNOWN},
		{"system macos\n", TRANSPORT_TCP, "0.0.0.0", WHY_CAUSE_UNKNOWN},
	};
	static const struct live_span span = {6990, 7000};

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(guests); i++) {
		struct arena arena = {0};
		struct live_snapshot live;
		struct why_candidate c;
		struct why_judgement j;

		read_world(guests[i].there, &arena, &live);
		live.rules.guest_tcp = (struct live_spans){&span, 1};
		c = why_plain(&live, guests[i].transport, ADDRESS_IPV4, 7000);
		assert_int_equal(address_parse(guests[i].address, &c.address), 0);
		j = why_judge(&live, &c);
		if (j.bind != WHY_UNKNOWN || j.cause != guests[i].cause)
			fail_msg("row %zu: %s", i, why_word_name(j.bind));
		assert_int_equal(why_is_guests(&live, &c), guests[i].cause == WHY_POLICY);
		c.port = 7001;
		assert_int_equal(why_judge(&live, &c).cause, WHY_CAUSE_UNKNOWN);
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_excluded),
		cmocka_unit_test(test_guests),
		cmocka_unit_test(test_gap_of_every_namespace),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unknown_privilege),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
