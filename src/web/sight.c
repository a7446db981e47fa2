#include "web/sight.h"

#include "act/atlas-pipe.h"

#include <errno.h>
#include <string.h>

const char sight_gap_why[] = "owners are shown to who has the token";

/* --- of a privileged collector --------------------------------------------------------------- */

static int reduce_namespaces(const struct live_snapshot *s, bool is_named, struct arena *arena,
			     struct live_snapshot *out)
{
	struct live_namespace *kept = arena_calloc(arena, s->n_namespaces, sizeof(*kept));
	size_t n = 0;

	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_namespaces; i++) {
		if (!s->namespaces[i].is_here && !is_named)
			continue;
		kept[n] = s->namespaces[i];
		if (kept[n].is_here)
			kept[n].name = "here";
		kept[n++].container = NULL;
	}
	out->namespaces = kept;
	out->n_namespaces = n;
	return 0;
}

static const struct live_namespace *find_namespace(const struct live_snapshot *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_namespaces; i++) {
		if (s->namespaces[i].id == id)
			return &s->namespaces[i];
	}
	return NULL;
}

/* Member by member: what is added to sockets one day is not shown before somebody says so here. */
static struct live_socket reduce_socket(const struct live_socket *s,
					const struct live_namespace *ns)
{
	return (struct live_socket){
		.transport = s->transport,
		.state = s->state,
		.local = s->local,
		.local_port = s->local_port,
		.has_remote = s->has_remote,
		.remote = s->remote,
		.remote_port = s->remote_port,
		.is_dual_stack = s->is_dual_stack,
		.interface = s->interface,
		.has_queue = s->has_queue,
		.queued = s->queued,
		.limit = s->limit,
		.inode = s->inode,
		.cookie = s->cookie,
		.has_uid = s->has_uid,
		.uid = s->uid,
		.user = s->user,
		.expires_ms = s->expires_ms,
		.stage = s->stage,
		.is_remnant = s->is_remnant,
		/* sock_diag tells it of these; of connections a descriptor did. */
		.v6only = s->state == LIVE_CONNECTION ? MAYBE_UNKNOWN : s->v6only,
		.ns = ns,
		.owners_search = LIVE_SEARCH_NONE,
	};
}

static int reduce_sockets(const struct live_snapshot *s, struct arena *arena,
			  struct live_snapshot *out)
{
	struct live_socket *kept = arena_calloc(arena, s->n_sockets, sizeof(*kept));
	size_t n = 0;

	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_sockets; i++) {
		const struct live_namespace *ns = find_namespace(out, s->sockets[i].ns->id);

		if (ns)
			kept[n++] = reduce_socket(&s->sockets[i], ns);
	}
	out->sockets = kept;
	out->n_sockets = n;
	return 0;
}

/* A table of berth's own namespace: others are "tcp in NAME". */
static bool is_table(const char *where)
{
	for (unsigned int t = 0; t < N_TRANSPORTS; t++) {
		if (strcmp(where, transport_name((enum transport)t)) == 0)
			return true;
	}
	return false;
}

/* Gaps that are about claims, or whole tables of berth's own namespace: all others name processes,
 * containers, namespaces or what is behind published ports. */
static bool is_gap_shown(const struct live_gap *gap)
{
	return strcmp(gap->what, "claims") == 0 || strcmp(gap->what, ATLAS_CLAIMS_ASIDE) == 0 ||
	       strcmp(gap->what, "rules") == 0 ||
	       (strcmp(gap->what, "sockets") == 0 && is_table(gap->where));
}

static int reduce_gaps(const struct live_snapshot *s, struct arena *arena,
		       struct live_snapshot *out)
{
	struct live_gap *kept = arena_calloc(arena, s->n_gaps + 1, sizeof(*kept));
	size_t n = 0;

	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_gaps; i++) {
		if (is_gap_shown(&s->gaps[i]))
			kept[n++] = s->gaps[i];
	}
	kept[n++] = (struct live_gap){
		.what = "owners",
		.where = "every process",
		.why = sight_gap_why,
		.fix = "open the address that berth serve printed",
	};
	out->gaps = kept;
	out->n_gaps = n;
	return 0;
}

static int reduce_to_public(const struct live_snapshot *s, bool is_named, struct arena *arena,
			    struct live_snapshot *out)
{
	struct live_snapshot reduced = {
		.system = s->system,
		.at = s->at,
		.rules = s->rules,
		.site = s->site,
		.could_look = s->could_look,
	};
	int r = reduce_namespaces(s, is_named, arena, &reduced);

	if (r == 0)
		r = reduce_sockets(s, arena, &reduced);
	if (r == 0)
		r = reduce_gaps(s, arena, &reduced);
	if (r == 0)
		*out = reduced;
	return r;
}

/* --- of an ordinary user's collector --------------------------------------------------------- */

/* A copy of the owners without directories; owners without one stay. */
static const struct live_owner *hide_directories(const struct live_socket *s, struct arena *arena)
{
	struct live_owner *owners =
		arena_grow(arena, s->owners, s->n_owners, s->n_owners, sizeof(*owners));

	for (size_t i = 0; owners && i < s->n_owners; i++) {
		struct live_process *p;

		if (!owners[i].process || !owners[i].process->directory)
			continue;
		p = arena_grow(arena, owners[i].process, 1, 1, sizeof(*p));
		if (!p)
			return NULL;
		p->directory = NULL;
		owners[i].process = p;
	}
	return owners;
}

static int hide_all_directories(const struct live_snapshot *s, struct arena *arena,
				struct live_snapshot *out)
{
	struct live_socket *sockets =
		arena_grow(arena, s->sockets, s->n_sockets, s->n_sockets, sizeof(*sockets));

	if (!sockets)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_sockets; i++) {
		sockets[i].owners = hide_directories(&s->sockets[i], arena);
		if (!sockets[i].owners)
			return -ENOMEM;
	}
	*out = *s;
	out->sockets = sockets;
	return 0;
}

int sight_reduce(const struct live_snapshot *s, bool is_privileged, bool is_named,
		 struct arena *arena, struct live_snapshot *out)
{
	return is_privileged ? reduce_to_public(s, is_named, arena, out)
			     : hide_all_directories(s, arena, out);
}
