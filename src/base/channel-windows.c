#include "base/channel.h"

#include "base/winsock-windows.h"

#include <errno.h>
#include <string.h>
#include <winsock2.h>

/* Returns -1, and errno from what Winsock says. */
static int fail(void)
{
	errno = winsock_errno(WSAGetLastError());
	return -1;
}

int channel_close(int fd)
{
	int error = errno;

	if (fd >= 0)
		closesocket((SOCKET)fd);
	errno = error;
	return -1;
}

static int set_blocking(int fd, bool is_blocking)
{
	u_long is_nonblocking = !is_blocking;

	return ioctlsocket((SOCKET)fd, (long)FIONBIO, &is_nonblocking) == 0 ? 0 : fail();
}

/* A new socket, made non-blocking and not inherited; or closed. */
static int prepared(SOCKET s)
{
	int fd = (int)s;

	if (s == INVALID_SOCKET)
		return fail();
	SetHandleInformation((HANDLE)s, HANDLE_FLAG_INHERIT, 0);
	return set_blocking(fd, false) == 0 ? fd : channel_close(fd);
}

int channel_socket(int family, int type)
{
	int r = winsock_wake();

	if (r < 0) {
		errno = -r;
		return -1;
	}
	return prepared(WSASocketW(family, type, 0, NULL, 0,
				   WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT));
}

int channel_accept(int fd, void *address, uint32_t *size)
{
	int length = (int)*size;
	int accepted = prepared(accept((SOCKET)fd, address, &length));

	*size = (uint32_t)length;
	return accepted;
}

/* --- pipes ----------------------------------------------------------------------------------- */

/* A listener on a port of 127.0.0.1 that nobody else can share. */
static int listen_to_itself(struct sockaddr_in *at)
{
	const BOOL on = TRUE;
	int fd = channel_socket(AF_INET, SOCK_STREAM), size = sizeof(*at);

	*at = (struct sockaddr_in){.sin_family = AF_INET};
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -1;
	if (setsockopt((SOCKET)fd, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on,
		       sizeof(on)) == 0 &&
	    bind((SOCKET)fd, (const struct sockaddr *)at, sizeof(*at)) == 0 &&
	    listen((SOCKET)fd, 1) == 0 &&
	    getsockname((SOCKET)fd, (struct sockaddr *)at, &size) == 0)
		return fd;
	fail();
	return channel_close(fd);
}

/* Accept until it is the connection of `writer` that came: anybody can knock at a port. */
static int accept_own(int listener, int writer)
{
	enum { STRANGERS = 64 };
	struct sockaddr_in own = {0};
	int size = sizeof(own);

	if (getsockname((SOCKET)writer, (struct sockaddr *)&own, &size) != 0 ||
	    set_blocking(listener, true) < 0)
		return fail();
	for (int i = 0; i < STRANGERS; i++) {
		struct sockaddr_in from = {0};
		uint32_t length = sizeof(from);
		int fd = channel_accept(listener, &from, &length);

		if (fd < 0)
			return -1;
		if (from.sin_port == own.sin_port &&
		    from.sin_addr.s_addr == own.sin_addr.s_addr)
			return fd;
		channel_close(fd);
	}
	errno = EIO;
	return -1;
}

static int connect_ends(int listener, const struct sockaddr_in *at, int ends[2])
{
	int writer = channel_socket(AF_INET, SOCK_STREAM), reader = -1;

	if (writer < 0)
		return -1;
	if (set_blocking(writer, true) == 0) {
		if (connect((SOCKET)writer, (const struct sockaddr *)at, sizeof(*at)) == 0)
			reader = accept_own(listener, writer);
		else
			fail();
	}
	if (reader < 0) {
		channel_close(writer);
		return -1;
	}
	ends[0] = reader;
	ends[1] = writer;
	return 0;
}

int channel_pipe(int ends[2], bool is_nonblocking)
{
	struct sockaddr_in at;
	int listener = listen_to_itself(&at), r;

	if (listener < 0)
		return -1;
	r = connect_ends(listener, &at, ends);
	channel_close(listener);
	if (r < 0)
		return -1;
	if (set_blocking(ends[0], !is_nonblocking) == 0 &&
	    set_blocking(ends[1], !is_nonblocking) == 0)
		return 0;
	ends[0] = channel_close(ends[0]);
	ends[1] = channel_close(ends[1]);
	return -1;
}

void channel_ring(int fd)
{
	send((SOCKET)fd, "", 1, 0);
}
