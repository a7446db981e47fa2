/* A system without systemd, podman or docker in their usual places. */
#include "act/stop.h"

#include <errno.h>
#include <stdio.h>

static int refuse(char *error)
{
	snprintf(error, STOP_ERROR_SIZE, "this build of berth stops no units and containers");
	return -ENOTSUP;
}

int stop_check_unit(const char *unit BERTH_UNUSED, bool is_of_user BERTH_UNUSED,
		    const struct live_process *p BERTH_UNUSED, char *error)
{
	return refuse(error);
}

int stop_unit(const char *unit BERTH_UNUSED, bool is_of_user BERTH_UNUSED, char *error)
{
	return refuse(error);
}

int stop_container(const char *runtime BERTH_UNUSED, const char *id BERTH_UNUSED, char *error)
{
	return refuse(error);
}
