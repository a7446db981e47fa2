#include "act/collector-look.h"

#include "act/collector.h"
#include "live/recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One comparison of what is kept with a cheap look. */
struct comparison {
	struct arena *arena;
	bool *is_gone;          /* for each kept socket */
	bool has_gone, has_new, has_moved; /* `has_moved`: a queue */
	const struct live_socket **fresh;  /* sockets that are new */
	size_t n_fresh, fresh_capacity;
	uint16_t ports[KEPT_PORTS_MOST];   /* to be looked at ... */
	size_t n_ports;
	bool has_many;                     /* ... or they are too many for that */
};

void kept_fini(struct kept *k)
{
	arena_fini(&k->arena);
	str_fini(&k->text);
	*k = (struct kept){0};
}

/* --- which socket is which ------------------------------------------------------------------- */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* 0: the very same socket. The order is that of snapshots, and finer. */
static int compare_sockets(const struct live_socket *a, const struct live_socket *b)
{
	int order = live_socket_compare(a, b);

	if (order == 0)
		order = compare_numbers(a->ns->id, b->ns->id);
	if (order == 0)
		order = compare_numbers(a->inode, b->inode);
	if (order == 0)
		order = strcmp(a->interface ? a->interface : "", b->interface ? b->interface : "");
	return order;
}

static int compare_pointers(const void *a, const void *b)
{
	return compare_sockets(*(const struct live_socket *const *)a,
			       *(const struct live_socket *const *)b);
}

/* Pointers to all sockets of a snapshot that a cheap look would see, sorted. */
static const struct live_socket **sort(const struct live_snapshot *s,
				       const struct live_request *request, struct arena *arena,
				       size_t *n)
{
	const struct live_socket **sorted = arena_calloc(arena, s->n_sockets, sizeof(*sorted));

	*n = 0;
	for (size_t i = 0; sorted && i < s->n_sockets; i++) {
		/* Listeners behind published ports were not asked for. */
		if (request->scope == LIVE_SCOPE_HERE && !s->sockets[i].ns->is_here)
			continue;
		sorted[(*n)++] = &s->sockets[i];
	}
	if (sorted && *n > 1)
		qsort(sorted, *n, sizeof(struct live_socket *), compare_pointers);
	return sorted;
}

/* --- queues ---------------------------------------------------------------------------------- */

/* 0 empty, 1 to 4 by quarters, 5 full: the kernel keeps one more than the limit, then drops. */
static unsigned int queue_stage(const struct live_socket *s)
{
	if (!s->has_queue || s->queued == 0)
		return 0;
	if (s->queued > s->limit)
		return 5;
	return MIN_OF(1 + (unsigned int)((uint64_t)s->queued * 4 / MAX_OF(s->limit, 1U)), 4U);
}

static bool take_queue(struct live_socket *s, const struct live_socket *seen)
{
	bool has_moved = queue_stage(s) != queue_stage(seen) || s->limit != seen->limit;

	s->has_queue = seen->has_queue;
	s->queued = seen->queued;
	s->limit = seen->limit;
	return has_moved;
}

/* --- what differs ---------------------------------------------------------------------------- */

static void add_port(struct comparison *c, uint16_t port)
{
	for (size_t i = 0; i < c->n_ports; i++) {
		if (c->ports[i] == port)
			return;
	}
	if (c->n_ports < KEPT_PORTS_MOST)
		c->ports[c->n_ports++] = port;
	else
		c->has_many = true;
}

static int add_fresh(struct comparison *c, const struct kept *k, const struct live_socket *s)
{
	const struct live_socket **slot;

	if (port_set_has(&k->hopeless, s->local_port))
		return 0;
	slot = ARENA_PUSH(c->arena, c->fresh, c->n_fresh, c->fresh_capacity);
	if (!slot)
		return -ENOMEM;
	*slot = s;
	c->has_new = true;
	add_port(c, s->local_port);
	return 0;
}

static int compare(struct kept *k, const struct live_snapshot *seen,
		   const struct live_request *request, struct comparison *c)
{
	size_t n_old, n_new, i = 0, j = 0;
	const struct live_socket **old = sort(&k->snapshot, request, c->arena, &n_old);
	const struct live_socket **new = sort(seen, request, c->arena, &n_new);
	int r = 0;

	c->is_gone = arena_calloc(c->arena, k->snapshot.n_sockets, sizeof(*c->is_gone));
	if (!old || !new || !c->is_gone || !k->sockets)
		return -ENOMEM;
	while (r == 0 && (i < n_old || j < n_new)) {
		int order = i == n_old ? 1 : j == n_new ? -1 : compare_sockets(old[i], new[j]);

		if (order < 0) {
			c->is_gone[old[i++] - k->sockets] = true;
			c->has_gone = true;
		} else if (order > 0) {
			r = add_fresh(c, k, new[j++]);
		} else {
			c->has_moved |= take_queue(&k->sockets[old[i++] - k->sockets], new[j++]);
		}
	}
	return r;
}

/* The ports of owners that have ended while their sockets live on. */
static void find_dead(struct kept *k, struct source *source, struct comparison *c)
{
	uint32_t known_alive = 0;

	for (size_t i = 0; i < k->snapshot.n_sockets; i++) {
		const struct live_socket *s = &k->sockets[i];

		for (size_t o = 0; o < s->n_owners && !c->is_gone[i]; o++) {
			uint32_t pid = s->owners[o].process ? s->owners[o].process->pid : 0;

			/* Neighbours have the same owner more often than not. */
			if (pid == 0 || pid == known_alive)
				continue;
			if (source_has_process(source, pid)) {
				known_alive = pid;
				continue;
			}
			add_port(c, s->local_port);
			c->has_gone = true;
			break;
		}
	}
}

/* --- merging --------------------------------------------------------------------------------- */

/* What a new snapshot is put together from. */
struct merge {
	struct arena *arena;
	struct live_namespace *namespaces;
	size_t n_namespaces;
	struct live_socket *sockets;
	size_t n_sockets, sockets_capacity;
	struct live_published *published;
	size_t n_published, published_capacity;
	struct live_container *containers;
	size_t n_containers, containers_capacity;
	struct live_gap *gaps;
	size_t n_gaps, gaps_capacity;
};

static const struct live_namespace *find_namespace(const struct merge *m, uint64_t id)
{
	for (size_t i = 0; i < m->n_namespaces; i++) {
		if (m->namespaces[i].id == id)
			return &m->namespaces[i];
	}
	return NULL;
}

/* Those of the cheap look, called as the fuller looks call them. Strings of the cheap look's arena
 * are copied. */
static int merge_namespaces(struct merge *m, const struct live_snapshot *seen,
			    const struct live_snapshot *const *known, size_t n_known)
{
	m->namespaces = arena_calloc(m->arena, seen->n_namespaces, sizeof(*m->namespaces));
	if (!m->namespaces)
		return -ENOMEM;
	for (size_t i = 0; i < seen->n_namespaces; i++) {
		struct live_namespace *ns = &m->namespaces[i];
		bool is_known = false;

		*ns = seen->namespaces[i];
		for (size_t k = 0; k < n_known && !is_known; k++) {
			for (size_t j = 0; j < known[k]->n_namespaces && !is_known; j++) {
				is_known = known[k]->namespaces[j].id == ns->id;
				if (is_known)
					*ns = known[k]->namespaces[j];
			}
		}
		if (!is_known) {
			ns->name = arena_strdup(m->arena, ns->name);
			ns->container = arena_strdup(m->arena, ns->container);
		}
	}
	m->n_namespaces = seen->n_namespaces;
	return arena_failed(m->arena) ? -ENOMEM : 0;
}

static int add_socket(struct merge *m, const struct live_socket *s)
{
	const struct live_namespace *ns = find_namespace(m, s->ns->id);
	struct live_socket *slot;

	if (!ns)
		return 0; /* its namespace has ended meanwhile */
	for (size_t i = m->n_sockets; i > 0 && m->sockets[i - 1].local_port == s->local_port; i--) {
		if (compare_sockets(&m->sockets[i - 1], s) == 0)
			return 0;
	}
	slot = ARENA_PUSH(m->arena, m->sockets, m->n_sockets, m->sockets_capacity);
	if (!slot)
		return -ENOMEM;
	*slot = *s;
	slot->ns = ns;
	return 0;
}

static bool is_looked_at(const struct comparison *c, uint16_t port)
{
	for (size_t i = 0; i < c->n_ports; i++) {
		if (c->ports[i] == port)
			return true;
	}
	return false;
}

static int merge_sockets(struct merge *m, const struct kept *k, const struct comparison *c,
			 const struct live_snapshot *points)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < k->snapshot.n_sockets; i++) {
		if (!c->is_gone[i] && !is_looked_at(c, k->sockets[i].local_port))
			r = add_socket(m, &k->sockets[i]);
	}
	for (size_t p = 0; r == 0 && p < c->n_ports; p++) {
		for (size_t i = 0; r == 0 && i < points[p].n_sockets; i++) {
			/* Those behind published ports are there already, or come with a whole
			 * look. */
			if (points[p].sockets[i].local_port == c->ports[p])
				r = add_socket(m, &points[p].sockets[i]);
		}
	}
	if (r == 0 && m->n_sockets > 1)
		qsort(m->sockets, m->n_sockets, sizeof(*m->sockets), live_socket_compare);
	return r;
}

static bool has_gone(const struct kept *k, const struct comparison *c, uint64_t cookie)
{
	for (size_t i = 0; cookie != 0 && c->has_gone && i < k->snapshot.n_sockets; i++) {
		if (k->sockets[i].cookie == cookie)
			return c->is_gone[i];
	}
	return false;
}

static int add_published(struct merge *m, const struct live_published *p)
{
	struct live_published *slot;

	for (size_t i = 0; i < m->n_published; i++) {
		const struct live_published *other = &m->published[i];

		if (other->transport == p->transport && other->ports.first <= p->ports.first &&
		    other->ports.last >= p->ports.last && strcmp(other->by, p->by) == 0)
			return 0;
	}
	slot = ARENA_PUSH(m->arena, m->published, m->n_published, m->published_capacity);
	if (!slot)
		return -ENOMEM;
	*slot = *p;
	return 0;
}

static int merge_published(struct merge *m, const struct kept *k, const struct comparison *c,
			   const struct live_snapshot *points)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < k->snapshot.n_published; i++) {
		struct live_published *slot;

		if (has_gone(k, c, k->snapshot.published[i].via))
			continue;
		slot = ARENA_PUSH(m->arena, m->published, m->n_published, m->published_capacity);
		if (!slot)
			return -ENOMEM;
		*slot = k->snapshot.published[i];
	}
	for (size_t p = 0; r == 0 && p < c->n_ports; p++) {
		for (size_t i = 0; r == 0 && i < points[p].n_published; i++)
			r = add_published(m, &points[p].published[i]);
	}
	if (r == 0 && m->n_published > 1)
		qsort(m->published, m->n_published, sizeof(*m->published), live_published_compare);
	return r;
}

static int add_containers(struct merge *m, const struct live_snapshot *s)
{
	for (size_t i = 0; i < s->n_containers; i++) {
		const struct live_container *one = &s->containers[i];
		struct live_container *slot;
		bool is_there = false;

		for (size_t j = 0; j < m->n_containers && !is_there; j++)
			is_there = strcmp(m->containers[j].id, one->id) == 0;
		if (is_there)
			continue;
		slot = ARENA_PUSH(m->arena, m->containers, m->n_containers,
				  m->containers_capacity);
		if (!slot)
			return -ENOMEM;
		*slot = *one;
	}
	return 0;
}

static int add_gaps(struct merge *m, const struct live_snapshot *s)
{
	for (size_t i = 0; i < s->n_gaps; i++) {
		const struct live_gap *one = &s->gaps[i];
		struct live_gap *slot;
		bool is_there = false;

		for (size_t j = 0; j < m->n_gaps && !is_there; j++)
			is_there = strcmp(m->gaps[j].what, one->what) == 0 &&
				   strcmp(m->gaps[j].where, one->where) == 0 &&
				   strcmp(m->gaps[j].why, one->why) == 0;
		if (is_there)
			continue;
		slot = ARENA_PUSH(m->arena, m->gaps, m->n_gaps, m->gaps_capacity);
		if (!slot)
			return -ENOMEM;
		*slot = *one;
	}
	return 0;
}

/* Put what is kept, what the cheap look says of it, and the point looks together. */
static int put_together(struct kept *k, const struct live_snapshot *seen,
			const struct comparison *c, const struct live_snapshot *points,
			struct live_snapshot *out, struct live_socket **sockets)
{
	const struct live_snapshot *known[KEPT_PORTS_MOST + 1];
	struct merge m = {.arena = &k->arena};
	size_t n_known = 0;
	int r;

	for (size_t i = c->n_ports; i > 0; i--)
		known[n_known++] = &points[i - 1];
	known[n_known++] = &k->snapshot;
	r = merge_namespaces(&m, seen, known, n_known);
	if (r == 0)
		r = merge_sockets(&m, k, c, points);
	if (r == 0)
		r = merge_published(&m, k, c, points);
	for (size_t i = n_known; r == 0 && i > 0; i--) {
		r = add_containers(&m, known[i - 1]);
		if (r == 0)
			r = add_gaps(&m, known[i - 1]);
	}
	if (r == 0 && m.n_containers > 1)
		qsort(m.containers, m.n_containers, sizeof(*m.containers), live_container_compare);
	if (r < 0)
		return r;
	*out = k->snapshot;
	out->at = seen->at;
	out->namespaces = m.namespaces;
	out->n_namespaces = m.n_namespaces;
	out->sockets = m.sockets;
	out->n_sockets = m.n_sockets;
	out->published = m.published;
	out->n_published = m.n_published;
	out->containers = m.containers;
	out->n_containers = m.n_containers;
	out->gaps = m.gaps;
	out->n_gaps = m.n_gaps;
	*sockets = m.sockets;
	return 0;
}

/* --- whether it makes a difference ----------------------------------------------------------- */

static int compare_namespaces(const void *a, const void *b)
{
	return compare_numbers(((const struct live_namespace *)a)->id,
			       ((const struct live_namespace *)b)->id);
}

/*
 * The snapshot as text, but for what changes all the time and means nothing: times, queues, and
 * the order in which namespaces were met.
 */
static int describe(const struct live_snapshot *s, struct str *out)
{
	struct live_snapshot still = *s;
	struct arena arena;
	struct live_socket *sockets;
	struct live_namespace *namespaces;
	int r = -ENOMEM;

	arena_init(&arena);
	sockets = arena_grow(&arena, s->sockets, s->n_sockets, s->n_sockets, sizeof(*sockets));
	namespaces = arena_grow(&arena, s->namespaces, s->n_namespaces, s->n_namespaces,
				sizeof(*namespaces));
	if (sockets && namespaces) {
		if (s->n_namespaces > 1)
			qsort(namespaces, s->n_namespaces, sizeof(*namespaces), compare_namespaces);
		still.namespaces = namespaces;
		still.n_sockets = s->n_sockets;
		for (size_t i = 0; i < s->n_sockets; i++) {
			sockets[i].queued = 0;
			sockets[i].ns = bsearch(s->sockets[i].ns, namespaces, s->n_namespaces,
						sizeof(*namespaces), compare_namespaces);
		}
		still.at = 0;
		still.sockets = sockets;
		r = recording_write(&still, (struct recording_options){0}, out);
	}
	arena_fini(&arena);
	return r == -EFBIG ? 0 : r; /* what has come so far has to do */
}

/* Keep `s`; whether it says the same as before. */
static int take(struct kept *k, const struct live_snapshot *s, struct live_socket *sockets,
		bool has_moved)
{
	struct str text = {0};
	bool is_same;
	int r = describe(s, &text);

	if (r < 0 || text.has_failed) {
		str_fini(&text);
		return r < 0 ? r : -ENOMEM;
	}
	is_same = k->has_snapshot && text.length == k->text.length &&
		  memcmp(str_text(&text), str_text(&k->text), text.length) == 0;
	str_fini(&k->text);
	k->text = text;
	k->snapshot = *s;
	k->sockets = sockets;
	k->has_snapshot = true;
	return !is_same ? KEPT_CHANGED : has_moved ? KEPT_QUEUES : KEPT_SAME;
}

/* --- looks ----------------------------------------------------------------------------------- */

static bool have_queues_moved(const struct kept *k, const struct live_snapshot *s)
{
	for (size_t i = 0; i < s->n_sockets && i < k->snapshot.n_sockets; i++) {
		if (queue_stage(&s->sockets[i]) != queue_stage(&k->sockets[i]))
			return true;
	}
	return false;
}

/* What this process has spent: a busy machine is no reason to look less often. */
static int64_t processor_ms(void)
{
	struct timespec spent = {0};

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (int64_t)spent.tv_sec * 1000 + spent.tv_nsec / 1000000;
}

static int look_whole(struct kept *k, struct source *source, const struct live_request *request,
		      int64_t (*now_ms)(void))
{
	int64_t begun = processor_ms();
	struct live_socket *sockets;
	struct live_snapshot s;
	struct arena arena;
	bool has_moved;
	int r;

	arena_init(&arena);
	r = source_look(source, request, &arena, &s);
	sockets = r == 0 ? arena_grow(&arena, s.sockets, s.n_sockets, s.n_sockets,
				      sizeof(*sockets))
			 : NULL;
	if (r == 0 && !sockets)
		r = -ENOMEM;
	if (r != 0) {
		arena_fini(&arena);
		return r;
	}
	s.sockets = sockets;
	has_moved = k->has_snapshot && have_queues_moved(k, &s);
	r = take(k, &s, sockets, has_moved);
	if (r < 0) {
		arena_fini(&arena);
		return r;
	}
	arena_fini(&k->arena);
	k->arena = arena;
	k->whole_cost_ms = processor_ms() - begun;
	k->whole_due_ms = now_ms() + MAX_OF((int64_t)COLLECTOR_WHOLE_MS,
					    KEPT_WHOLE_FACTOR * k->whole_cost_ms);
	k->n_merges = 0;
	k->hopeless = (struct port_set){0};
	return r;
}

/* What was new and is still not there after a search will not be searched for each time. */
static void give_up(struct kept *k, const struct comparison *c)
{
	for (size_t i = 0; i < c->n_fresh; i++) {
		bool is_there = false;

		for (size_t j = 0; j < k->snapshot.n_sockets && !is_there; j++)
			is_there = compare_sockets(&k->sockets[j], c->fresh[i]) == 0;
		if (!is_there)
			port_set_add(&k->hopeless, c->fresh[i]->local_port);
	}
}

static int look_at_ports(struct kept *k, struct source *source, const struct live_request *request,
			 const struct live_snapshot *seen, const struct comparison *c,
			 int64_t (*now_ms)(void))
{
	struct live_snapshot points[KEPT_PORTS_MOST] = {{0}}, merged;
	struct live_socket *sockets;
	int64_t soon;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_ports; i++) {
		struct live_request one = *request;

		one.first_port = one.last_port = c->ports[i];
		r = source_look(source, &one, &k->arena, &points[i]);
	}
	if (r == 0)
		r = put_together(k, seen, c, points, &merged, &sockets);
	if (r == 0)
		r = take(k, &merged, sockets, c->has_moved);
	if (r < 0)
		return r;
	give_up(k, c);
	k->n_merges++;
	soon = now_ms() + MAX_OF((int64_t)KEPT_SOON_MS, KEPT_SOON_FACTOR * k->whole_cost_ms);
	k->whole_due_ms = MIN_OF(k->whole_due_ms, soon);
	return r;
}

static bool has_namespace(const struct live_snapshot *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_namespaces; i++) {
		if (s->namespaces[i].id == id)
			return true;
	}
	return false;
}

/* They come in the order in which they were met. */
static bool have_namespaces_changed(const struct kept *k, const struct live_snapshot *seen)
{
	for (size_t i = 0; i < seen->n_namespaces; i++) {
		if (!has_namespace(&k->snapshot, seen->namespaces[i].id))
			return true;
	}
	return seen->n_namespaces != k->snapshot.n_namespaces;
}

static int look_cheaply(struct kept *k, struct source *source, const struct live_request *request,
			struct arena *arena, int64_t (*now_ms)(void))
{
	struct comparison c = {.arena = arena};
	struct live_request only = *request;
	struct live_snapshot seen;
	int r;

	only.want_only_sockets = true;
	r = source_look(source, &only, arena, &seen);
	if (r == 0)
		r = compare(k, &seen, request, &c);
	if (r != 0)
		return r;
	if (k->n_looks++ % KEPT_ALIVE_EVERY == 0)
		find_dead(k, source, &c);
	if (c.has_many || seen.could_look != k->snapshot.could_look)
		return look_whole(k, source, request, now_ms);
	if (c.has_gone || c.has_new || have_namespaces_changed(k, &seen))
		return look_at_ports(k, source, request, &seen, &c, now_ms);
	k->snapshot.at = seen.at;
	return c.has_moved ? KEPT_QUEUES : KEPT_SAME;
}

int kept_look(struct kept *k, struct source *source, const struct live_request *request,
	      int64_t (*now_ms)(void))
{
	struct arena arena;
	int r;

	if (!k->has_snapshot || now_ms() >= k->whole_due_ms || k->n_merges >= KEPT_MERGES_MOST)
		return look_whole(k, source, request, now_ms);
	arena_init(&arena);
	r = look_cheaply(k, source, request, &arena, now_ms);
	arena_fini(&arena);
	return r;
}
