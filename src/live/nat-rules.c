#include "live/nat-rules.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What older kernel headers lack; and a bound that no real name reaches. */
enum { SET_ELEM_KEY_END = 10, LONGEST_NAME = 255, TABLE_DORMANT = 1, MOST_KEY = 64 };

/* --- attributes ------------------------------------------------------------------------------ */

bool nat_next_attribute(struct nat_bytes *rest, uint16_t *type, struct nat_bytes *payload)
{
	struct nlattr head;
	size_t padded;

	if (rest->n < sizeof(head))
		return false;
	memcpy(&head, rest->at, sizeof(head));
	if (head.nla_len < sizeof(head) || head.nla_len > rest->n)
		return false;
	*type = head.nla_type & 0x3fff; /* NLA_TYPE_MASK */
	payload->at = rest->at + sizeof(head);
	payload->n = head.nla_len - sizeof(head);
	padded = MIN_OF((size_t)NLA_ALIGN(head.nla_len), rest->n);
	rest->at += padded;
	rest->n -= padded;
	return true;
}

struct nat_bytes nat_attribute(struct nat_bytes in, uint16_t wanted)
{
	struct nat_bytes payload;
	uint16_t type;

	while (nat_next_attribute(&in, &type, &payload)) {
		if (type == wanted)
			return payload;
	}
	return (struct nat_bytes){0};
}

uint32_t nat_number(struct nat_bytes payload, uint32_t otherwise)
{
	uint32_t number_be;

	if (payload.n < sizeof(number_be))
		return otherwise;
	memcpy(&number_be, payload.at, sizeof(number_be));
	return ntohl(number_be);
}

/* A terminated copy of a name; NULL when it is none. */
static const char *name_of(struct nat_rules *r, struct nat_bytes payload)
{
	size_t n = payload.n ? strnlen((const char *)payload.at, payload.n) : 0;

	if (n == 0 || n > LONGEST_NAME)
		return NULL;
	return arena_strndup(r->arena, (const char *)payload.at, n);
}

static bool is_name(struct nat_bytes payload, const char *name)
{
	size_t n = payload.n ? strnlen((const char *)payload.at, payload.n) : 0;

	return n == strlen(name) && memcmp(payload.at, name, n) == 0;
}

static uint8_t *copy_of(struct nat_rules *r, struct nat_bytes bytes)
{
	uint8_t *copy = arena_alloc(r->arena, bytes.n);

	if (copy && bytes.n > 0)
		memcpy(copy, bytes.at, bytes.n);
	return copy;
}

struct nat_bytes nat_data(struct nat_rules *r, struct nat_bytes payload, struct nat_verdict *out)
{
	struct nat_bytes verdict = nat_attribute(payload, NFTA_DATA_VERDICT);

	*out = (struct nat_verdict){0};
	if (!verdict.at)
		return nat_attribute(payload, NFTA_DATA_VALUE);
	out->is_set = true;
	out->code = (int32_t)nat_number(nat_attribute(verdict, NFTA_VERDICT_CODE), NF_DROP);
	if (out->code == NFT_JUMP || out->code == NFT_GOTO)
		out->chain = name_of(r, nat_attribute(verdict, NFTA_VERDICT_CHAIN));
	return (struct nat_bytes){0};
}

/* --- chains and sets ------------------------------------------------------------------------- */

/* A key for the index; never 0. `kind` keeps chains and sets apart. */
static uint64_t key_of(char kind, uint8_t family, const char *table, const char *name)
{
	char text[2 * LONGEST_NAME + 16];
	int n = snprintf(text, sizeof(text), "%c%u/%s/%s", kind, family, table, name);
	uint64_t hash = str_hash(text, MIN_OF((size_t)n, sizeof(text) - 1));

	return hash ? hash : 1;
}

struct nat_chain *nat_rules_chain(struct nat_rules *r, uint8_t family, const char *table,
				  const char *name)
{
	uint64_t key = key_of('c', family, table, name);
	struct nat_chain *c, **slot;
	uint32_t at;

	for (;; key = key == UINT64_MAX ? 1 : key + 1) {
		at = number_map_find(&r->index, key);
		if (at == NUMBER_MAP_NONE)
			break;
		if (at % 2 == 0 && at / 2 < r->n_chains) {
			c = r->chains[at / 2];
			if (c->family == family && strcmp(c->table, table) == 0 &&
			    strcmp(c->name, name) == 0)
				return c;
		}
	}
	c = arena_alloc(r->arena, sizeof(*c));
	slot = ARENA_PUSH(r->arena, r->chains, r->n_chains, r->chains_capacity);
	if (!c || !slot)
		return NULL;
	*slot = c;
	c->family = family;
	c->table = arena_strdup(r->arena, table);
	c->name = arena_strdup(r->arena, name);
	number_map_set(&r->index, key, (uint32_t)(r->n_chains - 1) * 2);
	return c->table && c->name ? c : NULL;
}

struct nat_set *nat_rules_set(struct nat_rules *r, uint8_t family, const char *table,
			      const char *name)
{
	uint64_t key = key_of('s', family, table, name);
	struct nat_set *s, **slot;
	uint32_t at;

	for (;; key = key == UINT64_MAX ? 1 : key + 1) {
		at = number_map_find(&r->index, key);
		if (at == NUMBER_MAP_NONE)
			break;
		if (at % 2 == 1 && at / 2 < r->n_sets) {
			s = r->sets[at / 2];
			if (s->family == family && strcmp(s->table, table) == 0 &&
			    strcmp(s->name, name) == 0)
				return s;
		}
	}
	s = arena_alloc(r->arena, sizeof(*s));
	slot = ARENA_PUSH(r->arena, r->sets, r->n_sets, r->sets_capacity);
	if (!s || !slot)
		return NULL;
	*slot = s;
	s->family = family;
	s->table = arena_strdup(r->arena, table);
	s->name = arena_strdup(r->arena, name);
	number_map_set(&r->index, key, (uint32_t)(r->n_sets - 1) * 2 + 1);
	return s->table && s->name ? s : NULL;
}

void nat_rules_fini(struct nat_rules *r)
{
	number_map_fini(&r->index);
	*r = (struct nat_rules){.arena = r->arena};
}

bool nat_rules_is_dormant(const struct nat_rules *r, const struct nat_chain *c)
{
	char text[LONGEST_NAME + 16];

	snprintf(text, sizeof(text), "%u/%s", c->family, c->table);
	for (size_t i = 0; i < r->n_dormant; i++) {
		if (strcmp(r->dormant[i], text) == 0)
			return true;
	}
	return false;
}

/* --- messages -------------------------------------------------------------------------------- */

static bool add_table(struct nat_rules *r, uint8_t family, struct nat_bytes in)
{
	const char *name = name_of(r, nat_attribute(in, NFTA_TABLE_NAME)), **slot;

	if (!name)
		return false;
	if (!(nat_number(nat_attribute(in, NFTA_TABLE_FLAGS), 0) & TABLE_DORMANT))
		return true;
	slot = ARENA_PUSH(r->arena, r->dormant, r->n_dormant, r->dormant_capacity);
	if (!slot)
		return false;
	*slot = arena_printf(r->arena, "%u/%s", family, name);
	if (!*slot)
		r->n_dormant--;
	return true;
}

/* Only base chains of type nat are of interest; the others are made when something jumps there. */
static bool add_chain(struct nat_rules *r, uint8_t family, struct nat_bytes in)
{
	struct nat_bytes hook = nat_attribute(in, NFTA_CHAIN_HOOK);
	uint32_t number = nat_number(nat_attribute(hook, NFTA_HOOK_HOOKNUM), UINT32_MAX);
	const char *table, *name;
	struct nat_chain *c;

	if (!hook.at || !is_name(nat_attribute(in, NFTA_CHAIN_TYPE), "nat") ||
	    (number != NF_INET_PRE_ROUTING && number != NF_INET_LOCAL_OUT))
		return true;
	table = name_of(r, nat_attribute(in, NFTA_CHAIN_TABLE));
	name = name_of(r, nat_attribute(in, NFTA_CHAIN_NAME));
	c = table && name ? nat_rules_chain(r, family, table, name) : NULL;
	if (!c)
		return false;
	c->hook = number == NF_INET_PRE_ROUTING ? NAT_HOOK_PREROUTING : NAT_HOOK_OUTPUT;
	c->priority = (int32_t)nat_number(nat_attribute(hook, NFTA_HOOK_PRIORITY), 0);
	return true;
}

/* Whether a rule's names are those that were asked for. */
static bool is_asked_for(const struct nat_rules *r, uint8_t family, struct nat_bytes table,
			 struct nat_bytes chain)
{
	return !r->only || (r->only->family == family && is_name(table, r->only->table) &&
			    (r->only->name[0] == '\0' || is_name(chain, r->only->name)));
}

static bool add_rule(struct nat_rules *r, uint8_t family, struct nat_bytes in)
{
	struct nat_bytes table = nat_attribute(in, NFTA_RULE_TABLE);
	struct nat_bytes chain = nat_attribute(in, NFTA_RULE_CHAIN);
	struct nat_rule rule = {nat_attribute(in, NFTA_RULE_EXPRESSIONS)}, *slot;
	char names[2][LONGEST_NAME + 1];
	struct nat_chain *c;

	if (!table.at || !chain.at || table.n > LONGEST_NAME || chain.n > LONGEST_NAME)
		return false;
	if (!is_asked_for(r, family, table, chain))
		return true;
	r->n_rules++;
	if (r->keeps && !r->keeps(family, &rule, r->context))
		return true;
	snprintf(names[0], sizeof(names[0]), "%.*s", (int)table.n, (const char *)table.at);
	snprintf(names[1], sizeof(names[1]), "%.*s", (int)chain.n, (const char *)chain.at);
	c = nat_rules_chain(r, family, names[0], names[1]);
	/* One whose rules were all read before: this dump of its table brings them again. */
	if (!c || c->is_loaded)
		return c != NULL;
	rule.expressions.at = copy_of(r, rule.expressions);
	slot = rule.expressions.at ? ARENA_PUSH(r->arena, c->rules, c->n_rules, c->capacity) : NULL;
	if (slot)
		*slot = rule;
	return slot != NULL;
}

static bool add_set(struct nat_rules *r, uint8_t family, struct nat_bytes in)
{
	const char *table = name_of(r, nat_attribute(in, NFTA_SET_TABLE));
	const char *name = name_of(r, nat_attribute(in, NFTA_SET_NAME));
	struct nat_set *s = table && name ? nat_rules_set(r, family, table, name) : NULL;

	if (!s)
		return false;
	s->is_interval = nat_number(nat_attribute(in, NFTA_SET_FLAGS), 0) & NFT_SET_INTERVAL;
	s->is_known = true;
	return true;
}

static bool add_element(struct nat_rules *r, struct nat_set *s, struct nat_bytes in)
{
	uint32_t flags = nat_number(nat_attribute(in, NFTA_SET_ELEM_FLAGS), 0);
	struct nat_element e = {.is_end = flags & NFT_SET_ELEM_INTERVAL_END,
				.is_catchall = flags & NFT_SET_ELEM_CATCHALL}, *slot;
	struct nat_verdict none;
	struct nat_bytes key = nat_data(r, nat_attribute(in, NFTA_SET_ELEM_KEY), &none);
	struct nat_bytes key_end = nat_data(r, nat_attribute(in, SET_ELEM_KEY_END), &none);
	struct nat_bytes data = nat_data(r, nat_attribute(in, NFTA_SET_ELEM_DATA), &e.verdict);

	if (key.n > MOST_KEY || data.n > MOST_KEY || (key.n == 0 && !e.is_catchall))
		return false;
	e.n_key = (uint16_t)key.n;
	e.from = copy_of(r, key);
	e.to = copy_of(r, key_end.n == key.n ? key_end : key);
	e.n_data = (uint16_t)data.n;
	e.data = data.n > 0 ? copy_of(r, data) : NULL;
	if (!e.from || !e.to || (data.n > 0 && !e.data))
		return false;
	s->has_key_ends |= key_end.n > 0;
	slot = ARENA_PUSH(r->arena, s->elements, s->n_elements, s->capacity);
	if (slot)
		*slot = e;
	s->is_settled = false;
	return slot != NULL;
}

static bool add_elements(struct nat_rules *r, uint8_t family, struct nat_bytes in)
{
	const char *table = name_of(r, nat_attribute(in, NFTA_SET_ELEM_LIST_TABLE));
	const char *name = name_of(r, nat_attribute(in, NFTA_SET_ELEM_LIST_SET));
	struct nat_set *s = table && name ? nat_rules_set(r, family, table, name) : NULL;
	struct nat_bytes list = nat_attribute(in, NFTA_SET_ELEM_LIST_ELEMENTS), element;
	uint16_t type;

	if (!s)
		return false;
	while (!s->is_loaded && nat_next_attribute(&list, &type, &element)) {
		if (type == NFTA_LIST_ELEM)
			(void)!add_element(r, s, element);
	}
	return true;
}

static bool add_message(struct nat_rules *r, const struct nlmsghdr *head, struct nat_bytes payload)
{
	struct nfgenmsg family;
	struct nat_bytes in;

	if (payload.n < sizeof(family) || head->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return false;
	memcpy(&family, payload.at, sizeof(family));
	in.at = payload.at + NLMSG_ALIGN(sizeof(family));
	in.n = payload.n - MIN_OF(payload.n, NLMSG_ALIGN(sizeof(family)));
	switch (head->nlmsg_type & 0xff) {
	case NFT_MSG_NEWTABLE:
		return add_table(r, family.nfgen_family, in);
	case NFT_MSG_NEWCHAIN:
		return add_chain(r, family.nfgen_family, in);
	case NFT_MSG_NEWRULE:
		return add_rule(r, family.nfgen_family, in);
	case NFT_MSG_NEWSET:
		return add_set(r, family.nfgen_family, in);
	case NFT_MSG_NEWSETELEM:
		return add_elements(r, family.nfgen_family, in);
	default: /* not our enum */
		return false;
	}
}

size_t nat_rules_add(struct nat_rules *r, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	struct nlmsghdr head;
	size_t n_understood = 0;

	while (n >= sizeof(head)) {
		size_t padded;

		memcpy(&head, at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > n)
			break;
		if (head.nlmsg_type >= NLMSG_MIN_TYPE) {
			struct nat_bytes payload = {at + NLMSG_HDRLEN,
						    head.nlmsg_len - NLMSG_HDRLEN};

			if (add_message(r, &head, payload))
				n_understood++;
			else
				r->n_unread++;
		}
		padded = MIN_OF((size_t)NLMSG_ALIGN(head.nlmsg_len), n);
		at += padded;
		n -= padded;
	}
	return n_understood;
}

/* --- intervals ------------------------------------------------------------------------------- */

/* By key; an end before the interval that begins at it; catch-alls last. */
static int compare_elements(const void *pa, const void *pb)
{
	const struct nat_element *a = pa, *b = pb;
	int r = a->is_catchall - b->is_catchall;

	if (r == 0)
		r = (a->n_key > b->n_key) - (a->n_key < b->n_key);
	if (r == 0)
		r = memcmp(a->from, b->from, a->n_key);
	return r ? r : b->is_end - a->is_end;
}

/* Give `e` the last key before `next`, an element's or an end's; NULL = there is none. */
static void end_before(struct nat_element *e, const struct nat_element *next)
{
	if (!next || next->is_catchall || next->n_key != e->n_key) {
		memset(e->to, 0xff, e->n_key);
		return;
	}
	memcpy(e->to, next->from, e->n_key);
	for (size_t i = e->n_key; i > 0; i--) {
		if (e->to[i - 1]-- != 0)
			break;
	}
}

void nat_set_settle(struct nat_set *s)
{
	size_t n = 0;

	if (s->is_settled)
		return;
	s->is_settled = true;
	if (s->n_elements > 1)
		qsort(s->elements, s->n_elements, sizeof(*s->elements), compare_elements);
	for (size_t i = 0; i < s->n_elements; i++) {
		struct nat_element *e = &s->elements[i];

		if (e->is_end)
			continue;
		if (s->is_interval && !s->has_key_ends && !e->is_catchall)
			end_before(e, i + 1 < s->n_elements ? e + 1 : NULL);
		s->elements[n++] = *e;
	}
	s->n_elements = n;
}
