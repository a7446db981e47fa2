/*
 * Ending processes of macOS, run here: its own file is compiled against headers in
 * tests/helpers/macos. The processes are real ones, children of this program, and so are the
 * signals; what libproc and kqueue would tell of them is answered below (a queue is a pidfd). What
 * the real ones do is documented, and not shown by this.
 */
#include "act/end.h"
#include "base/arena.h"
#include "live/xnu-layout.h"

#include <errno.h>
#include <libproc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_S = 1790000000, PORT = 8080, GENERATION = 77, FD = 5 };

static pid_t child = -1;
static uint64_t start_us;     /* what the kernel tells of it, besides START_S */
static uint32_t status;
static bool is_watch_refused;
static int socket_errno;

/* --- a Mac ----------------------------------------------------------------------------------- */

int kqueue(void)
{
	return eventfd(0, 0);
}

int kevent(int queue, const struct kevent *changes, int n_changes, struct kevent *events,
	   int n_events, const struct timespec *timeout BERTH_UNUSED)
{
	int fd;

	assert_int_equal(n_changes, 1);
	assert_int_equal(changes->filter, EVFILT_PROC);
	assert_int_equal(changes->flags, EV_ADD);
	assert_int_equal(changes->fflags, NOTE_EXIT);
	assert_true(!events && n_events == 0);
	errno = EACCES;
	if (is_watch_refused)
		return -1;
	fd = (int)syscall(SYS_pidfd_open, (pid_t)changes->ident, 0);
	if (fd < 0)
		return -1;
	assert_int_equal(dup2(fd, queue), queue);
	close(fd);
	return 0;
}

int proc_pidinfo(int pid, int flavor, uint64_t argument, void *buffer, int size)
{
	struct xnu_bsdshortinfo small = {.pid = (uint32_t)pid, .parent = 1};
	struct xnu_bsdinfo info = {.pid = (uint32_t)pid,
				   .start_s = START_S,
				   .start_us = start_us,
				   .status = status};

	assert_int_equal(argument, 0);
	if (flavor == PROC_PIDT_SHORTBSDINFO) {
		small.parent = pid == getpid() ? 400 : pid == 400 ? 1 : 0;
		assert_true(size >= (int)sizeof(small));
		memcpy(buffer, &small, sizeof(small));
		return (int)sizeof(small);
	}
	assert_int_equal(flavor, PROC_PIDTBSDINFO);
	errno = ESRCH;
	if (pid != child)
		return 0;
	assert_true(size >= (int)sizeof(info));
	memcpy(buffer, &info, sizeof(info));
	return (int)sizeof(info);
}

int proc_pidfdinfo(int pid, int fd, int flavor, void *buffer, int size)
{
	struct xnu_socket_fdinfo info = {.socket = {
		.protocol = XNU_PROTOCOL_TCP,
		.family = XNU_AF_INET,
		.kind = XNU_SOCKINFO_TCP,
		.proto.tcp = {.in = {.local_port_be = (uint16_t)(PORT << 8 | PORT >> 8),
				     .generation = GENERATION,
				     .vflag = XNU_VFLAG_IPV4},
			      .state = XNU_TCP_LISTEN},
	}};

	assert_int_equal(flavor, PROC_PIDFDSOCKETINFO);
	errno = pid != child ? ESRCH : fd != FD ? EBADF : socket_errno;
	if (errno != 0)
		return 0;
	assert_true(size >= (int)sizeof(info));
	memcpy(buffer, &info, sizeof(info));
	return (int)sizeof(info);
}

/* --- processes ------------------------------------------------------------------------------- */

/* A child that takes SIGTERM as it comes, or not at all. */
static int start(void **state BERTH_UNUSED)
{
	start_us = 0;
	status = 2;
	is_watch_refused = false;
	socket_errno = 0;
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child > 0 ? 0 : -1;
}

static int end(void **state BERTH_UNUSED)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = -1;
	return 0;
}

static struct live_process told(void)
{
	return (struct live_process){.pid = (uint32_t)child,
				     .started = (live_time)START_S * 1000000000};
}

/* What ended it; 0 = it is there. Until the end has come, when one is expected. */
static int wait_for_it(bool is_expected)
{
	int word = 0;

	if (waitpid(child, &word, is_expected ? 0 : WNOHANG) != child)
		return 0;
	child = -1;
	return WTERMSIG(word);
}

static void test_asks_and_forces(void **state BERTH_UNUSED)
{
	struct live_process p = told();
	int handle = end_hold(&p);

	assert_true(handle >= 0);
	assert_false(end_has_ended(handle));
	assert_int_equal(end_send(handle, &p, END_ASK), 0);
	end_wait(&handle, 1, 10000);
	assert_true(end_has_ended(handle));
	assert_int_equal(end_send(handle, &p, END_ASK), -ESRCH);
	assert_int_equal(wait_for_it(true), SIGTERM);
	assert_int_equal(end_release(handle), -1);

	assert_int_equal(start(NULL), 0);
	p = told();
	handle = end_hold(&p);
	assert_true(handle >= 0);
	assert_int_equal(end_send(handle, &p, END_FORCE), 0);
	assert_int_equal(wait_for_it(true), SIGKILL);
	assert_true(end_has_ended(handle));
	end_release(handle);
}

/* Its number is another's by now: before it is held, and right before the signal. */
static void test_another_start(void **state BERTH_UNUSED)
{
	struct live_process p = told();
	int handle;

	start_us = 1;
	assert_int_equal(end_hold(&p), -ESRCH);
	start_us = 0;
	handle = end_hold(&p);
	assert_true(handle >= 0);
	start_us = 1;
	assert_int_equal(end_send(handle, &p, END_FORCE), -ESRCH);
	assert_int_equal(wait_for_it(false), 0);
	end_release(handle);
}

static void test_cannot_be_held(void **state BERTH_UNUSED)
{
	struct live_process p = told();

	p.started = LIVE_TIME_NONE;
	assert_int_equal(end_hold(&p), -ENODATA);
	p = told();
	is_watch_refused = true;
	assert_int_equal(end_hold(&p), -EACCES);
	is_watch_refused = false;
	kill(child, SIGKILL);
	assert_int_equal(wait_for_it(true), SIGKILL);
	assert_int_equal(end_hold(&p), -ESRCH);
	assert_false(end_has_ended(-1));
	assert_int_equal(end_release(-1), -1);
}

/* A job that was stopped at a terminal goes on, and takes SIGTERM. */
static void test_stopped(void **state BERTH_UNUSED)
{
	struct live_process p = told();
	int handle = end_hold(&p), word = 0;

	assert_true(handle >= 0);
	kill(child, SIGSTOP);
	assert_int_equal(waitpid(child, &word, WUNTRACED), child);
	assert_true(WIFSTOPPED(word));
	status = XNU_STATUS_STOPPED;
	assert_int_equal(end_send(handle, &p, END_ASK), 0);
	assert_int_equal(wait_for_it(true), SIGTERM);
	end_release(handle);
}

static void test_sockets(void **state BERTH_UNUSED)
{
	struct live_socket s = {.cookie = (uint64_t)GENERATION * 2};
	uint32_t pid = (uint32_t)child;

	assert_int_equal(end_has_socket(-1, pid, FD, &s), 1);
	s.cookie += 2;
	assert_int_equal(end_has_socket(-1, pid, FD, &s), 0);
	assert_int_equal(end_has_socket(-1, pid, FD + 1, &s), 0); /* closed */
	assert_int_equal(end_has_socket(-1, pid + 1, FD, &s), 0); /* gone */
	socket_errno = EPERM;
	assert_int_equal(end_has_socket(-1, pid, FD, &s), -EPERM);
}

static void test_who_asks(void **state BERTH_UNUSED)
{
	struct arena arena = {0};
	struct evict_self self;

	setenv("SSH_CONNECTION", "192.0.2.7 51234 192.0.2.1 2222", 1);
	assert_int_equal(end_self(&arena, &self), 0);
	assert_int_equal(self.uid, geteuid());
	assert_int_equal(self.ssh_port, 2222);
	assert_int_equal(self.n_ancestors, 3);
	assert_int_equal(self.ancestors[0], getpid());
	assert_int_equal(self.ancestors[1], 400);
	assert_int_equal(self.ancestors[2], 1);
	assert_true(self.may_signal((uint32_t)child, self.context));
	arena_fini(&arena);
}

static int act(void *context)
{
	return ++*(int *)context;
}

static void test_one_namespace(void **state BERTH_UNUSED)
{
	int n = 6;

	assert_int_equal(end_within(0, act, &n), 7);
	assert_int_equal(end_within(5, act, &n), -ENOENT);
	assert_int_equal(n, 7);
	assert_int_equal(end_destroy(NULL), -EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_asks_and_forces, start, end),
		cmocka_unit_test_setup_teardown(test_another_start, start, end),
		cmocka_unit_test_setup_teardown(test_cannot_be_held, start, end),
		cmocka_unit_test_setup_teardown(test_stopped, start, end),
		cmocka_unit_test_setup_teardown(test_sockets, start, end),
		cmocka_unit_test_setup_teardown(test_who_asks, start, end),
		cmocka_unit_test(test_one_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
