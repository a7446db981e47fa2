#include "base/channel.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Returns 0, or -1 and errno. */
static int prepare(int fd, bool is_nonblocking)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	return is_nonblocking ? fcntl(fd, F_SETFL, O_NONBLOCK) : 0;
}

static int prepared(int fd)
{
	return fd < 0 || prepare(fd, true) == 0 ? fd : fd_close(fd);
}

int channel_socket(int family, int type)
{
	return prepared(socket(family, type, 0));
}

int channel_accept(int fd, void *address, uint32_t *size)
{
	socklen_t length = *size;
	int accepted = prepared(accept(fd, address, &length));

	*size = length;
	return accepted;
}

int channel_pipe(int ends[2], bool is_nonblocking)
{
	if (pipe(ends) < 0)
		return -1;
	if (prepare(ends[0], is_nonblocking) == 0 && prepare(ends[1], is_nonblocking) == 0)
		return 0;
	fd_close(ends[0]);
	fd_close(ends[1]);
	return -1;
}

void channel_ring(int fd)
{
	int error = errno;

	(void)!write(fd, "", 1);
	errno = error;
}

int channel_close(int fd)
{
	return fd_close(fd);
}
