#include "cli/system.h"

/* Nothing carries them out here yet. */
const unsigned int system_lacks = 1U << VERB_WAIT | 1U << VERB_LISTEN | 1U << VERB_EVICT;

const char system_name[] = "Windows";
