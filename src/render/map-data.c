/* The map for its script: what changes, and what is to be said of the cells of a row. */
#include "render/map.h"

#include "ledger/claims.h"
#include "registry/known-uses.h"
#include "registry/registry.h"
#include "render/writer.h"

#include <errno.h>
#include <string.h>

static void begin(struct writer *w, const char *schema)
{
	w->ops->begin_object(w);
	w->ops->key(w, "schema");
	w->ops->text(w, schema);
}

static void write_layer(struct writer *w, const struct map *map, enum map_flag flag)
{
	uint32_t cursor = 0;
	struct live_span run;

	w->ops->key(w, map_flag_name(flag));
	w->ops->begin_list(w);
	while (map_next_run(map, flag, &cursor, &run)) {
		w->ops->number(w, run.first);
		w->ops->number(w, run.last);
	}
	w->ops->end_list(w);
}

int map_write_layers(const struct map *map, struct str *out)
{
	static const enum map_flag changing[] = {MAP_CLAIMED,	MAP_EPHEMERAL, MAP_KEPT,
						 MAP_LISTENING, MAP_EXPOSED,   MAP_CONFLICT};
	struct writer_json json;
	struct writer *w = &json.base;

	writer_json_init(&json, out, false);
	begin(w, "berth.map/1");
	w->ops->key(w, "checked_at");
	if (map->could_look)
		w->ops->time(w, map->at);
	else
		w->ops->null(w);
	w->ops->key(w, "could_look");
	w->ops->boolean(w, map->could_look);
	w->ops->key(w, "layers");
	w->ops->begin_object(w);
	for (size_t i = 0; i < sizeof(changing) / sizeof(*changing); i++)
		write_layer(w, map, changing[i]);
	w->ops->end_object(w);
	w->ops->end_object(w);
	return out->has_failed ? -ENOMEM : 0;
}

/* A list of words, each once. */
struct words {
	const char *items[16];
	size_t n;
};

static void add_word(struct words *words, const char *word)
{
	for (size_t i = 0; word && i < words->n; i++) {
		if (strcmp(words->items[i], word) == 0)
			return;
	}
	if (word && words->n < sizeof(words->items) / sizeof(*words->items))
		words->items[words->n++] = word;
}

static void write_words(struct writer *w, const char *key, const struct words *words)
{
	w->ops->key(w, key);
	w->ops->begin_list(w);
	for (size_t i = 0; i < words->n; i++)
		w->ops->text(w, words->items[i]);
	w->ops->end_list(w);
}

static void add_names(const struct registry *reg, uint16_t port, struct words *out)
{
	for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
		struct registry_rows rows = registry_lookup(reg, port, (enum transport)t);
		struct registry_row row;

		for (uint32_t i = 0; i < rows.n; i++) {
			if (registry_row(reg, rows.ids[i], &row) == 0 && row.name)
				add_word(out, row.name);
		}
	}
}

static void add_uses(const struct registry *reg, uint16_t port, struct words *out)
{
	for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
		struct known_use use;
		uint32_t cursor = 0;

		while (known_use_next(reg, port, (enum transport)t, &cursor, &use, NULL))
			add_word(out, use.software);
	}
}

static void add_claims(const struct answer_sources *from, uint16_t port, struct words *out)
{
	const struct claim *one;
	size_t cursor = 0;

	while (from->claims && (one = claims_next(from->claims, port, &cursor))) {
		if (claim_state(one, from->today) != CLAIM_EXPIRED)
			add_word(out, one->name);
	}
}

static void add_residents(const struct answer_here *here, uint16_t port, struct words *out)
{
	for (size_t i = 0; here && i < here->n_listeners; i++) {
		const struct answer_listener *l = &here->listeners[i];
		const struct answer_owner *owner = answer_main_owner(l);

		if (l->port == port && l->is_here && strcmp(l->role, "listener") == 0 && owner)
			add_word(out, owner->label ? owner->label : owner->program);
	}
	for (size_t i = 0; here && i < here->n_published; i++) {
		const struct answer_published *p = &here->published[i];

		if (p->ports.first <= port && port <= p->ports.last)
			add_word(out, p->container ? p->container : p->by);
	}
}

static void write_flags(struct writer *w, uint16_t cell)
{
	w->ops->key(w, "is");
	w->ops->begin_list(w);
	for (unsigned int flag = 0; flag < N_MAP_FLAGS; flag++) {
		if (cell & MAP_BIT(flag))
			w->ops->text(w, map_flag_name((enum map_flag)flag));
	}
	w->ops->end_list(w);
}

static void write_port(struct writer *w, const struct answer_sources *from,
		       const struct answer_here *here, uint16_t port, uint16_t cell)
{
	struct words names = {.n = 0}, uses = {.n = 0}, claims = {.n = 0}, residents = {.n = 0};

	add_names(from->registry, port, &names);
	add_uses(from->registry, port, &uses);
	add_claims(from, port, &claims);
	if (cell & MAP_BIT(MAP_LISTENING))
		add_residents(here, port, &residents);
	w->ops->begin_object(w);
	w->ops->key(w, "port");
	w->ops->number(w, port);
	write_flags(w, cell);
	write_words(w, "names", &names);
	write_words(w, "uses", &uses);
	write_words(w, "claims", &claims);
	write_words(w, "here", &residents);
	w->ops->end_object(w);
}

int map_write_row(const struct answer_sources *from, const struct map *map, unsigned int row,
		  struct arena *arena, struct str *out)
{
	const uint16_t unsaid = MAP_BIT(MAP_EPHEMERAL) | MAP_BIT(MAP_KEPT);
	const struct answer_here *here = map->could_look ? answer_here(from, arena) : NULL;
	struct writer_json json;
	struct writer *w = &json.base;

	if (map->could_look && !here)
		return -ENOMEM;
	if (row >= MAP_SIDE)
		return -EINVAL;
	writer_json_init(&json, out, false);
	begin(w, "berth.map-row/1");
	w->ops->key(w, "row");
	w->ops->number(w, row);
	w->ops->key(w, "ports");
	w->ops->begin_list(w);
	for (uint32_t port = row * MAP_SIDE, end = port + MAP_SIDE; port < end; port++) {
		if (map->cells[port] & ~unsaid)
			write_port(w, from, here, (uint16_t)port, map->cells[port]);
	}
	w->ops->end_list(w);
	w->ops->end_object(w);
	return out->has_failed ? -ENOMEM : 0;
}
