/*
 * Units: what systemd's unit files say about sockets. Pure text in, records out.
 *
 * The format is that of systemd.syntax(7), systemd.socket(5) and systemd.service(5): sections,
 * assignments, comments with '#' or ';', lines continued by a backslash, lists that an empty
 * assignment empties, specifiers such as %i. A unit is read from its file, then from its drop-ins
 * in their order; what cannot be understood is left out, never guessed.
 */
#pragma once

#include "base/arena.h"
#include "live/live.h"

/* Bounds: a file that is longer is not read, further listen lines and words are left out. */
enum { UNITS_FILE_MAX = 64 * 1024, UNITS_LISTENS_MAX = 256, UNITS_WORDS_MAX = 64 };

/* One ListenStream= or ListenDatagram= of an internet address. */
struct unit_listen {
	bool is_stream;
	bool is_port_only; /* a bare number: [::]:N, or 0.0.0.0:N on a system without IPv6 */
	struct address address;
	uint16_t port;
	const char *interface; /* behind a % (which files write as %%); NULL = any */
};

/* BindIPv6Only= */
enum unit_v6only { UNIT_V6ONLY_SYSTEM, UNIT_V6ONLY_NO, UNIT_V6ONLY_YES };

/* A socket unit. Fill it by unit_read_socket(); begin with `{.name, .arena}`. */
struct unit_socket {
	const char *name; /* "ssh.socket", "web@8080.socket" */
	struct arena *arena;
	struct unit_listen *listens;
	size_t n_listens, listens_capacity;
	const char *service; /* Service=; NULL = of the same name */
	bool is_accepting;   /* Accept=: an instance of the service for each connection */
	enum unit_v6only v6only;
	const char *device;  /* BindToDevice=; NULL = none */
	bool has_protocol;   /* SocketProtocol= ... */
	enum transport protocol; /* ... udplite, sctp or mptcp */
};

/* A service unit; the same way. */
struct unit_service {
	const char *name;
	struct arena *arena;
	const char *const *command; /* the first ExecStart=, without its prefixes; NULL = none */
};

/* Read a file or drop-in of `n` bytes into the unit. False when out of memory. */
bool unit_read_socket(struct unit_socket *u, const char *text, size_t n);
bool unit_read_service(struct unit_service *u, const char *text, size_t n);

/*
 * The service that a socket unit starts: "ssh.service"; with Accept=yes the template
 * "ssh@.service". In the unit's arena; NULL when it cannot be told.
 */
const char *unit_service_of(const struct unit_socket *u);

/*
 * Whether one of the unit's listen lines is socket `s`, as far as that can be seen: protocol, port,
 * address, device, and IPV6_V6ONLY unless `s` was read from /proc/net text.
 */
bool unit_is_listening(const struct unit_socket *u, const struct live_socket *s);

/* "web@8080.socket" of "web@.socket"; NULL for a name that is no instance. In `arena`. */
const char *unit_template_of(const char *name, struct arena *arena);

/* Whether a name could be that of a unit with this suffix (".socket"); templates are none. */
bool unit_is_name(const char *name, const char *suffix);
