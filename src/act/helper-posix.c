#include "act/helper.h"

#include "act/helper-find.h"
#include "base/fd.h"
#include "base/self.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* POSIX has it, and no header that declares it. */
extern char **environ; /* NOLINT(readability-redundant-declaration): glibc has one */

enum { MAX_ARGUMENTS = 8, PART = 64 * 1024 };

/* A path beside berth's own program: DIRECTORY/`middle``name`. */
static int find_beside(const char *middle, const char *name, char *out)
{
	char self[HELPER_PATH_SIZE];
	char *slash;
	int length;

	if (self_path(self, sizeof(self)) < 0)
		return -ENOENT;
	slash = strrchr(self, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	length = snprintf(out, HELPER_PATH_SIZE, "%s/%s%s", self, middle, name);
	if (length < 0 || length >= HELPER_PATH_SIZE)
		return -ENOENT;
	return access(out, X_OK) < 0 ? -ENOENT : 0;
}

int helper_find(const char *name, char *path)
{
	int length;

	if (find_beside("", name, path) == 0 || find_beside("../libexec/berth/", name, path) == 0)
		return 0;
	length = snprintf(path, HELPER_PATH_SIZE, "%s/%s", BERTH_LIBEXEC, name);
	return length > 0 && length < HELPER_PATH_SIZE && access(path, X_OK) == 0 ? 0 : -ENOENT;
}

static int spawn(const char *path, char *const *argv, int input_fd, int output_fd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return -error;
	if (input_fd >= 0)
		error = posix_spawn_file_actions_adddup2(&actions, input_fd, STDIN_FILENO);
	else
		error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
							 O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn(pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

static int gather(int fd, size_t limit, struct str *out)
{
	char *part = malloc(PART);
	long n = 0;

	while (part && (n = fd_read(fd, part, PART)) > 0) {
		if (out->length + (size_t)n > limit) {
			n = -EFBIG;
			break;
		}
		str_append_bytes(out, part, (size_t)n);
		if (out->has_failed) {
			n = -ENOMEM;
			break;
		}
	}
	if (!part)
		n = -ENOMEM;
	free(part);
	return n < 0 ? (int)n : 0;
}

static int run(const char *path, char *const *argv, int input_fd, size_t limit, struct str *out,
	       struct helper_end *end)
{
	BERTH_CLEANUP(fd_closep) int read_fd = -1;
	int pipe_fds[2], r;
	pid_t pid = -1;
	int status = 0;

	if (pipe(pipe_fds) < 0)
		return -errno;
	read_fd = pipe_fds[0];
	for (int i = 0; i < 2; i++)
		(void)fcntl(pipe_fds[i], F_SETFD, FD_CLOEXEC);
	r = spawn(path, argv, input_fd, pipe_fds[1], &pid);
	fd_close(pipe_fds[1]);
	if (r < 0)
		return r;
	r = gather(read_fd, limit, out);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return r;
}

int helper_run(const char *name, const char *const *arguments, int input_fd, size_t limit,
	       struct str *out, struct helper_end *end)
{
	char path[HELPER_PATH_SIZE];
	const char *argv[MAX_ARGUMENTS + 2] = {name};
	size_t n = 0;
	int r = helper_find(name, path);

	if (r < 0)
		return r;
	for (; arguments[n]; n++) {
		if (n == MAX_ARGUMENTS)
			return -E2BIG;
		argv[n + 1] = arguments[n];
	}
	return run(path, (char *const *)argv, input_fd, limit, out, end);
}

/* A pipe with all of the input in it; its reading end. */
static int fill_pipe(const void *input, size_t n)
{
	int fds[2], r = 0;

	if (n > HELPER_INPUT_MOST)
		return -EFBIG;
	if (pipe(fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		(void)fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fds[1], F_SETFL, O_NONBLOCK); /* it has room, or never will */
	if (n > 0 && write(fds[1], input, n) != (ssize_t)n)
		r = -EFBIG;
	fd_close(fds[1]);
	if (r < 0)
		fd_close(fds[0]);
	return r < 0 ? r : fds[0];
}

int helper_run_on(const char *name, const char *const *arguments, const void *input, size_t n,
		  size_t limit, struct str *out, struct helper_end *end)
{
	BERTH_CLEANUP(fd_closep) int fd = fill_pipe(input, n);

	return fd < 0 ? fd : helper_run(name, arguments, fd, limit, out, end);
}
