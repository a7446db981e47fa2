#include "act/portserver.h"

#include <errno.h>
#include <stddef.h>

int portserver_open(const char *address BERTH_UNUSED, const struct lease_ports *pool BERTH_UNUSED,
		    struct portserver **out BERTH_UNUSED)
{
	return -ENOTSUP;
}

struct portserver *portserver_close(struct portserver *s BERTH_UNUSED)
{
	return NULL;
}

int portserver_run(struct portserver *s BERTH_UNUSED, int stop_fd BERTH_UNUSED,
		   void (*status)(const struct portserver_counts *counts,
				  void *context) BERTH_UNUSED,
		   void *context BERTH_UNUSED)
{
	return -ENOTSUP;
}

void portserver_count(const struct portserver *s BERTH_UNUSED, struct portserver_counts *out)
{
	*out = (struct portserver_counts){.n_leases = 0};
}
