#include "live/windows.h"

#include "base/lang.h"
#include "live/gaps.h"
#include "live/hcn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARENTS = 32 };

/* Everything one look works with. */
struct look {
	const struct windows_calls *calls;
	const struct live_request *request;
	struct arena *arena;
	struct gaps gaps;
	struct live_namespace ns;
	struct windows_process *processes; /* by pid */
	size_t n_processes;
	struct windows_details *details;   /* of each, once asked */
	bool *is_asked;
	struct windows_service *services;  /* by pid */
	size_t n_services;
	struct live_socket *sockets;
	size_t n_sockets, capacity;
	struct live_process **known; /* one for each of `processes`, NULL = not needed yet */
	bool has_lists;              /* processes and services were listed */
	bool has_owner;              /* of any socket */
};

static int compare_processes(const void *pa, const void *pb)
{
	const struct windows_process *a = pa, *b = pb;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int compare_services(const void *pa, const void *pb)
{
	const struct windows_service *a = pa, *b = pb;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* --- processes ------------------------------------------------------------------------------- */

static void list_processes(struct look *l)
{
	int r = l->calls->processes(l->arena, &l->processes, &l->n_processes);

	if (r < 0) {
		gaps_add_errno(&l->gaps, "owner", N_("every process"), -r);
		l->n_processes = 0;
	}
	if (l->n_processes > 0)
		qsort(l->processes, l->n_processes, sizeof(*l->processes), compare_processes);
	l->details = arena_calloc(l->arena, l->n_processes, sizeof(*l->details));
	l->is_asked = arena_calloc(l->arena, l->n_processes, sizeof(*l->is_asked));
	l->known = arena_calloc(l->arena, l->n_processes, sizeof(struct live_process *));
}

static void list_services(struct look *l)
{
	int r = l->calls->services(l->arena, &l->services, &l->n_services);

	if (r < 0) {
		gaps_add_errno(&l->gaps, "unit", "services", -r);
		l->n_services = 0;
	}
	if (l->n_services > 0)
		qsort(l->services, l->n_services, sizeof(*l->services), compare_services);
}

/* A quiet port needs neither list. */
static void list_once(struct look *l)
{
	if (l->has_lists)
		return;
	l->has_lists = true;
	list_processes(l);
	list_services(l);
}

/* The index of a process; SIZE_MAX = it is not there (any more). */
static size_t find_process(const struct look *l, uint32_t pid)
{
	const struct windows_process key = {.pid = pid};
	const struct windows_process *found = NULL;

	if (l->n_processes > 0)
		found = bsearch(&key, l->processes, l->n_processes, sizeof(key), compare_processes);
	return found ? (size_t)(found - l->processes) : SIZE_MAX;
}

/* Path, user and start of process `i`, asked once. */
static const struct windows_details *details_of(struct look *l, size_t i)
{
	struct windows_details *d = &l->details[i];
	char where[32];
	int r;

	if (l->is_asked[i])
		return d;
	l->is_asked[i] = true;
	*d = (struct windows_details){.started = LIVE_TIME_NONE};
	r = l->calls->details(l->processes[i].pid, l->arena, d);
	if (r < 0) {
		char why[96];

		snprintf(where, sizeof(where), "pid %u", l->processes[i].pid);
		gaps_add(&l->gaps, "process", where, gaps_errno_text(-r, why, sizeof(why)),
			 r == -EACCES || r == -EPERM ? N_("run as administrator") : NULL);
	}
	return d;
}

/* The chain of parents, as far as start times prove it. */
static void fill_parents(struct look *l, size_t i, struct live_process *p)
{
	struct live_parent *parents = NULL;
	size_t n = 0, capacity = 0;

	while (n < MOST_PARENTS) {
		uint32_t parent_pid = l->processes[i].parent_pid;
		size_t above = parent_pid > 0 ? find_process(l, parent_pid) : SIZE_MAX;
		live_time started = details_of(l, i)->started, above_started;
		struct live_parent *parent;

		if (above == SIZE_MAX || above == i || parent_pid == WINDOWS_KERNEL_PID)
			break;
		above_started = details_of(l, above)->started;
		if (started == LIVE_TIME_NONE || above_started == LIVE_TIME_NONE ||
		    above_started > started)
			break;
		parent = ARENA_PUSH(l->arena, parents, n, capacity);
		if (!parent)
			break;
		*parent = (struct live_parent){parent_pid, l->processes[above].program};
		i = above;
	}
	p->parents = parents;
	p->n_parents = n;
}

/* The names of all services of a process, "Dnscache,NlaSvc"; NULL = none. */
static const char *services_of(struct look *l, uint32_t pid, size_t *n)
{
	const char *names = NULL;

	*n = 0;
	for (size_t i = 0; i < l->n_services; i++) {
		if (l->services[i].pid != pid)
			continue;
		names = names ? arena_printf(l->arena, "%s,%s", names, l->services[i].name)
			      : l->services[i].name;
		++*n;
	}
	return names;
}

/* "C:\Windows\System32\svchost.exe" without its directory. */
static const char *base_name(const char *path)
{
	const char *base = path;

	for (const char *c = path; *c; c++) {
		if (*c == '\\' || *c == '/')
			base = c + 1;
	}
	return base;
}

static struct live_process *process_of(struct look *l, uint32_t pid)
{
	size_t i = find_process(l, pid), n_services;
	const struct windows_details *d;
	struct live_process *p;

	if (i == SIZE_MAX)
		return NULL;
	if (l->known[i])
		return l->known[i];
	p = arena_alloc(l->arena, sizeof(*p));
	if (!p)
		return NULL;
	d = details_of(l, i);
	*p = (struct live_process){
		.pid = pid,
		.program = d->path ? base_name(d->path) : l->processes[i].program,
		.path = d->path,
		.uid = LIVE_UID_NONE,
		.user = d->user,
		.started = d->started,
		.unit = services_of(l, pid, &n_services),
	};
	fill_parents(l, i, p);
	l->known[i] = p;
	return p;
}

/* --- sockets --------------------------------------------------------------------------------- */

/* "tcp 0.0.0.0:80". */
static void place_of(const struct live_socket *s, char *text, size_t size)
{
	char address[ADDRESS_TEXT_SIZE];

	address_format(&s->local, address);
	snprintf(text, size, s->local.family == ADDRESS_IPV6 ? "%s [%s]:%u" : "%s %s:%u",
		 transport_name(s->transport), address, s->local_port);
}

static void add_owner(struct look *l, enum iphlp_table t, const struct iphlp_row *row,
		      struct live_socket *s)
{
	struct live_owner *owner = arena_alloc(l->arena, sizeof(*owner));
	char place[ADDRESS_TEXT_SIZE + 32], why[64];
	size_t n_services = 0;

	s->owners_search = LIVE_SEARCH_ALL;
	if (!owner)
		return;
	place_of(s, place, sizeof(place));
	if (row->pid == 0) {
		gaps_add(&l->gaps, "owner", place, N_("Windows names no process for it"), NULL);
		return;
	}
	*owner = (struct live_owner){.fd = -1, .method = LIVE_BY_FD};
	if (row->pid == WINDOWS_KERNEL_PID) {
		owner->method = LIVE_BY_KERNEL;
		owner->kernel = "System (http.sys or another driver)";
	} else {
		list_once(l);
		owner->process = process_of(l, row->pid);
	}
	if (!owner->process && !owner->kernel) {
		snprintf(why, sizeof(why), _("its process, pid %u, is gone"), row->pid);
		gaps_add(&l->gaps, "owner", place, why, NULL);
		return;
	}
	l->has_owner = true;
	s->owners = owner;
	s->n_owners = 1;
	services_of(l, row->pid, &n_services);
	if (row->tag != 0 && n_services > 1)
		(void)!l->calls->service_of(t, row->raw, l->arena, &s->unit);
}

static void add_row(struct look *l, enum iphlp_table t, struct iphlp_row *row)
{
	struct live_socket *s = &row->socket, *slot;

	s->ns = &l->ns;
	if (!live_request_covers(l->request, s))
		return;
	if (s->state != LIVE_TIME_WAIT &&
	    (s->state != LIVE_CONNECTION || l->request->want_peer_owners ||
	     (l->request->want & LIVE_WANT_HOLDERS)))
		add_owner(l, t, row, s);
	slot = ARENA_PUSH(l->arena, l->sockets, l->n_sockets, l->capacity);
	if (slot)
		*slot = *s;
}

static bool is_wanted(const struct live_request *r, enum iphlp_table t)
{
	return (r->transports & TRANSPORT_BIT(iphlp_transport(t))) &&
	       (iphlp_is_v6(t) ? r->want_v6 : r->want_v4);
}

/* One table. Returns whether it could be read. */
static bool read_table(struct look *l, enum iphlp_table t)
{
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	const char *where = iphlp_transport(t) == TRANSPORT_TCP
				    ? iphlp_is_v6(t) ? N_("tcp over IPv6") : N_("tcp over IPv4")
			    : iphlp_is_v6(t) ? N_("udp over IPv6")
					     : N_("udp over IPv4");
	int r = l->calls->table(t, &bytes);
	struct iphlp_row row;
	bool is_cut;
	size_t n;

	if (r == 0 && bytes.has_failed)
		r = -ENOMEM;
	if (r < 0) {
		gaps_add_errno(&l->gaps, "sockets", where, -r);
		return false;
	}
	n = iphlp_count(t, str_text(&bytes), bytes.length, &is_cut);
	if (is_cut)
		gaps_add(&l->gaps, "sockets", where, N_("the table ends before its last row"),
			 NULL);
	for (size_t i = 0; i < n; i++) {
		if (iphlp_decode(t, str_text(&bytes), i, &row) == 0)
			add_row(l, t, &row);
	}
	return true;
}

/* --- the rest -------------------------------------------------------------------------------- */

/* Returns whether what guests have reserved was listed. */
static bool ask_guests(struct look *l, struct live_rules *rules)
{
	BERTH_CLEANUP(str_fini) struct str bytes = {0};
	int r = l->request->want_only_sockets ? -ENODEV : l->calls->guests(&bytes);
	char why[96];

	if (r == 0)
		r = bytes.has_failed ? -ENOMEM
				     : hcn_decode(str_text(&bytes), bytes.length, l->arena,
						  &rules->guest_tcp, &rules->guest_udp);
	if (r < 0 && r != -ENODEV)
		gaps_add(&l->gaps, "rules", N_("ports reserved for guests"),
			 r == -EBADMSG || r == -EFBIG ? N_("the answer is not understood")
			 : r == -ETIMEDOUT	      ? N_("timed out")
					 : gaps_errno_text(-r, why, sizeof(why)),
			 r == -EACCES || r == -EPERM ? N_("run as administrator") : NULL);
	return r == 0;
}

/* Only one port can be asked about. */
static void ask_reserved(struct look *l, struct live_rules *rules)
{
	const struct live_request *q = l->request;
	bool is_reserved = false;
	struct live_span *span;

	if (q->first_port != q->last_port || q->first_port == 0 || q->want_only_sockets)
		return;
	for (unsigned int i = 0; i < 2 && !is_reserved; i++) {
		const enum transport space = i == 0 ? TRANSPORT_TCP : TRANSPORT_UDP;

		if (q->transports & TRANSPORT_BIT(space))
			is_reserved = l->calls->reserved(space, q->first_port) > 0;
	}
	span = is_reserved ? arena_alloc(l->arena, sizeof(*span)) : NULL;
	if (!span)
		return;
	*span = (struct live_span){q->first_port, q->last_port};
	rules->has_reserved = true;
	rules->reserved = span;
	rules->n_reserved = 1;
}

static void ask_rules(struct look *l, struct live_rules *rules)
{
	/* No port needs a privilege here. */
	*rules = (struct live_rules){.has_privileged = true};
	gaps_add(&l->gaps, "rules",
		 ask_guests(l, rules) ? N_("excluded port ranges but those of guests")
				      : N_("excluded port ranges"),
		 N_("no documented call lists them; berth why tries a port"),
		 "netsh int ipv4 show excludedportrange tcp");
	gaps_add(&l->gaps, "rules", N_("dynamic range"),
		 N_("only WMI tells it, which is not asked"),
		 "netsh int ipv4 show dynamicport tcp");
	ask_reserved(l, rules);
}

/* What no documented call tells, and somebody who reads the answer could miss. */
static void add_standing_gaps(struct look *l)
{
	if (l->request->want & LIVE_WANT_HOLDERS)
		gaps_add(&l->gaps, "holders", N_("bound sockets that do not listen"),
			 N_("no documented call lists them"), "netstat -anoq");
	if (l->calls->compartment() > 1)
		gaps_add(&l->gaps, "sockets", N_("other network compartments"),
			 N_("berth runs in one of a container and looks only there"), NULL);
	if (l->has_owner)
		gaps_add(&l->gaps, "command", N_("arguments and directories of processes"),
			 N_("no documented call tells those of others"), NULL);
}

static void finish(struct look *l, struct live_snapshot *out)
{
	if (l->n_sockets > 0)
		qsort(l->sockets, l->n_sockets, sizeof(*l->sockets), live_socket_compare);
	out->sockets = l->sockets;
	out->n_sockets = l->n_sockets;
	out->gaps = l->gaps.items;
	out->n_gaps = l->gaps.n;
}

int windows_look(const struct windows_calls *calls, const struct live_request *request,
		 struct arena *arena, struct live_snapshot *out)
{
	struct look l = {
		.calls = calls, .request = request, .arena = arena, .gaps = {.arena = arena}};
	struct live_snapshot snapshot = {.system = LIVE_WINDOWS, .at = calls->now()};
	struct live_namespace *ns = arena_calloc(arena, 1, sizeof(*ns));

	if (request->scope == LIVE_SCOPE_NAMED)
		return -ENOENT; /* there is none that has a name */
	if (!ns)
		return -ENOMEM;
	*ns = (struct live_namespace){.id = 1, .name = "here", .is_here = true};
	l.ns = *ns;
	for (unsigned int t = 0; t < N_IPHLP_TABLES && !arena_failed(arena); t++) {
		if (is_wanted(request, (enum iphlp_table)t))
			snapshot.could_look |= read_table(&l, (enum iphlp_table)t);
	}
	for (size_t i = 0; i < l.n_sockets; i++)
		l.sockets[i].ns = ns;
	ask_rules(&l, &snapshot.rules);
	add_standing_gaps(&l);
	finish(&l, &snapshot);
	snapshot.namespaces = ns;
	snapshot.n_namespaces = 1;
	if (arena_failed(arena))
		return -ENOMEM;
	*out = snapshot;
	return 0;
}
