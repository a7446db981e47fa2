#include "cli/system.h"

/* Nothing carries them out here yet; claims are read, but the helper that writes them is not
 * built. */
const unsigned int system_lacks = 1U << VERB_WAIT | 1U << VERB_LISTEN | 1U << VERB_EVICT |
				  1U << VERB_CLAIM | 1U << VERB_UNCLAIM |
				  1U << VERB_LEASE | 1U << VERB_LEASES |
				  1U << VERB_PORTSERVER;

const char system_name[] = "Windows";
