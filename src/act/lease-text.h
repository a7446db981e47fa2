/*
 * Lease text: everything about leases that is only text. Pure.
 *
 * A lease of a port is a pair of names in Linux's abstract unix namespace (unix(7)), which the
 * kernel gives to one socket at a time and frees when the last process that has it is gone:
 *
 *     @berth/lease/tcp/12345  @berth/lease/udp/12345
 *
 * A third one beside them tells `berth leases` whose it is; nothing else depends on it:
 *
 *     @berth/leased/PORT/PID/PIDNS/SECONDS/KIND/NAME
 *
 * PID is the process it is for, as seen in the PID namespace PIDNS (the inode of /proc/self/ns/pid,
 * 0 = not known), SECONDS since 1970, KIND c (a command) or p (a portserver's client).
 */
#pragma once

#include "base/str.h"
#include "live/live.h"

enum {
	LEASE_NAME_MOST = 32,      /* bytes of a NAME */
	LEASE_MOST = 64,           /* ports of one run */
	LEASE_MOST_SPANS = 16,     /* spans of one RANGE */
	LEASE_VARIABLE_SIZE = LEASE_NAME_MOST + 6, /* "WEB_PORT" and its terminator */
	LEASE_ERROR_SIZE = 256,
	LEASE_ENV_MOST = 1 << 20,  /* bytes of an environment file */
	LEASE_ARGUMENT_MOST = 131071, /* execve(2) refuses a longer one */
	LEASE_ADDRESS_MOST = 107,  /* bytes of a unix address behind its first */
	LEASE_REQUEST_MOST = 20,   /* bytes of a portserver's request */
};

/* One port that is wished for. */
struct lease_wish {
	char name[LEASE_NAME_MOST + 1]; /* "" = none was given */
	struct live_span spans[LEASE_MOST_SPANS]; /* the ports that will do; none = any good one */
	size_t n_spans;
};

/*
 * Parse "8000", "8000-8010" or "8000,8005-8010" (port 0 is none). Returns how many spans there are,
 * or -EINVAL with one clear line in `error` (LEASE_ERROR_SIZE bytes).
 */
int lease_spans_parse(const char *text, struct live_span spans[LEASE_MOST_SPANS],
		      char *error) BERTH_MUST_CHECK;

/* Parse NAME[=RANGE]: a letter, then letters, digits, '-', '_', '.'. Returns 0 or -EINVAL as
 * above; `out` is untouched then. */
int lease_wish_parse(const char *text, struct lease_wish *out, char *error) BERTH_MUST_CHECK;

/* "web-api" becomes "WEB_API_PORT", "" becomes "PORT". `out` has LEASE_VARIABLE_SIZE bytes. */
const char *lease_variable(const char *name, char *out);

/*
 * Append `argument` with the ports of `n` wishes in their places: {NAME}, or {PORT} for the first.
 * Other braces stay as they are. Returns how many places there were; -E2BIG: longer than an
 * argument can be.
 */
int lease_fill(const char *argument, const struct lease_wish *wishes, const uint16_t *ports,
	       size_t n, struct str *out) BERTH_MUST_CHECK;

/*
 * Append an environment file (KEY=VALUE lines, as compose, systemd, direnv and dotenv read them)
 * with PORT and each NAME_PORT: lines of `old` (`n_old` bytes) that set one of them, with or
 * without "export", are set anew where they stand, the others stay as they are, what is missing
 * comes at the end. Returns 0; -EINVAL: `old` is no text (it has a NUL); -EFBIG: too long.
 */
int lease_env_merge(const char *old, size_t n_old, const struct lease_wish *wishes,
		    const uint16_t *ports, size_t n, struct str *out) BERTH_MUST_CHECK;

/* Whose a lease is. */
struct lease_record {
	uint16_t port;
	uint32_t pid;
	uint64_t pid_namespace; /* 0 = not known */
	int64_t since_s;        /* seconds since 1970 */
	char kind;              /* 'c', 'p' */
	char name[LEASE_NAME_MOST + 1];
};

/* A name of leases in the abstract namespace. */
struct lease_name {
	bool is_record;           /* otherwise a lock */
	enum transport transport; /* of a lock: TCP or UDP */
	uint16_t port;            /* of a lock */
	struct lease_record record;
};

/* The names without their first byte, in `out` (LEASE_ADDRESS_MOST + 1 bytes). */
void lease_lock_format(enum transport transport, uint16_t port, char *out);
void lease_record_format(const struct lease_record *r, char *out);

/* Take one apart, without its first byte. Returns 0, or -EINVAL: none of ours. */
int lease_name_parse(const char *text, struct lease_name *out) BERTH_MUST_CHECK;

/*
 * A portserver's request: a process id in decimal, blanks around it allowed, at most
 * LEASE_REQUEST_MOST bytes. Returns 0; -EINVAL: anything else, and 0 and 1, which never get a port.
 */
int lease_request_parse(const char *bytes, size_t n, uint32_t *pid) BERTH_MUST_CHECK;
