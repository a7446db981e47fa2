/*
 * mksock: makes exactly the sockets that a test asks for, says which, and waits.
 *
 * `mksock --help` is the manual. One thread or process more is made only when a flag asks for it.
 */
#include "sock.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST_SOCKETS = 4096, MOST_CHILDREN = 256 };

static const char help[] =
	"usage: mksock [OPTION...] SPEC...\n"
	"\n"
	"Makes each socket of SPEC in turn, prints \"pid N\", a line \"socket SPEC inode=N\n"
	"cookie=N port=N\" for each and \"ready\", keeps them until its standard input is closed.\n"
	"\n";

static const char options_help[] =
	"\n"
	"  --name=TEXT    rename this process (the kernel keeps 15 bytes)\n"
	"  --children=N   fork N children that inherit everything and wait as well\n"
	"  --leader-exit  the main thread exits, another one waits\n"
	"  --churn=N      open and close N sockets of the last SPEC again and again, too\n"
	"  --help         this text\n"
	"\n"
	"Exit: 0, 2 for bad usage, 4 when the system refused.\n";

static void die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));

static void die(int status, const char *fmt, ...)
{
	va_list args;

	fputs("mksock: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

static long number(const char *text, long most)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > most)
		die(2, "not a number up to %ld: %s", most, text);
	return value;
}

/* --- sockets --------------------------------------------------------------------------------- */

static int open_socket(const struct sock *s)
{
	const char *step;
	int fd = sock_open(s, &step);

	if (fd < 0)
		die(4, "%s: %s: %s", s->text, step, strerror(-fd));
	return fd;
}

static void parse(struct sock *s, const char *text)
{
	const char *wrong;

	if (sock_parse(s, text, &wrong) < 0)
		die(2, "%s: what is %s?", text, wrong);
}

static void report(const char *what, const struct sock *s, int fd)
{
	union endpoint at = {0};
	socklen_t n = sizeof(at), cookie_size = sizeof(uint64_t);
	uint64_t cookie = 0;
	struct stat st = {0};

	(void)!fstat(fd, &st);
	(void)!getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &cookie_size);
	(void)!getsockname(fd, &at.any, &n);
	printf("%s %s inode=%lu cookie=%llu port=%u\n", what, s->text, (unsigned long)st.st_ino,
	       (unsigned long long)cookie, ntohs(at.v4.sin_port));
}

static void report_time_wait(const struct sock *s, int fd)
{
	report("timewait", s, fd);
}

static void leave_time_wait(const struct sock *s)
{
	const char *step;
	int r = sock_leave_time_wait(s, report_time_wait, &step);

	if (r < 0)
		die(4, "%s: %s: %s", s->text, step, strerror(-r));
}

static void check(const struct sock *s, const char *step, int r)
{
	if (r < 0)
		die(4, "%s: %s: %s", s->text, step, strerror(-r));
}

struct private_thread {
	struct sock *spec;
	pthread_barrier_t ready;
};

static void wait_for_end(void)
{
	char buffer[64];
	ssize_t n;

	do
		n = read(STDIN_FILENO, buffer, sizeof(buffer));
	while (n > 0 || (n < 0 && errno == EINTR));
}

static void *hold_privately(void *argument)
{
	struct private_thread *t = argument;

	if (unshare(CLONE_FILES) < 0)
		die(4, "unshare: %s", strerror(errno));
	t->spec->fd = open_socket(t->spec);
	report("socket", t->spec, t->spec->fd);
	pthread_barrier_wait(&t->ready);
	for (;;)
		pause();
	return NULL;
}

static void open_in_thread(struct sock *s)
{
	struct private_thread t = {.spec = s};
	pthread_t thread;

	pthread_barrier_init(&t.ready, NULL, 2);
	if (pthread_create(&thread, NULL, hold_privately, &t) != 0)
		die(4, "%s: no thread", s->text);
	pthread_barrier_wait(&t.ready);
	pthread_barrier_destroy(&t.ready); /* waits until the thread is through */
}

static void make(struct sock *s)
{
	if (s->action == SOCK_TIMEWAIT) {
		leave_time_wait(s);
		return;
	}
	if (s->place == SOCK_IN_THREAD_TABLE) {
		open_in_thread(s);
		return;
	}
	s->fd = open_socket(s);
	report("socket", s, s->fd);
	if (s->place == SOCK_IN_IO_URING)
		check(s, "io_uring", sock_register(s->fd));
	else if (s->place == SOCK_IN_FLIGHT)
		check(s, "scm-rights", sock_put_in_flight(s->fd));
	else
		return;
	close(s->fd);
}

static void accept_one(const struct sock *s)
{
	const struct timeval patience = {.tv_sec = 10};
	int fd;

	(void)!setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	fd = accept(s->fd, NULL, NULL);
	if (fd < 0)
		die(4, "%s: accept: %s", s->text, strerror(errno));
	report("accepted", s, fd);
}

/* --- the process ----------------------------------------------------------------------------- */

/* Whether the main thread has exited: its state is Z as long as other threads run. */
static bool has_leader_left(void)
{
	char path[64], text[256];
	const char *name_end;
	FILE *stat;
	size_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	stat = fopen(path, "re");
	if (!stat)
		die(4, "%s: %s", path, strerror(errno));
	n = fread(text, 1, sizeof(text) - 1, stat);
	fclose(stat);
	text[n] = '\0';
	name_end = strrchr(text, ')');
	return name_end && name_end[1] == ' ' && name_end[2] == 'Z';
}

static void *wait_and_leave(void *argument)
{
	(void)argument;
	while (!has_leader_left())
		usleep(1000);
	puts("ready");
	if (fflush(stdout) != 0)
		_exit(4);
	wait_for_end();
	_exit(0);
}

/* Children end when the last write end of this pipe is closed: with their parent, however. */
static void fork_children(long n)
{
	int pipe_fds[2];
	char byte;

	if (pipe(pipe_fds) < 0)
		die(4, "pipe: %s", strerror(errno));
	for (long i = 0; i < n; i++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid < 0)
			die(4, "fork: %s", strerror(errno));
		if (pid == 0) {
			close(pipe_fds[1]);
			close(STDIN_FILENO);
			close(STDOUT_FILENO);
			(void)!read(pipe_fds[0], &byte, 1);
			_exit(0);
		}
		printf("child %d\n", (int)pid);
	}
	close(pipe_fds[0]);
}

struct churn {
	const struct sock *spec;
	long n;
};

static void *churn(void *argument)
{
	const struct churn *c = argument;
	int fds[256];

	for (;;) {
		for (long i = 0; i < c->n; i++)
			fds[i] = open_socket(c->spec);
		for (long i = 0; i < c->n; i++)
			close(fds[i]);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"name", required_argument, NULL, 'n'},
		{"children", required_argument, NULL, 'c'},
		{"leader-exit", no_argument, NULL, 'l'}, {"churn", required_argument, NULL, 'u'},
		{"help", no_argument, NULL, 'h'},	 {NULL, 0, NULL, 0},
	};
	static struct sock specs[MOST_SOCKETS];
	static struct churn churning;
	long n_children = 0;
	bool is_leaving = false;
	int option, n;
	pthread_t thread;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			fputs(sock_help, stdout);
			fputs(options_help, stdout);
			return 0;
		}
		if (option == 'n')
			prctl(PR_SET_NAME, optarg);
		else if (option == 'c')
			n_children = number(optarg, MOST_CHILDREN);
		else if (option == 'u')
			churning.n = number(optarg, 256);
		else if (option == 'l')
			is_leaving = true;
		else
			return 2;
	}
	n = argc - optind;
	if (n < 1 || n > MOST_SOCKETS)
		die(2, "no SPEC; see mksock --help");
	setvbuf(stdout, NULL, _IOFBF, 65536);
	printf("pid %d\n", (int)getpid());
	for (int i = 0; i < n; i++)
		parse(&specs[i], argv[optind + i]);
	churning.spec = &specs[n - 1];
	for (int i = 0; i < n - (churning.n > 0); i++)
		make(&specs[i]);
	for (int i = 0; i < n; i++) {
		if (specs[i].is_accepting)
			accept_one(&specs[i]);
	}
	fork_children(n_children);
	if (churning.n > 0 && pthread_create(&thread, NULL, churn, &churning) != 0)
		die(4, "no thread");
	if (is_leaving && pthread_create(&thread, NULL, wait_and_leave, NULL) != 0)
		die(4, "no thread");
	if (is_leaving)
		pthread_exit(NULL);
	puts("ready");
	if (fflush(stdout) != 0)
		return 4;
	wait_for_end();
	return 0;
}
