#include "cli/interrupt.h"

#include "base/attr.h"
#include "base/channel.h"

#include <errno.h>
#include <signal.h>

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t arrived;
static int ends[2] = {-1, -1};

static void take(int number)
{
	arrived = number;
	channel_ring(ends[1]);
}

int interrupt_catch(void)
{
	const struct sigaction action = {.sa_handler = take};

	if (channel_pipe(ends, true) < 0)
		return -errno;
	for (size_t i = 0; i < N_ELEMENTS(caught); i++) {
		struct sigaction before;

		/* nohup's child, and a shell's background job, ignore some on purpose. */
		if (sigaction(caught[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(caught[i], &action, NULL);
	}
	return ends[0];
}

int interrupt_signal(void)
{
	return arrived;
}

void interrupt_release(void)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};

	for (size_t i = 0; i < N_ELEMENTS(caught); i++) {
		struct sigaction before;

		if (sigaction(caught[i], NULL, &before) == 0 && before.sa_handler == take)
			sigaction(caught[i], &usual, NULL);
	}
	if (arrived)
		raise(arrived);
}
