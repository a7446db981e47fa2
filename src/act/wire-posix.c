#include "act/wire.h"

#include "act/place.h"
#include "act/wait-look.h"
#include "base/channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { BACKLOG = 128 };

/* The negative errno of a call that has just failed. */
static int error_of(void)
{
	return errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
}

int wire_connect(const struct address *to, uint16_t port, int *fd)
{
	union place place;
	socklen_t size = place_fill(to, port, &place);
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
	return place_read(&own, a, port) ? 0 : -EAFNOSUPPORT;
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
	return place_read(&place, from, port) ? (long)got : -EAFNOSUPPORT;
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
	socklen_t size = place_fill(a, port, &place);
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
	if (!place_read(&place, from, port)) {
		channel_close(accepted);
		return -EAFNOSUPPORT;
	}
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
