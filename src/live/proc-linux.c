#include "live/proc-linux.h"

#include "base/fd.h"
#include "base/lang.h"
#include "base/str.h"
#include "live/cgroup-path.h"
#include "live/number-map.h"
#include "live/passwd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	COMMAND_SIZE = 64 * 1024,
	MOST_PARENTS = 32,
	OVERFLOW_UID = 65534, /* stands for every user that this user namespace does not map */
	NS_PER_TICK = 10 * 1000 * 1000,
};

/* One parent, remembered. */
struct ancestor {
	const char *program;
	uint32_t parent;
	uint64_t started;
};

struct procs {
	struct arena *arena;
	struct gaps *gaps;
	live_time boot;
	char user_ns[64];    /* of berth itself: "user:[4026531837]" ... */
	size_t n_user_ns;    /* ... and its bytes; 0 = not known */
	bool has_passwd;     /* tried to read */
	bool is_mapped;      /* berth's user namespace shows every user */
	struct passwd *passwd;
	struct number_map user_index; /* uid + 1 -> index into `users` */
	const char **users;
	size_t n_users, users_capacity;
	struct number_map ancestor_index; /* pid -> index into `ancestors` */
	struct ancestor *ancestors;
	size_t n_ancestors, ancestors_capacity;
	char *buffer; /* COMMAND_SIZE bytes */
};

/* The moment of boot, from two clocks read at once: cheaper than /proc/stat, which lists every
 * interrupt of the machine, and finer than its whole seconds. Cut to ticks to stand still. */
static live_time boot_time(void)
{
	struct timespec now, up;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0)
		return LIVE_TIME_NONE;
	return ((live_time)(now.tv_sec - up.tv_sec) * 1000000000 + now.tv_nsec - up.tv_nsec +
		NS_PER_TICK / 2) /
	       NS_PER_TICK * NS_PER_TICK;
}

struct procs *procs_open(struct arena *arena, struct gaps *gaps)
{
	struct procs *p = arena_alloc(arena, sizeof(*p));
	ssize_t n;

	if (!p)
		return NULL;
	p->arena = arena;
	p->gaps = gaps;
	p->boot = boot_time();
	n = readlink("/proc/self/ns/user", p->user_ns, sizeof(p->user_ns));
	p->n_user_ns = n > 0 ? (size_t)n : 0;
	p->buffer = malloc(COMMAND_SIZE);
	return p->buffer ? p : NULL;
}

struct procs *procs_close(struct procs *p)
{
	if (p) {
		passwd_close(p->passwd);
		number_map_fini(&p->user_index);
		number_map_fini(&p->ancestor_index);
		free(p->buffer);
	}
	return NULL;
}

/* --- users ----------------------------------------------------------------------------------- */

static void open_passwd(struct procs *p)
{
	char map[128];
	unsigned long inside, outside, count;
	int r;

	p->has_passwd = true;
	p->is_mapped =
		fd_read_file_at(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map), NULL) < 0 ||
		(sscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && inside == 0 &&
		 outside == 0 && count == UINT32_MAX);
	r = passwd_open(&p->passwd);
	if (r < 0)
		gaps_add_errno(p->gaps, "user", "/etc/passwd", -r);
}

const char *procs_user(struct procs *p, uint32_t uid)
{
	uint32_t at = number_map_find(&p->user_index, (uint64_t)uid + 1);
	const char **slot;

	if (at != NUMBER_MAP_NONE)
		return p->users[at];
	if (!p->has_passwd)
		open_passwd(p);
	if (uid == OVERFLOW_UID && !p->is_mapped)
		return NULL;
	slot = ARENA_PUSH(p->arena, p->users, p->n_users, p->users_capacity);
	if (!slot)
		return NULL;
	*slot = arena_strdup(p->arena, passwd_name(p->passwd, uid));
	number_map_set(&p->user_index, (uint64_t)uid + 1, (uint32_t)(p->n_users - 1));
	return *slot;
}

/* --- one process ----------------------------------------------------------------------------- */

/*
 * As fd_read_file_at(), for files that the kernel hands over whole: stat and cgroup, which are one
 * record of a seq_file each, and cmdline. A look reads hundreds of them, and need not ask each for
 * its end.
 */
static long read_record(int dir, const char *path, char *buffer, size_t size, bool *is_cut)
{
	BERTH_CLEANUP(fd_closep) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, buffer, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (is_cut)
		*is_cut = (size_t)n == size;
	n = MIN_OF(n, (ssize_t)size - 1);
	buffer[n] = '\0';
	return n;
}

/* What is being read: the process's directory, and the one that still has its memory. */
struct reading {
	struct procs *procs;
	struct live_process *process;
	int dir;
	char memory[32]; /* "" or "task/TID/": a thread that lives on after the main thread */
	bool is_ending;  /* it has no program or command any more */
};

static void note(struct reading *r, const char *what, int error)
{
	char where[32];

	if (error == ENOENT || error == ESRCH) {
		r->is_ending = true; /* a kernel's thread, without them too, holds nothing */
		return;
	}
	snprintf(where, sizeof(where), "pid %u", r->process->pid);
	gaps_add_errno(r->procs->gaps, what, where, error);
}

/* A link of /proc/PID as a string in the arena; NULL when it cannot be read. */
static char *read_link(struct reading *r, const char *name, const char *what)
{
	char path[64], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "%s%s", r->memory, name);
	n = readlinkat(r->dir, path, target, sizeof(target));
	if (n < 0) {
		note(r, what, errno);
		return NULL;
	}
	return arena_strndup(r->procs->arena, target, (size_t)n);
}

/* Whether the file of that literal name, "(deleted)" included, is what runs. */
static bool is_literal(const struct reading *r, const char *path)
{
	char link[64];
	struct stat running, named;

	snprintf(link, sizeof(link), "%sexe", r->memory);
	return fstatat(r->dir, link, &running, 0) == 0 && stat(path, &named) == 0 &&
	       running.st_dev == named.st_dev && running.st_ino == named.st_ino;
}

static void read_path(struct reading *r)
{
	static const char suffix[] = " (deleted)";
	const size_t length = sizeof(suffix) - 1;
	char *path = read_link(r, "exe", "program");
	size_t n = path ? strlen(path) : 0;

	if (n > length && strcmp(path + n - length, suffix) == 0 && !is_literal(r, path)) {
		path[n - length] = '\0';
		r->process->is_path_deleted = true;
	}
	r->process->path = path;
}

static void read_command(struct reading *r)
{
	struct procs *p = r->procs;
	char path[64], target[2];
	bool is_cut = false;
	long n;

	snprintf(path, sizeof(path), "%scmdline", r->memory);
	n = read_record(r->dir, path, p->buffer, COMMAND_SIZE, &is_cut);
	if (n < 0) {
		note(r, "command", (int)-n);
		return;
	}
	/* Nothing: it has no arguments, or its memory went before its descriptors do. */
	snprintf(path, sizeof(path), "%sexe", r->memory);
	if (n == 0 && readlinkat(r->dir, path, target, sizeof(target)) < 0)
		note(r, "command", errno);
	r->process->command = proc_split_command(p->arena, p->buffer, (size_t)n);
	r->process->is_command_cut = is_cut;
}

static void read_cgroup(struct reading *r)
{
	struct arena *arena = r->procs->arena;
	struct cgroup_names names;
	char file[64];
	const char *path;
	long n;

	/* A main thread that has exited stays behind when its process is moved. */
	snprintf(file, sizeof(file), "%scgroup", r->memory);
	n = read_record(r->dir, file, r->procs->buffer, COMMAND_SIZE, NULL);
	path = n > 0 ? cgroup_path_pick(r->procs->buffer) : NULL;
	if (!path)
		return;
	names = cgroup_path_names(path);
	if (names.unit.n > 0)
		r->process->unit = arena_strndup(arena, names.unit.at, names.unit.n);
	if (names.container.n > 0)
		r->process->container = arena_strndup(arena, names.container.at, names.container.n);
	/* A slice's number is one of the system whose systemd made it, which is ours. */
	if (names.has_login && names.container.n == 0)
		r->process->login = procs_user(r->procs, names.login_uid);
}

/* The owner of /proc/PID itself is the effective user, even where everything below it is root's
 * because the process may not be dumped (task_dump_owner() in Linux): far cheaper than "status". */
static void read_user(struct reading *r)
{
	struct procs *p = r->procs;
	struct stat st;
	char link[sizeof(p->user_ns)];
	ssize_t n;

	if (fstat(r->dir, &st) == 0)
		r->process->uid = st.st_uid;
	if (r->process->container)
		return;
	/* Not readable: of another user, who is then of this user namespace as far as is known. A
	 * link's text costs less than an inode made for stat(2). */
	n = readlinkat(r->dir, "ns/user", link, sizeof(link));
	if (n > 0 && p->n_user_ns > 0 &&
	    ((size_t)n != p->n_user_ns || memcmp(link, p->user_ns, (size_t)n) != 0))
		return;
	r->process->user = procs_user(p, r->process->uid);
}

static bool find_thread(uint32_t tid, void *context)
{
	struct reading *r = context;
	char path[48], target[2];

	snprintf(path, sizeof(path), "task/%u/exe", tid);
	if (readlinkat(r->dir, path, target, sizeof(target)) < 0)
		return true;
	snprintf(r->memory, sizeof(r->memory), "task/%u/", tid);
	return false;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int read_stat(int dir, struct proc_stat *out)
{
	char text[1024];
	long n = read_record(dir, "stat", text, sizeof(text), NULL);

	return n < 0 ? (int)n : proc_parse_stat(text, (size_t)n, out);
}

static int open_process(uint32_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* --- parents --------------------------------------------------------------------------------- */

static const struct ancestor *find_ancestor(struct procs *p, uint32_t pid)
{
	uint32_t at = number_map_find(&p->ancestor_index, pid);
	BERTH_CLEANUP(fd_closep) int dir = -1;
	struct ancestor *a;
	struct proc_stat stat;
	char target[PATH_MAX];
	ssize_t n;

	if (at != NUMBER_MAP_NONE)
		return &p->ancestors[at];
	dir = open_process(pid);
	if (dir < 0 || read_stat(dir, &stat) < 0)
		return NULL;
	a = ARENA_PUSH(p->arena, p->ancestors, p->n_ancestors, p->ancestors_capacity);
	if (!a)
		return NULL;
	n = readlinkat(dir, "exe", target, sizeof(target) - 1);
	a->program = stat.comm;
	if (n > 0) {
		target[n] = '\0';
		if (n > 10 && strcmp(target + n - 10, " (deleted)") == 0)
			target[n - 10] = '\0';
		a->program = base_name(target);
	}
	a->program = arena_strdup(p->arena, a->program);
	a->parent = stat.parent;
	a->started = stat.started;
	number_map_set(&p->ancestor_index, pid, (uint32_t)(p->n_ancestors - 1));
	return a->program ? a : NULL;
}

static void read_parents(struct reading *r, const struct proc_stat *own)
{
	struct live_parent chain[MOST_PARENTS];
	struct live_parent *copy;
	uint32_t pid = own->parent;
	uint64_t born = own->started;
	size_t n = 0;

	while (pid != 0 && n < MOST_PARENTS) {
		const struct ancestor *a = find_ancestor(r->procs, pid);

		/* One that is younger than its child got the number of a parent that ended. */
		if (!a || a->started > born)
			break;
		chain[n++] = (struct live_parent){.pid = pid, .program = a->program};
		born = a->started;
		pid = a->parent;
	}
	copy = arena_calloc(r->procs->arena, n, sizeof(*copy));
	if (!copy)
		return;
	memcpy(copy, chain, n * sizeof(*copy));
	r->process->parents = copy;
	r->process->n_parents = n;
}

/* --- the whole ------------------------------------------------------------------------------- */

static void read_details(struct reading *r, const struct proc_stat *stat)
{
	struct live_process *process = r->process;

	if (stat->state == 'Z')
		(void)!proc_each_number(r->dir, "task", find_thread, r);
	read_path(r);
	read_command(r);
	process->directory = read_link(r, "cwd", "directory");
	read_cgroup(r);
	read_user(r);
	read_parents(r, stat);
	process->program = process->path && *base_name(process->path)
				   ? base_name(process->path)
				   : arena_strdup(r->procs->arena, stat->comm);
	if (r->procs->boot != LIVE_TIME_NONE)
		process->started = r->procs->boot + (live_time)stat->started * NS_PER_TICK;
}

/* Whether what was read is of the process in whose table the entry `fd` was, or of one process at
 * least. */
static bool is_the_same(int dir, int table, int fd, const struct proc_stat *before)
{
	struct proc_stat after;
	char name[16], target[2];

	if (table < 0)
		return read_stat(dir, &after) == 0 && after.started == before->started;
	snprintf(name, sizeof(name), "%d", fd);
	return readlinkat(table, name, target, sizeof(target)) >= 0;
}

int procs_read(struct procs *p, uint32_t pid, int table, int fd, const struct live_process **out)
{
	BERTH_CLEANUP(fd_closep) int dir = open_process(pid);
	struct live_process *process = arena_alloc(p->arena, sizeof(*process));
	struct reading r = {.procs = p, .process = process, .dir = dir};
	struct proc_stat before;
	char where[32];

	if (!process)
		return -ENOMEM;
	*process = (struct live_process){.pid = pid, .started = LIVE_TIME_NONE};
	*out = NULL;
	if (dir < 0 || read_stat(dir, &before) < 0)
		return 0;
	read_details(&r, &before);
	if (!is_the_same(dir, table, fd, &before))
		return 0;
	if (r.is_ending) {
		snprintf(where, sizeof(where), "pid %u", pid);
		gaps_add(p->gaps, "program", where, N_("the process is ending"), NULL);
	}
	*out = process;
	return 0;
}

int proc_each_number(int parent, const char *path, proc_pid_fn each, void *context)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		int error = -errno;

		fd_close(fd);
		return error;
	}
	while ((entry = readdir(dir)) != NULL) {
		uint64_t number;

		if (str_parse_u64(entry->d_name, strlen(entry->d_name), UINT32_MAX, &number) < 0)
			continue;
		if (!each((uint32_t)number, context))
			break;
	}
	closedir(dir);
	return 0;
}
