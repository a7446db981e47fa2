#include "base/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* What one read or write is asked to do: Windows counts in 32 bits. */
enum { MOST_AT_ONCE = 1 << 30 };

int fd_close(int fd)
{
	int kept = errno;

	if (fd >= 0)
		close(fd);
	errno = kept;
	return -1;
}

void fd_closep(int *fd)
{
	*fd = fd_close(*fd);
}

long fd_read(int fd, void *buffer, size_t size)
{
	size_t have = 0;

	while (have < size) {
		unsigned int part = (unsigned int)MIN_OF(size - have, (size_t)MOST_AT_ONCE);
		ssize_t n = read(fd, (char *)buffer + have, part);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (long)have;
}

int fd_write(int fd, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t done = write(fd, at, (unsigned int)MIN_OF(n, (size_t)MOST_AT_ONCE));

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

int fd_rewind(int fd)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static void free_charp(char **p)
{
	free(*p);
}

int fd_slurp_open(int opened, size_t limit, char **out, size_t *n_out)
{
	BERTH_CLEANUP(fd_closep) int fd = opened;
	BERTH_CLEANUP(free_charp) char *bytes = NULL;
	size_t have = 0, capacity = 0;

	for (;;) {
		long n;

		if (capacity - have < 2) {
			size_t wider = capacity ? capacity * 2 : 16384;
			char *grown = realloc(bytes, wider);

			if (!grown)
				return -ENOMEM;
			bytes = grown;
			capacity = wider;
		}
		n = fd_read(fd, bytes + have, capacity - have - 1);
		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		have += (size_t)n;
		if (have > limit)
			return -EFBIG;
	}
	bytes[have] = '\0';
	*n_out = have;
	*out = HAND_OVER(bytes);
	return 0;
}

int fd_slurp(const char *path, size_t limit, char **out, size_t *n_out)
{
	int fd = fd_open(path);

	return fd < 0 ? fd : fd_slurp_open(fd, limit, out, n_out);
}
