#include "live/rules-darwin.h"

#include "base/lang.h"
#include "live/sysctl-darwin.h"

#include <netinet/in.h>

void rules_read(struct gaps *gaps, struct live_rules *out)
{
	int first = 0, last = 0;
	int r = sysctl_number("net.inet.ip.portrange.first", &first);

	if (r == 0)
		r = sysctl_number("net.inet.ip.portrange.last", &last);
	*out = (struct live_rules){
		.has_privileged = true,
		.unprivileged_start = IPPORT_RESERVED,
		.has_reserved = true,
	};
	if (r < 0) {
		gaps_add_errno(gaps, "rules", "net.inet.ip.portrange", -r);
		return;
	}
	/* The kernel takes a range that is written the other way round, too. */
	if (MIN_OF(first, last) < 0 || MAX_OF(first, last) > UINT16_MAX) {
		gaps_add(gaps, "rules", "net.inet.ip.portrange", N_("not a range of ports"), NULL);
		return;
	}
	out->has_ephemeral = true;
	out->ephemeral = (struct live_span){(uint16_t)MIN_OF(first, last),
					    (uint16_t)MAX_OF(first, last)};
}
