#include "live/cgroup-linux.h"

#include "base/fd.h"
#include "base/str.h"
#include "live/cgroup-path.h"
#include "live/number-map.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* FILEID_KERNFS: the type of a handle that is one 64-bit inode number. */
enum { KERNFS_HANDLE = 0xfe };
enum { MOST_GROUPS = 4096, MOST_LEVELS = 16, MOST_WALKED = 65536, MOST_WALKED_LEVELS = 48 };

struct cgroups {
	struct arena *arena;
	const char *mount;
	int mount_fd;             /* -1 = nothing can be found */
	bool is_handle_refused;   /* open_by_handle_at(2) is not for us */
	bool is_walked;           /* `walked` is filled */
	struct number_map walked; /* id -> index into `paths` */
	const char **paths;
	size_t n_paths, paths_capacity;
	struct cgroup **known;
	size_t n_known, known_capacity;
	struct number_map known_ids; /* id -> index into `known` */
};

struct cgroups *cgroups_open(struct arena *arena, const char *mount)
{
	struct cgroups *c = arena_alloc(arena, sizeof(*c));

	if (!c)
		return NULL;
	c->arena = arena;
	c->mount = mount;
	c->mount_fd = mount ? open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	return c;
}

struct cgroups *cgroups_close(struct cgroups *c)
{
	if (c) {
		c->mount_fd = fd_close(c->mount_fd);
		number_map_fini(&c->walked);
		number_map_fini(&c->known_ids);
	}
	return NULL;
}

/* "/system.slice" -> "system.slice", "/" -> ".": relative to the mount. */
static const char *relative(const char *path)
{
	return path[1] ? path + 1 : ".";
}

/* The path of an open group, checked to be the group of that id below the mount. */
static const char *path_of(struct cgroups *c, int fd, uint64_t id)
{
	char link[32], path[PATH_MAX];
	size_t mount_length = strcmp(c->mount, "/") == 0 ? 0 : strlen(c->mount);
	struct stat st;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return NULL;
	path[n] = '\0';
	if ((size_t)n < mount_length || strncmp(path, c->mount, mount_length) != 0)
		return NULL;
	if (path[mount_length] == '\0')
		return "/";
	if (path[mount_length] != '/')
		return NULL;
	if (fstatat(c->mount_fd, relative(path + mount_length), &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_ino != id)
		return NULL;
	return arena_strdup(c->arena, path + mount_length);
}

static const char *open_by_id(struct cgroups *c, uint64_t id)
{
	union {
		struct file_handle handle;
		unsigned char room[sizeof(struct file_handle) + sizeof(id)];
	} u = {.handle = {.handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE}};
	BERTH_CLEANUP(fd_closep) int fd = -1;

	memcpy(u.room + offsetof(struct file_handle, f_handle), &id, sizeof(id));
	fd = open_by_handle_at(c->mount_fd, &u.handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		/* ESTALE: the group is gone, and its id will not be found in the tree either. */
		c->is_handle_refused = errno != ESTALE && errno != ENOENT;
		return NULL;
	}
	return path_of(c, fd, id);
}

/* Remember every group below `path`. */
/* NOLINTNEXTLINE(misc-no-recursion): MOST_WALKED_LEVELS deep */
static void walk(struct cgroups *c, const char *path, unsigned int level)
{
	int fd = openat(c->mount_fd, relative(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		fd_close(fd);
		return;
	}
	while (c->n_paths < MOST_WALKED && (entry = readdir(dir)) != NULL) {
		const char **slot;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		slot = ARENA_PUSH(c->arena, c->paths, c->n_paths, c->paths_capacity);
		if (!slot)
			break;
		*slot = arena_printf(c->arena, "%s/%s", path[1] ? path : "", entry->d_name);
		if (!*slot)
			break;
		number_map_set(&c->walked, entry->d_ino, (uint32_t)(c->n_paths - 1));
		if (level < MOST_WALKED_LEVELS)
			walk(c, c->paths[c->n_paths - 1], level + 1);
	}
	closedir(dir);
}

static const char *find_by_walk(struct cgroups *c, uint64_t id)
{
	struct stat st;
	uint32_t at;

	if (!c->is_walked) {
		c->is_walked = true;
		walk(c, "/", 0);
	}
	if (fstat(c->mount_fd, &st) == 0 && st.st_ino == id)
		return "/";
	at = number_map_find(&c->walked, id);
	return at == NUMBER_MAP_NONE ? NULL : c->paths[at];
}

static void name_group(struct cgroups *c, struct cgroup *g)
{
	struct cgroup_names names = cgroup_path_names(g->path);
	size_t end = names.container.n > 0 ? names.container_end : names.unit_end;

	if (names.unit.n > 0)
		g->unit = arena_strndup(c->arena, names.unit.at, names.unit.n);
	if (names.container.n > 0)
		g->container = arena_strndup(c->arena, names.container.at, names.container.n);
	g->home = end > 0 ? arena_strndup(c->arena, g->path, end) : g->path;
}

const struct cgroup *cgroups_find(struct cgroups *c, uint64_t id)
{
	uint32_t at = number_map_find(&c->known_ids, id);
	struct cgroup **slot, *g;

	if (at != NUMBER_MAP_NONE)
		return c->known[at];
	g = arena_alloc(c->arena, sizeof(*g));
	slot = ARENA_PUSH(c->arena, c->known, c->n_known, c->known_capacity);
	if (!g || !slot)
		return NULL;
	*slot = g;
	g->id = id;
	if (id != 0)
		number_map_set(&c->known_ids, id, (uint32_t)(c->n_known - 1));
	if (c->mount_fd >= 0 && id != 0) {
		if (!c->is_handle_refused)
			g->path = open_by_id(c, id);
		if (c->is_handle_refused)
			g->path = find_by_walk(c, id);
	}
	if (g->path)
		name_group(c, g);
	return g;
}

/* --- processes ------------------------------------------------------------------------------- */

struct pid_walk {
	cgroups_pid_fn each;
	void *context;
	unsigned int n_groups;
	bool is_over, is_too_large;
};

/* Numbers, one a line, from an open cgroup.procs. */
static int read_pids(int fd, struct pid_walk *w)
{
	char buffer[8192];
	uint64_t pid = 0;
	bool has_digit = false;

	for (;;) {
		long n = fd_read(fd, buffer, sizeof(buffer));

		if (n < 0)
			return (int)n;
		if (n == 0)
			return 0;
		for (long i = 0; i < n && !w->is_over; i++) {
			if (buffer[i] >= '0' && buffer[i] <= '9') {
				pid = (pid * 10 + (uint64_t)(buffer[i] - '0')) & UINT32_MAX;
				has_digit = true;
				continue;
			}
			/* 0: a process that this PID namespace cannot name. */
			if (has_digit && pid != 0 && !w->each((uint32_t)pid, w->context))
				w->is_over = true;
			pid = 0;
			has_digit = false;
		}
		if (w->is_over)
			return 0;
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): MOST_LEVELS deep */
static int walk_pids(struct pid_walk *w, int parent, const char *name, bool is_deep,
		     unsigned int level)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	BERTH_CLEANUP(fd_closep) int procs = -1;
	struct dirent *entry;
	DIR *dir;
	int r;

	if (fd < 0)
		return -errno;
	procs = openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	r = procs < 0 ? -errno : read_pids(procs, w);
	w->n_groups++;
	dir = is_deep && !w->is_over ? fdopendir(fd) : NULL;
	if (!dir) {
		fd_close(fd);
		return r;
	}
	while (!w->is_over && (entry = readdir(dir)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (level >= MOST_LEVELS || w->n_groups >= MOST_GROUPS) {
			w->is_too_large = true;
			break;
		}
		/* One that vanished meanwhile has no processes. */
		(void)!walk_pids(w, dirfd(dir), entry->d_name, true, level + 1);
	}
	closedir(dir);
	return r;
}

int cgroups_each_pid(struct cgroups *c, const char *path, bool is_deep, cgroups_pid_fn each,
		     void *context)
{
	struct pid_walk w = {.each = each, .context = context};
	int r;

	if (c->mount_fd < 0)
		return -ENOENT;
	r = walk_pids(&w, c->mount_fd, relative(path), is_deep, 0);
	if (r == 0 && w.is_too_large)
		r = -E2BIG;
	return r;
}
