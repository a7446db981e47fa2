/* A command and its leases on Linux: prepared, started, looked after. */
#include "act/lease.h"

#include "act/wait-look.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	/* What is inherited lies above what shells and programs use by number. */
	LIFTED = 100,
	FIRST_PASSED = 3,      /* sd_listen_fds(3) */
	FASTEST_US = 2000,     /* between two looks whether somebody listens ... */
	SLOWEST_US = 250000,   /* ... growing up to this */
	LISTENERS_EVERY = 8,   /* looks at two addresses for one at all listeners */
	PID_DIGITS = 10,
};

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

/* A run under way. */
struct course {
	const struct lease_run *run;
	struct arena *arena;
	char **argv, **envp;
	char *pid_text;            /* behind "LISTEN_PID="; NULL = nothing is passed */
	int passed[LEASE_MOST];    /* listening sockets */
	sigset_t signals, before;  /* what is taken by `signal_fd`; what was blocked */
	struct sigaction child_before;
	int signal_fd, report[2];  /* the errno of a failed execve(2) comes through it */
	pid_t child;
	struct wait_look *look;
	size_t n_looks;
};

/* --- arguments and environment --------------------------------------------------------------- */

static int fill_arguments(struct course *c, const uint16_t *ports)
{
	const struct lease_run *run = c->run;
	size_t n = 0;
	int r = 0;

	while (run->command[n])
		n++;
	c->argv = arena_calloc(c->arena, n + 1, sizeof(*c->argv));
	if (!c->argv)
		return -ENOMEM;
	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct str text = {0};

		r = lease_fill(run->command[i], run->wishes, ports, run->n, &text);
		c->argv[i] = arena_strdup(c->arena, str_text(&text));
		if (text.has_failed || !c->argv[i])
			r = -ENOMEM;
		str_fini(&text);
	}
	return r < 0 ? r : 0;
}

/* Set a variable in place of an older one of that name. */
static bool set_variable(struct course *c, size_t *n, const char *name, const char *value)
{
	char *entry = arena_printf(c->arena, "%s=%s", name, value);
	size_t length = strlen(name) + 1, kept = 0;

	for (size_t i = 0; entry && i < *n; i++) {
		if (strncmp(c->envp[i], entry, length) != 0)
			c->envp[kept++] = c->envp[i];
	}
	if (!entry)
		return false;
	c->envp[kept++] = entry;
	*n = kept;
	return true;
}

static bool set_passed(struct course *c, size_t *n)
{
	const struct lease_run *run = c->run;
	char text[PID_DIGITS + 1];
	struct str names = {0};
	bool is_done;

	for (size_t i = 0; i < run->n; i++)
		str_printf(&names, "%s%s", i ? ":" : "",
			   run->wishes[i].name[0] ? run->wishes[i].name : "port");
	snprintf(text, sizeof(text), "%zu", run->n);
	is_done = !names.has_failed && set_variable(c, n, "LISTEN_FDS", text) &&
		  set_variable(c, n, "LISTEN_FDNAMES", str_text(&names)) &&
		  set_variable(c, n, "LISTEN_PID", "          ");
	str_fini(&names);
	if (is_done)
		c->pid_text = strchr(c->envp[*n - 1], '=') + 1;
	return is_done;
}

static int fill_environment(struct course *c, const uint16_t *ports)
{
	const struct lease_run *run = c->run;
	char name[LEASE_VARIABLE_SIZE], value[8];
	bool is_done = true;
	size_t n = 0;

	while (environ[n])
		n++;
	c->envp = arena_calloc(c->arena, n + run->n + 5, sizeof(*c->envp));
	if (!c->envp)
		return -ENOMEM;
	memcpy(c->envp, environ, n * sizeof(*c->envp));
	for (size_t i = 0; is_done && i <= run->n; i++) {
		snprintf(value, sizeof(value), "%u", ports[i == 0 ? 0 : i - 1]);
		if (i == 0 || run->wishes[i - 1].name[0])
			is_done = set_variable(c, &n,
					       lease_variable(i ? run->wishes[i - 1].name : "",
							      name), value);
	}
	if (is_done && run->hold == LEASE_HOLD_FD)
		is_done = set_passed(c, &n);
	c->envp[n] = NULL;
	return is_done ? 0 : -ENOMEM;
}

/* --- descriptors ----------------------------------------------------------------------------- */

/* Move a descriptor out of the way of numbers that programs use; it stays where it is when there is
 * no room above. */
static void lift(int *fd)
{
	int lifted = *fd < 0 || *fd >= LIFTED ? -1 : fcntl(*fd, F_DUPFD_CLOEXEC, LIFTED);

	if (lifted < 0)
		return;
	fd_close(*fd);
	*fd = lifted;
}

static int bind_listener(int fd, const struct address *on, uint16_t port, bool is_dual)
{
	const struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port),
					.sin6_scope_id = on->scope_id};
	bool is_v6 = on->family == ADDRESS_IPV6;
	struct sockaddr_storage to = {0};
	const int yes = 1, v6only = !is_dual;

	if (is_v6) {
		memcpy(&to, &v6, sizeof(v6));
		memcpy(&((struct sockaddr_in6 *)&to)->sin6_addr, on->bytes, 16);
	} else {
		memcpy(&to, &v4, sizeof(v4));
		memcpy(&((struct sockaddr_in *)&to)->sin_addr, on->bytes, 4);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    (is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) < 0) ||
	    bind(fd, (const struct sockaddr *)&to, is_v6 ? sizeof(v6) : sizeof(v4)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return -errno;
	return 0;
}

/* A listening socket; without IPv6 the one for both families is IPv4's. */
static int open_listener(const struct lease_run *run, uint16_t port, int *out)
{
	struct address on = run->on;
	int fd = -1, r = -EAFNOSUPPORT;

	for (int attempt = 0; attempt < 2 && (r == -EAFNOSUPPORT || r == -EADDRNOTAVAIL);
	     attempt++) {
		if (attempt == 1 && !run->is_dual)
			break;
		if (attempt == 1)
			on = (struct address){.family = ADDRESS_IPV4};
		fd_close(fd);
		fd = socket(on.family == ADDRESS_IPV6 ? AF_INET6 : AF_INET,
			    SOCK_STREAM | SOCK_CLOEXEC, 0);
		r = fd < 0 ? -errno : bind_listener(fd, &on, port, run->is_dual);
	}
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	*out = fd;
	return 0;
}

/* What is passed by number must lie above all those numbers before it is put there. */
static int open_passed(struct course *c)
{
	const struct lease_run *run = c->run;
	int r = 0;

	for (size_t i = 0; r == 0 && run->hold == LEASE_HOLD_FD && i < run->n; i++) {
		r = open_listener(run, run->leases[i].port, &c->passed[i]);
		if (r == 0)
			lift(&c->passed[i]);
		if (r == 0 && c->passed[i] < FIRST_PASSED + (int)run->n)
			r = -EMFILE;
	}
	return r;
}

static void lift_lease(struct lease *l)
{
	lift(&l->locks[0]);
	lift(&l->locks[1]);
	lift(&l->record);
}

/* --- the child ------------------------------------------------------------------------------- */

static void keep(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

static void put_number(char *at, unsigned int value)
{
	char digits[PID_DIGITS];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0 && n < sizeof(digits));
	for (size_t i = 0; i < n; i++)
		at[i] = digits[n - 1 - i];
	at[n] = '\0';
}

static void be_child(struct course *c)
{
	const struct lease_run *run = c->run;
	int error;

	for (size_t i = 0; i < run->n; i++) {
		struct lease *l = &run->leases[i];

		lease_tell(l, 'c', (uint32_t)getpid(), run->wishes[i].name);
		keep(l->locks[0]);
		keep(l->locks[1]);
		keep(l->record);
		if (c->passed[i] >= 0 && dup2(c->passed[i], FIRST_PASSED + (int)i) < 0)
			goto failed;
	}
	if (c->pid_text)
		put_number(c->pid_text, (unsigned int)getpid());
	sigaction(SIGCHLD, &c->child_before, NULL);
	sigprocmask(SIG_SETMASK, &c->before, NULL);
	execvpe(c->argv[0], c->argv, c->envp);
failed:
	error = errno;
	(void)!write(c->report[1], &error, sizeof(error));
	_exit(127);
}

/* --- the parent ------------------------------------------------------------------------------ */

/* Signals come through a descriptor from now on; those that are ignored stay ignored. */
static int catch_signals(struct course *c)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};

	sigemptyset(&c->signals);
	sigaddset(&c->signals, SIGCHLD);
	for (size_t i = 0; i < N_ELEMENTS(passed_on); i++) {
		struct sigaction now;

		if (sigaction(passed_on[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(&c->signals, passed_on[i]);
	}
	if (sigaction(SIGCHLD, &usual, &c->child_before) < 0 ||
	    sigprocmask(SIG_BLOCK, &c->signals, &c->before) < 0)
		return -errno;
	c->signal_fd = signalfd(-1, &c->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c->signal_fd < 0)
		return -errno;
	lift(&c->signal_fd);
	return 0;
}

/* Pass on what a process sent; what the terminal sends reaches its whole group anyway. */
static void take_signals(const struct course *c)
{
	struct signalfd_siginfo info;

	while (read(c->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if ((int)info.ssi_signo != SIGCHLD && info.ssi_code <= 0 &&
		    info.ssi_pid != (uint32_t)c->child)
			kill(c->child, (int)info.ssi_signo);
	}
}

static bool is_listener(struct course *c, uint16_t port)
{
	struct wait_point points[2] = {
		{.transport = TRANSPORT_TCP, .port = port,
		 .local = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}},
		{.transport = TRANSPORT_TCP, .port = port, .local = {.family = ADDRESS_IPV6}},
	};
	struct wait_rows rows = {.n = 0};
	struct arena arena;

	points[1].local.bytes[15] = 1;
	if (wait_look_points(c->look, points, 2) == 0 && (points[0].is_there || points[1].is_there))
		return true;
	if (c->n_looks % LISTENERS_EVERY != 0)
		return false;
	arena_init(&arena); /* at another address */
	if (wait_look_listeners(c->look, TRANSPORT_TCP, port, &arena, &rows) < 0)
		rows.n = 0;
	arena_fini(&arena);
	return rows.n > 0;
}

/* Let go of ports on which somebody listens now. Returns whether one is held still. */
static bool look_round(struct course *c)
{
	bool is_holding = false;

	c->n_looks++;
	for (size_t i = 0; c->look && i < c->run->n; i++) {
		struct lease *l = &c->run->leases[i];

		if (l->holds[0] < 0 && l->holds[1] < 0)
			continue;
		l->is_heard = is_listener(c, l->port);
		if (l->is_heard)
			lease_unhold(l);
		is_holding |= !l->is_heard;
	}
	return is_holding;
}

static int look_after(struct course *c, struct lease_end *out)
{
	bool is_holding = look_round(c);
	int64_t pace_us = FASTEST_US;
	int status = 0;

	for (;;) {
		struct pollfd fds = {.fd = c->signal_fd, .events = POLLIN};
		pid_t ended = waitpid(c->child, &status, WNOHANG);

		if (ended == c->child)
			break;
		if (ended < 0 && errno != EINTR)
			return -errno;
		if ((is_holding ? wait_sleep(&fds, 1, pace_us) : poll(&fds, 1, -1)) > 0) {
			take_signals(c);
			continue;
		}
		if (is_holding)
			is_holding = look_round(c);
		pace_us = MIN_OF(pace_us + pace_us / 4, SLOWEST_US);
	}
	out->was_killed = WIFSIGNALED(status);
	out->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

static int start(struct course *c, struct lease_end *out)
{
	int error = 0;

	if (pipe2(c->report, O_CLOEXEC) < 0)
		return -errno;
	lift(&c->report[0]);
	lift(&c->report[1]);
	c->child = fork();
	if (c->child < 0)
		return -errno;
	if (c->child == 0)
		be_child(c);
	c->report[1] = fd_close(c->report[1]);
	for (size_t i = 0; i < c->run->n; i++)
		c->passed[i] = fd_close(c->passed[i]);
	if (fd_read(c->report[0], &error, sizeof(error)) == (long)sizeof(error))
		out->exec_error = error;
	return 0;
}

static int prepare(struct course *c)
{
	uint16_t ports[LEASE_MOST];
	int r;

	for (size_t i = 0; i < c->run->n; i++) {
		ports[i] = c->run->leases[i].port;
		lift_lease(&c->run->leases[i]);
	}
	r = fill_arguments(c, ports);
	if (r == 0)
		r = fill_environment(c, ports);
	if (r == 0)
		r = open_passed(c);
	if (r == 0 && c->run->hold == LEASE_HOLD_REUSE && wait_look_open(&c->look) < 0)
		c->look = NULL; /* then it is held until the end */
	return r == 0 ? catch_signals(c) : r;
}

int lease_run(const struct lease_run *run, struct arena *arena, struct lease_end *out)
{
	struct course c = {.run = run, .arena = arena, .signal_fd = -1, .report = {-1, -1}};
	struct lease_end end = {.exec_error = 0};
	int r;

	for (size_t i = 0; i < LEASE_MOST; i++)
		c.passed[i] = -1;
	r = prepare(&c);
	if (r == 0)
		r = start(&c, &end);
	if (r == 0)
		r = look_after(&c, &end);
	wait_look_close(c.look);
	fd_close(c.signal_fd);
	fd_close(c.report[0]);
	fd_close(c.report[1]);
	for (size_t i = 0; i < LEASE_MOST; i++)
		fd_close(c.passed[i]);
	if (r == 0)
		*out = end;
	return r;
}
