/*
 * confined: a process in the sandbox of the atlas' front, that tries to get out.
 *
 *     confined DIRECTORY        enter; DIRECTORY may be read; print what is in force, what is
 *                               missing and a line "WHAT: OUTCOME" for each try; "ready"; wait for the end
 *                               of standard input
 *     confined DIRECTORY CALL   enter and make a call that no server makes: execve, ptrace, unshare
 */
#include "web/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int listener, idle; /* made before */

static void say(const char *what, long r)
{
	printf("%s: %s\n", what, r < 0 ? strerrorname_np(errno) : "done");
}

static struct sockaddr_in place_of(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void *run(void *context)
{
	say("open from another thread", open("/etc/passwd", O_RDONLY));
	return context;
}

static void try_files(const char *directory)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/file", directory);
	say("read what is allowed", open(path, O_RDONLY));
	say("write what is allowed to be read", open(path, O_WRONLY));
	say("append", open(path, O_RDWR | O_APPEND));
	say("read /etc/passwd", open("/etc/passwd", O_RDONLY));
	say("read /proc/self/environ", open("/proc/self/environ", O_RDONLY));
	say("list /", open("/", O_RDONLY | O_DIRECTORY));
	say("make a file", open("/tmp/berth-confined", O_WRONLY | O_CREAT, 0600));
	say("make a nameless file", open("/tmp", O_WRONLY | O_TMPFILE, 0600));
	say("unlink", unlink(path));
	say("chmod", chmod(path, 0777));
	say("memfd", memfd_create("x", 0));
}

static void try_network(void)
{
	struct sockaddr_in place = place_of(1);
	socklen_t size = sizeof(place);

	say("socket", socket(AF_INET, SOCK_STREAM, 0));
	say("unix socket", socket(AF_UNIX, SOCK_STREAM, 0));
	say("netlink socket", socket(AF_NETLINK, SOCK_RAW, 0));
	say("bind", bind(idle, (struct sockaddr *)&place, size));
	say("listen", listen(idle, 1));
	say("getsockname", getsockname(listener, (struct sockaddr *)&place, &size));
	say("connect", connect(idle, (struct sockaddr *)&place, size));
	say("accept", accept4(listener, NULL, NULL, SOCK_NONBLOCK));
}

static void try_processes(void)
{
	const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	pthread_t thread;

	say("fork", fork());
	say("kill", kill(getppid(), SIGTERM));
	say("setuid", setuid(0));
	say("chroot", prctl(PR_SET_DUMPABLE, 1));
	say("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
	say("code", (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0) == -1 ? -1 : 0);
	say("memory", (long)mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -1 ? -1 : 0);
	errno = pthread_create(&thread, NULL, run, NULL);
	say("thread", errno ? -1 : pthread_join(thread, NULL));
}

/* None of these comes back. */
static void try_deadly(const char *call)
{
	char *const command[] = {(char *)"true", NULL};

	if (strcmp(call, "execve") == 0)
		execve("/bin/true", command, NULL);
	if (strcmp(call, "ptrace") == 0)
		ptrace(PTRACE_TRACEME, 0, 0, 0);
	if (strcmp(call, "unshare") == 0)
		unshare(CLONE_NEWUSER);
}

int main(int argc, char **argv)
{
	const char *const readable[] = {argc > 1 ? argv[1] : "", "/nowhere", NULL};
	const struct sandbox_wish wish = {.readable = readable};
	const struct sockaddr_in place = place_of(0);
	struct str in_force = {0}, missing = {0};
	int r;

	if (argc < 2)
		return 2;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	idle = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (const struct sockaddr *)&place, sizeof(place)) < 0 ||
	    listen(listener, 1) < 0)
		return 4;
	r = sandbox_enter(&wish, &in_force, &missing);
	printf("enter: %d\nin force: %s\n", r, str_text(&in_force));
	printf("missing: %.*s\n", (int)strcspn(str_text(&missing), "\n"), str_text(&missing));
	fflush(stdout);
	if (argc > 2) {
		try_deadly(argv[2]);
		return 0;
	}
	try_files(argv[1]);
	try_network();
	try_processes();
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
