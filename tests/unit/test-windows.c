/* What Windows' tables, processes and services together tell, on a machine that is made up. */
#include "live/windows.h"

#include "live/hcn.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ANY4 0
#define LOOPBACK4 0x0100007f /* 127.0.0.1 in network order, on a little-endian machine */
#define BE(port) ((uint32_t)((port) >> 8 | ((port) & 0xff) << 8))

enum { LISTEN = 2, ESTABLISHED = 5, CLOSED = 1, TIME_WAIT = 11 };

/* --- the machine ------------------------------------------------------------------------------ */

static const struct iphlp_tcp4 tcp4[] = {
	{.state = LISTEN, .local = ANY4, .local_port_be = BE(80), .pid = 4},
	{.state = LISTEN, .local = ANY4, .local_port_be = BE(135), .pid = 900, .module = {77}},
	{.state = LISTEN, .local = LOOPBACK4, .local_port_be = BE(3476), .pid = 5000},
	{.state = LISTEN, .local = ANY4, .local_port_be = BE(7680), .pid = 1200, .module = {5}},
	{.state = LISTEN, .local = ANY4, .local_port_be = BE(9000), .pid = 7777},
	{.state = LISTEN, .local = ANY4, .local_port_be = BE(9001), .pid = 0},
	{.state = LISTEN, .local = ANY4, .local_port_be = BE(9002), .pid = 6000},
	{.state = ESTABLISHED, .local = LOOPBACK4, .local_port_be = BE(3476),
	 .remote = LOOPBACK4, .remote_port_be = BE(50001), .pid = 5000},
	{.state = TIME_WAIT, .local = LOOPBACK4, .local_port_be = BE(3476),
	 .remote = LOOPBACK4, .remote_port_be = BE(50002)},
	{.state = CLOSED, .local = LOOPBACK4, .local_port_be = BE(3477), .pid = 5000},
	{.state = CLOSED, .local = LOOPBACK4, .local_port_be = 0, .pid = 5000},
	{.state = 99, .local = LOOPBACK4, .local_port_be = BE(3478), .pid = 5000},
};

static const struct iphlp_tcp6 tcp6[] = {
	{.state = LISTEN, .local_scope = 7, .local_port_be = BE(80), .pid = 4},
	{.state = LISTEN, .local = {0xfe, 0x80, [15] = 1}, .local_scope = 12,
	 .local_port_be = BE(139), .pid = 4},
	{.state = LISTEN, .local = {0xfe, 0x80, [15] = 2}, .local_scope = 0x0c000000,
	 .local_port_be = BE(139), .pid = 4},
};

static const struct iphlp_udp4 udp4[] = {{.local_port_be = BE(5353), .pid = 1200}};
static const struct iphlp_udp6 udp6[] = {{.local_port_be = BE(5353), .pid = 1300}};

/* What is to fail: a bit for each call. */
enum { NO_TCP6 = 1, NO_PROCESSES = 2, NO_SERVICES = 4, IN_CONTAINER = 8, CUT_TCP4 = 16 };
static unsigned int failing;
static unsigned int n_listings;

static live_time now(void)
{
	return 1000;
}

static int table(enum iphlp_table t, struct str *out)
{
	static const struct {
		const void *rows;
		uint32_t n;
	} tables[N_IPHLP_TABLES] = {{tcp4, N_ELEMENTS(tcp4)},
				    {tcp6, N_ELEMENTS(tcp6)},
				    {udp4, N_ELEMENTS(udp4)},
				    {udp6, N_ELEMENTS(udp6)}};
	uint32_t head[2] = {tables[t].n + (t == IPHLP_TCP4 && (failing & CUT_TCP4)), 0};

	if (t == IPHLP_TCP6 && (failing & NO_TCP6))
		return -EACCES;
	str_append_bytes(out, head, sizeof(head));
	str_append_bytes(out, tables[t].rows, tables[t].n * iphlp_row_size(t));
	return 0;
}

static const struct {
	struct windows_process process;
	struct windows_details details;
	int error;
} machine[] = {
	{{4, 0, "System"}, {.started = 1}, 0},
	{{5000, 4000, "permify.exe"},
	 {"C:\\Users\\Al\\go\\permify.exe", "HOST\\Al", 500}, 0},
	{{4000, 3000, "cmd.exe"}, {"C:\\Windows\\System32\\cmd.exe", "HOST\\Al", 400}, 0},
	/* Its parent's number was given to somebody who came later. */
	{{3000, 3500, "explorer.exe"}, {"C:\\Windows\\explorer.exe", "HOST\\Al", 300}, 0},
	{{3500, 1, "late.exe"}, {"C:\\late.exe", "HOST\\Al", 350}, 0},
	{{700, 600, "services.exe"}, {.started = LIVE_TIME_NONE}, -EACCES},
	{{900, 700, "svchost.exe"},
	 {"C:\\Windows\\System32\\svchost.exe", "NT AUTHORITY\\NETWORK SERVICE", 90}, 0},
	{{1200, 700, "svchost.exe"},
	 {"C:\\Windows\\System32\\svchost.exe", "NT AUTHORITY\\SYSTEM", 95}, 0},
	{{1300, 700, "chrome.exe"}, {.started = LIVE_TIME_NONE}, -EACCES},
	/* Its own parent. */
	{{6000, 6000, "odd.exe"}, {"odd.exe", "S-1-5-21-1-2-3-1001", 10}, 0},
};

static int processes(struct arena *arena, struct windows_process **out, size_t *n)
{
	n_listings++;
	if (failing & NO_PROCESSES)
		return -EIO;
	*out = arena_calloc(arena, N_ELEMENTS(machine), sizeof(**out));
	for (size_t i = 0; *out && i < N_ELEMENTS(machine); i++)
		(*out)[i] = machine[i].process;
	*n = N_ELEMENTS(machine);
	return 0;
}

static int details(uint32_t pid, struct arena *arena BERTH_UNUSED, struct windows_details *out)
{
	for (size_t i = 0; i < N_ELEMENTS(machine); i++) {
		if (machine[i].process.pid != pid)
			continue;
		if (machine[i].error == 0)
			*out = machine[i].details;
		return machine[i].error;
	}
	return -ENOENT;
}

static int services(struct arena *arena, struct windows_service **out, size_t *n)
{
	static const struct windows_service list[] = {
		{1200, "NlaSvc"}, {900, "RpcEptMapper"}, {900, "RpcSs"}, {1200, "Dnscache"}};

	n_listings++;
	if (failing & NO_SERVICES)
		return -EACCES;
	*out = arena_grow(arena, list, N_ELEMENTS(list), N_ELEMENTS(list), sizeof(*list));
	*n = N_ELEMENTS(list);
	return 0;
}

static int service_of(enum iphlp_table t BERTH_UNUSED, const void *row,
		      struct arena *arena BERTH_UNUSED, const char **out)
{
	struct iphlp_tcp4 copy;

	memcpy(&copy, row, sizeof(copy));
	if (copy.module[0] != 77)
		return -ENOENT;
	*out = "RpcSs";
	return 0;
}

static uint32_t compartment(void)
{
	return failing & IN_CONTAINER ? 7 : failing & NO_PROCESSES ? 0 : 1;
}

/* What guests have reserved: the errno of asking; or what is told, cut after so many bytes. */
static int guests_error;
static size_t guests_length;
static unsigned int n_guests_asked;

static int guests(struct str *out)
{
	static const struct hcn_entry entries[] = {
		{.owner = {1}, .protocol = HCN_BOTH, .first_port = 44620, .last_port = 48715},
		{.owner = {1}, .protocol = HCN_TCP, .first_port = 8003, .last_port = 8003},
	};

	n_guests_asked++;
	if (guests_error == 0)
		str_append_bytes(out, entries, guests_length < sizeof(entries) ? guests_length
									       : sizeof(entries));
	return guests_error;
}

/* Reserved for good: these, if anything can be asked. */
static int reserved_error;
static unsigned int n_reserved_asked;

static int reserved(enum transport space, uint16_t port)
{
	n_reserved_asked++;
	if (reserved_error < 0)
		return reserved_error;
	return space == TRANSPORT_TCP ? port == 8010 : port == 8020;
}

static const struct windows_calls made_up = {
	.now = now, .table = table, .processes = processes, .details = details,
	.services = services, .service_of = service_of, .compartment = compartment,
	.guests = guests, .reserved = reserved,
};

/* --- a look ---------------------------------------------------------------------------------- */

static struct arena arena;

static int start(void **state)
{
	(void)state;
	failing = 0;
	n_listings = n_guests_asked = n_reserved_asked = 0;
	guests_error = reserved_error = -ENODEV;
	guests_length = SIZE_MAX;
	arena_init(&arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static struct live_snapshot look(unsigned int want, unsigned int what_fails)
{
	struct live_request request = live_request_default();
	struct live_snapshot s = {0};

	failing = what_fails;
	request.want = want;
	assert_int_equal(windows_look(&made_up, &request, &arena, &s), 0);
	for (size_t i = 1; i < s.n_sockets; i++)
		assert_true(live_socket_compare(&s.sockets[i - 1], &s.sockets[i]) <= 0);
	return s;
}

/* The `n`th socket on a port. */
static const struct live_socket *on(const struct live_snapshot *s, uint16_t port, size_t n)
{
	size_t first;

	assert_true(live_snapshot_find(s, port, &first) > n);
	return &s->sockets[first + n];
}

static const struct live_process *owner(const struct live_socket *s)
{
	assert_int_equal(s->n_owners, 1);
	assert_non_null(s->owners[0].process);
	return s->owners[0].process;
}

/* A gap about `what` whose reason holds `why`; empty when there is none. */
static struct live_gap gap(const struct live_snapshot *s, const char *what, const char *why)
{
	for (size_t i = 0; i < s->n_gaps; i++) {
		if (strcmp(s->gaps[i].what, what) == 0 && strstr(s->gaps[i].why, why))
			return s->gaps[i];
	}
	return (struct live_gap){.what = "", .where = "", .why = "", .fix = ""};
}

static bool has_gap(const struct live_snapshot *s, const char *what, const char *why)
{
	return *gap(s, what, why).what != '\0';
}

static void test_owner(void **state)
{
	struct live_snapshot s = look(LIVE_WANT_LISTENERS, 0);
	const struct live_process *p = owner(on(&s, 3476, 0));

	(void)state;
	assert_true(s.could_look);
	assert_int_equal(s.at, 1000);
	assert_int_equal(p->pid, 5000);
	assert_string_equal(p->program, "permify.exe");
	assert_string_equal(p->path, "C:\\Users\\Al\\go\\permify.exe");
	assert_string_equal(p->user, "HOST\\Al");
	assert_int_equal(p->uid, LIVE_UID_NONE);
	assert_int_equal(p->started, 500);
	assert_null(p->unit);
	assert_null(p->command);
	assert_int_equal(p->n_parents, 2); /* explorer's own is younger than it: not its parent */
	assert_string_equal(p->parents[0].program, "cmd.exe");
	assert_string_equal(p->parents[1].program, "explorer.exe");
	assert_int_equal(on(&s, 3476, 0)->owners_search, LIVE_SEARCH_ALL);
	assert_true(has_gap(&s, "command", "no documented call"));
}

static void test_services(void **state)
{
	struct live_snapshot s = look(LIVE_WANT_LISTENERS, 0);

	(void)state;
	assert_string_equal(on(&s, 135, 0)->unit, "RpcSs"); /* its tag */
	assert_string_equal(owner(on(&s, 135, 0))->unit, "RpcEptMapper,RpcSs");
	assert_string_equal(owner(on(&s, 135, 0))->user, "NT AUTHORITY\\NETWORK SERVICE");
	assert_null(on(&s, 7680, 0)->unit); /* a tag that nothing is known of */
	assert_string_equal(owner(on(&s, 7680, 0))->unit, "Dnscache,NlaSvc");
	assert_int_equal(owner(on(&s, 135, 0))->n_parents, 0); /* its start cannot be seen */
	assert_string_equal(gap(&s, "process", "ermission").where, "pid 700");
	assert_string_equal(gap(&s, "process", "ermission").fix, "run as administrator");
	assert_int_equal(gap(&s, "process", "ermission").n_similar, 1);
	assert_int_equal(owner(on(&s, 9002, 0))->n_parents, 0);
}

static void test_kernel_and_nobody(void **state)
{
	struct live_snapshot s = look(LIVE_WANT_LISTENERS, 0);
	const struct live_socket *web = on(&s, 80, 0);

	(void)state;
	assert_int_equal(web->n_owners, 1);
	assert_int_equal(web->owners[0].method, LIVE_BY_KERNEL);
	assert_null(web->owners[0].process);
	assert_non_null(strstr(web->owners[0].kernel, "http.sys"));
	assert_int_equal(on(&s, 9000, 0)->n_owners, 0);
	assert_string_equal(gap(&s, "owner", "pid 7777, is gone").where, "tcp 0.0.0.0:9000");
	assert_int_equal(on(&s, 9001, 0)->n_owners, 0);
	assert_string_equal(gap(&s, "owner", "names no process").where, "tcp 0.0.0.0:9001");
}

static void test_rows(void **state)
{
	struct live_snapshot s = look(LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS, 0);

	(void)state;
	assert_int_equal(on(&s, 80, 1)->local.family, ADDRESS_IPV6);
	assert_false(on(&s, 80, 1)->is_dual_stack);
	assert_int_equal(on(&s, 80, 1)->local.scope_id, 0); /* no zone without a link */
	assert_int_equal(on(&s, 139, 0)->local.scope_id, 12);
	assert_int_equal(on(&s, 139, 1)->local.scope_id, 12); /* either byte order */
	assert_int_equal(on(&s, 5353, 0)->transport, TRANSPORT_UDP);
	assert_int_equal(on(&s, 5353, 0)->state, LIVE_LISTENER);
	assert_string_equal(owner(on(&s, 5353, 1))->program, "chrome.exe"); /* refused, yet named */
	assert_null(owner(on(&s, 5353, 1))->path);
	assert_int_equal(on(&s, 3476, 0)->state, LIVE_LISTENER);
	assert_int_equal(on(&s, 3476, 1)->state, LIVE_CONNECTION);
	assert_int_equal(on(&s, 3476, 1)->remote_port, 50001);
	assert_int_equal(owner(on(&s, 3476, 1))->pid, 5000);
	assert_int_equal(on(&s, 3476, 2)->state, LIVE_TIME_WAIT);
	assert_int_equal(on(&s, 3476, 2)->n_owners, 0);
	assert_int_equal(on(&s, 3476, 2)->owners_search, LIVE_SEARCH_NONE);
	assert_int_equal(on(&s, 3477, 0)->state, LIVE_BOUND);
	for (size_t i = 0; i < s.n_sockets; i++) {
		assert_int_not_equal(s.sockets[i].local_port, 0);
		assert_int_not_equal(s.sockets[i].local_port, 3478); /* a state nobody knows */
	}
	assert_true(has_gap(&s, "holders", "no documented call"));
}

static void test_one_port(void **state)
{
	struct live_request request = live_request_default();
	struct live_snapshot s;

	(void)state;
	request.first_port = request.last_port = 3479;
	assert_int_equal(windows_look(&made_up, &request, &arena, &s), 0);
	assert_int_equal(s.n_sockets, 0);
	assert_int_equal(n_listings, 0); /* nobody to ask about */
	assert_false(has_gap(&s, "command", ""));
	request.scope = LIVE_SCOPE_NAMED;
	request.netns = "blue";
	assert_int_equal(windows_look(&made_up, &request, &arena, &s), -ENOENT);
}

static void test_rules(void **state)
{
	struct live_snapshot s = look(LIVE_WANT_LISTENERS, 0);

	(void)state;
	assert_true(s.rules.has_privileged);
	assert_int_equal(s.rules.unprivileged_start, 0);
	assert_false(s.rules.has_ephemeral);
	assert_false(s.rules.has_reserved);
	assert_int_equal(s.rules.excluded_tcp.n + s.rules.excluded_udp.n, 0);
	assert_false(has_gap(&s, "sockets", "container"));
	s = look(LIVE_WANT_LISTENERS, IN_CONTAINER);
	assert_true(has_gap(&s, "sockets", "container"));
	assert_non_null(strstr(gap(&s, "rules", "no documented call").fix, "excludedportrange"));
	assert_non_null(strstr(gap(&s, "rules", "only WMI").fix, "dynamicport"));
}

static void test_guests(void **state)
{
	struct live_snapshot s;

	(void)state;
	/* Nobody to ask: no such guests, and the gap about the others. */
	s = look(LIVE_WANT_LISTENERS, 0);
	assert_int_equal(n_guests_asked, 1);
	assert_int_equal(s.rules.guest_tcp.n + s.rules.guest_udp.n, 0);
	assert_string_equal(gap(&s, "rules", "no documented call").where, "excluded port ranges");
	guests_error = 0;
	s = look(LIVE_WANT_LISTENERS, 0);
	assert_int_equal(s.rules.guest_tcp.n, 2);
	assert_int_equal(s.rules.guest_udp.n, 1);
	assert_true(live_is_guests(&s.rules, TRANSPORT_TCP, 8003));
	assert_false(live_is_guests(&s.rules, TRANSPORT_UDP, 8003));
	assert_true(live_is_guests(&s.rules, TRANSPORT_MPTCP, 48715));
	assert_true(live_is_guests(&s.rules, TRANSPORT_UDPLITE, 44620));
	assert_false(live_is_guests(&s.rules, TRANSPORT_TCP, 44619));
	assert_false(live_is_excluded(&s.rules, TRANSPORT_TCP, 8003)); /* others may share it */
	assert_int_equal(s.rules.excluded_tcp.n + s.rules.excluded_udp.n, 0);
	assert_string_equal(gap(&s, "rules", "no documented call").where,
			    "excluded port ranges but those of guests");
	assert_false(has_gap(&s, "rules", "not understood"));
	/* None at all is an answer. */
	guests_length = 0;
	s = look(LIVE_WANT_LISTENERS, 0);
	assert_int_equal(s.rules.guest_tcp.n + s.rules.guest_udp.n, 0);
	assert_string_equal(gap(&s, "rules", "no documented call").where,
			    "excluded port ranges but those of guests");
}

static void test_guests_not_told(void **state)
{
	struct live_request request = live_request_default();
	struct live_snapshot s;

	(void)state;
	guests_error = -EACCES;
	s = look(LIVE_WANT_LISTENERS, 0);
	assert_string_equal(gap(&s, "rules", "ermission").where, "ports reserved for guests");
	assert_string_equal(gap(&s, "rules", "ermission").fix, "run as administrator");
	assert_string_equal(gap(&s, "rules", "no documented call").where, "excluded port ranges");
	guests_error = -ETIMEDOUT;
	s = look(LIVE_WANT_LISTENERS, 0);
	assert_string_equal(gap(&s, "rules", "timed out").where, "ports reserved for guests");
	guests_error = -EFBIG;
	s = look(LIVE_WANT_LISTENERS, 0);
	assert_string_equal(gap(&s, "rules", "not understood").where, "ports reserved for guests");
	guests_error = 0;
	guests_length = sizeof(struct hcn_entry) + 1;
	s = look(LIVE_WANT_LISTENERS, 0);
	assert_int_equal(s.rules.guest_tcp.n + s.rules.guest_udp.n, 0);
	assert_string_equal(gap(&s, "rules", "not understood").where, "ports reserved for guests");
	assert_string_equal(gap(&s, "rules", "no documented call").where, "excluded port ranges");
	/* Who only compares sockets asks for no rules. */
	n_guests_asked = 0;
	request.want_only_sockets = true;
	request.first_port = request.last_port = 8010;
	reserved_error = 0;
	assert_int_equal(windows_look(&made_up, &request, &arena, &s), 0);
	assert_int_equal(n_guests_asked + n_reserved_asked, 0);
}

#define BOTH (TRANSPORT_BIT(TRANSPORT_TCP) | TRANSPORT_BIT(TRANSPORT_UDP))

static void test_reserved(void **state)
{
	static const struct {
		int error;
		uint16_t first, last;
		transport_set transports;
		unsigned int n_asked;
		bool is_reserved;
	} rows[] = {
		{0, 8010, 8010, BOTH, 1, true},
		{0, 8020, 8020, BOTH, 2, true},
		{0, 8010, 8010, TRANSPORT_BIT(TRANSPORT_UDP), 1, false},
		{0, 8020, 8020, TRANSPORT_BIT(TRANSPORT_TCP), 1, false},
		{0, 8011, 8011, TRANSPORT_BIT(TRANSPORT_TCP), 1, false},
		{0, 8010, 8011, TRANSPORT_BIT(TRANSPORT_TCP), 0, false},
		{0, 0, 0, TRANSPORT_BIT(TRANSPORT_TCP), 0, false},
		{-ENODEV, 8010, 8010, TRANSPORT_BIT(TRANSPORT_TCP), 1, false},
		{-EINVAL, 8010, 8010, TRANSPORT_BIT(TRANSPORT_TCP), 1, false},
	};
	struct live_request request = live_request_default();
	struct live_snapshot s;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		n_reserved_asked = 0;
		reserved_error = rows[i].error;
		request.first_port = rows[i].first;
		request.last_port = rows[i].last;
		request.transports = rows[i].transports;
		assert_int_equal(windows_look(&made_up, &request, &arena, &s), 0);
		assert_int_equal(n_reserved_asked, rows[i].n_asked);
		assert_int_equal(s.rules.has_reserved, rows[i].is_reserved);
		assert_int_equal(s.rules.n_reserved, rows[i].is_reserved);
		if (rows[i].is_reserved)
			assert_int_equal(s.rules.reserved[0].first, rows[i].first);
	}
}

static void test_failures(void **state)
{
	struct live_snapshot s = look(LIVE_WANT_LISTENERS, NO_TCP6 | NO_PROCESSES | NO_SERVICES);

	(void)state;
	assert_true(s.could_look);
	assert_string_equal(gap(&s, "sockets", "ermission").where, "tcp over IPv6");
	assert_true(has_gap(&s, "unit", "ermission"));
	assert_true(has_gap(&s, "owner", "is gone"));
	assert_int_equal(on(&s, 3476, 0)->n_owners, 0);
	s = look(LIVE_WANT_LISTENERS, CUT_TCP4);
	assert_true(has_gap(&s, "sockets", "ends before"));
	assert_int_equal(owner(on(&s, 3476, 0))->pid, 5000);
}

static void test_short_tables(void **state)
{
	uint32_t bytes[2 + 2 * sizeof(struct iphlp_tcp4) / 4] = {5};
	bool is_cut = false;

	(void)state;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		size_t fit = n < IPHLP_FIRST_ROW ? 0 : (n - IPHLP_FIRST_ROW) / 160;

		assert_int_equal(iphlp_count(IPHLP_TCP4, bytes, n, &is_cut), fit);
		assert_true(is_cut);
	}
	bytes[0] = 1;
	assert_int_equal(iphlp_count(IPHLP_TCP4, bytes, sizeof(bytes), &is_cut), 1);
	assert_false(is_cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_owner, start, end),
		cmocka_unit_test_setup_teardown(test_services, start, end),
		cmocka_unit_test_setup_teardown(test_kernel_and_nobody, start, end),
		cmocka_unit_test_setup_teardown(test_rows, start, end),
		cmocka_unit_test_setup_teardown(test_one_port, start, end),
		cmocka_unit_test_setup_teardown(test_rules, start, end),
		cmocka_unit_test_setup_teardown(test_guests, start, end),
		cmocka_unit_test_setup_teardown(test_guests_not_told, start, end),
		cmocka_unit_test_setup_teardown(test_reserved, start, end),
		cmocka_unit_test_setup_teardown(test_failures, start, end),
		cmocka_unit_test(test_short_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
