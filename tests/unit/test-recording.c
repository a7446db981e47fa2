#include "base/str.h"
#include "live/recording.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIRST "berth-world 1\n"
#define HERE FIRST "namespace 1 here\n"

/* A byte of every kind that a name can hold. */
#define NASTY "a b\tc\nd\re\\f,g=h\x01\x1b[0m\x7f\xff\xc3(\xe2\x80\xae \xc3\xa9:+"

/* What a test reads goes here; freed by its teardown. */
struct fixture {
	struct arena arena;
	struct recording r;
	char error[RECORDING_ERROR_SIZE];
	struct str text;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_fini(&f->arena);
	str_fini(&f->text);
	free(f);
	return 0;
}

static int read_text(struct fixture *f, const char *text)
{
	return recording_read(text, strlen(text), "t.world", &f->arena, &f->r, f->error);
}

static void must_read(struct fixture *f, const char *text)
{
	if (read_text(f, text) != 0)
		fail_msg("%s", f->error);
}

static struct address parsed(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(text, &a), 0);
	return a;
}

static void assert_text(const char *a, const char *b)
{
	if (!a || !b)
		assert_true(a == b);
	else
		assert_string_equal(a, b);
}

static void assert_same_process(const struct live_process *a, const struct live_process *b)
{
	size_t i;

	assert_int_equal(a->pid, b->pid);
	assert_text(a->program, b->program);
	assert_text(a->path, b->path);
	assert_int_equal(a->is_path_deleted, b->is_path_deleted);
	assert_int_equal(!a->command, !b->command);
	for (i = 0; a->command && a->command[i]; i++)
		assert_text(a->command[i], b->command[i]);
	if (a->command)
		assert_null(b->command[i]);
	assert_int_equal(a->is_command_cut, b->is_command_cut);
	assert_text(a->directory, b->directory);
	assert_int_equal(a->uid, b->uid);
	assert_text(a->user, b->user);
	assert_true(a->started == b->started);
	assert_text(a->unit, b->unit);
	assert_text(a->container, b->container);
	assert_int_equal(a->n_parents, b->n_parents);
	for (i = 0; i < a->n_parents; i++) {
		assert_int_equal(a->parents[i].pid, b->parents[i].pid);
		assert_text(a->parents[i].program, b->parents[i].program);
	}
}

static void assert_same_owner(const struct live_owner *a, const struct live_owner *b)
{
	assert_int_equal(!a->process, !b->process);
	if (a->process)
		assert_same_process(a->process, b->process);
	assert_text(a->kernel, b->kernel);
	assert_int_equal(a->fd, b->fd);
	assert_int_equal(a->method, b->method);
}

static void assert_same_namespace(const struct live_namespace *a, const struct live_namespace *b)
{
	assert_true(a->id == b->id);
	assert_text(a->name, b->name);
	assert_text(a->container, b->container);
	assert_int_equal(a->is_here, b->is_here);
	assert_int_equal(a->is_read_as_text, b->is_read_as_text);
}

static void assert_same_socket(const struct live_socket *a, const struct live_socket *b)
{
	assert_int_equal(a->transport, b->transport);
	assert_int_equal(a->state, b->state);
	assert_true(address_is_equal(&a->local, &b->local));
	assert_int_equal(a->local_port, b->local_port);
	assert_int_equal(a->has_remote, b->has_remote);
	assert_true(!a->has_remote || address_is_equal(&a->remote, &b->remote));
	assert_int_equal(a->remote_port, b->remote_port);
	assert_int_equal(a->is_dual_stack, b->is_dual_stack);
	assert_text(a->interface, b->interface);
	assert_int_equal(a->has_queue, b->has_queue);
	assert_int_equal(a->queued, b->queued);
	assert_int_equal(a->limit, b->limit);
	assert_int_equal(a->inode, b->inode);
	assert_true(a->cookie == b->cookie);
	assert_int_equal(a->has_uid, b->has_uid);
	assert_int_equal(a->uid, b->uid);
	assert_text(a->user, b->user);
	assert_int_equal(a->expires_ms, b->expires_ms);
	assert_true(a->cgroup_id == b->cgroup_id);
	assert_text(a->unit, b->unit);
	assert_text(a->container, b->container);
	assert_same_namespace(a->ns, b->ns);
	assert_int_equal(a->owners_search, b->owners_search);
	assert_int_equal(a->n_owners, b->n_owners);
	for (size_t i = 0; i < a->n_owners; i++)
		assert_same_owner(&a->owners[i], &b->owners[i]);
}

static void assert_same_spans(const struct live_spans *a, const struct live_spans *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		assert_int_equal(a->items[i].first, b->items[i].first);
		assert_int_equal(a->items[i].last, b->items[i].last);
	}
}

static void assert_same_rules(const struct live_rules *a, const struct live_rules *b)
{
	assert_int_equal(a->has_ephemeral, b->has_ephemeral);
	assert_int_equal(a->ephemeral.first, b->ephemeral.first);
	assert_int_equal(a->ephemeral.last, b->ephemeral.last);
	assert_int_equal(a->has_privileged, b->has_privileged);
	assert_int_equal(a->unprivileged_start, b->unprivileged_start);
	assert_int_equal(a->has_reserved, b->has_reserved);
	assert_int_equal(a->n_reserved, b->n_reserved);
	for (size_t i = 0; i < a->n_reserved; i++) {
		assert_int_equal(a->reserved[i].first, b->reserved[i].first);
		assert_int_equal(a->reserved[i].last, b->reserved[i].last);
	}
	assert_same_spans(&a->excluded_tcp, &b->excluded_tcp);
	assert_same_spans(&a->excluded_udp, &b->excluded_udp);
	assert_same_spans(&a->guest_tcp, &b->guest_tcp);
	assert_same_spans(&a->guest_udp, &b->guest_udp);
}

static void assert_same(const struct live_snapshot *a, const struct live_snapshot *b)
{
	assert_true(a->at == b->at);
	assert_int_equal(a->system, b->system);
	assert_int_equal(a->could_look, b->could_look);
	assert_same_rules(&a->rules, &b->rules);
	assert_int_equal(a->n_namespaces, b->n_namespaces);
	for (size_t i = 0; i < a->n_namespaces; i++)
		assert_same_namespace(&a->namespaces[i], &b->namespaces[i]);
	assert_int_equal(a->n_sockets, b->n_sockets);
	for (size_t i = 0; i < a->n_sockets; i++)
		assert_same_socket(&a->sockets[i], &b->sockets[i]);
	assert_int_equal(a->n_gaps, b->n_gaps);
	for (size_t i = 0; i < a->n_gaps; i++) {
		assert_text(a->gaps[i].what, b->gaps[i].what);
		assert_text(a->gaps[i].where, b->gaps[i].where);
		assert_text(a->gaps[i].why, b->gaps[i].why);
		assert_text(a->gaps[i].fix, b->gaps[i].fix);
		assert_int_equal(a->gaps[i].n_similar, b->gaps[i].n_similar);
	}
}

/* Every member set to something else than its default, every state, method and search. */
static void test_round_trip(void **state)
{
	static const char *const command[] = {NASTY, "", ",", "x=y", NULL};
	static const struct live_parent parents[] = {{1, NASTY}, {4294967295U, NULL}, {7, ""}};
	static const struct live_process rich = {
		.pid = 812, .program = NASTY, .path = "/" NASTY, .is_path_deleted = true,
		.command = command, .is_command_cut = true, .directory = "/d " NASTY,
		.uid = 4294967294U, .user = NASTY, .started = -1234567890123456789,
		.unit = NASTY, .container = NASTY, .parents = parents, .n_parents = 3,
	};
	static const struct live_process poor = {.pid = 4294967295U, .started = LIVE_TIME_NONE};
	static const struct live_namespace ns[] = {
		{.id = 18446744073709551615U, .name = NASTY, .container = NASTY,
		 .is_read_as_text = true},
		{.id = 2, .name = "host", .is_here = true},
	};
	static const struct live_owner owners[] = {
		{.process = &rich, .fd = 2147483647, .method = LIVE_BY_FD},
		{.process = &poor, .fd = -1, .method = LIVE_BY_CGROUP},
		{.process = &rich, .fd = 0, .method = LIVE_BY_THREAD},
		{.process = &rich, .fd = 3, .method = LIVE_BY_IO_URING},
		{.process = &rich, .fd = 3, .method = LIVE_BY_KERNEL},
		{.kernel = NASTY, .fd = -1, .method = LIVE_BY_KERNEL},
		{.fd = -1, .method = LIVE_BY_KERNEL},
	};
	struct live_socket sockets[] = {
		{.transport = TRANSPORT_MPTCP, .state = LIVE_LISTENER, .local = parsed("::"),
		 .is_dual_stack = true, .interface = NASTY, .has_queue = true,
		 .queued = 4294967295U, .limit = 4294967294U, .inode = 4294967295U,
		 .cookie = 18446744073709551615U,
		 .has_uid = true, .uid = 0, .user = NASTY, .cgroup_id = 18446744073709551614U,
		 .unit = NASTY, .container = NASTY, .ns = &ns[0],
		 .owners_search = LIVE_SEARCH_CGROUP, .owners = owners, .n_owners = 7},
		{.transport = TRANSPORT_UDP, .state = LIVE_BOUND, .local = parsed("0.0.0.0"),
		 .local_port = 1, .has_uid = true, .uid = 4294967295U, .ns = &ns[1],
		 .owners_search = LIVE_SEARCH_NONE},
		{.transport = TRANSPORT_SCTP, .state = LIVE_CONNECTION,
		 .local = parsed("fe80::1%4294967295"), .local_port = 65535, .has_remote = true,
		 .remote = parsed("::ffff:192.0.2.1"), .remote_port = 65535, .ns = &ns[1],
		 .owners_search = LIVE_SEARCH_ALL},
		{.transport = TRANSPORT_TCP, .state = LIVE_TIME_WAIT, .local = parsed("10.0.0.1"),
		 .local_port = 65535, .has_remote = true, .remote = parsed("10.0.0.2"),
		 .expires_ms = 4294967295U, .ns = &ns[1], .owners_search = LIVE_SEARCH_ALL},
	};
	static const struct live_gap gaps[] = {
		{NASTY, NASTY, NASTY, NASTY, 4294967295U},
		{"", "", "", NULL, 0},
	};
	static const struct live_span spans[] = {{0, 0}, {8080, 8090}, {65535, 65535}};
	struct live_snapshot s = {
		.at = INT64_MAX, .namespaces = ns, .n_namespaces = 2, .sockets = sockets,
		.n_sockets = N_ELEMENTS(sockets), .gaps = gaps, .n_gaps = 2,
		.rules = {true, {1, 65535}, true, 4294967295U, true, spans, 3},
	};
	struct fixture *f = *state;
	struct str again = {0};

	qsort(sockets, N_ELEMENTS(sockets), sizeof(sockets[0]), live_socket_compare);
	for (unsigned int i = 0; i < N_LIVE_SYSTEMS; i++) {
		s.could_look = i % 2;
		s.system = (enum live_system)i;
		str_clear(&f->text);
		str_clear(&again);
		assert_int_equal(recording_write(&s, (struct recording_options){0}, &f->text), 0);
		assert_true(str_is_utf8(str_text(&f->text)));
		must_read(f, str_text(&f->text));
		assert_same(&s, &f->r.snapshot);
		assert_int_equal(recording_write(&f->r.snapshot, (struct recording_options){0},
						 &again), 0);
		assert_string_equal(str_text(&f->text), str_text(&again));
	}
	str_fini(&again);
}

/* Nothing known, and empty where nothing is not the same. */
static void test_nothing_and_empty(void **state)
{
	static const char *const none[] = {NULL}, *const one_empty[] = {"", NULL};
	static const char *const two_empty[] = {"", "", NULL};
	static const char *const *const commands[] = {NULL, none, one_empty, two_empty};
	static const struct live_namespace ns = {.id = 1, .name = "here", .is_here = true};
	struct fixture *f = *state;

	for (size_t i = 0; i < N_ELEMENTS(commands); i++) {
		struct live_process p = {
			.pid = 1, .program = i ? "" : NULL, .path = i ? "" : NULL,
			.command = commands[i], .directory = i ? "" : NULL, .user = i ? "" : NULL,
			.started = i ? 0 : LIVE_TIME_NONE, .unit = i ? "" : NULL,
		};
		struct live_owner owner = {.process = &p, .fd = -1};
		struct live_socket socket = {
			.local = parsed("127.0.0.1"), .ns = &ns, .owners = &owner, .n_owners = 1,
			.interface = i ? "" : NULL, .has_uid = i, .has_queue = i,
			.owners_search = LIVE_SEARCH_ALL,
		};
		struct live_snapshot s = {
			.at = i ? 0 : LIVE_TIME_NONE, .namespaces = &ns, .n_namespaces = 1,
			.sockets = &socket, .n_sockets = 1, .could_look = true,
			.rules = {.has_reserved = i, .has_privileged = i},
		};

		str_clear(&f->text);
		assert_int_equal(recording_write(&s, (struct recording_options){0}, &f->text), 0);
		must_read(f, str_text(&f->text));
		assert_same(&s, &f->r.snapshot);
	}
	for (size_t i = 0; i < 2; i++) {
		static const struct live_span span = {8003, 8010};
		struct live_snapshot s = {.at = LIVE_TIME_NONE, .could_look = true};

		*(i == 0 ? &s.rules.guest_tcp : &s.rules.guest_udp) = (struct live_spans){&span, 1};
		str_clear(&f->text);
		assert_int_equal(recording_write(&s, (struct recording_options){0}, &f->text), 0);
		must_read(f, str_text(&f->text));
		assert_same(&s, &f->r.snapshot);
	}
	must_read(f, "berth-world 1");
	assert_int_equal(f->r.snapshot.n_sockets + f->r.snapshot.n_namespaces, 0);
	assert_true(f->r.snapshot.could_look);
	assert_true(f->r.snapshot.at == LIVE_TIME_NONE);
}

/* What a hand may write: any order, blanks, CRLF, comments, defaults. */
static void test_by_hand(void **state)
{
	struct fixture *f = *state;
	const struct live_socket *s;

	must_read(f, FIRST "# comment\r\n\n \t \n"
			   "socket tcp listener 127.0.0.1:5432   owners=812:7,+9:1 \r\n"
			   "socket tcp time-wait [::1]:80\t[::2]:81\n"
			   "socket TCP listener 127.0.0.1:22 ns=5\n"
			   "process 9\nprocess 812 program=x\\x41\\s\n"
			   "namespace 5\n\tnamespace 1 here");
	assert_int_equal(f->r.snapshot.n_sockets, 3);
	s = f->r.snapshot.sockets;
	assert_int_equal(s[0].local_port, 22);
	assert_string_equal(s[0].ns->name, "net:[5]");
	assert_null(f->r.late_owners[0]);
	assert_int_equal(s[1].local_port, 80);
	assert_int_equal(s[1].owners_search, LIVE_SEARCH_NONE);
	assert_int_equal(s[2].local_port, 5432);
	assert_string_equal(s[2].ns->name, "here");
	assert_ptr_equal(s[2].ns, &f->r.snapshot.namespaces[1]);
	assert_int_equal(s[2].owners_search, LIVE_SEARCH_ALL);
	assert_string_equal(s[2].owners[0].process->program, "xA ");
	assert_false(f->r.late_owners[2][0]);
	assert_true(f->r.late_owners[2][1]);
}

static void test_late_owners_are_written(void **state)
{
	static const char text[] =
		HERE "process 7\nprocess 9\n"
		     "socket tcp listener 127.0.0.1:1 owners=7:1,+9:2,+kernel:x\n";
	struct fixture *f = *state;

	must_read(f, text);
	assert_int_equal(recording_write(&f->r.snapshot,
					 (struct recording_options){
						 .comment = "one\ntwo \033[0m",
						 .late_owners = f->r.late_owners,
					 },
					 &f->text), 0);
	assert_string_equal(str_text(&f->text),
			    FIRST "# one\n# two \\x1b[0m\nnamespace 1 here\nprocess 7\nprocess 9\n"
				  "socket tcp listener 127.0.0.1:1 owners=7:1,+9:2,+kernel:x\n");
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *says;
	} cases[] = {
		{"", 1, "its first line is not \"berth-world 1\""},
		{"\n" FIRST, 1, "its first line"},
		{"berth-world", 1, "its first line"},
		{"berth-world 2\n", 1, "another version"},
		{"berth-world 12\n", 1, "another version"},
		{FIRST "host x\n", 2, "\"host\" is not a record"},
		{FIRST "at\n", 2, "the instant is missing"},
		{FIRST "at now\n", 2, "at: \"now\" is not an instant"},
		{FIRST "at 2026-08-17T09:30:00Z x\n", 2, "more than an instant"},
		{FIRST "at 1970-01-01T00:00:00Z\nat 1970-01-01T00:00:00Z\n", 3, "a second \"at\""},
		{FIRST "system\n", 2, "the system is missing"},
		{FIRST "system beos\n", 2, "\"beos\" is not a system"},
		{FIRST "system macos macos\n", 2, "more than a system"},
		{FIRST "system macos\nsystem macos\n", 3, "a second \"system\""},
		{FIRST "could-look\n", 2, "yes or no is missing"},
		{FIRST "could-look maybe\n", 2, "could-look is yes or no"},
		{FIRST "could-look no no\n", 2, "could-look is yes or no"},
		{FIRST "could-look no\n\ncould-look no\n", 4, "a second \"could-look\""},
		{FIRST "rules\nrules\n", 3, "a second \"rules\""},
		{FIRST "rules ephemeral=5\n", 2, "\"5\" is not a range of ports"},
		{FIRST "rules ephemeral=5-70000\n", 2, "is not a range of ports"},
		{FIRST "rules ephemeral=9-5\n", 2, "\"9-5\" begins behind its end"},
		{FIRST "rules reserved=1,,2\n", 2, "\"\" is not a range of ports"},
		{FIRST "rules excluded-tcp=2-1\n", 2, "begins behind its end"},
		{FIRST "rules unprivileged=-1\n", 2, "unprivileged: \"-1\" is not a number"},
		{FIRST "rules unprivileged=4294967296\n", 2, "from 0 to 4294967295"},
		{FIRST "namespace\n", 2, "the namespace's id is missing"},
		{FIRST "namespace x\n", 2, "id of a namespace: \"x\" is not a number"},
		{FIRST "namespace 1\nnamespace 2\nnamespace 1\n", 4, "a second namespace 1"},
		{FIRST "namespace 1 here\nnamespace 2 here\n", 3, "a second namespace is \"here\""},
		{FIRST "namespace 1 here=1\n", 2, "here is a flag and takes no value"},
		{FIRST "namespace 1 name\n", 2, "name needs a value"},
		{FIRST "namespace 1 name=a name=b\n", 2, "name is given twice"},
		{FIRST "namespace 1 here here\n", 2, "here is given twice"},
		{FIRST "namespace 1 nome=a\n", 2, "\"nome\" is not a field of a namespace"},
		{FIRST "namespace 1 there\n", 2, "\"there\" is not a flag of a namespace"},
		{FIRST "process\n", 2, "the process's pid is missing"},
		{FIRST "process 4294967296\n", 2, "pid: \"4294967296\" is not a number"},
		{FIRST "process 1\n#\nprocess 1\n", 4, "a second process 1"},
		{FIRST "process 1 program=a\\qb\n", 2, "\"\\qb\" is not an escape"},
		{FIRST "process 1 program=a\\\n", 2, "is not an escape"},
		{FIRST "process 1 program=a\\x0\n", 2, "is not an escape"},
		{FIRST "process 1 program=a\\x00\n", 2, "is not an escape"},
		{FIRST "process 1 command=a,\\e\n", 2, "is not an escape"},
		{FIRST "process 1 started=1\n", 2, "started: \"1\" is not an instant"},
		{FIRST "process 1 parents=x:y\n", 2, "pid of a parent: \"x\" is not a number"},
		{FIRST "socket\n", 2, "the transport is missing"},
		{FIRST "socket tcp\n", 2, "the state is missing"},
		{FIRST "socket icmp listener 1.1.1.1:1\n", 2, "\"icmp\" is not a transport"},
		{FIRST "socket tcp listening 1.1.1.1:1\n", 2, "\"listening\" is not a state"},
		{FIRST "socket tcp listener\n", 2, "the local address is missing"},
		{FIRST "socket tcp listener 1.1.1.1\n", 2, "\"1.1.1.1\" is not ADDRESS:PORT"},
		{FIRST "socket tcp listener 1.1.1.1:65536\n", 2, "is not ADDRESS:PORT"},
		{FIRST "socket tcp listener 1.1.1:1\n", 2, "is not ADDRESS:PORT"},
		{FIRST "socket tcp listener ::1:80\n", 2, "is not ADDRESS:PORT"},
		{FIRST "socket tcp listener [1.1.1.1]:80\n", 2, "is not ADDRESS:PORT"},
		{FIRST "socket tcp listener :80\n", 2, "is not ADDRESS:PORT"},
		{FIRST "socket tcp connection 1.1.1.1:1 2.2.2:2\n", 2, "\"2.2.2:2\" is not"},
		{HERE "socket tcp listener 1.1.1.1:1 queue=5\n", 3, "\"5\" is not QUEUED/LIMIT"},
		{HERE "socket tcp listener 1.1.1.1:1 queue=5/\n", 3, "queue: \"\" is not a number"},
		{HERE "socket tcp listener 1.1.1.1:1 search=some\n", 3, "search: \"some\""},
		{HERE "socket tcp listener 1.1.1.1:1 owners=7\n", 3, "\"7\" is not PID:FD"},
		{HERE "socket tcp listener 1.1.1.1:1 owners=7:x\n", 3, "descriptor of an owner"},
		{HERE "socket tcp listener 1.1.1.1:1 owners=7:2147483648\n", 3, "descriptor of"},
		{HERE "socket tcp listener 1.1.1.1:1 owners=7:1:magic\n", 3, "is not a method"},
		{HERE "socket tcp listener 1.1.1.1:1 owners=x:1\n", 3, "pid of an owner"},
		{HERE "#\nsocket tcp bound 1.1.1.1:1 owners=7:1\nprocess 8\n", 4, "no process 7"},
		{HERE "socket tcp listener 1.1.1.1:1 ns=2\n", 3, "no namespace 2"},
		{FIRST "socket tcp listener 1.1.1.1:1\n", 2, "no ns=, and no namespace is"},
		{FIRST "gap what=a where=b\n", 2, "a gap needs what, where and why"},
		{FIRST "#\n#\xff\n", 3, "not UTF-8: write the byte as \\xff"},
		{FIRST "# \033[0m\n", 2, "a control or invisible character (U+001B)"},
		{FIRST "# \xe2\x80\xae\n", 2, "(U+202E)"},
		{FIRST "\rat\n", 2, "(U+000D)"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char start[32];

		snprintf(start, sizeof(start), "t.world:%d: ", cases[i].line);
		if (read_text(f, cases[i].text) != -EBADMSG)
			fail_msg("accepted: %s", cases[i].text);
		if (strncmp(f->error, start, strlen(start)) != 0 ||
		    !strstr(f->error, cases[i].says))
			fail_msg("\"%s\": expected %s...%s", f->error, start, cases[i].says);
	}
}

/* Foreign bytes reach an error only escaped, and it never grows beyond its room. */
static void test_errors_are_safe(void **state)
{
	static const char nul[] = FIRST "# a\0b\n";
	struct fixture *f = *state;
	char name[3000], text[3000];
	int r;

	memset(name, 0x1b, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), FIRST "%s\xc3\xa9%s\n", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
		 "zzzzzzzzzzzzzzzzzzzz");
	r = recording_read(text, strlen(text), name, &f->arena, &f->r, f->error);
	assert_int_equal(r, -EBADMSG);
	assert_null(strpbrk(f->error, "\033\xc3\xa9\n"));
	assert_non_null(strstr(f->error, "\\x1b:2: \"yyyyyyyyyy"));
	assert_non_null(strstr(f->error, "...\" is not a record"));
	assert_int_equal(recording_read(nul, sizeof(nul) - 1, "n", &f->arena, &f->r, f->error),
			 -EBADMSG);
	assert_non_null(strstr(f->error, "n:2: "));
	assert_non_null(strstr(f->error, "(U+0000)"));
}

/* Reads FIRST and then `n` times a line made of `format` and its number. */
static int read_many(struct fixture *f, const char *format, int n)
{
	str_clear(&f->text);
	str_append(&f->text, FIRST);
	for (int i = 0; i < n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		str_printf(&f->text, format, i);
#pragma GCC diagnostic pop
	}
	arena_fini(&f->arena);
	return read_text(f, str_text(&f->text));
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	char *big = calloc(1, (size_t)RECORDING_FILE_MAX + 1);

	assert_non_null(big);
	assert_int_equal(recording_read(big, (size_t)RECORDING_FILE_MAX + 1, "b", &f->arena, &f->r,
					f->error), -EBADMSG);
	assert_non_null(strstr(f->error, "b:1: a file of more than 67108864 bytes"));
	free(big);

	str_append(&f->text, FIRST "#");
	str_pad(&f->text, 'x', RECORDING_LINE_MAX - 1);
	must_read(f, str_text(&f->text));
	str_append(&f->text, "x\n");
	assert_int_equal(read_text(f, str_text(&f->text)), -EBADMSG);
	assert_non_null(strstr(f->error, ":2: a line of more than 1048576 bytes"));

	assert_int_equal(read_many(f, "namespace %d\n", RECORDING_NAMESPACES_MAX), 0);
	assert_int_equal(read_many(f, "namespace %d\n", RECORDING_NAMESPACES_MAX + 1), -EBADMSG);
	assert_non_null(strstr(f->error, ":10002: more than 10000 namespaces"));
	assert_int_equal(read_many(f, "gap what= where= why= #%d\n", 1), -EBADMSG);
	assert_int_equal(read_many(f, "gap what=%d where= why=\n", RECORDING_GAPS_MAX + 1),
			 -EBADMSG);
	assert_non_null(strstr(f->error, ":100002: more than 100000 gaps"));
}

static void test_limit_of_items(void **state)
{
	struct fixture *f = *state;

	str_append(&f->text, FIRST);
	for (int i = 0; i < 5; i++) {
		str_printf(&f->text, "process %d command=", i);
		str_pad(&f->text, ',', RECORDING_ITEMS_MAX / 4 - 1);
		str_append_char(&f->text, '\n');
	}
	assert_int_equal(read_text(f, str_text(&f->text)), -EBADMSG);
	assert_non_null(strstr(f->error, ":6: more than 4000000 elements"));
}

static void test_limits_of_the_writer(void **state)
{
	static const struct live_namespace ns = {.id = 1, .name = "here", .is_here = true};
	static const struct live_owner nobody = {.fd = 3, .method = LIVE_BY_FD};
	struct fixture *f = *state;
	struct live_socket socket = {.ns = &ns, .owners = &nobody, .n_owners = 1};
	struct live_snapshot s = {.n_sockets = RECORDING_SOCKETS_MAX + 1};
	char *name = malloc(RECORDING_LINE_MAX + 1);

	assert_int_equal(recording_write(&s, (struct recording_options){0}, &f->text), -EFBIG);
	s = (struct live_snapshot){.n_gaps = RECORDING_GAPS_MAX + 1};
	assert_int_equal(recording_write(&s, (struct recording_options){0}, &f->text), -EFBIG);
	s = (struct live_snapshot){.n_namespaces = RECORDING_NAMESPACES_MAX + 1};
	assert_int_equal(recording_write(&s, (struct recording_options){0}, &f->text), -EFBIG);
	s = (struct live_snapshot){
		.namespaces = &ns, .n_namespaces = 1, .sockets = &socket, .n_sockets = 1,
	};
	assert_int_equal(recording_write(&s, (struct recording_options){0}, &f->text), -EINVAL);
	assert_non_null(name);
	memset(name, 'x', RECORDING_LINE_MAX);
	name[RECORDING_LINE_MAX] = '\0';
	socket.n_owners = 0;
	socket.unit = name;
	assert_int_equal(recording_write(&s, (struct recording_options){0}, &f->text), -EFBIG);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nothing_and_empty, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_by_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_late_owners_are_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors_are_safe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limit_of_items, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits_of_the_writer, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
