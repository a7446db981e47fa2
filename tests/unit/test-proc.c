/* The text of /proc: processes, tables, mounts, rules, users. */
#include "base/arena.h"
#include "live/fdscan-linux.h"
#include "live/gaps.h"
#include "live/mounts-linux.h"
#include "live/number-map.h"
#include "live/passwd.h"
#include "live/proc-linux.h"
#include "live/rules-linux.h"
#include "live/table-linux.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define REST "1 1 0 -1 4194560 1 2 3 4 5 6 -7 8 20 0 1 0 "

static void test_stat(void **state BERTH_UNUSED)
{
	static const struct {
		const char *text, *comm;
		char process_state;
		uint32_t parent;
		uint64_t started;
	} cases[] = {
		{"812 (nginx) S 1 " REST "4711 99 0", "nginx", 'S', 1, 4711},
		{"812 (a) R 2 (b)) S 7 " REST "5 0", "a) R 2 (b)", 'S', 7, 5},
		{"812 (two words) Z 7 " REST "5", "two words", 'Z', 7, 5},
		{"812 (a\\nb\\\\c) S 7 " REST "5 0", "a\nb\\c", 'S', 7, 5},
		{"812 () S 7 " REST "18446744073709551615 0", "", 'S', 7, UINT64_MAX},
		{"2 (kworker/R-rcu_g) I 0 " REST "5 0", "kworker/R-rcu_g", 'I', 0, 5},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct proc_stat stat;

		assert_int_equal(proc_parse_stat(cases[i].text, strlen(cases[i].text), &stat), 0);
		assert_string_equal(stat.comm, cases[i].comm);
		assert_int_equal(stat.state, cases[i].process_state);
		assert_int_equal(stat.parent, cases[i].parent);
		assert_true(stat.started == cases[i].started);
	}
}

static void test_malformed_stat(void **state BERTH_UNUSED)
{
	static const char *const cases[] = {
		"",
		"812",
		"812 (nginx",
		"812 nginx) S 1",
		") (",
		"812 (nginx)",
		"812 (nginx) S",
		"812 (nginx) S 1 1 0",
		"812 (nginx) S x " REST "5 0",
		"812 (nginx) S 99999999999 " REST "5 0",
		"812 (nginx) S 1 " REST "99999999999999999999 0",
		"812 (nginx)S 1 " REST "5 0",
	};
	struct proc_stat stat = {.state = '?'};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		assert_int_equal(proc_parse_stat(cases[i], strlen(cases[i]), &stat), -EBADMSG);
	assert_int_equal(stat.state, '?');
}

static void check_command(const char *bytes, size_t n, const char *const *expected)
{
	struct arena arena = {0};
	const char *const *command = proc_split_command(&arena, bytes, n);
	size_t i;

	for (i = 0; expected[i]; i++)
		assert_string_equal(command[i], expected[i]);
	if (i == 0)
		assert_null(command);
	else
		assert_null(command[i]);
	arena_fini(&arena);
}

static void test_command(void **state BERTH_UNUSED)
{
	check_command("nginx\0-g\0daemon off;\0", 21,
		      (const char *[]){"nginx", "-g", "daemon off;", NULL});
	check_command("sh\0-c\0\0x\0", 9, (const char *[]){"sh", "-c", "", "x", NULL});
	check_command("nginx: worker process\0\0\0\0", 25,
		      (const char *[]){"nginx: worker process", NULL});
	check_command("cut", 3, (const char *[]){"cut", NULL});
	check_command("", 0, (const char *[]){NULL});
	check_command("\0\0\0", 3, (const char *[]){NULL});
}

static void test_links(void **state BERTH_UNUSED)
{
	static const struct {
		const char *link;
		uint32_t inode;
	} cases[] = {
		{"socket:[31337]", 31337},  {"socket:[4294967295]", UINT32_MAX},
		{"socket:[4294967296]", 0}, {"socket:[]", 0},
		{"socket:[1", 0},           {"socket:[-1]", 0},
		{"socket:[1]x", 0},         {"pipe:[31337]", 0},
		{"/tmp/socket:[1]", 0},     {"", 0},
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		assert_int_equal(proc_link_inode(cases[i].link, strlen(cases[i].link)),
				 cases[i].inode);
}

struct inodes {
	uint32_t items[8];
	size_t n;
};

static void take_inode(uint32_t inode, void *context)
{
	struct inodes *inodes = context;

	assert_true(inodes->n < N_ELEMENTS(inodes->items));
	inodes->items[inodes->n++] = inode;
}

static void test_ring(void **state BERTH_UNUSED)
{
	static const char text[] = "pos:\t0\nSqMask:\t0x3\nSqThreadCpu:\t-1\nUserFiles:\t4\n"
				   "    0: socket:[31337]\n    2: /dev/null\n    3: socket:[7]\n"
				   "UserBufs:\t1\n    0: socket:[9]\n";
	struct inodes inodes = {0};

	fdscan_parse_ring(text, take_inode, &inodes);
	assert_int_equal(inodes.n, 2);
	assert_int_equal(inodes.items[0], 31337);
	assert_int_equal(inodes.items[1], 7);
	inodes.n = 0;
	fdscan_parse_ring("UserFiles:\t1\n    0 socket:[1]\n", take_inode, &inodes);
	fdscan_parse_ring("UserFiles:\t1", take_inode, &inodes);
	fdscan_parse_ring("", take_inode, &inodes);
	assert_int_equal(inodes.n, 0);
}

/* --- /proc/net ------------------------------------------------------------------------------- */

static int parse_line(const char *line, enum transport t, struct live_socket *s)
{
	return table_parse_line(line, strlen(line), t, s);
}

static void test_table(void **state BERTH_UNUSED)
{
	struct live_socket s;
	char text[ADDRESS_TEXT_SIZE];

	assert_int_equal(
		parse_line("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 "
			   "00000000  1000        0 31337 1 00000000c534ca22 100 0 0 10 0\n",
			   TRANSPORT_TCP, &s),
		0);
	assert_int_equal(s.state, LIVE_LISTENER);
	assert_string_equal(address_format(&s.local, text), "127.0.0.1");
	assert_int_equal(s.local_port, 8080);
	assert_false(s.has_remote);
	assert_true(s.has_uid);
	assert_int_equal(s.uid, 1000);
	assert_int_equal(s.inode, 31337);
	assert_true(s.cookie == 0);

	assert_int_equal(parse_line("12: 00000000000000000000000000000000:0016 "
				    "00000000000000000000000000000000:0000 0A 00000000:00000000 "
				    "00:00000000 00000000     0        0 5 1 0 100 0 0 10 0",
				    TRANSPORT_TCP, &s),
			 0);
	assert_int_equal(s.local.family, ADDRESS_IPV6);
	assert_true(s.is_dual_stack);

	assert_int_equal(
		parse_line(" 3: 0100007F:138E 0100007F:9FDC 06 00000000:00000000 03:00001770 "
			   "00000000     0        0 0 3 0000000098aa1f3b\n",
			   TRANSPORT_TCP, &s),
		0);
	assert_int_equal(s.state, LIVE_TIME_WAIT);
	assert_int_equal(s.remote_port, 0x9fdc);
	assert_int_equal(s.expires_ms, 60000);
	assert_false(s.has_uid);

	assert_int_equal(
		parse_line(" 1234: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 "
			   "00000000   101        0 77 2 000000003a1fb9cd 0\n",
			   TRANSPORT_UDP, &s),
		0);
	assert_int_equal(s.state, LIVE_LISTENER);
	assert_int_equal(s.local_port, 53);

	assert_int_equal(parse_line(" 1: 0000000000000000FFFF00000100007F:0050 "
				    "0000000000000000FFFF00000100007F:1234 01 00000000:00000000 "
				    "00:00000000 00000000 0 0 8 1 0\n",
				    TRANSPORT_TCP, &s),
			 0);
	assert_int_equal(s.state, LIVE_CONNECTION);
	assert_string_equal(address_format(&s.remote, text), "127.0.0.1");
}

static void test_malformed_table(void **state BERTH_UNUSED)
{
	static const char good[] =
		" 0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 "
		"00000000  1000        0 31337 1\n";
	static const char *const cases[] = {
		"0: 0100007F:1F90",
		"x: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1",
		" 0: 0100007:1F90 00000000:0000 0A 0:0 00:0 0 0 0 1",
		" 0: 0100007F:1F90 00000000:0000 00 0:0 00:0 0 0 0 1",
		" 0: 0100007F:1F90 00000000:0000 0F 0:0 00:0 0 0 0 1",
		" 0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 -1 0 1",
		" 0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 4294967296 0 1",
		" 0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 9999999999",
		" 0: 0100007F:1F901 00000000:0000 0A 0:0 00:0 0 0 0 1",
	};
	struct live_socket s;

	assert_int_equal(parse_line("  sl  local_address rem_address   st\n", TRANSPORT_TCP, &s),
			 1);
	assert_int_equal(parse_line("\n", TRANSPORT_TCP, &s), 1);
	assert_int_equal(parse_line("", TRANSPORT_TCP, &s), 1);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		assert_int_equal(parse_line(cases[i], TRANSPORT_TCP, &s), -EBADMSG);
	for (size_t n = 2; n < (size_t)(strstr(good, "31337") - good); n++)
		assert_true(table_parse_line(good, n, TRANSPORT_TCP, &s) != 0);
}

/* --- the rest -------------------------------------------------------------------------------- */

static void test_mounts(void **state BERTH_UNUSED)
{
	char named[] =
		"43 42 0:4 net:[4026532177] /run/netns/two\\040words rw shared:2 - nsfs nsfs rw";
	char group[] = "30 25 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";
	char dash[] = "43 42 0:4 / /a\\134b - rw - proc proc rw,hidepid=invisible";
	static const char *const bad[] = {"", "1 2 3", "1 2 3 / /x rw shared:1",
					  "1 2 3 / /x rw - ", "1 2 3 / /x rw - nsfs"};
	struct mount_line m;

	assert_int_equal(mounts_parse_line(named, &m), 0);
	assert_string_equal(m.root, "net:[4026532177]");
	assert_string_equal(m.point, "/run/netns/two words");
	assert_string_equal(m.type, "nsfs");
	assert_int_equal(mounts_parse_line(group, &m), 0);
	assert_string_equal(m.type, "cgroup2");
	assert_string_equal(m.options, "rw,nsdelegate");
	assert_int_equal(mounts_parse_line(dash, &m), 0);
	assert_string_equal(m.point, "/a\\b");
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s", bad[i]);
		assert_int_equal(mounts_parse_line(line, &m), -EBADMSG);
	}
}

static void test_rules(void **state BERTH_UNUSED)
{
	static const char *const bad[] = {"", "1", "5 4", "1 65536", "a 5", "1 5x"};
	static const char *const bad_lists[] = {"1-", "5-4", "x", "1,x", "65536", "1;2", "-5"};
	struct arena arena = {0};
	const struct live_span *spans;
	struct live_span span;
	size_t n;

	assert_int_equal(rules_parse_range("32768\t60999\n", &span), 0);
	assert_int_equal(span.first, 32768);
	assert_int_equal(span.last, 60999);
	for (size_t i = 0; i < N_ELEMENTS(bad); i++)
		assert_int_equal(rules_parse_range(bad[i], &span), -EBADMSG);
	assert_int_equal(rules_parse_list(&arena, "8080,9000-9010,65535\n", &spans, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(spans[0].last, 8080);
	assert_int_equal(spans[1].first, 9000);
	assert_int_equal(spans[1].last, 9010);
	assert_int_equal(rules_parse_list(&arena, "\n", &spans, &n), 0);
	assert_int_equal(n, 0);
	for (size_t i = 0; i < N_ELEMENTS(bad_lists); i++)
		assert_int_equal(rules_parse_list(&arena, bad_lists[i], &spans, &n), -EBADMSG);
	arena_fini(&arena);
}

static void test_passwd(void **state BERTH_UNUSED)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/bash\n# comment:x:5:\n"
				   "toor:x:0:0::/:\nbad:x:abc:0\nbig:x:4294967296:0\n+nis:x:9:9\n"
				   "\n::7:7\nlast:x:1000:1000";
	struct passwd *p;

	assert_int_equal(passwd_parse(text, sizeof(text) - 1, &p), 0);
	assert_string_equal(passwd_name(p, 0), "root");
	assert_string_equal(passwd_name(p, 1000), "last");
	assert_null(passwd_name(p, 5));
	assert_null(passwd_name(p, 7));
	assert_null(passwd_name(p, 9));
	assert_null(passwd_name(NULL, 0));
	passwd_close(p);
}

static void test_number_map(void **state BERTH_UNUSED)
{
	struct number_map m = {0};

	assert_int_equal(number_map_find(&m, 1), NUMBER_MAP_NONE);
	for (uint64_t i = 1; i <= 10000; i++)
		number_map_set(&m, i << 20, (uint32_t)i);
	number_map_set(&m, 5 << 20, 77);
	for (uint64_t i = 1; i <= 10000; i++)
		assert_int_equal(number_map_find(&m, i << 20), i == 5 ? 77 : i);
	assert_int_equal(number_map_find(&m, 3), NUMBER_MAP_NONE);
	assert_int_equal(number_map_find(&m, 0), NUMBER_MAP_NONE);
	assert_int_equal(m.n, 10000);
	number_map_fini(&m);
}

static void test_gaps(void **state BERTH_UNUSED)
{
	struct arena arena = {0};
	struct gaps g = {.arena = &arena};

	gaps_add_errno(&g, "owner", "pid 1", EACCES);
	gaps_add_errno(&g, "owner", "pid 2", EACCES);
	gaps_add_errno(&g, "owner", "pid 1", EACCES);
	gaps_add_errno(&g, "owner", "pid 2", EIO);
	assert_int_equal(g.n, 2);
	assert_string_equal(g.items[0].where, "pid 1");
	assert_string_equal(g.items[0].why, "permission denied");
	assert_string_equal(g.items[0].fix, "run as root");
	assert_int_equal(g.items[0].n_similar, 1);
	assert_null(g.items[1].fix);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),   cmocka_unit_test(test_malformed_stat),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_links),  cmocka_unit_test(test_ring),
		cmocka_unit_test(test_table),  cmocka_unit_test(test_malformed_table),
		cmocka_unit_test(test_mounts), cmocka_unit_test(test_rules),
		cmocka_unit_test(test_passwd), cmocka_unit_test(test_number_map),
		cmocka_unit_test(test_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
