/* What systemd's unit files say: which sockets, for which service, started how. */
#include "live/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The listen lines of a unit as one text: "stream [::]:80? dgram 127.0.0.1:53%eth0". */
static const char *tell(const struct unit_socket *u, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < u->n_listens; i++) {
		const struct unit_listen *l = &u->listens[i];
		char address[ADDRESS_TEXT_SIZE];

		n += (size_t)snprintf(text + n, size - n, "%s%s %s:%u%s%s%s", i > 0 ? " " : "",
				      l->is_stream ? "stream" : "dgram",
				      address_format(&l->address, address), l->port,
				      l->is_port_only ? "?" : "", l->interface ? "%" : "",
				      l->interface ? l->interface : "");
	}
	return text;
}

static void test_listens(void **state BERTH_UNUSED)
{
	static const struct {
		const char *name, *text, *listens;
	} cases[] = {
		{"a.socket", "[Socket]\nListenStream=80\n", "stream :::80?"},
		{"a.socket", "[Socket]\nListenStream=80", "stream :::80?"},
		{"a.socket", "[Socket]\r\n  ListenStream = 80  \r\n", "stream :::80?"},
		{"a.socket", "[Socket]\nListenDatagram=127.0.0.1:53\nListenStream=[::1]:53\n",
		 "dgram 127.0.0.1:53 stream ::1:53"},
		{"a.socket", "[Socket]\nListenStream=[fe80::1]:80%%eth0\n",
		 "stream fe80::1:80%eth0"},
		{"a.socket", "[Socket]\nListenStream=[::ffff:1.2.3.4]:80\n", "stream 1.2.3.4:80"},
		/* sections, comments, continued lines */
		{"a.socket", "ListenStream=1\n[Unit]\nListenStream=2\n[Socket]\nListenStream=3\n"
			     "[Install]\nListenStream=4\n[Socket]\nListenStream=5\n",
		 "stream :::3? stream :::5?"},
		{"a.socket", "[Socket]\n#ListenStream=1\n ;ListenStream=2\nListenStream=3\n",
		 "stream :::3?"},
		{"a.socket", "[Socket]\nListenStream=\\\n80\n", "stream :::80?"},
		{"a.socket", "[Socket]\nListenStream=\\\n# aside\n ; more\n80\nListenStream=81\n",
		 "stream :::80? stream :::81?"},
		{"a.socket", "[Socket]\nDescription=x\\\nListenStream=80\nListenStream=81\n",
		 "stream :::81?"},
		{"a.socket", "[Socket]\nListenStream=80\\", "stream :::80?"},
		{"a.socket", "[Socket\nListenStream=80\n", ""},
		{"a.socket", "[socket]\nListenStream=80\n", ""},
		/* what empties the list */
		{"a.socket", "[Socket]\nListenStream=80\nListenStream=\nListenDatagram=81\n",
		 "dgram :::81?"},
		{"a.socket", "[Socket]\nListenStream=80\nListenFIFO=\n", ""},
		{"a.socket", "[Socket]\nListenStream=80\nListenFIFO=/run/x\nListen=\n",
		 "stream :::80?"},
		/* other kinds, and what is no address */
		{"a.socket", "[Socket]\nListenStream=/run/a.sock\nListenStream=@abstract\n"
			     "ListenStream=vsock:2:80\nListenSequentialPacket=80\n",
		 ""},
		{"a.socket", "[Socket]\nListenStream=0\nListenStream=65536\nListenStream=-1\n"
			     "ListenStream=80x\nListenStream=localhost:80\nListenStream=::1:80\n"
			     "ListenStream=[::1]\nListenStream=[::1]80\nListenStream=1.2.3:80\n"
			     "ListenStream=:80\nListenStream=1.2.3.4:\n",
		 ""},
		/* specifiers */
		{"web@8080.socket", "[Socket]\nListenStream=127.0.0.1:%i\n",
		 "stream 127.0.0.1:8080"},
		{"web@\\x31\\x2e2.3.4:5.socket", "[Socket]\nListenStream=%I\n", "stream 1.2.3.4:5"},
		{"80.socket", "[Socket]\nListenStream=%N\nListenDatagram=%p\n",
		 "stream :::80? dgram :::80?"},
		{"a.socket", "[Socket]\nListenStream=%i\nListenStream=%H:80\nListenStream=%\n", ""},
	};
	struct arena arena = {0};
	char text[1024];

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct unit_socket u = {.name = cases[i].name, .arena = &arena};

		assert_true(unit_read_socket(&u, cases[i].text, strlen(cases[i].text)));
		if (strcmp(tell(&u, text, sizeof(text)), cases[i].listens) != 0)
			fail_msg("%s \"%s\": \"%s\" is not \"%s\"", cases[i].name, cases[i].text,
				 text, cases[i].listens);
	}
	arena_fini(&arena);
}

static void test_services(void **state BERTH_UNUSED)
{
	static const struct {
		const char *name, *text, *service;
	} cases[] = {
		{"ssh.socket", "", "ssh.service"},
		{"ssh.socket", "[Socket]\nAccept=yes\n", "ssh@.service"},
		{"ssh.socket", "[Socket]\nAccept=1\n", "ssh@.service"},
		{"ssh.socket", "[Socket]\nAccept=True\n", "ssh@.service"},
		{"ssh.socket", "[Socket]\nAccept=no\n", "ssh.service"},
		{"ssh.socket", "[Socket]\nAccept=yesyesyesyes\n", "ssh.service"},
		{"ssh.socket", "[Socket]\nAccept=yes\nAccept=\n", "ssh.service"},
		{"a.b.socket", "", "a.b.service"},
		{"web@80.socket", "", "web@80.service"},
		{"web@80.socket", "[Socket]\nService=%p-%i.service\n", "web-80.service"},
		{"a.socket", "[Socket]\nService=b.service\n", "b.service"},
		{"a.socket", "[Socket]\nService=b.service\nService=\n", "a.service"},
		{"a.socket", "[Socket]\nService=b\n", NULL},
		{"a.socket", "[Socket]\nService=../b.service\n", NULL},
		{"a.socket", "[Socket]\nService=b@.service\n", NULL},
		{"a.socket", "[Socket]\nService=\x1b[1m.service\n", NULL},
	};
	struct arena arena = {0};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct unit_socket u = {.name = cases[i].name, .arena = &arena};
		const char *service;

		assert_true(unit_read_socket(&u, cases[i].text, strlen(cases[i].text)));
		service = unit_service_of(&u);
		if ((service == NULL) != (cases[i].service == NULL) ||
		    (service && strcmp(service, cases[i].service) != 0))
			fail_msg("%s \"%s\": %s is not %s", cases[i].name, cases[i].text, service,
				 cases[i].service);
	}
	arena_fini(&arena);
}

static void test_commands(void **state BERTH_UNUSED)
{
	static const struct {
		const char *name, *text, *words; /* each in brackets */
	} cases[] = {
		{"a.service", "ExecStart=/usr/sbin/sshd -D\n", "[/usr/sbin/sshd][-D]"},
		{"a.service", "ExecStart=-+/usr/sbin/sshd -i $OPTIONS\n",
		 "[/usr/sbin/sshd][-i][$OPTIONS]"},
		{"a.service", "ExecStart=@/bin/busybox httpd -f\n", "[/bin/busybox][-f]"},
		{"a.service", "ExecStart=/bin/echo \"two words\" 'three or four' a\\ b\n",
		 "[/bin/echo][two words][three or four][a b]"},
		{"a.service", "ExecStart=/bin/echo \"\" x\n", "[/bin/echo][][x]"},
		{"a.service", "ExecStart=/bin/a ; /bin/b\n", "[/bin/a]"},
		{"a.service", "ExecStart=/bin/a\nExecStart=/bin/b\n", "[/bin/a]"},
		{"a.service", "ExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\n", "[/bin/b]"},
		{"a.service", "ExecStart=/bin/a\\\n -x\n", "[/bin/a][-x]"},
		{"a@7.service", "ExecStart=/bin/%p --port %i %h\n", "[/bin/a][--port][7][%h]"},
		{"a.service", "ExecStart=%h/bin/a\n", ""},
		{"a.service", "ExecStart=\"/bin/never ends\n", ""},
		{"a.service", "ExecStart=\n", ""},
		{"a.service", "ExecStartPre=/bin/a\n", ""},
	};
	struct arena arena = {0};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct unit_service u = {.name = cases[i].name, .arena = &arena};
		char file[256], text[512] = "";
		size_t n = 0;

		snprintf(file, sizeof(file), "[Service]\n%s", cases[i].text);
		assert_true(unit_read_service(&u, file, strlen(file)));
		for (const char *const *word = u.command; word && *word; word++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "[%s]", *word);
		if (strcmp(text, cases[i].words) != 0)
			fail_msg("%s: %s is not %s", cases[i].text, text, cases[i].words);
	}
	arena_fini(&arena);
}

/* A socket as "tcp ADDRESS PORT [dual] [DEVICE]". */
static void test_matches(void **state BERTH_UNUSED)
{
	static const struct {
		const char *unit;
		enum transport transport;
		const char *address;
		uint16_t port;
		bool is_dual;
		const char *interface;
		bool is_text, is_expected;
	} cases[] = {
		{"ListenStream=80", TRANSPORT_TCP, "::", 80, true, NULL, false, true},
		{"ListenStream=80", TRANSPORT_TCP, "::", 80, false, NULL, false, true},
		{"ListenStream=80", TRANSPORT_TCP, "0.0.0.0", 80, false, NULL, false, true},
		{"ListenStream=80", TRANSPORT_TCP, "::1", 80, false, NULL, false, false},
		{"ListenStream=80", TRANSPORT_TCP, "127.0.0.1", 80, false, NULL, false, false},
		{"ListenStream=80", TRANSPORT_TCP, "::", 81, true, NULL, false, false},
		{"ListenStream=80", TRANSPORT_UDP, "::", 80, true, NULL, false, false},
		{"ListenStream=80", TRANSPORT_MPTCP, "::", 80, true, NULL, false, false},
		{"ListenDatagram=80", TRANSPORT_UDP, "::", 80, true, NULL, false, true},
		{"ListenDatagram=80", TRANSPORT_UDPLITE, "::", 80, true, NULL, false, false},
		{"ListenDatagram=80\nSocketProtocol=udplite", TRANSPORT_UDPLITE, "::", 80, true,
		 NULL, false, true},
		{"ListenDatagram=80\nSocketProtocol=udplite", TRANSPORT_UDP, "::", 80, true, NULL,
		 false, false},
		{"ListenStream=80\nSocketProtocol=mptcp", TRANSPORT_MPTCP, "::", 80, true, NULL,
		 false, true},
		{"ListenStream=80\nSocketProtocol=mptcp", TRANSPORT_TCP, "::", 80, true, NULL,
		 false, true},
		{"ListenStream=80\nBindIPv6Only=both", TRANSPORT_TCP, "::", 80, false, NULL, false,
		 false},
		{"ListenStream=80\nBindIPv6Only=both", TRANSPORT_TCP, "::", 80, false, NULL, true,
		 true},
		{"ListenStream=80\nBindIPv6Only=ipv6-only", TRANSPORT_TCP, "::", 80, true, NULL,
		 false, false},
		{"ListenStream=80\nBindIPv6Only=ipv6-only", TRANSPORT_TCP, "::", 80, false, NULL,
		 false, true},
		{"ListenStream=0.0.0.0:80", TRANSPORT_TCP, "::", 80, true, NULL, false, false},
		{"ListenStream=0.0.0.0:80", TRANSPORT_TCP, "0.0.0.0", 80, false, NULL, false, true},
		{"ListenStream=[::]:80", TRANSPORT_TCP, "0.0.0.0", 80, false, NULL, false, false},
		{"ListenStream=80\nBindToDevice=eth0", TRANSPORT_TCP, "::", 80, true, "eth0", false,
		 true},
		{"ListenStream=80\nBindToDevice=eth0", TRANSPORT_TCP, "::", 80, true, NULL, false,
		 false},
		{"ListenStream=80", TRANSPORT_TCP, "::", 80, true, "eth0", false, false},
		{"ListenStream=[fe80::1]:80%%eth0", TRANSPORT_TCP, "fe80::1%2", 80, false, "eth0",
		 false, true},
		{"ListenStream=[fe80::1]:80%%eth1", TRANSPORT_TCP, "fe80::1%2", 80, false, "eth0",
		 false, false},
	};
	struct arena arena = {0};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct unit_socket u = {.name = "a.socket", .arena = &arena};
		struct live_namespace ns = {.is_here = true, .is_read_as_text = cases[i].is_text};
		struct live_socket s = {.transport = cases[i].transport,
					.local_port = cases[i].port,
					.is_dual_stack = cases[i].is_dual,
					.interface = cases[i].interface, .ns = &ns};
		char file[256];

		snprintf(file, sizeof(file), "[Socket]\n%s\n", cases[i].unit);
		assert_int_equal(address_parse(cases[i].address, &s.local), 0);
		assert_true(unit_read_socket(&u, file, strlen(file)));
		if (unit_is_listening(&u, &s) != cases[i].is_expected)
			fail_msg("row %zu: %s and %s", i, cases[i].unit, cases[i].address);
	}
	arena_fini(&arena);
}

static void test_names(void **state BERTH_UNUSED)
{
	struct arena arena = {0};

	assert_true(unit_is_name("ssh.socket", ".socket"));
	assert_true(unit_is_name("web@80.socket", ".socket"));
	assert_true(unit_is_name("dev-a\\x2db.socket", ".socket"));
	assert_false(unit_is_name("web@.socket", ".socket"));
	assert_false(unit_is_name(".socket", ".socket"));
	assert_false(unit_is_name("@.socket", ".socket"));
	assert_false(unit_is_name("ssh.service", ".socket"));
	assert_false(unit_is_name("a/b.socket", ".socket"));
	assert_false(unit_is_name("a b.socket", ".socket"));
	assert_string_equal(unit_template_of("web@80.socket", &arena), "web@.socket");
	assert_null(unit_template_of("web.socket", &arena));
	assert_null(unit_template_of("web@.socket", &arena));
	arena_fini(&arena);
}

/* Nothing grows beyond its bounds. */
static void test_bounds(void **state BERTH_UNUSED)
{
	static char text[UNITS_FILE_MAX];
	struct arena arena = {0};
	struct unit_socket u = {.name = "a.socket", .arena = &arena};
	struct unit_service s = {.name = "a.service", .arena = &arena};
	size_t n = (size_t)snprintf(text, sizeof(text), "[Socket]\n"), n_words = 0;

	while (n + 32 < sizeof(text))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "ListenStream=%zu\n",
				      n % 60000 + 1);
	assert_true(unit_read_socket(&u, text, n));
	assert_int_equal(u.n_listens, UNITS_LISTENS_MAX);
	n = (size_t)snprintf(text, sizeof(text), "[Service]\nExecStart=/bin/a");
	for (size_t i = 0; i < 200; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %zu", i);
	assert_true(unit_read_service(&s, text, n));
	while (s.command[n_words])
		n_words++;
	assert_int_equal(n_words, UNITS_WORDS_MAX);
	/* A line that is too long is left out, and the next one is not. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "[Socket]\nListenStream=", 22);
	memcpy(text + sizeof(text) - 17, "\nListenStream=99\n", 17);
	u.n_listens = 0;
	assert_true(unit_read_socket(&u, text, sizeof(text)));
	assert_int_equal(u.n_listens, 1);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listens),	 cmocka_unit_test(test_services),
		cmocka_unit_test(test_commands), cmocka_unit_test(test_matches),
		cmocka_unit_test(test_names),	 cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
