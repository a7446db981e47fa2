#include "live/netns-linux.h"

#include "base/fd.h"
#include "base/lang.h"
#include "base/str.h"
#include "live/cgroup-path.h"
#include "live/container-linux.h"
#include "live/mounts-linux.h"
#include "live/number-map.h"
#include "live/proc-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fixed inodes of the initial namespaces (include/uapi/linux/nsfs.h): that of PID since Linux 3.8,
 * that of the network since 6.18. Other namespaces get numbers from 0xF0000000 on. */
#define INITIAL_PID_NS UINT64_C(0xEFFFFFFC)
#define INITIAL_NET_NS UINT64_C(0xEFFFFFF9)

enum { STACK_SIZE = 512 * 1024, SHORT_ID = 12, ID_LENGTH = 64 };

/* The inode of a file that `parent` and `path` lead to; 0 and errno when there is none. */
static uint64_t inode_of(int parent, const char *path)
{
	struct stat st;

	return fstatat(parent, path, &st, 0) == 0 ? st.st_ino : 0;
}

static struct netns *add(struct netns_list *l, const struct netns *n)
{
	struct netns *slot = ARENA_PUSH(l->arena, l->items, l->n, l->capacity);

	if (slot)
		*slot = *n;
	return slot;
}

static struct netns *find_id(struct netns_list *l, uint64_t id)
{
	for (size_t i = 0; id != 0 && i < l->n; i++) {
		if (l->items[i].ns.id == id)
			return &l->items[i];
	}
	return NULL;
}

/* --- by processes ---------------------------------------------------------------------------- */

struct process_walk {
	struct netns_list *list;
	struct number_map by_fingerprint; /* -> index into the list */
	uint64_t last; /* neighbours mostly share a namespace */
	int proc;
};

/* A thread that has a namespace. */
struct survivor {
	uint32_t tid;
	uint64_t fingerprint; /* 0 = none has been found */
};

static bool find_survivor(uint32_t tid, void *context)
{
	struct survivor *out = context;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%u/net/stat", tid);
	*out = (struct survivor){.tid = tid, .fingerprint = inode_of(AT_FDCWD, path)};
	return out->fingerprint == 0;
}

/* The namespace of a process. That of a zombie is that of a thread that lives on: then `*pid`
 * becomes the number of that thread, whose files below /proc can be opened. */
static uint64_t fingerprint_of(int proc, uint32_t *pid)
{
	struct survivor survivor = {0};
	char path[48];
	uint64_t print;
	struct stat st;

	snprintf(path, sizeof(path), "%u/net/stat", *pid);
	print = inode_of(proc, path);
	if (print != 0 || (errno != EINVAL && errno != ENOENT))
		return print;
	snprintf(path, sizeof(path), "%u/task", *pid);
	if (fstatat(proc, path, &st, 0) == 0 && st.st_nlink > 3)
		(void)!proc_each_number(proc, path, find_survivor, &survivor);
	if (survivor.fingerprint != 0)
		*pid = survivor.tid;
	return survivor.fingerprint;
}

static uint64_t id_of_process(int proc, uint32_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "%u/ns/net", pid);
	return inode_of(proc, path);
}

static bool take_process(uint32_t pid, void *context)
{
	struct process_walk *w = context;
	uint64_t print = fingerprint_of(w->proc, &pid);
	struct netns fresh = {.fingerprint = print, .pid = pid};
	struct netns *known;
	uint32_t at;

	if (print == 0 || print == w->last)
		return true;
	at = number_map_find(&w->by_fingerprint, print);
	if (at == NUMBER_MAP_NONE) {
		fresh.ns.id = id_of_process(w->proc, pid);
		if (!add(w->list, &fresh))
			return false;
		number_map_set(&w->by_fingerprint, print, (uint32_t)(w->list->n - 1));
	} else if (at != 0) {
		known = &w->list->items[at];
		known->other_pid = pid;
		if (known->ns.id == 0)
			known->ns.id = id_of_process(w->proc, pid);
	}
	/* Until its id is known, every process of it is asked. */
	w->last = at != NUMBER_MAP_NONE && w->list->items[at].ns.id != 0 ? print : 0;
	return true;
}

static void find_by_processes(struct netns_list *l)
{
	struct process_walk w = {.list = l, .last = l->items[0].fingerprint};
	int r;

	w.proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = w.proc < 0 ? -errno : 0;
	number_map_set(&w.by_fingerprint, l->items[0].fingerprint, 0);
	if (r == 0)
		r = proc_each_number(w.proc, ".", take_process, &w);
	if (r < 0)
		gaps_add_errno(l->gaps, "namespace", "/proc", -r);
	fd_close(w.proc);
	number_map_fini(&w.by_fingerprint);
}

/* --- by mounts ------------------------------------------------------------------------------- */

/* "/run/netns/blue" -> "blue"; NULL for a mount elsewhere. */
static const char *run_name(const char *point)
{
	static const char *const places[] = {"/run/netns/", "/var/run/netns/"};

	for (size_t i = 0; i < N_ELEMENTS(places); i++) {
		size_t n = strlen(places[i]);

		if (strncmp(point, places[i], n) == 0 && point[n])
			return point + n;
	}
	return NULL;
}

/* "net:[4026532177]" or "4026532177"; 0 for anything else. */
static uint64_t parse_id(const char *text)
{
	size_t n = strlen(text);
	uint64_t id;

	if (str_starts_with(text, "net:[") && text[n - 1] == ']') {
		text += strlen("net:[");
		n -= strlen("net:[]");
	}
	return str_parse_u64(text, n, UINT64_MAX, &id) == 0 ? id : 0;
}

static void take_namespace_mount(struct netns_list *l, const struct mount_line *m)
{
	uint64_t id = str_starts_with(m->root, "net:[") ? parse_id(m->root) : 0;
	struct netns fresh = {.ns = {.id = id}};
	struct netns *n = find_id(l, id);
	const char *name = run_name(m->point);

	if (id == 0)
		return;
	if (!n)
		n = add(l, &fresh);
	if (!n)
		return;
	if (!n->path || (name && !n->ns.name))
		n->path = arena_strdup(l->arena, m->point);
	if (name && !n->ns.name)
		n->ns.name = arena_strdup(l->arena, name);
}

static void take_mount(const struct mount_line *m, void *context)
{
	struct netns_list *l = context;
	const char *hidepid;

	if (strcmp(m->type, "nsfs") == 0)
		take_namespace_mount(l, m);
	if (strcmp(m->type, "cgroup2") == 0 && !l->cgroup_mount)
		l->cgroup_mount = arena_strdup(l->arena, m->point);
	if (strcmp(m->type, "proc") != 0 || strcmp(m->point, "/proc") != 0)
		return;
	hidepid = strstr(m->options, "hidepid=");
	if (hidepid && strncmp(hidepid, "hidepid=0", 9) != 0 &&
	    strncmp(hidepid, "hidepid=off", 11) != 0)
		l->hidepid = arena_strndup(l->arena, hidepid, strcspn(hidepid, ","));
}

/* --- names ----------------------------------------------------------------------------------- */

/* Proof that a namespace is the initial one: its number, or that kthreadd lives in it. */
static bool is_initial(const struct netns *n)
{
	if (n->ns.id == INITIAL_NET_NS)
		return true;
	return n->fingerprint != 0 && inode_of(AT_FDCWD, "/proc/self/ns/pid") == INITIAL_PID_NS &&
	       inode_of(AT_FDCWD, "/proc/2/net/stat") == n->fingerprint;
}

static void find_container(struct netns_list *l, struct netns *n)
{
	char path[32], text[4096];
	const char *picked;
	struct cgroup_names names;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", n->pid);
	if (fd_read_file_at(AT_FDCWD, path, text, sizeof(text), NULL) <= 0)
		return;
	picked = cgroup_path_pick(text);
	if (!picked)
		return;
	names = cgroup_path_names(picked);
	if (names.container.n > 0)
		n->ns.container = arena_strndup(l->arena, names.container.at, names.container.n);
}

static void name_namespace(struct netns_list *l, struct netns *n)
{
	const char *container;

	if (n->ns.is_here) {
		n->ns.name = "here";
		return;
	}
	if (is_initial(n)) {
		n->ns.name = "host";
		return;
	}
	if (n->pid != 0)
		find_container(l, n);
	if (n->ns.name)
		return;
	container = n->ns.container;
	if (container)
		n->ns.name = arena_strndup(l->arena, container,
					   strlen(container) == ID_LENGTH ? SHORT_ID : SIZE_MAX);
	else if (n->ns.id != 0)
		n->ns.name = arena_printf(l->arena, "net:[%llu]", (unsigned long long)n->ns.id);
	else
		n->ns.name = arena_printf(l->arena, "pid:%u", n->pid);
}

/* --- the one asked for ----------------------------------------------------------------------- */

static struct netns *find_path(struct netns_list *l, const char *path, int *error)
{
	uint64_t id = inode_of(AT_FDCWD, path), print;
	struct netns fresh = {.ns = {.id = id}};
	struct netns *n = find_id(l, id);
	unsigned int pid;
	char net[48];
	int end = 0;

	*error = id == 0 ? errno : 0;
	if (n)
		return n;
	if (id != 0) {
		/* Entering it will tell whether this is a network namespace at all. */
		n = add(l, &fresh);
		if (n)
			n->path = arena_strdup(l->arena, path);
		return n;
	}
	/* "/proc/812/ns/net" that may not be followed: its tables may be readable all the same. */
	if (sscanf(path, "/proc/%u/ns/net%n", &pid, &end) == 1 && end > 0 && path[end] == '\0') {
		snprintf(net, sizeof(net), "/proc/%u/net/stat", pid);
		print = inode_of(AT_FDCWD, net);
		for (size_t i = 0; print != 0 && i < l->n; i++) {
			if (l->items[i].fingerprint == print)
				return &l->items[i];
		}
	}
	return NULL;
}

static struct netns *find_named(struct netns_list *l, const char *wanted, int *error)
{
	char path[300];

	*error = ENOENT;
	if (strchr(wanted, '/'))
		return find_path(l, wanted, error);
	if (parse_id(wanted) != 0)
		return find_id(l, parse_id(wanted));
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->items[i].ns.name, wanted) == 0 ||
		    (l->items[i].ns.container && strcmp(l->items[i].ns.container, wanted) == 0))
			return &l->items[i];
	}
	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].ns.container &&
		    containers_is_named(l->arena, l->items[i].ns.container, wanted))
			return &l->items[i];
	}
	/* Berth's own namespace may have a name too, and one mount may have several. */
	snprintf(path, sizeof(path), "/run/netns/%s", wanted);
	return find_path(l, path, error);
}

static void choose(struct netns_list *l, const char *wanted)
{
	int error;
	struct netns *n = find_named(l, wanted, &error);

	if (!n && error == ENOENT)
		gaps_add(l->gaps, "namespace", wanted, N_("no such network namespace within reach"),
			 NULL);
	else if (!n)
		gaps_add_errno(l->gaps, "namespace", wanted, error);
	if (n) {
		l->items[0] = *n;
		if (!l->items[0].ns.name)
			name_namespace(l, &l->items[0]);
	}
	l->n = n ? 1 : 0;
}

int netns_find(struct netns_list *l, const struct live_request *request)
{
	struct netns own = {.ns = {.name = "here", .is_here = true}};
	int r;

	own.ns.id = inode_of(AT_FDCWD, "/proc/self/ns/net");
	own.fingerprint = inode_of(AT_FDCWD, "/proc/self/net/stat");
	if (!add(l, &own))
		return -ENOMEM;
	if (request->scope != LIVE_SCOPE_HERE)
		find_by_processes(l);
	r = mounts_each(take_mount, l);
	if (r < 0)
		gaps_add_errno(l->gaps, "namespace", "/proc/self/mountinfo", -r);
	if (request->scope == LIVE_SCOPE_HERE)
		l->n = 1;
	for (size_t i = 0; i < l->n; i++)
		name_namespace(l, &l->items[i]);
	if (request->scope == LIVE_SCOPE_NAMED && request->netns)
		choose(l, request->netns);
	return arena_failed(l->arena) ? -ENOMEM : 0;
}

/* --- visits ---------------------------------------------------------------------------------- */

struct visit {
	struct netns_list *list;
	netns_fn each;
	void *context;
	int error; /* no thread could be made */
};

static int open_checked(const char *path, uint64_t id)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;
	/* Another namespace may be there by now. */
	if (id != 0 && (fstat(fd, &st) < 0 || st.st_ino != id)) {
		fd_close(fd);
		return -ESTALE;
	}
	return fd;
}

/* Another way into a namespace. */
struct way {
	uint64_t id;
	int fd; /* < 0 = none has been found */
};

static bool try_thread(uint32_t tid, void *context)
{
	struct way *way = context;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u/ns/net", tid);
	way->fd = open_checked(path, way->id);
	return way->fd < 0;
}

static bool try_process(uint32_t pid, void *context)
{
	struct way *way = context;
	char path[32];
	struct stat st;

	if (!try_thread(pid, context))
		return false;
	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	if (way->fd == -ENOENT && stat(path, &st) == 0 && st.st_nlink > 3)
		(void)!proc_each_number(AT_FDCWD, path, try_thread, way);
	return way->fd < 0;
}

/* The processes that were met first have ended, or their main threads: others may live there. */
static int search_way(uint64_t id)
{
	struct way way = {.id = id, .fd = -ENOENT};

	if (id != 0)
		(void)!proc_each_number(AT_FDCWD, "/proc", try_process, &way);
	return way.fd < 0 ? -ENOENT : way.fd;
}

int netns_open(const struct netns *n)
{
	const uint32_t pids[] = {n->pid, n->other_pid};
	int fd = n->ns.is_here ? open_checked("/proc/self/ns/net", n->ns.id) : -ENOENT;
	char path[32];

	for (size_t i = 0; i < N_ELEMENTS(pids) && fd < 0; i++) {
		if (pids[i] == 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%u/ns/net", pids[i]);
		fd = open_checked(path, n->ns.id);
	}
	if (fd < 0 && n->path)
		fd = open_checked(n->path, n->ns.id);
	if (fd == -ENOENT || fd == -ESRCH || fd == -ESTALE)
		fd = search_way(n->ns.id);
	return fd;
}

static void open_mount(const struct mount_line *m, void *context)
{
	struct way *way = context;

	if (way->fd < 0 && strcmp(m->type, "nsfs") == 0 && str_starts_with(m->root, "net:[") &&
	    parse_id(m->root) == way->id)
		way->fd = open_checked(m->point, way->id);
}

int netns_open_id(uint64_t id)
{
	struct way way = {.id = id, .fd = id == 0 ? -ENOENT : search_way(id)};

	if (way.fd < 0 && id != 0)
		(void)!mounts_each(open_mount, &way);
	return way.fd;
}

static int enter(const struct netns *n)
{
	int fd = netns_open(n), error;

	if (fd < 0)
		return fd;
	error = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	fd_close(fd);
	return error;
}

static void *visit_all(void *argument)
{
	struct visit *v = argument;

	for (size_t i = 0; i < v->list->n; i++) {
		struct netns *n = &v->list->items[i];

		if (!n->ns.is_here)
			v->each(n, v->error ? v->error : enter(n), v->context);
	}
	return NULL;
}

void netns_visit(struct netns_list *l, netns_fn each, void *context)
{
	struct visit visit = {.list = l, .each = each, .context = context};
	pthread_attr_t attributes;
	pthread_t thread;
	bool is_needed = false;
	int error;

	for (size_t i = 0; i < l->n; i++)
		is_needed |= !l->items[i].ns.is_here;
	if (!is_needed)
		return;
	error = -pthread_attr_init(&attributes);
	if (error == 0) {
		(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
		error = -pthread_create(&thread, &attributes, visit_all, &visit);
		pthread_attr_destroy(&attributes);
	}
	if (error == 0) {
		pthread_join(thread, NULL);
	} else {
		visit.error = error; /* without a thread of its own no namespace is entered */
		visit_all(&visit);
	}
}
