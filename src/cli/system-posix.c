#include "cli/system.h"

#include "base/lang.h"

/* Leases are made of Linux's abstract unix names; the atlas' front gives up its rights by Linux's
 * means only (web/sandbox.h). */
const unsigned int system_lacks = 1U << VERB_LEASE | 1U << VERB_LEASES | 1U << VERB_PORTSERVER |
				  1U << VERB_SERVE;

const char system_bind_denied[] = N_("needs a privilege to bind");

const char system_name[] = N_("this system");
