/* No system: nothing can be ended. */
#include "act/end.h"

#include <errno.h>
#include <string.h>

int end_self(struct arena *arena BERTH_UNUSED, struct evict_self *out)
{
	*out = (struct evict_self){0};
	return 0;
}

int end_hold(const struct live_process *p BERTH_UNUSED)
{
	return -ENOTSUP;
}

int end_release(int handle BERTH_UNUSED)
{
	return -1;
}

bool end_has_ended(int handle BERTH_UNUSED)
{
	return false;
}

int end_has_socket(int handle BERTH_UNUSED, uint32_t pid BERTH_UNUSED, int fd BERTH_UNUSED,
		   const struct live_socket *s BERTH_UNUSED)
{
	return -ENOTSUP;
}

int end_send(int handle BERTH_UNUSED, const struct live_process *p BERTH_UNUSED,
	     enum end_signal which BERTH_UNUSED)
{
	return -ENOTSUP;
}

void end_wait(const int *handles BERTH_UNUSED, size_t n BERTH_UNUSED, int ms BERTH_UNUSED)
{
}

int end_destroy(const struct live_socket *s BERTH_UNUSED)
{
	return -ENOTSUP;
}

int end_within(uint64_t ns_id BERTH_UNUSED, int (*act)(void *context), void *context)
{
	return act(context);
}
