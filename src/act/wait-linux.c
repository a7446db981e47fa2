/*
 * sock_diag (Linux 3.3): point look-ups (a request without NLM_F_DUMP, inet_diag_dump_one_icsk()
 * and udp_dump_one() in the kernel), and dumps as everywhere in live/.
 */
#include "act/wait-look.h"

#include "act/wait-question-linux.h"
#include "base/fd.h"
#include "base/lang.h"
#include "live/addresses-linux.h"
#include "live/diag-linux.h"
#include "live/proxy.h"

#include <dirent.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/utsname.h>

/* An answer is a row or an error with a copy of the question: far below this. */
enum { ANSWER_SIZE = 1024, KERNEL_SHOWS_BOUND = 6008 };

struct wait_look {
	struct mnl_socket *netlink;
	uint32_t sequence, port_id;
	bool shows_bound;
};

/* What the kernel has at those ends. */
struct row {
	bool is_there;
	struct inet_diag_msg msg;
};

/* --- questions and answers ------------------------------------------------------------------- */

/* Take one message. Returns 0 when it answers question `first + *i`, 1 when it is none of ours. */
static int take_answer(const struct wait_look *l, const struct nlmsghdr *header, uint32_t first,
		       size_t n, size_t *i, struct row *row)
{
	int error;

	if (!mnl_nlmsg_portid_ok(header, l->port_id) || header->nlmsg_seq - first >= n)
		return 1;
	*i = header->nlmsg_seq - first;
	*row = (struct row){0};
	if (header->nlmsg_type == NLMSG_ERROR) {
		if (mnl_nlmsg_get_payload_len(header) < sizeof(error))
			return -EBADMSG;
		memcpy(&error, mnl_nlmsg_get_payload(header), sizeof(error));
		/* ESTALE: another socket stands at the same ends. */
		return error == -ENOENT || error == -ESTALE ? 0
		       : error > -4096 && error < 0	    ? error
							    : -EBADMSG;
	}
	if (mnl_nlmsg_get_payload_len(header) < sizeof(row->msg))
		return -EBADMSG;
	memcpy(&row->msg, mnl_nlmsg_get_payload(header), sizeof(row->msg));
	row->is_there = true;
	return 0;
}

/* Take all messages of one datagram. Returns how many questions they answer, or -EBADMSG; `*worst`
 * becomes what the kernel says is wrong with one. */
static int take_datagram(const struct wait_look *l, const void *bytes, size_t n, uint32_t first,
			 size_t n_asked, struct row *rows, int *worst)
{
	const struct nlmsghdr *header = bytes;
	int left = (int)n, n_answered = 0;

	while (left >= (int)sizeof(*header) && header->nlmsg_len >= sizeof(*header) &&
	       header->nlmsg_len <= (uint32_t)left) {
		struct row row = {0};
		size_t i = 0;
		int r = take_answer(l, header, first, n_asked, &i, &row);

		if (r <= 0) {
			rows[i] = row;
			n_answered++;
			*worst = r < 0 ? r : *worst;
		}
		header = mnl_nlmsg_next(header, &left);
	}
	return left > 0 ? -EBADMSG : n_answered;
}

/* Read answers until each of the `n` questions from sequence `first` on has its own: the kernel
 * has put all of them there by now, a datagram for each. */
static int gather(struct wait_look *l, uint32_t first, size_t n, struct row *rows)
{
	_Alignas(struct nlmsghdr) unsigned char buffers[WAIT_MOST_POINTS][ANSWER_SIZE];
	struct mmsghdr datagrams[WAIT_MOST_POINTS];
	struct iovec parts[WAIT_MOST_POINTS];
	int worst = 0;

	for (size_t n_answered = 0; n_answered < n;) {
		int n_read;

		memset(datagrams, 0, sizeof(datagrams));
		for (size_t i = 0; i < n; i++) {
			parts[i] = (struct iovec){.iov_base = buffers[i], .iov_len = ANSWER_SIZE};
			datagrams[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i],
							       .msg_iovlen = 1};
		}
		n_read = recvmmsg(mnl_socket_get_fd(l->netlink), datagrams,
				  (unsigned int)(n - n_answered), MSG_WAITFORONE, NULL);
		if (n_read < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n_read; i++) {
			int taken = take_datagram(l, buffers[i], datagrams[i].msg_len, first, n,
						  rows, &worst);

			if (taken < 0)
				return taken;
			n_answered += (size_t)taken;
		}
	}
	return worst;
}

static int ask(struct wait_look *l, const struct wait_ends *ends, size_t n, struct row *rows)
{
	_Alignas(struct nlmsghdr) unsigned char buffer[WAIT_MOST_POINTS * WAIT_QUESTION_SIZE] = {0};
	uint32_t first = l->sequence + 1;
	size_t length = 0;

	for (size_t i = 0; i < n && i < WAIT_MOST_POINTS; i++)
		length += wait_question_put(&ends[i], ++l->sequence, buffer + length);
	if (mnl_socket_sendto(l->netlink, buffer, length) < 0)
		return -errno;
	return gather(l, first, n, rows);
}

/* --- looking --------------------------------------------------------------------------------- */

struct wait_look *wait_look_close(struct wait_look *l)
{
	if (!l)
		return NULL;
	if (l->netlink)
		mnl_socket_close(l->netlink);
	free(l);
	return NULL;
}

static bool shows_bound(void)
{
	struct utsname name;
	unsigned int major = 0, minor = 0;

	return uname(&name) == 0 && sscanf(name.release, "%3u.%3u", &major, &minor) == 2 &&
	       major * 1000 + minor >= KERNEL_SHOWS_BOUND;
}

/* Without the kernel's tcp_diag every point look-up says ENOENT, as for a quiet port: a dump does
 * not. Returns 0, or -ENOTSUP. */
static int check_tables(void)
{
	struct arena arena = {0};
	struct wait_rows rows;
	int r;

	arena_init(&arena);
	r = wait_look_listeners(NULL, TRANSPORT_TCP, 1, &arena, &rows);
	arena_fini(&arena);
	return r < 0 ? -ENOTSUP : 0;
}

int wait_look_open(struct wait_look **out)
{
	const struct timeval patience = {.tv_sec = 5};
	struct wait_look *l;
	int r = check_tables();

	if (r < 0)
		return r;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!l->netlink || mnl_socket_bind(l->netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(l->netlink), SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) < 0) {
		wait_look_close(l);
		return -ENOTSUP;
	}
	l->port_id = mnl_socket_get_portid(l->netlink);
	l->shows_bound = shows_bound();
	*out = l;
	return 0;
}

const char *wait_look_unseen(const struct wait_look *l, enum wait_unseen what)
{
	if (what != WAIT_UNSEEN_BOUND || l->shows_bound)
		return NULL;
	return _("sockets that are bound and do not listen are shown by Linux 6.8 and newer");
}

bool wait_look_shares_cookies(const struct wait_look *l BERTH_UNUSED)
{
	return true;
}

static struct address address_of(const struct inet_diag_msg *msg)
{
	struct address a = {.family = msg->idiag_family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6};

	memcpy(a.bytes, msg->id.idiag_src, a.family == ADDRESS_IPV4 ? 4 : 16);
	return address_unmapped(&a);
}

/* A UDP socket with a peer takes nothing from others. */
static bool is_listener(const struct row *row, bool is_udp)
{
	return row->is_there &&
	       (is_udp ? row->msg.idiag_state == TCP_CLOSE && row->msg.id.idiag_dport == 0
		       : row->msg.idiag_state == TCP_LISTEN);
}

int wait_look_points(struct wait_look *l, struct wait_point *points, size_t n)
{
	struct wait_ends ends[WAIT_MOST_POINTS];
	struct row rows[WAIT_MOST_POINTS] = {0};
	int r;

	if (n > WAIT_MOST_POINTS)
		return -E2BIG;
	for (size_t i = 0; i < n; i++)
		ends[i] = (struct wait_ends){.transport = points[i].transport,
					     .local = points[i].local,
					     .local_port = points[i].port};
	r = n > 0 ? ask(l, ends, n, rows) : 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct inet_diag_msg *msg = &rows[i].msg;
		struct wait_point *p = &points[i];

		p->is_there = is_listener(&rows[i], p->transport != TRANSPORT_TCP) &&
			      ntohs(msg->id.idiag_sport) == p->port;
		if (!p->is_there)
			continue;
		p->found = address_of(msg);
		p->cookie = (uint64_t)msg->id.idiag_cookie[1] << 32 | msg->id.idiag_cookie[0];
		p->queued = msg->idiag_rqueue;
		p->limit = msg->idiag_wqueue;
	}
	return r;
}

bool wait_look_ends_of(const struct live_socket *s, struct wait_ends *out)
{
	if (s->state == LIVE_BOUND || s->cookie == 0 || s->transport == TRANSPORT_UDPLITE)
		return false;
	*out = (struct wait_ends){
		.transport = s->transport,
		.local = s->local,
		.local_port = s->local_port,
		.has_remote = s->has_remote,
		.cookie = s->cookie,
	};
	if (s->has_remote) {
		out->remote = s->remote;
		out->remote_port = s->remote_port;
	}
	return true;
}

int wait_look_exists(struct wait_look *l, const struct live_socket *s)
{
	struct wait_ends ends;
	struct row row = {0};
	int r;

	if (!wait_look_ends_of(s, &ends))
		return -ENOTSUP;
	r = ask(l, &ends, 1, &row);
	return r < 0 ? r : row.is_there;
}

int wait_look_server_end(struct wait_look *l, const struct address *server, uint16_t server_port,
			 const struct address *client, uint16_t client_port,
			 enum wait_server_end *out)
{
	const struct wait_ends ends = {.transport = TRANSPORT_TCP,
				       .local = *server,
				       .has_remote = true,
				       .remote = *client,
				       .local_port = server_port,
				       .remote_port = client_port};
	struct row row = {0};
	int r = ask(l, &ends, 1, &row);

	if (r < 0)
		return r;
	/* Until accept(2) the connection has no file, and so no inode. A listener means that the
	 * kernel still waits for data to come (TCP_DEFER_ACCEPT), or knows nothing of it. */
	if (!row.is_there || row.msg.idiag_state == TCP_LISTEN)
		*out = WAIT_END_NONE;
	else
		*out = row.msg.idiag_inode ? WAIT_END_ACCEPTED : WAIT_END_WAITS;
	return 0;
}

/* --- dumps ----------------------------------------------------------------------------------- */

static int dump(enum transport transport, uint16_t port, uint32_t states, struct arena *arena,
		struct wait_rows *out)
{
	static const struct live_namespace here = {.name = "here", .is_here = true};
	const struct diag_query query = {
		.transport = transport,
		.want_v4 = true,
		.want_v6 = true,
		.states = states,
		.first_port = port,
		.last_port = port,
	};
	struct socket_list list = {0};
	struct wait_rows rows = {0};
	struct diag *diag = NULL;
	int r = diag_open(arena, &diag);

	if (r == 0)
		r = diag_dump(diag, &query, &here, &list);
	diag_close(diag);
	if (r == 0 && list.has_failed)
		r = -ENOMEM;
	if (r == 0) {
		rows.items = arena_grow(arena, list.items, list.n, list.n, sizeof(*rows.items));
		rows.n = list.n;
		r = rows.items ? 0 : -ENOMEM;
	}
	socket_list_fini(&list);
	if (r == 0)
		*out = rows;
	return r;
}

int wait_look_listeners(struct wait_look *l BERTH_UNUSED, enum transport transport, uint16_t port,
			struct arena *arena, struct wait_rows *out)
{
	return dump(transport, port, transport == TRANSPORT_TCP ? DIAG_LISTEN : DIAG_CLOSE, arena,
		    out);
}

int wait_look_holders(struct wait_look *l BERTH_UNUSED, enum transport transport, uint16_t port,
		      struct arena *arena, struct wait_rows *out)
{
	const uint32_t stream =
		DIAG_LISTEN | DIAG_BOUND_INACTIVE | DIAG_TIME_WAIT | DIAG_CONNECTED;

	return dump(transport, port,
		    transport == TRANSPORT_TCP ? stream : DIAG_CLOSE | DIAG_ESTABLISHED, arena,
		    out);
}

int wait_look_addresses(struct arena *arena, struct wait_addresses *out)
{
	struct address_list list = {0};
	int r = addresses_read(arena, &list);

	if (r < 0)
		return r;
	*out = (struct wait_addresses){.items = list.items, .n = list.n};
	return 0;
}

bool wait_look_may_have_proxy(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool is_known = false;

	while (proc && !is_known && (entry = readdir(proc))) {
		char path[64], name[32]; /* the kernel keeps 15 bytes of a name */
		long n;

		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%.20s/comm", entry->d_name);
		n = fd_read_file_at(dirfd(proc), path, name, sizeof(name), NULL);
		if (n > 1 && name[n - 1] == '\n')
			name[--n] = '\0';
		is_known = n > 1 && (n < 15 ? proxy_is_known(name, (size_t)n + 1)
					    : proxy_is_known(name, (size_t)n));
	}
	if (proc)
		closedir(proc);
	return is_known;
}

int wait_sleep(struct pollfd *fds, size_t n, int64_t timeout_us)
{
	const struct timespec timeout = {.tv_sec = timeout_us / 1000000,
					 .tv_nsec = timeout_us % 1000000 * 1000};

	return ppoll(fds, n, &timeout, NULL);
}
