#include "ledger/collisions.h"

#include <stdlib.h>
#include <string.h>

/*
 * One pass in the order of first ports. For each transport and each class of addresses that a later
 * claim could ask about, the claim with the largest last port so far is remembered: when that one
 * does not reach the later claim, none of its class does.
 *
 * Classes: every address, a wildcard, a whole family, everything; and one exact address, with its
 * zone and (of addresses that may have one) with any.
 */
enum class_id {
	CLASS_ALL,
	CLASS_EVERY_ADDRESS,
	CLASS_WILDCARD_V4,
	CLASS_WILDCARD_V6,
	CLASS_FAMILY_V4,
	CLASS_FAMILY_V6,
};
enum { N_CLASSES = CLASS_FAMILY_V6 + 1, ANY_ZONE = 1 };

/* The claim that reaches furthest; number 0 = none, else its number and 1. */
struct reach {
	uint32_t number_and_1;
	uint16_t last;
};

/* One address, and who reaches furthest there. */
struct slot {
	uint8_t bytes[16];
	uint32_t zone;
	uint8_t family, is_any_zone;
	struct reach reach[N_REGISTRY_TRANSPORTS];
};

/* Slots lie side by side as they were made; the table, by hash, has the number of each, and 1. */
struct pass {
	struct reach classes[N_CLASSES][N_REGISTRY_TRANSPORTS];
	struct slot *slots;
	uint32_t n_slots;
	uint32_t *table; /* 0 = nothing there */
	size_t mask;
};

static size_t hash(const struct slot *key)
{
	uint64_t halves[2];

	memcpy(halves, key->bytes, sizeof(halves));
	halves[0] ^= (uint64_t)key->zone << 32 ^ key->family ^ (uint64_t)key->is_any_zone << 8;
	halves[0] = (halves[0] ^ halves[0] >> 32) * 0x9e3779b97f4a7c15U;
	halves[1] = (halves[1] ^ halves[1] >> 29) * 0xbf58476d1ce4e5b9U;
	halves[0] ^= halves[1];
	return (size_t)(halves[0] ^ halves[0] >> 31);
}

/* The slot of an address, made when it is new. There is always a free one. */
static struct slot *find_slot(struct pass *p, const struct address *a, bool is_any_zone)
{
	struct slot key = {.family = (uint8_t)a->family, .is_any_zone = is_any_zone,
			   .zone = is_any_zone ? 0 : a->scope_id};
	size_t i;

	memcpy(key.bytes, a->bytes, sizeof(key.bytes));
	for (i = hash(&key) & p->mask; p->table[i]; i = (i + 1) & p->mask) {
		struct slot *s = &p->slots[p->table[i] - 1];

		if (memcmp(s->bytes, key.bytes, sizeof(key.bytes)) == 0 && s->zone == key.zone &&
		    s->family == key.family && s->is_any_zone == key.is_any_zone)
			return s;
	}
	p->slots[p->n_slots++] = key;
	p->table[i] = p->n_slots;
	return &p->slots[p->n_slots - 1];
}

/* Only addresses of IPv6 have zones: of others the exact one is enough. */
static bool may_have_zone(const struct address *a)
{
	return a->family == ADDRESS_IPV6;
}

/* Lists of reaches, each an array by transport. */
struct places {
	struct reach *items[8];
	size_t n;
};

static void add(struct places *l, struct reach *reach)
{
	l->items[l->n++] = reach;
}

/* Where a claim at `a` (NULL = everywhere) is remembered. */
static void list_own(struct pass *p, const struct address *a, struct places *l)
{
	bool is_v4 = a && a->family == ADDRESS_IPV4;

	add(l, p->classes[CLASS_ALL]);
	if (!a) {
		add(l, p->classes[CLASS_EVERY_ADDRESS]);
		return;
	}
	add(l, p->classes[is_v4 ? CLASS_FAMILY_V4 : CLASS_FAMILY_V6]);
	if (address_is_wildcard(a)) {
		add(l, p->classes[is_v4 ? CLASS_WILDCARD_V4 : CLASS_WILDCARD_V6]);
		return;
	}
	add(l, find_slot(p, a, false)->reach);
	if (may_have_zone(a))
		add(l, find_slot(p, a, ANY_ZONE)->reach);
}

/* Where those are remembered that it may collide with. */
static void list_rivals(struct pass *p, const struct address *a, struct places *l)
{
	struct address bare;

	if (!a) {
		add(l, p->classes[CLASS_ALL]);
		return;
	}
	add(l, p->classes[CLASS_EVERY_ADDRESS]);
	add(l, p->classes[CLASS_WILDCARD_V6]);
	if (address_is_wildcard(a)) {
		add(l, p->classes[CLASS_FAMILY_V4]);
		if (a->family == ADDRESS_IPV6)
			add(l, p->classes[CLASS_FAMILY_V6]);
		return;
	}
	if (a->family == ADDRESS_IPV4)
		add(l, p->classes[CLASS_WILDCARD_V4]);
	if (may_have_zone(a) && a->scope_id == 0) {
		add(l, find_slot(p, a, ANY_ZONE)->reach);
		return;
	}
	add(l, find_slot(p, a, false)->reach);
	if (may_have_zone(a)) {
		bare = *a;
		bare.scope_id = 0;
		add(l, find_slot(p, &bare, false)->reach);
	}
}

static int32_t look_up(struct pass *p, const struct claim *c, const struct address *a)
{
	struct places l = {.n = 0};
	int32_t found = COLLISIONS_NONE;
	uint16_t last = 0;

	list_rivals(p, a, &l);
	for (size_t i = 0; i < l.n; i++) {
		for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
			const struct reach *r = &l.items[i][t];

			if (!(c->protocols & TRANSPORT_BIT(t)) || r->number_and_1 == 0 ||
			    r->last < c->first || (found >= 0 && r->last <= last))
				continue;
			found = (int32_t)(r->number_and_1 - 1);
			last = r->last;
		}
	}
	return found;
}

static void remember(struct pass *p, const struct claim *c, const struct address *a, size_t number)
{
	struct places l = {.n = 0};

	list_own(p, a, &l);
	for (size_t i = 0; i < l.n; i++) {
		for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
			struct reach *r = &l.items[i][t];

			if ((c->protocols & TRANSPORT_BIT(t)) &&
			    (r->number_and_1 == 0 || r->last < c->last))
				*r = (struct reach){(uint32_t)number + 1, c->last};
		}
	}
}

/* Claims lie in memory as they were read, not as they come. */
static void foresee(const struct claim *const *claims, size_t n, size_t i)
{
	enum { AHEAD = 12 };

	if (i + AHEAD < n) {
		__builtin_prefetch(claims[i + AHEAD]);
		__builtin_prefetch(&claims[i + AHEAD]->owner);
	}
}

/* A claim makes at most three slots; half of the table stays free. */
static bool make_table(struct pass *p, const struct claim *const *claims, size_t n)
{
	size_t size = 16, most = 0;

	for (size_t i = 0; i < n; i++) {
		foresee(claims, n, i);
		if (claims[i]->has_address)
			most += may_have_zone(&claims[i]->address) ? 3 : 1;
	}
	while (size <= 2 * most)
		size *= 2;
	p->table = calloc(size, sizeof(*p->table));
	p->slots = calloc(most + 1, sizeof(*p->slots));
	p->mask = size - 1;
	return p->table && p->slots;
}

const int32_t *collisions_find(const struct claim *const *claims, size_t n, struct arena *arena)
{
	int32_t *out = arena_calloc(arena, n, sizeof(*out));
	struct pass pass = {.slots = NULL};

	if (!out || n > INT32_MAX / 4 || !make_table(&pass, claims, n))
		out = NULL;
	for (size_t i = 0; out && i < n; i++) {
		struct address plain = address_unmapped(&claims[i]->address);
		const struct address *a = claims[i]->has_address ? &plain : NULL;

		foresee(claims, n, i);
		out[i] = look_up(&pass, claims[i], a);
		remember(&pass, claims[i], a, i);
	}
	free(pass.table);
	free(pass.slots);
	return out;
}
