/* Helpers that go on running. */
#include "act/helper.h"

#include "act/helper-find.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* POSIX has it, and no header that declares it. */
extern char **environ; /* NOLINT(readability-redundant-declaration): glibc has one */

enum { HIGH_FD = 100, ENVIRONMENT_MOST = 32, POLL_MS = 5 };

/* What a helper that talks with strangers may know of berth's environment. */
static bool is_passed_on(const char *variable)
{
	static const char *const names[] = {"LANG=", "LANGUAGE=", "LC_", "TZ=", "ASAN_OPTIONS=",
					    "UBSAN_OPTIONS=", "LSAN_OPTIONS="};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		if (str_starts_with(variable, names[i]))
			return true;
	}
	return false;
}

static void choose_environment(char *out[ENVIRONMENT_MOST + 1])
{
	size_t n = 0;

	for (char **at = environ; at && *at && n < ENVIRONMENT_MOST; at++) {
		if (is_passed_on(*at))
			out[n++] = *at;
	}
	out[n] = NULL;
}

/* Out of the way of the numbers that they get. */
static int lift(const int *fds, size_t n, int *lifted)
{
	for (size_t i = 0; i < n; i++) {
		lifted[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, HIGH_FD);
		if (lifted[i] < 0)
			return -errno;
	}
	return 0;
}

static int add_actions(posix_spawn_file_actions_t *actions, const int *lifted, size_t n)
{
	int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY,
						     0);

	if (error == 0)
		error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null",
							 O_WRONLY, 0);
	for (size_t i = 0; error == 0 && i < n; i++)
		error = posix_spawn_file_actions_adddup2(actions, lifted[i],
							 HELPER_FIRST_FD + (int)i);
	if (error == 0)
		error = helper_close_from(actions, HELPER_FIRST_FD + (int)n);
	return -error;
}

static int set_signals(posix_spawnattr_t *attributes)
{
	sigset_t blocked, usual;
	int error;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	sigemptyset(&usual);
	sigaddset(&usual, SIGTERM);
	sigaddset(&usual, SIGPIPE);
	error = posix_spawnattr_setsigmask(attributes, &blocked);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &usual);
	if (error == 0)
		error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
								     POSIX_SPAWN_SETSIGDEF);
	return -error;
}

static int spawn(const char *path, char *const *argv, const int *lifted, size_t n, pid_t *pid)
{
	char *environment[ENVIRONMENT_MOST + 1];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = -posix_spawn_file_actions_init(&actions);

	if (r < 0)
		return r;
	r = -posix_spawnattr_init(&attributes);
	if (r == 0) {
		choose_environment(environment);
		r = add_actions(&actions, lifted, n);
		if (r == 0)
			r = set_signals(&attributes);
		if (r == 0)
			r = -posix_spawn(pid, path, &actions, &attributes, argv, environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

int helper_start(const char *name, const char *const *arguments, const int *fds, size_t n_fds,
		 struct helper_running *out)
{
	const char *argv[HELPER_ARGUMENTS_MOST + 2] = {name};
	int lifted[HELPER_FDS_MOST];
	char path[HELPER_PATH_SIZE];
	pid_t pid = -1;
	int r = helper_find(name, path);

	if (r < 0)
		return r;
	for (size_t n = 0; arguments[n]; n++) {
		if (n == HELPER_ARGUMENTS_MOST)
			return -E2BIG;
		argv[n + 1] = arguments[n];
	}
	if (n_fds > HELPER_FDS_MOST)
		return -E2BIG;
	for (size_t i = 0; i < n_fds; i++)
		lifted[i] = -1;
	r = lift(fds, n_fds, lifted);
	if (r == 0)
		r = spawn(path, (char *const *)argv, lifted, n_fds, &pid);
	for (size_t i = 0; i < n_fds; i++)
		fd_close(lifted[i]);
	if (r == 0)
		out->pid = pid;
	return r;
}

static int64_t now_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int helper_finish(struct helper_running *running, bool asks, unsigned int wait_ms)
{
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	pid_t pid = (pid_t)running->pid, got = 0;
	int64_t end = now_ms() + wait_ms;
	int status = 0;

	if (asks)
		kill(pid, SIGTERM);
	while ((got = waitpid(pid, &status, WNOHANG)) == 0 && now_ms() < end)
		nanosleep(&pause, NULL);
	if (got == 0) {
		kill(pid, SIGKILL);
		while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
			;
	}
	if (got < 0)
		return 128;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
