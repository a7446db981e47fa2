/*
 * The macOS answer, run here: its own files are compiled against headers in tests/helpers/macos,
 * and a Mac of a few processes answers behind them. What the real one does is documented, and not
 * shown by this.
 */
#include "base/arena.h"
#include "live/source.h"
#include "live/xnu-layout.h"

#include <errno.h>
#include <libproc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>

#include <cmocka.h>

/* --- a Mac ----------------------------------------------------------------------------------- */

/* A socket of it. */
struct mac_socket {
	bool is_udp;
	int state; /* of TCP */
	int vflag;
	const char *local, *remote;
	uint16_t lport, fport;
	uint64_t gencnt;
	uint32_t uid;
};

enum { LISTEN = 1, ESTABLISHED = 4, TIME_WAIT = 10 };

static const struct mac_socket sockets[] = {
	[0] = {false, LISTEN, 1, "0.0.0.0", NULL, 22, 0, 100, 0},
	[1] = {false, LISTEN, 3, "::", NULL, 5000, 0, 101, 501},
	[2] = {false, LISTEN, 1, "127.0.0.1", NULL, 8080, 0, 102, 501},
	[3] = {false, ESTABLISHED, 1, "127.0.0.1", "127.0.0.1", 8080, 50000, 103, 501},
	[4] = {false, TIME_WAIT, 1, "127.0.0.1", "127.0.0.1", 8080, 50001, 104, 0},
	[5] = {true, 0, 1, "0.0.0.0", NULL, 8080, 0, 102, 501}, /* the same count as a TCP one */
	[6] = {false, LISTEN, 2, "fe80::1%1", NULL, 3722, 0, 106, 501},
	[7] = {false, LISTEN, 1, "0.0.0.0", NULL, 2049, 0, 107, 0}, /* the kernel's own */
	[8] = {false, 0, 1, "127.0.0.1", NULL, 9999, 0, 108, 501},  /* bound */
};

/* A process of it. Lists of sockets end with -1. */
struct mac_process {
	int pid;
	uint32_t parent, uid;
	const char *name, *path, *directory;
	int32_t n_arguments;
	const char *arguments; /* as KERN_PROCARGS2 has them behind the count */
	size_t n_bytes;
	int fds[4], ports[2];
	bool is_closed; /* to everybody but root */
};

#define BYTES(text) text, sizeof(text) - 1

static const struct mac_process processes[] = {
	{1, 0, 0, "launchd", "/sbin/launchd", "/", 1, BYTES("/sbin/launchd\0\0/sbin/launchd\0"),
	 {0, -1}, {-1}, true},
	{300, 1, 501, "ControlCenter", "/usr/bin/env", "/", 1,
	 BYTES("/usr/bin/env\0ControlCenter\0XPC_SERVICE_NAME=com.apple.controlcenter\0"),
	 {1, -1}, {-1}, false},
	{400, 1, 501, "Terminal", "/nonexistent/Terminal", "/", 1,
	 BYTES("/x\0Terminal\0A=b\0"), {-1}, {-1}, false},
	{401, 400, 501, "node", "/nonexistent/node", "/Users/mira", 2,
	 BYTES("/x\0node\0server.js\0XPC_SERVICE_NAME=0\0"), {2, 3, 5, -1}, {-1}, false},
	{402, 401, 501, "worker", "/nonexistent/node", "/Users/mira", 1,
	 BYTES("/x\0worker\0XPC_SERVICE_NAME=0\0"), {2, 8, -1}, {6, -1}, false},
};

static bool is_root, has_lists, has_other_layout;
static int n_ended; /* the process that ends while it is looked into */

static void reset(void)
{
	is_root = has_lists = true;
	has_other_layout = false;
	n_ended = 0;
}

static const struct mac_process *find(int pid)
{
	for (size_t i = 0; i < N_ELEMENTS(processes); i++) {
		if (processes[i].pid == pid)
			return &processes[i];
	}
	errno = ESRCH;
	return NULL;
}

/* The process, if berth may look into it. */
static const struct mac_process *may_find(int pid)
{
	const struct mac_process *p = find(pid);

	if (!p || !p->is_closed || is_root)
		return p;
	errno = EPERM;
	return NULL;
}

static void put_address(uint8_t *at, const char *text)
{
	struct address a;

	if (!text)
		return;
	assert_int_equal(address_parse(text, &a), 0);
	memcpy(a.family == ADDRESS_IPV4 ? at + 12 : at, a.bytes,
	       a.family == ADDRESS_IPV4 ? 4 : 16);
	if (a.scope_id != 0)
		at[3] = (uint8_t)a.scope_id;
}

static uint16_t swapped(uint16_t port)
{
	return (uint16_t)(port << 8 | port >> 8);
}

/* Copy to a caller's buffer; with none, or size 0, the room that is needed. */
static int give(const void *bytes, size_t n, void *buffer, int size)
{
	if (!buffer)
		return (int)n;
	if ((size_t)size < n)
		n = (size_t)size;
	memcpy(buffer, bytes, n);
	return (int)n;
}

static int give_socket(const struct mac_socket *s, void *buffer, int size)
{
	struct xnu_socket_fdinfo info = {.socket = {
		.protocol = s->is_udp ? XNU_PROTOCOL_UDP : XNU_PROTOCOL_TCP,
		.family = s->vflag & 2 ? XNU_AF_INET6 : XNU_AF_INET,
		.queue_limit = 128,
		.kind = s->is_udp ? XNU_SOCKINFO_IN : XNU_SOCKINFO_TCP,
		.proto.tcp = {
			.in = {.local_port_be = swapped(s->lport),
			       .foreign_port_be = swapped(s->fport),
			       .generation = s->gencnt,
			       .vflag = (uint8_t)s->vflag},
			.state = s->state,
		},
	}};

	put_address(info.socket.proto.in.local, s->local);
	put_address(info.socket.proto.in.foreign, s->remote);
	return give(&info, sizeof(info), buffer, size);
}

int proc_listpids(uint32_t type, uint32_t type_info, void *buffer, int size)
{
	int pids[N_ELEMENTS(processes) + 1];

	assert_int_equal(type, PROC_ALL_PIDS);
	assert_int_equal(type_info, 0);
	for (size_t i = 0; i < N_ELEMENTS(processes); i++)
		pids[i] = processes[i].pid;
	pids[N_ELEMENTS(processes)] = 0; /* kernel_task */
	return give(pids, sizeof(pids), buffer, size);
}

static int list_descriptors(const struct mac_process *p, void *buffer, int size)
{
	struct proc_fdinfo table[8] = {{.proc_fd = 0, .proc_fdtype = PROX_FDTYPE_VNODE}};
	size_t n = 1;

	for (size_t i = 0; p->fds[i] >= 0; i++)
		table[n++] = (struct proc_fdinfo){p->fds[i] + 10, PROX_FDTYPE_SOCKET};
	return give(table, n * sizeof(table[0]), buffer, size);
}

static int list_ports(const struct mac_process *p, void *buffer, int size)
{
	struct proc_fileportinfo table[4];
	size_t n = 0;

	for (size_t i = 0; p->ports[i] >= 0; i++)
		table[n++] = (struct proc_fileportinfo){(uint32_t)p->ports[i] + 0x1000,
							PROX_FDTYPE_SOCKET};
	if (n == 0)
		errno = ENOENT;
	return give(table, n * sizeof(table[0]), buffer, size);
}

static int give_info(const struct mac_process *p, void *buffer, int size)
{
	struct xnu_bsdinfo info = {
		.pid = (uint32_t)p->pid,
		.parent = p->parent,
		.uid = p->uid,
		.start_s = 1790000000 + (uint64_t)p->pid,
	};

	snprintf(info.name, sizeof(info.name), "%s", p->name);
	if (n_ended == p->pid) {
		errno = ESRCH;
		return 0;
	}
	return give(&info, sizeof(info), buffer, size);
}

int proc_pidinfo(int pid, int flavor, uint64_t argument, void *buffer, int size)
{
	const struct mac_process *p =
		flavor == PROC_PIDT_SHORTBSDINFO ? find(pid) : may_find(pid);
	struct xnu_bsdshortinfo info = {.pid = (uint32_t)pid};
	struct proc_vnodepathinfo paths = {{{0}, {0}}, {{0}, {0}}};

	assert_int_equal(argument, 0);
	if (!p)
		return 0;
	switch (flavor) {
	case PROC_PIDLISTFDS:
		return list_descriptors(p, buffer, size);
	case PROC_PIDLISTFILEPORTS:
		return list_ports(p, buffer, size);
	case PROC_PIDTBSDINFO:
		return give_info(p, buffer, size);
	case PROC_PIDT_SHORTBSDINFO:
		info.parent = p->parent;
		snprintf(info.comm, sizeof(info.comm), "%s", p->name);
		return give(&info, sizeof(info), buffer, size);
	case PROC_PIDVNODEPATHINFO:
		snprintf(paths.pvi_cdir.vip_path, sizeof(paths.pvi_cdir.vip_path), "%s",
			 p->directory);
		return give(&paths, sizeof(paths), buffer, size);
	default:
		fail_msg("flavor %d", flavor);
		return 0;
	}
}

static bool has(const int *list, int socket)
{
	for (; *list >= 0; list++) {
		if (*list == socket)
			return true;
	}
	return false;
}

int proc_pidfdinfo(int pid, int fd, int flavor, void *buffer, int size)
{
	const struct mac_process *p = may_find(pid);

	assert_int_equal(flavor, PROC_PIDFDSOCKETINFO);
	if (!p || !has(p->fds, fd - 10))
		return 0;
	return give_socket(&sockets[fd - 10], buffer, size);
}

int proc_pidfileportinfo(int pid, uint32_t port, int flavor, void *buffer, int size)
{
	const struct mac_process *p = may_find(pid);
	int at = (int)port - 0x1000;

	assert_int_equal(flavor, PROC_PIDFILEPORTSOCKETINFO);
	if (!p || !has(p->ports, at))
		return 0;
	return give_socket(&sockets[at], buffer, size);
}

int proc_pidpath(int pid, void *buffer, uint32_t size)
{
	const struct mac_process *p = find(pid);

	return p ? give(p->path, strlen(p->path) + 1, buffer, (int)size) - 1 : 0;
}

/* --- its sysctl ------------------------------------------------------------------------------ */

static size_t put_row(const struct mac_socket *s, unsigned char *at)
{
	struct xnu_xtcpcb row = {
		.length = sizeof(row),
		.state = s->state,
		.in = {
			.length = s->is_udp ? sizeof(row.in) : 0,
			.local_port_be = swapped(s->lport),
			.foreign_port_be = swapped(s->fport),
			.generation = s->gencnt,
			.vflag = (uint8_t)s->vflag,
			.socket = {.length = has_other_layout ? 112 : sizeof(row.in.socket),
				   .family = s->vflag & 2 ? XNU_AF_INET6 : XNU_AF_INET,
				   .queue_limit = 128,
				   .uid = s->uid},
		},
	};

	put_address(row.in.local, s->local);
	put_address(row.in.foreign, s->remote);
	if (s->is_udp) {
		memcpy(at, &row.in, sizeof(row.in));
		return sizeof(row.in);
	}
	memcpy(at, &row, sizeof(row));
	return sizeof(row);
}

static int give_list(bool is_udp, void *old, size_t *n_old)
{
	const struct xnu_list_end end = {.length = sizeof(end)};
	unsigned char bytes[8192];
	size_t n = sizeof(end);

	if (!has_lists) {
		errno = ENOENT;
		return -1;
	}
	memcpy(bytes, &end, sizeof(end));
	for (size_t i = 0; i < N_ELEMENTS(sockets); i++) {
		if (sockets[i].is_udp == is_udp)
			n += put_row(&sockets[i], bytes + n);
	}
	memcpy(bytes + n, &end, sizeof(end));
	n += sizeof(end);
	if (old && *n_old < n) {
		errno = ENOMEM;
		return -1;
	}
	if (old)
		memcpy(old, bytes, n);
	*n_old = n;
	return 0;
}

int sysctlbyname(const char *name, void *old, size_t *n_old, void *new_value, size_t n_new)
{
	int number = strcmp(name, "net.inet.ip.portrange.first") == 0 ? 49152 : 65535;

	assert_null(new_value);
	assert_int_equal(n_new, 0);
	if (strcmp(name, "net.inet.tcp.pcblist64") == 0)
		return give_list(false, old, n_old);
	if (strcmp(name, "net.inet.udp.pcblist64") == 0)
		return give_list(true, old, n_old);
	assert_true(strncmp(name, "net.inet.ip.portrange.", 22) == 0);
	assert_int_equal(*n_old, sizeof(number));
	memcpy(old, &number, sizeof(number));
	return 0;
}

int sysctl(int *name, unsigned int n_name, void *old, size_t *n_old, void *new_value, size_t n_new)
{
	const struct mac_process *p;
	int most = 65536;

	assert_null(new_value);
	assert_int_equal(n_new, 0);
	assert_int_equal(name[0], CTL_KERN);
	if (name[1] == KERN_ARGMAX) {
		memcpy(old, &most, sizeof(most));
		return 0;
	}
	assert_int_equal(n_name, 3);
	assert_int_equal(name[1], KERN_PROCARGS2);
	assert_true(*n_old >= (size_t)most);
	p = may_find(name[2]);
	if (!p) {
		errno = EINVAL;
		return -1;
	}
	memcpy(old, &p->n_arguments, 4);
	memcpy((char *)old + 4, p->arguments, p->n_bytes);
	*n_old = p->n_bytes + 4;
	return 0;
}

/* --- what berth makes of it ------------------------------------------------------------------ */

struct seen {
	struct arena arena;
	struct live_snapshot s;
};

static struct live_request everything(void)
{
	struct live_request r = live_request_default();

	r.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS;
	return r;
}

static void look(struct seen *seen, struct live_request r)
{
	struct source *source;

	*seen = (struct seen){0};
	assert_int_equal(source_open_system(&source), 0);
	assert_int_equal(source_look(source, &r, &seen->arena, &seen->s), 0);
	source_close(source);
	assert_int_equal(seen->s.system, LIVE_MACOS);
	assert_int_equal(seen->s.n_namespaces, 1);
	for (size_t i = 1; i < seen->s.n_sockets; i++)
		assert_true(live_socket_compare(&seen->s.sockets[i - 1], &seen->s.sockets[i]) <= 0);
}

static const struct live_socket *find_socket(const struct seen *seen, uint16_t port,
					     enum transport t, enum live_state state)
{
	for (size_t i = 0; i < seen->s.n_sockets; i++) {
		const struct live_socket *s = &seen->s.sockets[i];

		if (s->local_port == port && s->transport == t && s->state == state)
			return s;
	}
	return NULL;
}

/* The same; that it is there is part of the test. */
static const struct live_socket *socket_of(const struct seen *seen, uint16_t port,
					   enum transport t, enum live_state state)
{
	const struct live_socket *s = find_socket(seen, port, t, state);

	if (!s) {
		fail_msg("no socket of port %u", port);
		abort();
	}
	return s;
}

static const struct live_gap *gap_of(const struct seen *seen, const char *what, const char *where)
{
	for (size_t i = 0; i < seen->s.n_gaps; i++) {
		if (strcmp(seen->s.gaps[i].what, what) == 0 &&
		    strcmp(seen->s.gaps[i].where, where) == 0)
			return &seen->s.gaps[i];
	}
	return NULL;
}

static void test_all(void **state BERTH_UNUSED)
{
	struct seen seen;

	reset();
	look(&seen, everything());
	assert_true(seen.s.could_look);
	assert_int_equal(seen.s.n_sockets, N_ELEMENTS(sockets));
	assert_true(seen.s.rules.has_ephemeral);
	assert_int_equal(seen.s.rules.ephemeral.first, 49152);
	assert_int_equal(seen.s.rules.ephemeral.last, 65535);
	assert_int_equal(seen.s.rules.unprivileged_start, 1024);
	assert_true(seen.s.rules.has_reserved);
	assert_non_null(gap_of(&seen, "published", "pf"));
	arena_fini(&seen.arena);
}

/* A listener that a process and its child hold; what is told of both. */
static void test_owners(void **state BERTH_UNUSED)
{
	const struct live_process *node;
	const struct live_socket *s;
	struct seen seen;

	reset();
	look(&seen, everything());
	s = socket_of(&seen, 8080, TRANSPORT_TCP, LIVE_LISTENER);
	assert_int_equal(s->cookie, 204);
	assert_int_equal(s->uid, 501);
	assert_int_equal(s->owners_search, LIVE_SEARCH_ALL);
	assert_int_equal(s->n_owners, 2);
	assert_int_equal(s->owners[1].process->pid, 402);
	assert_int_equal(s->owners[0].fd, 12);
	node = s->owners[0].process;
	assert_int_equal(node->pid, 401);
	assert_string_equal(node->program, "node");
	assert_string_equal(node->path, "/nonexistent/node");
	assert_true(node->is_path_deleted);
	assert_string_equal(node->command[0], "node");
	assert_string_equal(node->command[1], "server.js");
	assert_null(node->command[2]);
	assert_string_equal(node->directory, "/Users/mira");
	assert_true(node->started == (live_time)1790000401 * 1000000000);
	assert_null(node->unit);
	assert_int_equal(node->n_parents, 2);
	assert_int_equal(node->parents[0].pid, 400);
	assert_string_equal(node->parents[0].program, "Terminal");
	assert_int_equal(node->parents[1].pid, 1);
	assert_string_equal(node->parents[1].program, "launchd");

	s = socket_of(&seen, 8080, TRANSPORT_UDP, LIVE_LISTENER);
	assert_int_equal(s->cookie, 205); /* not that of the TCP socket with the same count */
	assert_int_equal(s->n_owners, 1);
	s = socket_of(&seen, 5000, TRANSPORT_TCP, LIVE_LISTENER);
	assert_true(s->is_dual_stack);
	assert_string_equal(s->owners[0].process->program, "env");
	assert_false(s->owners[0].process->is_path_deleted);
	assert_string_equal(s->owners[0].process->unit, "com.apple.controlcenter");
	s = socket_of(&seen, 8080, TRANSPORT_TCP, LIVE_TIME_WAIT);
	assert_int_equal(s->n_owners, 0);
	assert_false(s->has_uid);
	s = socket_of(&seen, 9999, TRANSPORT_TCP, LIVE_BOUND);
	assert_int_equal(s->n_owners, 1);
	/* Held by a file port, bound in a zone: the one of the loopback interface here. */
	s = socket_of(&seen, 3722, TRANSPORT_TCP, LIVE_LISTENER);
	assert_string_equal(s->interface, "lo");
	assert_int_equal(s->n_owners, 1);
	assert_int_equal(s->owners[0].fd, -1);
	assert_int_equal(s->owners[0].process->pid, 402);
	arena_fini(&seen.arena);
}

/* launchd's sockets, and those of nobody. */
static void test_root(void **state BERTH_UNUSED)
{
	const struct live_socket *s;
	struct seen seen;

	reset();
	look(&seen, everything());
	s = socket_of(&seen, 22, TRANSPORT_TCP, LIVE_LISTENER);
	assert_string_equal(s->user, "root");
	assert_int_equal(s->n_owners, 1);
	assert_string_equal(s->owners[0].process->program, "launchd");
	assert_string_equal(s->owners[0].process->user, "root");
	assert_non_null(gap_of(&seen, "unit", "tcp 0.0.0.0:22"));
	assert_non_null(gap_of(&seen, "unit", "pid 1")); /* its environment is hidden */
	s = socket_of(&seen, 2049, TRANSPORT_TCP, LIVE_LISTENER);
	assert_int_equal(s->n_owners, 0);
	assert_int_equal(s->owners_search, LIVE_SEARCH_ALL);
	assert_non_null(gap_of(&seen, "owner", "tcp 0.0.0.0:2049"));
	assert_null(gap_of(&seen, "owner", "tcp 127.0.0.1:8080"));
	arena_fini(&seen.arena);
}

/* Without root a socket of somebody else is there all the same; its owner is a gap. */
static void test_user(void **state BERTH_UNUSED)
{
	const struct live_socket *s;
	const struct live_gap *gap;
	struct seen seen;

	reset();
	is_root = false;
	look(&seen, everything());
	assert_true(seen.s.could_look);
	assert_int_equal(seen.s.n_sockets, N_ELEMENTS(sockets));
	s = socket_of(&seen, 22, TRANSPORT_TCP, LIVE_LISTENER);
	assert_int_equal(s->n_owners, 0);
	assert_int_equal(s->owners_search, LIVE_SEARCH_NONE);
	gap = gap_of(&seen, "owner", "tcp 0.0.0.0:22");
	if (!gap)
		fail_msg("no gap");
	else
		assert_int_equal(gap->n_similar, 1); /* and 2049 */
	assert_string_equal(gap ? gap->why : "", "permission denied");
	s = socket_of(&seen, 8080, TRANSPORT_TCP, LIVE_LISTENER);
	assert_int_equal(s->n_owners, 2);
	assert_int_equal(s->owners_search, LIVE_SEARCH_ALL);
	arena_fini(&seen.arena);
}

/* No list, or one that is laid out anew: what processes show, and never "nobody" by mistake. */
static void check_without_lists(bool as_root)
{
	const struct live_socket *s;
	struct seen seen;

	is_root = as_root;
	look(&seen, everything());
	assert_int_equal(seen.s.could_look, as_root);
	s = socket_of(&seen, 8080, TRANSPORT_TCP, LIVE_LISTENER);
	assert_int_equal(s->n_owners, 2);
	assert_non_null(find_socket(&seen, 8080, TRANSPORT_UDP, LIVE_LISTENER));
	s = find_socket(&seen, 22, TRANSPORT_TCP, LIVE_LISTENER);
	assert_int_equal(s != NULL, as_root);
	assert_null(find_socket(&seen, 2049, TRANSPORT_TCP, LIVE_LISTENER));
	assert_int_equal(gap_of(&seen, "sockets", "processes of other users") != NULL, !as_root);
	assert_non_null(gap_of(&seen, "sockets",
			       has_lists ? "tcp" : "net.inet.tcp.pcblist64"));
	arena_fini(&seen.arena);
}

static void test_without_lists(void **state BERTH_UNUSED)
{
	reset();
	has_lists = false;
	check_without_lists(true);
	check_without_lists(false);
	reset();
	has_other_layout = true;
	check_without_lists(true);
	check_without_lists(false);
}

/* What was asked, and no more. */
static void test_requests(void **state BERTH_UNUSED)
{
	struct live_request r = live_request_default();
	struct source *source;
	struct seen seen;

	reset();
	r.first_port = r.last_port = 8080;
	look(&seen, r);
	assert_int_equal(seen.s.n_sockets, 2);
	arena_fini(&seen.arena);
	r.transports = TRANSPORT_BIT(TRANSPORT_UDP);
	look(&seen, r);
	assert_int_equal(seen.s.n_sockets, 1);
	arena_fini(&seen.arena);
	r = live_request_default();
	r.want_v4 = false;
	look(&seen, r);
	assert_int_equal(seen.s.n_sockets, 2); /* 5000 and 3722 */
	arena_fini(&seen.arena);
	r = live_request_default();
	r.want = LIVE_WANT_CONNECTIONS;
	r.first_port = r.last_port = 50000;
	look(&seen, r);
	assert_int_equal(seen.s.n_sockets, 1);
	assert_int_equal(seen.s.sockets[0].n_owners, 0);
	assert_null(gap_of(&seen, "published", "pf"));
	arena_fini(&seen.arena);
	r.want_peer_owners = true;
	look(&seen, r);
	assert_int_equal(seen.s.sockets[0].n_owners, 1);
	arena_fini(&seen.arena);
	r.scope = LIVE_SCOPE_NAMED;
	r.netns = "web";
	assert_int_equal(source_open_system(&source), 0);
	seen = (struct seen){0};
	assert_int_equal(source_look(source, &r, &seen.arena, &seen.s), -ENOENT);
	source_close(source);
}

/* A process that ends while it is read owns nothing; the others do still. */
static void test_ending(void **state BERTH_UNUSED)
{
	const struct live_socket *s;
	struct seen seen;

	reset();
	n_ended = 401;
	look(&seen, everything());
	s = socket_of(&seen, 8080, TRANSPORT_TCP, LIVE_LISTENER);
	assert_int_equal(s->n_owners, 1);
	assert_int_equal(s->owners[0].process->pid, 402);
	arena_fini(&seen.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),      cmocka_unit_test(test_owners),
		cmocka_unit_test(test_root),     cmocka_unit_test(test_user),
		cmocka_unit_test(test_requests), cmocka_unit_test(test_without_lists),
		cmocka_unit_test(test_ending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
