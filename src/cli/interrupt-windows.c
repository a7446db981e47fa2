#include "cli/interrupt.h"

#include "base/attr.h"
#include "base/channel.h"

#include <errno.h>
#include <signal.h>
#include <windows.h>

enum { HANGUP = 1, FAREWELL_MS = 5000 };

static volatile LONG arrived;
static int ends[2] = {-1, -1};

/* A thread of its own, which the console starts. When it returns after the last three, the program
 * is ended at once: it gets the time to say its last words. */
static BOOL WINAPI take(DWORD event)
{
	InterlockedExchange(&arrived, event == CTRL_C_EVENT	  ? SIGINT
				      : event == CTRL_BREAK_EVENT ? SIGTERM
								  : HANGUP);
	channel_ring(ends[1]);
	if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
		Sleep(FAREWELL_MS);
	return TRUE;
}

int interrupt_catch(void)
{
	if (channel_pipe(ends, true) < 0)
		return -errno;
	SetConsoleCtrlHandler(take, TRUE);
	return ends[0];
}

int interrupt_signal(void)
{
	return (int)arrived;
}

void interrupt_release(void)
{
	SetConsoleCtrlHandler(take, FALSE);
	if (arrived)
		ExitProcess(STATUS_CONTROL_C_EXIT);
}
