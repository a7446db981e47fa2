/*
 * The Linux answer: sock_diag in every namespace within reach, owners from /proc and cgroups.
 */
#include "live/source.h"

#include "base/lang.h"
#include "live/cgroup-linux.h"
#include "live/container-linux.h"
#include "live/diag-linux.h"
#include "live/netns-linux.h"
#include "live/owner-linux.h"
#include "live/proc-linux.h"
#include "live/published-linux.h"
#include "live/rules-linux.h"
#include "live/site-linux.h"
#include "live/sockopts-linux.h"
#include "live/table-linux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Everything one look works with. */
struct look {
	const struct live_request *request;
	struct arena *arena;
	struct gaps gaps;
	struct netns_list namespaces;
	struct socket_list sockets;
	struct cgroups *cgroups;
	struct procs *procs;
	struct published_list published;
	struct container_list containers;
	unsigned int kernel; /* version * 1000 + patch level: 6008 is Linux 6.8; 0 = not known */
	bool has_mptcp;      /* this kernel knows MPTCP */
	bool is_repeated;    /* only sockets are looked at (again) */
	struct units *units;
	struct live_rules rules;
	struct live_site site;
};

enum { KERNEL_SHOWS_BOUND = 6008, KERNEL_SHOWS_ULP = 6015 };

/* The protocols that have a text table. */
static const enum transport text_transports[] = {TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_UDPLITE};

static const char table_lacks[] = N_(
	"read from /proc/net text, without bound-only sockets, cgroups, devices and IPV6_V6ONLY");

/* --- one namespace --------------------------------------------------------------------------- */

static uint32_t states_of(const struct live_request *r, enum transport t, bool is_here)
{
	bool is_datagram = t == TRANSPORT_UDP || t == TRANSPORT_UDPLITE;
	bool has_more = is_here || r->want_all_namespaces_holders || r->scope != LIVE_SCOPE_ALL;
	uint32_t connected = is_datagram ? DIAG_ESTABLISHED : DIAG_CONNECTED;
	uint32_t states = 0;

	if (r->want & LIVE_WANT_LISTENERS)
		states |= is_datagram ? DIAG_CLOSE : DIAG_LISTEN;
	if (has_more && (r->want & (LIVE_WANT_HOLDERS | LIVE_WANT_CONNECTIONS)))
		states |= connected;
	if (has_more && (r->want & LIVE_WANT_HOLDERS) && t == TRANSPORT_TCP)
		states |= DIAG_TIME_WAIT | DIAG_BOUND_INACTIVE;
	return states;
}

static bool is_transport_wanted(const struct look *l, enum transport t)
{
	if (t == TRANSPORT_MPTCP && !l->has_mptcp)
		return false;
	return l->request->transports & (TRANSPORT_BIT(t) | TRANSPORT_BIT(transport_port_space(t)));
}

/* "tcp", "tcp in blue". */
static void place_of(enum transport t, const struct live_namespace *ns, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s", transport_name(t), ns->is_here ? "" : " in ",
		 ns->is_here ? "" : ns->name);
}

/* Both tables of a protocol in `net`; the worse result, but a missing IPv6 is none. */
static int read_tables(struct look *l, struct netns *n, enum transport t, const char *net)
{
	int r = table_read(net, t, false, l->request, &n->ns, &l->sockets);
	int r6 = table_read(net, t, true, l->request, &n->ns, &l->sockets);

	return r < 0 || r6 == -ENOENT ? r : r6;
}

/* sock_diag has no answer for one protocol: its text, and a gap that says so. */
static void fall_back(struct look *l, struct netns *n, enum transport t, int error)
{
	char place[160], words[96], why[320];
	int r = -ENOENT;

	place_of(t, &n->ns, place, sizeof(place));
	gaps_errno_text(-error, words, sizeof(words));
	if (t == TRANSPORT_MPTCP) {
		snprintf(why, sizeof(why), _("sock_diag: %s; MPTCP sockets are shown as tcp"),
			 words);
		gaps_add(&l->gaps, "sockets", place, why,
			 error == -ENOENT ? N_("load the kernel module mptcp_diag") : NULL);
		return;
	}
	r = read_tables(l, n, t, "/proc/thread-self/net");
	if (r == -ENOENT && error == -ENOENT)
		return; /* this kernel has no such protocol */
	if (r < 0) {
		gaps_add_errno(&l->gaps, "sockets", place, -r);
		return;
	}
	n->is_looked_into = true;
	snprintf(why, sizeof(why), _("sock_diag: %s; %s"), _(words), _(table_lacks));
	gaps_add(&l->gaps, "sockets", place, why,
		 error != -ENOENT      ? NULL
		 : t == TRANSPORT_TCP ? N_("load the kernel module tcp_diag")
				       : N_("load the kernel module udp_diag"));
}

/* Forget what the kernel sent and nobody asked for, from row `first` on. */
static void keep_asked(struct look *l, size_t first)
{
	size_t n = first;

	for (size_t i = first; i < l->sockets.n; i++) {
		if (live_request_covers(l->request, &l->sockets.items[i]))
			l->sockets.items[n++] = l->sockets.items[i];
	}
	l->sockets.n = n;
}

/* Rules that publish ports, where the ports are those that were asked for. */
static void ask_rules(struct look *l, const struct netns *n)
{
	char place[160] = "";

	if (l->is_repeated || !(l->request->want & LIVE_WANT_LISTENERS) ||
	    (!n->ns.is_here && l->request->scope != LIVE_SCOPE_NAMED))
		return;
	if (!n->ns.is_here)
		snprintf(place, sizeof(place), " in %s", n->ns.name);
	(void)!nat_read(l->request, place, l->arena, &l->gaps, &l->published);
}

/* One dump of one protocol, restricted to `states`. Returns 0, or a negative errno when the text of
 * the whole table had to do. */
static int ask_table(struct look *l, struct netns *n, enum transport t, uint32_t states,
		      struct diag *diag, int refused)
{
	const struct live_request *r = l->request;
	const struct diag_query query = {
		.transport = t,
		.want_v4 = r->want_v4,
		.want_v6 = r->want_v6,
		.states = states & states_of(r, t, n->ns.is_here),
		.first_port = r->first_port,
		.last_port = r->last_port,
		.is_remote_too = r->want & LIVE_WANT_CONNECTIONS,
		.is_ulp_wanted = states == DIAG_LISTEN && l->kernel >= KERNEL_SHOWS_ULP,
	};
	int error = refused;

	if (!is_transport_wanted(l, t) || query.states == 0)
		return 0;
	if (refused == 0)
		error = diag_dump(diag, &query, &n->ns, &l->sockets);
	if (error < 0)
		fall_back(l, n, t, error);
	else
		n->is_looked_into = true;
	return error;
}

/*
 * TCP and MPTCP. Every MPTCP socket has its half in the TCP table, and a dump of MPTCP costs almost
 * a millisecond for each family (it locks every bucket of the listeners' hash), more than all
 * others together: it is asked for only when it can say something.
 */
static void ask_streams(struct look *l, struct netns *n, struct diag *diag, int refused)
{
	const bool is_listening = l->request->want & LIVE_WANT_LISTENERS;
	int r = 0;

	if (is_listening)
		r = ask_table(l, n, TRANSPORT_TCP, DIAG_LISTEN, diag, refused);
	if (r == 0)
		r = ask_table(l, n, TRANSPORT_TCP, ~(uint32_t)DIAG_LISTEN, diag, refused);
	if (r < 0 || !is_transport_wanted(l, TRANSPORT_TCP) || diag_may_have_mptcp(diag))
		(void)ask_table(l, n, TRANSPORT_MPTCP, UINT32_MAX, diag, refused);
}

/* The rules of the namespace that is asked about, and what a server would meet there. */
static void read_rules(struct look *l, const struct netns *n, size_t first)
{
	bool has_devices = false;

	if (l->is_repeated || (!n->ns.is_here && l->request->scope != LIVE_SCOPE_NAMED))
		return;
	rules_read(l->arena, &l->rules);
	for (size_t i = first; i < l->sockets.n; i++)
		has_devices |= l->sockets.items[i].interface != NULL;
	site_read(l->request->place, has_devices, &l->rules, &l->site);
}

/* Ask the namespace that the calling thread is in. */
static void ask(struct look *l, struct netns *n)
{
	size_t first = l->sockets.n;
	struct diag *diag = NULL;
	int refused = diag_open(l->arena, &diag);

	ask_streams(l, n, diag, refused);
	(void)ask_table(l, n, TRANSPORT_UDP, UINT32_MAX, diag, refused);
	(void)ask_table(l, n, TRANSPORT_UDPLITE, UINT32_MAX, diag, refused);
	diag_close(diag);
	if (socket_list_unify(&l->sockets, first) < 0)
		l->sockets.has_failed = true;
	keep_asked(l, first);
	ask_rules(l, n);
	read_rules(l, n, first);
}

/* Read a namespace that may not be entered through one of its processes. */
static void read_from_outside(struct look *l, struct netns *n, int error)
{
	char net[32], words[96], why[320];
	int worst = -ENOENT;

	gaps_errno_text(-error, words, sizeof(words));
	for (int i = 0; i < 2 && n->pid != 0 && !n->is_looked_into; i++) {
		snprintf(net, sizeof(net), "/proc/%u/net", i == 0 ? n->pid : n->other_pid);
		for (size_t t = 0; t < N_ELEMENTS(text_transports); t++) {
			if (!is_transport_wanted(l, text_transports[t]))
				continue;
			worst = read_tables(l, n, text_transports[t], net);
			n->is_looked_into |= worst == 0;
		}
	}
	if (!n->is_looked_into && n->pid != 0 && n->ns.id == 0 && worst == -ENOENT)
		return; /* it ended with its processes */
	n->ns.is_read_as_text = n->is_looked_into;
	if (n->is_looked_into)
		snprintf(why, sizeof(why), _("may not be entered (%s); %s"), _(words),
			 _(table_lacks));
	else
		snprintf(why, sizeof(why), _("may not be entered (%s)"), _(words));
	gaps_add(&l->gaps, n->is_looked_into ? "sockets" : "namespace", n->ns.name, why,
		 error != -EPERM && error != -EACCES ? NULL
		 : geteuid() == 0 ? N_("run with CAP_SYS_ADMIN and CAP_SYS_PTRACE")
				  : N_("run as root"));
}

static void look_into_other(struct netns *n, int error, void *context)
{
	struct look *l = context;

	if (error == 0)
		ask(l, n);
	else if (error != -ENOENT && error != -ESRCH && error != -ESTALE)
		read_from_outside(l, n, error);
	/* else it ended meanwhile, and its sockets with it */
}

static void look_into_namespaces(struct look *l)
{
	if (l->namespaces.n > 0 && l->namespaces.items[0].ns.is_here)
		ask(l, &l->namespaces.items[0]);
	netns_visit(&l->namespaces, look_into_other, l);
}

/* --- owners ---------------------------------------------------------------------------------- */

/* Rows of the snapshot that exist still, by their cookie. */
static void forget_vanished(struct look *l, const struct look *again)
{
	size_t n = 0;

	for (size_t i = 0; i < l->sockets.n; i++) {
		const struct live_socket *s = &l->sockets.items[i];
		bool is_there = !owner_is_mysterious(l->request, s) || s->cookie == 0;

		for (size_t k = 0; k < again->sockets.n && !is_there; k++)
			is_there = again->sockets.items[k].cookie == s->cookie;
		if (is_there)
			l->sockets.items[n++] = *s;
	}
	l->sockets.n = n;
}

/*
 * A socket that nobody seems to hold may have been closed since the dump. Only one that the kernel
 * still shows is worth a gap.
 */
static void look_again(struct look *l)
{
	struct look again = *l;
	bool is_needed = false;

	for (size_t i = 0; i < l->sockets.n; i++)
		is_needed |= owner_is_mysterious(l->request, &l->sockets.items[i]);
	if (!is_needed)
		return;
	again.sockets = (struct socket_list){0};
	again.is_repeated = true;
	again.gaps = (struct gaps){.arena = l->arena}; /* they are told already */
	look_into_namespaces(&again);
	forget_vanished(l, &again);
	socket_list_fini(&again.sockets);
}

static void name_makers(struct look *l, struct socket_list *sockets)
{
	for (size_t i = 0; i < sockets->n; i++) {
		struct live_socket *s = &sockets->items[i];
		const struct cgroup *group =
			s->cgroup_id ? cgroups_find(l->cgroups, s->cgroup_id) : NULL;

		s->unit = group ? group->unit : NULL;
		s->container = group ? group->container : NULL;
		/* A container's users are not this system's, whatever their numbers. */
		if (s->has_uid && s->ns->is_here && !s->container)
			s->user = procs_user(l->procs, s->uid);
	}
}

static void explain_hidepid(struct look *l)
{
	struct stat st;

	if (l->namespaces.hidepid && stat("/proc/1/stat", &st) < 0)
		gaps_add(&l->gaps, "processes", "/proc", l->namespaces.hidepid,
			 N_("run as root, or as a member of the group of the mount option gid="));
}

static struct owner_tools tools_of(struct look *l)
{
	return (struct owner_tools){
		.request = l->request,
		.arena = l->arena,
		.cgroups = l->cgroups,
		.procs = l->procs,
		.units = l->units,
		.namespaces = &l->namespaces,
		.gaps = &l->gaps,
	};
}

/* Sorted already here, so that gaps come in the order of their sockets. */
static void sort_sockets(struct socket_list *sockets)
{
	if (sockets->n > 1)
		qsort(sockets->items, sockets->n, sizeof(*sockets->items), live_socket_compare);
}

static int find_owners(struct look *l)
{
	const struct owner_tools tools = tools_of(l);
	uint32_t n_denied;
	int r;

	name_makers(l, &l->sockets);
	sort_sockets(&l->sockets);
	r = owner_find(&tools, &l->sockets, &n_denied);
	if (r < 0)
		return r;
	look_again(l);
	sockopts_read(l->request, &l->sockets);
	owner_explain(&tools, &l->sockets, n_denied);
	explain_hidepid(l);
	return 0;
}

/* --- published ports ------------------------------------------------------------------------- */

/* The listeners behind published ports get their owners and join the others. */
static int join_behind(struct look *l, struct socket_list *behind)
{
	const struct owner_tools tools = tools_of(l);
	uint32_t n_denied;
	int r;

	name_makers(l, behind);
	sort_sockets(behind);
	r = owner_find(&tools, behind, &n_denied);
	if (r < 0)
		return r;
	owner_explain(&tools, behind, n_denied);
	for (size_t i = 0; i < behind->n; i++)
		socket_list_push(&l->sockets, &behind->items[i]);
	sort_sockets(&l->sockets);
	return 0;
}

static int find_published(struct look *l)
{
	struct socket_list behind = {0};
	int r = published_add_proxies(l->request, &l->sockets, l->arena, &l->published);

	if (r < 0 || l->published.n == 0)
		return r;
	r = published_link(l->request, &l->namespaces, &l->sockets, l->arena, &l->published,
			   &behind);
	if (r == 0 && behind.n > 0)
		r = join_behind(l, &behind);
	socket_list_fini(&behind);
	published_settle(&l->published);
	return r;
}

/* --- containers ------------------------------------------------------------------------------ */

/* A namespace is called after its container, but berth's own. */
static void name_namespaces(struct look *l)
{
	struct live_snapshot known = {.containers = l->containers.items,
				      .n_containers = l->containers.n};

	for (size_t i = 0; i < l->namespaces.n; i++) {
		struct live_namespace *ns = &l->namespaces.items[i].ns;
		const struct live_container *c = live_snapshot_container(&known, ns->container);

		if (c && c->name && !ns->is_here)
			ns->name = c->name;
	}
}

static void find_containers(struct look *l)
{
	const struct container_trace none = {0};

	for (size_t i = 0; i < l->sockets.n; i++) {
		const struct live_socket *s = &l->sockets.items[i];

		for (size_t k = 0; k < s->n_owners; k++) {
			if (s->owners[k].process)
				containers_add_process(&l->containers, s->owners[k].process);
		}
		containers_add(&l->containers, s->container, none);
		containers_add(&l->containers, s->ns->container, none);
	}
	for (size_t i = 0; i < l->published.n; i++)
		containers_add(&l->containers, l->published.items[i].container, none);
	containers_read(&l->containers, &l->gaps);
	name_namespaces(l);
}

/* --- the whole ------------------------------------------------------------------------------- */

/* The namespaces looked into, in their final place, and the sockets that point to them. */
static int settle_namespaces(struct look *l, struct live_snapshot *out)
{
	struct live_namespace *final = arena_calloc(l->arena, l->namespaces.n, sizeof(*final));
	struct live_namespace **moved = calloc(MAX_OF(l->namespaces.n, 1), sizeof(*moved));
	size_t n = 0;

	if (!final || !moved) {
		free(moved);
		return -ENOMEM;
	}
	for (size_t i = 0; i < l->namespaces.n; i++) {
		if (!l->namespaces.items[i].is_looked_into)
			continue;
		final[n] = l->namespaces.items[i].ns;
		if (final[n].id == 0) /* recordings tell namespaces apart by their ids */
			final[n].id = l->namespaces.items[i].fingerprint;
		moved[i] = &final[n++];
	}
	for (size_t i = 0; i < l->sockets.n; i++) {
		/* `ns` is the first member of struct netns. */
		const struct netns *at = (const void *)l->sockets.items[i].ns;

		l->sockets.items[i].ns = moved[at - l->namespaces.items];
	}
	free(moved);
	out->namespaces = final;
	out->n_namespaces = n;
	out->could_look = n > 0;
	return 0;
}

static int settle(struct look *l, struct live_snapshot *out)
{
	struct live_socket *final = arena_calloc(l->arena, l->sockets.n, sizeof(*final));
	int r = settle_namespaces(l, out);

	if (r < 0 || !final || l->sockets.has_failed || arena_failed(l->arena))
		return -ENOMEM;
	if (l->sockets.n > 0)
		memcpy(final, l->sockets.items, l->sockets.n * sizeof(*final));
	out->sockets = final;
	out->n_sockets = l->sockets.n;
	out->published = l->published.items;
	out->n_published = l->published.n;
	out->containers = l->containers.items;
	out->n_containers = l->containers.n;
	out->gaps = l->gaps.items;
	out->n_gaps = l->gaps.n;
	return 0;
}

static unsigned int kernel_version(void)
{
	struct utsname name;
	unsigned int version, patch_level;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &version, &patch_level) != 2)
		return 0;
	return version * 1000 + MIN_OF(patch_level, 999);
}

/* A kernel too old to show TCP sockets that are bound and nothing else. */
static void explain_kernel(struct look *l)
{
	if ((l->request->want & LIVE_WANT_HOLDERS) && l->kernel != 0 &&
	    l->kernel < KERNEL_SHOWS_BOUND)
		gaps_add(&l->gaps, "sockets", "tcp",
			 N_("bound sockets that do not listen are shown by Linux 6.8 and later "
			    "only"),
			 NULL);
}

/* Sockets and nothing else. */
static int look_only(struct look *l, struct live_snapshot *out)
{
	l->is_repeated = true;
	look_into_namespaces(l);
	sort_sockets(&l->sockets);
	return settle(l, out);
}

static int look_with(struct look *l, struct live_snapshot *out)
{
	int r = netns_find(&l->namespaces, l->request);

	if (r < 0)
		return r;
	if (l->request->want_only_sockets) {
		l->has_mptcp = access("/proc/sys/net/mptcp/enabled", F_OK) == 0;
		l->kernel = kernel_version();
		return look_only(l, out);
	}
	l->cgroups = cgroups_open(l->arena, l->namespaces.cgroup_mount);
	l->procs = procs_open(l->arena, &l->gaps);
	l->units = units_open(l->arena, &l->gaps);
	if (!l->cgroups || !l->procs || !l->units)
		return -ENOMEM;
	l->has_mptcp = access("/proc/sys/net/mptcp/enabled", F_OK) == 0;
	l->kernel = kernel_version();
	explain_kernel(l);
	look_into_namespaces(l);
	r = find_owners(l);
	if (r == 0)
		r = find_published(l);
	if (r == 0)
		find_containers(l);
	out->rules = l->rules;
	out->site = l->site;
	out->rules.kernel = l->kernel;
	return r < 0 ? r : settle(l, out);
}

static int look(struct source *s BERTH_UNUSED, const struct live_request *request,
		struct arena *arena, struct live_snapshot *out)
{
	struct look l = {.request = request,
			 .arena = arena,
			 .gaps.arena = arena,
			 .containers.arena = arena};
	struct live_snapshot snapshot = {0};
	struct timespec now = {0};
	int r;

	clock_gettime(CLOCK_REALTIME, &now);
	snapshot.at = (live_time)now.tv_sec * 1000000000 + now.tv_nsec;
	l.namespaces.arena = arena;
	l.namespaces.gaps = &l.gaps;
	r = look_with(&l, &snapshot);
	cgroups_close(l.cgroups);
	procs_close(l.procs);
	units_close(l.units);
	socket_list_fini(&l.sockets);
	if (r == 0)
		*out = snapshot;
	return r;
}

/* The /proc that owners were found in, which need not be of berth's own pid namespace. */
static bool has_process(struct source *s BERTH_UNUSED, uint32_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ESRCH);
}

static void close_linux(struct source *s BERTH_UNUSED)
{
}

int source_open_system(struct source **out)
{
	static const struct source_ops ops = {.look = look, .close = close_linux,
						.has_process = has_process};
	static struct source linux_source = {.ops = &ops};

	*out = &linux_source;
	return 0;
}
