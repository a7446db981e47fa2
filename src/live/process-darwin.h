/*
 * Process: what libproc(3) and sysctl(3) of macOS tell about processes.
 */
#pragma once

#include "live/gaps.h"
#include "live/live.h"

/* Reads processes and remembers their parents and user names. Everything lives in its arena. */
struct processes;

/* NULL when out of memory. `gaps` takes what could not be read of a process. */
struct processes *processes_open(struct arena *arena, struct gaps *gaps);

/* Always NULL. processes_close(NULL) is fine. */
struct processes *processes_close(struct processes *p);

/* Takes the number of each process in turn; returning false ends the walk. */
typedef bool (*process_pid_fn)(int pid, void *context);

/* Every process of the system, those of others too. Returns 0 or a negative errno. */
int processes_each(process_pid_fn each, void *context) BERTH_MUST_CHECK;

/*
 * Read process `pid`. `is_still` is asked when it has been read whether it is still the process
 * that was meant, and its start is compared: a record never mixes a process with its number's next
 * user.
 * `*out` is NULL when it has gone. Returns 0 or -ENOMEM.
 */
int processes_read(struct processes *p, int pid, bool (*is_still)(void *context), void *context,
		   const struct live_process **out) BERTH_MUST_CHECK;

/*
 * The name of a user; NULL = none. From /etc/passwd, where macOS has only its own users, and from
 * Open Directory, where it has people: getpwuid(3) is the one way to them.
 */
const char *processes_user(struct processes *p, uint32_t uid);
