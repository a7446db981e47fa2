/* Answering from a recording: what a request selects, and the source that reads a file. */
#include "base/str.h"
#include "base/fd.h"
#include "live/recording.h"
#include "live/source.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Three namespaces; every kind of socket in the first two. */
static const char world[] =
	"berth-world 1\n"
	"at 2026-08-17T09:30:00Z\n"
	"rules ephemeral=32768-60999\n"
	"namespace 1 here\n"
	"namespace 2 name=web container=abc\n"
	"namespace 3\n"
	"process 7 program=early\n"
	"process 9 program=late\n"
	"socket tcp listener 0.0.0.0:80 search=cgroup owners=7:1,+9:2,7:3\n"
	"socket tcp listener 127.0.0.1:81 search=cgroup owners=+9:4\n"
	"socket tcp listener 127.0.0.1:82 search=cgroup owners=7:5\n"
	"socket tcp listener [::]:83 dual\n"
	"socket tcp listener [::]:84\n"
	"socket mptcp listener 0.0.0.0:85\n"
	"socket udp listener 0.0.0.0:80\n"
	"socket tcp bound 0.0.0.0:90\n"
	"socket tcp time-wait 10.0.0.1:80 10.0.0.2:5000\n"
	"socket tcp connection 10.0.0.1:80 10.0.0.2:5001 owners=7:6\n"
	"socket tcp connection 10.0.0.1:40000 10.0.0.3:80 owners=7:7\n"
	"socket tcp listener 0.0.0.0:80 ns=2\n"
	"socket tcp bound 0.0.0.0:80 ns=2\n"
	"gap what=owner where=pid\\s5 why=no\n";

struct fixture {
	struct arena arena;
	struct recording r;
	struct live_snapshot out;
	struct str seen;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char error[RECORDING_ERROR_SIZE];

	*state = f;
	if (!f)
		return -1;
	return recording_read(world, strlen(world), "w", &f->arena, &f->r, error);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_fini(&f->arena);
	str_fini(&f->seen);
	free(f);
	return 0;
}

/* The ports that a request selects, "80u" for UDP, "80b" bound, "w" TIME_WAIT, "c" connection. */
static const char *selected(struct fixture *f, const struct live_request *request)
{
	assert_int_equal(recording_select(&f->r, request, &f->arena, &f->out), 0);
	str_clear(&f->seen);
	for (size_t i = 0; i < f->out.n_sockets; i++) {
		const struct live_socket *s = &f->out.sockets[i];

		str_printf(&f->seen, "%s%u", i ? " " : "", s->local_port);
		if (s->transport == TRANSPORT_UDP)
			str_append_char(&f->seen, 'u');
		if (s->state != LIVE_LISTENER)
			str_append_char(&f->seen, " bcw"[s->state]);
		if (!s->ns->is_here)
			str_printf(&f->seen, "@%s", s->ns->name);
		if (i > 0)
			assert_true(live_socket_compare(s - 1, s) <= 0);
		assert_true(s->ns >= f->out.namespaces &&
			    s->ns < f->out.namespaces + f->out.n_namespaces);
	}
	return str_text(&f->seen);
}

static void test_scope(void **state)
{
	static const char *const names[] = {"web", "2", "net:[2]", "/run/netns/web"};
	struct live_request q = live_request_default();
	struct fixture *f = *state;

	assert_string_equal(selected(f, &q), "80 80@web 80u 81 82 83 84 85");
	assert_int_equal(f->out.n_namespaces, 3);
	q.scope = LIVE_SCOPE_HERE;
	assert_string_equal(selected(f, &q), "80 80u 81 82 83 84 85");
	assert_int_equal(f->out.n_namespaces, 1);
	q.scope = LIVE_SCOPE_NAMED;
	q.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS;
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		q.netns = names[i];
		assert_string_equal(selected(f, &q), "80@web 80b@web");
		assert_int_equal(f->out.n_namespaces, 1);
		assert_true(f->out.could_look);
		assert_int_equal(f->out.n_gaps, 1);
	}
	q.netns = "net:[3]";
	assert_string_equal(selected(f, &q), "");
	assert_int_equal(f->out.n_namespaces, 1);
	assert_true(f->out.could_look);
}

static void test_unknown_namespace(void **state)
{
	static const char *const names[] = {"we", "4", "net:[2", "/run/netns/", "", "[2]"};
	struct live_request q = live_request_default();
	struct fixture *f = *state;

	q.scope = LIVE_SCOPE_NAMED;
	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		q.netns = names[i];
		assert_string_equal(selected(f, &q), "");
		assert_int_equal(f->out.n_namespaces, 0);
		assert_false(f->out.could_look);
		assert_int_equal(f->out.n_gaps, 2);
		assert_string_equal(f->out.gaps[1].what, "namespace");
		assert_string_equal(f->out.gaps[1].where, names[i]);
	}
}

static void test_kinds_ports_families(void **state)
{
	struct live_request q = live_request_default();
	struct fixture *f = *state;

	q.want = LIVE_WANT_HOLDERS;
	assert_string_equal(selected(f, &q), "80c 80w 90b 40000c");
	q.want_all_namespaces_holders = true;
	assert_string_equal(selected(f, &q), "80b@web 80c 80w 90b 40000c");
	q = live_request_default();
	q.first_port = q.last_port = 80;
	q.want = LIVE_WANT_CONNECTIONS;
	assert_string_equal(selected(f, &q), "80c 40000c");
	q.want = LIVE_WANT_HOLDERS | LIVE_WANT_LISTENERS;
	assert_string_equal(selected(f, &q), "80 80@web 80c 80w 80u");
	q.transports = TRANSPORT_BIT(TRANSPORT_UDP);
	assert_string_equal(selected(f, &q), "80u");
	q = live_request_default();
	q.transports = TRANSPORT_BIT(TRANSPORT_TCP);
	q.want_v6 = false;
	q.first_port = 81;
	assert_string_equal(selected(f, &q), "81 82 83 85");
	q.want_v4 = false;
	q.want_v6 = true;
	assert_string_equal(selected(f, &q), "83 84");
	q.first_port = q.last_port = 3476;
	assert_string_equal(selected(f, &q), "");
	assert_int_equal(f->out.n_namespaces, 3);
	assert_int_equal(f->out.n_gaps, 1);
	assert_true(f->out.rules.has_ephemeral);
	assert_true(f->out.at == f->r.snapshot.at);
}

static const struct live_socket *of_port(struct fixture *f, const struct live_request *q,
					 uint16_t port)
{
	size_t first;

	assert_int_equal(recording_select(&f->r, q, &f->arena, &f->out), 0);
	assert_true(live_snapshot_find(&f->out, port, &first) > 0);
	return &f->out.sockets[first];
}

static void test_owners(void **state)
{
	struct live_request q = live_request_default();
	struct fixture *f = *state;
	const struct live_socket *s = of_port(f, &q, 80);

	assert_int_equal(s->n_owners, 2);
	assert_int_equal(s->owners[0].fd, 1);
	assert_int_equal(s->owners[1].fd, 3);
	assert_int_equal(s->owners_search, LIVE_SEARCH_CGROUP);
	s = of_port(f, &q, 81); /* none in the cgroup: the search goes on to everything */
	assert_int_equal(s->n_owners, 1);
	assert_string_equal(s->owners[0].process->program, "late");
	assert_int_equal(s->owners_search, LIVE_SEARCH_ALL);
	s = of_port(f, &q, 82);
	assert_int_equal(s->n_owners, 1);
	assert_int_equal(s->owners_search, LIVE_SEARCH_CGROUP);
	s = of_port(f, &q, 83);
	assert_int_equal(s->n_owners, 0);

	q.want_all_owners = true;
	s = of_port(f, &q, 80);
	assert_int_equal(s->n_owners, 3);
	assert_int_equal(s->owners[1].fd, 2);
	assert_int_equal(s->owners_search, LIVE_SEARCH_ALL);
	assert_int_equal(of_port(f, &q, 82)->owners_search, LIVE_SEARCH_ALL);
}

static void test_owners_of_peers(void **state)
{
	struct live_request q = live_request_default();
	struct fixture *f = *state;

	q.first_port = q.last_port = 80;
	q.want = LIVE_WANT_CONNECTIONS;
	assert_int_equal(of_port(f, &q, 40000)->n_owners, 0);
	assert_int_equal(of_port(f, &q, 40000)->owners_search, LIVE_SEARCH_NONE);
	assert_int_equal(of_port(f, &q, 80)->n_owners, 0);
	q.want |= LIVE_WANT_HOLDERS; /* now the one that holds port 80 is in somebody's way */
	q.want &= ~(unsigned int)LIVE_WANT_LISTENERS;
	assert_int_equal(of_port(f, &q, 40000)->n_owners, 0);
	assert_int_equal(of_port(f, &q, 80)->n_owners, 1);
	q.want_peer_owners = true;
	assert_int_equal(of_port(f, &q, 40000)->n_owners, 1);
	assert_int_equal(of_port(f, &q, 40000)->owners_search, LIVE_SEARCH_ALL);
}

/* A temporary file that holds `text`; its name goes to `path`. */
static void make_file(char *path, const char *text)
{
	int fd;

	memcpy(path, "/tmp/berth-test-XXXXXX", sizeof("/tmp/berth-test-XXXXXX"));
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(fd_write(fd, text, strlen(text)), 0);
	close(fd);
}

/* A snapshot outlives its source, and looks do not disturb one another. */
static void test_source(void **state)
{
	const struct live_request q = live_request_default();
	char path[64], error[256];
	struct arena arena = {0}, other = {0};
	struct live_snapshot first, second;
	struct source *source;

	(void)state;
	make_file(path, world);
	assert_int_equal(source_open_replay(path, &source, error), 0);
	unlink(path);
	assert_int_equal(source_look(source, &q, &arena, &first), 0);
	assert_int_equal(source_look(source, &q, &other, &second), 0);
	assert_null(source_close(source));
	arena_fini(&other);
	assert_int_equal(first.n_sockets, 8);
	assert_string_equal(first.sockets[0].owners[0].process->program, "early");
	assert_string_equal(first.gaps[0].where, "pid 5");
	arena_fini(&arena);
}

static void test_source_errors(void **state)
{
	char path[64], error[256];
	struct source *source = NULL;

	(void)state;
	assert_int_equal(source_open_replay("/nonexistent/\033", &source, error), -ENOENT);
	assert_string_equal(error, "/nonexistent/\\x1b: No such file or directory");
	assert_int_equal(source_open_replay("/", &source, error), -EISDIR);
	make_file(path, "berth-world 1\nsocket\n");
	assert_int_equal(source_open_replay(path, &source, error), -EBADMSG);
	assert_non_null(strstr(error, ":2: the transport is missing"));
	assert_true(strncmp(error, path, strlen(path)) == 0);
	unlink(path);
	assert_null(source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scope, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown_namespace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kinds_ports_families, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_owners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_owners_of_peers, set_up, tear_down),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_source_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
