/*
 * busy-host: makes a host with many processes, descriptors and sockets, says when it is ready, and
 * removes it again. `busy-host --help` is the manual.
 *
 * busy-plan.c decides who opens what, busy-worker.c is the life of one process, busy-cgroup.c has
 * the directories; here is the parent.
 */
#include "busy-host.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAKING_LIMIT_S = 120 };

struct host {
	struct plan plan;
	bool is_services;    /* a cgroup for each process */
	bool is_isolated;    /* PID and mount namespaces of its own */
	const char *map;     /* file for the list of listeners, or NULL */
	uint32_t life_s;
	struct cgroup_dir cgroups;
	int *namespaces;     /* descriptors, plan.size.n_namespaces of them */
	pid_t *pids;         /* here */
	pid_t *inner_pids;   /* in their own PID namespace */
	uint32_t n_pids;
	int report[2], go[2], signals;
};

static const char help[] =
	"usage: busy-host [OPTION...]\n"
	"\n"
	"Makes processes with listeners, connections and other descriptors in network\n"
	"namespaces of their own, and in a PID and a mount namespace, where /proc shows only\n"
	"them. Prints one line when all of it is there:\n"
	"\n"
	"  ready pid=N inside=N port=PORT owner=PID processes=N descriptors=N listeners=N\n"
	"        connections=N namespaces=N cgroups=services|one-cgroup|inherited\n"
	"\n"
	"(one line; INSIDE is a process of the first namespace, for `nsenter -t INSIDE -nmp`;\n"
	"PORT that of the listener in the middle; OWNER the process that has it, as /proc in\n"
	"there names it), waits until standard input is closed or SIGTERM, SIGINT or SIGHUP\n"
	"comes, and removes everything. Both ends of a connection are on this host, so that it\n"
	"takes two descriptors.\n"
	"\n"
	"  --processes N      default 500\n"
	"  --descriptors N    of all processes together; default 100000\n"
	"  --listeners N      default 300; ports 10000 and up in each namespace\n"
	"  --connections N    default 8000\n"
	"  --namespaces N     network namespaces that processes are spread over; default 1\n"
	"  --cgroups KIND     services: one for each process, as services have under systemd\n"
	"                     (default); one-cgroup: one for all, or that of the caller where\n"
	"                     none can be made\n"
	"  --shared           stay in the caller's PID and mount namespace\n"
	"  --map FILE         write a line \"NAMESPACE PORT PID\" for each listener\n"
	"  --life SECONDS     give up then; default 600\n"
	"  --help             this text\n"
	"\n"
	"Needs CAP_SYS_ADMIN, and a cgroup2 mount that can be written for --cgroups services.\n"
	"Exit: 0; 2 for bad usage, 4 when the system refused or a process died.\n";

static int complain(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int complain(int status, const char *fmt, ...)
{
	va_list args;

	fputs("busy-host: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

/* --- options --------------------------------------------------------------------------------- */

static int parse_number(const char *name, const char *text, uint32_t least, uint32_t most,
			uint32_t *out)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || value < least || value > most)
		return complain(2, "--%s: not a number from %u to %u: %s", name, least, most, text);
	*out = (uint32_t)value;
	return 0;
}

static int parse_kind(struct host *h, const char *kind)
{
	h->is_services = strcmp(kind, "services") == 0;
	if (!h->is_services && strcmp(kind, "one-cgroup") != 0)
		return complain(2, "--cgroups: services or one-cgroup, not %s", kind);
	return 0;
}

/* Returns 0, a status to exit with, or -1 when only the help was wanted. */
static int parse_options(struct host *h, int argc, char **argv)
{
	static const struct option options[] = {
		{"processes", required_argument, NULL, 'p'},
		{"descriptors", required_argument, NULL, 'd'},
		{"listeners", required_argument, NULL, 'l'},
		{"connections", required_argument, NULL, 'c'},
		{"namespaces", required_argument, NULL, 'n'},
		{"cgroups", required_argument, NULL, 'g'},
		{"shared", no_argument, NULL, 's'},
		{"map", required_argument, NULL, 'm'},
		{"life", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct size *s = &h->plan.size;
	int option, r = 0;

	while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'p')
			r = parse_number("processes", optarg, 1, MOST_PROCESSES, &s->n_processes);
		else if (option == 'd')
			r = parse_number("descriptors", optarg, 1, MOST_DESCRIPTORS,
					 &s->n_descriptors);
		else if (option == 'l')
			r = parse_number("listeners", optarg, 1, MOST_LISTENERS, &s->n_listeners);
		else if (option == 'c')
			r = parse_number("connections", optarg, 0, MOST_CONNECTIONS,
					 &s->n_connections);
		else if (option == 'n')
			r = parse_number("namespaces", optarg, 1, MOST_NAMESPACES,
					 &s->n_namespaces);
		else if (option == 't')
			r = parse_number("life", optarg, 1, MOST_LIFE_S, &h->life_s);
		else if (option == 'g')
			r = parse_kind(h, optarg);
		else if (option == 's')
			h->is_isolated = false;
		else if (option == 'm')
			h->map = optarg;
		else
			r = option == 'h' ? -1 : 2;
	}
	if (r == 0 && optind < argc)
		r = complain(2, "what is %s?", argv[optind]);
	if (r == 0 && s->n_namespaces > s->n_processes)
		r = complain(2, "a namespace needs a process: at most %u", s->n_processes);
	return r;
}

/* --- namespaces ------------------------------------------------------------------------------ */

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

static int bring_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0)
		return -errno;
	request.ifr_flags = IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Make all of them; the parent ends up in the first. */
static int make_namespaces(struct host *h)
{
	uint32_t n = h->plan.size.n_namespaces;

	for (uint32_t i = 0; i < n; i++) {
		int r = unshare(CLONE_NEWNET) < 0 ? -errno : bring_up_loopback();

		/* Accept queues must hold every connection until all are made. */
		if (r == 0)
			r = write_text("/proc/sys/net/core/somaxconn", "65535");
		if (r < 0)
			return r;
		h->namespaces[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (h->namespaces[i] < 0)
			return -errno;
	}
	return setns(h->namespaces[0], CLONE_NEWNET) < 0 ? -errno : 0;
}

/* Children are in namespaces of PIDs and mounts that end with them; this process stays outside. */
static int isolate(void)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return 0;
}

/* --- processes ------------------------------------------------------------------------------- */

/* fork(2), into a cgroup from the start where one is given. */
static pid_t fork_into(int cgroup)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};

	if (cgroup < 0)
		return fork();
	args.cgroup = (unsigned int)cgroup;
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static int start_process(struct host *h, uint32_t index)
{
	const struct post post = {
		.plan = &h->plan,
		.process = index,
		.is_init = h->is_isolated && index == 0,
		.netns = h->namespaces[plan_namespace(&h->plan, index)],
		.report = h->report[1],
		.go = h->go[0],
	};
	int group = h->cgroups.is_made ? cgroup_open(&h->cgroups, index) : -1;
	sigset_t none;
	pid_t pid;

	if (h->cgroups.is_made && group < 0)
		return group;
	pid = fork_into(group);
	if (pid == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		worker_run(&post);
	}
	if (pid > 0)
		h->pids[h->n_pids++] = pid;
	if (group >= 0)
		close(group);
	return pid < 0 ? -errno : 0;
}

static int start_processes(struct host *h)
{
	int r = 0;

	if (pipe2(h->report, O_CLOEXEC) < 0 || pipe2(h->go, O_CLOEXEC) < 0)
		return -errno;
	for (uint32_t i = 0; r == 0 && i < h->plan.size.n_processes; i++)
		r = start_process(h, i);
	return r;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait for `fd` or a signal, up to `until`. Returns 0 when `fd` can be read, else a status to exit
 * with: 0 + 1 for a wish to end, 4 for anything bad. */
static int wait_for(struct host *h, int fd, int64_t until)
{
	struct pollfd polled[] = {{.fd = fd, .events = POLLIN},
				  {.fd = h->signals, .events = POLLIN}};
	struct signalfd_siginfo info;
	int64_t left = until - now_ms();
	int n = left > 0 ? poll(polled, 2, (int)left) : 0;

	if (n < 0)
		return complain(4, "poll: %s", strerror(errno));
	if (n == 0)
		return complain(4, "out of time");
	if (polled[1].revents & POLLIN && read(h->signals, &info, sizeof(info)) > 0) {
		if (info.ssi_signo != SIGCHLD)
			return 1;
		/* A worker that failed has said why before. */
		if (!(polled[0].revents & POLLIN))
			return complain(4, "process %u ended with status %d", info.ssi_pid,
					info.ssi_status);
	}
	return polled[0].revents ? 0 : wait_for(h, fd, until);
}

/* Wait until every process has done one stage. */
static int wait_for_stage(struct host *h, int64_t until)
{
	for (uint32_t i = 0; i < h->plan.size.n_processes; i++) {
		struct report report;
		int r = wait_for(h, h->report[0], until);

		if (r != 0)
			return r;
		if (read(h->report[0], &report, sizeof(report)) != (ssize_t)sizeof(report))
			return complain(4, "a process ended without a word");
		if (report.error != 0)
			return complain(4, "process %u: %.31s: %s", report.process, report.what,
					strerror(report.error));
		h->inner_pids[report.process] = report.pid;
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int write_map(const struct host *h)
{
	FILE *f = h->map ? fopen(h->map, "we") : NULL;

	if (!h->map)
		return 0;
	if (!f)
		return complain(4, "%s: %s", h->map, strerror(errno));
	for (uint32_t i = 0; i < h->plan.size.n_listeners; i++) {
		const struct listener *l = &h->plan.listeners[i];

		fprintf(f, "%u %u %d\n", plan_namespace(&h->plan, l->process), l->port,
			(int)h->inner_pids[l->process]);
	}
	return fclose(f) == 0 ? 0 : complain(4, "%s: %s", h->map, strerror(errno));
}

/* The listener in the middle, of the first namespace: the one that the parent is in. */
static const struct listener *find_middle(const struct plan *plan)
{
	uint32_t n = 0;

	while (n < plan->size.n_listeners &&
	       plan_namespace(plan, plan->listeners[n].process) == 0)
		n++;
	if (plan->size.n_listeners > plan->size.n_processes) /* they go round */
		n = plan->size.n_processes / plan->size.n_namespaces;
	return &plan->listeners[n / 2];
}

static int announce(const struct host *h)
{
	const struct size *s = &h->plan.size;
	const struct listener *l = find_middle(&h->plan);

	printf("ready pid=%d inside=%d port=%u owner=%d processes=%u descriptors=%u "
	       "listeners=%u connections=%u namespaces=%u cgroups=%s\n",
	       (int)getpid(), (int)h->pids[0], l->port, (int)h->inner_pids[l->process],
	       s->n_processes, s->n_descriptors, s->n_listeners, s->n_connections, s->n_namespaces,
	       h->is_services       ? "services"
	       : h->cgroups.is_made ? "one-cgroup"
				    : "inherited");
	return fflush(stdout) == 0 ? 0 : complain(4, "standard output: %s", strerror(errno));
}

static int wait_for_end(struct host *h)
{
	int64_t until = now_ms() + (int64_t)h->life_s * 1000;
	char buffer[64];
	ssize_t n;

	for (;;) {
		int r = wait_for(h, STDIN_FILENO, until);

		if (r != 0)
			return r;
		n = read(STDIN_FILENO, buffer, sizeof(buffer));
		if (n == 0 || (n < 0 && errno != EINTR))
			return 0;
	}
}

/* Everything that takes part, one stage after the other. Returns the status to exit with. */
static int build(struct host *h)
{
	const struct size *s = &h->plan.size;
	int64_t until = now_ms() + MAKING_LIMIT_S * 1000;
	int r = cgroup_make(&h->cgroups, h->is_services ? s->n_processes : 1);

	if (r < 0 && h->is_services)
		return complain(4, "no cgroup can be made: %s", strerror(-r));
	if (r < 0)
		(void)!cgroup_remove(&h->cgroups);
	r = make_namespaces(h);
	if (r == 0 && h->is_isolated)
		r = isolate();
	if (r < 0)
		return complain(4, "namespaces: %s", strerror(-r));
	r = start_processes(h);
	if (r < 0)
		return complain(4, "process %u: %s", h->n_pids, strerror(-r));
	close(h->report[1]);
	r = wait_for_stage(h, until);
	if (r != 0)
		return r;
	close(h->go[0]);
	close(h->go[1]);
	r = wait_for_stage(h, until);
	/* Only processes keep namespaces, so that no other trace of them can be found. */
	for (uint32_t i = 0; i < s->n_namespaces; i++)
		close(h->namespaces[i]);
	return r != 0 ? r : write_map(h);
}

static int tear_down(struct host *h)
{
	int r;

	for (uint32_t i = 0; i < h->n_pids; i++)
		kill(h->pids[i], SIGKILL);
	/* In any order: the first process of a PID namespace ends after all others were reaped. */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	r = cgroup_remove(&h->cgroups);
	return r < 0 ? complain(4, "%s is left behind: %s", h->cgroups.path, strerror(-r)) : 0;
}

/* Enough descriptors for the largest share, and for the parent's namespaces. */
static int raise_limit(const struct plan *plan)
{
	struct rlimit limit;
	rlim_t wanted = plan_share(plan, 0) + 16;

	if (wanted < plan->size.n_namespaces + 64)
		wanted = plan->size.n_namespaces + 64;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return complain(4, "limits: %s", strerror(errno));
	if (wanted > limit.rlim_max)
		return complain(2, "%llu descriptors for each process; the hard limit is %llu",
				(unsigned long long)wanted, (unsigned long long)limit.rlim_max);
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0
		       ? 0
		       : complain(4, "limits: %s", strerror(errno));
}

static int catch_signals(struct host *h)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	h->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return h->signals < 0 ? complain(4, "signals: %s", strerror(errno)) : 0;
}

int main(int argc, char **argv)
{
	struct host h = {
		.plan.size = {500, 100000, 300, 8000, 1},
		.is_services = true,
		.is_isolated = true,
		.life_s = 600,
		.cgroups.fd = -1,
	};
	char why[128] = "out of memory";
	int r = parse_options(&h, argc, argv), ended;

	if (r == -1)
		return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? 4 : 0;
	if (r != 0)
		return r;
	r = plan_make(&h.plan, why, sizeof(why));
	h.pids = calloc(h.plan.size.n_processes, sizeof(*h.pids));
	h.inner_pids = calloc(h.plan.size.n_processes, sizeof(*h.inner_pids));
	h.namespaces = calloc(h.plan.size.n_namespaces, sizeof(*h.namespaces));
	if (r != 0 || !h.pids || !h.inner_pids || !h.namespaces)
		return complain(r == 1 ? 2 : 4, "%s", why);
	r = raise_limit(&h.plan);
	if (r == 0)
		r = catch_signals(&h);
	if (r == 0) {
		cgroup_sweep();
		r = build(&h);
		if (r == 0)
			r = announce(&h);
		if (r == 0)
			r = wait_for_end(&h);
		ended = tear_down(&h);
		r = r > 1 ? r : ended; /* 1: somebody wanted it to end */
	}
	free(h.pids);
	free(h.inner_pids);
	free(h.namespaces);
	plan_free(&h.plan);
	return r;
}
