#include "act/dial.h"

#include "act/attempt.h"
#include "act/wire.h"
#include "base/channel.h"

#include <errno.h>

/* Wait for a connection that is under way. Returns 0 or a negative errno. */
static int finish(int fd, int64_t deadline_ms)
{
	struct wire_wait wait = {.fd = fd, .events = WIRE_WRITE};
	int r;

	do {
		int64_t left = deadline_ms - attempt_now_ms();

		r = wire_wait(&wait, 1, left > 0 ? left * 1000 : 0);
	} while (r == -EINTR || r == -EAGAIN);
	return r < 0 ? r : r == 0 ? -ETIMEDOUT : wire_result(fd);
}

int dial_try(const struct address *a, uint16_t port, int64_t timeout_ms)
{
	int64_t deadline_ms = attempt_now_ms() + timeout_ms;
	int fd = -1, r = wire_connect(a, port, &fd);

	if (r > 0)
		r = finish(fd, deadline_ms);
	channel_close(fd);
	return -r;
}
