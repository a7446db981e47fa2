/* Handles that become readable when their process ends. */
#include "act/end.h"

#include "base/fd.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

int end_release(int handle)
{
	return fd_close(handle);
}

bool end_has_ended(int handle)
{
	struct pollfd wait = {.fd = handle, .events = POLLIN};

	return handle >= 0 && poll(&wait, 1, 0) > 0;
}

void end_wait(const int *handles, size_t n, int ms)
{
	struct pollfd *waits = calloc(MAX_OF(n, 1), sizeof(*waits));
	struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	for (size_t i = 0; waits && i < n; i++)
		waits[i] = (struct pollfd){.fd = handles[i], .events = POLLIN};
	if (waits)
		(void)!poll(waits, (nfds_t)n, ms);
	else
		(void)nanosleep(&pause, NULL);
	free(waits);
}
