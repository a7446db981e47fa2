#include "cli/system.h"

/* Claims are read, but the helper that writes them is not built. */
const unsigned int system_lacks = 1U << VERB_CLAIM | 1U << VERB_UNCLAIM;

/* No port needs a privilege. */
const char system_bind_denied[] = "is refused: another program has it for itself alone, or Windows "
				  "excludes it";

const char system_name[] = "Windows";
