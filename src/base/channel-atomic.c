#include "base/channel.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int channel_socket(int family, int type)
{
	return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int channel_accept(int fd, void *address, uint32_t *size)
{
	socklen_t length = *size;
	int accepted = accept4(fd, address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

	*size = length;
	return accepted;
}

int channel_pipe(int ends[2], bool is_nonblocking)
{
	return pipe2(ends, O_CLOEXEC | (is_nonblocking ? O_NONBLOCK : 0));
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
