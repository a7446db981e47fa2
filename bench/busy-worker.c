#include "busy-host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct worker {
	const struct post *post;
	int *listeners; /* descriptors, in the order of the plan; -1 for those of others */
	uint32_t n_open;
};

static void tell(const struct post *post, const char *what, int error)
{
	struct report report = {
		.process = post->process, .pid = getpid(), .error = error};

	snprintf(report.what, sizeof(report.what), "%s", what);
	if (write(post->report, &report, sizeof(report)) != (ssize_t)sizeof(report))
		_exit(1);
}

static void fail(const struct post *post, const char *what) __attribute__((noreturn));

static void fail(const struct post *post, const char *what)
{
	tell(post, what, errno ? errno : EIO);
	_exit(1);
}

/* The address to listen at, or (is_client) to connect to. */
static socklen_t fill_address(const struct listener *l, bool is_client, struct sockaddr_in6 *out)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(l->port)};

	memset(out, 0, sizeof(*out));
	if (l->is_v6) {
		out->sin6_family = AF_INET6;
		out->sin6_port = htons(l->port);
		out->sin6_addr = is_client || l->is_loopback ? in6addr_loopback : in6addr_any;
		return sizeof(*out);
	}
	v4.sin_addr.s_addr = htonl(is_client || l->is_loopback ? INADDR_LOOPBACK : INADDR_ANY);
	memcpy(out, &v4, sizeof(v4));
	return sizeof(v4);
}

static void open_listener(struct worker *w, uint32_t index)
{
	const struct listener *l = &w->post->plan->listeners[index];
	struct sockaddr_in6 at;
	socklen_t n = fill_address(l, false, &at);
	int fd = socket(l->is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (const void *)&at, n) < 0 || listen(fd, (int)l->n_clients + 16) < 0)
		fail(w->post, "listen");
	w->listeners[index] = fd;
	w->n_open++;
}

/* Blocks only until the kernel has answered: every accept queue is long enough. */
static void open_connection(struct worker *w, const struct listener *l)
{
	struct sockaddr_in6 to;
	socklen_t n = fill_address(l, true, &to);
	int fd = socket(l->is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const void *)&to, n) < 0)
		fail(w->post, "connect");
	w->n_open++;
}

static void accept_all(struct worker *w)
{
	const struct plan *plan = w->post->plan;

	for (uint32_t i = 0; i < plan->size.n_listeners; i++) {
		uint32_t n = w->listeners[i] < 0 ? 0 : plan->listeners[i].n_clients;

		for (uint32_t k = 0; k < n; k++) {
			if (accept(w->listeners[i], NULL, NULL) < 0)
				fail(w->post, "accept");
			w->n_open++;
		}
	}
}

/* One or two descriptors of another kind; returns how many, or -1. In ten: 5 files, a pipe, a pair
 * of unix sockets and an eventfd. */
static int open_other(uint32_t turn, bool has_room_for_two)
{
	int pair[2];

	switch (has_room_for_two ? turn % 8 : 0) {
	case 3:
		return pipe(pair) < 0 ? -1 : 2;
	case 5:
		return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ? -1 : 2;
	case 7:
		return eventfd(0, 0) < 0 ? -1 : 1;
	default:
		return open("/dev/null", O_RDWR) < 0 ? -1 : 1;
	}
}

static void fill_up(struct worker *w)
{
	uint32_t share = plan_share(w->post->plan, w->post->process);

	for (uint32_t turn = 0; w->n_open < share; turn++) {
		int n = open_other(turn, share - w->n_open >= 2);

		if (n < 0)
			fail(w->post, "open");
		w->n_open += (uint32_t)n;
	}
}

/* Only what was made for this process may be open, and it ends with its parent. */
static void settle_in(const struct post *post)
{
	const unsigned long proc_flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	char name[16];
	int null = open("/dev/null", O_RDWR);

	/* A parent that is gone already is noticed with the first report: SIGPIPE. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		fail(post, "prctl");
	if (post->is_init && mount("proc", "/proc", "proc", proc_flags, NULL) < 0)
		fail(post, "mount /proc");
	snprintf(name, sizeof(name), "busy-%05u", post->process);
	prctl(PR_SET_NAME, name);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		fail(post, "/dev/null");
	close(null);
	if (setns(post->netns, CLONE_NEWNET) < 0)
		fail(post, "setns");
}

/* Close what was inherited, but the two pipes. */
static void close_others(const struct post *post)
{
	unsigned int low = (unsigned int)(post->report < post->go ? post->report : post->go);
	unsigned int high = (unsigned int)(post->report < post->go ? post->go : post->report);

	if (low > 3)
		(void)close_range(3, low - 1, 0);
	if (high > low + 1)
		(void)close_range(low + 1, high - 1, 0);
	(void)close_range(high + 1, ~0U, 0);
}

static void open_sockets(struct worker *w)
{
	const struct plan *plan = w->post->plan;
	char byte;

	for (uint32_t i = 0; i < plan->size.n_listeners; i++) {
		w->listeners[i] = -1;
		if (plan->listeners[i].process == w->post->process)
			open_listener(w, i);
	}
	tell(w->post, "listen", 0);
	(void)!read(w->post->go, &byte, 1);
	for (uint32_t i = 0; i < plan->size.n_connections; i++) {
		if (plan->clients[i] == w->post->process)
			open_connection(w, &plan->listeners[i % plan->size.n_listeners]);
	}
	accept_all(w);
}

void worker_run(const struct post *post)
{
	struct worker w = {.post = post, .n_open = 3};

	settle_in(post);
	close_others(post);
	w.listeners = malloc((post->plan->size.n_listeners + 1U) * sizeof(*w.listeners));
	if (!w.listeners)
		fail(post, "memory");
	open_sockets(&w);
	free(w.listeners);
	close(post->go);
	fill_up(&w);
	tell(post, "fill", 0);
	close(post->report);
	for (;;)
		pause();
}
