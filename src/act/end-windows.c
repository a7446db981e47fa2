/*
 * Identities are handles of processes: while one is open its number is given to no other process.
 * What it was opened by is checked by the time at which it was made.
 */
#include "act/end.h"

#include "base/arena.h"
#include "base/wide-windows.h"
#include "live/calls-windows.h"

#include <errno.h>
#include <string.h>
#include <windows.h>

enum { MOST_ANCESTORS = 1024, ENDED_BY_BERTH = 1 };

/* Handles are small numbers, of which 32 bits count. */
static HANDLE handle_of(int handle)
{
	return (HANDLE)(intptr_t)handle;
}

/* --- who asks -------------------------------------------------------------------------------- */

static bool may_end(uint32_t pid, void *context BERTH_UNUSED)
{
	HANDLE process = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, pid);

	if (!process)
		return GetLastError() != ERROR_ACCESS_DENIED;
	CloseHandle(process);
	return true;
}

static const struct windows_process *find(const struct windows_process *list, size_t n,
					  uint32_t pid)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].pid == pid)
			return &list[i];
	}
	return NULL;
}

/* A parent's number may be another process's by now. That one is refused, too: better one too many
 * than berth's own shell. */
static int add_ancestors(struct arena *arena, struct evict_self *out)
{
	struct windows_process *list = NULL;
	const struct windows_process *at;
	uint32_t *ancestors = NULL, pid = GetCurrentProcessId();
	size_t n_list = 0, n = 0, capacity = 0;
	int r = calls_windows.processes(arena, &list, &n_list);

	if (r < 0)
		return r;
	while (pid != 0 && n < MOST_ANCESTORS) {
		uint32_t *slot = ARENA_PUSH(arena, ancestors, n, capacity);

		if (!slot)
			return -ENOMEM;
		*slot = pid;
		at = find(list, n_list, pid);
		pid = at ? at->parent_pid : 0;
		for (size_t i = 0; i < n; i++)
			pid = ancestors[i] == pid ? 0 : pid; /* numbers come again: a ring */
	}
	out->ancestors = ancestors;
	out->n_ancestors = n;
	return 0;
}

int end_self(struct arena *arena, struct evict_self *out)
{
	struct evict_self self = {
		.uid = LIVE_UID_NONE, .ssh_port = end_login_port(), .may_signal = may_end};
	int r = add_ancestors(arena, &self);

	if (r == 0)
		*out = self;
	return r;
}

/* --- processes ------------------------------------------------------------------------------- */

/* As live/calls-windows.c has it: 100 ns since 1601, where berth counts from 1970. */
static bool has_started_then(HANDLE process, const struct live_process *p)
{
	const int64_t epoch = 116444736000000000;
	FILETIME started, ended, in_kernel, in_user;
	int64_t ticks;

	if (!GetProcessTimes(process, &started, &ended, &in_kernel, &in_user))
		return false;
	ticks = (int64_t)((uint64_t)started.dwHighDateTime << 32 | started.dwLowDateTime);
	return (ticks - epoch) * 100 == p->started;
}

int end_hold(const struct live_process *p)
{
	const DWORD access = PROCESS_TERMINATE | SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION;
	HANDLE process;

	if (p->started == LIVE_TIME_NONE)
		return -ENODATA;
	process = OpenProcess(access, FALSE, p->pid);
	if (!process)
		return GetLastError() == ERROR_INVALID_PARAMETER ? -ESRCH
								 : -wide_errno(GetLastError());
	/* One that has ended can be opened for as long as anybody has a handle of it. */
	if (has_started_then(process, p) && WaitForSingleObject(process, 0) != WAIT_OBJECT_0)
		return (int)(intptr_t)process;
	CloseHandle(process);
	return -ESRCH;
}

int end_release(int handle)
{
	if (handle >= 0)
		CloseHandle(handle_of(handle));
	return -1;
}

bool end_has_ended(int handle)
{
	return handle >= 0 && WaitForSingleObject(handle_of(handle), 0) == WAIT_OBJECT_0;
}

int end_has_socket(int handle BERTH_UNUSED, uint32_t pid BERTH_UNUSED, int fd BERTH_UNUSED,
		   const struct live_socket *s BERTH_UNUSED)
{
	return -ENOTSUP; /* the look of a moment ago has told */
}

/* Windows of one process that are asked to close. */
struct asking {
	DWORD pid;
	bool has_asked;
};

static BOOL CALLBACK ask_window(HWND window, LPARAM context)
{
	struct asking *a = (struct asking *)context;
	DWORD pid = 0;

	GetWindowThreadProcessId(window, &pid);
	if (pid == a->pid && PostMessageW(window, WM_CLOSE, 0, 0))
		a->has_asked = true;
	return TRUE;
}

/* Ctrl-Break is not sent: it reaches whatever else is in that console. */
int end_send(int handle, const struct live_process *p, enum end_signal which)
{
	struct asking asking = {.pid = p->pid};

	if (end_has_ended(handle))
		return -ESRCH;
	if (which == END_ASK) {
		EnumWindows(ask_window, (LPARAM)&asking);
		return asking.has_asked ? 0 : -EOPNOTSUPP;
	}
	if (TerminateProcess(handle_of(handle), ENDED_BY_BERTH))
		return 0;
	return GetLastError() == ERROR_ACCESS_DENIED ? -EPERM : -wide_errno(GetLastError());
}

void end_wait(const int *handles, size_t n, int ms)
{
	HANDLE waits[MAXIMUM_WAIT_OBJECTS];
	DWORD count = (DWORD)MIN_OF(n, (size_t)MAXIMUM_WAIT_OBJECTS);

	for (DWORD i = 0; i < count; i++)
		waits[i] = handle_of(handles[i]);
	if (count == 0 || WaitForMultipleObjects(count, waits, FALSE, (DWORD)ms) == WAIT_FAILED)
		Sleep((DWORD)ms);
}

int end_destroy(const struct live_socket *s BERTH_UNUSED)
{
	return -EOPNOTSUPP;
}

int end_within(uint64_t ns_id, int (*act)(void *context), void *context)
{
	return ns_id == 0 ? act(context) : -ENOENT;
}
