/*
 * Opener: what the first bytes of a conversation are. Pure.
 *
 * Whoever knocks says what it wants in its first bytes, if its protocol lets the client speak
 * first: a TLS ClientHello names the server it looks for, HTTP its Host, DNS its question. Clients
 * of protocols in which the server speaks first (SMTP, FTP, MySQL, VNC) wait and say nothing.
 *
 * The bytes are an untrusted stranger's: all reads are bounded, the result is of fixed size, what
 * is copied out of them is printable ASCII and anything else in it \xNN.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

enum {
	OPENER_NAME_SIZE = 256,
	OPENER_REQUEST_SIZE = 128,
	OPENER_MOST = 4096, /* more bytes than that tell nothing more */
};

struct opener {
	const char *protocol; /* "tls", "http", "ssh", ...; static; NULL = not known */
	char name[OPENER_NAME_SIZE];       /* whom it asks for; "" = nobody */
	char request[OPENER_REQUEST_SIZE]; /* what it asks; "" = nothing that is understood */
	bool is_complete; /* more bytes would not tell more */
};

/* Name the first `n` bytes of a stream, or a whole datagram. */
void opener_read(const void *bytes, size_t n, bool is_datagram, struct opener *out);

/* `n` foreign bytes as text into `out` (`size` bytes, terminated): printable ASCII as it is, "\\"
 * for a backslash, \n \r \t, and \xNN. What does not fit whole is left out. Returns how many bytes
 * were taken. */
size_t opener_escape(const void *bytes, size_t n, char *out, size_t size);
