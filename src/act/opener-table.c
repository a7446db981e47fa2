/*
 * Openers that are told by fixed bytes. Sources: the protocols' own documents, as named in the
 * rows; a row needs at least three bytes that ordinary text or noise does not have.
 */
#include "act/opener-parts.h"

enum { STREAM = 1, DATAGRAM = 2, EITHER = STREAM | DATAGRAM, LINE = 4 };

/* `n` bytes `at` an offset; `kinds`: where it may occur, and LINE: its first line says more. */
struct mark {
	const char *protocol;
	int kinds;
	size_t at, n;
	const char *bytes;
};

#define MARK(protocol, kinds, at, bytes) {protocol, kinds, at, sizeof(bytes) - 1, bytes}

static const struct mark marks[] = {
	MARK("ssh", STREAM | LINE, 0, "SSH-"),                    /* RFC 4253 4.2 */
	MARK("proxy", STREAM | LINE, 0, "PROXY TCP"),             /* HAProxy's PROXY, version 1 */
	MARK("proxy", STREAM | LINE, 0, "PROXY UNKNOWN"),
	MARK("proxy", STREAM, 0, "\r\n\r\n\0\r\nQUIT\n"),         /* and version 2 */
	MARK("postgresql", STREAM, 4, "\x04\xd2\x16\x2f"),        /* SSLRequest */
	MARK("postgresql", STREAM, 4, "\x04\xd2\x16\x30"),        /* GSSENCRequest */
	MARK("postgresql", STREAM, 4, "\x04\xd2\x16\x2e"),        /* CancelRequest */
	MARK("postgresql", STREAM, 4, "\0\x03\0\0user\0"),        /* StartupMessage 3.0 */
	MARK("redis", STREAM, 0, "*1\r\n$"),                      /* RESP */
	MARK("redis", STREAM, 0, "*2\r\n$"),
	MARK("redis", STREAM, 0, "*3\r\n$"),
	MARK("redis", STREAM | LINE, 0, "PING\r\n"),
	MARK("mongodb", STREAM, 12, "\xdd\x07\0\0"),              /* OP_MSG */
	MARK("mongodb", STREAM, 12, "\xd4\x07\0\0"),              /* OP_QUERY */
	MARK("mqtt", STREAM, 2, "\0\x04MQTT"),                    /* MQTT 3.1.1, 5: CONNECT */
	MARK("mqtt", STREAM, 2, "\0\x06MQIsdp"),
	MARK("amqp", STREAM, 0, "AMQP"),
	MARK("stomp", STREAM | LINE, 0, "CONNECT\n"),
	MARK("stomp", STREAM | LINE, 0, "STOMP\n"),
	MARK("nats", STREAM | LINE, 0, "CONNECT {"),
	MARK("memcached", STREAM | LINE, 0, "stats\r\n"),
	MARK("memcached", STREAM | LINE, 0, "version\r\n"),
	MARK("memcached", STREAM | LINE, 0, "get "),
	MARK("smtp", STREAM | LINE, 0, "EHLO "),                  /* impatient clients */
	MARK("smtp", STREAM | LINE, 0, "HELO "),
	MARK("ftp", STREAM | LINE, 0, "USER "),
	MARK("irc", STREAM | LINE, 0, "CAP LS"),
	MARK("irc", STREAM | LINE, 0, "NICK "),
	MARK("git", STREAM | LINE, 4, "git-upload-pack "),
	MARK("git", STREAM | LINE, 4, "git-receive-pack "),
	MARK("rsync", STREAM | LINE, 0, "@RSYNCD:"),
	MARK("vnc", STREAM | LINE, 0, "RFB 00"),
	MARK("fix", STREAM, 0, "8=FIX"),
	MARK("bittorrent", STREAM, 0, "\x13" "BitTorrent protocol"),
	MARK("jdwp", STREAM, 0, "JDWP-Handshake"),
	MARK("rmi", STREAM, 0, "JRMI"),
	MARK("t3", STREAM | LINE, 0, "t3 "),
	MARK("adb", STREAM, 0, "CNXN"),
	MARK("zookeeper", STREAM, 0, "ruok"),
	MARK("zeromq", STREAM, 0, "\xff\0\0\0\0\0\0\0\x01\x7f"),
	MARK("cassandra", STREAM, 0, "\x04\0\0\0\x05"),           /* OPTIONS, protocol 4 */
	MARK("cassandra", STREAM, 0, "\x05\0\0\0\x05"),
	MARK("smb", STREAM, 4, "\xffSMB"),
	MARK("smb", STREAM, 4, "\xfeSMB"),
	MARK("rdp", STREAM, 5, "\xe0\0\0"),                       /* TPKT, X.224 connect */
	MARK("mssql", STREAM, 0, "\x12\x01\0"),                   /* TDS PRELOGIN */
	MARK("oracle", STREAM, 4, "\x01\0\0\0\x01"),              /* TNS connect */
	MARK("ldap", STREAM, 2, "\x02\x01\x01\x60"),              /* BindRequest */
	MARK("x11", STREAM, 0, "l\0\x0b\0\0\0"),
	MARK("x11", STREAM, 0, "B\0\0\x0b\0\0"),
	MARK("telnet", STREAM, 0, "\xff\xfb"),
	MARK("telnet", STREAM, 0, "\xff\xfd"),
	MARK("socks4", STREAM, 0, "\x04\x01"),
	MARK("socks5", STREAM, 0, "\x05\x01\0"),
	MARK("socks5", STREAM, 0, "\x05\x02\0"),
	MARK("socks5", STREAM, 0, "\x05\x03\0"),
	MARK("rtmp", STREAM, 0, "\x03\0\0\0\0\0\0\0\0"),
	MARK("rpc", STREAM, 8, "\0\0\0\0\0\0\0\x02"),             /* ONC RPC call, version 2 */
	MARK("rpc", DATAGRAM, 4, "\0\0\0\0\0\0\0\x02"),
	MARK("stun", EITHER, 4, "\x21\x12\xa4\x42"),              /* RFC 8489 */
	MARK("dtls", DATAGRAM, 0, "\x16\xfe\xff"),
	MARK("dtls", DATAGRAM, 0, "\x16\xfe\xfd"),
	MARK("wireguard", DATAGRAM, 0, "\x01\0\0\0"),             /* 148 bytes, see below */
	MARK("openvpn", DATAGRAM, 0, "\x38"),                     /* 14 bytes */
	MARK("ntp", DATAGRAM, 0, "\x23"),                         /* 48 bytes, versions 4, 3, 2 */
	MARK("ntp", DATAGRAM, 0, "\x1b"),
	MARK("ntp", DATAGRAM, 0, "\xe3"),
	MARK("coap", DATAGRAM, 0, "\x40\x01"),
	MARK("snmp", DATAGRAM, 2, "\x02\x01\x01\x04"),            /* version 2c */
	MARK("snmp", DATAGRAM, 2, "\x02\x01\0\x04"),
	MARK("snmp", DATAGRAM, 2, "\x02\x01\x03\x30"),
	MARK("netbios", DATAGRAM, 12, "\x20" "CKAAAAAAAAAAAA"),   /* a status query */
	MARK("ike", DATAGRAM, 16, "\x21\x20\x22\x08"),            /* IKEv2 SA_INIT */
	MARK("ike", DATAGRAM, 16, "\x01\x10\x02\0"),
	MARK("tftp", DATAGRAM, 0, "\0\x01"),
	MARK("sip", DATAGRAM | LINE, 0, "OPTIONS sip:"),
	MARK("steam", DATAGRAM, 0, "\xff\xff\xff\xff" "TSource"),
	MARK("rmcp", DATAGRAM, 0, "\x06\0\xff\x07"),              /* IPMI */
	MARK("syslog", EITHER | LINE, 0, "<13>"),
	MARK("syslog", EITHER | LINE, 0, "<14>"),
	MARK("syslog", EITHER | LINE, 0, "<30>"),
	MARK("syslog", EITHER | LINE, 0, "<34>"),
	MARK("syslog", EITHER | LINE, 0, "<165>"),
};

/* What short marks need besides. */
static bool fits(const char *protocol, struct opener_bytes b)
{
	static const struct {
		const char *protocol;
		size_t least, most;
	} sizes[] = {
		{"wireguard", 148, 148}, {"openvpn", 14, 86}, {"ntp", 48, 68},	{"tftp", 6, 516},
		{"socks4", 9, 512},	 {"rdp", 11, 512},    {"snmp", 16, 1500}, {"x11", 12, 4096},
		{"coap", 4, 1500},	 {"telnet", 3, 4096}, {"ldap", 12, 4096},
	};

	for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
		if (strcmp(sizes[i].protocol, protocol) == 0)
			return b.n >= sizes[i].least && b.n <= sizes[i].most;
	}
	return true;
}

static bool has_mark(struct opener_bytes b, const struct mark *m)
{
	return b.n >= m->at + m->n && memcmp(b.at + m->at, m->bytes, m->n) == 0 &&
	       fits(m->protocol, b);
}

static void take_line(struct opener_bytes b, size_t at, struct opener *out)
{
	size_t n = 0;

	b.at += at;
	b.n -= at;
	while (n < b.n && b.at[n] != '\r' && b.at[n] != '\n' && b.at[n] != '\0')
		n++;
	opener_escape(b.at, n, out->request, sizeof(out->request));
	out->is_complete = n < b.n;
}

/* QUIC (RFC 9000 17.2): a long header of a version that exists, in a datagram of 1200 bytes. */
static bool is_quic(struct opener_bytes b, bool is_datagram)
{
	static const uint8_t versions[][4] = {{0, 0, 0, 1}, {0x6b, 0x33, 0x43, 0xcf}};

	if (!is_datagram || b.n < 1200 || (b.at[0] & 0xc0) != 0xc0)
		return false;
	return memcmp(b.at + 1, versions[0], 4) == 0 || memcmp(b.at + 1, versions[1], 4) == 0;
}

bool opener_table(struct opener_bytes b, bool is_datagram, struct opener *out)
{
	int kind = is_datagram ? DATAGRAM : STREAM;

	if (is_quic(b, is_datagram)) {
		out->protocol = "quic";
		return true;
	}
	for (size_t i = 0; i < N_ELEMENTS(marks); i++) {
		if (!(marks[i].kinds & kind) || !has_mark(b, &marks[i]))
			continue;
		out->protocol = marks[i].protocol;
		out->is_complete = true;
		if (marks[i].kinds & LINE)
			take_line(b, marks[i].at, out);
		return true;
	}
	return false;
}
