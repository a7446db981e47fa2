/*
 * kill-at N NAME PROGRAM [ARGUMENT...]: runs PROGRAM under ptrace(2) and kills the process that
 * runs the file NAME (it or a child) with SIGKILL right before its system call number N, counted
 * from 1. N = 0 kills nobody and only counts.
 *
 * Standard error closes with the line "kill-at: M calls, killed" or "kill-at: M calls". Exit
 * status: PROGRAM's own, 128+n after a signal; 125 when it cannot be traced.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT = 125, MOST_TASKS = 64 };

/* A traced process. */
struct task {
	pid_t pid;
	int is_target;  /* it runs NAME */
	int is_inside;  /* of a system call: the next stop is its end */
};

static struct task tasks[MOST_TASKS];

static struct task *find_task(pid_t pid)
{
	struct task *spare = NULL;

	for (size_t i = 0; i < MOST_TASKS; i++) {
		if (tasks[i].pid == pid)
			return &tasks[i];
		if (tasks[i].pid == 0 && !spare)
			spare = &tasks[i];
	}
	if (!spare) {
		fprintf(stderr, "kill-at: too many processes\n");
		exit(CANNOT);
	}
	*spare = (struct task){.pid = pid};
	return spare;
}

static int runs(pid_t pid, const char *name)
{
	char link[64], path[4096];
	const char *base;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	base = strrchr(path, '/');
	return base && strcmp(base + 1, name) == 0;
}

static void start(char **argv)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(CANNOT);
	raise(SIGSTOP);
	execv(argv[0], argv);
	_exit(127);
}

/* What the stopped process is to be given when it goes on: a signal, or 0. */
static int take_stop(struct task *task, int status, const char *name, long n, long *calls,
		     int *is_killed)
{
	int signal_number = WSTOPSIG(status), event = status >> 16;

	if (signal_number == (SIGTRAP | 0x80)) {
		task->is_inside = !task->is_inside;
		if (task->is_target && task->is_inside && ++*calls == n) {
			kill(task->pid, SIGKILL);
			*is_killed = 1;
		}
		return 0;
	}
	if (event == PTRACE_EVENT_EXEC) {
		task->is_target = runs(task->pid, name);
		task->is_inside = 1; /* its end is the next stop */
		return 0;
	}
	if (event != 0 || signal_number == SIGTRAP || signal_number == SIGSTOP)
		return 0;
	return signal_number;
}

static int watch(pid_t first, const char *name, long n)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	int status = 0, result = CANNOT, is_killed = 0, gift;
	long calls = 0;
	pid_t pid;

	if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, first, NULL, options) < 0 ||
	    ptrace(PTRACE_SYSCALL, first, NULL, 0) < 0)
		return CANNOT;
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid < 0)
			continue;
		if (!WIFSTOPPED(status)) {
			if (pid == first)
				result = WIFEXITED(status) ? WEXITSTATUS(status)
							   : 128 + WTERMSIG(status);
			find_task(pid)->pid = 0;
			continue;
		}
		gift = take_stop(find_task(pid), status, name, n, &calls, &is_killed);
		ptrace(PTRACE_SYSCALL, pid, NULL, (long)gift); /* fails for who was killed */
	}
	fprintf(stderr, "kill-at: %ld calls%s\n", calls, is_killed ? ", killed" : "");
	return result;
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: kill-at N NAME PROGRAM [ARGUMENT...]\n");
		return CANNOT;
	}
	pid = fork();
	if (pid == 0)
		start(argv + 3);
	return pid < 0 ? CANNOT : watch(pid, argv[2], strtol(argv[1], NULL, 10));
}
