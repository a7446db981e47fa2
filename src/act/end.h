/*
 * End: the half of an eviction that a system has to be asked for: who asks, holding on to a process
 * by its identity, signals, waiting, and what the kernel keeps of closed connections.
 *
 * A process is held by a handle that never comes to mean another one, whatever happens to its
 * number. end-linux.c does it with pidfds, end-windows.c with handles, end-darwin.c with queues
 * that tell of its end; end-none.c says -ENOTSUP. What the first and the third share is in
 * end-poll.c, what all of them share in end.c.
 *
 * macOS has no call that signals a process by anything but its number: there the start time is
 * compared, and kill(2) called, one right behind the other. Only a process that ends in between,
 * and whose number is given to another at once, could be mistaken.
 */
#pragma once

#include "act/evict.h"

/* Fill in who asks: user, processes above berth, the login's port, whether it may send signals. */
int end_self(struct arena *arena, struct evict_self *out) BERTH_MUST_CHECK;

/*
 * Hold process `p` of a snapshot. Returns a handle for end_release(); -ESRCH: it has ended, or the
 * number is another process's by now (told by the start time); or another negative errno.
 */
int end_hold(const struct live_process *p) BERTH_MUST_CHECK;

/* Always -1. end_release(-1) is fine. */
int end_release(int handle);

/* Whether the process behind the handle has ended. */
bool end_has_ended(int handle);

/*
 * Whether descriptor `fd` of the held process `pid` is that very socket: by its cookie where berth
 * may copy the descriptor, else by its inode. Returns 1 or 0, or a negative errno: cannot be told.
 */
int end_has_socket(int handle, uint32_t pid, int fd, const struct live_socket *s) BERTH_MUST_CHECK;

/* SIGTERM (and a stopped process goes on); SIGKILL. On Windows: its windows are asked to close;
 * TerminateProcess(). */
enum end_signal { END_ASK, END_FORCE };

/* Send it to the held process `p`. Returns 0; -ESRCH: it has ended; -EPERM; -EOPNOTSUPP: there is
 * no way to ask it; or another negative errno. */
int end_send(int handle, const struct live_process *p, enum end_signal which) BERTH_MUST_CHECK;

/* Wait until one of the processes has ended (-1: none), a signal came, or `ms` are over. */
void end_wait(const int *handles, size_t n, int ms);

/*
 * Remove a closed connection (TIME_WAIT) of the calling thread's network namespace. Returns 0;
 * -ENOENT: it is gone; -EPERM; -EOPNOTSUPP: not built into this kernel; or another negative errno.
 */
int end_destroy(const struct live_socket *s) BERTH_MUST_CHECK;

/*
 * Call `act` in the network namespace of that id, in a private, short-lived thread; 0 = in berth's
 * own, by the caller. Returns what `act` returned, or a negative errno.
 */
int end_within(uint64_t ns_id, int (*act)(void *context), void *context) BERTH_MUST_CHECK;

/* For implementers: the port of the ssh server through which this login came; 0 = none. */
uint16_t end_login_port(void);
