/*
 * launch: runs commands in turn (A B C A B C ...) and says what each run took. `launch --help` is
 * the manual. It is small and linked statically, so that the peak memory of a child, which starts
 * at that of its parent, has a low floor.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_COMMANDS = 16, MOST_NUMBER = 1 << 22, STACK_SIZE = 64 * 1024, CANNOT_RUN = 127 };

struct command {
	char **argv;
	int output; /* a file in memory */
};

/* What the child needs between clone and exec. */
struct start {
	const struct command *command;
	int null;
	unsigned int limit_s;
};

static const char help[] =
	"usage: launch [OPTION...] -- COMMAND [ARGUMENT...] [--- COMMAND [ARGUMENT...]]...\n"
	"\n"
	"Runs each COMMAND in turn, one round after the other, and prints for each counted run\n"
	"\n"
	"  COMMAND-INDEX WALL-NS USER-US SYSTEM-US PEAK-KB MINOR-FAULTS MAJOR-FAULTS STATUS\n"
	"\n"
	"WALL is from before the process is made until it is waited for. STATUS is as in a\n"
	"shell. Output of commands goes to a file in memory, their errors to /dev/null.\n"
	"\n"
	"  --enter PID    enter the network, mount and PID namespaces of that process first\n"
	"  --warm N       rounds before those that count; default 2\n"
	"  --runs N       rounds that count; default 15\n"
	"  --limit N      seconds that a run may take; default 60\n"
	"  --keep DIR     write the output of the last run of command I to DIR/I.out\n"
	"  --help         this text\n"
	"\n"
	"Exit: 0, whatever the commands do; 2 for bad usage, 4 when the system refused.\n";

static int complain(int status, const char *what, const char *why)
{
	fprintf(stderr, "launch: %s: %s\n", what, why);
	return status;
}

static unsigned int parse_number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n > MOST_NUMBER)
		exit(complain(2, text, "not a number up to 4194304"));
	return (unsigned int)n;
}

/* Runs in the memory of the parent, which waits: nothing but system calls here. */
static int start(void *argument)
{
	const struct start *s = argument;
	struct rlimit limit = {.rlim_cur = s->limit_s, .rlim_max = s->limit_s};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CPU, &limit);
	alarm(s->limit_s);
	if (dup2(s->null, 0) >= 0 && dup2(s->command->output, 1) >= 0 && dup2(s->null, 2) >= 0)
		execvp(s->command->argv[0], s->command->argv);
	_exit(CANNOT_RUN);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static long microseconds(struct timeval t)
{
	return (long)t.tv_sec * 1000000 + (long)t.tv_usec;
}

static int run(const struct start *s, int index, bool is_counted)
{
	static _Alignas(16) char stack[STACK_SIZE];
	struct rusage usage;
	int status;
	int64_t begin;
	pid_t pid;

	if (ftruncate(s->command->output, 0) < 0 || lseek(s->command->output, 0, SEEK_SET) < 0)
		return complain(4, "output", strerror(errno));
	begin = now_ns();
	pid = clone(start, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)s);
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return complain(4, s->command->argv[0], strerror(errno));
	begin = now_ns() - begin;
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (is_counted)
		printf("%d %lld %ld %ld %ld %ld %ld %d\n", index, (long long)begin,
		       microseconds(usage.ru_utime), microseconds(usage.ru_stime), usage.ru_maxrss,
		       usage.ru_minflt, usage.ru_majflt, status);
	return 0;
}

static int keep(const char *dir, int index, int output)
{
	char path[4096], buffer[65536];
	ssize_t n;
	int fd, r = 0;

	snprintf(path, sizeof(path), "%s/%d.out", dir, index);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || lseek(output, 0, SEEK_SET) < 0)
		return complain(4, path, strerror(errno));
	while (r == 0 && (n = read(output, buffer, sizeof(buffer))) > 0) {
		if (write(fd, buffer, (size_t)n) != n)
			r = complain(4, path, strerror(errno));
	}
	close(fd);
	return r;
}

static int enter(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), r = 0;

	if (fd < 0 || setns(fd, CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) < 0)
		r = complain(4, "namespaces", strerror(errno));
	if (fd >= 0)
		close(fd);
	return r;
}

/* Cut the rest of the arguments up at "---". Returns how many commands there are. */
static int take_commands(struct command *commands, char **argv)
{
	int n = 0;

	while (*argv && n < MOST_COMMANDS) {
		commands[n].argv = argv;
		commands[n].output = memfd_create("output", MFD_CLOEXEC);
		if (commands[n++].output < 0)
			exit(complain(4, "memfd", strerror(errno)));
		while (*argv && strcmp(*argv, "---") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	if (n == 0 || *argv)
		exit(complain(2, "commands", "1 to 16 are needed; see --help"));
	return n;
}

int main(int argc, char **argv)
{
	static struct command commands[MOST_COMMANDS];
	const char *dir = NULL;
	pid_t pid = 0;
	unsigned int n_warm = 2, n_runs = 15, limit_s = 60;
	struct start s;
	int n, at = 1, r;

	for (; at < argc && strcmp(argv[at], "--") != 0; at += 2) {
		const char *value = at + 1 < argc ? argv[at + 1] : "";

		if (strcmp(argv[at], "--help") == 0)
			return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? 4 : 0;
		else if (strcmp(argv[at], "--enter") == 0)
			pid = (pid_t)parse_number(value);
		else if (strcmp(argv[at], "--keep") == 0)
			dir = value;
		else if (strcmp(argv[at], "--warm") == 0)
			n_warm = parse_number(value);
		else if (strcmp(argv[at], "--runs") == 0)
			n_runs = parse_number(value);
		else if (strcmp(argv[at], "--limit") == 0)
			limit_s = parse_number(value);
		else
			return complain(2, argv[at], "no such option");
	}
	n = take_commands(commands, argv + (at < argc ? at + 1 : argc));
	r = pid ? enter(pid) : 0;
	s = (struct start){.null = open("/dev/null", O_RDWR | O_CLOEXEC), .limit_s = limit_s};
	for (unsigned int round = 0; r == 0 && round < n_warm + n_runs; round++) {
		for (int i = 0; r == 0 && i < n; i++) {
			s.command = &commands[i];
			r = run(&s, i, round >= n_warm);
		}
	}
	for (int i = 0; r == 0 && dir && i < n; i++)
		r = keep(dir, i, commands[i].output);
	return r ? r : fflush(stdout) == 0 ? 0 : 4;
}
