/*
 * The macOS answer: the kernel's lists of TCP and UDP sockets, owners from libproc(3).
 *
 * macOS has no network namespaces and no cgroups. Ports that packet filter rules (pf) lead
 * elsewhere are told by private calls alone: a gap where published ports are asked for.
 */
#include "live/source.h"

#include "base/lang.h"
#include "live/owner-darwin.h"
#include "live/rules-darwin.h"
#include "live/sysctl-darwin.h"
#include "live/xnu-socket.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Everything one look works with. */
struct look {
	const struct live_request *request;
	struct arena *arena;
	struct gaps gaps;
	struct socket_list sockets;
	struct live_namespace *here;
	transport_set without_list;
	bool is_everything_seen; /* no process refused to be looked into */
};

/* --- sockets --------------------------------------------------------------------------------- */

static void name_interface(struct look *l, struct live_socket *s)
{
	char name[IF_NAMESIZE];

	if (s->local.scope_id != 0 && if_indextoname(s->local.scope_id, name))
		s->interface = arena_strdup(l->arena, name);
}

static void take_socket(struct live_socket *s, void *context)
{
	struct look *l = context;

	s->ns = l->here;
	if (live_request_covers(l->request, s))
		socket_list_push(&l->sockets, s);
}

/* All sockets of one protocol, of whomever they are. */
static void read_list(struct look *l, enum transport t, const char *name)
{
	size_t n_before = l->sockets.n, n = 0;
	void *bytes = NULL;
	int r;

	if (!(l->request->transports & TRANSPORT_BIT(t)))
		return;
	r = sysctl_table(name, &bytes, &n);
	if (r == 0)
		r = xnu_socket_decode_list(bytes, n, t, take_socket, l);
	free(bytes);
	if (r == 0)
		return;
	l->sockets.n = n_before; /* rows of a layout that is not known are not believed */
	l->without_list |= TRANSPORT_BIT(t);
	if (r == -EBADMSG)
		gaps_add(&l->gaps, "sockets", transport_name(t),
			 N_("the system's list is laid out in a way that this berth does not know; "
			 "only sockets of processes that it may look into are shown"),
			 N_("update berth"));
	else
		gaps_add_errno(&l->gaps, "sockets", name, -r);
}

/* --- owners ---------------------------------------------------------------------------------- */

static void sort_sockets(struct look *l)
{
	if (l->sockets.n > 1)
		qsort(l->sockets.items, l->sockets.n, sizeof(*l->sockets.items),
		      live_socket_compare);
}

static int find_owners(struct look *l, struct processes *processes)
{
	struct owner_search search = {
		.request = l->request,
		.arena = l->arena,
		.gaps = &l->gaps,
		.processes = processes,
		.ns = l->here,
		.without_list = l->without_list,
	};
	int r;

	sort_sockets(l);
	r = owner_find(&search, &l->sockets);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		gaps_add_errno(&l->gaps, "processes", N_("this system"), -r);
		return 0;
	}
	l->is_everything_seen = search.n_denied == 0;
	if (l->without_list != 0 && search.n_denied > 0)
		gaps_add(&l->gaps, "sockets", N_("processes of other users"),
			 N_("permission denied"), N_("run as root"));
	sort_sockets(l);
	for (size_t i = 0; i < l->sockets.n; i++) {
		struct live_socket *s = &l->sockets.items[i];

		name_interface(l, s);
		if (s->has_uid)
			s->user = processes_user(processes, s->uid);
	}
	owner_explain(&search, &l->sockets);
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* What this system has and no documented call tells. */
static void explain_rest(struct look *l)
{
	if (l->request->want & LIVE_WANT_LISTENERS)
		gaps_add(&l->gaps, "published", "pf",
			 N_("no public call tells the rules of the packet filter"), NULL);
}

static int settle(struct look *l, struct live_snapshot *out)
{
	struct live_socket *final = arena_calloc(l->arena, l->sockets.n, sizeof(*final));

	if (!final || l->sockets.has_failed || arena_failed(l->arena))
		return -ENOMEM;
	if (l->sockets.n > 0)
		memcpy(final, l->sockets.items, l->sockets.n * sizeof(*final));
	out->namespaces = l->here;
	out->n_namespaces = 1;
	out->sockets = final;
	out->n_sockets = l->sockets.n;
	out->gaps = l->gaps.items;
	out->n_gaps = l->gaps.n;
	/* Without its list a socket of somebody else would be missed. */
	out->could_look = l->without_list == 0 || l->is_everything_seen;
	return 0;
}

static int look_with(struct look *l, struct processes *processes, struct live_snapshot *out)
{
	int r;

	read_list(l, TRANSPORT_TCP, "net.inet.tcp.pcblist64");
	read_list(l, TRANSPORT_UDP, "net.inet.udp.pcblist64");
	r = find_owners(l, processes);
	if (r < 0)
		return r;
	explain_rest(l);
	rules_read(&l->gaps, &out->rules);
	return settle(l, out);
}

static int look(struct source *s BERTH_UNUSED, const struct live_request *request,
		struct arena *arena, struct live_snapshot *out)
{
	struct look l = {.request = request, .arena = arena, .gaps.arena = arena};
	struct live_snapshot snapshot = {.system = LIVE_MACOS};
	struct processes *processes;
	struct timespec now = {0};
	int r = -ENOMEM;

	if (request->scope == LIVE_SCOPE_NAMED)
		return -ENOENT; /* there are no namespaces */
	clock_gettime(CLOCK_REALTIME, &now);
	snapshot.at = (live_time)now.tv_sec * 1000000000 + now.tv_nsec;
	l.here = arena_alloc(arena, sizeof(*l.here));
	processes = processes_open(arena, &l.gaps);
	if (l.here && processes) {
		*l.here = (struct live_namespace){.name = "here", .is_here = true};
		r = look_with(&l, processes, &snapshot);
	}
	processes_close(processes);
	socket_list_fini(&l.sockets);
	if (r == 0)
		*out = snapshot;
	return r;
}

static void close_darwin(struct source *s BERTH_UNUSED)
{
}

int source_open_system(struct source **out)
{
	static const struct source_ops ops = {.look = look, .close = close_darwin};
	static struct source darwin_source = {.ops = &ops};

	*out = &darwin_source;
	return 0;
}
