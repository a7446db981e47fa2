#include "live/fdscan-linux.h"

#include "base/fd.h"
#include "base/str.h"
#include "live/number-map.h"
#include "live/proc-linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Listing a table costs, too, and sockets are mostly opened early: the first piece is small. */
enum { FIRST_ENTRIES_SIZE = 1024, ENTRIES_SIZE = 32 * 1024, RING_SIZE = 4 * 1024 * 1024 };

/* An io_uring descriptor that was met. */
struct ring {
	uint32_t pid, tid;
	int fd;
};

/* How far a process's table was read. */
enum progress { READ_DENIED, READ_PARTLY, READ_WHOLLY };

struct fdscan {
	fdscan_fn hit;
	fdscan_namespace_fn namespace; /* NULL = not wanted */
	void *context;
	struct number_map seen; /* pid -> how far, enum progress */
	uint32_t *pids;
	size_t n_pids, pids_capacity;
	size_t n_hidden_pids; /* of which fdscan_hidden() has done the threads */
	struct ring *rings;
	size_t n_rings, rings_capacity;
	size_t n_hidden_rings;
	uint32_t n_denied;
	char *entries; /* ENTRIES_SIZE bytes */
};

struct fdscan *fdscan_open(fdscan_fn hit, void *context)
{
	struct fdscan *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->hit = hit;
	f->context = context;
	f->entries = malloc(ENTRIES_SIZE);
	return f->entries ? f : fdscan_close(f);
}

struct fdscan *fdscan_close(struct fdscan *f)
{
	if (f) {
		number_map_fini(&f->seen);
		free(f->pids);
		free(f->rings);
		free(f->entries);
		free(f);
	}
	return NULL;
}

void fdscan_want_namespaces(struct fdscan *f, fdscan_namespace_fn each)
{
	f->namespace = each;
}

uint32_t fdscan_n_denied(const struct fdscan *f)
{
	return f->n_denied;
}

/* `items` with room for one more of `size` bytes; NULL when out of memory, then they stay. */
static void *make_room(void *items, size_t n, size_t *capacity, size_t size)
{
	size_t wider = *capacity ? *capacity * 2 : 64;
	void *grown;

	if (n < *capacity)
		return items;
	grown = reallocarray(items, wider, size);
	if (grown)
		*capacity = wider;
	return grown;
}

static void remember_ring(struct fdscan *f, uint32_t pid, uint32_t tid, int fd)
{
	struct ring *rings = make_room(f->rings, f->n_rings, &f->rings_capacity, sizeof(*rings));

	if (!rings)
		return;
	f->rings = rings;
	f->rings[f->n_rings++] = (struct ring){.pid = pid, .tid = tid, .fd = fd};
}

/* --- tables ---------------------------------------------------------------------------------- */

/* `link` as that of a network namespace, "net:[4026531840]". */
static void take_namespace(struct fdscan *f, const char *link, size_t n,
			   struct fdscan_namespace ns)
{
	static const char start[] = "net:[";
	const size_t length = sizeof(start) - 1;

	if (!f->namespace || n <= length + 1 || memcmp(link, start, length) != 0 ||
	    str_parse_u64(link + length, n - length - 1, UINT32_MAX, &ns.id) < 0)
		return;
	f->namespace(&ns, f->context);
}

/* What one entry of a table says about going on. */
enum step { STEP_ON, STEP_ENOUGH, STEP_DENIED };

/* STEP_DENIED: berth may list the table but not follow its links, as with a process of another
 * privilege; then every entry fails alike. */
static enum step take_entry(struct fdscan *f, uint32_t pid, uint32_t tid, int table,
			    const char *name)
{
	static const char ring[] = "anon_inode:[io_uring]";
	char link[64];
	ssize_t n = readlinkat(table, name, link, sizeof(link));
	struct fdscan_hit hit;

	if (n <= 0)
		return n < 0 && (errno == EACCES || errno == EPERM) ? STEP_DENIED : STEP_ON;
	if (link[0] == 'a') {
		if ((size_t)n == sizeof(ring) - 1 && memcmp(link, ring, (size_t)n) == 0)
			remember_ring(f, pid, tid, (int)strtol(name, NULL, 10));
		return STEP_ON;
	}
	if (link[0] == 'n') {
		take_namespace(f, link, (size_t)n, (struct fdscan_namespace){
			.pid = pid, .tid = tid, .fd = (int)strtol(name, NULL, 10)});
		return STEP_ON;
	}
	hit = (struct fdscan_hit){
		.pid = pid,
		.inode = proc_link_inode(link, (size_t)n),
		.table = table,
		.method = tid == 0 ? LIVE_BY_FD : LIVE_BY_THREAD,
	};
	if (hit.inode == 0)
		return STEP_ON;
	hit.fd = hit.table_fd = (int)strtol(name, NULL, 10);
	return f->hit(&hit, f->context) ? STEP_ON : STEP_ENOUGH;
}

/* Every entry of an open table until the caller has enough. */
static enum step read_table(struct fdscan *f, uint32_t pid, uint32_t tid, int table,
			    size_t *n_entries)
{
	size_t size = FIRST_ENTRIES_SIZE;
	ssize_t n;

	*n_entries = 0;
	while ((n = getdents64(table, f->entries, size)) > 0) {
		size = ENTRIES_SIZE;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(f->entries + at);
			enum step step;

			at += entry->d_reclen;
			if (entry->d_name[0] == '.')
				continue;
			++*n_entries;
			step = take_entry(f, pid, tid, table, entry->d_name);
			if (step != STEP_ON)
				return step;
		}
	}
	return STEP_ON;
}

static int open_table(uint32_t pid, uint32_t tid)
{
	char path[48];

	if (tid == 0)
		snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	else
		snprintf(path, sizeof(path), "/proc/%u/task/%u/fd", pid, tid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* --- threads --------------------------------------------------------------------------------- */

static bool has_threads(uint32_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	/* A directory has one link more for each directory in it. */
	return stat(path, &st) == 0 && st.st_nlink > 3;
}

struct threads {
	struct fdscan *scan;
	uint32_t pid;
	uint32_t last; /* whose table was read last */
};

static bool is_same_table(uint32_t a, uint32_t b)
{
	return syscall(SYS_kcmp, (pid_t)a, (pid_t)b, KCMP_FILES, 0L, 0L) == 0;
}

static void read_thread_namespace(struct fdscan *f, uint32_t pid, uint32_t tid)
{
	char path[64], link[64];
	ssize_t n;

	if (!f->namespace)
		return;
	snprintf(path, sizeof(path), "/proc/%u/task/%u/ns/net", pid, tid);
	n = readlink(path, link, sizeof(link));
	if (n > 0)
		take_namespace(f, link, (size_t)n, (struct fdscan_namespace){
			.pid = pid, .tid = tid, .fd = -1});
}

static bool take_thread(uint32_t tid, void *context)
{
	struct threads *t = context;
	size_t n_entries;
	int table;

	if (tid != t->pid)
		read_thread_namespace(t->scan, t->pid, tid);
	if (tid == t->pid || is_same_table(t->pid, tid) || is_same_table(t->last, tid))
		return true;
	table = open_table(t->pid, tid);
	if (table < 0)
		return true;
	(void)read_table(t->scan, t->pid, tid, table, &n_entries);
	fd_close(table);
	t->last = tid;
	return true;
}

static void read_threads(struct fdscan *f, uint32_t pid)
{
	struct threads threads = {.scan = f, .pid = pid, .last = pid};
	char path[32];

	if (!has_threads(pid))
		return;
	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	/* A process that ended meanwhile holds nothing. */
	(void)!proc_each_number(AT_FDCWD, path, take_thread, &threads);
}

/* Reads the table of a process; `*n_entries` is how much of it was met. */
static enum progress read_process(struct fdscan *f, uint32_t pid, size_t *n_entries)
{
	BERTH_CLEANUP(fd_closep) int table = open_table(pid, 0);

	*n_entries = 1;
	if (table < 0)
		return errno == EACCES || errno == EPERM ? READ_DENIED : READ_WHOLLY;
	switch (read_table(f, pid, 0, table, n_entries)) {
	case STEP_DENIED:
		return READ_DENIED;
	case STEP_ENOUGH:
		return READ_PARTLY;
	case STEP_ON:
		break;
	}
	return READ_WHOLLY;
}

static void remember_pid(struct fdscan *f, uint32_t pid)
{
	uint32_t *pids = make_room(f->pids, f->n_pids, &f->pids_capacity, sizeof(*pids));

	if (!pids)
		return;
	f->pids = pids;
	f->pids[f->n_pids++] = pid;
}

int fdscan_process(struct fdscan *f, uint32_t pid)
{
	uint32_t before = number_map_find(&f->seen, pid);
	enum progress progress;
	size_t n_entries;

	if (before != NUMBER_MAP_NONE && before != READ_PARTLY)
		return before == READ_DENIED ? -EACCES : 0;
	progress = read_process(f, pid, &n_entries);
	number_map_set(&f->seen, pid, progress);
	if (progress == READ_DENIED) {
		f->n_denied++;
		return -EACCES;
	}
	if (before == NUMBER_MAP_NONE)
		remember_pid(f, pid);
	if (n_entries == 0)
		read_threads(f, pid);
	return 0;
}

/* --- io_uring -------------------------------------------------------------------------------- */

void fdscan_parse_ring(const char *text, void (*each)(uint32_t inode, void *context),
		       void *context)
{
	const char *section = strstr(text, "UserFiles:");
	const char *line = section ? strchr(section, '\n') : NULL;

	for (; line; line = strchr(line + 1, '\n')) {
		const char *at = line + 1;
		size_t n;

		while (*at == ' ')
			at++;
		if (*at < '0' || *at > '9')
			return; /* the next section */
		while (*at >= '0' && *at <= '9')
			at++;
		if (*at != ':')
			return;
		at++;
		while (*at == ' ')
			at++;
		n = strcspn(at, "\n");
		if (proc_link_inode(at, n) != 0)
			each(proc_link_inode(at, n), context);
	}
}

struct ring_walk {
	struct fdscan *scan;
	const struct ring *ring;
	int table;
};

static void take_registered(uint32_t inode, void *context)
{
	const struct ring_walk *w = context;
	const struct fdscan_hit hit = {
		.pid = w->ring->pid,
		.inode = inode,
		.fd = -1,
		.table = w->table,
		.table_fd = w->ring->fd,
		.method = LIVE_BY_IO_URING,
	};

	(void)w->scan->hit(&hit, w->scan->context);
}

static void read_ring(struct fdscan *f, const struct ring *ring)
{
	struct ring_walk walk = {.scan = f, .ring = ring};
	char path[80], *text;
	size_t n;

	if (ring->tid == 0)
		snprintf(path, sizeof(path), "/proc/%u/fdinfo/%d", ring->pid, ring->fd);
	else
		snprintf(path, sizeof(path), "/proc/%u/task/%u/fdinfo/%d", ring->pid, ring->tid,
			 ring->fd);
	walk.table = open_table(ring->pid, ring->tid);
	if (walk.table < 0)
		return;
	if (fd_slurp_at(AT_FDCWD, path, RING_SIZE, &text, &n) == 0) {
		fdscan_parse_ring(text, take_registered, &walk);
		free(text);
	}
	fd_close(walk.table);
}

void fdscan_hidden(struct fdscan *f)
{
	for (; f->n_hidden_pids < f->n_pids; f->n_hidden_pids++)
		read_threads(f, f->pids[f->n_hidden_pids]);
	for (; f->n_hidden_rings < f->n_rings; f->n_hidden_rings++) {
		const struct ring ring = f->rings[f->n_hidden_rings];

		read_ring(f, &ring);
	}
}
