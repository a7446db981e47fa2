/* A trial bind on Linux: another namespace is entered by a thread, another user is a child. */
#include "act/trial.h"

#include "act/place.h"
#include "base/fd.h"
#include "live/netns-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the thread is told, and tells. */
struct errand {
	const struct trial_request *request;
	struct trial_result result;
	int netns; /* to be entered first; < 0 = stay */
	int made;  /* 0, or the negative errno that kept the trial from being made */
};

static int set_flag(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? errno : 0;
}

static int new_socket(const struct trial_request *q, int *fd)
{
	const int family = q->address.family == ADDRESS_IPV6 ? AF_INET6 : AF_INET;
	const bool is_stream = transport_port_space(q->transport) == TRANSPORT_TCP;

	*fd = socket(family, (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC,
		     q->transport == TRANSPORT_UDPLITE ? IPPROTO_UDPLITE : 0);
	return *fd < 0 ? errno : 0;
}

static int set_options(const struct trial_request *q, int fd)
{
	int error = 0;

	if (q->address.family == ADDRESS_IPV6 &&
	    (q->is_v6only || q->is_dual_stack || address_is_v4_mapped(&q->address)))
		error = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, q->is_v6only);
	if (error == 0 && q->has_reuse_address)
		error = set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return error;
}

static int set_device(const struct trial_request *q, int fd)
{
	if (!q->device)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, q->device,
			  (socklen_t)strlen(q->device)) < 0
		       ? errno
		       : 0;
}

/* The trial itself, where and as whom the caller is. Safe in a forked child. */
static struct trial_result try_once(const struct trial_request *q)
{
	struct trial_result result = {.step = TRIAL_SOCKET};
	union place place;
	socklen_t size = place_fill(&q->address, q->port, &place);
	int fd;

	result.error = new_socket(q, &fd);
	if (result.error != 0)
		return result;
	result.step = TRIAL_OPTIONS;
	result.error = set_options(q, fd);
	if (result.error == 0) {
		result.step = TRIAL_DEVICE;
		result.error = set_device(q, fd);
	}
	if (result.error == 0) {
		result.step = TRIAL_BIND;
		result.error = bind(fd, &place.any, size) < 0 ? errno : 0;
	}
	fd_close(fd);
	return result;
}

/* --- as another user ------------------------------------------------------------------------- */

/* What the child writes into its pipe. */
struct message {
	int refused; /* errno: it could not become that user */
	struct trial_result result;
};

/* Becoming a user other than root drops every capability; groups do not matter to bind(2). */
static void be_child(const struct trial_request *q, int pipe_end)
{
	struct message m = {0};

	(void)!setgroups(0, NULL);
	if (setresuid(q->uid, q->uid, q->uid) < 0)
		m.refused = errno;
	else
		m.result = try_once(q);
	_exit(write(pipe_end, &m, sizeof(m)) == sizeof(m) ? 0 : 1);
}

static int try_as_user(const struct trial_request *q, struct trial_result *result)
{
	BERTH_CLEANUP(fd_closep) int from = -1;
	struct message m;
	int ends[2];
	long n;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	child = fork();
	if (child == 0)
		be_child(q, ends[1]);
	n = child < 0 ? -errno : 0;
	fd_close(ends[1]);
	if (child < 0)
		return (int)n;
	n = fd_read(from, &m, sizeof(m));
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != sizeof(m))
		return n < 0 ? (int)n : -EIO;
	if (m.refused != 0)
		return -m.refused;
	*result = m.result;
	return 0;
}

/* --- in another namespace -------------------------------------------------------------------- */

static int try_here(const struct trial_request *q, struct trial_result *result)
{
	if (q->has_uid && q->uid != geteuid())
		return try_as_user(q, result);
	*result = try_once(q);
	return 0;
}

static void *run_errand(void *argument)
{
	struct errand *e = argument;

	if (setns(e->netns, CLONE_NEWNET) < 0)
		e->made = -errno;
	else
		e->made = try_here(e->request, &e->result);
	return NULL;
}

static int try_there(const struct trial_request *q, struct trial_result *result)
{
	struct errand e = {.request = q};
	pthread_t thread;
	int r;

	e.netns = netns_open_id(q->netns);
	if (e.netns < 0)
		return e.netns == -EACCES ? -EPERM : e.netns;
	r = -pthread_create(&thread, NULL, run_errand, &e);
	if (r == 0) {
		pthread_join(thread, NULL);
		r = e.made;
	}
	fd_close(e.netns);
	if (r == 0)
		*result = e.result;
	return r;
}

/* --- the whole ------------------------------------------------------------------------------- */

const bool trial_is_reuse_safe = true;

int trial_bind(const struct trial_request *request, struct trial_result *result)
{
	const struct trial_request *q = request;
	const enum transport space = transport_port_space(q->transport);

	if (space != TRANSPORT_TCP && space != TRANSPORT_UDP && space != TRANSPORT_UDPLITE)
		return -EOPNOTSUPP;
	if (q->port == 0 || (space != TRANSPORT_TCP && q->has_reuse_address))
		return -EOPNOTSUPP;
	return q->netns != 0 ? try_there(q, result) : try_here(q, result);
}
