#include "answer/match.h"

#include "answer/answer-parts.h"
#include "answer/identify.h"
#include "base/str.h"
#include "ledger/claims.h"
#include "registry/registry.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_ID = 4 /* characters of a container id that are taken for it */ };

/* Matches under construction. */
struct finder {
	const struct answer_sources *from;
	const struct query *q;
	struct arena *arena;
	struct match *items;
	size_t n, capacity;
	bool has_failed;
};

static bool wants(const struct finder *f, enum query_kind kind)
{
	return f->q->kind == kind || f->q->kind == QUERY_WORD;
}

static void add(struct finder *f, uint16_t port, const char *kind, const char *value)
{
	struct match *slot;

	for (size_t i = 0; i < f->n; i++) {
		if (f->items[i].port == port && strcmp(f->items[i].why.kind, kind) == 0)
			return;
	}
	slot = ARENA_PUSH(f->arena, f->items, f->n, f->capacity);
	if (!slot) {
		f->has_failed = true;
		return;
	}
	*slot = (struct match){port, {kind, value}};
}

static void add_service(struct finder *f, struct matches *out)
{
	struct registry_rows rows = registry_by_name(f->from->registry, f->q->word);

	for (uint32_t i = 0; i < rows.n; i++) {
		struct registry_row row;

		if (registry_row(f->from->registry, rows.ids[i], &row) < 0)
			continue;
		if (!row.has_ports) {
			out->has_portless = true;
			out->portless = row.description;
			continue;
		}
		for (uint32_t port = row.first; port <= row.last; port++)
			add(f, (uint16_t)port, "service", row.name);
	}
}

/* Claims that are over lead nowhere. */
static void add_claims(struct finder *f)
{
	const struct claim *one;
	size_t cursor = 0;

	while (f->from->claims &&
	       (one = claims_next_named(f->from->claims, f->q->word, &cursor)) != NULL) {
		if (claim_state(one, f->from->today) == CLAIM_EXPIRED)
			continue;
		for (uint32_t port = one->first; port <= one->last; port++)
			add(f, (uint16_t)port, "claim", one->name);
	}
}

static bool is_program(const struct finder *f, const struct live_process *p)
{
	const char *const *names = identify_process(p, f->arena);

	if (p->program && strcmp(p->program, f->q->word) == 0)
		return true;
	for (; names && *names; names++) {
		if (strcmp(*names, f->q->word) == 0)
			return true;
	}
	return false;
}

static bool is_unit(const struct finder *f, const char *unit)
{
	size_t n = strlen(f->q->word);

	return unit && strncmp(unit, f->q->word, n) == 0 &&
	       (!unit[n] || strcmp(unit + n, ".service") == 0);
}

/* What a container is called by which the word names it: by its name, or by its id. */
static bool is_container(const struct finder *f, const char *id)
{
	const struct live_container *c = live_snapshot_container(f->from->live, id);
	size_t n = strlen(f->q->word);

	return id && (strcmp(id, f->q->word) == 0 ||
		      (c && c->name && strcmp(c->name, f->q->word) == 0) ||
		      (n >= LEAST_ID && strncmp(id, f->q->word, n) == 0));
}

static void add_container(struct finder *f, uint16_t port, const char *id)
{
	if (wants(f, QUERY_CONTAINER) && is_container(f, id))
		add(f, port, "container", answer_container(f->from, id, f->arena));
}

static void add_process(struct finder *f, const struct live_socket *s, const struct live_process *p)
{
	if (f->q->kind == QUERY_PID && p->pid == f->q->pid)
		add(f, s->local_port, "pid", p->program ? p->program : "?");
	if (wants(f, QUERY_PROGRAM) && is_program(f, p))
		add(f, s->local_port, "program", f->q->word);
	if (wants(f, QUERY_UNIT) && is_unit(f, p->unit))
		add(f, s->local_port, "unit", p->unit);
	add_container(f, s->local_port, p->container);
}

/* The kernel's driver is a program, too: "vxlan" or all of "vxlan vx0". */
static bool is_driver(const struct finder *f, const char *kernel)
{
	size_t n = strlen(f->q->word);

	return kernel && strncmp(kernel, f->q->word, n) == 0 && (!kernel[n] || kernel[n] == ' ');
}

static void add_socket(struct finder *f, const struct live_socket *s)
{
	if (wants(f, QUERY_UNIT) && is_unit(f, s->unit))
		add(f, s->local_port, "unit", s->unit);
	if (wants(f, QUERY_UNIT) && is_unit(f, s->activates))
		add(f, s->local_port, "unit", s->activates);
	add_container(f, s->local_port, s->container);
	add_container(f, s->local_port, s->ns->container);
	if (wants(f, QUERY_CONTAINER) && !s->ns->is_here && is_container(f, s->ns->name))
		add(f, s->local_port, "container", s->ns->name);
	for (size_t i = 0; i < s->n_owners; i++) {
		if (s->owners[i].process)
			add_process(f, s, s->owners[i].process);
		else if (wants(f, QUERY_PROGRAM) && is_driver(f, s->owners[i].kernel))
			add(f, s->local_port, "program", s->owners[i].kernel);
	}
}

static int compare(const void *pa, const void *pb)
{
	const struct match *a = pa, *b = pb;

	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return strcmp(a->why.kind, b->why.kind);
}

bool match_query(const struct answer_sources *from, const struct query *q, struct matches *out,
		 struct arena *arena)
{
	struct finder f = {.from = from, .q = q, .arena = arena};

	*out = (struct matches){0};
	if (wants(&f, QUERY_SERVICE))
		add_service(&f, out);
	if (q->kind == QUERY_WORD)
		add_claims(&f);
	for (size_t i = 0; i < from->live->n_sockets; i++) {
		if (from->live->sockets[i].state == LIVE_LISTENER)
			add_socket(&f, &from->live->sockets[i]);
	}
	for (size_t i = 0; i < from->live->n_published; i++)
		add_container(&f, from->live->published[i].ports.first,
			      from->live->published[i].container);
	if (f.n > 0)
		qsort(f.items, f.n, sizeof(*f.items), compare);
	out->items = f.items;
	out->n = f.n;
	return !f.has_failed && !arena_failed(arena);
}

const struct answer_match *match_of_port(const struct matches *m, uint16_t port, size_t *n,
					 struct arena *arena)
{
	struct answer_match *found = arena_calloc(arena, m->n, sizeof(*found));

	*n = 0;
	for (size_t i = 0; found && i < m->n; i++) {
		if (m->items[i].port == port)
			found[(*n)++] = m->items[i].why;
	}
	return found;
}
