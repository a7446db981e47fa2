#include "base/replace-parts.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Make every directory of `path`, which is written to and back again. */
static int make_each(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct stat st;
		int error = 0;

		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			error = errno;
		/* A read-only parent that is there already is no obstacle. */
		if (error != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			error = 0;
		*slash = '/';
		if (error != 0)
			return -error;
	}
	return 0;
}

int replace_make_directories(const char *path)
{
	char *copy = strdup(path);
	int r = copy ? make_each(copy) : -ENOMEM;

	free(copy);
	return r;
}

/* Somebody who holds a lock wakes nobody: ask again, every few milliseconds. */
static int lock_within(int fd, unsigned int most_ms)
{
	enum { STEP_MS = 5 };

	for (unsigned int waited = 0; waited < most_ms; waited += STEP_MS) {
		const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

		nanosleep(&step, NULL);
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
	}
	return -ETIMEDOUT;
}

static int lock_once(const char *path, struct replace *r, unsigned int most_ms,
		     void (*wait)(void *context), void *context)
{
	/* Not for others to read: who can open it can lock it. */
	r->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0600);
	if (r->lock_fd < 0)
		return -errno;
	if (flock(r->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return -errno;
	r->has_waited = true;
	if (wait)
		wait(context);
	if (most_ms != UINT_MAX)
		return lock_within(r->lock_fd, most_ms);
	while (flock(r->lock_fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Whether the file of that name is still the one that is locked: another may have removed it. */
static bool is_current(const char *path, int fd)
{
	struct stat named, locked;

	return stat(path, &named) == 0 && fstat(fd, &locked) == 0 &&
	       named.st_ino == locked.st_ino && named.st_dev == locked.st_dev;
}

int replace_lock(const char *path, struct replace *r, unsigned int most_ms,
		 void (*wait)(void *context), void *context)
{
	for (;;) {
		int error = lock_once(path, r, most_ms, wait, context);

		if (error < 0 || is_current(path, r->lock_fd))
			return error;
		r->lock_fd = fd_close(r->lock_fd);
	}
}

/* The directory is where the new name lives. */
int replace_sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int r = copy ? 0 : -ENOMEM;

	free(copy);
	if (r == 0 && (fd < 0 || (fsync(fd) < 0 && errno != EINVAL)))
		r = -errno;
	fd_close(fd);
	return r;
}

static int set_time(int fd, long modified_ns)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = modified_ns}};
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -1;
	times[1].tv_sec = now.tv_sec;
	return futimens(fd, times);
}

static int write_new(const char *path, const void *bytes, size_t n, long modified_ns)
{
	BERTH_CLEANUP(fd_closep) int fd = -1;
	int r;

	unlink(path); /* a fresh file has no other readers or links */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = fd_write(fd, bytes, n);
	if (r == 0 && fchmod(fd, 0644) < 0)
		r = -errno;
	if (r == 0 && set_time(fd, modified_ns) < 0)
		r = -errno;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

int replace_prepare(struct replace *r, const void *bytes, size_t n, long modified_ns)
{
	int error = write_new(r->path_new, bytes, n, modified_ns);

	if (error < 0)
		unlink(r->path_new);
	r->is_prepared = error == 0;
	return error;
}

int replace_place(struct replace *r)
{
	if (rename(r->path_new, r->path) < 0)
		return -errno;
	r->is_prepared = false;
	return replace_sync_directory(r->path);
}

void replace_leave(struct replace *r)
{
	char *path_lock = NULL;

	if (r->path && replace_append(r->path, ".lock", &path_lock) == 0)
		unlink(path_lock);
	free(path_lock);
	replace_fini(r);
}
