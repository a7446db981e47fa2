#include "live/nat-decode.h"

#include "base/lang.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SHADOWS = 256, MOST_WIDE = 64 };

/* A translation that some of the asked ports reach. */
struct entry {
	struct nat_box box;
	struct nat_target target;
	enum nat_hook hook;
	uint8_t hooks; /* a bit for each hook from which it is reached the same way */
	size_t order;
	bool is_gone;
};

/* Packets that no later rule sees, as long as the chain at `depth` is being walked. */
struct shadow {
	struct nat_box box;
	unsigned int depth;
};

struct walk {
	struct nat_run run; /* first: what the rule's callbacks get */
	const struct nat_question *q;
	const struct nat_fetcher *fetcher;
	struct arena *arena;
	struct entry *entries;
	size_t n_entries, capacity;
	struct shadow *shadows; /* MOST_SHADOWS */
	size_t n_shadows;
	enum nat_hook hook;
	unsigned int depth;
	uint32_t budget;
	bool is_cut, has_failed;
};

static void walk_chain(struct walk *w, const char *name, const struct nat_box *box);

/* --- one rule's outcome ---------------------------------------------------------------------- */

static void add_shadow(struct walk *w, const struct nat_box *box, unsigned int depth)
{
	if (box->is_uncertain || w->n_shadows == MOST_SHADOWS)
		return;
	w->shadows[w->n_shadows++] = (struct shadow){*box, depth};
}

static bool is_shadowed(const struct walk *w, const struct nat_box *box)
{
	for (size_t i = 0; i < w->n_shadows; i++) {
		if (nat_box_covers(&w->shadows[i].box, box))
			return true;
	}
	return false;
}

static bool is_between(const uint8_t *a, const uint8_t *from, const uint8_t *to, size_t n)
{
	return memcmp(a, from, n) >= 0 && memcmp(a, to, n) <= 0;
}

/* Whether a box's destination is this machine, as far as that can be told. */
static bool is_here(const struct nat_question *q, const struct nat_box *b)
{
	if (!b->has_address || !q->has_addresses || (b->families == NAT_V4 && b->from[0] == 127))
		return true;
	for (size_t i = 0; i < q->n_addresses; i++) {
		const struct address *a = &q->addresses[i];

		if ((a->family == ADDRESS_IPV4) == (b->families == NAT_V4) &&
		    is_between(a->bytes, b->from, b->to, nat_address_size(b->families)))
			return true;
	}
	return false;
}

/* Whether a translation leaves everything as it is for those who meant this machine. */
static bool is_idle(const struct nat_box *b, const struct nat_target *t)
{
	return !t->has_address && (!t->has_ports || (t->first == t->last && b->first == b->last &&
						     t->first == b->first));
}

static void add_entry(struct walk *w, const struct nat_box *box, const struct nat_target *target)
{
	struct entry *e;

	if (is_idle(box, target))
		return;
	if (w->n_entries == NAT_MOST_ENTRIES) {
		w->is_cut = true;
		return;
	}
	e = ARENA_PUSH(w->arena, w->entries, w->n_entries, w->capacity);
	if (!e) {
		w->has_failed = true;
		return;
	}
	*e = (struct entry){.box = *box,
			    .target = *target,
			    .hook = w->hook,
			    .hooks = (uint8_t)(1U << w->hook),
			    .order = w->n_entries};
}

/* NOLINTNEXTLINE(misc-no-recursion): NAT_MOST_DEPTH deep */
static void take_end(struct nat_run *run, const struct nat_box *box, const struct nat_outcome *out)
{
	struct walk *w = (struct walk *)run;

	/* What is not for this machine is nobody's port here, wherever it is led. */
	if (!is_here(w->q, box) || is_shadowed(w, box))
		return;
	switch (out->end) {
	case NAT_END_STOP:
		add_shadow(w, box, 0);
		return;
	case NAT_END_RETURN:
		add_shadow(w, box, w->depth);
		return;
	case NAT_END_JUMP:
	case NAT_END_GOTO:
		walk_chain(w, out->chain, box);
		if (out->end == NAT_END_GOTO)
			add_shadow(w, box, w->depth);
		return;
	case NAT_END_TRANSLATE:
		add_entry(w, box, &out->target);
		return;
	}
}

/* --- chains ---------------------------------------------------------------------------------- */

static struct nat_set *find_set(struct nat_run *run, const char *name)
{
	struct walk *w = (struct walk *)run;
	struct nat_set *s = nat_rules_set(run->rules, run->family, run->table, name);

	if (s && !s->is_loaded && w->fetcher)
		w->fetcher->set(run->rules, s, w->fetcher->context);
	if (s)
		s->is_loaded = true;
	return s;
}

/* NOLINTNEXTLINE(misc-no-recursion): NAT_MOST_DEPTH deep */
static void walk_rules(struct walk *w, const struct nat_chain *c, const struct nat_box *box)
{
	for (size_t i = 0; i < c->n_rules && !w->has_failed; i++) {
		if (w->n_shadows > 0 && is_shadowed(w, box))
			return;
		nat_rule_run(&w->run, &c->rules[i], box);
	}
}

/* NOLINTNEXTLINE(misc-no-recursion): NAT_MOST_DEPTH deep */
static void walk_chain(struct walk *w, const char *name, const struct nat_box *box)
{
	struct nat_chain *c = nat_rules_chain(w->run.rules, w->run.family, w->run.table, name);
	size_t n = 0;

	if (!c || w->depth + 1 >= NAT_MOST_DEPTH) {
		w->is_cut = true;
		return;
	}
	if (!c->is_loaded && w->fetcher)
		w->fetcher->chain(w->run.rules, c, w->fetcher->context);
	c->is_loaded = true;
	w->depth++;
	walk_rules(w, c, box);
	for (size_t i = 0; i < w->n_shadows; i++) {
		if (w->shadows[i].depth < w->depth)
			w->shadows[n++] = w->shadows[i];
	}
	w->n_shadows = n;
	w->depth--;
}

static struct nat_box box_of(const struct nat_question *q, uint8_t family)
{
	struct nat_box box = {.families = q->families,
			      .protocols = q->protocols,
			      .first = MAX_OF(q->first, 1),
			      .last = q->last};

	if (family == NFPROTO_IPV4)
		box.families &= NAT_V4;
	else if (family == NFPROTO_IPV6)
		box.families &= NAT_V6;
	else if (family != NFPROTO_INET)
		box.families = 0;
	return box;
}

static int compare_chains(const void *pa, const void *pb)
{
	const struct nat_chain *a = *(struct nat_chain *const *)pa;
	const struct nat_chain *b = *(struct nat_chain *const *)pb;

	if (a->hook != b->hook)
		return a->hook < b->hook ? -1 : 1;
	return (a->priority > b->priority) - (a->priority < b->priority);
}

/* The base chains in the order in which packets meet them. */
static struct nat_chain **base_chains(const struct nat_rules *rules, struct arena *arena, size_t *n)
{
	struct nat_chain **bases = arena_calloc(arena, rules->n_chains, sizeof(*bases));

	*n = 0;
	for (size_t i = 0; bases && i < rules->n_chains; i++) {
		if (rules->chains[i]->hook != NAT_HOOK_NONE &&
		    !nat_rules_is_dormant(rules, rules->chains[i]))
			bases[(*n)++] = rules->chains[i];
	}
	if (bases && *n > 1)
		qsort(bases, *n, sizeof(*bases), compare_chains);
	return bases;
}

/* --- what came of it ------------------------------------------------------------------------- */

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_entries(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;
	int r = order(a->box.first, b->box.first);

	if (r == 0)
		r = order(a->box.protocols, b->box.protocols);
	if (r == 0)
		r = order(a->box.families, b->box.families);
	return r ? r : order(a->order, b->order);
}

static bool is_same_way(const struct entry *a, const struct entry *b)
{
	const struct nat_target *s = &a->target, *t = &b->target;

	return a->box.first == b->box.first && a->box.last == b->box.last &&
	       a->box.protocols == b->box.protocols && a->box.families == b->box.families &&
	       a->box.has_address == b->box.has_address &&
	       (!a->box.has_address || (memcmp(a->box.from, b->box.from, 16) == 0 &&
					memcmp(a->box.to, b->box.to, 16) == 0)) &&
	       s->has_address == t->has_address && s->is_redirect == t->is_redirect &&
	       memcmp(s->address, t->address, sizeof(s->address)) == 0 &&
	       s->has_ports == t->has_ports && s->first == t->first && s->last == t->last &&
	       s->is_xtables == t->is_xtables;
}

/* Drop `e` if an earlier rule takes all of its packets, or leads them the same way. */
static void drop_after(struct entry *e, struct entry *earlier)
{
	if (e->is_gone || earlier->is_gone || earlier->order >= e->order)
		return;
	if (earlier->hook == e->hook && nat_box_covers(&earlier->box, &e->box)) {
		e->is_gone = true;
	} else if (is_same_way(earlier, e)) {
		earlier->hooks |= e->hooks;
		if (!earlier->box.note[0] || !e->box.note[0])
			earlier->box.note[0] = '\0';
		e->is_gone = true;
	}
}

/* The first rule wins; the same way from both hooks is one entry. Looked at are those of the same
 * first port, and the first few that are about several ports. */
static void drop_doubles(struct entry *entries, size_t n)
{
	struct entry *wide[MOST_WIDE];
	size_t n_wide = 0;

	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && entries[end].box.first == entries[i].box.first; end++)
			continue;
		for (size_t k = i; k < end; k++) {
			for (size_t other = i; other < end; other++)
				drop_after(&entries[k], &entries[other]);
			for (size_t other = 0; other < n_wide; other++)
				drop_after(&entries[k], wide[other]);
		}
		for (size_t k = i; k < end && n_wide < MOST_WIDE; k++) {
			if (!entries[k].is_gone && entries[k].box.first != entries[k].box.last)
				wide[n_wide++] = &entries[k];
		}
	}
}

/* Ports of a target for the host's ports of `b`: 0 = not known. */
static void map_ports(const struct nat_box *b, const struct nat_target *t, struct live_span *out)
{
	uint32_t n = (uint32_t)b->last - b->first;

	*out = (struct live_span){b->first, b->last};
	if (!t->has_ports)
		return;
	if (t->has_base) {
		uint32_t first = (uint32_t)t->first + b->first - t->base;

		*out = (struct live_span){0, 0};
		if (b->first >= t->base && first + n <= t->last)
			*out = (struct live_span){(uint16_t)first, (uint16_t)(first + n)};
		return;
	}
	if (t->first == t->last)
		*out = (struct live_span){t->first, t->last};
	else if (b->first < t->first || b->last > t->last)
		*out = (struct live_span){0, 0}; /* one of them, as the kernel likes */
}

static const char *note_of(const struct entry *e, struct arena *arena)
{
	const char *where = e->hooks == 1U << NAT_HOOK_OUTPUT	    ? N_("from this machine only")
			    : e->hooks == 1U << NAT_HOOK_PREROUTING ? N_("from outside only")
								    : "";

	if (!e->box.note[0] && !*where)
		return NULL;
	return arena_printf(arena, "%s%s%s", e->box.note, e->box.note[0] && *where ? ", " : "",
			    where);
}

/* "to 127.0.0.0-127.255.255.255": a destination that is neither one address nor any. */
static const char *note_range(const struct entry *e, const char *note, struct arena *arena)
{
	struct address from = {.family = e->box.families == NAT_V4 ? ADDRESS_IPV4 : ADDRESS_IPV6};
	struct address to = from;
	char text[2][ADDRESS_TEXT_SIZE];

	memcpy(from.bytes, e->box.from, nat_address_size(e->box.families));
	memcpy(to.bytes, e->box.to, nat_address_size(e->box.families));
	return arena_printf(arena, "to %s-%s%s%s", address_format(&from, text[0]),
			    address_format(&to, text[1]), note ? ", " : "", note ? note : "");
}

static void publish(const struct entry *e, enum transport transport, struct live_published *out,
		    struct arena *arena)
{
	const struct nat_box *b = &e->box;
	const struct nat_target *t = &e->target;
	size_t n = nat_address_size(b->families);

	*out = (struct live_published){.transport = transport,
				       .ports = {b->first, b->last},
				       .by = t->is_xtables ? "iptables-nft" : "nftables",
				       .note = note_of(e, arena)};
	map_ports(b, t, &out->to_ports);
	if (t->has_address) {
		out->has_to = true;
		out->to.family = t->family == NAT_V4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
		memcpy(out->to.bytes, t->address, nat_address_size(t->family));
	}
	out->is_to_here = !t->has_address;
	if (b->has_address && memcmp(b->from, b->to, n) == 0) {
		out->has_address = true;
		out->address.family = b->families == NAT_V4 ? ADDRESS_IPV4 : ADDRESS_IPV6;
		memcpy(out->address.bytes, b->from, n);
	} else if (b->has_address) {
		out->note = note_range(e, out->note, arena);
	}
}

static int settle(struct walk *w, struct nat_answer *out)
{
	size_t n = 0;

	if (w->n_entries > 1)
		qsort(w->entries, w->n_entries, sizeof(*w->entries), compare_entries);
	drop_doubles(w->entries, w->n_entries);
	out->items = arena_calloc(w->arena, w->n_entries * 2, sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_entries; i++) {
		const struct entry *e = &w->entries[i];

		if (e->is_gone)
			continue;
		if (e->box.protocols & NAT_TCP)
			publish(e, TRANSPORT_TCP, &out->items[n++], w->arena);
		if (e->box.protocols & NAT_UDP)
			publish(e, TRANSPORT_UDP, &out->items[n++], w->arena);
	}
	if (n > 1)
		qsort(out->items, n, sizeof(*out->items), live_published_compare);
	out->n = n;
	out->is_cut = w->is_cut || w->budget == 0;
	return arena_failed(w->arena) ? -ENOMEM : 0;
}

int nat_decode(struct nat_rules *rules, const struct nat_question *q,
	       const struct nat_fetcher *fetcher, struct arena *arena, struct nat_answer *out)
{
	struct walk w = {.q = q, .fetcher = fetcher, .arena = arena, .budget = NAT_BUDGET};
	struct nat_chain **bases;
	size_t n;

	w.run = (struct nat_run){.rules = rules,
				 .budget = &w.budget,
				 .set = find_set,
				 .end = take_end};
	bases = base_chains(rules, arena, &n);
	w.shadows = arena_calloc(arena, MOST_SHADOWS, sizeof(*w.shadows));
	if (!bases || !w.shadows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct nat_box box = box_of(q, bases[i]->family);

		if (box.families == 0 || box.protocols == 0 || box.first > box.last)
			continue;
		w.hook = bases[i]->hook;
		w.run.family = bases[i]->family;
		w.run.table = bases[i]->table;
		w.n_shadows = 0;
		walk_chain(&w, bases[i]->name, &box);
	}
	return w.has_failed ? -ENOMEM : settle(&w, out);
}

/* --- the filter ------------------------------------------------------------------------------ */

/* A run that only tells whether anything comes to an end. */
struct peek {
	struct nat_run run; /* first */
	bool has_end;
};

static void note_end(struct nat_run *run, const struct nat_box *box BERTH_UNUSED,
		     const struct nat_outcome *out BERTH_UNUSED)
{
	((struct peek *)run)->has_end = true;
}

static bool may_concern(uint8_t family, const struct nat_rule *rule, void *context)
{
	struct nat_box box = box_of(context, family);
	struct arena scratch = {0};
	struct nat_rules nothing = {.arena = &scratch};
	uint32_t budget = 4096;
	struct peek peek = {.run = {.rules = &nothing, .family = family, .budget = &budget,
				    .end = note_end}};

	if (box.families != 0)
		nat_rule_run(&peek.run, rule, &box);
	arena_fini(&scratch);
	return peek.has_end || budget == 0;
}

void nat_decode_filter(struct nat_rules *rules, const struct nat_question *q)
{
	rules->keeps = may_concern;
	rules->context = (void *)(uintptr_t)q;
}
