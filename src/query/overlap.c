#include "query/overlap.h"

#include <string.h>

static enum maybe not_of(enum maybe m)
{
	switch (m) {
	case MAYBE_UNKNOWN:
		return MAYBE_UNKNOWN;
	case MAYBE_NO:
		return MAYBE_YES;
	case MAYBE_YES:
		return MAYBE_NO;
	}
	return MAYBE_UNKNOWN;
}

static enum maybe from_bool(bool b)
{
	return b ? MAYBE_YES : MAYBE_NO;
}

static bool is_same(const struct address *a, const struct address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* The address that every IPv6 socket without a true IPv4 address has in its IPv4 half. */
static bool is_loopback4_ipv6(const struct address *a)
{
	static const uint8_t bytes[4] = {127, 0, 0, 6};

	return memcmp(a->bytes, bytes, sizeof(bytes)) == 0;
}

/* `v4` wants to be bound and `v6` is there. Only a socket of IPv4 is compared with the other's IPv4
 * half; one of IPv6 with a mapped address is not. */
static enum maybe judge_v4_beside_v6(const struct address *v4, const struct overlap_end *v6,
				     bool is_mapped, bool is_datagram)
{
	const bool meets_half = address_is_wildcard(v4) || (is_datagram && is_loopback4_ipv6(v4));

	if (address_is_wildcard(&v6->address) || (!is_mapped && meets_half))
		return not_of(v6->v6only);
	return MAYBE_NO;
}

/* `v6` wants to be bound and an IPv4 socket is there: any other address than :: becomes v6only. */
static enum maybe judge_v6_beside_v4(const struct overlap_end *v6)
{
	return address_is_wildcard(&v6->address) ? not_of(v6->v6only) : MAYBE_NO;
}

enum maybe overlap_judge(const struct overlap_end *wanted, const struct overlap_end *there,
			 bool is_datagram, enum overlap_kind *kind)
{
	const struct address a = address_unmapped(&wanted->address);
	const struct address b = address_unmapped(&there->address);
	enum overlap_kind found = OVERLAP_DUAL_STACK;
	enum maybe result;

	if (wanted->device && there->device && strcmp(wanted->device, there->device) != 0)
		return MAYBE_NO;
	if (a.family == b.family) {
		found = is_same(&a, &b) ? OVERLAP_SAME : OVERLAP_WILDCARD;
		result = from_bool(found == OVERLAP_SAME || address_is_wildcard(&a) ||
				   address_is_wildcard(&b));
	} else if (a.family == ADDRESS_IPV4) {
		result = judge_v4_beside_v6(&a, there, address_is_v4_mapped(&wanted->address),
					    is_datagram);
	} else {
		result = judge_v6_beside_v4(wanted);
	}
	if (kind && result != MAYBE_NO)
		*kind = found;
	return result;
}
