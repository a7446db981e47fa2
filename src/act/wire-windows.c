/*
 * select() and not WSAPoll(): before Windows 10 2004 the latter never tells that a connection has
 * failed (Microsoft's page on WSAPoll says so).
 */
#define FD_SETSIZE 4608

#include "act/wire.h"

#include "act/place.h"
#include "base/channel.h"
#include "base/winsock-windows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>

#include <ws2tcpip.h>

enum { BACKLOG = 128 };

_Static_assert((int)FD_SETSIZE == (int)WIRE_MOST_WAITS, "a set holds all");

/* The negative errno of a call that has just failed. */
static int error_of(void)
{
	return -winsock_errno(WSAGetLastError());
}

int wire_connect(const struct address *to, uint16_t port, int *fd)
{
	union place place;
	int size = place_fill(to, port, &place);
	int made = channel_socket(place.any.sa_family, SOCK_STREAM), r = 0;

	if (made < 0)
		return -errno;
	if (connect((SOCKET)made, &place.any, size) != 0)
		r = WSAGetLastError() == WSAEWOULDBLOCK ? 1 : error_of();
	if (r < 0)
		channel_close(made);
	else
		*fd = made;
	return r;
}

int wire_result(int fd)
{
	int error = 0, size = sizeof(error);

	if (getsockopt((SOCKET)fd, SOL_SOCKET, SO_ERROR, (char *)&error, &size) != 0)
		return error_of();
	return error ? -winsock_errno(error) : 0;
}

int wire_own_end(int fd, struct address *a, uint16_t *port)
{
	union place own = {0};
	int size = sizeof(own);

	if (getsockname((SOCKET)fd, &own.any, &size) != 0)
		return error_of();
	return place_read(&own, a, port) ? 0 : -EAFNOSUPPORT;
}

long wire_send(int fd, const void *bytes, size_t n)
{
	int sent = send((SOCKET)fd, bytes, (int)MIN_OF(n, (size_t)INT32_MAX), 0);

	return sent < 0 ? error_of() : sent;
}

long wire_receive(int fd, void *bytes, size_t n)
{
	int got = recv((SOCKET)fd, bytes, (int)MIN_OF(n, (size_t)INT32_MAX), 0);

	return got < 0 ? error_of() : got;
}

long wire_receive_from(int fd, void *bytes, size_t n, struct address *from, uint16_t *port)
{
	union place place = {0};
	int size = sizeof(place);
	int got = recvfrom((SOCKET)fd, bytes, (int)MIN_OF(n, (size_t)INT32_MAX), 0, &place.any,
			   &size);

	if (got < 0)
		return error_of();
	return place_read(&place, from, port) ? got : -EAFNOSUPPORT;
}

/* SO_REUSEADDR would let anybody in here; without it, too, others with it come in. Only this says
 * that the port is one's own ("Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE", Microsoft). */
static int bind_place(int fd, bool is_stream, const union place *place, int size)
{
	const BOOL on = TRUE;
	const char *value = (const char *)&on;

	if (place->any.sa_family == AF_INET6 &&
	    setsockopt((SOCKET)fd, IPPROTO_IPV6, IPV6_V6ONLY, value, sizeof(on)) != 0)
		return error_of();
	if (setsockopt((SOCKET)fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, value, sizeof(on)) != 0)
		return error_of();
	if (bind((SOCKET)fd, &place->any, size) != 0 ||
	    (is_stream && listen((SOCKET)fd, BACKLOG) != 0))
		return error_of();
	return 0;
}

int wire_listen(enum transport transport, const struct address *a, uint16_t port, int *fd)
{
	union place place;
	int size = place_fill(a, port, &place), r;
	bool is_stream = transport == TRANSPORT_TCP;
	int made = channel_socket(place.any.sa_family, is_stream ? SOCK_STREAM : SOCK_DGRAM);

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
		return -errno;
	if (!place_read(&place, from, port)) {
		channel_close(accepted);
		return -EAFNOSUPPORT;
	}
	return accepted;
}

/* There is no limit but memory. */
uint64_t wire_most(void)
{
	return UINT64_MAX;
}

/* --- waiting --------------------------------------------------------------------------------- */

/* What select() is asked, and what it leaves there. */
struct sets {
	fd_set readable, writable, troubled;
};

static void put(fd_set *set, int fd)
{
	set->fd_array[set->fd_count++] = (SOCKET)fd;
}

/* select() keeps only those that have something to tell: mostly few, or none. */
static bool is_in(const fd_set *set, int fd)
{
	for (u_int i = 0; i < set->fd_count; i++) {
		if (set->fd_array[i] == (SOCKET)fd)
			return true;
	}
	return false;
}

/* Returns how many there are to wait for. */
static size_t fill(struct sets *sets, struct wire_wait *waits, size_t n)
{
	size_t n_waits = 0;

	sets->readable.fd_count = sets->writable.fd_count = sets->troubled.fd_count = 0;
	for (size_t i = 0; i < n; i++) {
		waits[i].revents = 0;
		if (waits[i].fd < 0 || waits[i].events == 0)
			continue;
		if (waits[i].events & WIRE_READ)
			put(&sets->readable, waits[i].fd);
		if (waits[i].events & WIRE_WRITE)
			put(&sets->writable, waits[i].fd);
		put(&sets->troubled, waits[i].fd);
		n_waits++;
	}
	return n_waits;
}

static int take(const struct sets *sets, struct wire_wait *waits, size_t n)
{
	int told = 0;

	for (size_t i = 0; i < n; i++) {
		if (waits[i].fd < 0 || waits[i].events == 0)
			continue;
		if (is_in(&sets->readable, waits[i].fd))
			waits[i].revents |= WIRE_READ;
		if (is_in(&sets->writable, waits[i].fd))
			waits[i].revents |= WIRE_WRITE;
		if (is_in(&sets->troubled, waits[i].fd))
			waits[i].revents |= WIRE_TROUBLE;
		told += waits[i].revents != 0;
	}
	return told;
}

int wire_wait(struct wire_wait *waits, size_t n, int64_t timeout_us)
{
	struct timeval timeout = {.tv_sec = (long)(timeout_us / 1000000),
				  .tv_usec = (long)(timeout_us % 1000000)};
	struct sets *sets;
	int r;

	if (n > WIRE_MOST_WAITS)
		return -E2BIG;
	sets = malloc(sizeof(*sets));
	if (!sets)
		return -ENOMEM;
	if (fill(sets, waits, n) == 0) {
		/* select() refuses to wait for nothing. */
		Sleep((DWORD)((timeout_us + 999) / 1000));
		free(sets);
		return 0;
	}
	r = select(0, &sets->readable, &sets->writable, &sets->troubled, &timeout);
	r = r < 0 ? error_of() : r > 0 ? take(sets, waits, n) : 0;
	free(sets);
	return r;
}
