#include "live/container-api-linux.h"

#include "base/fd.h"
#include "base/lang.h"
#include "base/str.h"
#include "live/container-state.h"
#include "live/proc-linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MOST_REPLY = 512 * 1024, MOST_SOCKETS = 16, DIAG_SIZE = 32 * 1024, STATE_LISTEN = 10 };
enum { WHY_SIZE = 256, NS_PER_MS = 1000 * 1000 };

/* One path, looked at once. */
struct api_socket {
	char path[64];
	const char *runtime;
	uint32_t uid;         /* who may own it beside root */
	int fd;               /* O_PATH of the socket; -1: it is not to be spoken to */
	bool is_absent;       /* there is no such file */
	char why[WHY_SIZE];   /* what kept berth from it, or from the last answer */
	const char *fix;
};

struct container_api {
	struct arena *arena;
	struct gaps *gaps;
	int64_t deadline_ns; /* 0 = nothing was asked yet */
	struct api_socket sockets[MOST_SOCKETS];
	size_t n_sockets;
	char *reply; /* MOST_REPLY bytes */
};

static const char too_slow[] = N_("no answer within 100 ms");

struct container_api *container_api_open(struct arena *arena, struct gaps *gaps)
{
	struct container_api *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->arena = arena;
	a->gaps = gaps;
	a->reply = malloc(MOST_REPLY);
	return a->reply ? a : container_api_close(a);
}

struct container_api *container_api_close(struct container_api *a)
{
	if (a) {
		for (size_t i = 0; i < a->n_sockets; i++)
			fd_close(a->sockets[i].fd);
		free(a->reply);
		free(a);
	}
	return NULL;
}

static int64_t now_ns(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

/* Milliseconds that are left, rounded up; 0 = none. */
static int left_ms(const struct container_api *a)
{
	int64_t left = a->deadline_ns - now_ns();

	return left > 0 ? (int)((left + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

static int refuse(struct api_socket *s, const char *fix, const char *why)
{
	snprintf(s->why, sizeof(s->why), "%s", why);
	s->fix = fix;
	return -EPERM;
}

static int refuse_errno(struct api_socket *s, int error)
{
	char words[96];
	bool is_denied = error == EACCES || error == EPERM;

	return refuse(s, is_denied && geteuid() != 0 ? N_("run as root") : NULL,
		      gaps_errno_text(error, words, sizeof(words)));
}

/* --- who listens ----------------------------------------------------------------------------- */

/* A socket file, and the inode of the socket that listens at it. */
struct listening {
	uint32_t file, device; /* as the kernel writes them */
	uint32_t inode;        /* 0 = none found */
	bool is_met;           /* of the message being read */
};

static int take_attribute(const struct nlattr *attr, void *context)
{
	struct listening *l = context;
	struct unix_diag_vfs vfs;

	if (mnl_attr_get_type(attr) != UNIX_DIAG_VFS ||
	    mnl_attr_get_payload_len(attr) < sizeof(vfs))
		return MNL_CB_OK;
	memcpy(&vfs, mnl_attr_get_payload(attr), sizeof(vfs));
	l->is_met |= vfs.udiag_vfs_ino == l->file && vfs.udiag_vfs_dev == l->device;
	return MNL_CB_OK;
}

static int take_unix(const struct nlmsghdr *head, void *context)
{
	struct listening *l = context;
	const struct unix_diag_msg *m = mnl_nlmsg_get_payload(head);

	l->is_met = false;
	if (mnl_nlmsg_get_payload_len(head) >= sizeof(*m) && m->udiag_state == STATE_LISTEN &&
	    mnl_attr_parse(head, sizeof(*m), take_attribute, l) == MNL_CB_OK && l->is_met)
		l->inode = m->udiag_ino;
	return MNL_CB_OK;
}

static int dump_unix(struct mnl_socket *netlink, char *buffer, struct listening *l)
{
	char room[128] = {0};
	struct nlmsghdr *head = mnl_nlmsg_put_header(room);
	struct unix_diag_req *request = mnl_nlmsg_put_extra_header(head, sizeof(*request));
	int r = MNL_CB_OK;

	head->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	head->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	head->nlmsg_seq = 1;
	request->sdiag_family = AF_UNIX;
	request->udiag_states = 1u << STATE_LISTEN;
	request->udiag_show = UDIAG_SHOW_VFS;
	if (mnl_socket_sendto(netlink, head, head->nlmsg_len) < 0)
		return -errno;
	while (r == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(netlink, buffer, DIAG_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? -1
			  : mnl_cb_run(buffer, (size_t)n, 1, mnl_socket_get_portid(netlink),
				       take_unix, l);
	}
	return r < 0 ? -errno : 0;
}

/* Only sockets of berth's own network namespace are shown. Returns 0 or a negative errno. */
static int find_listening(const struct stat *st, uint32_t *inode)
{
	struct listening l = {.file = (uint32_t)st->st_ino,
			      .device = (uint32_t)(major(st->st_dev) << 20 | minor(st->st_dev))};
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	char *buffer = malloc(DIAG_SIZE);
	int r = -ENOMEM;

	if (!netlink)
		r = -errno;
	else if (buffer)
		r = mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0
			    ? -errno
			    : dump_unix(netlink, buffer, &l);
	if (netlink)
		mnl_socket_close(netlink);
	free(buffer);
	if (r == 0)
		*inode = l.inode;
	return r;
}

/* --- who has it ------------------------------------------------------------------------------ */

struct holders {
	const struct container_api *api;
	uint32_t inode, uid;
	bool is_likely_only; /* the runtimes themselves, by the kernel's names of processes */
	bool is_served;      /* somebody other than systemd has it */
	bool has_waiting;    /* systemd has it */
	bool is_denied;      /* a process could not be looked into */
	bool is_late;
};

/* Whether the table of the open /proc/PID has the socket. */
static bool has_socket(struct holders *h, int process)
{
	int table = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = table >= 0 ? fdopendir(table) : NULL;
	struct dirent *entry;
	bool is_there = false;
	char link[64];

	if (!dir) {
		h->is_denied |= errno == EACCES || errno == EPERM;
		fd_close(table);
		return false;
	}
	for (size_t i = 0; !is_there && !h->is_late && (entry = readdir(dir)) != NULL; i++) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link));

		is_there = n > 0 && proc_link_inode(link, (size_t)n) == h->inode;
		h->is_late = i % 64 == 63 && left_ms(h->api) == 0;
	}
	closedir(dir);
	return is_there;
}

static bool look_into(uint32_t pid, void *context)
{
	static const char *const runtimes[] = {"dockerd\n", "podman\n"};
	struct holders *h = context;
	char path[32], name[32];
	bool is_systemd, is_likely = false;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	BERTH_CLEANUP(fd_closep) int process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	h->is_late = left_ms(h->api) == 0;
	if (process < 0 || h->is_late ||
	    fd_read_file_at(process, "comm", name, sizeof(name), NULL) <= 0)
		return !h->is_late;
	for (size_t i = 0; i < N_ELEMENTS(runtimes); i++)
		is_likely |= strcmp(name, runtimes[i]) == 0;
	is_systemd = pid == 1 || str_starts_with(name, "systemd");
	if (is_likely != h->is_likely_only || fstat(process, &st) < 0 ||
	    (st.st_uid != 0 && st.st_uid != h->uid) || !has_socket(h, process))
		return !h->is_late;
	h->has_waiting |= is_systemd;
	h->is_served |= !is_systemd;
	return !h->is_served && !h->is_late;
}

static const char *start_of(const struct api_socket *s)
{
	bool is_docker = strcmp(s->runtime, "docker") == 0;

	if (s->uid != 0)
		return is_docker ? "systemctl --user start docker.service"
				 : "systemctl --user start podman.service";
	return is_docker ? "systemctl start docker.service" : "systemctl start podman.service";
}

/* Whether a process other than systemd has the socket that listens at the file. */
static int check_served(const struct container_api *a, struct api_socket *s, const struct stat *st)
{
	struct holders h = {.api = a, .uid = s->uid, .is_likely_only = true};
	int r = find_listening(st, &h.inode);

	if (r < 0)
		return refuse_errno(s, -r);
	if (h.inode == 0)
		return refuse(s, start_of(s),
			      N_("nothing listens at it in this network namespace"));
	for (int i = 0; i < 2 && !h.is_served && !h.is_late && r == 0; i++) {
		r = proc_each_number(AT_FDCWD, "/proc", look_into, &h);
		h.is_likely_only = false;
	}
	if (r < 0)
		return refuse_errno(s, -r);
	if (h.is_served)
		return 0;
	if (h.is_late)
		return refuse(s, N_("ask again"),
			      N_("who listens at it was not found within 100 ms"));
	if (h.has_waiting)
		return refuse(s, start_of(s),
			      N_("only systemd has it: asking would start the service"));
	return refuse(s, geteuid() != 0 ? N_("run as root") : NULL,
		      h.is_denied ? N_("who listens at it may not be seen")
				  : N_("no process here has the socket that listens at it"));
}

/* --- the socket ------------------------------------------------------------------------------ */

static int check_socket(const struct container_api *a, struct api_socket *s)
{
	char why[WHY_SIZE];
	struct stat st;

	if (fstat(s->fd, &st) < 0)
		return refuse_errno(s, errno);
	if (!S_ISSOCK(st.st_mode))
		return refuse(s, NULL, N_("is not a socket"));
	if (st.st_uid != 0 && st.st_uid != s->uid) {
		snprintf(why, sizeof(why), _("belongs to user %u, not to root%s"), st.st_uid,
			 s->uid ? _(" or to who runs the container") : "");
		return refuse(s, N_("remove it, if it is not the runtime's"), why);
	}
	return check_served(a, s, &st);
}

/* The socket of that path, looked at; NULL when there are too many. */
static struct api_socket *find_socket(struct container_api *a, const char *path,
				      const char *runtime, uint32_t uid)
{
	struct api_socket *s;

	for (size_t i = 0; i < a->n_sockets; i++) {
		if (a->sockets[i].uid == uid && strcmp(a->sockets[i].path, path) == 0)
			return &a->sockets[i];
	}
	if (a->n_sockets == MOST_SOCKETS)
		return NULL;
	s = &a->sockets[a->n_sockets++];
	snprintf(s->path, sizeof(s->path), "%s", path);
	s->runtime = runtime;
	s->uid = uid;
	s->fd = open(path, O_PATH | O_CLOEXEC);
	if (s->fd < 0) {
		s->is_absent = errno == ENOENT || errno == ENOTDIR;
		(void)!refuse_errno(s, errno);
	} else if (check_socket(a, s) < 0) {
		s->fd = fd_close(s->fd);
	}
	return s;
}

/* --- one question ---------------------------------------------------------------------------- */

/* Connect to the very file that was looked at; who listens there is checked again. */
static int connect_to(struct api_socket *s, int fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred peer = {0};
	socklen_t n = sizeof(peer);

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", s->fd);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return errno == EAGAIN ? refuse(s, N_("ask again"), N_("too many wait for it"))
				       : refuse_errno(s, errno);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return refuse_errno(s, errno);
	if (peer.uid != 0 && peer.uid != s->uid)
		return refuse(s, NULL, N_("a stranger listens at it"));
	return 0;
}

/* Returns a descriptor, or a negative errno with the reason in `s`. */
static int dial(struct api_socket *s)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refuse_errno(s, errno);
	if (connect_to(s, fd) < 0) {
		fd_close(fd);
		return -EPERM;
	}
	return fd;
}

/* Wait until `fd` is ready. Returns 0, or a negative errno (-EPERM: it took too long). */
static int wait_for(const struct container_api *a, struct api_socket *s, int fd, short event)
{
	struct pollfd one = {.fd = fd, .events = event};
	int left, r;

	do {
		left = left_ms(a);
		r = left > 0 ? poll(&one, 1, left) : 0;
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return refuse_errno(s, errno);
	return r > 0 ? 0 : refuse(s, N_("ask again"), too_slow);
}

static int send_question(const struct container_api *a, struct api_socket *s, int fd,
			 const char *id)
{
	char text[256];
	/* HTTP/1.0: the answer is one piece, and its end is the connection's. */
	int n = snprintf(text, sizeof(text),
			 "GET /containers/%s/json HTTP/1.0\r\nHost: localhost\r\n\r\n", id);
	int r = wait_for(a, s, fd, POLLOUT);

	if (r < 0)
		return r;
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		return refuse_errno(s, errno);
	return 0;
}

static int receive(const struct container_api *a, struct api_socket *s, int fd, size_t *n_out)
{
	size_t n = 0;

	for (;;) {
		int r = wait_for(a, s, fd, POLLIN);
		ssize_t got;

		if (r < 0)
			return r;
		got = recv(fd, a->reply + n, MOST_REPLY - n, 0);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return refuse_errno(s, errno);
		if (got == 0)
			break;
		n += (size_t)got;
		if (n == MOST_REPLY)
			return refuse(s, NULL, N_("its answer is too long"));
	}
	*n_out = n;
	return 0;
}

/* Returns 0, or -EPERM with the reason in `s`. */
static int ask(struct container_api *a, struct api_socket *s, struct live_container *c)
{
	BERTH_CLEANUP(fd_closep) int fd = -1;
	char why[WHY_SIZE];
	size_t n = 0;
	int r;

	if (s->fd < 0)
		return -EPERM;
	if (left_ms(a) == 0)
		return refuse(s, N_("ask again"), too_slow);
	fd = dial(s);
	if (fd < 0 || send_question(a, s, fd, c->id) < 0 || receive(a, s, fd, &n) < 0)
		return -EPERM;
	r = container_state_reply(a->reply, n, a->arena, c);
	if (r == 404)
		return refuse(s, NULL, N_("it does not know the container"));
	if (r > 0) {
		snprintf(why, sizeof(why), _("it answers with HTTP status %d"), r);
		return refuse(s, NULL, why);
	}
	if (r < 0)
		return refuse(s, NULL, N_("its answer is none that berth understands"));
	c->runtime = s->runtime;
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

struct question {
	struct live_container *c;
	char why[3 * WHY_SIZE];
	const char *fix;
	bool is_answered;
};

/* Whether the question is settled by the socket, or there is none. */
static void try(struct container_api *a, struct question *q, const char *path,
		const char *runtime, uint32_t uid)
{
	struct api_socket *s;
	size_t n = strlen(q->why);

	if (q->is_answered)
		return;
	s = find_socket(a, path, runtime, uid);
	if (!s || s->is_absent)
		return;
	q->is_answered = ask(a, s, q->c) == 0;
	if (q->is_answered)
		return;
	snprintf(q->why + n, sizeof(q->why) - n, "%s%s: %s", n > 0 ? "; " : "", path, s->why);
	if (!q->fix)
		q->fix = s->fix;
}

static void try_all(struct container_api *a, struct question *q, uint32_t uid)
{
	char path[64];
	struct stat one, other;

	if (uid != 0) {
		snprintf(path, sizeof(path), "/run/user/%u/podman/podman.sock", uid);
		try(a, q, path, "podman", uid);
		snprintf(path, sizeof(path), "/run/user/%u/docker.sock", uid);
		try(a, q, path, "docker", uid);
	}
	try(a, q, "/run/podman/podman.sock", "podman", 0);
	try(a, q, "/run/docker.sock", "docker", 0);
	/* Mostly the same directory. */
	if (stat("/run", &one) < 0 || stat("/var/run", &other) < 0 || one.st_ino != other.st_ino ||
	    one.st_dev != other.st_dev)
		try(a, q, "/var/run/docker.sock", "docker", 0);
}

void container_api_ask(struct container_api *a, uint32_t uid, struct live_container *c)
{
	struct question q = {.c = c};
	char where[32];

	if (a->deadline_ns == 0)
		a->deadline_ns = now_ns() + (int64_t)CONTAINER_API_MS * NS_PER_MS;
	try_all(a, &q, uid);
	if (q.is_answered)
		return;
	if (!q.why[0]) {
		snprintf(q.why, sizeof(q.why), _("%s, and neither Docker nor Podman has an API "
			 "socket here"), geteuid() == 0 ? _("no file of a runtime tells it")
						       : _("files of runtimes may not be read"));
		q.fix = geteuid() == 0 ? N_("start the API service of the runtime")
				       : N_("run as root");
	}
	snprintf(where, sizeof(where), "container %.12s", c->id);
	gaps_add(a->gaps, N_("container name"), where, q.why, q.fix);
}
