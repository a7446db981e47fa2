/*
 * Identities are queues (kqueue(2)) that were told to watch for the end of the process: whatever
 * becomes of its number, they tell of that process. Signals go by number: see end.h.
 */
#include "act/end.h"

#include "base/arena.h"
#include "base/fd.h"
#include "live/xnu-layout.h"
#include "live/xnu-process.h"
#include "live/xnu-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libproc.h>
#include <signal.h>
#include <sys/event.h>
#include <unistd.h>

enum { MOST_ANCESTORS = 1024 };

/* --- who asks -------------------------------------------------------------------------------- */

static bool may_signal(uint32_t pid, void *context BERTH_UNUSED)
{
	return kill((pid_t)pid, 0) == 0 || errno != EPERM;
}

/* 0 = it cannot be told. */
static uint32_t parent_of(uint32_t pid)
{
	struct xnu_bsdshortinfo info;
	struct xnu_process process;
	int n = proc_pidinfo((int)pid, PROC_PIDT_SHORTBSDINFO, 0, &info, (int)sizeof(info));

	return n > 0 && xnu_process_decode_short(&info, (size_t)n, &process) == 0 ? process.parent
										  : 0;
}

int end_self(struct arena *arena, struct evict_self *out)
{
	uint32_t *ancestors = NULL, pid = (uint32_t)getpid();
	size_t n = 0, capacity = 0;

	while (pid != 0 && n < MOST_ANCESTORS) {
		uint32_t *slot = ARENA_PUSH(arena, ancestors, n, capacity);

		if (!slot)
			return -ENOMEM;
		*slot = pid;
		pid = parent_of(pid);
	}
	*out = (struct evict_self){
		.uid = geteuid(),
		.ancestors = ancestors,
		.n_ancestors = n,
		.ssh_port = end_login_port(),
		.may_signal = may_signal,
	};
	return 0;
}

/* --- processes ------------------------------------------------------------------------------- */

/* What the kernel has under that number now. Returns 0, or -ESRCH: nothing, or another process. */
static int read_again(const struct live_process *p, struct xnu_bsdinfo *info)
{
	int n = proc_pidinfo((int)p->pid, PROC_PIDTBSDINFO, 0, info, (int)sizeof(*info));
	struct xnu_process process;

	if (n <= 0 || xnu_process_decode(info, (size_t)n, &process) < 0)
		return -ESRCH;
	return process.started == p->started ? 0 : -ESRCH;
}

int end_hold(const struct live_process *p)
{
	struct kevent watch;
	struct xnu_bsdinfo info;
	int queue, r = 0;

	if (p->started == LIVE_TIME_NONE)
		return -ENODATA;
	queue = kqueue();
	if (queue < 0)
		return -errno;
	EV_SET(&watch, p->pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
	if (fcntl(queue, F_SETFD, FD_CLOEXEC) < 0 || kevent(queue, &watch, 1, NULL, 0, NULL) < 0)
		r = -errno;
	/* Behind the watch: it is of this process, or of one that had the number before. */
	if (r == 0)
		r = read_again(p, &info);
	if (r == 0)
		return queue;
	fd_close(queue);
	return r;
}

int end_has_socket(int handle BERTH_UNUSED, uint32_t pid, int fd, const struct live_socket *s)
{
	struct xnu_socket_fdinfo info;
	struct live_socket found;
	int n = proc_pidfdinfo((int)pid, fd, PROC_PIDFDSOCKETINFO, &info, (int)sizeof(info)), r;

	if (n <= 0)
		return errno == EBADF || errno == ESRCH || errno == ENOTSUP ? 0 : -errno;
	r = xnu_socket_decode(&info, (size_t)n, &found);
	return r < 0 ? r : r == 0 && found.cookie == s->cookie;
}

int end_send(int handle, const struct live_process *p, enum end_signal which)
{
	struct xnu_bsdinfo info;

	if (end_has_ended(handle) || read_again(p, &info) < 0)
		return -ESRCH;
	if (kill((pid_t)p->pid, which == END_FORCE ? SIGKILL : SIGTERM) < 0)
		return -errno;
	/* A job that was stopped at a terminal would keep SIGTERM for later. */
	if (which == END_ASK && info.status == XNU_STATUS_STOPPED)
		(void)!kill((pid_t)p->pid, SIGCONT);
	return 0;
}

int end_destroy(const struct live_socket *s BERTH_UNUSED)
{
	return -EOPNOTSUPP;
}

int end_within(uint64_t ns_id, int (*act)(void *context), void *context)
{
	return ns_id == 0 ? act(context) : -ENOENT;
}
