#include "ledger/ledger.h"

#include "base/lang.h"
#include "ledger/claims-image.h"

#include <errno.h>
#include <string.h>

/* A claim of the store, copied. */
struct kept {
	int64_t id;
	struct claim claim;
	bool is_gone; /* removed by this request */
};

/* One request at work. */
struct work {
	struct store *store;
	const struct ledger_writer *writer;
	struct arena *arena;
	struct ledger_result *out;
	char today[CLAIM_DATE_SIZE];
	struct kept *kept;
	size_t n, capacity;
	size_t claim_capacity, entry_capacity; /* of the result */
};

static struct claim copy_claim(const struct claim *c, struct arena *arena)
{
	struct claim copy = *c;

	copy.name = arena_strdup(arena, c->name);
	copy.owner = arena_strdup(arena, c->owner);
	copy.scope = arena_strdup(arena, c->scope);
	copy.since = arena_strdup(arena, c->since);
	copy.until = arena_strdup(arena, c->until);
	copy.program = arena_strdup(arena, c->program);
	copy.reason = arena_strdup(arena, c->reason);
	copy.source = arena_strdup(arena, c->source);
	return copy;
}

static int keep(void *context, int64_t id, const struct claim *claim)
{
	struct work *w = context;
	struct kept *slot = ARENA_PUSH(w->arena, w->kept, w->n, w->capacity);

	if (slot)
		*slot = (struct kept){id, copy_claim(claim, w->arena), false};
	return arena_failed(w->arena) ? -ENOMEM : 0;
}

static int begin_work(struct work *w, struct store *store, const struct ledger_writer *writer,
		      struct arena *arena, struct ledger_result *out)
{
	*w = (struct work){.store = store, .writer = writer, .arena = arena, .out = out};
	*out = (struct ledger_result){.outcome = LEDGER_DONE};
	claim_date_format(writer->now_ns, w->today);
	return store_each(store, keep, w);
}

static int end_work(struct work *w, enum ledger_outcome outcome, const char *message)
{
	w->out->outcome = outcome;
	w->out->message = message;
	w->out->n = w->out->n_entries = 0;
	return message ? 0 : -ENOMEM;
}

static const char *describe_details(const struct claim *c, struct arena *arena)
{
	const char *text = arena_printf(arena, "owner %s", c->owner ? c->owner : "-");

	if (text && c->until)
		text = arena_printf(arena, "%s, until %s", text, c->until);
	if (text && c->scope)
		text = arena_printf(arena, "%s, scope %s", text, c->scope);
	if (text && c->program)
		text = arena_printf(arena, "%s, program %s", text, c->program);
	if (text && c->reason)
		text = arena_printf(arena, "%s # %s", text, c->reason);
	return text;
}

/* A line in the audit trail, and in the result. */
static int note(struct work *w, const char *action, const struct claim *c)
{
	struct ledger_result *out = w->out;
	struct ledger_entry entry = {
		.at_ns = w->writer->now_ns,
		.uid = w->writer->uid,
		.user = w->writer->user,
		.action = action,
		.name = c->name,
		.ports = claim_describe_ports(c, w->arena),
		.detail = describe_details(c, w->arena),
	}, *slot;

	slot = ARENA_PUSH(w->arena, out->entries, out->n_entries, w->entry_capacity);
	if (arena_failed(w->arena) || !slot)
		return -ENOMEM;
	*slot = entry;
	return store_log(w->store, &entry);
}

static int show(struct work *w, const struct claim *c)
{
	struct claim *slot =
		ARENA_PUSH(w->arena, w->out->claims, w->out->n, w->claim_capacity);

	if (!slot)
		return -ENOMEM;
	*slot = *c;
	slot->source = "ledger";
	slot->level = CLAIM_LEVEL_LEDGER;
	return 0;
}

static int remove_kept(struct work *w, struct kept *k, const char *action)
{
	int r = store_remove(w->store, k->id);

	k->is_gone = true;
	return r < 0 ? r : note(w, action, &k->claim);
}

static bool is_text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* What cannot be claimed by anybody; NULL = nothing is wrong with it. */
static const char *find_fault(const struct work *w, const struct claim *c)
{
	if (!c->name || claim_name_check(c->name) == CLAIM_NAME_BAD)
		return _(
			"a name has letters, digits and single hyphens inside, at least one letter "
			"and at most 63 characters");
	if (c->protocols == 0 || c->first > c->last)
		return _("a claim needs ports and transports");
	if ((c->owner && !claim_text_is_good(c->owner)) ||
	    (c->scope && !claim_text_is_good(c->scope)) ||
	    (c->program && !claim_text_is_good(c->program)) ||
	    (c->reason && !claim_text_is_good(c->reason)))
		return _("owner, scope, program and reason are one line of at most 200 bytes");
	if (c->until && !claim_date_is_good(c->until))
		return _("a last day is written YYYY-MM-DD");
	if (c->until && strcmp(c->until, w->today) < 0)
		return _("the last day is over already");
	return NULL;
}

/* The claim as it is to be kept: what is not said now stays as it was said before. */
static struct claim merge(const struct work *w, const struct claim *wanted,
			  const struct claim *before)
{
	struct claim c = *wanted;

	c.source = "ledger";
	c.level = CLAIM_LEVEL_LEDGER;
	if (!before) {
		c.owner = c.owner ? c.owner : w->writer->user;
		c.since = w->today;
		return c;
	}
	c.name = before->name;
	c.since = before->since;
	c.owner = c.owner ? c.owner : before->owner;
	c.scope = c.scope ? c.scope : before->scope;
	c.until = c.until ? c.until : before->until;
	c.program = c.program ? c.program : before->program;
	c.reason = c.reason ? c.reason : before->reason;
	return c;
}

static bool says_the_same(const struct claim *a, const struct claim *b)
{
	return is_text_equal(a->owner, b->owner) && is_text_equal(a->scope, b->scope) &&
	       is_text_equal(a->until, b->until) && is_text_equal(a->program, b->program) &&
	       is_text_equal(a->reason, b->reason);
}

static int insert(struct work *w, const struct claim *c, const char *action)
{
	int64_t id;
	int r = store_insert(w->store, c, &id);

	if (r == 0)
		r = note(w, action, c);
	return r < 0 ? r : show(w, c);
}

static int renew(struct work *w, struct kept *before, const struct claim *wanted)
{
	struct claim c = merge(w, wanted, &before->claim);
	int r;

	if (says_the_same(&c, &before->claim))
		return show(w, &before->claim);
	r = store_remove(w->store, before->id);
	before->is_gone = true;
	return r < 0 ? r : insert(w, &c, "renew");
}

static bool is_own(const struct claim *wanted, const struct claim *c)
{
	return !c->is_retired && str_casecmp(wanted->name, c->name) == 0 &&
	       claim_has_same_ports(wanted, c) &&
	       (!wanted->owner || is_text_equal(wanted->owner, c->owner));
}

/* Sets `*same` to the claim that `wanted` renews. Returns 0, 1 after a refusal, or an error. */
static int clear_way(struct work *w, const struct claim *wanted, struct kept **same)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->n; i++) {
		struct kept *k = &w->kept[i];

		if (k->is_gone || !claim_collides(wanted, &k->claim))
			continue;
		if (claim_state(&k->claim, w->today) == CLAIM_EXPIRED) {
			r = remove_kept(w, k, "expire");
		} else if (is_own(wanted, &k->claim)) {
			*same = k;
		} else {
			r = end_work(w, LEDGER_COLLIDES,
				     claim_describe_collision(wanted, &k->claim, w->arena));
			return r < 0 ? r : 1;
		}
	}
	return r;
}

static const char *find_repetition(const struct work *w, const struct claim *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (claim_collides(&wanted[i], &wanted[n]))
			return arena_printf(w->arena, _("%s is asked for twice"),
					    claim_describe_ports(&wanted[n], w->arena));
	}
	return NULL;
}

static int claim_one(struct work *w, const struct claim *wanted, size_t i)
{
	const char *fault = find_fault(w, &wanted[i]);
	struct kept *same = NULL;
	struct claim c;
	int r;

	if (!fault)
		fault = find_repetition(w, wanted, i);
	if (!fault && w->n + i >= LEDGER_MOST)
		fault = _("the ledger is full");
	if (fault) {
		r = end_work(w, LEDGER_REFUSED, fault);
		return r < 0 ? r : 1;
	}
	r = clear_way(w, &wanted[i], &same);
	if (r != 0)
		return r;
	if (same)
		return renew(w, same, &wanted[i]);
	c = merge(w, &wanted[i], NULL);
	c.since = arena_strdup(w->arena, c.since);
	return c.since ? insert(w, &c, "claim") : -ENOMEM;
}

int ledger_claim(struct store *store, const struct claim *wanted, size_t n,
		 const struct ledger_writer *writer, struct arena *arena,
		 struct ledger_result *out)
{
	struct work w;
	int r = begin_work(&w, store, writer, arena, out);

	if (r == 0 && n == 0)
		return end_work(&w, LEDGER_REFUSED, _("nothing is asked for"));
	for (size_t i = 0; r == 0 && i < n; i++)
		r = claim_one(&w, wanted, i);
	return r < 0 ? r : 0;
}

/* A word of unclaim: a name, or ports. */
struct pattern {
	const char *name; /* NULL = ports */
	struct claim ports;
};

static bool is_meant(const struct pattern *p, const struct claim *c)
{
	if (p->name)
		return str_casecmp(p->name, c->name) == 0;
	return p->ports.first == c->first && p->ports.last == c->last &&
	       (p->ports.protocols == 0 || p->ports.protocols == c->protocols);
}

/* Nothing is claimed exactly so; perhaps something larger is. */
static const char *explain_miss(const struct work *w, const struct pattern *p, const char *word)
{
	for (size_t i = 0; !p->name && i < w->n; i++) {
		const struct claim *c = &w->kept[i].claim;

		if (!w->kept[i].is_gone && p->ports.first <= c->last && c->first <= p->ports.last &&
		    (!p->ports.protocols || (p->ports.protocols & c->protocols)))
			return arena_printf(w->arena, _("%s is claimed only as part of %s %s: name "
						      "all of that, or \"%s\""), word, c->name,
					    claim_describe_ports(c, w->arena), c->name);
	}
	return arena_printf(w->arena, _("nothing in the ledger is claimed as \"%s\""), word);
}

static int unclaim_one(struct work *w, const char *word)
{
	char error[CLAIM_ERROR_SIZE];
	struct pattern p = {0};
	bool is_found = false;
	int r = 0;

	if (claim_ports_parse(word, &p.ports.first, &p.ports.last, &p.ports.protocols, error) < 0)
		p.name = word;
	for (size_t i = 0; r == 0 && i < w->n; i++) {
		struct kept *k = &w->kept[i];

		if (!is_meant(&p, &k->claim))
			continue;
		is_found = true;
		if (k->is_gone) /* by another word */
			continue;
		r = remove_kept(w, k, "unclaim");
		if (r == 0)
			r = show(w, &k->claim);
	}
	if (r < 0 || is_found)
		return r;
	r = end_work(w, LEDGER_NOT_FOUND, explain_miss(w, &p, word));
	return r < 0 ? r : 1;
}

int ledger_unclaim(struct store *store, const char *const *words, size_t n,
		   const struct ledger_writer *writer, struct arena *arena,
		   struct ledger_result *out)
{
	struct work w;
	int r = begin_work(&w, store, writer, arena, out);

	if (r == 0 && n == 0)
		return end_work(&w, LEDGER_REFUSED, _("nothing is named"));
	for (size_t i = 0; r == 0 && i < n; i++)
		r = unclaim_one(&w, words[i]);
	return r < 0 ? r : 0;
}

static int keep_entry(void *context, const struct ledger_entry *entry)
{
	struct work *w = context;
	struct ledger_entry *slot = ARENA_PUSH(w->arena, w->out->entries, w->out->n_entries,
					       w->entry_capacity);

	if (slot) {
		*slot = *entry;
		slot->user = arena_strdup(w->arena, entry->user);
		slot->action = arena_strdup(w->arena, entry->action);
		slot->name = arena_strdup(w->arena, entry->name);
		slot->ports = arena_strdup(w->arena, entry->ports);
		slot->detail = arena_strdup(w->arena, entry->detail);
	}
	return arena_failed(w->arena) ? -ENOMEM : 0;
}

int ledger_log(struct store *store, int64_t most, struct arena *arena, struct ledger_result *out)
{
	struct work w = {.store = store, .arena = arena, .out = out};

	*out = (struct ledger_result){.outcome = LEDGER_DONE};
	return store_each_entry(store, most, keep_entry, &w);
}

/* All claims of a store on their way into an image. */
struct collection {
	struct arena *arena;
	struct claim *items;
	size_t n, capacity;
};

static int collect(void *context, int64_t id, const struct claim *claim)
{
	struct collection *c = context;
	struct claim *slot = ARENA_PUSH(c->arena, c->items, c->n, c->capacity);

	(void)id;
	if (slot)
		*slot = copy_claim(claim, c->arena);
	return arena_failed(c->arena) ? -ENOMEM : 0;
}

int ledger_image(struct store *store, int64_t now_ns, struct str *out)
{
	struct claims_head head = {.written_ns = now_ns};
	struct store_state state;
	struct arena arena;
	struct collection all = {.arena = &arena};
	int r;

	arena_init(&arena);
	r = store_state(store, &state);
	if (r == 0)
		r = store_each(store, collect, &all);
	if (r == 0) {
		head.identity = state.identity;
		head.generation = state.generation;
		r = claims_image_write(&head, all.items, all.n, NULL, 0, out);
	}
	arena_fini(&arena);
	return r;
}
