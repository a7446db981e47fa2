/* The store in memory: the reference. A transaction works on a copy that takes the place of the
 * original when it is committed. */
#include "ledger/store.h"

#include "base/arena.h"

#include <errno.h>
#include <stdlib.h>

/* All that is stored, with everything it points to. */
struct content {
	struct arena arena;
	struct kept {
		int64_t id;
		struct claim claim;
	} *claims;
	size_t n, capacity;
	struct ledger_entry *entries;
	size_t n_entries, entry_capacity;
	int64_t last_id;
	struct store_state state;
};

struct memory {
	struct store store; /* first */
	struct content kept, draft;
	bool is_open, is_changed;
};

static struct claim copy_claim(struct arena *arena, const struct claim *c)
{
	struct claim copy = *c;

	copy.name = arena_strdup(arena, c->name);
	copy.owner = arena_strdup(arena, c->owner);
	copy.scope = arena_strdup(arena, c->scope);
	copy.since = arena_strdup(arena, c->since);
	copy.until = arena_strdup(arena, c->until);
	copy.program = arena_strdup(arena, c->program);
	copy.reason = arena_strdup(arena, c->reason);
	copy.source = "ledger";
	copy.level = CLAIM_LEVEL_LEDGER;
	return copy;
}

static int add_claim(struct content *c, int64_t id, const struct claim *claim)
{
	struct kept *slot = ARENA_PUSH(&c->arena, c->claims, c->n, c->capacity);

	if (slot)
		*slot = (struct kept){id, copy_claim(&c->arena, claim)};
	return arena_failed(&c->arena) ? -ENOMEM : 0;
}

static int add_entry(struct content *c, int64_t number, const struct ledger_entry *entry)
{
	struct ledger_entry *slot =
		ARENA_PUSH(&c->arena, c->entries, c->n_entries, c->entry_capacity);

	if (slot) {
		*slot = *entry;
		slot->number = number;
		slot->user = arena_strdup(&c->arena, entry->user);
		slot->action = arena_strdup(&c->arena, entry->action);
		slot->name = arena_strdup(&c->arena, entry->name);
		slot->ports = arena_strdup(&c->arena, entry->ports);
		slot->detail = arena_strdup(&c->arena, entry->detail);
	}
	return arena_failed(&c->arena) ? -ENOMEM : 0;
}

static int copy_content(struct content *to, const struct content *from)
{
	int r = 0;

	*to = (struct content){.last_id = from->last_id, .state = from->state};
	arena_init(&to->arena);
	for (size_t i = 0; r == 0 && i < from->n; i++)
		r = add_claim(to, from->claims[i].id, &from->claims[i].claim);
	for (size_t i = 0; r == 0 && i < from->n_entries; i++)
		r = add_entry(to, from->entries[i].number, &from->entries[i]);
	if (r < 0)
		arena_fini(&to->arena);
	return r;
}

static int begin(struct store *s)
{
	struct memory *m = (struct memory *)s;
	int r = m->is_open ? -EINVAL : copy_content(&m->draft, &m->kept);

	m->is_open = m->is_open || r == 0;
	m->is_changed = false;
	return r;
}

static int commit(struct store *s)
{
	struct memory *m = (struct memory *)s;

	if (!m->is_open)
		return -EINVAL;
	arena_fini(&m->kept.arena);
	m->kept = m->draft;
	m->kept.state.generation += m->is_changed;
	m->is_open = false;
	return 0;
}

static void rollback(struct store *s)
{
	struct memory *m = (struct memory *)s;

	if (m->is_open)
		arena_fini(&m->draft.arena);
	m->is_open = false;
}

static int state(struct store *s, struct store_state *out)
{
	struct memory *m = (struct memory *)s;

	if (!m->is_open)
		return -EINVAL;
	*out = m->draft.state;
	out->generation += m->is_changed;
	return 0;
}

static int each(struct store *s, store_visit *visit, void *context)
{
	struct memory *m = (struct memory *)s;
	int r = m->is_open ? 0 : -EINVAL;

	for (size_t i = 0; r == 0 && i < m->draft.n; i++)
		r = visit(context, m->draft.claims[i].id, &m->draft.claims[i].claim);
	return r;
}

static int insert(struct store *s, const struct claim *claim, int64_t *id)
{
	struct memory *m = (struct memory *)s;
	int r;

	if (!m->is_open || !claim->name || !*claim->name || !claim->since ||
	    !claim_date_is_good(claim->since) ||
	    (claim->until && !claim_date_is_good(claim->until)) || claim->first > claim->last ||
	    claim->protocols == 0 || claim->protocols >= TRANSPORT_BIT(TRANSPORT_UDPLITE))
		return -EINVAL;
	r = add_claim(&m->draft, m->draft.last_id + 1, claim);
	if (r < 0)
		return r;
	*id = ++m->draft.last_id;
	m->is_changed = true;
	return 0;
}

static int drop(struct store *s, int64_t id)
{
	struct memory *m = (struct memory *)s;
	struct content *c = &m->draft;

	if (!m->is_open)
		return -EINVAL;
	for (size_t i = 0; i < c->n; i++) {
		if (c->claims[i].id != id)
			continue;
		for (c->n--; i < c->n; i++)
			c->claims[i] = c->claims[i + 1];
		m->is_changed = true;
		return 0;
	}
	return -ENOENT;
}

static int log_entry(struct store *s, const struct ledger_entry *entry)
{
	struct memory *m = (struct memory *)s;

	if (!m->is_open || !entry->user || !entry->action || !entry->name || !entry->ports)
		return -EINVAL;
	m->is_changed = true;
	return add_entry(&m->draft, (int64_t)m->draft.n_entries + 1, entry);
}

static int each_entry(struct store *s, int64_t most, store_visit_entry *visit, void *context)
{
	struct memory *m = (struct memory *)s;
	size_t n = m->draft.n_entries, first = 0;
	int r = m->is_open && most >= 0 ? 0 : -EINVAL;

	if ((uint64_t)most < n)
		first = n - (size_t)most;
	for (size_t i = first; r == 0 && i < n; i++)
		r = visit(context, &m->draft.entries[i]);
	return r;
}

static void close_memory(struct store *s)
{
	struct memory *m = (struct memory *)s;

	rollback(s);
	arena_fini(&m->kept.arena);
	free(m);
}

int store_open_memory(struct store **out)
{
	static const struct store_ops ops = {
		.begin = begin,   .commit = commit, .rollback = rollback,
		.state = state,   .each = each,     .insert = insert,
		.remove = drop,   .log = log_entry, .each_entry = each_entry,
		.close = close_memory,
	};
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->store.ops = &ops;
	m->kept.state.identity = 1;
	arena_init(&m->kept.arena);
	*out = &m->store;
	return 0;
}
