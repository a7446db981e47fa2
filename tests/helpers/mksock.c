/*
 * mksock: makes exactly the sockets that a test asks for, says which, and waits.
 *
 * `mksock --help` is the manual. One thread or process more is made only when a flag asks for it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { MOST_SOCKETS = 4096, MOST_CHILDREN = 256 };

/* Where the only reference to a finished socket is left. */
enum place {
	PLACE_FD,           /* an ordinary descriptor */
	PLACE_THREAD_TABLE, /* the private descriptor table of a thread */
	PLACE_IO_URING,     /* registered with io_uring, descriptor closed */
	PLACE_SCM_RIGHTS,   /* sent over a unix socket, not received, descriptor closed */
};

enum action { ACTION_BOUND, ACTION_LISTEN, ACTION_TIMEWAIT };

union endpoint {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct spec {
	const char *text; /* as given */
	int type, protocol;
	union endpoint local, remote;
	enum action action;
	enum place place;
	bool is_connected, is_v6only, has_v6only, is_reuseaddr, is_reuseport, is_accepting;
	int backlog;
	const char *device;
	int fd;
};

static const char help[] =
	"usage: mksock [OPTION...] SPEC...\n"
	"\n"
	"Makes each socket of SPEC in turn, prints \"pid N\", a line \"socket SPEC inode=N\n"
	"cookie=N port=N\" for each and \"ready\", keeps them until its standard input is closed.\n"
	"\n"
	"SPEC is PROTOCOL:ADDRESS:PORT[:ACTION][,FLAG...]\n"
	"  PROTOCOL  tcp, mptcp, udp, udplite\n"
	"  ADDRESS   127.0.0.1, [::1], [fe80::1%lo]; PORT 0 lets the kernel choose\n"
	"  ACTION    bound (the default), listen, or timewait (leaves a TIME_WAIT pair behind)\n"
	"  FLAG      v6only dual reuseaddr reuseport backlog=N device=NAME\n"
	"            connect=ADDRESS:PORT   connect it, too\n"
	"            accept                 accept one connection, all sockets made (10 s)\n"
	"            thread-table           held only by the private table of a thread\n"
	"            io_uring               held only by an io_uring registration\n"
	"            scm-rights             in flight over a unix socket, held by nobody\n"
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

/* --- specs ----------------------------------------------------------------------------------- */

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

/* "ADDRESS:PORT", cut up. */
static void parse_endpoint(char *text, union endpoint *out)
{
	char *colon = strrchr(text, ':'), *zone;

	if (!colon)
		die(2, "no port in %s", text);
	*colon = '\0';
	memset(out, 0, sizeof(*out));
	if (*text == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		text++;
		zone = strchr(text, '%');
		if (zone) {
			*zone = '\0';
			out->v6.sin6_scope_id = if_nametoindex(zone + 1);
		}
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons((uint16_t)number(colon + 1, 65535));
		if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) != 1)
			die(2, "not an IPv6 address: %s", text);
		return;
	}
	out->v4.sin_family = AF_INET;
	out->v4.sin_port = htons((uint16_t)number(colon + 1, 65535));
	if (inet_pton(AF_INET, text, &out->v4.sin_addr) != 1)
		die(2, "not an IPv4 address: %s", text);
}

static void parse_protocol(struct spec *s, const char *name)
{
	static const struct {
		const char *name;
		int type, protocol;
	} known[] = {
		{"tcp", SOCK_STREAM, IPPROTO_TCP},
		{"mptcp", SOCK_STREAM, IPPROTO_MPTCP},
		{"udp", SOCK_DGRAM, IPPROTO_UDP},
		{"udplite", SOCK_DGRAM, IPPROTO_UDPLITE},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].name, name) == 0) {
			s->type = known[i].type;
			s->protocol = known[i].protocol;
			return;
		}
	}
	die(2, "unknown protocol: %s", name);
}

static void parse_flag(struct spec *s, char *flag)
{
	if (strcmp(flag, "v6only") == 0 || strcmp(flag, "dual") == 0) {
		s->has_v6only = true;
		s->is_v6only = *flag == 'v';
	} else if (strcmp(flag, "reuseaddr") == 0) {
		s->is_reuseaddr = true;
	} else if (strcmp(flag, "reuseport") == 0) {
		s->is_reuseport = true;
	} else if (strcmp(flag, "accept") == 0) {
		s->is_accepting = true;
	} else if (strcmp(flag, "thread-table") == 0) {
		s->place = PLACE_THREAD_TABLE;
	} else if (strcmp(flag, "io_uring") == 0) {
		s->place = PLACE_IO_URING;
	} else if (strcmp(flag, "scm-rights") == 0) {
		s->place = PLACE_SCM_RIGHTS;
	} else if (strncmp(flag, "device=", 7) == 0) {
		s->device = flag + 7;
	} else if (strncmp(flag, "backlog=", 8) == 0) {
		s->backlog = (int)number(flag + 8, 1 << 20);
	} else if (strncmp(flag, "connect=", 8) == 0) {
		s->is_connected = true;
		parse_endpoint(flag + 8, &s->remote);
	} else {
		die(2, "unknown flag: %s", flag);
	}
}

/* Cut "…:listen" off; the port has digits only, so a last part of letters is the action. */
static void parse_action(struct spec *s, char *text)
{
	static const char *const names[] = {":bound", ":listen", ":timewait"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(text), length = strlen(names[i]);

		if (n > length && strcmp(text + n - length, names[i]) == 0) {
			s->action = (enum action)i;
			text[n - length] = '\0';
			return;
		}
	}
}

static void parse_spec(struct spec *s, const char *text)
{
	char *rest = strdup(text), *head, *flag, *protocol;

	if (!rest)
		die(4, "out of memory");
	*s = (struct spec){.text = text, .backlog = 128, .fd = -1};
	head = strsep(&rest, ",");
	parse_action(s, head);
	protocol = strsep(&head, ":");
	if (!head)
		die(2, "not PROTOCOL:ADDRESS:PORT: %s", text);
	parse_protocol(s, protocol);
	parse_endpoint(head, &s->local);
	while ((flag = strsep(&rest, ",")) != NULL)
		parse_flag(s, flag);
	/* The copy stays: `device` points into it. */
}

/* --- sockets --------------------------------------------------------------------------------- */

static socklen_t size_of(const union endpoint *e)
{
	return e->any.sa_family == AF_INET ? sizeof(e->v4) : sizeof(e->v6);
}

static void set_option(const struct spec *s, int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		die(4, "%s: setsockopt: %s", s->text, strerror(errno));
}

static int open_socket(const struct spec *s)
{
	int fd = socket(s->local.any.sa_family, s->type, s->protocol);

	if (fd < 0)
		die(4, "%s: socket: %s", s->text, strerror(errno));
	if (s->is_reuseaddr || s->action == ACTION_TIMEWAIT)
		set_option(s, fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (s->is_reuseport)
		set_option(s, fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (s->has_v6only)
		set_option(s, fd, IPPROTO_IPV6, IPV6_V6ONLY, s->is_v6only);
	if (s->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->device,
				    (socklen_t)strlen(s->device)) < 0)
		die(4, "%s: device: %s", s->text, strerror(errno));
	if (bind(fd, &s->local.any, size_of(&s->local)) < 0)
		die(4, "%s: bind: %s", s->text, strerror(errno));
	if (s->action != ACTION_BOUND && listen(fd, s->backlog) < 0)
		die(4, "%s: listen: %s", s->text, strerror(errno));
	if (s->is_connected && connect(fd, &s->remote.any, size_of(&s->remote)) < 0)
		die(4, "%s: connect: %s", s->text, strerror(errno));
	return fd;
}

static void report(const char *what, const struct spec *s, int fd)
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

/* A pair whose server end is closed first: that end's address stays in TIME_WAIT. */
static void leave_time_wait(struct spec *s)
{
	union endpoint at = s->local;
	socklen_t n = sizeof(at);
	int listener = open_socket(s), client, server;
	char byte;

	(void)!getsockname(listener, &at.any, &n);
	client = socket(at.any.sa_family, SOCK_STREAM, 0);
	if (client < 0 || connect(client, &at.any, n) < 0)
		die(4, "%s: connect: %s", s->text, strerror(errno));
	server = accept(listener, NULL, NULL);
	if (server < 0)
		die(4, "%s: accept: %s", s->text, strerror(errno));
	report("timewait", s, listener);
	close(server);
	(void)!read(client, &byte, 1); /* the end of the stream: its FIN is there */
	close(client);
	close(listener);
}

static void register_with_io_uring(const struct spec *s, int fd)
{
	struct io_uring_params params = {0};
	long ring = syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0 ||
	    syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1) < 0)
		die(4, "%s: io_uring: %s", s->text, strerror(errno));
	close(fd);
}

static void put_in_flight(const struct spec *s, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec data = {.iov_base = (char[]){'x'}, .iov_len = 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int pair[2];

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0 || sendmsg(pair[0], &message, 0) < 0)
		die(4, "%s: scm-rights: %s", s->text, strerror(errno));
	close(fd);
}

struct private_thread {
	struct spec *spec;
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

static void open_in_thread(struct spec *s)
{
	struct private_thread t = {.spec = s};
	pthread_t thread;

	pthread_barrier_init(&t.ready, NULL, 2);
	if (pthread_create(&thread, NULL, hold_privately, &t) != 0)
		die(4, "%s: no thread", s->text);
	pthread_barrier_wait(&t.ready);
}

static void make(struct spec *s)
{
	if (s->action == ACTION_TIMEWAIT) {
		leave_time_wait(s);
		return;
	}
	if (s->place == PLACE_THREAD_TABLE) {
		open_in_thread(s);
		return;
	}
	s->fd = open_socket(s);
	report("socket", s, s->fd);
	if (s->place == PLACE_IO_URING)
		register_with_io_uring(s, s->fd);
	else if (s->place == PLACE_SCM_RIGHTS)
		put_in_flight(s, s->fd);
}

static void accept_one(const struct spec *s)
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

static void *wait_and_leave(void *argument)
{
	(void)argument;
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
	const struct spec *spec;
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
	static struct spec specs[MOST_SOCKETS];
	static struct churn churning;
	long n_children = 0;
	bool is_leaving = false;
	int option, n;
	pthread_t thread;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
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
		parse_spec(&specs[i], argv[optind + i]);
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
	puts("ready");
	if (fflush(stdout) != 0)
		return 4;
	if (is_leaving)
		pthread_exit(NULL);
	wait_for_end();
	return 0;
}
