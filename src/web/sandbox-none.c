/* Systems where the front gives nothing up. */
#include "web/sandbox.h"

int sandbox_enter(const struct sandbox_wish *wish BERTH_UNUSED, struct str *in_force,
		  struct str *missing)
{
	str_append(in_force, "nothing");
	str_append(missing, "sandbox: this system has none that berth knows\n");
	return 0;
}
