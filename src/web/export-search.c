/*
 * The search index of a static atlas: lists that the script search.js reads one after the other.
 *
 *     search/index.json   {"schema":"berth.search/1","shards":9}
 *     search/N.json       [[FIRST,LAST,"tcp udp","NAME","DESCRIPTION"],...]
 *
 * A row of the registry an entry, rows that differ in their protocol only being one; then the known
 * uses. Names without a port have -1. A list has at most SHARD_MOST bytes and one entry.
 */
#include "web/export-parts.h"

#include "registry/known-uses.h"
#include "registry/registry.h"
#include "render/writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SHARD_MOST = 128 * 1024 };

/* The list that is being filled. */
struct shard {
	struct export *e;
	int directory;
	unsigned int n; /* lists that are complete */
	struct str text;
	struct writer_json json;
};

/* Rows of one name and place. */
struct entry {
	int32_t first, last;
	transport_set protocols;
	const char *name, *description;
};

static void begin_list(struct shard *s)
{
	str_clear(&s->text);
	writer_json_init(&s->json, &s->text, false);
	s->json.base.ops->begin_list(&s->json.base);
}

static int end_list(struct shard *s)
{
	char name[24];

	s->json.base.ops->end_list(&s->json.base);
	snprintf(name, sizeof(name), "%u.json", s->n++);
	return export_put(s->e, s->directory, name, &s->text);
}

static int add(struct shard *s, const struct entry *entry)
{
	struct writer *w = &s->json.base;
	char protocols[64] = "";
	size_t n = 0;

	for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
		if (entry->protocols & TRANSPORT_BIT(t))
			n += (size_t)snprintf(protocols + n, sizeof(protocols) - n, "%s%s",
					      n > 0 ? " " : "", transport_name((enum transport)t));
	}
	w->ops->begin_list(w);
	w->ops->number(w, entry->first);
	w->ops->number(w, entry->last);
	w->ops->text(w, protocols);
	w->ops->text(w, entry->name);
	w->ops->text(w, entry->description ? entry->description : "");
	w->ops->end_list(w);
	if (s->text.length >= SHARD_MOST) {
		int r = end_list(s);

		begin_list(s);
		return r;
	}
	return 0;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same(const struct entry *a, const struct entry *b)
{
	return a->first == b->first && a->last == b->last && strcmp(a->name, b->name) == 0 &&
	       is_same_text(a->description, b->description);
}

static int add_rows(struct shard *s, const struct registry *reg)
{
	struct entry held = {.name = NULL};
	struct registry_row row;
	int r = 0;

	for (uint32_t i = 0; r == 0 && registry_row(reg, i, &row) == 0; i++) {
		struct entry entry = {row.has_ports ? row.first : -1, row.has_ports ? row.last : -1,
				      row.has_protocol ? TRANSPORT_BIT(row.protocol) : 0, row.name,
				      row.description};

		if (!row.name)
			continue;
		if (held.name && is_same(&held, &entry)) {
			held.protocols |= entry.protocols;
			continue;
		}
		if (held.name)
			r = add(s, &held);
		held = entry;
	}
	return r == 0 && held.name ? add(s, &held) : r;
}

static int add_uses(struct shard *s, const struct registry *reg)
{
	struct known_use use;
	int r = 0;

	for (uint32_t i = 0; r == 0 && known_use_get(reg, i, &use) == 0; i++) {
		struct entry entry = {use.first, use.last, TRANSPORT_BIT(use.protocol),
				      use.software, use.purpose};

		r = entry.name ? add(s, &entry) : 0;
	}
	return r;
}

static int write_index(struct shard *s)
{
	struct writer *w = &s->json.base;

	str_clear(&s->text);
	writer_json_init(&s->json, &s->text, false);
	w->ops->begin_object(w);
	w->ops->key(w, "schema");
	w->ops->text(w, "berth.search/1");
	w->ops->key(w, "shards");
	w->ops->number(w, s->n);
	w->ops->end_object(w);
	return export_put(s->e, s->directory, "index.json", &s->text);
}

int export_search(struct export *e, int directory)
{
	struct shard s = {.e = e, .directory = directory};
	int r;

	begin_list(&s);
	r = add_rows(&s, e->request->registry);
	if (r == 0)
		r = add_uses(&s, e->request->registry);
	if (r == 0)
		r = end_list(&s);
	if (r == 0)
		r = write_index(&s);
	str_fini(&s.text);
	return r;
}
