/* A system without tables to look into: waiting is done by connecting only. */
#include "act/wait-look.h"

#include "base/lang.h"

#include <errno.h>
#include <poll.h>

int wait_look_open(struct wait_look **out BERTH_UNUSED)
{
	return -ENOTSUP;
}

struct wait_look *wait_look_close(struct wait_look *l BERTH_UNUSED)
{
	return NULL;
}

int wait_look_points(struct wait_look *l BERTH_UNUSED, struct wait_point *points BERTH_UNUSED,
		     size_t n BERTH_UNUSED)
{
	return -ENOTSUP;
}

bool wait_look_ends_of(const struct live_socket *s BERTH_UNUSED,
		       struct wait_ends *out BERTH_UNUSED)
{
	return false;
}

int wait_look_exists(struct wait_look *l BERTH_UNUSED, const struct live_socket *s BERTH_UNUSED)
{
	return -ENOTSUP;
}

int wait_look_server_end(struct wait_look *l BERTH_UNUSED,
			 const struct address *server BERTH_UNUSED,
			 uint16_t server_port BERTH_UNUSED,
			 const struct address *client BERTH_UNUSED,
			 uint16_t client_port BERTH_UNUSED,
			 enum wait_server_end *out BERTH_UNUSED)
{
	return -ENOTSUP;
}

int wait_look_listeners(struct wait_look *l BERTH_UNUSED, enum transport transport BERTH_UNUSED,
			uint16_t port BERTH_UNUSED, struct arena *arena BERTH_UNUSED,
			struct wait_rows *out BERTH_UNUSED)
{
	return -ENOTSUP;
}

int wait_look_holders(struct wait_look *l BERTH_UNUSED, enum transport transport BERTH_UNUSED,
		      uint16_t port BERTH_UNUSED, struct arena *arena BERTH_UNUSED,
		      struct wait_rows *out BERTH_UNUSED)
{
	return -ENOTSUP;
}

const char *wait_look_unseen(const struct wait_look *l BERTH_UNUSED,
			     enum wait_unseen what BERTH_UNUSED)
{
	return _("this system has no such tables");
}

bool wait_look_shares_cookies(const struct wait_look *l BERTH_UNUSED)
{
	return false;
}

int wait_look_addresses(struct arena *arena BERTH_UNUSED, struct wait_addresses *out)
{
	*out = (struct wait_addresses){0};
	return 0;
}

bool wait_look_may_have_proxy(void)
{
	return false;
}

int wait_sleep(struct pollfd *fds, size_t n, int64_t timeout_us)
{
	return poll(fds, (nfds_t)n, (int)((timeout_us + 999) / 1000));
}
