#include "act/portserver.h"

#include "act/attempt.h"
#include "act/clients-linux.h"
#include "act/doors.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	SILENCE_MS = 10 * 1000,
	READ_ONCE = 100,      /* what the protocol's server reads of a request */
	FDS_BESIDES = 64,     /* what berth itself has open, with room to spare */
	EVENTS_AT_ONCE = 64,
	ACCEPTS_AT_ONCE = 64, /* between two looks at everything else */
	BACKLOG = 4096,
};

/* What an event is about: the kind in the upper half, an index in the lower. */
enum kind { KIND_LISTENER, KIND_STOP, KIND_STATUS, KIND_CLIENT, KIND_LEASE };

/* A connection that has said nothing yet. */
struct client {
	int fd; /* -1 = free */
	struct client_peer peer;
	int64_t since_ms;
	uint64_t order; /* which came first */
};

/* A port in somebody's hands. */
struct tenancy {
	struct lease lease;
	int pidfd; /* -1 = free */
};

struct portserver {
	int listener, epoll, status; /* `status`: SIGUSR1 came */
	char *path;          /* to be removed at the end; NULL = abstract */
	dev_t device;        /* what was made there */
	ino_t inode;
	struct lease_ports pool; /* those that nobody has from here, in the order of their turns */
	size_t cursor;           /* whose turn it is */
	size_t n_ports;          /* with those that somebody has */
	struct client clients[PORTSERVER_MOST_CLIENTS];
	struct tenancy *tenancies; /* `n_most` of them */
	uint32_t *spare;           /* free ones: a stack */
	size_t n_spare, n_most;
	uint64_t n_orders;
	struct portserver_counts counts;
};

static int watch(const struct portserver *s, int fd, enum kind kind, size_t index)
{
	struct epoll_event event = {.events = EPOLLIN,
				    .data.u64 = (uint64_t)kind << 32 | (uint64_t)index};

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* --- where it listens ------------------------------------------------------------------------ */

static int fill_address(const char *text, struct sockaddr_un *out, socklen_t *size)
{
	size_t n = strlen(text);

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (n == 0 || (text[0] == '@' && n == 1))
		return -EINVAL;
	if (n > LEASE_ADDRESS_MOST)
		return -ENAMETOOLONG;
	memcpy(out->sun_path, text, n);
	if (text[0] == '@')
		out->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (text[0] != '@'));
	return 0;
}

static int listen_at(struct portserver *s, const char *text)
{
	struct sockaddr_un address;
	socklen_t size = 0;
	struct stat st;
	int r = fill_address(text, &address, &size);

	if (r == 0 && text[0] != '@')
		r = doors_clear_path(&address, size);
	if (r < 0)
		return r;
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0 ||
	    bind(s->listener, (const struct sockaddr *)&address, size) < 0)
		return -errno;
	if (text[0] != '@' && lstat(text, &st) == 0) {
		s->device = st.st_dev;
		s->inode = st.st_ino;
		s->path = strdup(text);
		if (!s->path)
			return -ENOMEM;
	}
	if (listen(s->listener, BACKLOG) < 0)
		return -errno;
	return watch(s, s->listener, KIND_LISTENER, 0);
}

/* Another server may have taken its place. */
static void remove_path(struct portserver *s)
{
	struct stat st;

	if (s->path && lstat(s->path, &st) == 0 && st.st_dev == s->device &&
	    st.st_ino == s->inode)
		fd_remove(s->path);
}

/* --- open and close -------------------------------------------------------------------------- */

/* How many leases the descriptors allow for. */
static size_t raise_limit(void)
{
	struct rlimit limit = {0};
	const rlim_t besides = FDS_BESIDES + PORTSERVER_MOST_CLIENTS;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		const struct rlimit raised = {limit.rlim_max, limit.rlim_max};

		if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
			limit = raised;
	}
	if (limit.rlim_cur == RLIM_INFINITY)
		return UINT16_MAX;
	return limit.rlim_cur > besides
		       ? (size_t)((limit.rlim_cur - besides) / PORTSERVER_FDS_A_LEASE)
		       : 0;
}

/* SIGUSR1 no longer ends the process: it can be asked for. */
static int watch_status(struct portserver *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	s->status = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->status < 0 ? -errno : watch(s, s->status, KIND_STATUS, 0);
}

static int prepare(struct portserver *s, const struct lease_ports *pool)
{
	s->pool = *pool;
	s->n_ports = pool->n;
	s->pool.ports = calloc(pool->n + 1, sizeof(*s->pool.ports));
	s->n_most = MIN_OF(raise_limit(), pool->n);
	s->tenancies = calloc(s->n_most + 1, sizeof(*s->tenancies));
	s->spare = calloc(s->n_most + 1, sizeof(*s->spare));
	if (!s->pool.ports || !s->tenancies || !s->spare)
		return -ENOMEM;
	memcpy(s->pool.ports, pool->ports, pool->n * sizeof(*s->pool.ports));
	for (size_t i = 0; i < s->n_most; i++) {
		s->tenancies[i].pidfd = -1;
		s->spare[s->n_spare++] = (uint32_t)(s->n_most - 1 - i);
	}
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	return s->epoll < 0 ? -errno : watch_status(s);
}

int portserver_open(const char *address, const struct lease_ports *pool, struct portserver **out)
{
	struct portserver *s;
	int r;

	if (!client_can_look())
		return -ENOSYS;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->listener = s->epoll = s->status = -1;
	for (size_t i = 0; i < PORTSERVER_MOST_CLIENTS; i++)
		s->clients[i].fd = -1;
	r = prepare(s, pool);
	if (r == 0)
		r = listen_at(s, address);
	if (r < 0) {
		portserver_close(s);
		return r;
	}
	*out = HAND_OVER(s);
	return 0;
}

struct portserver *portserver_close(struct portserver *s)
{
	if (!s)
		return NULL;
	remove_path(s);
	for (size_t i = 0; s->tenancies && i < s->n_most; i++) {
		if (s->tenancies[i].pidfd < 0)
			continue;
		lease_drop(&s->tenancies[i].lease);
		fd_close(s->tenancies[i].pidfd);
	}
	for (size_t i = 0; i < PORTSERVER_MOST_CLIENTS; i++)
		fd_close(s->clients[i].fd);
	fd_close(s->listener);
	fd_close(s->epoll);
	fd_close(s->status);
	free(s->path);
	free(s->pool.ports);
	free(s->tenancies);
	free(s->spare);
	free(s);
	return NULL;
}

void portserver_count(const struct portserver *s, struct portserver_counts *out)
{
	*out = s->counts;
	out->n_leases = s->n_most - s->n_spare;
	out->n_ports = s->n_ports;
	out->n_most_leases = s->n_most;
	out->n_clients = 0;
	for (size_t i = 0; i < PORTSERVER_MOST_CLIENTS; i++)
		out->n_clients += s->clients[i].fd >= 0;
}

/* --- leases ---------------------------------------------------------------------------------- */

/* A port that was given back rests as long as it can: its turn is last. */
static void rest_port(struct portserver *s, uint16_t port)
{
	uint16_t *at = s->pool.ports + s->cursor;

	memmove(at + 1, at, (s->pool.n - s->cursor) * sizeof(*at));
	*at = port;
	s->pool.n++;
	s->cursor++;
}

static void end_tenancy(struct portserver *s, size_t index)
{
	struct tenancy *t = &s->tenancies[index];

	if (t->pidfd < 0)
		return;
	rest_port(s, t->lease.port);
	lease_drop(&t->lease);
	t->pidfd = fd_close(t->pidfd);
	s->spare[s->n_spare++] = (uint32_t)index;
	s->counts.n_ended++;
}

/* The next port of the pool, going round. Those taken leave it: with nearly all of them gone none
 * is to be tried again and again. */
static int take_port(struct portserver *s, struct lease *out)
{
	struct lease_misses misses;
	int r;

	if (s->cursor >= s->pool.n)
		s->cursor = 0;
	r = lease_take(&s->pool, &s->cursor, LEASE_HOLD_NONE, out, &misses);
	if (r != 0)
		return r;
	s->cursor--;
	s->pool.n--;
	memmove(s->pool.ports + s->cursor, s->pool.ports + s->cursor + 1,
		(s->pool.n - s->cursor) * sizeof(*s->pool.ports));
	return 0;
}

/* A port for process `pid`; takes over `pidfd`. Returns the port, 0 when there is none. */
static uint16_t let(struct portserver *s, int pidfd, uint32_t pid)
{
	struct tenancy *t;
	size_t index;

	if (s->n_spare == 0) {
		fd_close(pidfd);
		return 0;
	}
	index = s->spare[s->n_spare - 1];
	t = &s->tenancies[index];
	if (take_port(s, &t->lease) != 0) {
		fd_close(pidfd);
		return 0;
	}
	if (watch(s, pidfd, KIND_LEASE, index) < 0) {
		rest_port(s, t->lease.port);
		lease_drop(&t->lease);
		fd_close(pidfd);
		return 0;
	}
	lease_tell(&t->lease, 'p', pid, "");
	t->pidfd = pidfd;
	s->n_spare--;
	s->counts.n_served++;
	return t->lease.port;
}

/* --- clients --------------------------------------------------------------------------------- */

static void answer(struct portserver *s, const struct client *c, const char *request, size_t n)
{
	uint32_t pid = 0, seen = 0;
	char reply[8];
	uint16_t port;
	int pidfd = lease_request_parse(request, n, &pid) < 0
			    ? -EINVAL
			    : client_open_process(&c->peer, pid, &seen);

	if (pidfd == -EMFILE || pidfd == -ENFILE) {
		s->counts.n_exhausted++;
		return;
	}
	if (pidfd < 0 || seen < 2) {
		s->counts.n_refused++;
		fd_close(pidfd);
		return;
	}
	port = let(s, pidfd, seen);
	if (port == 0) {
		s->counts.n_exhausted++;
		return;
	}
	snprintf(reply, sizeof(reply), "%u\n", port);
	/* A new stream socket has room for six bytes; a client that has gone gets nothing. */
	(void)!send(c->fd, reply, strlen(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* One read is the request, as it is for the protocol's own server. */
static void take_client(struct portserver *s, struct client *c)
{
	char request[READ_ONCE];
	ssize_t n;

	if (c->fd < 0)
		return;
	n = recv(c->fd, request, sizeof(request), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		answer(s, c, request, (size_t)n);
	else
		s->counts.n_refused++;
	c->fd = fd_close(c->fd);
}

/* A place for one of user `uid`: a free one, or the oldest of his, or of all. */
static struct client *find_place(struct portserver *s, uint32_t uid)
{
	struct client *free_one = NULL, *own = NULL, *oldest = NULL;
	size_t n_own = 0;

	for (size_t i = 0; i < PORTSERVER_MOST_CLIENTS; i++) {
		struct client *c = &s->clients[i];

		if (c->fd < 0) {
			free_one = c;
			continue;
		}
		if (!oldest || c->order < oldest->order)
			oldest = c;
		if (c->peer.uid == uid) {
			n_own++;
			if (!own || c->order < own->order)
				own = c;
		}
	}
	if (n_own < PORTSERVER_MOST_OF_USER && free_one)
		return free_one;
	own = n_own >= PORTSERVER_MOST_OF_USER ? own : oldest;
	s->counts.n_displaced++;
	own->fd = fd_close(own->fd);
	return own;
}

/* Most have written already: they need no place. */
static void greet(struct portserver *s, int fd)
{
	struct client fresh = {.fd = fd, .since_ms = attempt_now_ms()}, *place;

	if (client_peer(fd, &fresh.peer) < 0) {
		fd_close(fd);
		return;
	}
	take_client(s, &fresh);
	if (fresh.fd < 0)
		return;
	place = find_place(s, fresh.peer.uid);
	fresh.order = s->n_orders++;
	*place = fresh;
	if (watch(s, fd, KIND_CLIENT, (size_t)(place - s->clients)) < 0)
		place->fd = fd_close(place->fd);
}

/* No descriptor is left: the oldest connection makes room, else time has to. */
static void make_room(struct portserver *s)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	struct client *oldest = NULL;

	for (size_t i = 0; i < PORTSERVER_MOST_CLIENTS; i++) {
		struct client *c = &s->clients[i];

		if (c->fd >= 0 && (!oldest || c->order < oldest->order))
			oldest = c;
	}
	if (oldest) {
		oldest->fd = fd_close(oldest->fd);
		s->counts.n_displaced++;
	} else {
		nanosleep(&pause, NULL);
	}
}

static void accept_some(struct portserver *s)
{
	for (size_t i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE))
			make_room(s);
		if (fd < 0)
			return;
		greet(s, fd);
	}
}

/* Close those that say nothing. Returns for how long the next one may be silent; -1 = there is
 * none. */
static int hush(struct portserver *s)
{
	int64_t now_ms = attempt_now_ms(), next = -1;

	for (size_t i = 0; i < PORTSERVER_MOST_CLIENTS; i++) {
		struct client *c = &s->clients[i];
		int64_t left = c->since_ms + SILENCE_MS - now_ms;

		if (c->fd < 0)
			continue;
		if (left <= 0) {
			c->fd = fd_close(c->fd);
			s->counts.n_silent++;
		} else if (next < 0 || left < next) {
			next = left;
		}
	}
	return (int)next;
}

/* --- the loop -------------------------------------------------------------------------------- */

/* The end of a process comes before what is asked: its port may be wanted. */
static bool take_events(struct portserver *s, const struct epoll_event *events, int n)
{
	bool is_asked_for_status = false;

	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 >> 32 == KIND_LEASE)
			end_tenancy(s, (size_t)(events[i].data.u64 & UINT32_MAX));
	}
	for (int i = 0; i < n; i++) {
		switch ((enum kind)(events[i].data.u64 >> 32)) {
		case KIND_LISTENER:
			accept_some(s);
			break;
		case KIND_CLIENT:
			take_client(s, &s->clients[events[i].data.u64 & UINT32_MAX]);
			break;
		case KIND_STATUS:
			is_asked_for_status = true;
			break;
		case KIND_STOP:
		case KIND_LEASE:
			break;
		}
	}
	return is_asked_for_status;
}

static bool has_stop(const struct epoll_event *events, int n)
{
	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 >> 32 == KIND_STOP)
			return true;
	}
	return false;
}

static void tell_status(struct portserver *s,
			void (*status)(const struct portserver_counts *counts, void *context),
			void *context)
{
	struct portserver_counts counts;
	struct signalfd_siginfo info;

	while (read(s->status, &info, sizeof(info)) > 0)
		;
	portserver_count(s, &counts);
	status(&counts, context);
}

int portserver_run(struct portserver *s, int stop_fd,
		   void (*status)(const struct portserver_counts *counts, void *context),
		   void *context)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int r = watch(s, stop_fd, KIND_STOP, 0);

	while (r == 0) {
		int n = epoll_wait(s->epoll, events, EVENTS_AT_ONCE, hush(s));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && has_stop(events, n))
			return 0;
		if (n > 0 && take_events(s, events, n))
			tell_status(s, status, context);
	}
	return r;
}
