#include "live/owner-darwin.h"

#include "base/lang.h"
#include "live/number-map.h"
#include "live/xnu-layout.h"
#include "live/xnu-socket.h"

#include <errno.h>
#include <libproc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LAUNCHD = 1, MOST_TABLE = 64 * 1024 * 1024 };

/* One descriptor, or file port, that leads to a socket of the list. */
struct hold {
	struct hold *next;
	struct live_owner owner;
};

struct search {
	struct owner_search *tools;
	struct socket_list *list;
	struct number_map by_cookie; /* index into the list */
	struct hold **holds;         /* for each socket of the list */
	size_t holds_capacity;
	bool has_failed;
};

/* A descriptor (or file port) of a process, and the socket that it led to. */
struct place {
	int pid, fd;
	uint32_t port;
	bool is_port;
	uint64_t cookie;
};

bool owner_is_wanted(const struct live_request *request, const struct live_socket *s)
{
	bool is_holding = s->state == LIVE_CONNECTION && (request->want & LIVE_WANT_HOLDERS) &&
			  s->local_port >= request->first_port &&
			  s->local_port <= request->last_port;

	if (s->state == LIVE_TIME_WAIT)
		return false;
	return s->state == LIVE_LISTENER || s->state == LIVE_BOUND || is_holding ||
	       request->want_peer_owners;
}

/* --- one descriptor -------------------------------------------------------------------------- */

/* What a descriptor leads to. Returns 0, or 1: no socket with a port, or closed meanwhile. */
static int look_at(const struct place *p, struct live_socket *out)
{
	struct xnu_socket_fdinfo info;
	int n = p->is_port ? proc_pidfileportinfo(p->pid, p->port, PROC_PIDFILEPORTSOCKETINFO,
						  &info, (int)sizeof(info))
			   : proc_pidfdinfo(p->pid, p->fd, PROC_PIDFDSOCKETINFO, &info,
					    (int)sizeof(info));

	return n > 0 && xnu_socket_decode(&info, (size_t)n, out) == 0 ? 0 : 1;
}

static bool is_still(void *context)
{
	const struct place *p = context;
	struct live_socket s;

	return look_at(p, &s) == 0 && s.cookie == p->cookie;
}

/* Room for the holds of row `i`. */
static bool make_room(struct search *s, size_t i)
{
	size_t wider = MAX_OF(i + 1, s->holds_capacity * 2);
	struct hold **grown;

	if (i < s->holds_capacity)
		return true;
	grown = arena_grow(s->tools->arena, s->holds, s->holds_capacity, wider,
			   sizeof(struct hold *));
	if (!grown)
		return false;
	s->holds = grown;
	s->holds_capacity = wider;
	return true;
}

/* The row of a socket that a process showed; NUMBER_MAP_NONE: it is not asked for. */
static uint32_t find_row(struct search *s, struct live_socket *shown)
{
	uint32_t at = number_map_find(&s->by_cookie, shown->cookie);

	if (at != NUMBER_MAP_NONE || !(s->tools->without_list & TRANSPORT_BIT(shown->transport)))
		return at;
	shown->ns = s->tools->ns;
	shown->owners_search = LIVE_SEARCH_NONE;
	if (!live_request_covers(s->tools->request, shown))
		return NUMBER_MAP_NONE;
	socket_list_push(s->list, shown);
	if (s->list->has_failed || !make_room(s, s->list->n - 1)) {
		s->has_failed = true;
		return NUMBER_MAP_NONE;
	}
	at = (uint32_t)(s->list->n - 1);
	number_map_set(&s->by_cookie, shown->cookie, at);
	return at;
}

/* A process with a socket of the list; `*process` is what is known of it already, or NULL. */
static void take_place(struct search *s, struct place *p, const struct live_process **process)
{
	struct live_socket shown;
	struct hold *hold;
	uint32_t at;

	if (look_at(p, &shown) != 0)
		return;
	at = find_row(s, &shown);
	if (at == NUMBER_MAP_NONE || !owner_is_wanted(s->tools->request, &s->list->items[at]))
		return;
	p->cookie = shown.cookie;
	if (!*process &&
	    processes_read(s->tools->processes, p->pid, is_still, p, process) < 0)
		s->has_failed = true;
	hold = *process ? arena_alloc(s->tools->arena, sizeof(*hold)) : NULL;
	if (!hold)
		return;
	*hold = (struct hold){
		.next = s->holds[at],
		.owner = {.process = *process,
			  .fd = p->is_port ? -1 : p->fd,
			  .method = LIVE_BY_FD},
	};
	s->holds[at] = hold;
}

/* --- one process ----------------------------------------------------------------------------- */

/* A table of a process in fresh heap memory; NULL when there is none, or it may not be seen. */
static void *read_table(int pid, int flavor, int *n_bytes, int *error)
{
	int n = proc_pidinfo(pid, flavor, 0, NULL, 0);
	void *bytes;

	*error = 0;
	if (n <= 0) {
		*error = errno;
		return NULL;
	}
	if (n > MOST_TABLE) {
		*error = EFBIG;
		return NULL;
	}
	n += n / 4 + 1024; /* for those that are new by then */
	bytes = malloc((size_t)n);
	*n_bytes = bytes ? proc_pidinfo(pid, flavor, 0, bytes, n) : 0;
	if (*n_bytes > 0)
		return bytes;
	*error = bytes ? errno : ENOMEM;
	free(bytes);
	return NULL;
}

static void take_descriptors(struct search *s, int pid, const struct live_process **process)
{
	int n_bytes, error;
	struct proc_fdinfo *table = read_table(pid, PROC_PIDLISTFDS, &n_bytes, &error);

	s->has_failed |= error == ENOMEM;
	if (error == EPERM || error == EACCES)
		s->tools->n_denied++;
	for (size_t i = 0; table && i < (size_t)n_bytes / sizeof(*table); i++) {
		struct place p = {.pid = pid, .fd = table[i].proc_fd};

		if (table[i].proc_fdtype == PROX_FDTYPE_SOCKET)
			take_place(s, &p, process);
	}
	free(table);
}

static void take_ports(struct search *s, int pid, const struct live_process **process)
{
	int n_bytes, error;
	struct proc_fileportinfo *table = read_table(pid, PROC_PIDLISTFILEPORTS, &n_bytes, &error);

	s->has_failed |= error == ENOMEM;
	for (size_t i = 0; table && i < (size_t)n_bytes / sizeof(*table); i++) {
		struct place p = {
			.pid = pid,
			.fd = -1,
			.is_port = true,
			.port = table[i].proc_fileport,
		};

		if (table[i].proc_fdtype == PROX_FDTYPE_SOCKET)
			take_place(s, &p, process);
	}
	free(table);
}

static bool take_process(int pid, void *context)
{
	const struct live_process *process = NULL;
	struct search *s = context;

	take_descriptors(s, pid, &process);
	take_ports(s, pid, &process);
	return !s->has_failed;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* The oldest process first; of one process the lowest descriptor. */
static int compare_owners(const void *pa, const void *pb)
{
	const struct live_owner *a = pa, *b = pb;

	if (a->process->started != b->process->started)
		return a->process->started < b->process->started ? -1 : 1;
	if (a->process->pid != b->process->pid)
		return a->process->pid < b->process->pid ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

static int hand_out(struct search *s, size_t i)
{
	struct live_socket *socket = &s->list->items[i];
	struct live_owner *owners;
	size_t n = 0;

	if (!owner_is_wanted(s->tools->request, socket))
		return 0;
	for (const struct hold *hold = s->holds[i]; hold; hold = hold->next)
		n++;
	socket->owners_search =
		n == 0 && s->tools->n_denied > 0 ? LIVE_SEARCH_NONE : LIVE_SEARCH_ALL;
	if (n == 0)
		return 0;
	owners = arena_calloc(s->tools->arena, n, sizeof(*owners));
	if (!owners)
		return -ENOMEM;
	for (const struct hold *hold = s->holds[i]; hold; hold = hold->next)
		owners[socket->n_owners++] = hold->owner;
	qsort(owners, n, sizeof(*owners), compare_owners);
	socket->owners = owners;
	return 0;
}

int owner_find(struct owner_search *tools, struct socket_list *list)
{
	struct search s = {.tools = tools, .list = list};
	bool is_needed = tools->without_list != 0;
	int r = 0;

	tools->n_denied = 0;
	if (!make_room(&s, list->n))
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++) {
		is_needed |= owner_is_wanted(tools->request, &list->items[i]);
		number_map_set(&s.by_cookie, list->items[i].cookie, (uint32_t)i);
	}
	if (is_needed)
		r = processes_each(take_process, &s);
	if (s.has_failed || s.by_cookie.has_failed)
		r = -ENOMEM;
	for (size_t i = 0; i < list->n && r == 0; i++)
		r = hand_out(&s, i);
	number_map_fini(&s.by_cookie);
	return r;
}

/* --- what is left ---------------------------------------------------------------------------- */

/* "tcp 0.0.0.0:22", "udp [::]:53". */
static void place_of(const struct live_socket *s, char *text, size_t size)
{
	char address[ADDRESS_TEXT_SIZE];
	bool is_v6 = s->local.family == ADDRESS_IPV6;

	snprintf(text, size, "%s %s%s%s:%u", transport_name(s->transport), is_v6 ? "[" : "",
		 address_format(&s->local, address), is_v6 ? "]" : "", s->local_port);
}

/* launchd listens for its jobs, and only private calls tell for which. */
static bool is_launchds(const struct live_socket *s)
{
	return s->n_owners > 0 && s->owners[0].process->pid == LAUNCHD &&
	       s->state == LIVE_LISTENER;
}

void owner_explain(const struct owner_search *tools, const struct socket_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct live_socket *s = &list->items[i];
		char where[256];

		if (!owner_is_wanted(tools->request, s))
			continue;
		place_of(s, where, sizeof(where));
		if (is_launchds(s))
			gaps_add(tools->gaps, "unit", where,
				 N_("launchd holds it for a job, and no public call tells for "
				    "which"),
				 NULL);
		else if (s->n_owners == 0 && s->owners_search == LIVE_SEARCH_NONE)
			gaps_add(tools->gaps, "owner", where, N_("permission denied"),
				 geteuid() == 0 ? NULL : N_("run as root"));
		else if (s->n_owners == 0)
			gaps_add(tools->gaps, "owner", where,
				 N_("no process has it: held by the kernel or in flight between "
				 "processes"),
				 NULL);
	}
}
