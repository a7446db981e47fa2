#include "ledger/collisions.h"

#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/*
 * One pass in the order of first ports. For each transport and each class of addresses that a later
 * claim could ask about, the claim with the largest last port so far is remembered: when that one
 * does not reach the later claim, none of its class does.
 *
 * Classes: one exact address (with its zone, with any zone), everything of a family, everything.
 */
enum class_kind { CLASS_EVERY_ADDRESS, CLASS_WILDCARD, CLASS_EXACT, CLASS_ANY_ZONE, CLASS_FAMILY,
		  CLASS_ALL };

struct slot {
	bool is_used;
	enum class_kind kind;
	enum transport transport;
	struct address address; /* zeroed where the class has none */
	int32_t furthest;
};

struct table {
	struct slot *slots;
	size_t mask;
};

/* The slot of a class; without `adds` NULL when there is none yet. */
static struct slot *find_slot(struct table *t, enum class_kind kind, enum transport transport,
			      const struct address *address, bool adds)
{
	struct {
		uint32_t kind, transport, family, zone;
		uint8_t bytes[16];
	} key = {(uint32_t)kind, (uint32_t)transport, (uint32_t)address->family, address->scope_id,
		 {0}};
	size_t i;

	memcpy(key.bytes, address->bytes, sizeof(key.bytes));
	i = (size_t)str_hash(&key, sizeof(key)) & t->mask;
	for (; t->slots[i].is_used; i = (i + 1) & t->mask) {
		const struct slot *s = &t->slots[i];

		if (s->kind == kind && s->transport == transport &&
		    address_is_equal(&s->address, address))
			break;
	}
	if (!t->slots[i].is_used && !adds)
		return NULL;
	if (!t->slots[i].is_used)
		t->slots[i] = (struct slot){true, kind, transport, *address, COLLISIONS_NONE};
	return &t->slots[i];
}

/* The classes of an address; the same list tells where a claim is remembered, and (with those of
 * the others that it excludes) where it is looked for. */
struct class {
	enum class_kind kind;
	struct address address;
};

static struct class family_class(enum address_family family)
{
	return (struct class){CLASS_FAMILY, {.family = family}};
}

static struct class wildcard_class(enum address_family family)
{
	return (struct class){CLASS_WILDCARD, {.family = family}};
}

/* Where a claim is remembered: its own class, those of its family, and all. */
static size_t list_own(const struct claim *c, struct class *out)
{
	struct address a = address_unmapped(&c->address);
	size_t n = 0;

	out[n++] = (struct class){CLASS_ALL, {.family = ADDRESS_IPV4}};
	if (!c->has_address) {
		out[n++] = (struct class){CLASS_EVERY_ADDRESS, {.family = ADDRESS_IPV4}};
		return n;
	}
	out[n++] = family_class(a.family);
	if (address_is_wildcard(&a)) {
		out[n++] = wildcard_class(a.family);
		return n;
	}
	out[n++] = (struct class){CLASS_EXACT, a};
	a.scope_id = 0;
	out[n++] = (struct class){CLASS_ANY_ZONE, a};
	return n;
}

/* Where those are found that a claim may collide with. */
static size_t list_rivals(const struct claim *c, struct class *out)
{
	struct address a = address_unmapped(&c->address);
	size_t n = 0;

	if (!c->has_address) {
		out[n++] = (struct class){CLASS_ALL, {.family = ADDRESS_IPV4}};
		return n;
	}
	out[n++] = (struct class){CLASS_EVERY_ADDRESS, {.family = ADDRESS_IPV4}};
	out[n++] = wildcard_class(ADDRESS_IPV6);
	if (address_is_wildcard(&a)) {
		out[n++] = family_class(ADDRESS_IPV4);
		if (a.family == ADDRESS_IPV6)
			out[n++] = family_class(ADDRESS_IPV6);
		return n;
	}
	if (a.family == ADDRESS_IPV4)
		out[n++] = wildcard_class(ADDRESS_IPV4);
	if (a.scope_id == 0) {
		out[n++] = (struct class){CLASS_ANY_ZONE, a};
		return n;
	}
	out[n++] = (struct class){CLASS_EXACT, a};
	a.scope_id = 0;
	out[n++] = (struct class){CLASS_EXACT, a};
	return n;
}

static void look_up(struct table *t, const struct claim *const *claims, size_t number,
		    int32_t *out)
{
	const struct claim *c = claims[number];
	struct class rivals[8];
	size_t n = list_rivals(c, rivals);

	for (unsigned int p = 0; p < N_TRANSPORTS; p++) {
		for (size_t i = 0; (c->protocols & TRANSPORT_BIT(p)) && i < n; i++) {
			const struct slot *s = find_slot(t, rivals[i].kind, (enum transport)p,
							 &rivals[i].address, false);
			int32_t found = s ? s->furthest : COLLISIONS_NONE;

			if (found >= 0 && claims[found]->last >= c->first &&
			    (*out < 0 || claims[found]->last > claims[*out]->last))
				*out = found;
		}
	}
}

static void remember(struct table *t, const struct claim *const *claims, size_t number)
{
	const struct claim *c = claims[number];
	struct class own[8];
	size_t n = list_own(c, own);

	for (unsigned int p = 0; p < N_TRANSPORTS; p++) {
		for (size_t i = 0; (c->protocols & TRANSPORT_BIT(p)) && i < n; i++) {
			struct slot *s = find_slot(t, own[i].kind, (enum transport)p,
						   &own[i].address, true);

			if (s->furthest < 0 || claims[s->furthest]->last < c->last)
				s->furthest = (int32_t)number;
		}
	}
}

/* Every claim needs at most four slots a transport; half of the table stays free. */
static bool make_table(struct table *t, const struct claim *const *claims, size_t n)
{
	size_t size = 256, most = 64;

	for (size_t i = 0; i < n; i++)
		most += claims[i]->has_address ? 8U * (unsigned int)__builtin_popcount(
							      claims[i]->protocols) : 0U;
	while (size < most)
		size *= 2;
	t->slots = calloc(size, sizeof(*t->slots));
	t->mask = size - 1;
	return t->slots != NULL;
}

const int32_t *collisions_find(const struct claim *const *claims, size_t n, struct arena *arena)
{
	int32_t *out = arena_calloc(arena, n, sizeof(*out));
	struct table table;

	if (!out || n > INT32_MAX || !make_table(&table, claims, n))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		out[i] = COLLISIONS_NONE;
		look_up(&table, claims, i, &out[i]);
		remember(&table, claims, i);
	}
	free(table.slots);
	return out;
}
