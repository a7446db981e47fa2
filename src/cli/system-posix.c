#include "cli/system.h"

#include "base/lang.h"

/* Leases are made of Linux's abstract unix names. */
const unsigned int system_lacks = 1U << VERB_LEASE | 1U << VERB_LEASES | 1U << VERB_PORTSERVER;

const char system_bind_denied[] = N_("needs a privilege to bind");

const char system_name[] = N_("this system");
