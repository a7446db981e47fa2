/* A system without an abstract unix namespace has no leases. */
#include "act/lease.h"

#include <errno.h>

bool lease_is_possible(void)
{
	return false;
}

void lease_rules(struct arena *arena BERTH_UNUSED, struct live_rules *out)
{
	*out = (struct live_rules){.has_ephemeral = false};
}

uint64_t lease_seed(void)
{
	return 0;
}

int lease_take(const struct lease_ports *pool BERTH_UNUSED, size_t *cursor BERTH_UNUSED,
	       enum lease_hold hold BERTH_UNUSED, struct lease *out BERTH_UNUSED,
	       struct lease_misses *misses BERTH_UNUSED)
{
	return -ENOTSUP;
}

void lease_tell(const struct lease *l BERTH_UNUSED, char kind BERTH_UNUSED,
		uint32_t pid BERTH_UNUSED, const char *name BERTH_UNUSED)
{
}

void lease_drop(struct lease *l BERTH_UNUSED)
{
}

void lease_unhold(struct lease *l BERTH_UNUSED)
{
}

int lease_write_env(const char *path BERTH_UNUSED, const struct lease_wish *wishes BERTH_UNUSED,
		    const struct lease *leases BERTH_UNUSED, size_t n BERTH_UNUSED)
{
	return -ENOTSUP;
}

int lease_run(const struct lease_run *run BERTH_UNUSED, struct arena *arena BERTH_UNUSED,
	      struct lease_end *out BERTH_UNUSED)
{
	return -ENOTSUP;
}
