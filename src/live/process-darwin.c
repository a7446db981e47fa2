#include "live/process-darwin.h"

#include "base/lang.h"
#include "live/account-darwin.h"
#include "live/number-map.h"
#include "live/passwd.h"
#include "live/sysctl-darwin.h"
#include "live/xnu-layout.h"
#include "live/xnu-process.h"

#include <errno.h>
#include <libproc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_PARENTS = 32, MOST_COMMAND = 64 * 1024, MOST_PIDS = 4 * 1024 * 1024 };

/* A process that is the parent of others. */
struct ancestor {
	uint32_t parent;
	const char *program;
};

struct user {
	const char *name; /* NULL = none */
};

struct processes {
	struct arena *arena;
	struct gaps *gaps;
	struct passwd *passwd;
	struct number_map user_index; /* by uid + 1 */
	struct user *users;
	size_t n_users, users_capacity;
	struct number_map ancestor_index; /* by pid */
	struct ancestor *ancestors;
	size_t n_ancestors, ancestors_capacity;
	char *buffer; /* for arguments */
	size_t buffer_size;
};

struct processes *processes_open(struct arena *arena, struct gaps *gaps)
{
	struct processes *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->arena = arena;
	p->gaps = gaps;
	p->buffer_size = sysctl_arguments_size();
	p->buffer = malloc(p->buffer_size);
	if (!p->buffer)
		return processes_close(p);
	if (passwd_open(&p->passwd) < 0)
		p->passwd = NULL; /* then getpwuid(3) alone */
	return p;
}

struct processes *processes_close(struct processes *p)
{
	if (p) {
		passwd_close(p->passwd);
		number_map_fini(&p->user_index);
		number_map_fini(&p->ancestor_index);
		free(p->buffer);
		free(p);
	}
	return NULL;
}

/* --- all of them ----------------------------------------------------------------------------- */

int processes_each(process_pid_fn each, void *context)
{
	int n_bytes = proc_listpids(PROC_ALL_PIDS, 0, NULL, 0);
	int *pids;

	if (n_bytes <= 0)
		return errno ? -errno : -EIO;
	if (n_bytes > MOST_PIDS)
		return -EFBIG;
	n_bytes += n_bytes / 4 + 4096; /* for those that are new by then */
	pids = malloc((size_t)n_bytes);
	if (!pids)
		return -ENOMEM;
	n_bytes = proc_listpids(PROC_ALL_PIDS, 0, pids, n_bytes);
	if (n_bytes <= 0) {
		int error = errno ? -errno : -EIO;

		free(pids);
		return error;
	}
	for (size_t i = 0; i < (size_t)n_bytes / sizeof(*pids); i++) {
		if (pids[i] > 0 && !each(pids[i], context))
			break;
	}
	free(pids);
	return 0;
}

/* --- users ----------------------------------------------------------------------------------- */

const char *processes_user(struct processes *p, uint32_t uid)
{
	uint32_t at = number_map_find(&p->user_index, (uint64_t)uid + 1);
	struct user *user;

	if (at != NUMBER_MAP_NONE)
		return p->users[at].name;
	user = ARENA_PUSH(p->arena, p->users, p->n_users, p->users_capacity);
	if (!user)
		return NULL;
	user->name = arena_strdup(p->arena, passwd_name(p->passwd, uid));
	if (!user->name)
		user->name = account_name(p->arena, uid);
	number_map_set(&p->user_index, (uint64_t)uid + 1, (uint32_t)(p->n_users - 1));
	return user->name;
}

/* --- one of them ----------------------------------------------------------------------------- */

/* A process while it is being read. */
struct reading {
	struct processes *processes;
	struct live_process *process;
	int pid;
};

/* What could not be read, unless the process is simply over. */
static void note(struct reading *r, const char *what, int error)
{
	char where[32];

	if (error == ESRCH)
		return;
	snprintf(where, sizeof(where), "pid %d", r->pid);
	gaps_add_errno(r->processes->gaps, what, where, error);
}

static int read_info(int pid, struct xnu_process *out)
{
	struct xnu_bsdinfo info;
	int n = proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, (int)sizeof(info));

	return n <= 0 ? -ESRCH : xnu_process_decode(&info, (size_t)n, out);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The path of an executable, in `path` (PROC_PIDPATHINFO_MAXSIZE bytes). Returns 0 or an errno. */
static int find_path(int pid, char *path)
{
	int n = proc_pidpath(pid, path, PROC_PIDPATHINFO_MAXSIZE);

	if (n <= 0)
		return errno ? errno : ESRCH;
	path[MIN_OF(n, PROC_PIDPATHINFO_MAXSIZE - 1)] = '\0';
	return 0;
}

static void read_path(struct reading *r)
{
	char path[PROC_PIDPATHINFO_MAXSIZE];
	struct stat st;
	int error = find_path(r->pid, path);

	if (error != 0) {
		note(r, "program", error);
		return;
	}
	r->process->path = arena_strdup(r->processes->arena, path);
	r->process->is_path_deleted = stat(path, &st) < 0 && errno == ENOENT;
}

static void read_directory(struct reading *r)
{
	struct proc_vnodepathinfo info;
	int n = proc_pidinfo(r->pid, PROC_PIDVNODEPATHINFO, 0, &info, (int)sizeof(info));
	const char *path = info.pvi_cdir.vip_path;

	if (n < (int)sizeof(info)) {
		note(r, "directory", errno ? errno : ESRCH);
		return;
	}
	if (path[0] == '\0')
		return; /* a process of the kernel has none */
	r->process->directory = arena_strndup(r->processes->arena, path,
					      sizeof(info.pvi_cdir.vip_path));
}

/* Arguments, and the launchd job, of which no public call tells but the environment. */
static int read_arguments(struct reading *r)
{
	struct processes *p = r->processes;
	struct xnu_arguments arguments = {0};
	size_t n = p->buffer_size;
	int error = sysctl_arguments(r->pid, p->buffer, &n);
	char where[32];

	if (error == 0)
		error = xnu_process_decode_arguments(p->arena, p->buffer, n, MOST_COMMAND,
						     &arguments);
	if (error == -ENOMEM)
		return error;
	snprintf(where, sizeof(where), "pid %d", r->pid);
	if (error < 0) {
		gaps_add(p->gaps, "command", where, N_("the system does not tell its arguments"),
			 geteuid() == 0 ? NULL : N_("run as root"));
		return 0;
	}
	r->process->command = arguments.command;
	r->process->is_command_cut = arguments.is_cut;
	r->process->unit = arguments.label;
	if (!arguments.has_environment)
		gaps_add(p->gaps, "unit", where,
			 N_("only its environment names its launchd job, and the system hides it"),
			 NULL);
	return 0;
}

/* --- parents --------------------------------------------------------------------------------- */

static const struct ancestor *find_ancestor(struct processes *p, uint32_t pid)
{
	uint32_t at = number_map_find(&p->ancestor_index, pid);
	char path[PROC_PIDPATHINFO_MAXSIZE];
	struct xnu_bsdshortinfo info;
	struct xnu_process process;
	struct ancestor *a;
	int n;

	if (at != NUMBER_MAP_NONE)
		return &p->ancestors[at];
	n = proc_pidinfo((int)pid, PROC_PIDT_SHORTBSDINFO, 0, &info, (int)sizeof(info));
	if (n <= 0 || xnu_process_decode_short(&info, (size_t)n, &process) < 0)
		return NULL;
	a = ARENA_PUSH(p->arena, p->ancestors, p->n_ancestors, p->ancestors_capacity);
	if (!a)
		return NULL;
	a->parent = process.parent;
	a->program = arena_strdup(p->arena, find_path((int)pid, path) == 0 ? base_name(path)
									   : process.name);
	number_map_set(&p->ancestor_index, pid, (uint32_t)(p->n_ancestors - 1));
	return a;
}

/* The kernel gives the children of a process that ends to launchd: a parent is never another's
 * number. */
static int read_parents(struct reading *r, uint32_t parent)
{
	struct live_parent chain[MOST_PARENTS], *copy;
	uint32_t pid = parent;
	size_t n = 0;

	while (pid != 0 && n < MOST_PARENTS) {
		const struct ancestor *a = find_ancestor(r->processes, pid);

		if (!a)
			break;
		chain[n++] = (struct live_parent){.pid = pid, .program = a->program};
		pid = a->parent;
	}
	copy = arena_calloc(r->processes->arena, n, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, chain, n * sizeof(*copy));
	r->process->parents = copy;
	r->process->n_parents = n;
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int read_details(struct reading *r, const struct xnu_process *info)
{
	struct live_process *process = r->process;
	int error;

	process->uid = info->uid;
	process->user = processes_user(r->processes, info->uid);
	process->started = info->started;
	read_path(r);
	read_directory(r);
	process->program = process->path && *base_name(process->path)
				   ? base_name(process->path)
				   : arena_strdup(r->processes->arena, info->name);
	error = read_arguments(r);
	return error < 0 ? error : read_parents(r, info->parent);
}

int processes_read(struct processes *p, int pid, bool (*is_still)(void *context), void *context,
		   const struct live_process **out)
{
	struct live_process *process = arena_alloc(p->arena, sizeof(*process));
	struct reading r = {.processes = p, .process = process, .pid = pid};
	struct xnu_process before, after;
	int error;

	if (!process)
		return -ENOMEM;
	*process = (struct live_process){.pid = (uint32_t)pid, .started = LIVE_TIME_NONE};
	*out = NULL;
	if (read_info(pid, &before) < 0)
		return 0;
	error = read_details(&r, &before);
	if (error < 0)
		return error;
	if (!is_still(context) || read_info(pid, &after) < 0 || after.started != before.started)
		return 0;
	*out = process;
	return 0;
}
