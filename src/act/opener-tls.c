/* TLS: the ClientHello (RFC 8446 4.1.2) and the server name in it (RFC 6066 3). */
#include "act/opener-parts.h"

enum {
	HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	RANDOM_SIZE = 32,
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_ALPN = 16,
};

/* The first name of the list; there is only the kind 0, a host name. */
static void take_server_name(struct opener_bytes list, struct opener *out)
{
	struct opener_bytes entries, name;
	uint32_t n, kind, length;

	if (!opener_number(&list, 2, &n) || !opener_take(&list, n, &entries))
		return;
	if (opener_number(&entries, 1, &kind) && kind == 0 &&
	    opener_number(&entries, 2, &length) && opener_take(&entries, length, &name))
		opener_escape(name.at, name.n, out->name, sizeof(out->name));
}

/* "h2 http/1.1" */
static void take_protocols(struct opener_bytes list, struct opener *out)
{
	struct opener_bytes entries, name;
	uint32_t n, length;
	size_t used = 0;

	if (!opener_number(&list, 2, &n) || !opener_take(&list, n, &entries))
		return;
	while (opener_number(&entries, 1, &length) && opener_take(&entries, length, &name)) {
		if (used + 2 >= sizeof(out->request))
			return;
		if (used > 0)
			out->request[used++] = ' ';
		opener_escape(name.at, name.n, out->request + used, sizeof(out->request) - used);
		used = strlen(out->request);
	}
}

/* Returns whether all extensions were there. */
static bool read_extensions(struct opener_bytes *b, struct opener *out)
{
	uint32_t total;

	if (!opener_number(b, 2, &total))
		return false;
	if (total < b->n)
		b->n = total;
	while (b->n > 0) {
		struct opener_bytes body;
		uint32_t kind, length;

		if (!opener_number(b, 2, &kind) || !opener_number(b, 2, &length) ||
		    !opener_take(b, length, &body))
			return false;
		total -= MIN_OF(total, length + 4);
		if (kind == EXTENSION_SERVER_NAME)
			take_server_name(body, out);
		else if (kind == EXTENSION_ALPN)
			take_protocols(body, out);
	}
	return total == 0;
}

static bool skip(struct opener_bytes *b, size_t n_length)
{
	struct opener_bytes skipped;
	uint32_t length;

	return opener_number(b, n_length, &length) && opener_take(b, length, &skipped);
}

/* Behind the header of the handshake message. Returns whether all of it was there. */
static bool read_hello(struct opener_bytes b, struct opener *out)
{
	struct opener_bytes skipped;
	uint32_t version;

	if (!opener_number(&b, 2, &version) || !opener_take(&b, RANDOM_SIZE, &skipped) ||
	    !skip(&b, 1) || /* session */
	    !skip(&b, 2) || /* cipher suites */
	    !skip(&b, 1))   /* compression */
		return false;
	return read_extensions(&b, out);
}

bool opener_tls(struct opener_bytes b, struct opener *out)
{
	uint32_t kind, version, record, message, length;

	if (!opener_number(&b, 1, &kind) || kind != HANDSHAKE ||
	    !opener_number(&b, 2, &version) || version >> 8 != 3 || version > 0x0304)
		return false;
	if (!opener_number(&b, 2, &record) || !opener_number(&b, 1, &message))
		return false;
	if (message != CLIENT_HELLO)
		return false;
	out->protocol = "tls";
	if (!opener_number(&b, 3, &length))
		return true;
	if (length < b.n)
		b.n = length;
	out->is_complete = read_hello(b, out) || *out->name;
	return true;
}
