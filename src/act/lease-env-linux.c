/* Ports in an environment file, which is replaced whole. */
#include "act/lease.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for what mkostemp(3) puts behind the name. */
static const char suffix[] = ".XXXXXX";

/* A link stays a link. A file that is not there yet is itself. */
static int resolve(const char *path, char out[PATH_MAX])
{
	if (realpath(path, out))
		return 0;
	if (errno != ENOENT)
		return -errno;
	if (strlen(path) >= PATH_MAX - sizeof(suffix))
		return -ENAMETOOLONG;
	memcpy(out, path, strlen(path) + 1);
	return 0;
}

/* One lease after the other, by a lock on the directory. */
static int lock_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR) {
			int r = -errno;

			fd_close(fd);
			return r;
		}
	}
	return fd;
}

static int put(const char *path, const struct str *text, const struct stat *like)
{
	char fresh[PATH_MAX + sizeof(suffix)];
	mode_t mask = umask(0);
	int fd, r;

	umask(mask);
	snprintf(fresh, sizeof(fresh), "%s%s", path, suffix);
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fd_write(fd, str_text(text), text->length);
	if (r == 0 && like && fchown(fd, like->st_uid, like->st_gid) < 0)
		errno = 0; /* somebody else's file that we may replace becomes ours */
	if (r == 0 && fchmod(fd, like ? like->st_mode & 07777 : 0666 & ~mask) < 0)
		r = -errno;
	fd_close(fd);
	if (r == 0 && rename(fresh, path) < 0)
		r = -errno;
	if (r < 0)
		fd_remove(fresh);
	return r;
}

static int merge(const char *path, const struct lease_wish *wishes, const uint16_t *ports, size_t n)
{
	struct str text = {0};
	struct stat st;
	bool is_there = stat(path, &st) == 0;
	char *old = NULL;
	size_t n_old = 0;
	int r = 0;

	if (is_there)
		r = S_ISREG(st.st_mode) ? fd_slurp(path, LEASE_ENV_MOST, &old, &n_old) : -EINVAL;
	if (r == 0)
		r = lease_env_merge(old, n_old, wishes, ports, n, &text);
	if (r == 0)
		r = text.has_failed ? -ENOMEM : put(path, &text, is_there ? &st : NULL);
	str_fini(&text);
	free(old);
	return r;
}

int lease_write_env(const char *path, const struct lease_wish *wishes, const struct lease *leases,
		    size_t n)
{
	BERTH_CLEANUP(fd_closep) int directory = -1;
	uint16_t ports[LEASE_MOST];
	char resolved[PATH_MAX];
	int r = resolve(path, resolved);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		ports[i] = leases[i].port;
	directory = lock_directory(resolved);
	return directory < 0 ? directory : merge(resolved, wishes, ports, n);
}
