/* The front's end of the pipe, with a collector that the test plays; what strangers see. */
#include "web/link.h"

#include "act/collector-claims.h"
#include "ledger/claims-image.h"
#include "ledger/claims.h"
#include "live/recording.h"
#include "registry/registry.h"
#include "web/sight.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdef0123456789abcdef"

static const char world[] =
	"berth-world 1\n"
	"at 2026-08-17T09:30:00Z\n"
	"rules ephemeral=32768-60999 unprivileged=1024\n"
	"namespace 1 here\n"
	"namespace 2 name=box container=abc\n"
	"process 7 program=web path=/opt/secret-path/web command=web,--secret-argument "
	"directory=/secret-directory uid=1000 user=alice unit=secret.service container=secret-box "
	"login=secret-login parents=1:secret-parent\n"
	"socket tcp listener 0.0.0.0:80 cookie=1 inode=11 queue=1/8 uid=1000 user=alice "
	"unit=secret.service container=secret-box activates=secret.service starts=secret,word "
	"cgroup=5 reuse-port=yes owners=7:3\n"
	"socket tcp listener 0.0.0.0:81 ns=2 cookie=2 owners=7:4\n"
	"socket tcp connection 127.0.0.1:80 127.0.0.1:5000 owners=7:5\n"
	"published tcp 8080 by=secret-proxy to=10.0.0.2 container=secret-box\n"
	"container secret-box name=secret-name image=secret-image\n"
	"gap what=owner where=pid\\s5 why=secret\n"
	"gap what=sockets where=tcp\\sin\\ssecret why=secret\n"
	"gap what=sockets where=udp why=shown\n"
	"gap what=claims where=of\\sports.claims:1 why=faulty\n"
	"gap what=claims-aside where=of\\syour\\sown why=aside\n";

/* --- what is played -------------------------------------------------------------------------- */

/* Views that came, and changes that were told. */
struct seen {
	struct link *link;
	int fd; /* the collector's end */
	atomic_uint n_changes[LINK_LOST + 1];
	atomic_uint n_arrived, n_empty;
	const struct link_view *_Atomic view;
	atomic_int outcome;
	char message[64];
};

static void on_change(void *context, enum link_change what)
{
	struct seen *s = context;

	atomic_fetch_add(&s->n_changes[what], 1);
}

static void on_view(void *context, const struct link_view *view)
{
	struct seen *s = context;

	atomic_fetch_add(view ? &s->n_arrived : &s->n_empty, 1);
	if (view)
		link_release(atomic_exchange(&s->view, view));
}

static void on_staked(void *context, enum ledger_outcome outcome, const char *message)
{
	struct seen *s = context;

	snprintf(s->message, sizeof(s->message), "%s", message ? message : "");
	atomic_store(&s->outcome, (int)outcome);
}

/* Not a measure of time: only the end of waiting for what never comes. */
static bool wait_for(const atomic_uint *counter, unsigned int wanted)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (int i = 0; i < 20000 && atomic_load(counter) < wanted; i++)
		nanosleep(&nap, NULL);
	return atomic_load(counter) >= wanted;
}

static void send_frame(const struct seen *s, enum atlas_kind kind, uint32_t argument,
		       const char *bytes, size_t n)
{
	const struct atlas_frame frame = {kind, argument, bytes, n};
	struct str out = {0};
	size_t at = 0;

	atlas_frame_write(&frame, &out);
	while (at < out.length) {
		ssize_t sent = write(s->fd, out.bytes + at, out.length - at);

		assert_true(sent > 0);
		at += (size_t)sent;
	}
	str_fini(&out);
}

/* The next frame from the link; its payload in `payload` (64 bytes). */
static struct atlas_frame receive(const struct seen *s, char *payload)
{
	char bytes[16 + 64];
	struct atlas_frame frame = {0};
	struct pollfd fd = {.fd = s->fd, .events = POLLIN};
	size_t n = 0, used;

	while (atlas_frame_read(bytes, n, 64, &frame, &used) == 0) {
		assert_int_equal(poll(&fd, 1, 20000), 1);
		assert_int_equal(read(s->fd, bytes + n, n < 16 ? 16 - n : 1), n < 16 ? 16 - n : 1);
		n += n < 16 ? 16 - n : 1;
	}
	memcpy(payload, frame.bytes, frame.n);
	frame.bytes = payload;
	return frame;
}

static void open_link(struct seen *s, unsigned int flags)
{
	struct link_options options = {.changed = on_change, .context = s};
	int ends[2];

	*s = (struct seen){.fd = -1};
	atomic_store(&s->outcome, -1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	s->fd = ends[0];
	send_frame(s, ATLAS_HELLO, flags, TOKEN, ATLAS_TOKEN_SIZE);
	assert_int_equal(link_open(ends[1], 20000, &options, &s->link), 0);
}

static void close_link(struct seen *s)
{
	link_close(s->link);
	link_release(atomic_load(&s->view));
	close(s->fd);
}

/* --- the cases ------------------------------------------------------------------------------- */

static void opens(void **state)
{
	struct seen s;

	(void)state;
	open_link(&s, ATLAS_IS_PRIVILEGED);
	assert_true(link_is_privileged(s.link));
	assert_false(link_is_replay(s.link));
	assert_true(link_is_token(s.link, TOKEN, 32));
	assert_false(link_is_token(s.link, TOKEN, 31));
	assert_false(link_is_token(s.link, TOKEN "0", 33));
	assert_false(link_is_token(s.link, "0123456789abcdef0123456789abcdeF", 32));
	assert_false(link_is_token(s.link, "", 0));
	close_link(&s);
}

static void does_not_open(void **state)
{
	struct link_options options = {0};
	struct link *link = NULL;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(link_open(ends[1], 1, &options, &link), -ETIMEDOUT);
	assert_int_equal(write(ends[0], "HTTP", 4), 4);
	assert_int_equal(link_open(ends[1], 20000, &options, &link), -EPROTO);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	close(ends[0]);
	assert_int_equal(link_open(ends[1], 20000, &options, &link), -EPIPE);
	close(ends[1]);
	assert_null(link);
}

static void here_arrives(void **state)
{
	const struct link_view *view = NULL, *later = NULL;
	char payload[64], at[ATLAS_TIME_SIZE];
	struct atlas_frame f;
	struct seen s;

	(void)state;
	open_link(&s, 0);
	assert_int_equal(link_here(s.link, PAGE_SIGHT_FULL, UINT_MAX, on_view, &s, &view), 0);
	assert_int_equal(link_here(s.link, PAGE_SIGHT_FULL, UINT_MAX, on_view, &s, &view), 0);
	f = receive(&s, payload);
	assert_int_equal(f.kind, ATLAS_LOOK);
	assert_int_equal(f.argument, ATLAS_EVERYTHING);
	send_frame(&s, ATLAS_HERE, 1, world, strlen(world));
	assert_true(wait_for(&s.n_arrived, 2));
	assert_true(wait_for(&s.n_changes[LINK_HERE], 1));
	assert_int_equal(link_here(s.link, PAGE_SIGHT_FULL, UINT_MAX, NULL, NULL, &view), 1);
	assert_int_equal(view->generation, 1);
	assert_int_equal(view->port, -1);
	assert_int_equal(view->from.live->n_sockets, 3);
	assert_int_equal(view->from.n_claim_gaps, 2);
	assert_true(view->from.claim_gaps[1].is_aside);
	assert_int_equal(view->from.live->n_gaps, 3);
	assert_false(view->from.saw_all_holders);
	assert_non_null(view->from.claims);
	/* Looked again, and nothing has changed but the time. */
	atlas_time_write(view->at + 5, at);
	assert_int_equal(link_here(s.link, PAGE_SIGHT_PUBLIC, 0, on_view, &s, &later), 0);
	send_frame(&s, ATLAS_SAME, 1, at, sizeof(at));
	assert_true(wait_for(&s.n_arrived, 3));
	later = atomic_load(&s.view);
	assert_true(later->at == view->at + 5 && later->from.live->at == later->at);
	assert_true(later->serial > view->serial && later->generation == 1);
	assert_int_equal(later->sight, PAGE_SIGHT_PUBLIC);
	/* A view that is held stays what it was. */
	send_frame(&s, ATLAS_HERE, 2, "berth-world 1\n", 14);
	assert_true(wait_for(&s.n_changes[LINK_HERE], 2));
	send_frame(&s, ATLAS_HERE, 2, "berth-world 1\n", 14);
	assert_true(wait_for(&s.n_changes[LINK_QUEUES], 1));
	assert_int_equal(view->from.live->n_sockets, 3);
	close_link(&s);
	assert_string_equal(view->from.live->sockets[0].owners[0].process->program, "web");
	link_release(view);
}

static void port_arrives(void **state)
{
	const struct link_view *view = NULL;
	char payload[64];
	struct atlas_frame f;
	struct seen s;

	(void)state;
	open_link(&s, 0);
	assert_int_equal(link_port(s.link, PAGE_SIGHT_FULL, 80, 1000, on_view, &s, &view), 0);
	f = receive(&s, payload);
	assert_int_equal(f.kind, ATLAS_LOOK);
	assert_int_equal(f.argument, 80);
	send_frame(&s, ATLAS_PORT, 80, world, strlen(world));
	assert_true(wait_for(&s.n_arrived, 1));
	assert_int_equal(link_port(s.link, PAGE_SIGHT_PUBLIC, 80, UINT_MAX, NULL, NULL, &view), 1);
	assert_true(view->from.saw_all_holders);
	assert_int_equal(view->port, 80);
	link_release(view);
	/* More ports than are kept: the first is forgotten. */
	for (unsigned int port = 1000; port < 1000 + LINK_PORTS_MOST; port++)
		send_frame(&s, ATLAS_PORT, port, "berth-world 1\n", 14);
	view = NULL;
	assert_true(link_port(s.link, PAGE_SIGHT_FULL, 1255, 1000, on_view, &s, &view) >= 0);
	link_release(view);
	send_frame(&s, ATLAS_FACES, 0, "", 0);
	assert_true(wait_for(&s.n_changes[LINK_FACES], 1));
	assert_int_equal(link_port(s.link, PAGE_SIGHT_FULL, 80, UINT_MAX, NULL, NULL, &view), 0);
	close_link(&s);
}

static void nothing_arrives(void **state)
{
	const struct link_view *view = NULL;
	struct seen s;

	(void)state;
	open_link(&s, 0);
	assert_int_equal(link_port(s.link, PAGE_SIGHT_FULL, 80, 0, on_view, &s, &view), 0);
	assert_true(wait_for(&s.n_empty, 1));
	assert_int_equal(link_port(s.link, PAGE_SIGHT_FULL, 80, 0, on_view, &s, &view), 0);
	assert_true(link_forget(s.link, on_view, &s));
	assert_false(link_forget(s.link, on_view, &s));
	assert_int_equal(link_port(s.link, PAGE_SIGHT_FULL, 81, 0, on_view, &s, &view), 0);
	close_link(&s);
	assert_int_equal(atomic_load(&s.n_empty), 2);
	assert_int_equal(atomic_load(&s.n_arrived), 0);
}

static void too_many_wait(void **state)
{
	const struct link_view *view = NULL;
	struct seen s;
	unsigned int n = 0;
	int r = 0;

	(void)state;
	open_link(&s, 0);
	while (r == 0 && n < 1000 * LINK_WAITERS_MOST) { /* some may have given up already */
		r = link_port(s.link, PAGE_SIGHT_FULL, (uint16_t)(n % 500), 0, on_view, &s, &view);
		n += r == 0;
	}
	assert_int_equal(r, -EAGAIN);
	assert_true(wait_for(&s.n_empty, n));
	close_link(&s);
	assert_int_equal(atomic_load(&s.n_empty), n);
}

static void watches(void **state)
{
	char payload[64];
	struct seen s;

	(void)state;
	open_link(&s, 0);
	link_watch(s.link, true);
	link_watch(s.link, true);
	link_watch(s.link, false);
	link_watch(s.link, false);
	link_watch(s.link, false);
	assert_int_equal(link_judge(s.link, 80, ATLAS_FACE_NO), 0);
	assert_int_equal(receive(&s, payload).argument, 1);
	assert_int_equal(receive(&s, payload).argument, 0);
	assert_int_equal(receive(&s, payload).argument, 80 * 4 + ATLAS_FACE_NO);
	close_link(&s);
}

static void claims_arrive(void **state)
{
	const struct claim own = {.name = "mine", .protocols = 1, .first = 90, .last = 90,
				  .since = "2026-01-01"};
	const struct claims_head head = {0};
	const struct link_view *view = NULL;
	struct str image = {0};
	struct seen s;

	(void)state;
	open_link(&s, 0);
	assert_int_equal(claims_image_write(&head, &own, 1, NULL, 0, &image), 0);
	send_frame(&s, ATLAS_HERE, 1, world, strlen(world));
	send_frame(&s, ATLAS_CLAIMS, ATLAS_CLAIMS_FILES, "# 0 p:1\nweb 80/tcp\n", 19);
	send_frame(&s, ATLAS_CLAIMS, CLAIM_LEVEL_SYSTEM, image.bytes, image.length);
	for (int i = 0; i < 20000 && (!view || view->from.claims->n < 2); i++) {
		const struct timespec nap = {.tv_nsec = 1000000};

		link_release(view);
		view = NULL;
		if (link_here(s.link, PAGE_SIGHT_FULL, UINT_MAX, NULL, NULL, &view) != 1)
			view = NULL;
		nanosleep(&nap, NULL);
	}
	assert_non_null(view);
	assert_int_equal(view->from.claims->n, 2);
	assert_string_equal(view->from.claims->items[0].source, "p:1");
	assert_string_equal(view->from.claims->items[1].source, "system ledger");
	assert_true(claim_date_is_good(view->from.today));
	assert_true(wait_for(&s.n_changes[LINK_CLAIMS], 1));
	link_release(view);
	str_fini(&image);
	close_link(&s);
}

static void stakes(void **state)
{
	const struct claims_head head = {.outcome = LEDGER_COLLIDES, .message = "taken"};
	struct str image = {0};
	struct atlas_frame f;
	char payload[64];
	struct seen s;
	int r = 0, n = 0;

	(void)state;
	open_link(&s, 0);
	assert_int_equal(claims_image_write(&head, NULL, 0, NULL, 0, &image), 0);
	assert_int_equal(link_stake(s.link, "web 80/tcp\nx 1/tcp", on_staked, &s), -EINVAL);
	assert_int_equal(link_stake(s.link, "web 80/tcp", on_staked, &s), 0);
	f = receive(&s, payload);
	assert_int_equal(f.kind, ATLAS_STAKE);
	assert_int_equal(f.n, 10);
	assert_memory_equal(payload, "web 80/tcp", 10);
	send_frame(&s, ATLAS_STAKED, f.argument + 7, image.bytes, image.length); /* not asked */
	send_frame(&s, ATLAS_STAKED, f.argument, image.bytes, image.length);
	send_frame(&s, ATLAS_FACES, 0, "80 1 2 3\n", 9);
	assert_true(wait_for(&s.n_changes[LINK_FACES], 1));
	assert_int_equal(atomic_load(&s.outcome), LEDGER_COLLIDES);
	assert_string_equal(s.message, "taken");
	for (; r == 0; n++)
		r = link_stake(s.link, "web 80/tcp", on_staked, &s);
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(n - 1, LINK_STAKES_MOST);
	close_link(&s);
	assert_int_equal(atomic_load(&s.outcome), LEDGER_FAILED);
	str_fini(&image);
}

static void faces_arrive(void **state)
{
	uint32_t faces[3];
	struct seen s;

	(void)state;
	open_link(&s, 0);
	send_frame(&s, ATLAS_FACES, 0, "80 1 2 3\n65535 4 5 6\n", 21);
	assert_true(wait_for(&s.n_changes[LINK_FACES], 1));
	link_faces(s.link, 65535, faces);
	assert_int_equal(faces[2], 6);
	link_faces(s.link, 81, faces);
	assert_int_equal(faces[0] + faces[1] + faces[2], 0);
	close_link(&s);
}

/* Whatever breaks the rules ends the link, and tells everybody who waits. */
static void garbage(void **state)
{
	static const struct {
		enum atlas_kind kind;
		uint32_t argument;
		const char *bytes;
	} rows[] = {
		{ATLAS_HELLO, 0, TOKEN}, {ATLAS_WATCH, 1, ""}, {ATLAS_HERE, 1, "x"},
		{ATLAS_HERE, 1, ""}, {ATLAS_PORT, 65536, "berth-world 1\n"},
		{ATLAS_PORT, 80, "berth-world 1\nsocket\n"}, {ATLAS_SAME, 1, "12345678"},
		{ATLAS_CLAIMS, 1, ""}, {ATLAS_CLAIMS, 0, "web 80/tcp\n"},
		{ATLAS_CLAIMS, 16, "no image"}, {ATLAS_STAKED, 1, "no image"},
		{ATLAS_FACES, 0, "80 1 2\n"}, {ATLAS_FACES, 0, "80 1 2 3"},
		{ATLAS_FACES, 0, "65536 1 2 3\n"}, {ATLAS_FACES, 0, "80 1 2 3 4\n"},
		{ATLAS_FACES, 0, "80  1 2 3\n"},
	};
	const struct link_view *view = NULL;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct seen s;

		open_link(&s, 0);
		assert_int_equal(link_port(s.link, PAGE_SIGHT_FULL, 443, 0, on_view, &s, &view), 0);
		send_frame(&s, rows[i].kind, rows[i].argument, rows[i].bytes,
			   strlen(rows[i].bytes));
		assert_true(wait_for(&s.n_changes[LINK_LOST], 1));
		assert_true(link_is_lost(s.link));
		assert_int_equal(atomic_load(&s.n_empty), 1);
		assert_int_equal(link_here(s.link, PAGE_SIGHT_FULL, 0, on_view, &s, &view), -EPIPE);
		assert_int_equal(link_stake(s.link, "a 1/tcp", on_staked, &s), -EPIPE);
		assert_int_equal(link_judge(s.link, 1, ATLAS_FACE_YES), -EPIPE);
		close_link(&s);
	}
}

static void collector_ends(void **state)
{
	struct seen s;

	(void)state;
	open_link(&s, 0);
	assert_int_equal(link_stake(s.link, "web 80/tcp", on_staked, &s), 0);
	shutdown(s.fd, SHUT_RDWR);
	assert_true(wait_for(&s.n_changes[LINK_LOST], 1));
	assert_int_equal(atomic_load(&s.outcome), LEDGER_FAILED);
	close_link(&s);
}

/* --- sights ---------------------------------------------------------------------------------- */

/* What a stranger is shown of `world`, as text. */
static void reduce(bool is_privileged, struct str *text, struct live_snapshot *out,
		   struct arena *arena)
{
	char error[RECORDING_ERROR_SIZE];
	struct recording r;

	assert_int_equal(recording_read(world, strlen(world), "w", arena, &r, error), 0);
	assert_int_equal(sight_reduce(&r.snapshot, is_privileged, false, arena, out), 0);
	assert_int_equal(recording_write(out, (struct recording_options){0}, text), 0);
}

static void stranger_of_privileged(void **state)
{
	struct arena arena = {0};
	struct live_snapshot out;
	struct str text = {0};

	(void)state;
	reduce(true, &text, &out, &arena);
	assert_null(strstr(str_text(&text), "secret"));
	assert_null(strstr(str_text(&text), "\nprocess "));
	assert_null(strstr(str_text(&text), "reuse-port"));
	assert_null(strstr(str_text(&text), "ns=2"));
	assert_null(strstr(str_text(&text), "cgroup"));
	assert_int_equal(out.n_namespaces, 1);
	assert_int_equal(out.n_sockets, 2);
	assert_int_equal(out.n_published + out.n_containers, 0);
	assert_int_equal(out.sockets[0].n_owners, 0);
	assert_int_equal(out.sockets[0].owners_search, LIVE_SEARCH_NONE);
	assert_int_equal(out.sockets[0].queued, 1);
	assert_string_equal(out.sockets[0].user, "alice"); /* sock_diag tells the uid */
	assert_non_null(strstr(str_text(&text), "why=shown"));
	assert_non_null(strstr(str_text(&text), "owners\\sare\\sshown\\sto\\swho\\shas"));
	assert_true(out.rules.has_ephemeral && out.could_look);
	str_fini(&text);
	arena_fini(&arena);
}

static void stranger_of_user(void **state)
{
	struct arena arena = {0};
	struct live_snapshot out;
	struct str text = {0};

	(void)state;
	reduce(false, &text, &out, &arena);
	assert_null(strstr(str_text(&text), "secret-directory"));
	assert_non_null(strstr(str_text(&text), "secret-argument"));
	assert_non_null(strstr(str_text(&text), "secret-proxy"));
	assert_int_equal(out.n_sockets, 3);
	str_fini(&text);
	arena_fini(&arena);
}

static void view_of_stranger(void **state)
{
	const struct link_view *view = NULL;
	struct seen s;

	(void)state;
	open_link(&s, ATLAS_IS_PRIVILEGED);
	send_frame(&s, ATLAS_HERE, 1, world, strlen(world));
	assert_true(wait_for(&s.n_changes[LINK_HERE], 1));
	assert_int_equal(link_here(s.link, PAGE_SIGHT_PUBLIC, UINT_MAX, NULL, NULL, &view), 1);
	assert_int_equal(view->from.live->n_sockets, 2);
	assert_int_equal(view->from.n_wide, 0);
	link_release(view);
	assert_int_equal(link_here(s.link, PAGE_SIGHT_FULL, UINT_MAX, NULL, NULL, &view), 1);
	assert_int_equal(view->from.live->n_sockets, 3);
	link_release(view);
	close_link(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens),	   cmocka_unit_test(does_not_open),
		cmocka_unit_test(here_arrives),	   cmocka_unit_test(port_arrives),
		cmocka_unit_test(nothing_arrives), cmocka_unit_test(too_many_wait),
		cmocka_unit_test(watches),	   cmocka_unit_test(claims_arrive),
		cmocka_unit_test(stakes),	   cmocka_unit_test(faces_arrive),
		cmocka_unit_test(garbage),	   cmocka_unit_test(collector_ends),
		cmocka_unit_test(stranger_of_privileged),
		cmocka_unit_test(stranger_of_user), cmocka_unit_test(view_of_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
