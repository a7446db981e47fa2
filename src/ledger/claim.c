#include "ledger/claim.h"

#include "base/instant.h"
#include "base/lang.h"
#include "base/str.h"
#include "query/overlap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum claim_state claim_state(const struct claim *c, const char *today)
{
	if (c->is_retired)
		return CLAIM_RETIRED;
	return c->until && strcmp(c->until, today) < 0 ? CLAIM_EXPIRED : CLAIM_ACTIVE;
}

const char *claim_state_name(enum claim_state s)
{
	static const char *const names[] = {"active", "expired", "retired"};

	return (size_t)s < N_ELEMENTS(names) ? names[s] : "?";
}

/* The wildcard of IPv6 is taken for dual-stack, every other address for its family alone: that is
 * how they are bound by default. A zone that is not said may be any. */
static bool do_addresses_collide(const struct address *a, const struct address *b)
{
	const struct overlap_end one = {.address = *a,
					.v6only = address_is_wildcard(a) ? MAYBE_NO : MAYBE_YES};
	const struct overlap_end other = {.address = *b,
					  .v6only = address_is_wildcard(b) ? MAYBE_NO : MAYBE_YES};

	if (a->scope_id != b->scope_id && a->scope_id != 0 && b->scope_id != 0)
		return false; /* different devices */
	return overlap_judge(&one, &other, false, NULL) != MAYBE_NO;
}

static transport_set port_spaces(transport_set protocols)
{
	transport_set spaces = 0;

	for (unsigned int t = 0; t < N_TRANSPORTS; t++) {
		if (protocols & TRANSPORT_BIT(t))
			spaces |= TRANSPORT_BIT(transport_port_space((enum transport)t));
	}
	return spaces;
}

bool claim_covers(const struct claim *c, uint16_t port, enum transport transport,
		  const struct address *address)
{
	if (port < c->first || port > c->last ||
	    !(port_spaces(c->protocols) & TRANSPORT_BIT(transport_port_space(transport))))
		return false;
	return !c->has_address || !address || do_addresses_collide(&c->address, address);
}

enum transport claim_any_transport(const struct claim *c)
{
	unsigned int t = 0;

	while (t + 1 < N_TRANSPORTS && !(c->protocols & TRANSPORT_BIT(t)))
		t++;
	return (enum transport)t;
}

bool claim_collides(const struct claim *a, const struct claim *b)
{
	if (a->last < b->first || b->last < a->first ||
	    !(port_spaces(a->protocols) & port_spaces(b->protocols)))
		return false;
	return !a->has_address || !b->has_address ||
	       do_addresses_collide(&a->address, &b->address);
}

bool claim_has_same_ports(const struct claim *a, const struct claim *b)
{
	return a->first == b->first && a->last == b->last && a->protocols == b->protocols &&
	       a->has_address == b->has_address &&
	       (!a->has_address || address_is_equal(&a->address, &b->address));
}

static int compare_addresses(const struct claim *a, const struct claim *b)
{
	int r = (int)a->has_address - (int)b->has_address;

	if (r != 0 || !a->has_address)
		return r;
	if (a->address.family != b->address.family)
		return a->address.family < b->address.family ? -1 : 1;
	r = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
	if (r == 0 && a->address.scope_id != b->address.scope_id)
		r = a->address.scope_id < b->address.scope_id ? -1 : 1;
	return r;
}

int claim_compare(const struct claim *a, const struct claim *b)
{
	int r;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	r = str_casecmp(a->name, b->name);
	if (r == 0)
		r = compare_addresses(a, b);
	if (r == 0)
		r = (a->protocols > b->protocols) - (a->protocols < b->protocols);
	return r;
}

static int refuse(char *error, const char *what, const char *text, size_t n)
{
	struct str safe = {0}, piece = {0};

	str_append_bytes(&piece, text, MIN_OF(n, 40));
	str_append_escaped(&safe, str_text(&piece), false);
	snprintf(error, CLAIM_ERROR_SIZE, "\"%.120s\" %s", str_text(&safe), _(what));
	str_fini(&piece);
	str_fini(&safe);
	return -EINVAL;
}

static bool parse_port(const char *text, size_t n, uint16_t *out)
{
	uint64_t value;

	if (str_parse_u64(text, n, UINT16_MAX, &value) < 0)
		return false;
	*out = (uint16_t)value;
	return true;
}

/* "tcp,udp": transports of the registry, each once. */
static int parse_protocols(const char *text, transport_set *out, char *error)
{
	transport_set set = 0;

	for (;;) {
		size_t n = strcspn(text, ",");
		enum transport t;
		char name[16] = {0};

		memcpy(name, text, MIN_OF(n, 15));
		if (n > 15 || transport_parse(name, &t) < 0 || t > TRANSPORT_DCCP)
			return refuse(error, N_("is not one of tcp, udp, sctp, dccp"), text, n);
		if (set & TRANSPORT_BIT(t))
			return refuse(error, N_("stands twice"), text, n);
		set |= TRANSPORT_BIT(t);
		if (!text[n])
			break;
		text += n + 1;
	}
	*out = set;
	return 0;
}

int claim_ports_parse(const char *text, uint16_t *first, uint16_t *last, transport_set *protocols,
		      char *error)
{
	size_t n = strcspn(text, "/"), n_first = strcspn(text, "-/");
	transport_set set = 0;
	uint16_t from, to;

	if (!parse_port(text, n_first, &from))
		return refuse(error, N_("is not a port: ports are 0 to 65535"), text, n);
	to = from;
	if (n_first < n && !parse_port(text + n_first + 1, n - n_first - 1, &to))
		return refuse(error, N_("is not a range of ports, first-last"), text, n);
	if (to < from)
		return refuse(error, N_("is a range that ends before it begins"), text, n);
	if (text[n] && parse_protocols(text + n + 1, &set, error) < 0)
		return -EINVAL;
	*first = from;
	*last = to;
	*protocols = set;
	return 0;
}

char *claim_ports_format(const struct claim *c, char *text)
{
	char *at = text + str_put_u64(text, c->first);
	char lead = '/';

	if (c->first != c->last) {
		*at++ = '-';
		at += str_put_u64(at, c->last);
	}
	for (unsigned int t = 0; t < N_TRANSPORTS; t++) {
		const char *name = transport_name((enum transport)t);

		if (!(c->protocols & TRANSPORT_BIT(t)))
			continue;
		*at++ = lead;
		while (*name) /* all of them together have 26 letters */
			*at++ = *name++;
		lead = ',';
	}
	*at = '\0';
	return text;
}

char *claim_describe_ports(const struct claim *c, struct arena *arena)
{
	char address[ADDRESS_TEXT_SIZE], ports[CLAIM_PORTS_SIZE];

	claim_ports_format(c, ports);
	if (!c->has_address)
		return arena_strdup(arena, ports);
	return arena_printf(arena, "%s %s", address_format(&c->address, address), ports);
}

char *claim_describe_collision(const struct claim *wanted, const struct claim *other,
				struct arena *arena)
{
	const char *mine = claim_describe_ports(wanted, arena);
	const char *theirs = claim_describe_ports(other, arena);

	return arena_printf(arena, _("%s is taken: %s %s%s%s%s%s%s (%s)"), mine ? mine : "?",
			    other->name, theirs ? theirs : "?",
			    other->is_retired ? _(" retired") : "", other->owner ? _(", of ") : "",
			    other->owner ? other->owner : "", other->until ? _(", until ") : "",
			    other->until ? other->until : "", other->source ? other->source : "?");
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 6335, section 5.1: letters, digits and single hyphens inside, at least one letter. */
enum claim_name claim_name_check(const char *name)
{
	size_t n = strnlen(name, CLAIM_NAME_MOST + 1);
	bool has_letter = false;

	if (n == 0 || n > CLAIM_NAME_MOST)
		return CLAIM_NAME_BAD;
	for (size_t i = 0; i < n; i++) {
		bool is_hyphen = name[i] == '-';

		has_letter = has_letter || is_letter(name[i]);
		if (!is_hyphen && !is_letter(name[i]) && (name[i] < '0' || name[i] > '9'))
			return CLAIM_NAME_BAD;
		if (is_hyphen && (i == 0 || i + 1 == n || name[i - 1] == '-'))
			return CLAIM_NAME_BAD;
	}
	if (!has_letter)
		return CLAIM_NAME_BAD;
	return n > CLAIM_NAME_LONG ? CLAIM_NAME_WIDE : CLAIM_NAME_GOOD;
}

bool claim_text_is_good(const char *text)
{
	size_t n = strnlen(text, CLAIM_TEXT_MOST + 1);

	if (n == 0 || n > CLAIM_TEXT_MOST)
		return false;
	for (size_t i = 0; i < n;) {
		uint32_t code_point;
		size_t length = str_utf8_decode(text + i, n - i, &code_point);

		if (length == 0 || str_is_unsafe(code_point))
			return false;
		i += length;
	}
	return true;
}

bool claim_date_is_good(const char *text)
{
	static const uint64_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	uint64_t year, month, day;
	bool is_leap;

	if (strnlen(text, CLAIM_DATE_SIZE) != CLAIM_DATE_SIZE - 1 || text[4] != '-' ||
	    text[7] != '-' || str_parse_u64(text, 4, 9999, &year) < 0 ||
	    str_parse_u64(text + 5, 2, 12, &month) < 0 || str_parse_u64(text + 8, 2, 31, &day) < 0)
		return false;
	if (month == 0 || day == 0 || day > days[month - 1])
		return false;
	is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return month != 2 || day < 29 || is_leap;
}

char *claim_date_format(int64_t instant_ns, char *text)
{
	char instant[INSTANT_TEXT_SIZE];

	snprintf(text, CLAIM_DATE_SIZE, "%.10s", instant_format(instant_ns, instant));
	return text;
}
