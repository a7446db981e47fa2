#include "live/nat-expr.h"

#include "base/lang.h"
#include "live/nat-xt.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

enum { N_WORDS = 20, WORD = 4, MOST_BRANCHES = 12, NAME_SIZE = 32, MOST_KEY = 64 };

/* What a register's word holds. */
enum field {
	FIELD_UNKNOWN,
	FIELD_VALUE,    /* bytes that a rule put there */
	FIELD_PROTOCOL, /* of the transport layer */
	FIELD_PORT,     /* of the destination */
	FIELD_PORTS,    /* both: source, destination */
	FIELD_TO_V4,    /* the destination */
	FIELD_TO_V6,
	FIELD_FROM_V4,  /* the source */
	FIELD_FROM_V6,
	FIELD_FAMILY,   /* meta nfproto */
	FIELD_INTERFACE,/* name of the one that packets come in by */
	FIELD_TYPE,     /* of the destination address, by the routing table */
	FIELD_CHANCE,   /* a number drawn or hashed */
	FIELD_STATE,    /* of connection tracking: always a new one here */
};

/* One word of the registers: a part of a field. */
struct word {
	enum field field;
	uint8_t at;      /* which byte of the field it begins with */
	uint8_t length;  /* bytes of the field that were loaded */
	bool is_masked;
	uint8_t bytes[WORD]; /* of FIELD_VALUE; the mask of a masked one */
};

/* The state in which a part of the box reaches an expression. */
struct part {
	struct nat_box box;
	struct word words[N_WORDS];
};

/* A key, or both ends of a range of keys. */
struct range {
	const uint8_t *from, *to;
	size_t n;
};

static void follow(struct nat_run *run, struct nat_bytes rest, struct part *p, unsigned int depth);

/* --- registers ------------------------------------------------------------------------------- */

/* The first word of a register's number; N_WORDS = none. The verdict's register is word 0. */
static size_t word_of(uint32_t reg)
{
	if (reg <= NFT_REG_4)
		return reg * 4;
	if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15)
		return reg - NFT_REG32_00 + 4;
	return N_WORDS;
}

static size_t words_in(size_t n)
{
	return (n + WORD - 1) / WORD;
}

/* Whether the words from `at` on can hold a key of `n` bytes. */
static bool is_key(size_t at, size_t n)
{
	return at > 0 && n > 0 && n <= MOST_KEY && at + words_in(n) <= N_WORDS;
}

/* Put a field of `n` bytes into the words from `at` on. */
static void load(struct part *p, size_t at, enum field field, size_t n)
{
	for (size_t i = 0; i < words_in(n) && at + i < N_WORDS; i++)
		p->words[at + i] = (struct word){.field = field,
						 .at = (uint8_t)(i * WORD),
						 .length = (uint8_t)n};
}

static void load_value(struct part *p, uint32_t reg, const uint8_t *bytes, size_t n)
{
	size_t at = word_of(reg);

	load(p, at, FIELD_VALUE, n);
	for (size_t i = 0; i < n && at + i / WORD < N_WORDS; i++)
		p->words[at + i / WORD].bytes[i % WORD] = bytes[i];
}

/* `n` bytes of a value; false when the register holds none. */
static bool value_of(const struct part *p, uint32_t reg, uint8_t *out, size_t n)
{
	size_t at = word_of(reg);

	if (at + words_in(n) > N_WORDS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p->words[at + i / WORD].field != FIELD_VALUE)
			return false;
		out[i] = p->words[at + i / WORD].bytes[i % WORD];
	}
	return true;
}

/* --- conditions ------------------------------------------------------------------------------ */

static uint16_t port_of(const uint8_t *bytes_be)
{
	return (uint16_t)(bytes_be[0] << 8 | bytes_be[1]);
}

/* "from 10.0.0.0/8", "from 10.0.0.1", "from 10.0.0.1-10.0.0.9". */
static void note_source(struct nat_box *b, uint8_t family, const uint8_t *from, const uint8_t *to)
{
	struct address a = {.family = family == NAT_V4 ? ADDRESS_IPV4 : ADDRESS_IPV6}, last = a;
	char text[2][ADDRESS_TEXT_SIZE], note[2 * ADDRESS_TEXT_SIZE + 16];
	size_t n = nat_address_size(family), bits = 0;

	memcpy(a.bytes, from, n);
	memcpy(last.bytes, to, n);
	address_format(&a, text[0]);
	address_format(&last, text[1]);
	while (bits < n * 8 && !((from[bits / 8] ^ to[bits / 8]) >> (7 - bits % 8) & 1))
		bits++;
	if (bits == n * 8)
		snprintf(note, sizeof(note), "from %s", text[0]);
	else if (from[n - 1] == 0 && to[n - 1] == 0xff)
		snprintf(note, sizeof(note), "from %s/%zu", text[0], bits);
	else
		snprintf(note, sizeof(note), "from %s-%s", text[0], text[1]);
	nat_box_doubt(b, note);
}

/* An address that was loaded up to `n` bytes, perhaps masked: the range that it stands for. */
static void widen(const struct word *words, uint8_t family, struct range r, uint8_t *from,
		  uint8_t *to)
{
	memset(from, 0, 16);
	memset(to, 0xff, 16);
	for (size_t i = 0; i < r.n && i < nat_address_size(family); i++) {
		const struct word *w = &words[i / WORD];
		uint8_t host = w->is_masked ? (uint8_t)~w->bytes[i % WORD] : 0;

		from[i] = (uint8_t)(r.from[i] & ~host);
		to[i] = r.to[i] | host;
	}
}

static bool match_destination(struct nat_box *b, const struct word *words, uint8_t family,
			      struct range r, bool is_not)
{
	uint8_t from[16], to[16];

	widen(words, family, r, from, to);
	return is_not ? nat_box_not_addresses(b, family, from, to)
		      : nat_box_addresses(b, family, from, to);
}

static bool match_source(struct nat_box *b, const struct word *words, uint8_t family,
			 struct range r, bool is_not)
{
	uint8_t from[16], to[16];

	widen(words, family, r, from, to);
	if (is_not)
		nat_box_doubt(b, NULL);
	else
		note_source(b, family, from, to);
	return true;
}

static bool match_protocol(struct nat_box *b, struct range r, bool is_not)
{
	uint8_t gone = 0;

	if (r.from[0] == r.to[0])
		return is_not ? nat_box_not_protocol(b, r.from[0]) : nat_box_protocol(b, r.from[0]);
	gone |= r.from[0] <= IPPROTO_TCP && r.to[0] >= IPPROTO_TCP ? NAT_TCP : 0;
	gone |= r.from[0] <= IPPROTO_UDP && r.to[0] >= IPPROTO_UDP ? NAT_UDP : 0;
	b->protocols &= is_not ? (uint8_t)~gone : gone;
	return b->protocols != 0;
}

static bool match_family(struct nat_box *b, struct range r, bool is_not)
{
	uint8_t family = r.from[0] == NFPROTO_IPV4   ? NAT_V4
			 : r.from[0] == NFPROTO_IPV6 ? NAT_V6
						     : 0;

	return nat_box_family(b, is_not ? (uint8_t)~family : family);
}

static bool match_interface(struct nat_box *b, struct range r, bool is_not)
{
	char note[48];

	/* "from anywhere but this bridge" is what containers' rules say of themselves. */
	snprintf(note, sizeof(note), "from interface %.*s", (int)strnlen((const char *)r.from,
		 MIN_OF(r.n, 15)), (const char *)r.from);
	nat_box_doubt(b, is_not ? NULL : note);
	return true;
}

static bool match_type(struct nat_box *b, struct range r, bool is_not)
{
	uint32_t type = 0;
	bool is_local;

	memcpy(&type, r.from, MIN_OF(r.n, sizeof(type)));
	is_local = (type == RTN_LOCAL) != is_not;
	b->is_local |= is_local;
	return is_local;
}

/* Narrow a box by what the field of `words` is, or is not. False: nothing is left. */
static bool match(struct nat_box *b, const struct word *words, struct range r, bool is_not)
{
	const struct word *w = &words[0];

	if (w->at != 0 || r.n == 0 || (w->is_masked && w->field < FIELD_TO_V4))
		return nat_box_doubt(b, N_("under further conditions")), true;
	switch (w->field) {
	case FIELD_PROTOCOL:
		return match_protocol(b, r, is_not);
	case FIELD_PORT:
		if (r.n < 2)
			break;
		return is_not ? nat_box_not_ports(b, port_of(r.from), port_of(r.to))
			      : nat_box_ports(b, port_of(r.from), port_of(r.to));
	case FIELD_PORTS:
		if (r.n < 4 || is_not || memcmp(r.from, r.to, 2) != 0)
			break;
		nat_box_doubt(b, N_("from some source ports only"));
		return nat_box_ports(b, port_of(r.from + 2), port_of(r.to + 2));
	case FIELD_TO_V4:
		return match_destination(b, words, NAT_V4, r, is_not);
	case FIELD_TO_V6:
		return match_destination(b, words, NAT_V6, r, is_not);
	case FIELD_FROM_V4:
		return match_source(b, words, NAT_V4, r, is_not);
	case FIELD_FROM_V6:
		return match_source(b, words, NAT_V6, r, is_not);
	case FIELD_FAMILY:
		return match_family(b, r, is_not);
	case FIELD_INTERFACE:
		return match_interface(b, r, is_not);
	case FIELD_TYPE:
		return match_type(b, r, is_not);
	case FIELD_CHANCE:
		nat_box_doubt(b, N_("one of several"));
		return true;
	case FIELD_STATE:
		nat_box_doubt(b, NULL);
		return true;
	case FIELD_VALUE:
	case FIELD_UNKNOWN:
		break;
	}
	nat_box_doubt(b, N_("under further conditions"));
	return true;
}

/*
 * The same for a key that may be several fields, one behind the other, each at the beginning of a
 * word. Of several fields only one key, or a range in each, can be held.
 */
static bool match_fields(struct part *p, size_t at, struct range r, bool is_not)
{
	size_t n_words = words_in(r.n);
	bool is_one = p->words[at].length > (n_words - 1) * WORD;

	if (is_not && !is_one)
		return nat_box_doubt(&p->box, N_("under further conditions")), true;
	for (size_t i = 0; i < n_words;) {
		const struct word *w = &p->words[at + i];
		size_t n = MIN_OF((size_t)MAX_OF(w->length, 1), r.n - i * WORD);

		if (!match(&p->box, w, (struct range){r.from + i * WORD, r.to + i * WORD, n},
			   is_not))
			return false;
		i += w->field == FIELD_UNKNOWN ? n_words : words_in(n);
	}
	return true;
}

static bool compare(struct part *p, struct nat_bytes in, struct nat_rules *rules)
{
	size_t at = word_of(nat_number(nat_attribute(in, NFTA_CMP_SREG), 0));
	uint32_t op = nat_number(nat_attribute(in, NFTA_CMP_OP), NFT_CMP_EQ);
	uint8_t lowest[MOST_KEY] = {0}, highest[MOST_KEY];
	struct nat_verdict none;
	struct nat_bytes data = nat_data(rules, nat_attribute(in, NFTA_CMP_DATA), &none);
	struct range r = {data.at, data.at, data.n};

	memset(highest, 0xff, sizeof(highest));
	if (!is_key(at, data.n))
		return nat_box_doubt(&p->box, N_("under further conditions")), true;
	/* "Less than" is "not from here on", "at least" is "from here on". */
	if (op == NFT_CMP_LT || op == NFT_CMP_GTE)
		r.to = highest;
	else if (op == NFT_CMP_LTE || op == NFT_CMP_GT)
		r.from = lowest;
	/* An order of several fields is none of each. */
	if (r.from != r.to && p->words[at].length < data.n)
		return nat_box_doubt(&p->box, N_("under further conditions")), true;
	return match_fields(p, at, r, op == NFT_CMP_NEQ || op == NFT_CMP_LT || op == NFT_CMP_GT);
}

static bool compare_range(struct part *p, struct nat_bytes in, struct nat_rules *rules)
{
	size_t at = word_of(nat_number(nat_attribute(in, NFTA_RANGE_SREG), 0));
	uint32_t op = nat_number(nat_attribute(in, NFTA_RANGE_OP), NFT_RANGE_EQ);
	struct nat_verdict none;
	struct nat_bytes from = nat_data(rules, nat_attribute(in, NFTA_RANGE_FROM_DATA), &none);
	struct nat_bytes to = nat_data(rules, nat_attribute(in, NFTA_RANGE_TO_DATA), &none);

	if (!is_key(at, from.n) || from.n != to.n || p->words[at].length < from.n)
		return nat_box_doubt(&p->box, N_("under further conditions")), true;
	return match_fields(p, at, (struct range){from.at, to.at, from.n}, op == NFT_RANGE_NEQ);
}

/* --- loads ----------------------------------------------------------------------------------- */

static enum field payload_field(const struct nat_box *b, uint32_t base, uint32_t offset, size_t n)
{
	if (base == NFT_PAYLOAD_TRANSPORT_HEADER) {
		if (offset == 0 && n == 4)
			return FIELD_PORTS;
		return offset == 2 && n == 2 ? FIELD_PORT : FIELD_UNKNOWN;
	}
	if (base != NFT_PAYLOAD_NETWORK_HEADER)
		return FIELD_UNKNOWN;
	if (b->families == NAT_V4 && n > 0 && n <= 4) {
		if (offset == 9)
			return n == 1 ? FIELD_PROTOCOL : FIELD_UNKNOWN;
		return offset == 12 ? FIELD_FROM_V4 : offset == 16 ? FIELD_TO_V4 : FIELD_UNKNOWN;
	}
	if (b->families == NAT_V6 && n > 0 && n <= 16) {
		if (offset == 6)
			return n == 1 ? FIELD_PROTOCOL : FIELD_UNKNOWN;
		return offset == 8 ? FIELD_FROM_V6 : offset == 24 ? FIELD_TO_V6 : FIELD_UNKNOWN;
	}
	return FIELD_UNKNOWN;
}

/* nft asks for neighbours at once: source and destination address are one load. */
static size_t first_address(const struct nat_box *b, uint32_t base, uint32_t offset, size_t n)
{
	if (base != NFT_PAYLOAD_NETWORK_HEADER)
		return 0;
	if (b->families == NAT_V4 && offset == 12 && n > 4 && n <= 8)
		return 4;
	return b->families == NAT_V6 && offset == 8 && n > 16 && n <= 32 ? 16 : 0;
}

static void load_payload(struct part *p, struct nat_bytes in)
{
	uint32_t base = nat_number(nat_attribute(in, NFTA_PAYLOAD_BASE), UINT32_MAX);
	uint32_t offset = nat_number(nat_attribute(in, NFTA_PAYLOAD_OFFSET), UINT32_MAX);
	uint32_t n = nat_number(nat_attribute(in, NFTA_PAYLOAD_LEN), 0);
	size_t at = word_of(nat_number(nat_attribute(in, NFTA_PAYLOAD_DREG), 0));
	size_t first;

	if (n == 0 || n > MOST_KEY)
		return;
	first = first_address(&p->box, base, offset, n);
	if (first > 0)
		load(p, at, payload_field(&p->box, base, offset, first), first);
	load(p, at + first / WORD,
	     payload_field(&p->box, base, offset + (uint32_t)first, n - first), n - first);
}

static void load_meta(struct part *p, struct nat_bytes in)
{
	size_t at = word_of(nat_number(nat_attribute(in, NFTA_META_DREG), 0));

	if (at == 0)
		return; /* it sets something */
	switch (nat_number(nat_attribute(in, NFTA_META_KEY), UINT32_MAX)) {
	case NFT_META_L4PROTO:
		load(p, at, FIELD_PROTOCOL, 1);
		return;
	case NFT_META_NFPROTO:
		load(p, at, FIELD_FAMILY, 1);
		return;
	case NFT_META_IIFNAME:
		load(p, at, FIELD_INTERFACE, 16);
		return;
	default: /* not our enum */
		load(p, at, FIELD_UNKNOWN, 16);
	}
}

static void load_fib(struct part *p, struct nat_bytes in)
{
	enum { DESTINATION = 2 }; /* NFTA_FIB_F_DADDR */
	uint32_t flags = nat_number(nat_attribute(in, NFTA_FIB_FLAGS), 0);
	bool is_type = nat_number(nat_attribute(in, NFTA_FIB_RESULT), 0) ==
			       NFT_FIB_RESULT_ADDRTYPE && flags & DESTINATION;

	load(p, word_of(nat_number(nat_attribute(in, NFTA_FIB_DREG), 0)),
	     is_type ? FIELD_TYPE : FIELD_UNKNOWN, 4);
}

static void load_ct(struct part *p, struct nat_bytes in)
{
	bool is_state = nat_number(nat_attribute(in, NFTA_CT_KEY), UINT32_MAX) == NFT_CT_STATE;

	load(p, word_of(nat_number(nat_attribute(in, NFTA_CT_DREG), 0)),
	     is_state ? FIELD_STATE : FIELD_UNKNOWN, 16);
}

/* A mask on an address stays one; anything else that is done to a field is not followed. */
static void mask(struct part *p, struct nat_bytes in, struct nat_rules *rules)
{
	size_t from = word_of(nat_number(nat_attribute(in, NFTA_BITWISE_SREG), 0));
	uint32_t to_reg = nat_number(nat_attribute(in, NFTA_BITWISE_DREG), 0);
	size_t to = word_of(to_reg), n = nat_number(nat_attribute(in, NFTA_BITWISE_LEN), 0);
	struct nat_verdict none;
	struct nat_bytes bits = nat_data(rules, nat_attribute(in, NFTA_BITWISE_MASK), &none);
	struct nat_bytes flip = nat_data(rules, nat_attribute(in, NFTA_BITWISE_XOR), &none);
	bool is_plain = nat_number(nat_attribute(in, NFTA_BITWISE_OP), 0) == 0 && bits.n == n &&
			flip.n == n;

	if (!is_key(from, n) || !is_key(to, n))
		return;
	for (size_t i = 0; is_plain && i < n; i++)
		is_plain = flip.at[i] == 0;
	for (size_t i = 0; i < words_in(n); i++) {
		struct word w = p->words[from + i];
		bool is_address = w.field >= FIELD_TO_V4 && w.field <= FIELD_FROM_V6;

		if (w.field == FIELD_STATE || w.field == FIELD_CHANCE) {
			p->words[to + i] = w;
			continue;
		}
		if (!is_plain || !is_address || w.is_masked) {
			p->words[to + i] = (struct word){.field = FIELD_UNKNOWN};
			continue;
		}
		w.is_masked = true;
		for (size_t k = 0; k < WORD; k++)
			w.bytes[k] = i * WORD + k < n ? bits.at[i * WORD + k] : 0;
		p->words[to + i] = w;
	}
}

static void swap_bytes(struct part *p, struct nat_bytes in)
{
	size_t at = word_of(nat_number(nat_attribute(in, NFTA_BYTEORDER_SREG), 0));
	size_t to = word_of(nat_number(nat_attribute(in, NFTA_BYTEORDER_DREG), 0));
	bool is_byte = at < N_WORDS && p->words[at].length == 1;

	if (!is_byte) /* a single byte has no order */
		load(p, to, FIELD_UNKNOWN, 16);
}

/* --- ends ------------------------------------------------------------------------------------ */

static void end_with_verdict(struct nat_run *run, const struct nat_box *b,
			     const struct nat_verdict *v)
{
	struct nat_outcome out = {.end = NAT_END_STOP, .chain = v->chain};

	if (v->code == NFT_CONTINUE || v->code == NFT_BREAK)
		return;
	if (v->code == NFT_RETURN)
		out.end = NAT_END_RETURN;
	else if (v->code == NFT_JUMP || v->code == NFT_GOTO)
		out.end = v->code == NFT_JUMP ? NAT_END_JUMP : NAT_END_GOTO;
	if ((out.end == NAT_END_JUMP || out.end == NAT_END_GOTO) && !out.chain)
		return;
	run->end(run, b, &out);
}

static uint16_t port_in(const struct part *p, uint32_t reg, bool *is_known)
{
	uint8_t bytes[2];

	*is_known = value_of(p, reg, bytes, sizeof(bytes));
	return *is_known ? port_of(bytes) : 0;
}

static void translate(struct nat_run *run, const struct part *p, struct nat_target *t,
		      uint32_t min_reg, uint32_t max_reg)
{
	bool is_known = true, is_known_too = true;

	if (min_reg != 0) {
		t->has_ports = true;
		t->first = port_in(p, min_reg, &is_known);
		t->last = max_reg ? port_in(p, max_reg, &is_known_too) : t->first;
		if (!is_known || !is_known_too)
			t->first = t->last = 0;
	}
	run->end(run, &p->box, &(struct nat_outcome){.end = NAT_END_TRANSLATE, .target = *t});
}

static void translate_address(struct nat_run *run, const struct part *p, struct nat_bytes in)
{
	uint32_t family = nat_number(nat_attribute(in, NFTA_NAT_FAMILY), NFPROTO_UNSPEC);
	uint32_t reg = nat_number(nat_attribute(in, NFTA_NAT_REG_ADDR_MIN), 0);
	uint32_t min = nat_number(nat_attribute(in, NFTA_NAT_REG_PROTO_MIN), 0);
	struct nat_target t = {0};

	if (nat_number(nat_attribute(in, NFTA_NAT_TYPE), 0) != NFT_NAT_DNAT) {
		run->end(run, &p->box, &(struct nat_outcome){.end = NAT_END_STOP});
		return;
	}
	t.family = family == NFPROTO_IPV6 || (family != NFPROTO_IPV4 && p->box.families == NAT_V6)
			   ? NAT_V6 : NAT_V4;
	t.has_address = reg != 0 && value_of(p, reg, t.address, nat_address_size(t.family));
	translate(run, p, &t, min, nat_number(nat_attribute(in, NFTA_NAT_REG_PROTO_MAX), min));
}

static void redirect(struct nat_run *run, const struct part *p, struct nat_bytes in)
{
	uint32_t min = nat_number(nat_attribute(in, NFTA_REDIR_REG_PROTO_MIN), 0);
	struct nat_target t = {.is_redirect = true};

	translate(run, p, &t, min, nat_number(nat_attribute(in, NFTA_REDIR_REG_PROTO_MAX), min));
}

/* --- sets ------------------------------------------------------------------------------------ */

/* Narrow `p` to the keys of `e`, or away from them. */
static bool match_element(struct part *p, size_t at, const struct nat_element *e, bool is_not)
{
	return match_fields(p, at, (struct range){e->from, e->to, e->n_key}, is_not);
}

/* The rest of the rule with the part of the box that has this element as its key. */
/* NOLINTNEXTLINE(misc-no-recursion): MOST_BRANCHES deep */
static void follow_element(struct nat_run *run, struct nat_bytes rest, const struct part *p,
			   const struct nat_element *e, size_t at, uint32_t to, bool is_map,
			   unsigned int depth)
{
	struct part narrowed = *p;

	if (e->is_catchall)
		nat_box_doubt(&narrowed.box, NULL);
	else if (!match_element(&narrowed, at, e, false))
		return;
	if (is_map && to == NFT_REG_VERDICT) {
		end_with_verdict(run, &narrowed.box, &e->verdict);
		if (e->verdict.is_set && e->verdict.code != NFT_CONTINUE)
			return;
	} else if (is_map) {
		load_value(&narrowed, to, e->data ? e->data : (const uint8_t *)"", e->n_data);
	}
	follow(run, rest, &narrowed, depth + 1);
}

/* A set that is not known: whatever it holds. */
/* NOLINTNEXTLINE(misc-no-recursion): MOST_BRANCHES deep */
static void follow_unknown(struct nat_run *run, struct nat_bytes rest, struct part *p, uint32_t to,
			   bool is_map, unsigned int depth)
{
	nat_box_doubt(&p->box, N_("under further conditions"));
	if (is_map && to == NFT_REG_VERDICT) {
		run->end(run, &p->box, &(struct nat_outcome){.end = NAT_END_STOP});
		return;
	}
	if (is_map)
		load(p, word_of(to), FIELD_UNKNOWN, 16);
	follow(run, rest, p, depth + 1);
}

/* NOLINTNEXTLINE(misc-no-recursion): MOST_BRANCHES deep */
static void look_up(struct nat_run *run, struct nat_bytes in, struct nat_bytes rest, struct part *p,
		    unsigned int depth)
{
	struct nat_bytes name = nat_attribute(in, NFTA_LOOKUP_SET);
	struct nat_bytes to = nat_attribute(in, NFTA_LOOKUP_DREG);
	uint32_t flags = nat_number(nat_attribute(in, NFTA_LOOKUP_FLAGS), 0);
	size_t at = word_of(nat_number(nat_attribute(in, NFTA_LOOKUP_SREG), 0));
	char text[256];
	struct nat_set *s;

	snprintf(text, sizeof(text), "%.*s", (int)MIN_OF(name.n, sizeof(text) - 1),
		 (const char *)(name.at ? name.at : (const uint8_t *)""));
	s = run->set ? run->set(run, text) : NULL;
	if (!s || at == 0 || at >= N_WORDS) {
		follow_unknown(run, rest, p, nat_number(to, 0), to.n > 0, depth);
		return;
	}
	nat_set_settle(s);
	if (flags & NFT_LOOKUP_F_INV) {
		for (size_t i = 0; i < s->n_elements; i++) {
			const struct nat_element *e = &s->elements[i];

			if (e->is_catchall || !is_key(at, e->n_key) ||
			    !match_element(p, at, e, true))
				return;
		}
		follow(run, rest, p, depth + 1);
		return;
	}
	for (size_t i = 0; i < s->n_elements && *run->budget > 0; i++) {
		if (s->elements[i].is_catchall || is_key(at, s->elements[i].n_key))
			follow_element(run, rest, p, &s->elements[i], at, nat_number(to, 0),
				       to.n > 0, depth);
		--*run->budget;
	}
}

/* --- the rule -------------------------------------------------------------------------------- */

static void copy_name(char *out, struct nat_bytes in)
{
	snprintf(out, NAME_SIZE, "%.*s", (int)MIN_OF(in.n, (size_t)NAME_SIZE - 1),
		 (const char *)(in.at ? in.at : (const uint8_t *)""));
}

/* Returns whether the rule goes on; with several ranges of ports it goes on in here. */
/* NOLINTNEXTLINE(misc-no-recursion): MOST_BRANCHES deep */
static bool match_xt(struct nat_run *run, struct nat_bytes in, struct nat_bytes rest,
		     struct part *p, unsigned int depth)
{
	struct nat_xt_spans spans = {0};
	char name[NAME_SIZE];

	copy_name(name, nat_attribute(in, NFTA_MATCH_NAME));
	if (!nat_xt_match(&p->box, name, nat_number(nat_attribute(in, NFTA_MATCH_REV), 0),
			  nat_attribute(in, NFTA_MATCH_INFO), &spans))
		return false;
	for (size_t i = 0; i < spans.n; i++) {
		struct part narrowed = *p;

		if (nat_box_ports(&narrowed.box, spans.items[i].first, spans.items[i].last))
			follow(run, rest, &narrowed, depth + 1);
	}
	return spans.n == 0;
}

/* Returns whether the rule goes on. */
static bool end_xt(struct nat_run *run, struct nat_bytes in, const struct part *p)
{
	struct nat_outcome out;
	char name[NAME_SIZE];

	copy_name(name, nat_attribute(in, NFTA_TARGET_NAME));
	if (!nat_xt_target(name, nat_number(nat_attribute(in, NFTA_TARGET_REV), 0),
			   nat_attribute(in, NFTA_TARGET_INFO), run->family, &out))
		return true;
	run->end(run, &p->box, &out);
	return false;
}

static bool follow_immediate(struct nat_run *run, struct nat_bytes in, struct part *p)
{
	uint32_t reg = nat_number(nat_attribute(in, NFTA_IMMEDIATE_DREG), 0);
	struct nat_verdict verdict;
	struct nat_bytes data = nat_data(run->rules, nat_attribute(in, NFTA_IMMEDIATE_DATA),
					 &verdict);

	if (reg != NFT_REG_VERDICT) {
		load_value(p, reg, data.at, MIN_OF(data.n, MOST_KEY));
		return true;
	}
	end_with_verdict(run, &p->box, &verdict);
	return false;
}

/* Whether an expression says nothing about which packets are meant. */
static bool is_neutral(const char *name)
{
	static const char *const names[] = {"counter", "log", "objref", "notrack", "last",
					    "dynset", "dup"};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Expressions that put something into a register. Returns whether it was one. */
static bool load_register(struct part *p, const char *name, struct nat_bytes in,
			  struct nat_rules *rules)
{
	if (strcmp(name, "payload") == 0)
		load_payload(p, in);
	else if (strcmp(name, "meta") == 0)
		load_meta(p, in);
	else if (strcmp(name, "fib") == 0)
		load_fib(p, in);
	else if (strcmp(name, "ct") == 0)
		load_ct(p, in);
	else if (strcmp(name, "bitwise") == 0)
		mask(p, in, rules);
	else if (strcmp(name, "byteorder") == 0)
		swap_bytes(p, in);
	else if (strcmp(name, "numgen") == 0)
		load(p, word_of(nat_number(nat_attribute(in, NFTA_NG_DREG), 0)), FIELD_CHANCE, 4);
	else if (strcmp(name, "hash") == 0)
		load(p, word_of(nat_number(nat_attribute(in, NFTA_HASH_DREG), 0)), FIELD_CHANCE, 4);
	else
		return false;
	return true;
}

/* Returns whether the rule goes on behind this expression. */
/* NOLINTNEXTLINE(misc-no-recursion): MOST_BRANCHES deep */
static bool step(struct nat_run *run, const char *name, struct nat_bytes in, struct nat_bytes rest,
		 struct part *p, unsigned int depth)
{
	if (load_register(p, name, in, run->rules) || is_neutral(name))
		return true;
	if (strcmp(name, "cmp") == 0)
		return compare(p, in, run->rules);
	if (strcmp(name, "range") == 0)
		return compare_range(p, in, run->rules);
	if (strcmp(name, "match") == 0)
		return match_xt(run, in, rest, p, depth);
	if (strcmp(name, "target") == 0)
		return end_xt(run, in, p);
	if (strcmp(name, "immediate") == 0)
		return follow_immediate(run, in, p);
	if (strcmp(name, "lookup") == 0)
		look_up(run, in, rest, p, depth);
	else if (strcmp(name, "nat") == 0)
		translate_address(run, p, in);
	else if (strcmp(name, "redir") == 0)
		redirect(run, p, in);
	else if (strcmp(name, "masq") == 0)
		run->end(run, &p->box, &(struct nat_outcome){.end = NAT_END_STOP});
	else
		return nat_box_doubt(&p->box, N_("under further conditions")), true;
	return false;
}

/* NOLINTNEXTLINE(misc-no-recursion): MOST_BRANCHES deep */
static void follow(struct nat_run *run, struct nat_bytes rest, struct part *p, unsigned int depth)
{
	struct nat_bytes element;
	uint16_t type;

	if (depth > MOST_BRANCHES)
		return;
	while (*run->budget > 0 && nat_next_attribute(&rest, &type, &element)) {
		struct nat_bytes in = nat_attribute(element, NFTA_EXPR_DATA);
		char name[NAME_SIZE];

		if (type != NFTA_LIST_ELEM)
			continue;
		--*run->budget;
		copy_name(name, nat_attribute(element, NFTA_EXPR_NAME));
		if (!step(run, name, in, rest, p, depth))
			return;
	}
}

void nat_rule_run(struct nat_run *run, const struct nat_rule *rule, const struct nat_box *box)
{
	struct part p = {.box = *box};

	follow(run, rule->expressions, &p, 0);
}
