#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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
		ssize_t n = read(fd, (char *)buffer + have, size - have);

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

long fd_read_file_at(int dir, const char *path, char *buffer, size_t size, bool *is_cut)
{
	BERTH_CLEANUP(fd_closep) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	long n;
	char one_more;

	if (fd < 0)
		return -errno;
	n = fd_read(fd, buffer, size - 1);
	if (n < 0)
		return n;
	buffer[n] = '\0';
	if (is_cut)
		*is_cut = (size_t)n == size - 1 && fd_read(fd, &one_more, 1) == 1;
	return n;
}

static void free_charp(char **p)
{
	free(*p);
}

int fd_slurp_at(int dir, const char *path, size_t limit, char **out, size_t *n_out)
{
	BERTH_CLEANUP(fd_closep) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	BERTH_CLEANUP(free_charp) char *bytes = NULL;
	size_t have = 0, capacity = 0;

	if (fd < 0)
		return -errno;
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
