#include "act/wire.h"

#include "act/wait-look.h"
#include "base/channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { BACKLOG = 128 };

/* A socket address of either family. */
union place {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t place_of(const struct address *a, uint16_t port, union place *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == ADDRESS_IPV4) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		memcpy(&out->v4.sin_addr, a->bytes, 4);
		return sizeof(out->v4);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	out->v6.sin6_scope_id = a->scope_id;
	memcpy(&out->v6.sin6_addr, a->bytes, 16);
	return sizeof(out->v6);
}

static struct address address_of(const union place *place, uint16_t *port)
{
	struct address a = {.family = ADDRESS_IPV4};

	if (place->any.sa_family == AF_INET) {
		memcpy(a.bytes, &place->v4.sin_addr, 4);
		*port = ntohs(place->v4.sin_port);
		return a;
	}
	a.family = ADDRESS_IPV6;
	a.scope_id = place->v6.sin6_scope_id;
	memcpy(a.bytes, &place->v6.sin6_addr, 16);
	*port = ntohs(place->v6.sin6_port);
	return a;
}

/* The negative errno of a call that has just failed. */
static int error_of(void)
{
	return errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
}

int wire_connect(const struct address *to, uint16_t port, int *fd)
{
	union place place;
	socklen_t size = place_of(to, port, &place);
	int made = channel_socket(place.any.sa_family, SOCK_STREAM), r = 0;

	if (made < 0)
		return -errno;
	if (connect(made, &place.any, size) < 0)
		r = errno == EINPROGRESS ? 1 : -errno;
	if (r < 0)
		channel_close(made);
	else
		*fd = made;
	return r;
}

int wire_result(int fd)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

int wire_own_end(int fd, struct address *a, uint16_t *port)
{
	union place own = {0};
	socklen_t size = sizeof(own);

	if (getsockname(fd, &own.any, &size) < 0)
		return -errno;
	*a = address_of(&own, port);
	return 0;
}

long wire_send(int fd, const void *bytes, size_t n)
{
	ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

	return sent < 0 ? error_of() : (long)sent;
}

long wire_receive(int fd, void *bytes, size_t n)
{
	ssize_t got = recv(fd, bytes, n, 0);

	return got < 0 ? error_of() : (long)got;
}

long wire_receive_from(int fd, void *bytes, size_t n, struct address *from, uint16_t *port)
{
	union place place = {0};
	socklen_t size = sizeof(place);
	ssize_t got = recvfrom(fd, bytes, n, 0, &place.any, &size);

	if (got < 0)
		return error_of();
	*from = address_of(&place, port);
	return (long)got;
}

static int bind_place(int fd, bool is_stream, const union place *place, socklen_t size)
{
	const int on = 1;

	if (place->any.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -errno;
	/* For TCP it lets nobody else in, but does not wait for connections of before; for UDP it
	 * would share the port in silence. */
	if (is_stream && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (bind(fd, &place->any, size) < 0 || (is_stream && listen(fd, BACKLOG) < 0))
		return -errno;
	return 0;
}

int wire_listen(enum transport transport, const struct address *a, uint16_t port, int *fd)
{
	union place place;
	socklen_t size = place_of(a, port, &place);
	bool is_stream = transport == TRANSPORT_TCP;
	int made = channel_socket(place.any.sa_family, is_stream ? SOCK_STREAM : SOCK_DGRAM), r;

	if (made < 0)
		return -errno;
	r = bind_place(made, is_stream, &place, size);
	if (r < 0)
		channel_close(made);
	else
		*fd = made;
	return r;
}

int wire_accept(int fd, struct address *from, uint16_t *port)
{
	union place place = {0};
	uint32_t size = sizeof(place);
	int accepted = channel_accept(fd, &place, &size);

	if (accepted < 0)
		return error_of();
	*from = address_of(&place, port);
	return accepted;
}

uint64_t wire_most(void)
{
	struct rlimit limit = {0};

	return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : limit.rlim_cur;
}

static short asked_of(short events)
{
	return (short)((events & WIRE_READ ? POLLIN : 0) | (events & WIRE_WRITE ? POLLOUT : 0));
}

static short told_by(short revents)
{
	const short trouble = POLLERR | POLLHUP | POLLNVAL;

	return (short)((revents & POLLIN ? WIRE_READ : 0) | (revents & POLLOUT ? WIRE_WRITE : 0) |
		       (revents & trouble ? WIRE_TROUBLE : 0));
}

int wire_wait(struct wire_wait *waits, size_t n, int64_t timeout_us)
{
	struct pollfd fds[WIRE_MOST_WAITS];
	int r;

	if (n > WIRE_MOST_WAITS)
		return -E2BIG;
	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = waits[i].fd, .events = asked_of(waits[i].events)};
	r = wait_sleep(fds, n, timeout_us);
	for (size_t i = 0; i < n; i++)
		waits[i].revents = r > 0 ? told_by(fds[i].revents) : 0;
	return r < 0 ? -errno : r;
}
