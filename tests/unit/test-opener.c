/* What the first bytes of a conversation are. */
#include "act/opener.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) text, sizeof(text) - 1

/* Bytes, and "PROTOCOL|NAME|REQUEST" with a "+" at the end where no more is needed. */
static const struct {
	const char *bytes;
	size_t n;
	bool is_datagram;
	const char *wanted;
} cases[] = {
	{BYTES("GET /x?y=1 HTTP/1.1\r\nhOsT: \t example.org:80\r\n"), false,
	 "http|example.org:80|GET /x?y=1+"},
	{BYTES("GET / HTTP/1.1\r\nAccept: */*\r\n"), false, "http||GET /"},
	{BYTES("POST / HTTP/1.0\n\n"), false, "http||POST /+"},
	{BYTES("GET / HTTP/1.1"), false, "?||"},
	{BYTES("GET /\x1b[31m\xff\\ HTTP/1.1\r\n\r\n"), false,
	 "http||GET /\\x1b[31m\\xff\\\\+"},
	{BYTES("Get / HTTP/1.1\r\n\r\n"), false, "?||"},
	{BYTES("THISISNOMETHODATALLNONE / HTTP/1.1\r\n\r\n"), false, "?||"},
	{BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), false, "http2||+"},
	{BYTES("DESCRIBE rtsp://h/a RTSP/1.0\r\n\r\n"), false, "rtsp||DESCRIBE rtsp://h/a+"},
	{BYTES("OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n\r\n"), true, "sip||OPTIONS sip:a@b+"},
	{BYTES("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"), true,
	 "ssdp|239.255.255.250:1900|M-SEARCH *+"},
	{BYTES("SSH-2.0-OpenSSH_9.2p1 Debian\r\n"), false, "ssh||SSH-2.0-OpenSSH_9.2p1 Debian+"},
	{BYTES("SSH-2.0-Open"), false, "ssh||SSH-2.0-Open"},
	{BYTES("SSH"), false, "?||"},
	{BYTES("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\7example\3org\0\0\x1c\0\1"), true,
	 "dns|example.org|AAAA+"},
	{BYTES("\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\7example\3org\0\0\x0f\0\1"), false,
	 "dns|example.org|MX+"},
	{BYTES("\x12\x34\x81\0\0\x01\0\0\0\0\0\0\7example\3org\0\0\x1c\0\1"), true, "?||+"},
	{BYTES("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\xc0\x0c\0\x1c\0\1"), true, "?||+"},
	{BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"), true, "dns|a|A+"},
	{BYTES("\0\0\0\x08\x04\xd2\x16\x2f"), false, "postgresql||+"},
	{BYTES("*1\r\n$4\r\nPING\r\n"), false, "redis||+"},
	{BYTES("\x10\x10\0\4MQTT\4\2\0<\0\4abcd"), false, "mqtt||+"},
	{BYTES("\5\1\0"), false, "socks5||+"},
	{BYTES("\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0"), false, "rdp||+"},
	{BYTES("EHLO me\r\n"), false, "smtp||EHLO me+"},
	{BYTES("0032git-upload-pack /project.git\0host=myserver.com\0"), false,
	 "git||git-upload-pack /project.git+"},
	{BYTES("\x13" "BitTorrent protocol\0\0"), false, "bittorrent||+"},
	{BYTES("\0\1\0\0\x21\x12\xa4\x42xxxxxxxxxxxx"), true, "stun||+"},
	{BYTES("hello\r\n"), false, "?||"},
	{BYTES("\0"), false, "?||"},
	{BYTES(""), false, "?||"},
	{BYTES(""), true, "?||+"},
};

static void describe(const void *bytes, size_t n, bool is_datagram, char *out, size_t size)
{
	struct opener o;

	opener_read(bytes, n, is_datagram, &o);
	snprintf(out, size, "%s|%s|%s%s", o.protocol ? o.protocol : "?", o.name, o.request,
		 o.is_complete ? "+" : "");
}

static void test_openers(void **state BERTH_UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char got[600];

		describe(cases[i].bytes, cases[i].n, cases[i].is_datagram, got, sizeof(got));
		if (strcmp(got, cases[i].wanted) != 0)
			fail_msg("case %zu: \"%s\" is not \"%s\"", i, got, cases[i].wanted);
	}
}

static size_t put(uint8_t *at, size_t n, const void *bytes, size_t length)
{
	memcpy(at + n, bytes, length);
	return n + length;
}

/* A ClientHello for `name`, with h2 and http/1.1; its length. */
static size_t make_hello(uint8_t *out, const char *name)
{
	const uint8_t length = (uint8_t)strlen(name);
	const uint8_t server_name[] = {0, 0, 0, (uint8_t)(length + 5), 0, (uint8_t)(length + 3), 0,
				       0, length};
	static const uint8_t alpn[] = "\0\x10\0\x0e\0\x0c\2h2\x08http/1.1";
	const size_t extensions = sizeof(server_name) + length + sizeof(alpn) - 1;
	const size_t body = 2 + 32 + 1 + 4 + 2 + 2 + extensions;
	const uint8_t head[] = {22, 3, 1, 0, (uint8_t)(body + 4), 1, 0, 0, (uint8_t)body, 3, 3};
	static const uint8_t middle[] = {0, 0, 2, 0x13, 1, 1, 0};
	const uint8_t total[] = {0, (uint8_t)extensions};
	size_t n = put(out, 0, head, sizeof(head));

	memset(out + n, 0xaa, 32);
	n = put(out, n + 32, middle, sizeof(middle));
	n = put(out, n, total, sizeof(total));
	n = put(out, n, server_name, sizeof(server_name));
	n = put(out, n, name, length);
	return put(out, n, alpn, sizeof(alpn) - 1);
}

static void test_tls(void **state BERTH_UNUSED)
{
	uint8_t hello[512];
	size_t n = make_hello(hello, "ex\x1b.org");
	char got[600];

	describe(hello, n, false, got, sizeof(got));
	assert_string_equal(got, "tls|ex\\x1b.org|h2 http/1.1+");
	for (size_t cut = 0; cut < n; cut++) {
		struct opener o;

		opener_read(hello, cut, false, &o);
		assert_int_equal(o.protocol != NULL, cut >= 6);
		assert_true(cut < 6 || strcmp(o.protocol, "tls") == 0);
		assert_true(!o.is_complete || strcmp(o.name, "ex\\x1b.org") == 0);
	}
	hello[3] = hello[8] = 0xff; /* lengths that lie */
	describe(hello, n, false, got, sizeof(got));
	assert_string_equal(got, "tls|ex\\x1b.org|h2 http/1.1+");
}

static void test_escape(void **state BERTH_UNUSED)
{
	char out[12];

	assert_int_equal(opener_escape("a\n\\\x01\x7f", 5, out, sizeof(out)), 4);
	assert_string_equal(out, "a\\n\\\\\\x01");
	assert_int_equal(opener_escape("abc", 3, out, 3), 2);
	assert_string_equal(out, "ab");
	assert_int_equal(opener_escape("\0", 1, out, 5), 1);
	assert_string_equal(out, "\\x00");
	assert_int_equal(opener_escape("x", 1, out, 1), 0);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openers),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
