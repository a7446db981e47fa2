/*
 * mkmix: processes that open, share, pass and close sockets as they are told, one order at a time.
 *
 * `mkmix --help` is the manual. Whoever gives the orders knows who holds what: the oracle.
 */
#include "sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	MOST_ACTORS = 64,
	MOST_SOCKETS = 4096,
	ORDER_SIZE = 1024,
	PATIENCE_MS = 20 * 1000, /* for one order */
};

static const char help[] =
	"usage: mkmix\n"
	"\n"
	"Reads orders, a line each, and answers each with a line: \"ok NAME=VALUE...\", or\n"
	"\"no STEP: ERROR\" when the system refused. The first word is the number of the process\n"
	"(0 is there from the beginning, up to 63), ID a number below 4096 that a process gives\n"
	"to one of its sockets. Everything ends with the end of the input.\n"
	"\n"
	"  N fork M           process N forks M, which inherits everything: pid=\n"
	"  N uid UID          take that user\n"
	"  N netns PATH       enter a network namespace; newnet: a new one, lo is up: ns=INODE\n"
	"  N cgroup PATH      move to the control group of that directory\n"
	"  N name TEXT        rename it (the kernel keeps 15 bytes)\n"
	"  N open ID SPEC     make a socket: fd= inode= cookie= uid= protocol= family= local=\n"
	"                     scope= port= v6only= listening= device= peer= pport=\n"
	"  N private ID SPEC  the same in a new thread with a descriptor table of its own, which\n"
	"                     begins as a copy\n"
	"  N ring ID          register it with a new io_uring, too\n"
	"  N flight ID        send it over a unix socket that nobody reads\n"
	"  N dup ID           one descriptor more\n"
	"  N close ID         all of its descriptors in the process's own table\n"
	"  N connect ID ADDRESS:PORT    (tells as open)\n"
	"  N accept ID NEW    accept a connection as NEW (tells as open)\n"
	"  N shutdown ID      shutdown(2), both ways\n"
	"  N tell ID          as open does\n"
	"  N timewait SPEC    leave a TIME_WAIT pair behind: port=\n"
	"  N pass ID M        pass it to process M, which has it as ID, too: fd=\n"
	"  N leave            the main thread exits, another one goes on\n"
	"  N exit             the process ends\n"
	"\n";

/* --- one process ------------------------------------------------------------------------------ */

/* A descriptor of a socket; a socket may have several. */
struct entry {
	int id, fd;
};

struct actor {
	int channel;
	struct entry entries[MOST_SOCKETS];
	size_t n_entries;
};

struct reply {
	char text[ORDER_SIZE];
	int fd; /* to send along; -1 = none */
};

static struct actor self;

static void say(struct reply *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct reply *r, const char *fmt, ...)
{
	size_t n = strlen(r->text);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(r->text + n, sizeof(r->text) - n, fmt, args);
	va_end(args);
}

static void refuse(struct reply *r, const char *step, int error)
{
	r->text[0] = '\0';
	say(r, "no %s: %s", step, strerror(error < 0 ? -error : error));
}

static int find(int id)
{
	for (size_t i = 0; i < self.n_entries; i++) {
		if (self.entries[i].id == id)
			return self.entries[i].fd;
	}
	return -1;
}

static int keep(int id, int fd)
{
	if (self.n_entries == MOST_SOCKETS) {
		close(fd);
		return -ENOSPC;
	}
	self.entries[self.n_entries++] = (struct entry){id, fd};
	return 0;
}

static void forget(int id)
{
	size_t n = 0;

	for (size_t i = 0; i < self.n_entries; i++) {
		if (self.entries[i].id == id)
			close(self.entries[i].fd);
		else
			self.entries[n++] = self.entries[i];
	}
	self.n_entries = n;
}

static int option_of(int fd, int level, int option)
{
	int value = 0;
	socklen_t n = sizeof(value);

	return getsockopt(fd, level, option, &value, &n) < 0 ? 0 : value;
}

static void say_endpoint(struct reply *r, const union endpoint *e, const char *name,
			 const char *port)
{
	char text[INET6_ADDRSTRLEN] = "";
	bool is_v4 = e->any.sa_family == AF_INET;

	inet_ntop(e->any.sa_family,
		  is_v4 ? (const void *)&e->v4.sin_addr : (const void *)&e->v6.sin6_addr, text,
		  sizeof(text));
	say(r, " %s=%s %s=%u", name, text, port, ntohs(e->v4.sin_port));
}

/* Everything the kernel tells a holder about a socket. */
static void tell(struct reply *r, int fd)
{
	union endpoint at = {0}, peer = {0};
	socklen_t n = sizeof(at), n_peer = sizeof(peer), n_cookie = sizeof(uint64_t);
	socklen_t n_device = IFNAMSIZ;
	char device[IFNAMSIZ + 1] = "";
	uint64_t cookie = 0;
	struct stat st = {0};
	bool is_v6;

	(void)!fstat(fd, &st);
	(void)!getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &n_cookie);
	(void)!getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &n_device);
	(void)!getsockname(fd, &at.any, &n);
	is_v6 = at.any.sa_family == AF_INET6;
	say(r, "ok fd=%d inode=%lu cookie=%llu uid=%u protocol=%d family=%d scope=%u", fd,
	    (unsigned long)st.st_ino, (unsigned long long)cookie, st.st_uid,
	    option_of(fd, SOL_SOCKET, SO_PROTOCOL), is_v6 ? 6 : 4, is_v6 ? at.v6.sin6_scope_id : 0);
	say_endpoint(r, &at, "local", "port");
	say(r, " v6only=%d listening=%d device=%s",
	    is_v6 ? option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY) : 0,
	    option_of(fd, SOL_SOCKET, SO_ACCEPTCONN), device);
	if (getpeername(fd, &peer.any, &n_peer) == 0)
		say_endpoint(r, &peer, "peer", "pport");
}

static int open_here(const char *spec, const char **step)
{
	struct sock s;
	int r = sock_parse(&s, spec, step);

	return r < 0 ? r : sock_open(&s, step);
}

static void order_open(struct reply *r, int id, const char *spec)
{
	const char *step;
	int fd = open_here(spec, &step), error = fd < 0 ? fd : keep(id, fd);

	if (error < 0)
		refuse(r, step, error);
	else
		tell(r, fd);
}

struct private_thread {
	struct reply *reply;
	const char *spec;
	pthread_barrier_t ready;
};

static void *hold_privately(void *argument)
{
	struct private_thread *t = argument;
	const char *step = "unshare";
	int fd = unshare(CLONE_FILES) < 0 ? -errno : open_here(t->spec, &step);

	if (fd < 0)
		refuse(t->reply, step, fd);
	else
		tell(t->reply, fd);
	pthread_barrier_wait(&t->ready);
	while (fd >= 0)
		pause();
	return NULL;
}

static void order_private(struct reply *r, const char *spec)
{
	struct private_thread t = {.reply = r, .spec = spec};
	pthread_t thread;
	int error;

	pthread_barrier_init(&t.ready, NULL, 2);
	error = pthread_create(&thread, NULL, hold_privately, &t);
	if (error == 0)
		pthread_barrier_wait(&t.ready);
	else
		refuse(r, "thread", error);
	pthread_barrier_destroy(&t.ready); /* waits until the thread is through */
	if (error == 0 && strncmp(r->text, "no", 2) == 0)
		pthread_join(thread, NULL); /* its table goes with it */
}

static void order_connect(struct reply *r, int fd, char *to)
{
	union endpoint at;

	if (sock_parse_endpoint(to, &at) < 0)
		refuse(r, "address", EINVAL);
	else if (connect(fd, &at.any, sock_endpoint_size(&at)) < 0)
		refuse(r, "connect", errno);
	else
		tell(r, fd);
}

static void order_accept(struct reply *r, int fd, int id)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	int got = poll(&polled, 1, 5000) == 1 ? accept(fd, NULL, NULL) : -1;
	int error = got < 0 ? -errno : keep(id, got);

	if (error < 0)
		refuse(r, "accept", error);
	else
		tell(r, got);
}

static int time_wait_port;

static void note_port(const struct sock *s, int fd)
{
	union endpoint at = {0};
	socklen_t n = sizeof(at);

	(void)s;
	(void)!getsockname(fd, &at.any, &n);
	time_wait_port = ntohs(at.v4.sin_port);
}

static void order_time_wait(struct reply *r, const char *spec)
{
	const char *step;
	struct sock s;
	int error = sock_parse(&s, spec, &step);

	if (error == 0)
		error = sock_leave_time_wait(&s, note_port, &step);
	if (error < 0)
		refuse(r, step, error);
	else
		say(r, "ok port=%d", time_wait_port);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int enter_group(const char *directory)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	return write_text(path, "0");
}

static int enter_namespace(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 || setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int make_namespace(struct reply *r)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	struct stat st = {0};
	int fd, error;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	error = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	(void)!stat("/proc/thread-self/ns/net", &st);
	if (error == 0)
		say(r, "ok ns=%lu", (unsigned long)st.st_ino);
	return error;
}

static int become(const char *text)
{
	uid_t uid = (uid_t)strtoul(text, NULL, 10);

	if (setgroups(0, NULL) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	/* Another user must still be able to end with its parent, and to be looked into by root. */
	return prctl(PR_SET_DUMPABLE, 1) < 0 ? -errno : 0;
}

static void serve(void) __attribute__((noreturn));

static void *serve_in_thread(void *argument)
{
	(void)argument;
	serve();
}

static void order_leave(struct reply *r)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, serve_in_thread, NULL);

	if (error != 0) {
		refuse(r, "thread", error);
		return;
	}
	if (send(self.channel, "ok", 2, MSG_NOSIGNAL) < 0)
		_exit(1);
	pthread_exit(NULL);
}

static void order_fork(struct reply *r, int channel)
{
	pid_t pid = fork();

	if (pid != 0)
		close(channel);
	if (pid < 0) {
		refuse(r, "fork", errno);
	} else if (pid == 0) {
		close(self.channel);
		self.channel = channel;
		serve();
	} else {
		say(r, "ok pid=%d", (int)pid);
	}
}

/* An order that needs a socket of this process. */
static void obey_with_socket(struct reply *r, const char *verb, int id, char *rest)
{
	int fd = find(id), got = 0;

	if (fd < 0) {
		refuse(r, "no such socket", EBADF);
		return;
	}
	if (strcmp(verb, "connect") == 0) {
		order_connect(r, fd, rest);
		return;
	}
	if (strcmp(verb, "accept") == 0) {
		order_accept(r, fd, (int)strtol(rest, NULL, 10));
		return;
	}
	if (strcmp(verb, "tell") == 0) {
		tell(r, fd);
		return;
	}
	if (strcmp(verb, "ring") == 0)
		got = sock_register(fd);
	else if (strcmp(verb, "flight") == 0)
		got = sock_put_in_flight(fd);
	else if (strcmp(verb, "dup") == 0)
		got = (got = dup(fd)) < 0 ? -errno : keep(id, got);
	else if (strcmp(verb, "close") == 0)
		forget(id);
	else if (strcmp(verb, "shutdown") == 0)
		got = shutdown(fd, SHUT_RDWR) < 0 ? -errno : 0;
	else if (strcmp(verb, "pass") == 0)
		r->fd = fd;
	else
		got = -ENOSYS;
	if (got < 0)
		refuse(r, verb, got);
	else
		say(r, "ok");
}

/* An order about the process itself. Returns false when it is none. */
static bool obey_for_self(struct reply *r, const char *verb, char *rest, int came)
{
	int got = 0;

	if (strcmp(verb, "fork") == 0) {
		order_fork(r, came);
		return true;
	}
	if (strcmp(verb, "uid") == 0)
		got = become(rest);
	else if (strcmp(verb, "netns") == 0)
		got = enter_namespace(rest);
	else if (strcmp(verb, "newnet") == 0)
		got = make_namespace(r);
	else if (strcmp(verb, "cgroup") == 0)
		got = enter_group(rest);
	else if (strcmp(verb, "name") == 0)
		got = prctl(PR_SET_NAME, rest) < 0 ? -errno : 0;
	else if (strcmp(verb, "timewait") == 0)
		order_time_wait(r, rest);
	else if (strcmp(verb, "leave") == 0)
		order_leave(r);
	else if (strcmp(verb, "exit") == 0)
		_exit(0);
	else
		return false;
	if (got < 0)
		refuse(r, verb, got);
	else if (!*r->text)
		say(r, "ok");
	return true;
}

/* The order without the number of the process; `came` is a descriptor that came with it, or -1. */
static void obey(struct reply *r, char *order, int came)
{
	char empty[] = "", *rest = order, *verb, *word;
	int id;

	verb = strsep(&rest, " ");
	rest = rest ? rest : empty;
	if (obey_for_self(r, verb, rest, came))
		return;
	word = strsep(&rest, " ");
	rest = rest ? rest : empty;
	id = (int)strtol(word, NULL, 10);
	if (strcmp(verb, "open") == 0)
		order_open(r, id, rest);
	else if (strcmp(verb, "private") == 0)
		order_private(r, rest);
	else if (strcmp(verb, "take") == 0)
		say(r, keep(id, came) < 0 ? "no take: too many" : "ok fd=%d", came);
	else
		obey_with_socket(r, verb, id, rest);
}

/* One message and the descriptor that came with it (-1: none). Returns its length, 0 at the end. */
static ssize_t receive(int channel, char *text, int *fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec data = {.iov_base = text, .iov_len = ORDER_SIZE - 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t n;

	do
		n = recvmsg(channel, &message, 0);
	while (n < 0 && errno == EINTR);
	*fd = -1;
	if (n <= 0)
		return 0;
	if (CMSG_FIRSTHDR(&message))
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(*fd));
	text[n] = '\0';
	return n;
}

static int send_with(int channel, const char *text, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec data = {.iov_base = (char *)(uintptr_t)text, .iov_len = strlen(text)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &fd, sizeof(fd));
	}
	return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Connections end at once: a TIME_WAIT would be there in the next mix. */
static void abort_all(void)
{
	const struct linger now = {.l_onoff = 1};

	for (size_t i = 0; i < self.n_entries; i++)
		(void)!setsockopt(self.entries[i].fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* The life of a process: until the conductor is gone. */
static void serve(void)
{
	static _Thread_local char order[ORDER_SIZE];
	int came;

	while (receive(self.channel, order, &came) > 0) {
		struct reply reply = {.fd = -1};

		obey(&reply, order, came);
		if (send_with(self.channel, reply.text, reply.fd) < 0)
			break;
	}
	abort_all();
	_exit(0);
}

/* --- the conductor ---------------------------------------------------------------------------- */

static int channels[MOST_ACTORS];

/* Forward an order; the answer and what came with it. Returns false when the process is gone. */
static bool ask(int actor, const char *order, int fd, char *answer, int *came)
{
	struct pollfd polled = {.fd = channels[actor], .events = POLLIN};

	*came = -1;
	if (channels[actor] >= 0 && send_with(channels[actor], order, fd) == 0 &&
	    poll(&polled, 1, PATIENCE_MS) == 1 && receive(channels[actor], answer, came) > 0)
		return true;
	if (channels[actor] >= 0)
		close(channels[actor]);
	channels[actor] = -1;
	return false;
}

static bool conduct_fork(int actor, int child, char *answer)
{
	int pair[2], came;
	bool is_there;

	if (channels[child] >= 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	is_there = ask(actor, "fork", pair[1], answer, &came);
	close(pair[1]);
	if (is_there && strncmp(answer, "ok", 2) == 0)
		channels[child] = pair[0];
	else
		close(pair[0]);
	return is_there;
}

static bool conduct_pass(int actor, int to, int id, char *answer)
{
	char order[64];
	int came, nothing;
	bool is_there;

	snprintf(order, sizeof(order), "pass %d", id);
	is_there = ask(actor, order, -1, answer, &came);
	if (!is_there || came < 0)
		return is_there;
	snprintf(order, sizeof(order), "take %d", id);
	is_there = ask(to, order, came, answer, &nothing);
	close(came);
	return is_there;
}

static void conduct(const char *line)
{
	char answer[ORDER_SIZE] = "";
	int actor, id, other, at = 0, came;
	bool is_there;

	if (sscanf(line, "%d %n", &actor, &at) != 1 || actor < 0 || actor >= MOST_ACTORS) {
		puts("no order: who?");
		return;
	}
	if (sscanf(line + at, "fork %d", &other) == 1 && other >= 0 && other < MOST_ACTORS)
		is_there = conduct_fork(actor, other, answer);
	else if (sscanf(line + at, "pass %d %d", &id, &other) == 2 && other >= 0 &&
		 other < MOST_ACTORS)
		is_there = conduct_pass(actor, other, id, answer);
	else
		is_there = ask(actor, line + at, -1, answer, &came);
	puts(is_there ? answer : strcmp(line + at, "exit") == 0 ? "ok" : "no answer: it is gone");
}

static void start_first(void)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		exit(4);
	pid = fork();
	if (pid < 0)
		exit(4);
	if (pid == 0) {
		close(pair[0]);
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		self.channel = pair[1];
		serve();
	}
	close(pair[1]);
	channels[0] = pair[0];
	printf("ok pid=%d\n", (int)pid);
}

int main(int argc, char **argv)
{
	char line[ORDER_SIZE];

	if (argc > 1) {
		fputs(help, stdout);
		fputs(sock_help, stdout);
		return strcmp(argv[1], "--help") == 0 ? 0 : 2;
	}
	for (int i = 0; i < MOST_ACTORS; i++)
		channels[i] = -1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Whoever loses its parent comes here: all are waited for in the end. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	start_first();
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		conduct(line);
	}
	for (int i = 0; i < MOST_ACTORS; i++) {
		if (channels[i] >= 0)
			close(channels[i]);
	}
	while (wait(NULL) > 0)
		continue;
	return 0;
}
