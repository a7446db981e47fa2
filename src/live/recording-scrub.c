#include "live/recording.h"

#include "base/lang.h"
#include "live/scrub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The gap that says what a scrubbed recording does not hold. */
static const struct live_gap scrubbed_gap = {
	.what = "details",
	.where = N_("this recording"),
	.why = N_(
		"arguments, working directories and private names were left out when it was made"),
};

/* A process of the snapshot and its scrubbed copy. */
struct copied_process {
	const struct live_process *from;
	struct live_process *to;
};

struct copy {
	struct scrub scrub;
	struct copied_process *processes; /* sorted by `from`, unique */
	size_t n_processes;
};

static int compare_copied(const void *pa, const void *pb)
{
	uintptr_t a = (uintptr_t)((const struct copied_process *)pa)->from;
	uintptr_t b = (uintptr_t)((const struct copied_process *)pb)->from;

	return (a > b) - (a < b);
}

static void learn(struct scrub *scrub, const struct live_snapshot *s)
{
	for (size_t i = 0; i < s->n_sockets; i++) {
		const struct live_socket *socket = &s->sockets[i];

		scrub_learn_address(scrub, &socket->local);
		if (socket->has_remote)
			scrub_learn_address(scrub, &socket->remote);
		if (socket->has_uid)
			scrub_learn_user(scrub, socket->uid, socket->user);
		for (size_t j = 0; j < socket->n_owners; j++) {
			const struct live_process *p = socket->owners[j].process;

			if (!p)
				continue;
			scrub_learn_user(scrub, p->uid, p->user);
			scrub_learn_text(scrub, p->unit);
			scrub_learn_text(scrub, p->container);
		}
		scrub_learn_text(scrub, socket->activates);
		scrub_learn_text(scrub, socket->unit);
		scrub_learn_text(scrub, socket->container);
		scrub_learn_text(scrub, socket->interface);
	}
	for (size_t i = 0; i < s->n_namespaces; i++) {
		scrub_learn_text(scrub, s->namespaces[i].name);
		scrub_learn_text(scrub, s->namespaces[i].container);
	}
	for (size_t i = 0; i < s->n_published; i++) {
		const struct live_published *p = &s->published[i];

		if (p->has_address)
			scrub_learn_address(scrub, &p->address);
		if (p->has_to)
			scrub_learn_address(scrub, &p->to);
		scrub_learn_text(scrub, p->container);
		scrub_learn_text(scrub, p->note);
	}
	for (size_t i = 0; i < s->n_containers; i++) {
		scrub_learn_text(scrub, s->containers[i].id);
		scrub_learn_text(scrub, s->containers[i].name);
	}
	for (size_t i = 0; i < s->n_gaps; i++) {
		scrub_learn_text(scrub, s->gaps[i].what);
		scrub_learn_text(scrub, s->gaps[i].where);
		scrub_learn_text(scrub, s->gaps[i].why);
		scrub_learn_text(scrub, s->gaps[i].fix);
	}
	scrub_settle(scrub);
}

/* The base name of argv[0], without what servers write behind it. */
static const char *scrub_program_word(const struct scrub *scrub, const char *argv0,
				      const char *program, bool *is_cut)
{
	size_t end = 0, start, n;
	char *word;

	while ((unsigned char)argv0[end] > ' ' && argv0[end] != 0x7f)
		end++;
	for (start = end; start > 0 && argv0[start - 1] != '/';)
		start--;
	n = MIN_OF(strcspn(argv0 + start, ":@=,;"), end - start);
	*is_cut = *is_cut || argv0[start + n];
	word = arena_strndup(scrub->arena, argv0 + start, n);
	if (!word || (program && strcmp(word, program) == 0))
		return word;
	return scrub_text(scrub, word);
}

/* Of a command only its program's name; `*is_cut` when there was more. */
static const char *const *scrub_command(const struct scrub *scrub, const char *const *from,
					const char *program, bool *is_cut)
{
	const char **to;

	if (!from || !from[0])
		return from;
	to = arena_calloc(scrub->arena, 2, sizeof(*to));
	if (!to)
		return NULL;
	*is_cut = *is_cut || from[1];
	to[0] = scrub_program_word(scrub, from[0], program, is_cut);
	return to;
}

static struct live_process *scrub_process(const struct scrub *scrub,
					  const struct live_process *from)
{
	struct live_process *p = arena_alloc(scrub->arena, sizeof(*p));

	if (!p)
		return NULL;
	*p = *from;
	p->path = scrub_path(scrub, from->path);
	p->command = scrub_command(scrub, from->command, p->program, &p->is_command_cut);
	p->directory = NULL;
	p->user = scrub_user(scrub, from->uid, from->user);
	p->unit = scrub_text(scrub, from->unit);
	p->container = scrub_container(scrub, from->container);
	/* Of another user nothing tells whether the name is one that may be shown. */
	p->login = from->login && from->user && strcmp(from->login, from->user) == 0 ? p->user
										     : NULL;
	return p;
}

static int copy_processes(struct copy *c, const struct live_snapshot *s)
{
	size_t n = 0, n_kept = 0;

	for (size_t i = 0; i < s->n_sockets; i++)
		n += s->sockets[i].n_owners;
	c->processes = arena_calloc(c->scrub.arena, n, sizeof(*c->processes));
	if (!c->processes)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < s->n_sockets; i++) {
		for (size_t j = 0; j < s->sockets[i].n_owners; j++) {
			if (s->sockets[i].owners[j].process)
				c->processes[n++].from = s->sockets[i].owners[j].process;
		}
	}
	qsort(c->processes, n, sizeof(*c->processes), compare_copied);
	for (size_t i = 0; i < n; i++) {
		if (n_kept > 0 && c->processes[n_kept - 1].from == c->processes[i].from)
			continue;
		c->processes[n_kept].from = c->processes[i].from;
		c->processes[n_kept].to = scrub_process(&c->scrub, c->processes[i].from);
		n_kept++;
	}
	c->n_processes = n_kept;
	return 0;
}

static void scrub_owners(const struct copy *c, struct live_socket *s)
{
	struct live_owner *owners = arena_calloc(c->scrub.arena, s->n_owners, sizeof(*owners));

	for (size_t i = 0; owners && i < s->n_owners; i++) {
		const struct copied_process key = {.from = s->owners[i].process}, *found;

		owners[i] = s->owners[i];
		owners[i].kernel = scrub_text(&c->scrub, s->owners[i].kernel);
		if (!key.from)
			continue;
		found = bsearch(&key, c->processes, c->n_processes, sizeof(key), compare_copied);
		owners[i].process = found ? found->to : NULL;
	}
	s->owners = owners;
}

static void scrub_socket(const struct copy *c, struct live_socket *s)
{
	bool is_cut = false;

	s->local = scrub_address(&c->scrub, &s->local);
	if (s->has_remote)
		s->remote = scrub_address(&c->scrub, &s->remote);
	s->interface = scrub_text(&c->scrub, s->interface);
	s->user = s->has_uid ? scrub_user(&c->scrub, s->uid, s->user) : NULL;
	s->unit = scrub_text(&c->scrub, s->unit);
	s->container = scrub_container(&c->scrub, s->container);
	s->activates = scrub_text(&c->scrub, s->activates);
	s->starts = scrub_command(&c->scrub, s->starts, NULL, &is_cut);
	scrub_owners(c, s);
}

/* The copy of a socket's namespace. */
static const struct live_namespace *find_copy(const struct live_snapshot *s,
					      const struct live_namespace *copies,
					      const struct live_namespace *ns)
{
	for (size_t i = 0; i < s->n_namespaces; i++) {
		if (s->namespaces[i].id == ns->id)
			return &copies[i];
	}
	return NULL;
}

static int copy_sockets(const struct copy *c, const struct live_snapshot *s,
			const struct live_namespace *namespaces, struct live_snapshot *out)
{
	struct live_socket *sockets;

	sockets = arena_calloc(c->scrub.arena, s->n_sockets, sizeof(*sockets));
	if (!sockets)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_sockets; i++) {
		sockets[i] = s->sockets[i];
		sockets[i].ns = find_copy(s, namespaces, s->sockets[i].ns);
		if (!sockets[i].ns)
			return -EINVAL;
		scrub_socket(c, &sockets[i]);
	}
	if (s->n_sockets > 1)
		qsort(sockets, s->n_sockets, sizeof(*sockets), live_socket_compare);
	out->sockets = sockets;
	return 0;
}

static struct live_namespace *copy_namespaces(const struct scrub *scrub,
					      const struct live_snapshot *s)
{
	struct live_namespace *copies;

	copies = arena_calloc(scrub->arena, s->n_namespaces, sizeof(*copies));
	for (size_t i = 0; copies && i < s->n_namespaces; i++) {
		copies[i] = s->namespaces[i];
		copies[i].name = scrub_text(scrub, copies[i].name);
		copies[i].container = scrub_container(scrub, copies[i].container);
	}
	return copies;
}

static struct live_published *copy_published(const struct scrub *scrub,
					     const struct live_snapshot *s)
{
	struct live_published *copies;

	copies = arena_calloc(scrub->arena, s->n_published, sizeof(*copies));
	for (size_t i = 0; copies && i < s->n_published; i++) {
		struct live_published *p = &copies[i];

		*p = s->published[i];
		if (p->has_address)
			p->address = scrub_address(scrub, &p->address);
		if (p->has_to)
			p->to = scrub_address(scrub, &p->to);
		p->to_name = NULL; /* it came from arguments, as some notes do */
		p->note = strcmp(p->by, "nftables") == 0 || strcmp(p->by, "iptables-nft") == 0
				  ? scrub_text(scrub, p->note) : NULL;
		p->container = scrub_container(scrub, p->container);
	}
	if (copies && s->n_published > 1)
		qsort(copies, s->n_published, sizeof(*copies), live_published_compare);
	return copies;
}

/* The last part of an image's name: registries and paths before it say where somebody works. */
static const char *scrub_image(const struct scrub *scrub, const char *image)
{
	const char *slash = image ? strrchr(image, '/') : NULL;

	return scrub_text(scrub, slash ? slash + 1 : image);
}

static struct live_container *copy_containers(const struct scrub *scrub,
					      const struct live_snapshot *s)
{
	struct live_container *copies;

	copies = arena_calloc(scrub->arena, s->n_containers, sizeof(*copies));
	for (size_t i = 0; copies && i < s->n_containers; i++) {
		copies[i] = s->containers[i];
		copies[i].id = scrub_container(scrub, copies[i].id);
		copies[i].name = scrub_text(scrub, copies[i].name);
		copies[i].image = scrub_image(scrub, copies[i].image);
	}
	return copies;
}

/* Ids that are the same now are one container. */
static size_t unify_containers(struct live_container *containers, size_t n)
{
	size_t n_kept = 0;

	if (n > 1)
		qsort(containers, n, sizeof(*containers), live_container_compare);
	for (size_t i = 0; i < n; i++) {
		if (n_kept == 0 || strcmp(containers[n_kept - 1].id, containers[i].id) != 0)
			containers[n_kept++] = containers[i];
	}
	return n_kept;
}

static struct live_gap *copy_gaps(const struct scrub *scrub, const struct live_snapshot *s)
{
	struct live_gap *copies = arena_calloc(scrub->arena, s->n_gaps + 1, sizeof(*copies));

	for (size_t i = 0; copies && i < s->n_gaps; i++) {
		copies[i] = s->gaps[i];
		copies[i].what = scrub_text(scrub, copies[i].what);
		copies[i].where = scrub_text(scrub, copies[i].where);
		copies[i].why = scrub_text(scrub, copies[i].why);
		copies[i].fix = scrub_text(scrub, copies[i].fix);
	}
	if (copies)
		copies[s->n_gaps] = scrubbed_gap;
	return copies;
}

int recording_scrub(const struct live_snapshot *s, struct arena *arena, struct live_snapshot *out)
{
	struct copy c = {.scrub = {.arena = arena, .system = s->system}};
	struct live_snapshot copied = *s;
	struct live_namespace *namespaces;
	struct live_container *containers;
	int r;

	learn(&c.scrub, s);
	namespaces = copy_namespaces(&c.scrub, s);
	copied.namespaces = namespaces;
	copied.published = copy_published(&c.scrub, s);
	containers = copy_containers(&c.scrub, s);
	copied.containers = containers;
	copied.gaps = copy_gaps(&c.scrub, s);
	copied.n_gaps = s->n_gaps + 1;
	if (!namespaces || !copied.published || !containers || !copied.gaps ||
	    arena_failed(arena))
		return -ENOMEM;
	copied.n_containers = unify_containers(containers, s->n_containers);
	r = copy_processes(&c, s);
	if (r == 0)
		r = copy_sockets(&c, s, namespaces, &copied);
	if (r == 0 && arena_failed(arena))
		r = -ENOMEM;
	if (r == 0)
		*out = copied;
	return r;
}
