#include "act/leases.h"

#include "act/lease-text.h"
#include "answer/answer-parts.h"
#include "base/fd.h"
#include "base/lang.h"
#include "live/fdscan-linux.h"
#include "live/gaps.h"
#include "live/proc-linux.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

/* One named socket of ours. */
struct row {
	struct lease_name name;
	uint32_t inode, uid;
	bool has_uid;
	uint32_t last_pid; /* the last process that was seen to have it */
};

/* A process that has a lock. */
struct hold {
	uint16_t port;
	uint32_t pid;
	const struct live_process *process; /* NULL = gone, or not to be read */
};

/* One look. */
struct look {
	struct arena *arena;
	struct gaps gaps;
	struct procs *procs;
	struct row *rows;
	size_t n_rows, rows_capacity;
	struct row **locks; /* one of each port, by inode */
	size_t n_locks;
	struct hold *holds;
	size_t n_holds, holds_capacity;
	uint32_t last_pid;                       /* the process read last ... */
	const struct live_process *last_process; /* ... and what it is */
};

/* --- the table ------------------------------------------------------------------------------- */

static uint16_t port_of(const struct row *r)
{
	return r->name.is_record ? r->name.record.port : r->name.port;
}

/* What a row's attributes tell. */
struct attributes {
	char name[LEASE_ADDRESS_MOST + 2];
	size_t n_name;
	uint32_t uid;
	bool has_uid;
};

static int take_attribute(const struct nlattr *attribute, void *context)
{
	struct attributes *a = context;
	size_t n = mnl_attr_get_payload_len(attribute);

	if (mnl_attr_get_type(attribute) == UNIX_DIAG_NAME && n < sizeof(a->name)) {
		memcpy(a->name, mnl_attr_get_payload(attribute), n);
		a->n_name = n;
	}
	if (mnl_attr_get_type(attribute) == UNIX_DIAG_UID && n >= sizeof(a->uid)) {
		memcpy(&a->uid, mnl_attr_get_payload(attribute), sizeof(a->uid));
		a->has_uid = true;
	}
	return MNL_CB_OK;
}

static int take_row(const struct nlmsghdr *header, void *context)
{
	struct look *l = context;
	struct attributes a = {.n_name = 0};
	struct unix_diag_msg msg;
	struct lease_name name;
	struct row *row;

	if (mnl_nlmsg_get_payload_len(header) < sizeof(msg))
		return MNL_CB_OK;
	memcpy(&msg, mnl_nlmsg_get_payload(header), sizeof(msg));
	if (mnl_attr_parse(header, sizeof(msg), take_attribute, &a) < 0 || a.n_name < 2 ||
	    a.name[0] != '\0' || memchr(a.name + 1, '\0', a.n_name - 1) ||
	    lease_name_parse(a.name + 1, &name) < 0)
		return MNL_CB_OK;
	row = ARENA_PUSH(l->arena, l->rows, l->n_rows, l->rows_capacity);
	if (!row)
		return MNL_CB_ERROR;
	*row = (struct row){.name = name, .inode = msg.udiag_ino, .uid = a.uid,
			    .has_uid = a.has_uid};
	return MNL_CB_OK;
}

static int receive(struct look *l, struct mnl_socket *socket)
{
	char *buffer = arena_alloc(l->arena, (size_t)MNL_SOCKET_BUFFER_SIZE);
	int r = MNL_CB_OK;

	if (!buffer)
		return -ENOMEM;
	while (r > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, (size_t)MNL_SOCKET_BUFFER_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		r = mnl_cb_run(buffer, (size_t)n, 1, mnl_socket_get_portid(socket), take_row, l);
	}
	return r < 0 ? (arena_failed(l->arena) ? -ENOMEM : -errno) : 0;
}

static int read_table(struct look *l)
{
	char buffer[64] = {0}; /* a header and a struct unix_diag_req */
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct unix_diag_req *request;
	int r = -errno;

	if (!socket)
		return r;
	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = 1;
	request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
	request->sdiag_family = AF_UNIX;
	request->udiag_states = UINT32_MAX;
	request->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, header, header->nlmsg_len) < 0)
		r = -errno;
	else
		r = receive(l, socket);
	mnl_socket_close(socket);
	return r;
}

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	uint16_t first = port_of(x), second = port_of(y);

	if (first != second)
		return first < second ? -1 : 1;
	if (x->name.is_record != y->name.is_record)
		return x->name.is_record ? 1 : -1;
	if (x->name.transport != y->name.transport)
		return x->name.transport < y->name.transport ? -1 : 1;
	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* --- who has them ---------------------------------------------------------------------------- */

static int compare_inodes(const void *a, const void *b)
{
	const struct row *const *x = a, *const *y = b;

	return (*x)->inode < (*y)->inode ? -1 : (*x)->inode > (*y)->inode;
}

/* Who has the lock for TCP has the lease; the rows are sorted. */
static bool index_locks(struct look *l)
{
	l->locks = arena_calloc(l->arena, l->n_rows, sizeof(*l->locks));
	for (size_t i = 0; l->locks && i < l->n_rows; i++) {
		struct row *r = &l->rows[i];

		if (!r->name.is_record && (i == 0 || port_of(r - 1) != port_of(r)))
			l->locks[l->n_locks++] = r;
	}
	if (l->locks)
		qsort(l->locks, l->n_locks, sizeof(*l->locks), compare_inodes);
	return l->locks != NULL;
}

static struct row *find_inode(const struct look *l, uint32_t inode)
{
	const struct row key = {.inode = inode}, *wanted = &key;
	struct row **found = bsearch(&wanted, l->locks, l->n_locks, sizeof(*l->locks),
				     compare_inodes);

	return found ? *found : NULL;
}

static bool take_hit(const struct fdscan_hit *hit, void *context)
{
	struct look *l = context;
	struct row *row = find_inode(l, hit->inode);
	struct hold *hold;

	if (!row || row->last_pid == hit->pid)
		return true;
	row->last_pid = hit->pid;
	if (hit->pid != l->last_pid) {
		l->last_pid = hit->pid;
		l->last_process = NULL;
		if (l->procs && procs_read(l->procs, hit->pid, hit->table, hit->table_fd,
					   &l->last_process) < 0)
			l->last_process = NULL;
	}
	hold = ARENA_PUSH(l->arena, l->holds, l->n_holds, l->holds_capacity);
	if (hold)
		*hold = (struct hold){port_of(row), hit->pid, l->last_process};
	return hold != NULL;
}

static bool scan_process(uint32_t pid, void *context)
{
	(void)!fdscan_process(context, pid); /* counted there */
	return true;
}

/* Whether nobody was seen to have some lease. */
static bool has_unseen(const struct look *l)
{
	for (size_t i = 0; i < l->n_locks; i++) {
		if (l->locks[i]->last_pid == 0)
			return true;
	}
	return false;
}

static void find_holders(struct look *l)
{
	struct fdscan *scan = NULL;
	int r;

	qsort(l->rows, l->n_rows, sizeof(*l->rows), compare_rows);
	scan = index_locks(l) ? fdscan_open(take_hit, l) : NULL;
	r = scan ? proc_each_number(-1, "/proc", scan_process, scan) : -ENOMEM;

	if (r < 0)
		gaps_add_errno(&l->gaps, "owner", "/proc", -r);
	else if (fdscan_n_denied(scan) > 0 && has_unseen(l))
		gaps_add(&l->gaps, "owner", _("of other users' leases"), _("permission denied"),
			 _("run as root"));
	else if (has_unseen(l))
		gaps_add(&l->gaps, "owner", _("of some leases"),
			 _("/proc shows no process that has them"), NULL);
	fdscan_close(scan);
}

/* --- as records ------------------------------------------------------------------------------ */

static bool is_own_pid_namespace(uint64_t id)
{
	struct stat st;

	return id != 0 && stat("/proc/self/ns/pid", &st) == 0 && (uint64_t)st.st_ino == id;
}

/* The process that a lease is for, unless its number has passed on to another. */
static const struct live_process *find_subject(struct look *l, const struct lease_record *r)
{
	const struct live_process *process = NULL;

	if (!l->procs || !is_own_pid_namespace(r->pid_namespace) ||
	    procs_read(l->procs, r->pid, -1, -1, &process) < 0 || !process)
		return NULL;
	if (process->started != LIVE_TIME_NONE &&
	    process->started / 1000000000 > r->since_s + 1)
		return NULL;
	return process;
}

static void fill_record(struct look *l, const struct lease_record *r, struct answer_lease *out)
{
	const struct answer_sources from = {.registry = NULL};
	struct live_owner owner = {.fd = -1, .method = LIVE_BY_FD};

	out->name = r->name[0] ? arena_strdup(l->arena, r->name) : NULL;
	out->kind = r->kind == 'c' ? "command" : "portserver";
	out->since = r->since_s * 1000000000;
	out->pid = is_own_pid_namespace(r->pid_namespace) ? (answer_number)r->pid
							  : ANSWER_NULL;
	owner.process = find_subject(l, r);
	if (owner.process)
		out->owner = answer_owner(&from, &owner, l->arena);
}

static bool fill_holders(struct look *l, uint16_t port, struct answer_lease *out)
{
	struct answer_lease_holder *holders;
	size_t n = 0;

	for (size_t i = 0; i < l->n_holds; i++)
		n += l->holds[i].port == port;
	holders = arena_calloc(l->arena, n, sizeof(*holders));
	for (size_t i = 0; holders && i < l->n_holds; i++) {
		const struct hold *h = &l->holds[i];

		if (h->port == port)
			holders[out->n_holders++] = (struct answer_lease_holder){
				h->pid, h->process ? h->process->program : NULL};
	}
	out->holders = holders;
	return holders != NULL;
}

/* The rows of one port, `n` of them. False when there is no lock among them. */
static bool fill_lease(struct look *l, const struct row *rows, size_t n, struct answer_lease *out)
{
	static const char *const both[] = {"tcp", "udp", NULL};
	static const char *const tcp[] = {"tcp", NULL}, *const udp[] = {"udp", NULL};
	bool has_tcp = false, has_udp = false;
	const struct row *lock = NULL;

	*out = (struct answer_lease){.port = port_of(rows), .kind = "unknown",
				     .since = LIVE_TIME_NONE, .pid = ANSWER_NULL,
				     .uid = ANSWER_NULL};
	for (size_t i = 0; i < n; i++) {
		if (!rows[i].name.is_record) {
			lock = &rows[i];
			has_tcp |= lock->name.transport == TRANSPORT_TCP;
			has_udp |= lock->name.transport == TRANSPORT_UDP;
		} else if (lock && lock->has_uid && rows[i].has_uid && lock->uid == rows[i].uid &&
			   out->since == LIVE_TIME_NONE) {
			fill_record(l, &rows[i].name.record, out);
		}
	}
	if (!lock)
		return false;
	out->protocols = has_tcp && has_udp ? both : has_tcp ? tcp : udp;
	if (lock->has_uid) {
		out->uid = (answer_number)lock->uid;
		out->user = l->procs ? procs_user(l->procs, lock->uid) : NULL;
	}
	return fill_holders(l, out->port, out);
}

static int fill_all(struct look *l, struct answer_leases *out)
{
	struct answer_lease *items = arena_calloc(l->arena, l->n_rows, sizeof(*items));
	size_t n = 0;

	for (size_t i = 0, end; items && i < l->n_rows; i = end) {
		uint16_t port = port_of(&l->rows[i]);

		for (end = i + 1; end < l->n_rows && port_of(&l->rows[end]) == port;)
			end++;
		n += fill_lease(l, &l->rows[i], end - i, &items[n]);
	}
	out->leases = items;
	out->n_leases = n;
	return 0;
}

static int fill_gaps(struct look *l, struct answer_leases *out)
{
	struct timespec now = {0};
	struct live_snapshot live = {.gaps = l->gaps.items, .n_gaps = l->gaps.n, .n_namespaces = 1};
	const struct answer_sources from = {.live = &live};

	clock_gettime(CLOCK_REALTIME, &now);
	live.at = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	out->checked = answer_checked(&live);
	return answer_fill_gaps(&from, &out->gaps, &out->n_gaps, l->arena) ? 0 : -ENOMEM;
}

int leases_list(struct arena *arena, struct answer_leases *out)
{
	struct look l = {.arena = arena, .gaps = {.arena = arena}};
	struct answer_leases list = {.n_leases = 0};
	int r = read_table(&l);

	if (r < 0)
		return r;
	if (l.n_rows > 0) {
		l.procs = procs_open(arena, &l.gaps);
		find_holders(&l);
	}
	r = fill_all(&l, &list);
	if (r == 0)
		r = fill_gaps(&l, &list);
	procs_close(l.procs);
	if (r == 0 && arena_failed(arena))
		r = -ENOMEM;
	if (r == 0)
		*out = list;
	return r;
}

size_t leases_holders(uint16_t port, uint32_t *pids, size_t most)
{
	struct arena arena;
	struct look l = {.arena = &arena, .gaps = {.arena = &arena}};
	size_t n = 0;

	arena_init(&arena);
	if (read_table(&l) == 0 && l.n_rows > 0) {
		find_holders(&l);
		for (size_t i = 0; i < l.n_holds && n < most; i++) {
			if (l.holds[i].port == port)
				pids[n++] = l.holds[i].pid;
		}
	}
	arena_fini(&arena);
	return n;
}
