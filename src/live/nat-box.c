#include "live/nat-box.h"

#include "base/lang.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

size_t nat_address_size(uint8_t family)
{
	return family == NAT_V4 ? 4 : 16;
}

bool nat_box_ports(struct nat_box *b, uint16_t first, uint16_t last)
{
	b->first = MAX_OF(b->first, first);
	b->last = MIN_OF(b->last, last);
	return b->first <= b->last;
}

bool nat_box_not_ports(struct nat_box *b, uint16_t first, uint16_t last)
{
	if (first > last || last < b->first || first > b->last)
		return true;
	if (first <= b->first && last >= b->last)
		return false;
	if (first <= b->first)
		b->first = (uint16_t)(last + 1);
	else if (last >= b->last)
		b->last = (uint16_t)(first - 1);
	else
		nat_box_doubt(b, N_("not for all of these ports"));
	return true;
}

static uint8_t protocol_bit(uint8_t number)
{
	return number == IPPROTO_TCP ? NAT_TCP : number == IPPROTO_UDP ? NAT_UDP : 0;
}

bool nat_box_protocol(struct nat_box *b, uint8_t number)
{
	b->protocols &= protocol_bit(number);
	return b->protocols != 0;
}

bool nat_box_not_protocol(struct nat_box *b, uint8_t number)
{
	b->protocols &= (uint8_t)~protocol_bit(number);
	return b->protocols != 0;
}

bool nat_box_family(struct nat_box *b, uint8_t family)
{
	b->families &= family;
	return b->families != 0;
}

bool nat_box_addresses(struct nat_box *b, uint8_t family, const uint8_t *from, const uint8_t *to)
{
	size_t n = nat_address_size(family);

	if (!nat_box_family(b, family))
		return false;
	if (!b->has_address || memcmp(from, b->from, n) > 0)
		memcpy(b->from, from, n);
	if (!b->has_address || memcmp(to, b->to, n) < 0)
		memcpy(b->to, to, n);
	b->has_address = true;
	return memcmp(b->from, b->to, n) <= 0;
}

bool nat_box_not_addresses(struct nat_box *b, uint8_t family, const uint8_t *from,
			   const uint8_t *to)
{
	size_t n = nat_address_size(family);

	if (!(b->families & family))
		return true;
	if (b->has_address && (memcmp(to, b->from, n) < 0 || memcmp(from, b->to, n) > 0))
		return true;
	if (b->has_address && memcmp(from, b->from, n) <= 0 && memcmp(to, b->to, n) >= 0)
		return nat_box_family(b, (uint8_t)~family);
	nat_box_doubt(b, NULL);
	return true;
}

void nat_box_doubt(struct nat_box *b, const char *note)
{
	size_t used = strlen(b->note);

	b->is_uncertain = true;
	if (!note || strstr(b->note, note) || used + strlen(note) + 3 > sizeof(b->note))
		return;
	snprintf(b->note + used, sizeof(b->note) - used, "%s%s", used ? ", " : "", note);
}

bool nat_box_covers(const struct nat_box *outer, const struct nat_box *inner)
{
	if (outer->is_uncertain || (inner->families & ~outer->families) ||
	    (inner->protocols & ~outer->protocols) || inner->first < outer->first ||
	    inner->last > outer->last || (outer->is_local && !inner->is_local))
		return false;
	if (!outer->has_address)
		return true;
	return inner->has_address && inner->families == outer->families &&
	       memcmp(inner->from, outer->from, nat_address_size(outer->families)) >= 0 &&
	       memcmp(inner->to, outer->to, nat_address_size(outer->families)) <= 0;
}
