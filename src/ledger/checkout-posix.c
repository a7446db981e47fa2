#include "ledger/checkout.h"

#include "base/environment.h"
#include "base/fd.h"
#include "base/lang.h"
#include "base/replace.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLAGS = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

static const char *explain(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return N_("there is no such file");
	case EACCES:
		return N_("permission denied");
	case ELOOP:
	case EMLINK: /* as some BSDs say it */
		return N_("a symbolic link, and those are not followed");
	case EISDIR:
	case ENXIO:
		return N_("not a regular file");
	case ENAMETOOLONG:
		return N_("the path is too long");
	default:
		return N_("it cannot be opened");
	}
}

/* The user for whom sudo runs; -1 = none. */
static int64_t sudo_uid(void)
{
	const char *text = geteuid() == 0 ? environment_get("SUDO_UID") : NULL;
	uint64_t uid;

	return text && str_parse_u64(text, strlen(text), UINT32_MAX - 1, &uid) == 0 ? (int64_t)uid
										     : -1;
}

static bool is_believed(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid() || (int64_t)st->st_uid == sudo_uid();
}

static int examine(int fd, bool is_any_owner, struct checkout_file *out, const char **reason)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		*reason = N_("it cannot be examined");
		return -errno;
	}
	if (!S_ISREG(st.st_mode)) {
		*reason = N_("not a regular file");
		return -EINVAL;
	}
	if (!is_any_owner && !is_believed(&st)) {
		*reason = N_("it belongs to another user; name it to have it read");
		return -EPERM;
	}
	*out = (struct checkout_file){fd, (uint64_t)st.st_size, (uint64_t)st.st_dev,
				      (uint64_t)st.st_ino};
	return 0;
}

/* Takes the descriptor, or an errno below 0. */
static int take(int fd, bool is_any_owner, struct checkout_file *out, const char **reason)
{
	int r;

	if (fd < 0) {
		*reason = explain(-fd);
		return fd;
	}
	r = examine(fd, is_any_owner, out, reason);
	if (r < 0)
		fd_close(fd);
	return r;
}

static int open_at(int dir, const char *path, int flags)
{
	int fd = openat(dir, path, FLAGS | flags);

	return fd < 0 ? -errno : fd;
}

int checkout_find(const char *name, char *path, struct checkout_file *out, const char **reason)
{
	char directory[CHECKOUT_PATH_SIZE], whole[2 * CHECKOUT_PATH_SIZE];
	size_t n_up = 0, n;
	int fd = -ENOENT;

	if (!getcwd(directory, sizeof(directory)))
		return -ENOENT; /* it was removed, or nobody may see it */
	n = strlen(directory);
	n = n == 1 ? 0 : n;
	for (;; n_up++) {
		snprintf(whole, sizeof(whole), "%.*s/%s", (int)n, directory, name);
		fd = open_at(AT_FDCWD, whole, O_NOFOLLOW);
		if (fd != -ENOENT && fd != -EACCES && fd != -ENOTDIR)
			break;
		if (n == 0)
			return -ENOENT;
		while (n > 0 && directory[--n] != '/')
			;
	}
	if (n_up * 3 + strlen(name) >= CHECKOUT_PATH_SIZE) {
		fd_close(fd);
		return -ENAMETOOLONG;
	}
	for (size_t i = 0; i < 3 * n_up; i++)
		path[i] = "../"[i % 3];
	memcpy(path + 3 * n_up, name, strlen(name) + 1);
	return take(fd, false, out, reason);
}

int checkout_open_named(const char *path, struct checkout_file *out, const char **reason)
{
	return take(open_at(AT_FDCWD, path, 0), true, out, reason);
}

static bool holds_git(const char *directory)
{
	char path[CHECKOUT_PATH_SIZE + 8];

	snprintf(path, sizeof(path), "%s/.git", directory);
	return access(path, F_OK) == 0;
}

/* The real path of the directory of `path`. */
static int real_directory(const char *path, char *out)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
				: strdup(".");
	char *real = directory ? realpath(directory, NULL) : NULL;
	int r = real ? 0 : -errno;

	if (real && strlen(real) >= CHECKOUT_PATH_SIZE)
		r = -ENAMETOOLONG;
	if (r == 0)
		snprintf(out, CHECKOUT_PATH_SIZE, "%s", real);
	free(real);
	free(directory);
	return r;
}

int checkout_open(const char *path, struct checkout *out)
{
	char directory[CHECKOUT_PATH_SIZE];
	size_t n, n_all;
	int fd, r = real_directory(path, directory);

	if (r < 0)
		return r;
	n_all = strlen(directory);
	snprintf(out->root, sizeof(out->root), "%s", directory);
	while (!holds_git(out->root)) {
		char *slash = strrchr(out->root, '/');

		if (!slash || !out->root[1]) { /* none above: the directory alone */
			snprintf(out->root, sizeof(out->root), "%s", directory);
			break;
		}
		slash[slash == out->root] = '\0';
	}
	n = strlen(out->root);
	n += n > 1 && n < n_all; /* the slash between the two */
	snprintf(out->place, sizeof(out->place), "%s", directory + n);
	fd = open_at(AT_FDCWD, out->root, O_DIRECTORY);
	out->fd = fd < 0 ? -1 : fd;
	return fd < 0 ? fd : 0;
}

void checkout_close(struct checkout *c)
{
	c->fd = fd_close(c->fd);
}

int checkout_open_inside(const struct checkout *c, const char *place, bool is_any_owner,
			 struct checkout_file *out, const char **reason)
{
	BERTH_CLEANUP(fd_closep) int dir = open_at(c->fd, ".", O_DIRECTORY);
	char name[NAME_MAX + 1];

	for (;;) {
		size_t n = strcspn(place, "/");
		int next;

		if (dir < 0 || n > NAME_MAX) {
			*reason = explain(dir < 0 ? -dir : ENAMETOOLONG);
			return dir < 0 ? dir : -ENAMETOOLONG;
		}
		memcpy(name, place, n);
		name[n] = '\0';
		if (!place[n])
			return take(open_at(dir, name, O_NOFOLLOW), is_any_owner, out, reason);
		next = open_at(dir, name, O_DIRECTORY | O_NOFOLLOW);
		if (next == -ENOTDIR) { /* what a link to a directory gives on Linux */
			*reason = N_("a symbolic link or no directory on the way to it");
			return next;
		}
		fd_close(dir);
		dir = next;
		place += n + 1;
	}
}

/* The mode and the owner that the file had. By descriptor: whoever may write to the directory could
 * put a link in its place. */
static int keep_access(const char *path, const struct stat *st)
{
	BERTH_CLEANUP(fd_closep) int fd = open_at(AT_FDCWD, path, O_NOFOLLOW);
	struct stat fresh;

	if (fd < 0)
		return fd;
	if (fstat(fd, &fresh) < 0)
		return -errno;
	if (!S_ISREG(fresh.st_mode) || fresh.st_uid != geteuid() || fresh.st_nlink != 1)
		return -EPERM; /* not what was written a moment ago */
	/* Another user's file can be given back by root only: everybody else becomes its owner. */
	if (fchown(fd, st->st_uid, st->st_gid) < 0 && geteuid() == 0)
		return -errno;
	return fchmod(fd, st->st_mode & 0777) < 0 ? -errno : 0;
}

static int edit_locked(struct replace *replace, const char *path, uint64_t limit,
		       int (*edit)(void *context, const char *bytes, size_t n, char **out,
				   size_t *n_out),
		       void *context)
{
	char *bytes = NULL, *edited = NULL;
	size_t n = 0, n_edited = 0;
	struct stat st;
	int r = lstat(path, &st) < 0 ? -errno : 0;

	if (r == 0 && !S_ISREG(st.st_mode))
		r = S_ISLNK(st.st_mode) ? -ELOOP : -EINVAL;
	if (r == 0)
		r = fd_slurp(path, limit, &bytes, &n);
	if (r == 0)
		r = edit(context, bytes, n, &edited, &n_edited);
	if (r == 0)
		r = replace_prepare(replace, edited, n_edited, 0);
	if (r == 0 && edited)
		r = keep_access(replace->path_new, &st);
	if (r == 0)
		r = replace_place(replace);
	free(bytes);
	free(edited);
	return r;
}

int checkout_edit(const char *path, uint64_t limit,
		  int (*edit)(void *context, const char *bytes, size_t n, char **out,
			      size_t *n_out),
		  void *context)
{
	struct replace replace;
	int r = access(path, F_OK) < 0 ? -errno : 0;

	if (r == 0)
		r = replace_begin_within(&replace, path, 5000, NULL, NULL);
	if (r < 0)
		return r;
	r = edit_locked(&replace, path, limit, edit, context);
	replace_leave(&replace);
	return r;
}
