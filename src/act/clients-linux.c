#include "act/clients-linux.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* /proc/PID/status is a few kilobytes; its groups can make it longer. */
enum { STATUS_SIZE = 16 * 1024 };

int client_peer(int fd, struct client_peer *out)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	*out = (struct client_peer){(uint32_t)cred.pid, cred.uid};
	return 0;
}

/* The value of "Name:\t..." at the beginning of a line; NULL = there is none. */
static const char *find_line(const char *text, const char *name)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (str_starts_with(line, name))
			return line + strlen(name);
	}
	return NULL;
}

/* The next number of a line. */
static bool take_number(const char **rest, uint32_t *out)
{
	uint64_t value;
	size_t n;

	*rest += strspn(*rest, "\t ");
	n = strspn(*rest, "0123456789");
	if (str_parse_u64(*rest, n, UINT32_MAX, &value) < 0)
		return false;
	*rest += n;
	*out = (uint32_t)value;
	return true;
}

int client_parse_status(const char *text, struct client_status *out)
{
	const char *state = find_line(text, "State:\t"), *uid = find_line(text, "Uid:");
	const char *pids = find_line(text, "NSpid:");
	struct client_status s = {.depth = 0};

	if (!state || !uid || !pids || !*state)
		return -EBADMSG;
	s.state = *state;
	if (!take_number(&uid, &s.uid) || !take_number(&uid, &s.effective_uid))
		return -EBADMSG;
	while (take_number(&pids, &s.innermost_pid))
		s.depth++;
	if (s.depth == 0)
		return -EBADMSG;
	*out = s;
	return 0;
}

static int read_status_at(const char *path, struct client_status *out)
{
	char text[STATUS_SIZE];
	long n;

	n = fd_read_file_at(AT_FDCWD, path, text, sizeof(text), NULL);
	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	return client_parse_status(text, out);
}

static int read_status(uint32_t pid, struct client_status *out)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	return read_status_at(path, out);
}

/* A /proc of an outer PID namespace has other processes by these numbers. */
bool client_can_look(void)
{
	struct client_status own;

	return read_status_at("/proc/self/status", &own) == 0 && own.depth == 1 &&
	       own.innermost_pid == (uint32_t)getpid();
}

static bool is_over(int pidfd)
{
	struct pollfd fds = {.fd = pidfd, .events = POLLIN};

	return poll(&fds, 1, 0) != 0;
}

/* The number that a peer of an inner PID namespace means, as it is seen here: only its own. */
static int translate(const struct client_peer *peer, uint32_t pid, uint32_t *seen)
{
	struct client_status status;
	int r;

	*seen = pid;
	if (peer->pid == 0)
		return -EPERM;
	r = read_status(peer->pid, &status);
	if (r < 0)
		return r == -ESRCH ? -EPERM : r;
	if (status.depth == 1)
		return 0;
	*seen = peer->pid;
	return status.innermost_pid == pid ? 0 : -EPERM;
}

int client_open_process(const struct client_peer *peer, uint32_t pid, uint32_t *seen)
{
	struct client_status status;
	int pidfd, r = translate(peer, pid, seen);

	if (r < 0)
		return r;
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)*seen, 0);
	if (pidfd < 0)
		return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno; /* a thread */
	/* What is read belongs to the process of the descriptor if that lives still, afterwards. */
	r = read_status(*seen, &status);
	if (r == 0 && is_over(pidfd))
		r = -ESRCH;
	if (r == 0 && peer->uid != 0 && peer->uid != status.uid &&
	    peer->uid != status.effective_uid)
		r = -EPERM;
	if (r < 0) {
		fd_close(pidfd);
		return r;
	}
	return pidfd;
}
