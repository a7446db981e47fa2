#include "act/stop.h"

#include "base/fd.h"
#include "base/lang.h"
#include "base/str.h"
#include "live/live.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* POSIX has it, and no header that declares it. */
/* NOLINTNEXTLINE(readability-redundant-declaration): but glibc */
extern char **environ;

enum { MOST_OUTPUT = 4096, PAUSE_MS = 20 };

static const char *find(const char *const *paths)
{
	for (; *paths; paths++) {
		if (access(*paths, X_OK) == 0)
			return *paths;
	}
	return NULL;
}

/*
 * Start it with nothing to read and both outputs into one pipe, in a process group of its own: an
 * interrupt at the terminal is for berth, and must not tear such a stop apart.
 */
static int spawn(const char *path, const char *const *argv, int output_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
		if (error == 0)
			error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
								 "/dev/null", O_RDONLY, 0);
		if (error == 0)
			error = posix_spawn_file_actions_adddup2(&actions, output_fd,
								 STDOUT_FILENO);
		if (error == 0)
			error = posix_spawn_file_actions_adddup2(&actions, output_fd,
								 STDERR_FILENO);
		if (error == 0)
			error = posix_spawn(pid, path, &actions, &attributes, (char *const *)argv,
					    environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* What there is to read now, as far as there is room for it. */
static void gather(int fd, char *output, size_t *n)
{
	char rest[512];
	ssize_t got;

	do {
		bool has_room = *n < MOST_OUTPUT - 1;

		got = has_room ? read(fd, output + *n, MOST_OUTPUT - 1 - *n)
			       : read(fd, rest, sizeof(rest));
		if (got > 0 && has_room)
			*n += (size_t)got;
	} while (got > 0);
	output[*n] = '\0';
}

/* Until the child has ended; what it leaves behind may keep the pipe open for longer. */
static int attend(int fd, pid_t pid, char *output, int *status)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	size_t n = 0;

	for (;;) {
		pid_t r = waitpid(pid, status, WNOHANG);

		gather(fd, output, &n);
		if (r == pid)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (poll(&wait, 1, PAUSE_MS) > 0 && !(wait.revents & POLLIN))
			(void)poll(NULL, 0, PAUSE_MS); /* it closed its outputs and goes on */
	}
}

/* Returns its exit status, 128 + n after a signal, or a negative errno. */
static int run(const char *path, const char *const *argv, char *output)
{
	BERTH_CLEANUP(fd_closep) int read_fd = -1;
	int pipe_fds[2], status = 0, r;
	pid_t pid = -1;

	if (pipe(pipe_fds) < 0)
		return -errno;
	read_fd = pipe_fds[0];
	for (int i = 0; i < 2; i++)
		(void)fcntl(pipe_fds[i], F_SETFD, FD_CLOEXEC);
	r = fcntl(read_fd, F_SETFL, O_NONBLOCK) < 0 ? -errno
						    : spawn(path, argv, pipe_fds[1], &pid);
	fd_close(pipe_fds[1]);
	if (r == 0)
		r = attend(read_fd, pid, output, &status);
	if (r < 0)
		return r;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The last line that says something. */
static const char *last_line(char *text)
{
	size_t n = strlen(text);
	char *line;

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		text[--n] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

/* Run `argv` at the first of `paths` that is there. Returns 0, or a negative errno and why. */
static int act(const char *const *paths, const char *const *argv, char *output, char *error)
{
	const char *path = find(paths);
	int r;

	output[0] = '\0';
	if (!path) {
		snprintf(error, STOP_ERROR_SIZE, _("there is no %s"), paths[0]);
		return -ENOENT;
	}
	r = run(path, argv, output);
	if (r < 0)
		snprintf(error, STOP_ERROR_SIZE, "%s: %s", path, lang_error(r));
	else if (r > 0)
		snprintf(error, STOP_ERROR_SIZE, "%s: %.180s", argv[0],
			 *output ? last_line(output) : _("failed without a word"));
	return r > 0 ? -EIO : r;
}

static const char *const systemctl[] = {"/usr/bin/systemctl", "/bin/systemctl", NULL};
static const char *const podman[] = {"/usr/bin/podman", "/usr/local/bin/podman", NULL};
static const char *const docker[] = {"/usr/bin/docker", "/usr/local/bin/docker", "/snap/bin/docker",
				     NULL};

static bool is_or_is_below(const struct live_process *p, uint64_t pid)
{
	for (size_t i = 0; i < p->n_parents; i++) {
		if (p->parents[i].pid == pid)
			return true;
	}
	return p->pid == pid;
}

int stop_check_unit(const char *unit, bool is_of_user, const struct live_process *p, char *error)
{
	const char *const argv[] = {"systemctl", is_of_user ? "--user" : "--system",
				    "--property=MainPID", "show", "--", unit, NULL};
	char output[MOST_OUTPUT];
	const char *value;
	uint64_t main_pid;
	int r = act(systemctl, argv, output, error);

	if (r < 0)
		return r;
	value = strncmp(output, "MainPID=", 8) == 0 ? output + 8 : "";
	if (str_parse_u64(value, strcspn(value, "\n"), UINT32_MAX, &main_pid) < 0) {
		snprintf(error, STOP_ERROR_SIZE, "systemctl show: no main process told");
		return -EBADMSG;
	}
	/* Not process 1, which is above everything. */
	if (main_pid > 1 && is_or_is_below(p, main_pid))
		return 0;
	snprintf(error, STOP_ERROR_SIZE,
		 _("pid %u is not the main process of %.100s, nor below it"), p->pid, unit);
	return -ESRCH;
}

int stop_unit(const char *unit, bool is_of_user, char *error)
{
	const char *const argv[] = {"systemctl", is_of_user ? "--user" : "--system",
				    "--no-ask-password", "stop", "--", unit, NULL};
	char output[MOST_OUTPUT];

	return act(systemctl, argv, output, error);
}

int stop_container(const char *runtime, const char *id, char *error)
{
	const char *const argv[] = {runtime, "stop", "--", id, NULL};
	char output[MOST_OUTPUT];

	return act(strcmp(runtime, "podman") == 0 ? podman : docker, argv, output, error);
}
