#include "live/owner-linux.h"

#include "base/lang.h"
#include "base/str.h"
#include "live/fdscan-linux.h"
#include "live/held-linux.h"
#include "live/kernel-linux.h"
#include "live/number-map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The initial PID namespace has this inode since Linux 3.8 (include/linux/proc_ns.h). */
#define INITIAL_PID_NS 0xEFFFFFFCu

/* One process's hold on a wanted inode. */
struct hold {
	struct live_owner owner;
	struct hold *next;
};

/* One inode whose holders are searched. */
struct wanted {
	struct hold *holds; /* newest found first */
	size_t n_holds;
	const struct live_owner *owners; /* once made: sorted */
	const struct live_owner *kernel; /* the kernel itself has it; NULL = not that is known */
	uint64_t group; /* key of the group of processes that it is searched in first; 0 = none */
};

struct search {
	const struct owner_tools *tools;
	struct fdscan *scan;
	struct held held; /* namespaces that were met on the way */
	struct number_map by_inode; /* inode -> index into `wanted` */
	struct wanted *wanted;
	size_t n_wanted, n_missing;
	struct number_map by_pid; /* pid -> index into `processes` */
	const struct live_process **processes;
	size_t n_processes, processes_capacity;
	struct number_map n_by_group; /* key of a group -> how many inodes are wanted from it */
	struct number_map walked;     /* keys of groups looked into */
	uint64_t group;               /* the one being looked into; 0 = none */
	uint32_t table_pid;           /* whose table is being read, and ... */
	uint32_t n_in_table;          /* ... how many inodes of the group it has shown */
	bool is_complete_wanted; /* some socket's cgroup is not known: no early end */
	bool is_complete;        /* every process was looked into, or tried */
	bool has_failed;         /* out of memory */
};

bool owner_is_wanted(const struct live_request *request, const struct live_socket *s)
{
	bool is_holding = s->state == LIVE_CONNECTION && (request->want & LIVE_WANT_HOLDERS) &&
			  s->local_port >= request->first_port &&
			  s->local_port <= request->last_port;

	if (s->inode == 0)
		return false;
	return s->state == LIVE_LISTENER || s->state == LIVE_BOUND || is_holding ||
	       request->want_peer_owners;
}

/* --- holds ----------------------------------------------------------------------------------- */

static const struct live_process *find_process(struct search *s, const struct fdscan_hit *hit)
{
	uint32_t at = number_map_find(&s->by_pid, hit->pid);
	const struct live_process *process, **slot;

	if (at != NUMBER_MAP_NONE)
		return s->processes[at];
	if (procs_read(s->tools->procs, hit->pid, hit->table, hit->table_fd, &process) < 0)
		s->has_failed = true;
	else if (process) {
		slot = ARENA_PUSH(s->tools->arena, s->processes, s->n_processes,
				  s->processes_capacity);
		if (!slot)
			return NULL;
		*slot = process;
		number_map_set(&s->by_pid, hit->pid, (uint32_t)(s->n_processes - 1));
		return process;
	}
	return NULL;
}

/* Whether the table being read may still show something that matters on this rung. */
static bool is_worth_reading(struct search *s, const struct wanted *w, uint32_t pid)
{
	if (s->group == 0 || s->tools->request->want_all_owners)
		return true;
	if (s->table_pid != pid) {
		s->table_pid = pid;
		s->n_in_table = 0;
	}
	s->n_in_table += w->group == s->group;
	return s->n_in_table < number_map_find(&s->n_by_group, s->group);
}

static bool has_holder(const struct wanted *w, uint32_t pid)
{
	for (const struct hold *hold = w->holds; hold; hold = hold->next) {
		if (hold->owner.process->pid == pid)
			return true;
	}
	return false;
}

static bool take_hit(const struct fdscan_hit *hit, void *context)
{
	struct search *s = context;
	uint32_t at = number_map_find(&s->by_inode, hit->inode);
	const struct live_process *process;
	struct wanted *wanted;
	struct hold *hold;

	if (at == NUMBER_MAP_NONE)
		return true;
	wanted = &s->wanted[at];
	/* A process is one owner, however many descriptors it has for the socket. */
	if (has_holder(wanted, hit->pid))
		return true;
	process = find_process(s, hit);
	hold = process ? arena_alloc(s->tools->arena, sizeof(*hold)) : NULL;
	if (!hold)
		return true;
	hold->owner = (struct live_owner){
		.process = process,
		.fd = hit->fd,
		.method = hit->method,
	};
	hold->next = wanted->holds;
	wanted->holds = hold;
	if (wanted->n_holds++ == 0 && !wanted->kernel)
		s->n_missing--;
	return is_worth_reading(s, wanted, hit->pid);
}

static void take_namespace(const struct fdscan_namespace *ns, void *context)
{
	struct search *s = context;

	held_add(&s->held, s->tools->namespaces, ns);
}

static int compare_owners(const void *pa, const void *pb)
{
	const struct live_owner *a = pa, *b = pb;
	int r = (a->process->started > b->process->started) -
		(a->process->started < b->process->started);

	return r ? r : (a->process->pid > b->process->pid) - (a->process->pid < b->process->pid);
}

/* The holds of one inode as a sorted array, made once. */
static void settle(struct search *s, struct wanted *w)
{
	struct live_owner *owners;
	size_t n = 0;

	if (!w->owners && w->n_holds == 0 && w->kernel) {
		w->owners = w->kernel;
		w->n_holds = 1;
	}
	if (w->owners || w->n_holds == 0)
		return;
	owners = arena_calloc(s->tools->arena, w->n_holds, sizeof(*owners));
	if (!owners) {
		w->n_holds = 0;
		s->has_failed = true;
		return;
	}
	for (const struct hold *hold = w->holds; hold; hold = hold->next)
		owners[n++] = hold->owner;
	qsort(owners, n, sizeof(*owners), compare_owners);
	w->owners = owners;
}

/* --- rungs ----------------------------------------------------------------------------------- */

static bool is_over(const struct search *s)
{
	return s->n_missing == 0 && !s->tools->request->want_all_owners && !s->is_complete_wanted;
}

static bool look_into(uint32_t pid, void *context)
{
	struct search *s = context;

	/* What is denied is counted, and explained at the end. */
	(void)!fdscan_process(s->scan, pid);
	return true;
}

static bool look_until_over(uint32_t pid, void *context)
{
	look_into(pid, context);
	return !is_over(context);
}

/* The group of processes in which a socket is searched first: its unit, its container, or just its
 * control group. */
static const char *group_path(const struct cgroup *group, bool *is_deep)
{
	*is_deep = group->unit || group->container;
	return *is_deep ? group->home : group->path;
}

static uint64_t key_of(const char *path, bool is_deep)
{
	return (str_hash(path, strlen(path)) | 2) ^ is_deep;
}

static const struct cgroup *find_group(struct search *s, const struct live_socket *socket)
{
	const struct cgroup *group =
		socket->cgroup_id ? cgroups_find(s->tools->cgroups, socket->cgroup_id) : NULL;

	return group && group->path ? group : NULL;
}

static void walk_group(struct search *s, const char *path, bool is_deep)
{
	uint64_t key = key_of(path, is_deep);

	if (number_map_find(&s->walked, key) != NUMBER_MAP_NONE)
		return;
	number_map_set(&s->walked, key, 1);
	/* A group that is gone, threaded or not ours to read: the last rung finds the rest. */
	(void)!cgroups_each_pid(s->tools->cgroups, path, is_deep, look_into, s);
}

/* A socket unit's sockets are made in its own group, and held by the service or by the manager,
 * whose group is init.scope at the root of its tree. */
static void walk_behind_socket_unit(struct search *s, const struct cgroup *group)
{
	static const char suffix[] = ".socket";
	size_t n = strlen(group->home), length = sizeof(suffix) - 1;
	char *path;

	if (n <= length || strcmp(group->home + n - length, suffix) != 0)
		return;
	path = arena_printf(s->tools->arena, "%.*s.service", (int)(n - length), group->home);
	if (path)
		walk_group(s, path, true);
	while (n-- > 0) {
		if (group->home[n] != '/')
			continue;
		path = arena_printf(s->tools->arena, "%.*s/init.scope", (int)n, group->home);
		if (path)
			walk_group(s, path, false);
	}
	look_into(1, s);
}

static void look_into_group_of(struct search *s, const struct live_socket *socket)
{
	const struct cgroup *group = find_group(s, socket);
	const char *path;
	bool is_deep;

	if (!group) {
		s->is_complete_wanted = true;
		return;
	}
	path = group_path(group, &is_deep);
	s->group = key_of(path, is_deep);
	s->table_pid = 0;
	walk_group(s, path, is_deep);
	walk_behind_socket_unit(s, group);
	s->group = 0;
}

/* Whether berth is in the initial PID namespace: then nobody is outside of it. */
static bool sees_all_processes(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 && st.st_ino == INITIAL_PID_NS;
}

/* The systemd that holds a socket; NULL = none that was found. */
static const struct live_process *find_manager(const struct search *s,
					       const struct live_socket *socket)
{
	uint32_t at = number_map_find(&s->by_inode, socket->inode);
	const struct hold *hold = at == NUMBER_MAP_NONE ? NULL : s->wanted[at].holds;

	while (hold && !units_is_manager(hold->owner.process))
		hold = hold->next;
	return hold ? hold->owner.process : NULL;
}

/* The group of a unit beside the one that the socket was made in, or in system.slice. */
static void walk_service(struct search *s, const struct cgroup *group, const char *service)
{
	const char *home = group ? group->home : "/";
	int n = (int)(strrchr(home, '/') - home);
	const char *const paths[] = {
		arena_printf(s->tools->arena, "%.*s/%s", n, home, service),
		arena_printf(s->tools->arena, "%.*s/system.slice/%s", n, home, service),
	};

	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		if (paths[i])
			walk_group(s, paths[i], true);
	}
}

/* Whether the group is that of a socket unit of this system's own manager. */
static bool is_system_socket(const struct live_socket *socket, const struct cgroup *group)
{
	return socket->ns->is_here && group && !group->container && group->unit &&
	       str_starts_with(group->path, "/system.slice/") && strstr(group->unit, ".socket");
}

/* Name the socket units behind what systemd holds, and look at the services that they start. */
static void look_behind_managers(struct search *s, struct socket_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct live_socket *socket = &list->items[i];
		const struct live_process *manager;
		const struct cgroup *group;

		if (socket->activates || !owner_is_wanted(s->tools->request, socket) ||
		    (socket->state != LIVE_LISTENER && socket->state != LIVE_BOUND))
			continue;
		manager = find_manager(s, socket);
		group = find_group(s, socket);
		if (!manager && !is_system_socket(socket, group))
			continue;
		if (units_explain(s->tools->units, manager, socket) && socket->activates)
			walk_service(s, group, socket->activates);
	}
}

/* Ask the kernel's drivers for the sockets that no process was found to have. */
static void ask_kernel(struct search *s, const struct socket_list *list,
		       enum kernel_certainty certainty)
{
	bool *is_open = calloc(MAX_OF(list->n, 1), sizeof(*is_open));
	const struct live_owner **found = calloc(MAX_OF(list->n, 1), sizeof(*found));

	for (size_t i = 0; is_open && found && i < list->n; i++) {
		uint32_t at = number_map_find(&s->by_inode, list->items[i].inode);

		is_open[i] = at != NUMBER_MAP_NONE && s->wanted[at].n_holds == 0 &&
			     !s->wanted[at].kernel &&
			     owner_is_wanted(s->tools->request, &list->items[i]);
	}
	if (!is_open || !found ||
	    kernel_find(s->tools->namespaces, s->tools->arena, list, is_open, certainty, found) < 0)
		s->has_failed = true;
	for (size_t i = 0; is_open && found && i < list->n; i++) {
		if (!found[i])
			continue;
		s->wanted[number_map_find(&s->by_inode, list->items[i].inode)].kernel = found[i];
		s->n_missing--;
	}
	free(is_open);
	free(found);
}

static void climb(struct search *s, struct socket_list *list)
{
	/* Who wants all owners has every process looked into anyhow: each once, in the order of
	 * /proc. */
	for (size_t i = 0; i < list->n && !s->tools->request->want_all_owners; i++) {
		if (owner_is_wanted(s->tools->request, &list->items[i]))
			look_into_group_of(s, &list->items[i]);
	}
	look_behind_managers(s, list);
	if (is_over(s))
		return;
	fdscan_hidden(s->scan);
	if (is_over(s))
		return;
	if (s->n_missing > 0)
		ask_kernel(s, list, KERNEL_CERTAIN);
	if (is_over(s))
		return;
	if (proc_each_number(AT_FDCWD, "/proc", look_until_over, s) < 0 || is_over(s))
		return;
	fdscan_hidden(s->scan);
	s->is_complete = true;
	if (s->n_missing > 0 && fdscan_n_denied(s->scan) == 0 && sees_all_processes())
		ask_kernel(s, list, KERNEL_ELIMINATED);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void count_in_group(struct search *s, const struct live_socket *socket, struct wanted *w)
{
	const struct cgroup *group = find_group(s, socket);
	uint32_t n;
	const char *path;
	bool is_deep;

	if (!group)
		return;
	path = group_path(group, &is_deep);
	w->group = key_of(path, is_deep);
	n = number_map_find(&s->n_by_group, w->group);
	number_map_set(&s->n_by_group, w->group, n == NUMBER_MAP_NONE ? 1 : n + 1);
}

static int collect(struct search *s, const struct socket_list *list)
{
	s->wanted = calloc(MAX_OF(list->n, 1), sizeof(*s->wanted));
	if (!s->wanted)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++) {
		const struct live_socket *socket = &list->items[i];

		if (!owner_is_wanted(s->tools->request, socket) ||
		    number_map_find(&s->by_inode, socket->inode) != NUMBER_MAP_NONE)
			continue;
		number_map_set(&s->by_inode, socket->inode, (uint32_t)s->n_wanted);
		count_in_group(s, socket, &s->wanted[s->n_wanted++]);
	}
	s->n_missing = s->n_wanted;
	return s->by_inode.has_failed || s->n_by_group.has_failed ? -ENOMEM : 0;
}

static void hand_out(struct search *s, struct socket_list *list)
{
	/* Root is denied a few at most; for anybody else the missing privilege is the answer. */
	bool is_denied = fdscan_n_denied(s->scan) > 0 && geteuid() != 0;

	for (size_t i = 0; i < list->n; i++) {
		struct live_socket *socket = &list->items[i];
		struct wanted *w;

		if (!owner_is_wanted(s->tools->request, socket))
			continue;
		w = &s->wanted[number_map_find(&s->by_inode, socket->inode)];
		settle(s, w);
		socket->owners = w->owners;
		socket->n_owners = w->n_holds;
		if (w->n_holds == 0 && is_denied)
			socket->owners_search = LIVE_SEARCH_NONE;
		else
			socket->owners_search = s->is_complete ? LIVE_SEARCH_ALL
							       : LIVE_SEARCH_CGROUP;
	}
}

int owner_find(const struct owner_tools *tools, struct socket_list *list, uint32_t *n_denied)
{
	struct search s = {.tools = tools};
	bool wants_namespaces =
		tools->request->want_all_owners && tools->request->scope == LIVE_SCOPE_ALL;
	int r = collect(&s, list);

	*n_denied = 0;
	if (r == 0 && (s.n_wanted > 0 || wants_namespaces)) {
		s.scan = fdscan_open(take_hit, &s);
		if (s.scan) {
			if (wants_namespaces)
				fdscan_want_namespaces(s.scan, take_namespace);
			climb(&s, list);
			held_explain(&s.held, tools->gaps);
			look_behind_managers(&s, list);
			hand_out(&s, list);
			*n_denied = fdscan_n_denied(s.scan);
		}
		r = !s.scan || s.has_failed ? -ENOMEM : 0;
		fdscan_close(s.scan);
	}
	number_map_fini(&s.by_inode);
	number_map_fini(&s.by_pid);
	number_map_fini(&s.n_by_group);
	number_map_fini(&s.walked);
	held_fini(&s.held);
	free(s.wanted);
	return r;
}

/* --- what is left ---------------------------------------------------------------------------- */

bool owner_is_mysterious(const struct live_request *request, const struct live_socket *s)
{
	return owner_is_wanted(request, s) && s->n_owners == 0 &&
	       s->owners_search == LIVE_SEARCH_ALL;
}

/* "tcp 0.0.0.0:22", "udp [::]:53 in web". */
static void place_of(const struct live_socket *s, char *text, size_t size)
{
	char address[ADDRESS_TEXT_SIZE];
	bool is_v6 = s->local.family == ADDRESS_IPV6;

	snprintf(text, size, "%s %s%s%s:%u%s%s", transport_name(s->transport), is_v6 ? "[" : "",
		 address_format(&s->local, address), is_v6 ? "]" : "", s->local_port,
		 s->ns->is_here ? "" : " in ", s->ns->is_here ? "" : s->ns->name);
}

/* "held by the kernel or in flight between processes", and what else it may be. */
static void guess(char *text, size_t size, bool is_all, uint32_t n_denied)
{
	char denied[96] = "";

	if (n_denied > 0)
		snprintf(denied, sizeof(denied),
			 _(", or held by one of %u that may not be looked into"), n_denied);
	snprintf(text, size, _("held by the kernel or in flight between processes%s%s"),
		 is_all ? "" : _(", or held outside this PID namespace"), denied);
}

static void explain_mystery(const struct owner_tools *tools, const struct live_socket *s,
			    const char *where, uint32_t n_denied)
{
	const struct cgroup *group = s->cgroup_id ? cgroups_find(tools->cgroups, s->cgroup_id)
						  : NULL;
	bool is_all = sees_all_processes();
	char guesses[256], why[768];

	guess(guesses, sizeof(guesses), is_all, n_denied);
	snprintf(why, sizeof(why), _("no process has it (inode %u, user %u, cgroup %s): %s"),
		 s->inode, s->uid, group && group->path ? group->path : _("not known"), guesses);
	gaps_add(tools->gaps, "owner", where, why,
		 n_denied > 0 ? N_("run with CAP_SYS_PTRACE")
		 : is_all     ? NULL
			      : N_("run in the initial PID namespace"));
}

void owner_explain(const struct owner_tools *tools, const struct socket_list *list,
		   uint32_t n_denied)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct live_socket *s = &list->items[i];
		char where[256];

		if (!owner_is_wanted(tools->request, s) || s->n_owners > 0)
			continue;
		place_of(s, where, sizeof(where));
		if (s->owners_search == LIVE_SEARCH_NONE)
			gaps_add(tools->gaps, "owner", where, N_("permission denied"),
				 N_("run as root"));
		else
			explain_mystery(tools, s, where, n_denied);
	}
}
