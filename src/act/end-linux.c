/* Identities are pidfds (Linux 5.3); a socket is compared through pidfd_getfd (5.6) or its link. */
#include "act/end.h"

#include "base/arena.h"
#include "base/fd.h"
#include "live/netns-linux.h"
#include "live/proc-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	MOST_ANCESTORS = 1024,
	NS_PER_TICK = 10 * 1000 * 1000,
	TICKS_APART = 3, /* two readings of one start time, through clocks that are being set */
	DIAG_STATE_TIME_WAIT = 6, /* TCP_TIME_WAIT of the kernel */
};

static int open_pidfd(uint32_t pid)
{
	long fd = syscall(SYS_pidfd_open, (pid_t)pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

static int read_stat(uint32_t pid, struct proc_stat *out)
{
	char path[32], text[1024];
	long n;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	n = fd_read_file_at(AT_FDCWD, path, text, sizeof(text), NULL);
	return n < 0 ? (int)n : proc_parse_stat(text, (size_t)n, out);
}

/* --- who asks -------------------------------------------------------------------------------- */

static bool may_signal(uint32_t pid, void *context BERTH_UNUSED)
{
	BERTH_CLEANUP(fd_closep) int fd = open_pidfd(pid);

	return fd < 0 || syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 || errno != EPERM;
}

int end_self(struct arena *arena, struct evict_self *out)
{
	uint32_t *ancestors = NULL, pid = (uint32_t)getpid();
	size_t n = 0, capacity = 0;

	while (pid != 0 && n < MOST_ANCESTORS) {
		uint32_t *slot = ARENA_PUSH(arena, ancestors, n, capacity);
		struct proc_stat stat;

		if (!slot)
			return -ENOMEM;
		*slot = pid;
		pid = read_stat(pid, &stat) == 0 ? stat.parent : 0;
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

static live_time started_at(uint64_t ticks)
{
	struct timespec now = {0}, up = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return (live_time)(now.tv_sec - up.tv_sec) * 1000000000 + now.tv_nsec - up.tv_nsec +
	       (live_time)ticks * NS_PER_TICK;
}

/* Read behind the pidfd: it belongs to the process that the pidfd means, or to nobody. */
static bool has_started_then(const struct live_process *p)
{
	struct proc_stat stat;
	live_time apart;

	if (read_stat(p->pid, &stat) < 0)
		return false;
	apart = started_at(stat.started) - p->started;
	return apart <= TICKS_APART * NS_PER_TICK && apart >= -TICKS_APART * NS_PER_TICK;
}

int end_hold(const struct live_process *p)
{
	int fd;

	if (p->started == LIVE_TIME_NONE)
		return -ENODATA;
	fd = open_pidfd(p->pid);
	if (fd < 0 || has_started_then(p))
		return fd;
	fd_close(fd);
	return -ESRCH;
}

static int compare_link(uint32_t pid, int fd, const struct live_socket *s)
{
	char path[48], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/fd/%d", pid, fd);
	n = readlink(path, target, sizeof(target));
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	return s->inode != 0 && proc_link_inode(target, (size_t)n) == s->inode;
}

int end_has_socket(int handle, uint32_t pid, int fd, const struct live_socket *s)
{
	long copied = syscall(SYS_pidfd_getfd, handle, fd, 0);
	BERTH_CLEANUP(fd_closep) int copy = (int)copied;
	socklen_t size = sizeof(uint64_t);
	uint64_t cookie = 0;

	if (copy < 0 && (errno == EBADF || errno == ESRCH))
		return 0;
	if (copy < 0 || s->cookie == 0 ||
	    getsockopt(copy, SOL_SOCKET, SO_COOKIE, &cookie, &size) < 0)
		return copy >= 0 && errno == ENOTSOCK ? 0 : compare_link(pid, fd, s);
	return cookie == s->cookie;
}

int end_send(int handle, const struct live_process *p, enum end_signal which)
{
	struct proc_stat stat;
	int number = which == END_FORCE ? SIGKILL : SIGTERM;

	if (syscall(SYS_pidfd_send_signal, handle, number, NULL, 0) < 0)
		return -errno;
	/* A job that was stopped at a terminal would keep SIGTERM for later. */
	if (which == END_ASK && read_stat(p->pid, &stat) == 0 &&
	    (stat.state == 'T' || stat.state == 't'))
		(void)!syscall(SYS_pidfd_send_signal, handle, SIGCONT, NULL, 0);
	return 0;
}

/* --- closed connections ---------------------------------------------------------------------- */

struct destroy_message {
	struct nlmsghdr head;
	struct inet_diag_req_v2 request;
};

/* The kernel has addresses and ports in network order, addresses from the first byte on. */
static void fill_address(const struct address *a, __be32 *out)
{
	memcpy(out, a->bytes, a->family == ADDRESS_IPV4 ? 4 : 16);
}

static void fill_message(const struct live_socket *s, struct destroy_message *out)
{
	struct inet_diag_sockid *id = &out->request.id;

	*out = (struct destroy_message){
		.head = {.nlmsg_len = sizeof(*out),
			 .nlmsg_type = SOCK_DESTROY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.request = {.sdiag_family = s->local.family == ADDRESS_IPV4 ? AF_INET : AF_INET6,
			    .sdiag_protocol = IPPROTO_TCP,
			    .idiag_states = 1U << DIAG_STATE_TIME_WAIT},
	};
	id->idiag_sport = htons(s->local_port);
	id->idiag_dport = htons(s->remote_port);
	fill_address(&s->local, id->idiag_src);
	fill_address(&s->remote, id->idiag_dst);
	id->idiag_cookie[0] = s->cookie ? (uint32_t)s->cookie : INET_DIAG_NOCOOKIE;
	id->idiag_cookie[1] = s->cookie ? (uint32_t)(s->cookie >> 32) : INET_DIAG_NOCOOKIE;
}

int end_destroy(const struct live_socket *s)
{
	BERTH_CLEANUP(fd_closep) int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct destroy_message message;
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[256];
	} reply = {0};
	ssize_t n;

	if (fd < 0)
		return -errno;
	fill_message(s, &message);
	if (send(fd, &message, sizeof(message), 0) < 0)
		return -errno;
	do
		n = recv(fd, &reply, sizeof(reply), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n < sizeof(reply.head) + sizeof(reply.error) ||
	    reply.head.nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	return reply.error.error;
}

/* --- another namespace ----------------------------------------------------------------------- */

struct within {
	int netns;
	int (*act)(void *context);
	void *context;
	int result;
};

static void *act_within(void *argument)
{
	struct within *w = argument;

	w->result = setns(w->netns, CLONE_NEWNET) < 0 ? -errno : w->act(w->context);
	return NULL;
}

int end_within(uint64_t ns_id, int (*act)(void *context), void *context)
{
	struct within w = {.act = act, .context = context};
	pthread_t thread;
	int r;

	if (ns_id == 0)
		return act(context);
	w.netns = netns_open_id(ns_id);
	if (w.netns < 0)
		return w.netns;
	r = -pthread_create(&thread, NULL, act_within, &w);
	if (r == 0)
		pthread_join(thread, NULL);
	fd_close(w.netns);
	return r < 0 ? r : w.result;
}
