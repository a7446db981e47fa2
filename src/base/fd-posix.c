#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_at(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

int fd_open(const char *path)
{
	return open_at(AT_FDCWD, path);
}

int fd_open_file(const char *path, uint64_t *size)
{
	/* O_NONBLOCK: opening a FIFO by mistake must not wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), error = 0;
	struct stat st = {0};

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		error = -errno;
	else if (!S_ISREG(st.st_mode))
		error = -EINVAL;
	if (error < 0) {
		fd_close(fd);
		return error;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

int fd_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int fd_sync(int fd)
{
	return fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
}

void fd_remove(const char *path)
{
	unlink(path);
}

long fd_read_file_at(int dir, const char *path, char *buffer, size_t size, bool *is_cut)
{
	BERTH_CLEANUP(fd_closep) int fd = open_at(dir, path);
	long n;
	char one_more;

	if (fd < 0)
		return fd;
	n = fd_read(fd, buffer, size - 1);
	if (n < 0)
		return n;
	buffer[n] = '\0';
	if (is_cut)
		*is_cut = (size_t)n == size - 1 && fd_read(fd, &one_more, 1) == 1;
	return n;
}

int fd_slurp_at(int dir, const char *path, size_t limit, char **out, size_t *n_out)
{
	int fd = open_at(dir, path);

	return fd < 0 ? fd : fd_slurp_open(fd, limit, out, n_out);
}
