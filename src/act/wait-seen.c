/* What a wait has seen, in words: who listens where it was met, what is there instead where not. */
#include "act/wait-parts.h"

#include "answer/identify.h"
#include "base/lang.h"

#include <errno.h>
#include <string.h>

int wait_snapshot(struct waiting *w, const struct target *t, unsigned int want, bool is_wide,
		  struct arena *arena, struct live_snapshot *out)
{
	struct live_request request = live_request_default();

	request.first_port = request.last_port = t->asked->port;
	request.transports = t->asked->transport == TRANSPORT_TCP
				     ? TRANSPORT_BIT(TRANSPORT_TCP) | TRANSPORT_BIT(TRANSPORT_MPTCP)
				     : TRANSPORT_BIT(TRANSPORT_UDP);
	if (is_wide)
		request.transports |= TRANSPORT_BIT(TRANSPORT_TCP) | TRANSPORT_BIT(TRANSPORT_UDP);
	request.want = want;
	request.scope = is_wide ? LIVE_SCOPE_ALL : LIVE_SCOPE_HERE;
	*out = (struct live_snapshot){0};
	return w->source ? source_look(w->source, &request, arena, out) : 0;
}

/* --- owners ---------------------------------------------------------------------------------- */

static bool is_called(const struct live_process *p, const char *name, struct arena *arena)
{
	const char *const *names = identify_process(p, arena);
	const char *label = identify_label(p, arena);
	const char *word = p->command ? p->command[0] : NULL;
	const char *slash = word ? strrchr(word, '/') : NULL;

	if ((p->program && strcmp(p->program, name) == 0) || (label && strcmp(label, name) == 0))
		return true;
	/* "python3", where the program's file is python3.11 and what it runs is http.server. */
	if (word && strcmp(slash ? slash + 1 : word, name) == 0)
		return true;
	for (; names && *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static const struct live_socket *find_socket(const struct live_snapshot *live, uint64_t cookie)
{
	for (size_t i = 0; cookie && i < live->n_sockets; i++) {
		if (live->sockets[i].cookie == cookie)
			return &live->sockets[i];
	}
	return NULL;
}

/* The listener that the tables showed, bound to `at`. */
static const struct live_socket *find_listener(const struct waiting *w, const struct target *t,
					       const struct live_snapshot *live,
					       const struct address *at, uint64_t cookie)
{
	size_t first, n;

	if (cookie == 0 || !w->look || wait_look_shares_cookies(w->look))
		return find_socket(live, cookie);
	n = live_snapshot_find(live, t->asked->port, &first);
	for (size_t i = first; i < first + n; i++) {
		const struct live_socket *s = &live->sockets[i];

		if (s->state == LIVE_LISTENER && s->ns->is_here &&
		    transport_port_space(s->transport) == t->asked->transport &&
		    address_is_equal(&s->local, at))
			return s;
	}
	return NULL;
}

int wait_owner_is_right(struct waiting *w, const struct target *t, const struct address *at,
			uint64_t cookie, bool *out)
{
	struct arena_mark mark = arena_mark(w->arena);
	struct live_snapshot live;
	const struct live_socket *s;
	bool is_right = false;
	int r = wait_snapshot(w, t, LIVE_WANT_LISTENERS, false, w->arena, &live);

	s = r == 0 ? find_listener(w, t, &live, at, cookie) : NULL;
	for (size_t i = 0; s && i < s->n_owners; i++) {
		const struct live_owner *o = &s->owners[i];

		if (o->process)
			is_right |= is_called(o->process, w->request->by, w->arena);
		else if (o->kernel)
			is_right |= strcmp(o->kernel, w->request->by) == 0;
	}
	arena_reset(w->arena, mark);
	*out = is_right;
	return r;
}

/* --- words ----------------------------------------------------------------------------------- */

/* Sentences under construction. */
struct saying {
	struct waiting *w;
	const struct target *t;
	const struct live_snapshot *live;
	struct str out;
};

static void join(struct saying *s)
{
	if (s->out.length > 0)
		str_append(&s->out, "; ");
}

static const struct live_process *process_of(const struct live_socket *s)
{
	for (size_t i = 0; i < s->n_owners; i++) {
		if (s->owners[i].process)
			return s->owners[i].process;
	}
	return NULL;
}

/* "nginx (pid 812)", "the kernel (nfsd)", "a process that was not seen"; `is_aside`: in brackets
 * itself, "nginx, pid 812". */
static void put_owner_as(struct saying *s, const struct live_socket *socket, bool is_aside)
{
	const struct live_process *p = process_of(socket);
	const char *label = p ? identify_label(p, s->w->arena) : NULL;

	if (p)
		str_printf(&s->out, is_aside ? "%s, pid %u" : "%s (pid %u)",
			   label ? label : _("a process"), p->pid);
	else if (socket->n_owners > 0 && socket->owners[0].kernel)
		str_printf(&s->out, _("the kernel (%s)"), socket->owners[0].kernel);
	else if (socket->inode == 0 && socket->cookie != 0) /* without cookies it says nothing */
		str_append(&s->out, _("nobody"));
	else if (socket->user)
		str_printf(&s->out, _("a process of %s"), socket->user);
	else
		str_append(&s->out, _("a process that was not seen"));
}

static void put_owner(struct saying *s, const struct live_socket *socket)
{
	put_owner_as(s, socket, false);
}

static void put_address(struct saying *s, const struct address *a)
{
	char text[ADDRESS_TEXT_SIZE];
	bool is_v6 = a->family == ADDRESS_IPV6;

	str_printf(&s->out, "%s%s%s", is_v6 ? "[" : "", address_format(a, text), is_v6 ? "]" : "");
}

static void put_target(struct saying *s)
{
	const struct wait_target *asked = s->t->asked;
	const struct wait_request *q = s->w->request;

	str_append(&s->out, asked->text);
	if (!asked->host && q->want_v4 != q->want_v6)
		str_printf(&s->out, " (%s)", q->want_v4 ? "IPv4" : "IPv6");
}

static const char *words_of(int error)
{
	switch (error) {
	case EBADMSG:
		return _("what answers there is not HTTP");
	case ETIMEDOUT:
		return _("no answer in time");
	case ECONNREFUSED:
		return _("connection refused");
	case ECONNRESET:
		return _("the connection was reset without an answer");
	case EHOSTUNREACH:
	case ENETUNREACH:
		return _("no way there");
	default:
		return lang_error(error);
	}
}

/* Whether the listener is at one of the addresses that were waited for. */
static bool is_wanted(const struct saying *s, const struct live_socket *socket)
{
	return socket->ns->is_here &&
	       transport_port_space(socket->transport) == s->t->asked->transport &&
	       wait_is_in_the_way(s->w, s->t, socket);
}

/* --- what was seen instead ------------------------------------------------------------------- */

static void say_spot_error(struct saying *s, const struct spot *spot)
{
	if (spot->status == 0 && spot->error == 0 &&
	    (spot->is_local || spot->attempt.state != ATTEMPT_CONNECTING))
		return;
	join(s);
	put_address(s, &spot->address);
	str_append(&s->out, ": ");
	if (spot->status)
		str_printf(&s->out, _("HTTP answered %d"), spot->status);
	else if (spot->error)
		str_append(&s->out, words_of(spot->error));
	else
		str_append(&s->out, _("no answer"));
}

/* Somebody listens where it was waited for, and yet it was not enough. */
static void say_insufficient(struct saying *s, const struct spot *spot)
{
	const struct live_socket *socket =
		find_listener(s->w, s->t, s->live, &spot->found, spot->cookie);
	const struct wait_request *q = s->w->request;

	join(s);
	if (socket)
		put_owner(s, socket);
	else
		str_append(&s->out, _("a process"));
	str_append(&s->out, _(" listens on "));
	put_address(s, &spot->found);
	/* The order of the questions matters. NOLINTBEGIN(bugprone-branch-clone) */
	if (q->by && !spot->is_owner_right)
		str_printf(&s->out, _(", not %s"), q->by);
	else if (q->goal == WAIT_ANSWERS && spot->status)
		str_printf(&s->out, _("; HTTP answered %d"), spot->status);
	else if (q->goal == WAIT_ANSWERS && spot->error)
		str_printf(&s->out, "; %s", words_of(spot->error));
	else if (spot->was_left_waiting && socket && socket->has_queue)
		str_printf(&s->out, _(" and accepts nothing: %u of at most %u connections wait"),
			   socket->queued, socket->limit);
	else if (spot->was_left_waiting)
		str_append(&s->out, _(" and accepts nothing"));
	else if (spot->error)
		str_printf(&s->out, "; %s", words_of(spot->error));
	/* NOLINTEND(bugprone-branch-clone) */
	else if (q->goal == WAIT_ANSWERS)
		str_append(&s->out, _("; no answer yet"));
}

/* One socket that is not what was waited for. */
static void say_other(struct saying *s, const struct live_socket *socket, size_t *n_only)
{
	bool is_other_transport =
		transport_port_space(socket->transport) != s->t->asked->transport;

	if (socket->state == LIVE_BOUND && is_wanted(s, socket)) {
		join(s);
		put_owner(s, socket);
		str_append(&s->out, _(" has bound it and does not listen"));
		return;
	}
	if (socket->state != LIVE_LISTENER)
		return;
	join(s);
	str_append(&s->out, !is_other_transport			 ? _("a listener ")
			    : socket->transport == TRANSPORT_UDP ? _("a UDP socket ")
								 : _("a TCP listener "));
	if (socket->ns->is_here) {
		str_append(&s->out, _("on "));
		put_address(s, &socket->local);
	} else {
		str_printf(&s->out, _("in %s%s"),
			   socket->ns->container ? _("container ") : _("namespace "),
			   socket->ns->container ? socket->ns->container : socket->ns->name);
	}
	str_append(&s->out, _(" only ("));
	put_owner_as(s, socket, true);
	str_append(&s->out, ")");
	(*n_only)++;
}

enum { MOST_OTHERS = 3 };

static void say_not_listening(struct saying *s)
{
	size_t n_only = 0, first, n;
	bool has_local = false;

	for (size_t i = 0; i < s->t->n_spots; i++) {
		const struct spot *spot = &s->t->spots[i];

		has_local |= spot->is_local;
		if (spot->is_local && spot->is_there) {
			say_insufficient(s, spot);
			return;
		}
	}
	for (size_t i = 0; i < s->t->n_spots; i++) {
		const struct spot *spot = &s->t->spots[i];

		if (!spot->is_local || spot->status ||
		    (spot->error && (spot->error != ECONNREFUSED || !s->live->could_look)))
			say_spot_error(s, spot);
	}
	if (!has_local || !s->live->could_look)
		return;
	join(s);
	str_append(&s->out, _("nothing listens on "));
	put_target(s);
	n = live_snapshot_find(s->live, s->t->asked->port, &first);
	for (size_t i = first; i < first + n && n_only < MOST_OTHERS; i++)
		say_other(s, &s->live->sockets[i], &n_only);
}

static void say_still_listening(struct saying *s)
{
	size_t first, n = live_snapshot_find(s->live, s->t->asked->port, &first);

	for (size_t i = first; i < first + n; i++) {
		const struct live_socket *socket = &s->live->sockets[i];

		if (socket->state != LIVE_LISTENER || !is_wanted(s, socket))
			continue;
		join(s);
		put_owner(s, socket);
		str_append(&s->out, _(" listens on "));
		put_address(s, &socket->local);
	}
	for (size_t i = 0; i < s->t->n_spots; i++) {
		const struct spot *spot = &s->t->spots[i];

		if (spot->is_local || spot->is_gone)
			continue;
		join(s);
		put_address(s, &spot->address);
		str_append(&s->out, spot->is_there ? _(" takes connections")
						   : _(": neither a connection nor a refusal"));
	}
}

/* What holds the port, by kind. */
struct held {
	const struct live_socket *listener, *bound, *connection;
	size_t n_connections, n_time_wait;
	uint32_t expires_ms;
};

static struct held count_holders(struct saying *s)
{
	size_t first, n = live_snapshot_find(s->live, s->t->asked->port, &first);
	struct held held = {0};

	for (size_t i = first; i < first + n; i++) {
		const struct live_socket *socket = &s->live->sockets[i];

		if (!is_wanted(s, socket))
			continue;
		switch (socket->state) {
		case LIVE_LISTENER:
			held.listener = held.listener ? held.listener : socket;
			break;
		case LIVE_BOUND:
			held.bound = held.bound ? held.bound : socket;
			break;
		case LIVE_CONNECTION:
			if (!held.connection || held.connection->n_owners == 0)
				held.connection = socket;
			held.n_connections++;
			break;
		case LIVE_TIME_WAIT:
			held.n_time_wait++;
			held.expires_ms = MAX_OF(held.expires_ms, socket->expires_ms);
			break;
		}
	}
	return held;
}

static void say_held(struct saying *s)
{
	struct held held = count_holders(s);

	if (held.listener) {
		put_owner(s, held.listener);
		str_append(&s->out, _(" listens on "));
		put_address(s, &held.listener->local);
	}
	if (held.bound) {
		join(s);
		put_owner(s, held.bound);
		str_append(&s->out, _(" has bound it and does not listen"));
	}
	if (held.connection) {
		join(s);
		str_printf(&s->out,
			   lang_plural("held by %zu connection of ", "held by %zu connections of ",
				       held.n_connections),
			   held.n_connections);
		put_owner(s, held.connection);
	}
	if (held.n_time_wait > 0) {
		join(s);
		str_append(&s->out, _("held by TIME_WAIT"));
		str_append(&s->out, held.n_time_wait > 1 ? _(" (several)") : "");
		if (held.expires_ms > 0)
			str_printf(&s->out, _(", %u s left"), (held.expires_ms + 999) / 1000);
	}
	if (s->out.length == 0)
		str_append(&s->out, s->live->could_look ? _("nothing holds it any more")
							: _("what holds it could not be seen"));
}

/* --- the record ------------------------------------------------------------------------------ */

static void say_unmet(struct saying *s)
{
	const struct target *t = s->t;

	if (t->n_spots == 0) {
		str_printf(&s->out, "%s: %s", t->asked->host,
			   t->resolve_error ? t->resolve_error : _("its name is still looked up"));
		return;
	}
	switch (s->w->request->goal) {
	case WAIT_LISTENS:
	case WAIT_ACCEPTS:
	case WAIT_ANSWERS:
		say_not_listening(s);
		break;
	case WAIT_UNLISTENED:
		say_still_listening(s);
		break;
	case WAIT_FREE:
		say_held(s);
		break;
	}
}

/* Something takes connections there for somebody else, and may do so before that one is ready. */
static void say_proxy(struct saying *s, struct answer_wait_target *out)
{
	const struct live_published *p = NULL;
	const struct live_socket *behind;
	const struct live_container *container;

	for (size_t i = 0; i < s->live->n_published && s->t->met_cookie; i++) {
		if (s->live->published[i].via == s->t->met_cookie)
			p = &s->live->published[i];
	}
	if (!p)
		return;
	out->proxy = p->by;
	behind = live_snapshot_behind(s->live, p);
	container = live_snapshot_container(s->live, p->container);
	str_printf(&s->out, _("%s takes connections for "), p->by);
	if (p->container)
		str_printf(&s->out, _("container %.60s"),
			   container && container->name ? container->name : p->container);
	else if (p->has_to)
		put_address(s, &p->to);
	else
		str_append(&s->out, p->to_name ? p->to_name : _("somebody else"));
	if (behind) {
		str_append(&s->out, _(", whose listener is there"));
		return;
	}
	if (s->w->request->goal != WAIT_ANSWERS)
		str_append(
			&s->out,
			_(", perhaps before that is ready: --http PATH asks the service itself"));
}

static void fill_owner(struct saying *s, struct answer_wait_target *out)
{
	const struct live_socket *socket =
		find_listener(s->w, s->t, s->live, &s->t->met_at, s->t->met_cookie);
	const struct live_process *p = socket ? process_of(socket) : NULL;

	if (!p)
		return;
	out->pid = p->pid;
	out->program = identify_label(p, s->w->arena);
}

static const char *format_met(const struct target *t, struct arena *arena)
{
	char text[ADDRESS_TEXT_SIZE];

	return t->has_met_at ? arena_strdup(arena, address_format(&t->met_at, text)) : NULL;
}

static answer_number last_status(const struct target *t)
{
	for (size_t i = 0; i < t->n_spots; i++) {
		if (t->spots[i].status)
			return t->spots[i].status;
	}
	return ANSWER_NULL;
}

/* What is said of a port that was met: only where it was asked for, since looking takes time. */
static bool is_look_wanted(const struct waiting *w, const struct target *t)
{
	if (!t->is_met)
		return !w->is_over;
	if (!t->met_cookie)
		return false;
	/* Finding owners may take a scan of all processes: a proxy is looked for where one runs. */
	return w->request->by || w->request->want_owner ||
	       (w->request->goal == WAIT_ACCEPTS && wait_look_may_have_proxy());
}

int wait_fill_target(struct waiting *w, const struct target *t, struct answer_wait_target *out)
{
	struct live_snapshot live = {0};
	struct saying s = {.w = w, .t = t, .live = &live};
	int r = 0;

	*out = (struct answer_wait_target){
		.target = t->asked->text,
		.host = t->asked->host,
		.port = t->asked->port,
		.protocol = transport_name(t->asked->transport),
		.met = t->is_met,
		.elapsed_ms = t->is_met ? t->met_ms : ANSWER_NULL,
		.address = format_met(t, w->arena),
		.http_status = last_status(t),
		.was_so = t->is_met && !t->was_held &&
			  (w->request->goal == WAIT_UNLISTENED || w->request->goal == WAIT_FREE),
		.pid = ANSWER_NULL,
	};
	if (is_look_wanted(w, t))
		r = wait_snapshot(w, t, LIVE_WANT_LISTENERS | (t->is_met ? 0 : LIVE_WANT_HOLDERS),
				  true, w->arena, &live);
	if (r < 0)
		return r;
	str_init(&s.out);
	if (!t->is_met && !w->is_over) {
		say_unmet(&s);
	} else if (t->is_met && t->is_published) {
		out->proxy = t->published_by;
		str_printf(
			&s.out,
			_("%s leads it elsewhere: whether the service there is ready is not known"),
			t->published_by ? t->published_by : _("a rule"));
	} else if (t->is_met) {
		fill_owner(&s, out);
		say_proxy(&s, out);
	}
	if (s.out.length > 0)
		out->seen = arena_strdup(w->arena, str_text(&s.out));
	r = s.out.has_failed || arena_failed(w->arena) ? -ENOMEM : 0;
	str_fini(&s.out);
	return r;
}
