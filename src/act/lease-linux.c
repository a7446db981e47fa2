/* The names and holds of leases on Linux. */
#include "act/lease.h"

#include "act/trial.h"
#include "act/wait-look.h"
#include "base/fd.h"
#include "live/rules-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

bool lease_is_possible(void)
{
	return true;
}

void lease_rules(struct arena *arena, struct live_rules *out)
{
	*out = (struct live_rules){.has_ephemeral = false};
	rules_read(arena, out);
}

uint64_t lease_seed(void)
{
	uint64_t seed = 0;
	struct timespec now = {0};

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
		return seed;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 32;
}

/* --- names ----------------------------------------------------------------------------------- */

/* Give an abstract name to a socket. Returns 0 or a negative errno; -EADDRINUSE: it is taken. */
static int name_socket(int fd, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t n = strlen(name);

	memcpy(address.sun_path + 1, name, n);
	return bind(fd, (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)) < 0
		       ? -errno
		       : 0;
}

/* A stream socket that never listens: nobody can connect to it, and nothing queues up in it. */
static int new_name_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int take_name(enum transport transport, uint16_t port, int *out)
{
	char name[LEASE_ADDRESS_MOST + 1];
	int fd = new_name_socket(), r;

	if (fd < 0)
		return fd;
	lease_lock_format(transport, port, name);
	r = name_socket(fd, name);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	*out = fd;
	return 0;
}

static uint64_t pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) < 0 ? 0 : (uint64_t)st.st_ino;
}

void lease_tell(const struct lease *l, char kind, uint32_t pid, const char *name)
{
	struct lease_record record = {.port = l->port, .pid = pid, .kind = kind};
	char text[LEASE_ADDRESS_MOST + 1];
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	record.since_s = now.tv_sec;
	record.pid_namespace = pid_namespace();
	snprintf(record.name, sizeof(record.name), "%s", name);
	lease_record_format(&record, text);
	(void)!name_socket(l->record, text);
}

/* --- is it free ------------------------------------------------------------------------------ */

/* What a bind to both wildcards says. */
enum freedom { IS_FREE, IS_BOUND, IS_DENIED };

/* Returns an enum freedom, or a negative errno. */
static int try_bind(enum transport transport, enum address_family family, uint16_t port,
		    bool has_reuse)
{
	const struct trial_request request = {
		.transport = transport,
		.address = {.family = family},
		.port = port,
		.has_reuse_address = has_reuse,
		.is_v6only = family == ADDRESS_IPV6,
	};
	struct trial_result result;
	int r = trial_bind(&request, &result);

	if (r < 0)
		return r;
	switch (result.error) {
	case 0:
	case EAFNOSUPPORT: /* without IPv6 (or IPv4) nobody has the port there */
	case EADDRNOTAVAIL:
	case EPROTONOSUPPORT:
		return IS_FREE;
	case EADDRINUSE:
		return IS_BOUND;
	case EACCES:
	case EPERM:
		return IS_DENIED;
	default:
		return -result.error;
	}
}

static int probe(uint16_t port, bool has_reuse)
{
	static const enum transport transports[] = {TRANSPORT_TCP, TRANSPORT_UDP};
	static const enum address_family families[] = {ADDRESS_IPV4, ADDRESS_IPV6};

	for (size_t i = 0; i < 4; i++) {
		enum transport t = transports[i / 2];
		int r = try_bind(t, families[i % 2], port, has_reuse && t == TRANSPORT_TCP);

		if (r != IS_FREE)
			return r;
	}
	return IS_FREE;
}

/* Whether nothing but closed connections has the port. */
static bool has_only_remnants(uint16_t port)
{
	struct wait_look *look = NULL;
	struct wait_rows rows = {.n = 0};
	struct arena arena;
	bool is_only = false;

	if (wait_look_open(&look) < 0)
		return false;
	arena_init(&arena);
	if (!wait_look_unseen(look, WAIT_UNSEEN_BOUND) &&
	    wait_look_holders(look, TRANSPORT_TCP, port, &arena, &rows) == 0) {
		is_only = true;
		for (size_t i = 0; i < rows.n; i++)
			is_only &= rows.items[i].is_remnant;
	}
	arena_fini(&arena);
	wait_look_close(look);
	return is_only;
}

/* --- holding --------------------------------------------------------------------------------- */

static int bind_hold(int fd, bool is_v6, uint16_t port)
{
	const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, is_v6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4,
		 is_v6 ? sizeof(v6) : sizeof(v4)) < 0)
		return -errno;
	return 0;
}

/* Bound with SO_REUSEADDR, never listening: servers that set it too are not in its way. */
static int hold(enum address_family family, uint16_t port, int *out)
{
	bool is_v6 = family == ADDRESS_IPV6;
	int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return errno == EAFNOSUPPORT ? 0 : -errno;
	r = bind_hold(fd, is_v6, port);
	if (r == 0) {
		*out = fd;
		return 0;
	}
	fd_close(fd);
	return r == -EADDRNOTAVAIL ? 0 : r;
}

static int hold_both(struct lease *l)
{
	int r = hold(ADDRESS_IPV4, l->port, &l->holds[0]);

	return r < 0 ? r : hold(ADDRESS_IPV6, l->port, &l->holds[1]);
}

/* --- a lease --------------------------------------------------------------------------------- */

void lease_unhold(struct lease *l)
{
	for (size_t i = 0; i < 2; i++)
		l->holds[i] = fd_close(l->holds[i]);
}

void lease_drop(struct lease *l)
{
	lease_unhold(l);
	l->record = fd_close(l->record);
	for (size_t i = 0; i < 2; i++)
		l->locks[i] = fd_close(l->locks[i]);
}

/* Both names, always in the same order: of two leases one gets both. */
static int lock(struct lease *l)
{
	int r = take_name(TRANSPORT_TCP, l->port, &l->locks[0]);

	return r < 0 ? r : take_name(TRANSPORT_UDP, l->port, &l->locks[1]);
}

/* Returns 0; 1: not this port, and why is counted; or a negative errno. */
static int try_port(uint16_t port, enum lease_hold how, bool is_patient, struct lease *out,
		    struct lease_misses *misses)
{
	struct lease l = {.port = port, .locks = {-1, -1}, .record = -1, .holds = {-1, -1}};
	int r = lock(&l);

	if (r == -EADDRINUSE) {
		misses->n_leased++;
		lease_drop(&l);
		return 1;
	}
	if (r == 0)
		r = probe(port, is_patient);
	if (r == IS_FREE && is_patient && !has_only_remnants(port))
		r = IS_BOUND;
	if (r == IS_FREE && how == LEASE_HOLD_REUSE) {
		r = hold_both(&l);
		r = r == -EADDRINUSE ? IS_BOUND : r;
	}
	if (r == IS_FREE) {
		r = new_name_socket();
		l.record = r;
	}
	if (r >= 0 && l.record >= 0) {
		*out = l;
		return 0;
	}
	misses->n_bound += r == IS_BOUND;
	misses->n_denied += r == IS_DENIED;
	lease_drop(&l);
	return r < 0 ? r : 1;
}

int lease_take(const struct lease_ports *pool, size_t *cursor, enum lease_hold how,
	       struct lease *out, struct lease_misses *misses)
{
	struct lease_misses first = {0}, second = {0};
	int r = 1;

	for (size_t i = *cursor; r == 1 && i < pool->n; i++) {
		r = try_port(pool->ports[i], how, false, out, &first);
		if (r == 0)
			*cursor = i + 1;
	}
	/* Those before the cursor were taken a while ago; bound ones perhaps only closed. */
	for (size_t i = 0; r == 1 && i < pool->n && (*cursor > 0 || first.n_bound > 0); i++) {
		r = try_port(pool->ports[i], how, true, out, &second);
		if (r == 0)
			*cursor = i + 1;
	}
	if (r == 1)
		*misses = *cursor > 0 || first.n_bound > 0 ? second : first;
	return r;
}
