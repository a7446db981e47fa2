#include "cli/system.h"

#include "base/lang.h"

/* Claims are read, but the helper that writes them is not built; leases and the atlas stand
 * on Linux. */
const unsigned int system_lacks = 1U << VERB_CLAIM | 1U << VERB_UNCLAIM | 1U << VERB_LEASE |
				  1U << VERB_LEASES | 1U << VERB_PORTSERVER | 1U << VERB_SERVE;

/* No port needs a privilege. */
const char system_bind_denied[] =
	N_("is refused: another program has it for itself alone, or Windows "
	   "excludes it");

const char system_name[] = "Windows";
