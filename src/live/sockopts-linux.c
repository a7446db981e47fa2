#include "live/sockopts-linux.h"

#include "base/fd.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FEW = 64 };

/* A process that is open: neighbours mostly have the same owner. */
struct holder {
	uint32_t pid; /* 0 = none */
	int fd;
};

static int open_process(struct holder *h, uint32_t pid)
{
	if (h->pid == pid)
		return h->fd;
	if (h->pid != 0)
		fd_close(h->fd);
	*h = (struct holder){.pid = pid, .fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0)};
	return h->fd;
}

static enum maybe flag_of(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	if (getsockopt(fd, level, name, &value, &size) < 0)
		return MAYBE_UNKNOWN;
	return value ? MAYBE_YES : MAYBE_NO;
}

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262 /* include/uapi/linux/in.h, Linux 5.6 */
#endif

static bool is_mptcp(int fd)
{
	int protocol = 0;
	socklen_t size = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
	       protocol == IPPROTO_MPTCP;
}

/* Whether the copy is this very socket. An MPTCP socket stands in the tables by its first subflow,
 * which has a cookie of its own and the inode of the whole; while only bound, as plain TCP. */
static bool is_it(int fd, const struct live_socket *s)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	struct stat st;

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 && s->cookie != 0 &&
	    cookie == s->cookie)
		return true;
	return (s->transport == TRANSPORT_MPTCP || is_mptcp(fd)) && s->inode != 0 &&
	       transport_port_space(s->transport) == TRANSPORT_TCP && fstat(fd, &st) == 0 &&
	       S_ISSOCK(st.st_mode) && st.st_ino == s->inode;
}

static bool read_through(struct holder *h, const struct live_owner *o, struct live_socket *s)
{
	BERTH_CLEANUP(fd_closep) int copy = -1;

	if (!o->process || o->fd < 0 || open_process(h, o->process->pid) < 0)
		return false;
	copy = (int)syscall(SYS_pidfd_getfd, h->fd, o->fd, 0);
	if (copy < 0 || !is_it(copy, s))
		return false;
	s->reuse_address = flag_of(copy, SOL_SOCKET, SO_REUSEADDR);
	s->reuse_port = flag_of(copy, SOL_SOCKET, SO_REUSEPORT);
	/* That of an MPTCP socket is not that of its subflow, which has the port. */
	if (s->local.family == ADDRESS_IPV6 && s->v6only == MAYBE_UNKNOWN && !s->is_dual_stack &&
	    !is_mptcp(copy))
		s->v6only = flag_of(copy, IPPROTO_IPV6, IPV6_V6ONLY);
	return true;
}

/* Where a plain 0.0.0.0 hangs on IPV6_V6ONLY of a connection. */
static bool is_delicate(const struct live_socket *s)
{
	return s->state == LIVE_CONNECTION && s->local.family == ADDRESS_IPV6 &&
	       s->v6only == MAYBE_UNKNOWN && !address_is_v4_mapped(&s->local);
}

/* Something beside `s` that stands in the way of 0.0.0.0 for certain. */
static bool is_settled(const struct socket_list *list, const struct live_socket *s)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct live_socket *other = &list->items[i];

		if (other->local_port == s->local_port && other->ns == s->ns &&
		    transport_port_space(other->transport) == transport_port_space(s->transport) &&
		    (other->is_dual_stack || other->local.family == ADDRESS_IPV4))
			return true;
	}
	return false;
}

static bool is_asked(const struct live_request *r, const struct socket_list *list,
		     const struct live_socket *s, size_t n_read)
{
	if (s->n_owners == 0 || s->local_port < r->first_port || s->local_port > r->last_port)
		return false;
	if (r->flags == LIVE_FLAGS_ALL)
		return true;
	return n_read < FEW && is_delicate(s) && !is_settled(list, s);
}

void sockopts_read(const struct live_request *request, struct socket_list *list)
{
	struct holder holder = {0};
	size_t n_read = 0;

	if (request->flags == LIVE_FLAGS_NONE)
		return;
	for (size_t i = 0; i < list->n; i++) {
		struct live_socket *s = &list->items[i];

		if (!is_asked(request, list, s, n_read))
			continue;
		n_read++;
		for (size_t k = 0; k < s->n_owners; k++) {
			if (read_through(&holder, &s->owners[k], s))
				break;
		}
	}
	if (holder.pid != 0)
		fd_close(holder.fd);
}
