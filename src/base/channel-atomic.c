#include "base/channel.h"

#include <fcntl.h>
#include <unistd.h>

int channel_socket(int family, int type)
{
	return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int channel_accept(int fd, struct sockaddr *address, socklen_t *size)
{
	return accept4(fd, address, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int channel_pipe(int ends[2], bool is_nonblocking)
{
	return pipe2(ends, O_CLOEXEC | (is_nonblocking ? O_NONBLOCK : 0));
}
