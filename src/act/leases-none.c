#include "act/leases.h"

#include <errno.h>

int leases_list(struct arena *arena BERTH_UNUSED, struct answer_leases *out BERTH_UNUSED)
{
	return -ENOTSUP;
}

size_t leases_holders(uint16_t port BERTH_UNUSED, uint32_t *pids BERTH_UNUSED,
		      size_t most BERTH_UNUSED)
{
	return 0;
}
