/* berth serve: the atlas, in two processes. This one looks; the helper berth-atlas speaks HTTP. */
#include "act/collector.h"
#include "act/doors.h"
#include "act/helper.h"
#include "answer/suggest.h"
#include "base/fd.h"
#include "base/lang.h"
#include "base/places.h"
#include "cli/interrupt.h"
#include "cli/own-claims.h"
#include "cli/serve-claims.h"
#include "cli/system.h"
#include "cli/taken.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Nothing speaks against this port: tests/web/serve.py asks berth suggest. */
enum { USUAL_PORT = 13476, MOST_TRIES = 64 };

enum { FRONT_PATIENCE_MS = 3000 };

/* One run. */
struct session {
	struct cli *c;
	struct doors doors;
	struct serve_claims claims;
	char token[COLLECTOR_TOKEN_SIZE];
	char faces[PLACES_PATH_SIZE];
	struct helper_running front;
	int pipe_fd;
};

/* --- where it listens ------------------------------------------------------------------------ */

static const struct address loopback[] = {
	{.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}},
	{.family = ADDRESS_IPV6, .bytes = {[15] = 1}},
};

static bool is_family_missing(int error)
{
	return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

/* Both loopback addresses, or the one that this host has. */
static int open_loopback(struct session *s, uint16_t port)
{
	int r = -EADDRNOTAVAIL;

	for (size_t i = 0; i < N_ELEMENTS(loopback); i++) {
		int one = doors_open_tcp(&s->doors, &loopback[i], port);

		if (one < 0 && !is_family_missing(one)) {
			doors_close(&s->doors);
			return one;
		}
		if (one == 0)
			r = 0;
	}
	return r;
}

/* What berth suggest knows of ports, for the one that is next. */
static int open_next(struct session *s)
{
	struct cli *c = s->c;
	struct live_request request = live_request_default();
	struct answer_sources from = {0};
	struct live_snapshot live;
	const struct suggest_wish wish = {.want_tcp = true,
					  .first = USUAL_PORT,
					  .last = SUGGEST_LAST,
					  .block = 1,
					  .count = 1,
					  .for_browser = true};
	struct suggest_world world = {.registry = &c->registry, .live = &live};
	int r = own_claims_gather(c, 0, UINT16_MAX, &c->arena, &from), n_tries = 0;

	request.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS;
	request.scope = LIVE_SCOPE_HERE;
	if (r == 0)
		r = cli_look(c, &request, &c->arena, &live);
	if (r != 0)
		return r;
	world.claims = from.claims;
	world.today = from.today;
	for (uint16_t port = USUAL_PORT + 1; port <= SUGGEST_LAST && n_tries < MOST_TRIES; port++) {
		if (suggest_cost_of(&world, &wish, port, port, NULL) != 0)
			continue;
		n_tries++;
		if (open_loopback(s, port) == 0)
			return 0;
	}
	return cli_fail(EXIT_SYSTEM, "no port for the atlas was found; --listen names one");
}

static int open_usual(struct session *s)
{
	struct cli *c = s->c;
	const char *holder;
	int r = open_loopback(s, USUAL_PORT);

	if (r == 0)
		return 0;
	if (r != -EADDRINUSE)
		return cli_fail(EXIT_SYSTEM, "cannot listen on loopback: %s", strerror(-r));
	if (c->options->replay) /* it knows nothing of this machine's ports */
		return cli_fail(EXIT_SYSTEM, "port %d is taken; --listen names another",
				USUAL_PORT);
	holder = taken_by(c, TRANSPORT_TCP, USUAL_PORT);
	r = open_next(s);
	if (r == 0)
		cli_warn("port %d, where the atlas usually is, is taken%s%s; this one is at port "
			 "%u", USUAL_PORT, holder ? _(" by ") : "", holder ? holder : "",
			 s->doors.items[0].port);
	return r;
}

/* "127.0.0.1:8080", "[::1]:8080", ":8080" and "8080" for loopback. */
static bool parse_place(const char *text, struct address *address, bool *has_address,
			uint16_t *port)
{
	char host[ADDRESS_TEXT_SIZE + 2];
	const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
	size_t n = colon ? (size_t)(colon - text) : 0;
	uint64_t number;

	if (str_parse_u64(digits, strlen(digits), UINT16_MAX, &number) < 0 || n >= sizeof(host))
		return false;
	*port = (uint16_t)number;
	*has_address = n > 0;
	if (n == 0)
		return true;
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		return address_parse(host + 1, address) == 0 && address->family == ADDRESS_IPV6;
	}
	return address_parse(host, address) == 0 && address->family == ADDRESS_IPV4;
}

static int fail_to_listen(struct session *s, int error, const char *place, uint16_t port)
{
	const char *holder;

	if (error == -EADDRINUSE && port != 0 && !s->c->options->replay) {
		holder = taken_by(s->c, TRANSPORT_TCP, port);
		return cli_fail(EXIT_SYSTEM, "%s is taken%s%s: berth why %u/tcp tells more", place,
				holder ? _(" by ") : "", holder ? holder : "", port);
	}
	if (error == -EADDRINUSE)
		return cli_fail(EXIT_SYSTEM, "somebody answers at %s already", place);
	if (error == -EACCES && port != 0)
		return cli_fail(EXIT_SYSTEM, "%s %s: berth why %u/tcp tells more", place,
				system_bind_denied, port);
	if (error == -EADDRNOTAVAIL)
		return cli_fail(EXIT_SYSTEM, "%s: this host has no such address", place);
	if (error == -ENOTSOCK)
		return cli_fail(EXIT_USAGE, "%s is there, and is no socket", place);
	if (error == -ENAMETOOLONG)
		return cli_fail(EXIT_USAGE, "\"%.200s\" is too long for a unix socket: at most %d "
					    "bytes", place, DOORS_PATH_SIZE - 1);
	return cli_fail(EXIT_SYSTEM, "cannot listen at %s: %s", place, strerror(-error));
}

static int take_given(struct session *s)
{
	switch (doors_take_given(&s->doors)) {
	case 0:
		return 0;
	case -ENOENT:
		return cli_fail(EXIT_USAGE, "no sockets were passed to this process (LISTEN_FDS, "
					    "LISTEN_PID)");
	case -ENOTSOCK:
		return cli_fail(EXIT_USAGE, "what was passed (LISTEN_FDS) is not a stream socket "
					    "that listens");
	default:
		return cli_fail(EXIT_USAGE, "at most %d sockets can be passed", DOORS_MOST);
	}
}

static int open_place(struct session *s, const char *place)
{
	struct address address = loopback[0];
	bool has_address = false;
	uint16_t port = 0;
	int r;

	if (strcmp(place, "fd") == 0)
		return take_given(s);
	if (str_starts_with(place, "unix:")) {
		r = doors_open_unix(&s->doors, place + strlen("unix:"));
	} else {
		if (!parse_place(place, &address, &has_address, &port))
			return cli_fail(EXIT_USAGE, "--listen takes ADDRESS:PORT, unix:PATH or fd, "
						    "not \"%.80s\"", place);
		r = has_address ? doors_open_tcp(&s->doors, &address, port)
				: open_loopback(s, port);
		if (r == 0 && has_address && !address_is_loopback(&address))
			cli_warn("%s can be reached from other machines: they see what strangers "
				 "here see, unencrypted", place);
	}
	return r < 0 ? fail_to_listen(s, r, place, port) : 0;
}

static int open_doors(struct session *s)
{
	const struct options *o = s->c->options;
	int r = 0;

	if (o->n_listen == 0)
		return open_usual(s);
	for (size_t i = 0; r == 0 && i < o->n_listen; i++)
		r = open_place(s, o->listen[i]);
	return r;
}

/* --- the front ------------------------------------------------------------------------------- */

/* "4,5,6": the listening sockets as the front has them. */
static void format_fds(const struct doors *d, char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, "%s%d", i ? "," : "",
				      HELPER_FIRST_FD + 1 + (int)i);
}

static int start_front(struct session *s, int front_fd)
{
	const struct options *o = s->c->options;
	const char *arguments[HELPER_ARGUMENTS_MOST + 1] = {"serve", "--pipe", "3", "--listen"};
	const char *registry = cli_registry_path(s->c);
	int fds[DOORS_MOST + 1] = {front_fd};
	char listeners[64] = "";
	size_t n = 4;

	format_fds(&s->doors, listeners, sizeof(listeners));
	arguments[n++] = listeners;
	for (size_t i = 0; i < o->n_hosts; i++) {
		arguments[n++] = "--host";
		arguments[n++] = o->hosts[i];
	}
	for (size_t i = 0; i < o->n_limits; i++) {
		arguments[n++] = o->limits[i].option;
		arguments[n++] = o->limits[i].number;
	}
	if (registry) {
		arguments[n++] = "--registry";
		arguments[n++] = registry;
	}
	if (o->is_verbose)
		arguments[n++] = "-v";
	for (size_t i = 0; i < s->doors.n; i++)
		fds[i + 1] = s->doors.items[i].fd;
	return helper_start("berth-atlas", arguments, fds, s->doors.n + 1, &s->front);
}

static int open_pipe(struct session *s, int *front_fd)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	s->pipe_fd = ends[0];
	*front_fd = ends[1];
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int start(struct session *s)
{
	int front_fd = -1, r = open_pipe(s, &front_fd);

	if (r == 0)
		r = collector_draw_token(s->token);
	if (r == 0)
		r = start_front(s, front_fd);
	fd_close(front_fd);
	if (r == -ENOENT)
		return cli_fail(EXIT_SYSTEM, "the helper berth-atlas, which serves the pages, is "
					     "not installed");
	return r < 0 ? cli_fail(EXIT_SYSTEM, "cannot start the helper berth-atlas: %s",
				strerror(-r))
		     : 0;
}

/* --- what is said ---------------------------------------------------------------------------- */

static const struct door *find_door(const struct doors *d, enum door_kind kind)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->items[i].kind == kind)
			return &d->items[i];
	}
	return NULL;
}

/* One line, made to be clicked at, or pasted. */
static int say_where(struct session *s)
{
	struct cli *c = s->c;
	const struct door *tcp = find_door(&s->doors, DOOR_TCP);
	const struct door *local = find_door(&s->doors, DOOR_UNIX);
	char address[ADDRESS_TEXT_SIZE];

	if (c->options->is_quiet)
		return 0;
	if (tcp) {
		struct address shown = tcp->address;
		bool is_v6 = shown.family == ADDRESS_IPV6;

		if (address_is_wildcard(&shown)) /* a wildcard is no place to go to */
			shown = loopback[is_v6];
		address_format(&shown, address);
		str_printf(&c->out, "http://%s%s%s:%u/?token=%s\n", is_v6 ? "[" : "", address,
			   is_v6 ? "]" : "", tcp->port, s->token);
	} else if (local) {
		str_append(&c->out, "unix:");
		str_append_escaped(&c->out, local->path, false);
		str_printf(&c->out, " http://localhost/?token=%s\n", s->token);
	} else {
		str_printf(&c->out, "/?token=%s\n", s->token);
	}
	return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int collect(struct session *s, int stop_fd)
{
	struct cli *c = s->c;
	struct collector_options options = {
		.pipe_fd = s->pipe_fd,
		.stop_fd = stop_fd,
		.source = c->source,
		.request = cli_request(c),
		.is_replay = c->options->replay != NULL,
		.faces_path = places_own("atlas-faces", s->faces) == 0 ? s->faces : NULL,
		.host = serve_claims_host(&s->claims),
	};
	bool is_stopped, is_alive;
	int r, status;

	/* What is told through the pipe is English: the pages find its words in their readers'
	 * languages. */
	lang_end();
	r = collector_run(&options, s->token);
	lang_begin();
	is_stopped = r == 0;
	is_alive = r != -EPIPE;
	doors_notify("STOPPING=1");
	s->pipe_fd = fd_close(s->pipe_fd);
	status = helper_finish(&s->front, is_alive, FRONT_PATIENCE_MS);
	if (is_stopped)
		return 0;
	if (r == -EPIPE)
		return cli_fail(EXIT_SYSTEM, "the helper berth-atlas ended (%s %d)",
				status > 128 ? _("signal") : _("status"),
				status > 128 ? status - 128 : status);
	if (r == -EPROTO)
		return cli_fail(EXIT_SYSTEM, "the helper berth-atlas broke the rules and was "
					     "ended");
	return cli_fail(EXIT_SYSTEM, "the atlas failed: %s", strerror(-r));
}

static int serve(struct session *s)
{
	int stop_fd = interrupt_catch(), r;

	if (stop_fd < 0)
		return cli_fail(EXIT_SYSTEM, "cannot catch signals: %s", strerror(-stop_fd));
	r = start(s);
	if (r != 0)
		return r;
	r = say_where(s);
	if (r == 0)
		doors_notify("READY=1\nSTATUS=the atlas is served");
	if (r == 0)
		return collect(s, stop_fd);
	helper_finish(&s->front, true, FRONT_PATIENCE_MS);
	return r;
}

int verb_serve(struct cli *c)
{
	struct session s = {.c = c, .pipe_fd = -1};
	int r = cli_take_no_words(c);

	if (r == 0)
		r = cli_open_registry(c);
	if (r == 0)
		r = cli_open_source(c);
	if (r != 0)
		return r;
	serve_claims_init(&s.claims, c->options);
	r = open_doors(&s);
	if (r == 0)
		r = serve(&s);
	fd_close(s.pipe_fd);
	doors_close(&s.doors);
	serve_claims_fini(&s.claims);
	interrupt_release(); /* and this is the end, if it was one of those signals */
	return r;
}
