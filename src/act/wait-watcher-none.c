/* A system where the wait itself has to ask every time. */
#include "act/wait-watcher.h"

#include <errno.h>

int wait_watcher_open(struct wait_watcher **out BERTH_UNUSED)
{
	return -ENOTSUP;
}

struct wait_watcher *wait_watcher_close(struct wait_watcher *w BERTH_UNUSED)
{
	return NULL;
}

int wait_watcher_run(struct wait_watcher *w BERTH_UNUSED,
		     const struct wait_watch *watch BERTH_UNUSED)
{
	return -ENOTSUP;
}
