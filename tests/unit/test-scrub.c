/* What a recording for strangers must not hold. */
#include "base/str.h"
#include "live/recording.h"
#include "live/scrub.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* `text` as a world, scrubbed and written again; free() it. */
static char *scrubbed(const char *text)
{
	char error[RECORDING_ERROR_SIZE], *copy;
	struct arena arena = {0};
	struct live_snapshot out;
	struct recording r;
	struct str written = {0};

	if (recording_read(text, strlen(text), "s", &arena, &r, error) != 0)
		fail_msg("%s", error);
	assert_int_equal(recording_scrub(&r.snapshot, &arena, &out), 0);
	for (size_t i = 1; i < out.n_sockets; i++)
		assert_true(live_socket_compare(&out.sockets[i - 1], &out.sockets[i]) <= 0);
	assert_int_equal(recording_write(&out, (struct recording_options){0}, &written), 0);
	arena_fini(&arena);
	copy = strdup(str_text(&written));
	str_fini(&written);
	assert_non_null(copy);
	return copy;
}

#define LEFT_OUT "gap what=details where=this\\srecording why=arguments,\\sworking\\sdirectories" \
		 "\\sand\\sprivate\\snames\\swere\\sleft\\sout\\swhen\\sit\\swas\\smade\n"

static void test_process(void **state)
{
	char *text = scrubbed(
		"berth-world 1\n"
		"namespace 1 here\n"
		"process 5 program=node path=/home/alice/app/node directory=/home/alice/app"
		" command=/home/alice/app/node,--password=geheim uid=1000 user=alice"
		" unit=syncthing@alice.service parents=1:systemd\n"
		"process 6 program=postgres path=/usr/lib/postgresql/15/bin/postgres"
		" command=postgres:\\salice\\ssales\\s203.0.113.9(4242)\\sidle uid=105"
		" user=postgres\n"
		"process 7 program=tool path=/opt/bob-smith/bin/tool command=tool uid=1001"
		" user=bob-smith unit=x@bob\\\\x2dsmith.service\n"
		"process 8 program=nobodyd command= uid=65534 user=nobody\n"
		"process 9 program=p path=/usr/../home/alice/p command=alice"
		" started=1970-01-01T00:00:00Z\n"
		"socket tcp listener 127.0.0.1:1 uid=1000 user=alice owners=5:3,6:3,7:3,8:3,9:3\n"
		"socket tcp listener 127.0.0.1:2 user=alice\n");

	(void)state;
	assert_string_equal(text,
		"berth-world 1\n"
		"namespace 1 here\n"
		"process 5 program=node path=.../node command=node cut uid=1000 user=user1000"
		" unit=syncthing@user1000.service parents=1:systemd\n"
		"process 6 program=postgres path=/usr/lib/postgresql/15/bin/postgres"
		" command=postgres cut uid=105 user=postgres\n"
		"process 7 program=tool path=/opt/user1001/bin/tool command=tool uid=1001"
		" user=user1001 unit=x@user1001.service\n"
		"process 8 program=nobodyd command= uid=65534 user=nobody\n"
		"process 9 program=p path=.../p command=user1000 started=1970-01-01T00:00:00Z\n"
		"socket tcp listener 127.0.0.1:1 uid=1000 user=user1000"
		" owners=5:3,6:3,7:3,8:3,9:3\n"
		"socket tcp listener 127.0.0.1:2\n"
		LEFT_OUT);
	free(text);
}

/* The same address becomes the same everywhere; what says how far a client can be stays. */
static void test_addresses(void **state)
{
	char *text = scrubbed(
		"berth-world 1\n"
		"namespace 1 here\n"
		"socket tcp connection 8.8.8.8:1 9.9.9.9:2\n"
		"socket tcp connection [::ffff:8.8.8.8]:1 [2606:4700::1111]:3\n"
		"socket tcp connection [2606:4700::1]:1 [2606:4700::1111]:4\n"
		"socket udp listener [fe80::5054:ff:fe12:3456%3]:5\n"
		"socket udp connection [fd12:3456:789a::1]:5 [ff0e::1]:5\n"
		"socket udp connection 10.0.0.1:6 172.31.2.3:6\n"
		"socket udp connection 192.168.1.1:6 100.127.0.1:6\n"
		"socket udp connection 169.254.1.1:6 224.0.0.251:6\n"
		"socket udp connection 172.32.0.1:6 100.128.0.1:6\n"
		"socket udp listener [::1]:7\n"
		"socket udp listener [ff02::fb]:7\n"
		"socket udp listener [ff3e:40:2606:4700::1]:7\n"
		"gap what=owner where=tcp\\s8.8.8.8:1 why=to\\s[2606:4700::1111]:3,\\s9.9.9.9.\n");

	(void)state;
	assert_string_equal(text,
		"berth-world 1\n"
		"namespace 1 here\n"
		"socket tcp connection 192.0.2.1:1 192.0.2.2:2\n"
		"socket tcp connection [::ffff:192.0.2.1]:1 [2001:db8::2]:3\n"
		"socket tcp connection [2001:db8::1]:1 [2001:db8::2]:4\n"
		"socket udp listener [fe80::1%3]:5\n"
		"socket udp connection [fd00::1]:5 [ff0e::1]:5\n"
		"socket udp connection 10.0.0.1:6 172.31.2.3:6\n"
		"socket udp connection 169.254.1.1:6 224.0.0.251:6\n"
		"socket udp connection 192.0.2.4:6 192.0.2.3:6\n"
		"socket udp connection 192.168.1.1:6 100.127.0.1:6\n"
		"socket udp listener [::1]:7\n"
		"socket udp listener [ff02::fb]:7\n"
		"socket udp listener [ff1e::1]:7\n"
		"gap what=owner where=tcp\\s192.0.2.1:1 why=to\\s[2001:db8::2]:3,\\s192.0.2.2.\n"
		LEFT_OUT);
	free(text);
}

static void test_containers_and_gaps(void **state)
{
	char *text = scrubbed(
		"berth-world 1\n"
		"namespace 1 here\n"
		"namespace 2 name=alice-web"
		" container=0123456789abcdef0123456789abcdef0123456789abcdef\n"
		"process 5 uid=1000 user=alice container=lxc-alice\n"
		"socket tcp listener 0.0.0.0:80 interface=tun-alice owners=5:3\n"
		"socket tcp listener 0.0.0.0:80 ns=2 uid=0 cgroup=9 container=0123456789abcdef"
		" unit=docker-0123456789abcdef0123456789abcdef0123456789abcdef.scope\n"
		"gap what=namespace where=/run/user/1000/alice/netns"
		" why=alice\\shas\\sit;\\snot\\smalice"
		" fix=see\\s/proc/5/fd\\sor\\s/etc/berth\\sor\\s/home/alice similar=3\n");

	(void)state;
	assert_string_equal(text,
		"berth-world 1\n"
		"namespace 1 here\n"
		"namespace 2 name=user1000-web container=0123456789ab\n"
		"process 5 uid=1000 user=user1000 container=lxc-user1000\n"
		"socket tcp listener 0.0.0.0:80 interface=tun-user1000 owners=5:3\n"
		"socket tcp listener 0.0.0.0:80 ns=2 uid=0 cgroup=9 unit=docker-0123456789ab.scope"
		" container=0123456789ab\n"
		"gap what=namespace where=.../netns why=user1000\\shas\\sit;\\snot\\smalice"
		" fix=see\\s/proc/5/fd\\sor\\s.../berth\\sor\\s.../user1000 similar=3\n"
		LEFT_OUT);
	free(text);
}

/* Whose session it is, what a socket unit starts, whose device the kernel's tunnel is. */
static void test_sessions_units_and_drivers(void **state)
{
	char *text = scrubbed(
		"berth-world 1\n"
		"namespace 1 here\n"
		"process 5 uid=1000 user=alice login=alice\n"
		"process 6 user=root login=bob\n"
		"socket tcp listener 0.0.0.0:80 owners=5:3,6:3\n"
		"socket tcp listener 0.0.0.0:81 unit=alice.socket activates=alice.service"
		" starts=/home/alice/bin/server,--token,secret\n"
		"socket udp listener 0.0.0.0:4789 owners=kernel:vxlan\\svx-alice\n");

	(void)state;
	assert_string_equal(text,
		"berth-world 1\n"
		"namespace 1 here\n"
		"process 5 uid=1000 user=user1000 login=user1000\n"
		"process 6 user=root\n"
		"socket tcp listener 0.0.0.0:80 owners=5:3,6:3\n"
		"socket tcp listener 0.0.0.0:81 unit=user1000.socket activates=user1000.service"
		" starts=server\n"
		"socket udp listener 0.0.0.0:4789 owners=kernel:vxlan\\svx-user1000\n"
		LEFT_OUT);
	free(text);
}

/* The public address 20.0.0.0 + n. */
static struct address public_address(uint32_t n)
{
	return (struct address){
		.bytes = {20, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n},
	};
}

/* More public addresses than the documentation has: all different until 131,834 are used up. */
static void test_many_addresses(void **state)
{
	static const struct {
		uint32_t n;
		const char *stand_in;
	} cases[] = {
		{0, "192.0.2.1"},       {253, "192.0.2.254"}, {254, "198.51.100.1"},
		{508, "203.0.113.1"},   {761, "203.0.113.254"}, {762, "198.18.0.0"},
		{763, "198.18.0.1"},    {66298, "198.19.0.0"},
	};
	struct arena arena = {0};
	struct scrub s = {.arena = &arena};

	(void)state;
	for (uint32_t i = 0; i < 70000; i++) {
		struct address a = public_address(i);

		scrub_learn_address(&s, &a);
		if (i % 3 == 0)
			scrub_learn_address(&s, &a);
	}
	scrub_settle(&s);
	assert_int_equal(s.n_addresses, 70000);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		uint32_t n = cases[i].n;
		struct address a = public_address(n);
		char text[ADDRESS_TEXT_SIZE];

		a = scrub_address(&s, &a);
		assert_string_equal(address_format(&a, text), cases[i].stand_in);
	}
	arena_fini(&arena);
}

/* Users without numbers, paths with other separators. */
static void test_windows(void **state)
{
	char *text = scrubbed(
		"berth-world 1\n"
		"namespace 1 here\n"
		"process 5 program=app.exe path=C:\\\\Users\\\\Al\\\\app\\\\app.exe uid=4294967295"
		" user=HOST\\\\Al\n"
		"process 6 program=svchost.exe path=c:\\\\Windows\\\\System32\\\\svchost.exe"
		" uid=4294967295 user=NT\\sAUTHORITY\\\\SYSTEM unit=RpcSs\n"
		"process 7 program=b.exe path=D:\\\\Program\\sFiles\\\\Al\\sCo\\\\b.exe"
		" uid=4294967295 user=S-1-5-21-1-2-3-1001\n"
		"process 8 program=c.exe path=\\\\\\\\nas\\\\home\\\\c.exe uid=4294967295\n"
		"socket tcp listener 127.0.0.1:1 owners=5::fd,6::fd,7::fd,8::fd\n"
		"gap what=process where=C:\\\\Users\\\\Al\\sB\\\\x.exe why=Al\\srefused\n");

	(void)state;
	assert_non_null(strstr(text, "path=...\\\\app.exe"));
	assert_non_null(strstr(text, "user=user1\n"));
	assert_non_null(strstr(text, "path=c:\\\\Windows\\\\System32\\\\svchost.exe"));
	assert_non_null(strstr(text, "user=NT\\sAUTHORITY\\\\SYSTEM unit=RpcSs"));
	assert_non_null(strstr(text, "path=D:\\\\Program\\sFiles\\\\user1\\sCo\\\\b.exe"));
	assert_non_null(strstr(text, "user=user2\n"));
	assert_non_null(strstr(text, "path=...\\\\c.exe"));
	assert_non_null(strstr(text, "where=...\\\\x.exe why=user1\\srefused"));
	assert_null(strstr(text, "Al"));
	assert_null(strstr(text, "1001"));
	free(text);
}

/* People have other numbers there, and programs other places. */
static void test_macos(void **state)
{
	char *text = scrubbed(
		"berth-world 1\n"
		"system macos\n"
		"namespace 0 here\n"
		"process 5 program=x path=/Users/mira/x uid=501 user=mira unit=com.mira.x\n"
		"process 6 program=y path=/Library/mira/y uid=65 user=_mdnsresponder\n"
		"process 7 program=z path=/Applications/Z.app/z uid=4294967294 user=nobody\n"
		"socket tcp listener 127.0.0.1:1 owners=5:3,6:3,7:3\n");

	(void)state;
	assert_non_null(strstr(text, "system macos\n"));
	assert_non_null(strstr(text, "path=.../x "));
	assert_non_null(strstr(text, "user=user501 unit=com.user501.x\n"));
	assert_non_null(strstr(text, "path=/Library/user501/y "));
	assert_non_null(strstr(text, "user=_mdnsresponder\n"));
	assert_non_null(strstr(text, "path=/Applications/Z.app/z "));
	assert_non_null(strstr(text, "user=nobody\n"));
	assert_null(strstr(text, "mira"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_containers_and_gaps),
		cmocka_unit_test(test_sessions_units_and_drivers),
		cmocka_unit_test(test_many_addresses),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_macos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
