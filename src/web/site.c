#include "web/site.h"

#include "base/fd.h"
#include "base/lang.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char marker[] = ".berth-atlas", inside[] = ".berth-new";
static const char marker_text[] =
	"Files of `berth atlas`. A directory with this file in it is renewed by the next run.\n";

enum { OPEN_DIRECTORY = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, DEPTH_MOST = 16 };

static int say(char *error, int code, const char *fmt, ...) BERTH_PRINTF(3, 4);

static int say(char *error, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, SITE_ERROR_SIZE, fmt, args);
	va_end(args);
	return code;
}

/* Whether a directory entry is "." or "..". */
static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Walk the names of a directory until `visit` returns something else than 0. */
static int for_each_name(int directory,
			 int (*visit)(void *context, int directory, const char *name),
			 void *context)
{
	int fd = openat(directory, ".", OPEN_DIRECTORY), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		r = -errno;
		fd_close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
		if (!is_dots(entry->d_name))
			r = visit(context, directory, entry->d_name);
	}
	if (r == 0 && errno != 0)
		r = -errno;
	closedir(dir);
	return r;
}

static int remove_tree(int directory, const char *name, unsigned int depth);

static int remove_inside(void *context, int directory, const char *name)
{
	return remove_tree(directory, name, *(unsigned int *)context + 1);
}

/* Remove a file, or a directory with all that is in it. Symbolic links are not followed. */
static int remove_tree(int directory, const char *name, unsigned int depth)
{
	BERTH_CLEANUP(fd_closep) int fd = -1;
	int r;

	if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
		return 0;
	if ((errno != EISDIR && errno != EPERM) || depth > DEPTH_MOST)
		return -errno;
	fd = openat(directory, name, OPEN_DIRECTORY);
	if (fd < 0)
		return -errno;
	r = for_each_name(fd, remove_inside, &depth);
	if (r < 0)
		return r;
	return unlinkat(directory, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static bool has_marker(int directory)
{
	struct stat st;

	return fstatat(directory, marker, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* What a run inside a directory left, and what a file system has at its top, are nothing. */
static int found_something(void *context, int directory, const char *name)
{
	(void)context;
	(void)directory;
	return strcmp(name, inside) != 0 && strcmp(name, "lost+found") != 0;
}

static bool is_own(const struct site *s, const char *name)
{
	for (size_t i = 0; s->own[i]; i++) {
		if (strcmp(s->own[i], name) == 0)
			return true;
	}
	return strcmp(name, marker) == 0;
}

/* What sites do not have moves from an old one into the new one. */
static int move_foreign(void *context, int directory, const char *name)
{
	const struct site *s = context;

	if (is_own(s, name))
		return 0;
	return renameat2(directory, name, s->fd, name, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

static int remove_own(void *context, int directory, const char *name)
{
	return is_own(context, name) ? remove_tree(directory, name, 1) : 0;
}

/* Remove an old site; a directory with something of somebody else in it stays: -ENOTEMPTY. */
static int remove_site(struct site *s, int directory, const char *name)
{
	int r = for_each_name(directory, remove_own, s);

	if (r == 0 && unlinkat(s->parent, name, AT_REMOVEDIR) < 0)
		r = -errno;
	return r;
}

/* The parent of `path` and the last name in it, with every link resolved. */
static int split(struct site *s, const char *path, char *error)
{
	char *real = realpath(path, NULL), *copy = NULL, *slash, *end;
	const char *parent = ".", *name;
	int r = 0;

	copy = strdup(real ? real : path);
	free(real);
	if (!copy)
		return say(error, -ENOMEM, _("out of memory"));
	for (end = copy + strlen(copy); end > copy + 1 && end[-1] == '/';)
		*--end = '\0';
	slash = strrchr(copy, '/');
	name = slash ? slash + 1 : copy;
	if (slash) {
		*slash = '\0';
		parent = slash == copy ? "/" : copy;
	}
	s->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->parent < 0)
		r = say(error, -errno, "%s: %s", parent, lang_error(errno));
	else if (!*name || is_dots(name))
		r = say(error, 1, _("%s cannot be replaced: name a directory in it"), path);
	else if (strlen(name) + sizeof("..berth-new") > SITE_NAME_MOST)
		r = say(error, 1, _("%s: the name is too long"), path);
	if (r == 0) {
		snprintf(s->name, sizeof(s->name), "%s", name);
		snprintf(s->name_new, sizeof(s->name_new), ".%.240s.berth-new", name);
		snprintf(s->name_old, sizeof(s->name_old), ".%.240s.berth-old", name);
	}
	free(copy);
	return r;
}

/* The directory that is to be replaced, if there is one: empty, or a site. */
static int open_old(struct site *s, const char *path, char *error)
{
	int r;

	s->old = openat(s->parent, s->name, OPEN_DIRECTORY);
	if (s->old < 0 && errno == ENOENT)
		return 0;
	if (s->old < 0 && (errno == ENOTDIR || errno == ELOOP))
		return say(error, 1, _("%s is no directory"), path);
	if (s->old < 0)
		return say(error, -errno, "%s: %s", path, lang_error(errno));
	if (has_marker(s->old))
		return 0;
	r = for_each_name(s->old, found_something, NULL);
	if (r > 0)
		return say(error, 1, _("%s is not empty and no atlas: name another directory, or "
				     "remove it first"), path);
	return r < 0 ? say(error, r, "%s: %s", path, lang_error(-r)) : 0;
}

/* Where the new directory is made. */
static int base_of(const struct site *s)
{
	return s->is_inside ? s->old : s->parent;
}

/* Whether a directory has to stay the one that it is. */
static bool has_to_stay(const struct site *s)
{
	struct stat old, parent, here;

	if (s->old < 0 || fstat(s->old, &old) < 0 || fstat(s->parent, &parent) < 0)
		return false;
	if (old.st_dev != parent.st_dev)
		return true;
	return stat(".", &here) == 0 && here.st_dev == old.st_dev && here.st_ino == old.st_ino;
}

/* What an interrupted run left: nobody's any more unless somebody has the lock. */
static int take_leftover(struct site *s, char *error)
{
	BERTH_CLEANUP(fd_closep) int fd = openat(base_of(s), s->name_new, OPEN_DIRECTORY);
	int r;

	if (fd < 0)
		return say(error, -errno, "%s: %s", s->name_new, lang_error(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return say(error, -EBUSY, _("another berth writes this atlas now"));
	r = for_each_name(fd, found_something, NULL);
	if (r > 0 && !has_marker(fd))
		return say(error, -EEXIST, _("%s beside it is not berth's: remove it first"),
			   s->name_new);
	r = remove_tree(base_of(s), s->name_new, 0);
	return r < 0 ? say(error, r, "%s: %s", s->name_new, lang_error(-r)) : 0;
}

static int make_directory(struct site *s)
{
	int r;

	if (has_to_stay(s)) {
		s->is_inside = true;
		memcpy(s->name_new, inside, sizeof(inside));
	}
	r = mkdirat(base_of(s), s->name_new, 0777) < 0 ? -errno : 0;
	if ((r == -EACCES || r == -EROFS || r == -EPERM) && s->old >= 0 && !s->is_inside) {
		s->is_inside = true;
		memcpy(s->name_new, inside, sizeof(inside));
		r = mkdirat(base_of(s), s->name_new, 0777) < 0 ? -errno : 0;
	}
	return r;
}

static int make_new(struct site *s, char *error)
{
	int r = make_directory(s);

	if (r == -EEXIST) {
		r = take_leftover(s, error);
		if (r < 0)
			return r;
		r = make_directory(s);
	}
	if (r == 0) {
		s->fd = openat(base_of(s), s->name_new, OPEN_DIRECTORY);
		r = s->fd < 0 ? -errno : 0;
	}
	if (r == 0 && flock(s->fd, LOCK_EX | LOCK_NB) < 0)
		r = -EBUSY;
	if (r == 0)
		r = site_write(s->fd, marker, marker_text, sizeof(marker_text) - 1);
	return r < 0 ? say(error, r, _("beside %s: %s"), s->name, lang_error(-r)) : 0;
}

int site_begin(struct site *out, const char *path, const char *const *own, char *error)
{
	struct site s = {.parent = -1, .fd = -1, .old = -1, .own = own};
	int r = split(&s, path, error);

	if (r == 0)
		r = open_old(&s, path, error);
	if (r == 0)
		r = make_new(&s, error);
	if (r != 0) {
		site_fini(&s);
		return r;
	}
	*out = s;
	return 0;
}

int site_make_directory(const struct site *s, const char *path)
{
	int fd;

	if (mkdirat(s->fd, path, 0777) < 0)
		return -errno;
	fd = openat(s->fd, path, OPEN_DIRECTORY);
	return fd < 0 ? -errno : fd;
}

int site_write(int directory, const char *name, const void *bytes, size_t n)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(directory, name, flags, 0666);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write(fd, bytes, n);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

/* Put the new site into place, so that the old one has `name_old`. */
static int swap(struct site *s)
{
	if (s->old < 0 || !has_marker(s->old)) /* nothing, or an empty directory */
		return renameat(s->parent, s->name_new, s->parent, s->name) < 0 ? -errno : 0;
	if (renameat2(s->parent, s->name_new, s->parent, s->name, RENAME_EXCHANGE) == 0)
		return renameat(s->parent, s->name_new, s->parent, s->name_old) < 0 ? -errno : 1;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* A file system that cannot exchange: for an instant there is no site. */
	if (renameat(s->parent, s->name, s->parent, s->name_old) < 0)
		return -errno;
	if (renameat(s->parent, s->name_new, s->parent, s->name) < 0) {
		int r = -errno;

		(void)renameat(s->parent, s->name_old, s->parent, s->name);
		return r;
	}
	return 1;
}

/* An old site that an interrupted run did not remove any more. */
static int finish_leftover(struct site *s)
{
	BERTH_CLEANUP(fd_closep) int fd = openat(s->parent, s->name_old, OPEN_DIRECTORY);
	int r = fd < 0 ? 0 : for_each_name(fd, move_foreign, s);

	return fd < 0 || r < 0 ? r : remove_site(s, fd, s->name_old);
}

/* One name of a site that stays: the new one for the old one, or one of them gone. */
static int place_name(const struct site *s, const char *name)
{
	if (renameat2(s->fd, name, s->old, name, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno == ENOENT) { /* only one of them is there, or none */
		if (renameat2(s->fd, name, s->old, name, RENAME_NOREPLACE) == 0 ||
		    renameat2(s->old, name, s->fd, name, RENAME_NOREPLACE) == 0 || errno == ENOENT)
			return 0;
		return -errno;
	}
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* A file system that cannot exchange. */
	if (remove_tree(s->old, name, 1) < 0 ||
	    (renameat(s->fd, name, s->old, name) < 0 && errno != ENOENT))
		return -errno;
	return 0;
}

/* The marker first: from then on the directory is an atlas, whole or to be made again. */
static int commit_inside(struct site *s, char *error)
{
	int r = place_name(s, marker);

	for (size_t i = 0; r == 0 && s->own[i]; i++)
		r = place_name(s, s->own[i]);
	if (r == 0)
		r = remove_tree(s->old, s->name_new, 0);
	if (r < 0)
		return say(error, r, "%s: %s", s->name, lang_error(-r));
	s->name_new[0] = '\0';
	return 0;
}

int site_commit(struct site *s, char *error)
{
	struct stat st;
	int r = s->is_inside ? commit_inside(s, error) : finish_leftover(s);

	if (s->is_inside)
		return r;
	if (r < 0)
		return say(error, r, _("%s beside it, of an earlier run: %s"), s->name_old,
			   lang_error(-r));
	if (s->old >= 0 && fstat(s->old, &st) == 0)
		(void)fchmod(s->fd, st.st_mode & 07777);
	r = swap(s);
	if (r == -EBUSY || r == -EXDEV)
		return say(error, r, _("%s: something is mounted there: name a directory in it"),
			   s->name);
	if (r < 0)
		return say(error, r, "%s: %s", s->name, lang_error(-r));
	s->name_new[0] = '\0';
	if (r == 0)
		return 0;
	r = for_each_name(s->old, move_foreign, s);
	if (r == 0)
		r = remove_site(s, s->old, s->name_old);
	if (r == 0)
		return 0;
	return say(error, r, _("the new atlas is in place; of the old one is left, in %s: %s"),
		   s->name_old, lang_error(-r));
}

void site_fini(struct site *s)
{
	if (s->fd >= 0 && *s->name_new)
		(void)remove_tree(base_of(s), s->name_new, 0);
	s->fd = fd_close(s->fd);
	s->old = fd_close(s->old);
	s->parent = fd_close(s->parent);
}
