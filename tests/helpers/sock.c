#include "sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

const char sock_help[] =
	"SPEC is PROTOCOL:ADDRESS:PORT[:ACTION][,FLAG...]\n"
	"  PROTOCOL  tcp, mptcp, udp, udplite\n"
	"  ADDRESS   127.0.0.1, [::1], [fe80::1%lo]; PORT 0 lets the kernel choose\n"
	"  ACTION    bound (the default), listen, timewait (leaves a TIME_WAIT pair behind),\n"
	"            open (neither bound nor listening)\n"
	"  FLAG      v6only dual reuseaddr reuseport backlog=N device=NAME\n"
	"            connect=ADDRESS:PORT   connect it, too\n"
	"            send=ADDRESS:PORT      send one datagram from it\n"
	"            accept                 accept one connection, all sockets made (10 s)\n"
	"            thread-table           held only by the private table of a thread\n"
	"            io_uring               held only by an io_uring registration\n"
	"            scm-rights             in flight over a unix socket, held by nobody\n";

/* --- descriptions ---------------------------------------------------------------------------- */

static int parse_number(const char *text, long most, long *out)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > most)
		return -EINVAL;
	*out = value;
	return 0;
}

int sock_parse_endpoint(char *text, union endpoint *out)
{
	char *colon = strrchr(text, ':'), *zone;
	long port;

	memset(out, 0, sizeof(*out));
	if (!colon || parse_number(colon + 1, 65535, &port) < 0)
		return -EINVAL;
	*colon = '\0';
	if (*text != '[') {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons((uint16_t)port);
		return inet_pton(AF_INET, text, &out->v4.sin_addr) == 1 ? 0 : -EINVAL;
	}
	if (colon[-1] != ']')
		return -EINVAL;
	colon[-1] = '\0';
	text++;
	zone = strchr(text, '%');
	if (zone) {
		*zone = '\0';
		out->v6.sin6_scope_id = if_nametoindex(zone + 1);
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1 ? 0 : -EINVAL;
}

static int parse_protocol(struct sock *s, const char *name)
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
			return 0;
		}
	}
	return -EINVAL;
}

/* "reuseaddr", "accept", ...: a flag without a value. */
static bool parse_word(struct sock *s, const char *flag)
{
	static const struct {
		const char *name;
		enum sock_place place;
	} places[] = {
		{"thread-table", SOCK_IN_THREAD_TABLE},
		{"io_uring", SOCK_IN_IO_URING},
		{"scm-rights", SOCK_IN_FLIGHT},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strcmp(flag, places[i].name) == 0) {
			s->place = places[i].place;
			return true;
		}
	}
	if (strcmp(flag, "v6only") == 0 || strcmp(flag, "dual") == 0) {
		s->has_v6only = true;
		s->is_v6only = *flag == 'v';
		return true;
	}
	if (strcmp(flag, "reuseaddr") == 0)
		return s->is_reuseaddr = true;
	if (strcmp(flag, "reuseport") == 0)
		return s->is_reuseport = true;
	if (strcmp(flag, "accept") == 0)
		return s->is_accepting = true;
	return false;
}

static int parse_flag(struct sock *s, char *flag)
{
	char *equals = strchr(flag, '=');
	size_t n = equals ? (size_t)(equals - flag) : 0;
	long number;
	int r;

	if (!equals)
		return parse_word(s, flag) ? 0 : -EINVAL;
	if (n == 6 && memcmp(flag, "device", n) == 0) {
		s->device = equals + 1;
		return 0;
	}
	if (n == 7 && memcmp(flag, "backlog", n) == 0) {
		r = parse_number(equals + 1, 1 << 20, &number);
		s->backlog = r == 0 ? (int)number : 0;
		return r;
	}
	s->is_connected = n == 7 && memcmp(flag, "connect", n) == 0;
	s->is_sent_from = n == 4 && memcmp(flag, "send", n) == 0;
	return s->is_connected || s->is_sent_from ? sock_parse_endpoint(equals + 1, &s->remote)
						  : -EINVAL;
}

/* Cut "...:listen" off; the port has digits only, so a last part of letters is the action. */
static void parse_action(struct sock *s, char *text)
{
	static const char *const names[] = {
		[SOCK_BOUND] = ":bound",
		[SOCK_LISTEN] = ":listen",
		[SOCK_TIMEWAIT] = ":timewait",
		[SOCK_OPEN] = ":open",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(text), length = strlen(names[i]);

		if (n > length && strcmp(text + n - length, names[i]) == 0) {
			s->action = (enum sock_action)i;
			text[n - length] = '\0';
			return;
		}
	}
}

int sock_parse(struct sock *s, const char *text, const char **wrong)
{
	char *rest = strdup(text), *head, *flag, *protocol;

	if (!rest)
		return -ENOMEM;
	*s = (struct sock){.text = text, .backlog = 128, .fd = -1};
	*wrong = text;
	head = strsep(&rest, ",");
	parse_action(s, head);
	protocol = strsep(&head, ":");
	if (!head || parse_protocol(s, protocol) < 0 || sock_parse_endpoint(head, &s->local) < 0)
		return -EINVAL;
	while ((flag = strsep(&rest, ",")) != NULL) {
		*wrong = flag;
		if (parse_flag(s, flag) < 0)
			return -EINVAL;
	}
	return 0; /* the copy stays: `device` points into it */
}

/* --- sockets --------------------------------------------------------------------------------- */

socklen_t sock_endpoint_size(const union endpoint *e)
{
	return e->any.sa_family == AF_INET ? sizeof(e->v4) : sizeof(e->v6);
}

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_options(const struct sock *s, int fd)
{
	int r = 0;

	if (s->is_reuseaddr || s->action == SOCK_TIMEWAIT)
		r = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0 && s->is_reuseport)
		r = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (r == 0 && s->has_v6only)
		r = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, s->is_v6only);
	if (r == 0 && s->device &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->device,
		       (socklen_t)strlen(s->device)) < 0)
		r = -errno;
	return r;
}

static int take_place(const struct sock *s, int fd, const char **step)
{
	socklen_t n = sock_endpoint_size(&s->local), n_remote = sock_endpoint_size(&s->remote);

	*step = "bind";
	if (s->action != SOCK_OPEN && bind(fd, &s->local.any, n) < 0)
		return -errno;
	*step = "listen";
	if ((s->action == SOCK_LISTEN || s->action == SOCK_TIMEWAIT) && listen(fd, s->backlog) < 0)
		return -errno;
	*step = "connect";
	if (s->is_connected && connect(fd, &s->remote.any, n_remote) < 0)
		return -errno;
	*step = "send";
	if (s->is_sent_from && sendto(fd, "", 0, 0, &s->remote.any, n_remote) < 0)
		return -errno;
	return 0;
}

int sock_open(const struct sock *s, const char **step)
{
	int fd = socket(s->local.any.sa_family, s->type, s->protocol), r;

	*step = "socket";
	if (fd < 0)
		return -errno;
	*step = "setsockopt";
	r = set_options(s, fd);
	if (r == 0)
		r = take_place(s, fd, step);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int sock_leave_time_wait(const struct sock *s, void (*tell)(const struct sock *s, int fd),
			 const char **step)
{
	int listener = sock_open(s, step), client = -1, server = -1, r = 0;
	union endpoint at = s->local;
	socklen_t n = sizeof(at);
	char byte;

	if (listener < 0)
		return listener;
	(void)!getsockname(listener, &at.any, &n);
	client = socket(at.any.sa_family, SOCK_STREAM, 0);
	*step = "connect";
	if (client < 0 || connect(client, &at.any, n) < 0)
		r = -errno;
	*step = "accept";
	if (r == 0 && (server = accept(listener, NULL, NULL)) < 0)
		r = -errno;
	if (r == 0 && tell)
		tell(s, listener);
	if (server >= 0)
		close(server);
	if (r == 0)
		(void)!read(client, &byte, 1); /* the end of the stream: its FIN is there */
	if (client >= 0)
		close(client);
	close(listener);
	return r;
}

/* --- places ---------------------------------------------------------------------------------- */

int sock_register(int fd)
{
	struct io_uring_params params = {0};
	long ring = syscall(SYS_io_uring_setup, 4, &params);
	int error;

	if (ring < 0)
		return -errno;
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1) == 0)
		return (int)ring;
	error = errno;
	close((int)ring);
	return -error;
}

int sock_send_fd(int over, int fd)
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

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(over, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int sock_put_in_flight(int fd)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		return -errno;
	return sock_send_fd(pair[0], fd);
}
