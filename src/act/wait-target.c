/* One target of a wait: where it is looked for, and what comes of it. */
#include "act/wait-parts.h"

#include "base/lang.h"

#include <errno.h>
#include <string.h>

enum {
	FIRST_PAUSE_LOCAL_MS = 20,
	MOST_PAUSE_LOCAL_MS = 500,
	FIRST_PAUSE_REMOTE_MS = 50,
	MOST_PAUSE_REMOTE_MS = 1000,
	STAGGER_MS = 250,         /* between the first tries of a name's addresses */
	ATTEMPT_MS = 5000,        /* for a connection, and for a request with its answer */
	LEAST_DUMP_PAUSE_MS = 250, /* listeners that no point look-up finds */
	MOST_DUMP_PAUSE_MS = 500,
	LOOK_EVERY_MS = 5000,     /* rules that publish the port */
	FIRST_LOOK_MS = 150,
	NO_TABLES_EVERY_MS = 100, /* the whole source instead of the tables */
	BLIND_TRY_MS = 1000,      /* a try where no listener is seen: rules may lead it elsewhere */
	RESOLVE_AGAIN_MS = 1000,
	OTHERS_AT_ONCE = 2,       /* addresses beyond loopback in one look */
	SETTLE_MS = 200,          /* a server's end that is not seen by then is elsewhere */
	FIRST_OWNER_MS = 10,
	MOST_OWNER_MS = 500,
};

void wait_wake_at(struct waiting *w, int64_t ms)
{
	if (ms < w->wake_ms)
		w->wake_ms = ms;
}

bool wait_wants(const struct waiting *w, const struct address *a)
{
	return a->family == ADDRESS_IPV4 ? w->request->want_v4 : w->request->want_v6;
}

void wait_meet(struct waiting *w, struct target *t, const struct address *at, uint64_t cookie)
{
	t->is_met = true;
	t->met_ms = attempt_now_ms() - w->start_ms;
	t->has_met_at = at != NULL;
	if (at)
		t->met_at = *at;
	t->met_cookie = cookie;
}

/* --- spots ----------------------------------------------------------------------------------- */

static bool is_own(const struct waiting *w, const struct address *a)
{
	if (address_is_loopback(a) || address_is_wildcard(a))
		return true;
	for (size_t i = 0; i < w->own.n; i++) {
		if (w->own.items[i].family == a->family &&
		    memcmp(w->own.items[i].bytes, a->bytes, sizeof(a->bytes)) == 0)
			return true;
	}
	return false;
}

static struct spot *add_spot(struct waiting *w, struct target *t, const struct address *a)
{
	struct spot *s;

	if (t->n_spots == MOST_SPOTS || !wait_wants(w, a))
		return NULL;
	for (size_t i = 0; i < t->n_spots; i++) {
		if (address_is_equal(&t->spots[i].address, a))
			return NULL;
	}
	s = &t->spots[t->n_spots++];
	*s = (struct spot){.address = *a, .is_local = is_own(w, a), .attempt = {.fd = -1}};
	s->pause_ms = s->is_local ? FIRST_PAUSE_LOCAL_MS : FIRST_PAUSE_REMOTE_MS;
	if (!s->is_local || !w->look)
		s->next_try_ms = w->now_ms + STAGGER_MS * (int64_t)(t->n_spots - 1);
	else
		s->next_try_ms = w->now_ms + BLIND_TRY_MS;
	return s;
}

static void add_any_address(struct waiting *w, struct target *t)
{
	const struct address v4 = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
	const struct address v6 = {.family = ADDRESS_IPV6, .bytes = {[15] = 1}};

	t->is_any_address = true;
	add_spot(w, t, &v4);
	add_spot(w, t, &v6);
	/* Link-local ones belong to a device: the dump finds those. */
	for (size_t i = 0; i < w->own.n; i++) {
		if (!address_is_loopback(&w->own.items[i]) &&
		    !address_is_link_local(&w->own.items[i]))
			add_spot(w, t, &w->own.items[i]);
	}
}

/* Goals that only this host's tables can tell. */
static bool needs_tables(const struct waiting *w)
{
	return w->request->goal == WAIT_FREE || w->request->by;
}

static int settle_spots(struct waiting *w, struct target *t)
{
	for (size_t i = 0; i < t->n_spots; i++) {
		bool is_udp = t->asked->transport != TRANSPORT_TCP;

		if (!t->spots[i].is_local && (needs_tables(w) || is_udp))
			return -EHOSTUNREACH;
	}
	return 0;
}

int wait_target_open(struct waiting *w, struct target *t)
{
	struct address a;

	t->next_look_ms = w->look ? w->now_ms + FIRST_LOOK_MS : 0;
	if (!t->asked->host) {
		add_any_address(w, t);
		return 0;
	}
	if (address_parse(t->asked->host, &a) == 0) {
		a = address_unmapped(&a);
		add_spot(w, t, &a);
		return t->n_spots == 0 ? -EAFNOSUPPORT : settle_spots(w, t);
	}
	return resolve_begin(t->asked->host, &t->resolve);
}

void wait_target_close(struct target *t)
{
	for (size_t i = 0; i < t->n_spots; i++)
		attempt_end(&t->spots[i].attempt);
	t->resolve = resolve_end(t->resolve);
}

static int step_resolve(struct waiting *w, struct target *t)
{
	struct address found[RESOLVE_MOST];
	const char *error = NULL;
	size_t n = 0;

	if (!t->resolve) {
		if (w->now_ms < t->next_resolve_ms) {
			wait_wake_at(w, t->next_resolve_ms);
			return 0;
		}
		return resolve_begin(t->asked->host, &t->resolve);
	}
	if (!resolve_take(t->resolve, found, &n, &error))
		return 0;
	if (!t->resolve_error || strcmp(t->resolve_error, error) != 0)
		t->resolve_error = arena_strdup(w->arena, error);
	t->resolve = resolve_end(t->resolve);
	for (size_t i = 0; i < n; i++)
		add_spot(w, t, &found[i]);
	t->next_resolve_ms = w->now_ms + RESOLVE_AGAIN_MS;
	if (n > 0 && t->n_spots == 0)
		t->resolve_error = _("no address of that family");
	wait_wake_at(w, w->now_ms);
	return settle_spots(w, t);
}

/* --- looking --------------------------------------------------------------------------------- */

static void take_point(struct spot *s, const struct wait_point *p)
{
	s->is_there = p->is_there;
	s->found = p->found;
	s->queued = p->queued;
	s->limit = p->limit;
	if (p->is_there && p->cookie != s->cookie) {
		/* Somebody new: what the one before did counts no more. */
		s->pause_ms = FIRST_PAUSE_LOCAL_MS;
		s->next_try_ms = 0;
		s->was_left_waiting = false;
	}
	s->cookie = p->is_there ? p->cookie : 0;
}

/* Loopback every time, a few of the other addresses in turn. */
static size_t choose_spots(struct target *t, struct spot *chosen[MOST_SPOTS])
{
	size_t n = 0, n_others = 0, first = t->is_any_address ? MIN_OF(t->n_spots, 2) : t->n_spots;

	for (size_t i = 0; i < first; i++) {
		if (t->spots[i].is_local && t->spots[i].attempt.state == ATTEMPT_NONE)
			chosen[n++] = &t->spots[i];
	}
	for (size_t i = first; i < t->n_spots && n_others < OTHERS_AT_ONCE; i++, n_others++) {
		struct spot *s = &t->spots[first + t->next_other++ % (t->n_spots - first)];

		if (s->is_local && s->attempt.state == ATTEMPT_NONE)
			chosen[n++] = s;
	}
	return n;
}

static int look_at_points(struct waiting *w, struct target *t)
{
	struct wait_point points[MOST_SPOTS];
	struct spot *chosen[MOST_SPOTS];
	size_t n = choose_spots(t, chosen);
	int r;

	for (size_t i = 0; i < n; i++)
		points[i] = (struct wait_point){.transport = t->asked->transport,
						.local = chosen[i]->address,
						.port = t->asked->port};
	r = wait_look_points(w->look, points, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		take_point(chosen[i], &points[i]);
	return r;
}

/* A listener of the dump that no point look-up has found: on an odd address, or a device. */
static void take_row(struct waiting *w, struct target *t, const struct live_socket *row)
{
	struct spot *s;

	if (row->state != LIVE_LISTENER || !(wait_wants(w, &row->local) ||
					     (row->is_dual_stack && w->request->want_v4)))
		return;
	for (size_t i = 0; i < t->n_spots; i++) {
		if (t->spots[i].is_there && t->spots[i].cookie == row->cookie)
			return;
	}
	s = add_spot(w, t, &row->local);
	for (size_t i = 0; !s && i < t->n_spots; i++) {
		if (address_is_equal(&t->spots[i].address, &row->local))
			s = &t->spots[i];
	}
	if (s && s->attempt.state == ATTEMPT_NONE)
		take_point(s, &(struct wait_point){.is_there = true,
						   .found = row->local,
						   .cookie = row->cookie,
						   .queued = row->queued,
						   .limit = row->limit});
}

/* Often at first, and then less so: it is the most that a look can cost. */
static void plan_dump(struct waiting *w, struct target *t)
{
	int64_t pause_ms = (w->now_ms - w->start_ms) / 10;

	t->next_dump_ms = w->now_ms + MIN_OF(MAX_OF(pause_ms, (int64_t)LEAST_DUMP_PAUSE_MS),
					     (int64_t)MOST_DUMP_PAUSE_MS);
	wait_wake_at(w, t->next_dump_ms);
}

static int look_at_listeners(struct waiting *w, struct target *t)
{
	struct arena_mark mark = arena_mark(w->arena);
	struct wait_rows rows = {0};
	int r;

	if (!t->is_any_address || !wait_can_dump(w, t->next_dump_ms))
		return 0;
	plan_dump(w, t);
	r = wait_dump(w, t, false, &rows);
	for (size_t i = 0; r == 0 && i < rows.n; i++)
		take_row(w, t, &rows.items[i]);
	arena_reset(w->arena, mark);
	return r;
}

static bool is_by_rules(const struct waiting *w, const struct target *t,
			const struct live_published *p)
{
	if (p->via != 0 || p->transport != t->asked->transport ||
	    t->asked->port < p->ports.first || t->asked->port > p->ports.last)
		return false;
	if (!p->has_address)
		return true;
	for (size_t i = 0; i < t->n_spots; i++) {
		if (address_is_equal(&t->spots[i].address, &p->address))
			return true;
	}
	return t->is_any_address && wait_wants(w, &p->address);
}

/* What point look-ups cannot see: rules that lead the port elsewhere; everything, where there are
 * no tables to look into. */
static int look_around(struct waiting *w, struct target *t)
{
	struct arena_mark mark = arena_mark(w->arena);
	struct live_snapshot live;
	int r;

	if (w->now_ms < t->next_look_ms) {
		wait_wake_at(w, t->next_look_ms);
		return 0;
	}
	t->next_look_ms = w->now_ms + (w->look ? LOOK_EVERY_MS : NO_TABLES_EVERY_MS);
	wait_wake_at(w, t->next_look_ms);
	for (size_t i = 0; !w->look && i < t->n_spots; i++)
		t->spots[i].is_there &= !t->spots[i].is_local;
	r = wait_snapshot(w, t, LIVE_WANT_LISTENERS, false, w->arena, &live);
	if (r == 0 && !w->look && !live.could_look)
		r = -ENOTSUP;
	for (size_t i = 0; r == 0 && !w->look && i < live.n_sockets; i++) {
		if (live.sockets[i].ns->is_here && live.sockets[i].local_port == t->asked->port)
			take_row(w, t, &live.sockets[i]);
	}
	for (size_t i = 0; r == 0 && !t->is_met && i < live.n_published; i++) {
		const char *by = live.published[i].by;

		if (w->request->goal != WAIT_LISTENS || w->request->by ||
		    !is_by_rules(w, t, &live.published[i]))
			continue;
		wait_meet(w, t, live.published[i].has_address ? &live.published[i].address : NULL,
			  0);
		arena_reset(w->arena, mark);
		t->is_published = true;
		t->published_by = arena_strdup(w->arena, by);
		return 0;
	}
	arena_reset(w->arena, mark);
	return r;
}

/* --- one spot -------------------------------------------------------------------------------- */

static void pause_spot(struct waiting *w, struct spot *s)
{
	int64_t most = s->is_local ? MOST_PAUSE_LOCAL_MS : MOST_PAUSE_REMOTE_MS;

	attempt_end(&s->attempt);
	s->connected_ms = 0;
	s->next_try_ms = w->now_ms + s->pause_ms;
	s->pause_ms = MIN_OF(s->pause_ms * 8 / 5, most);
}

static void begin_attempt(struct waiting *w, struct target *t, struct spot *s)
{
	char text[ADDRESS_TEXT_SIZE];
	const char *host = t->asked->host;

	if (!host)
		host = address_is_loopback(&s->address) || address_is_wildcard(&s->address)
			       ? "localhost"
			       : address_format(&s->address, text);
	attempt_begin(&s->attempt, &s->address, t->asked->port, host,
		      w->request->goal == WAIT_ANSWERS ? w->request->path : NULL,
		      w->now_ms + ATTEMPT_MS);
}

/* A connection stands. Whether a process has accepted it can be seen only here. */
static int judge_connected(struct waiting *w, struct target *t, struct spot *s)
{
	bool tells_accepted = s->is_local && w->look && !s->attempt.has_ended &&
			      !wait_look_unseen(w->look, WAIT_UNSEEN_ACCEPTED);
	enum wait_server_end end = WAIT_END_NONE;
	int r = 0;

	if (w->request->goal == WAIT_UNLISTENED) {
		s->is_gone = false;
		s->is_there = true;
		pause_spot(w, s);
		s->pause_ms = MIN_OF(s->pause_ms, 200);
		return 0;
	}
	if (!s->connected_ms)
		s->connected_ms = w->now_ms;
	if (tells_accepted)
		r = wait_look_server_end(w->look, &s->attempt.to, t->asked->port, &s->attempt.from,
					 s->attempt.from_port, &end);
	if (r < 0)
		return r;
	if (end == WAIT_END_WAITS)
		s->was_left_waiting = true;
	if (end == WAIT_END_WAITS ||
	    (end == WAIT_END_NONE && tells_accepted &&
	     w->now_ms < s->connected_ms + SETTLE_MS)) {
		w->is_tick_due = true;
		return 0;
	}
	wait_meet(w, t, s->is_there ? &s->found : &s->address, s->cookie);
	return 0;
}

static void judge_answer(struct waiting *w, struct target *t, struct spot *s)
{
	int wanted = w->request->status;

	s->status = s->attempt.status;
	s->error = 0;
	if (wanted ? s->status == wanted : s->status >= 200 && s->status <= 299)
		wait_meet(w, t, s->is_there ? &s->found : &s->address, s->cookie);
	else
		pause_spot(w, s);
}

static void judge_failure(struct waiting *w, struct spot *s)
{
	int error = s->attempt.error;

	s->error = error;
	pause_spot(w, s);
	if (error != ECONNREFUSED)
		return;
	if (w->request->goal == WAIT_UNLISTENED) {
		s->is_gone = true;
		s->is_there = false;
	} else if (s->is_local && w->look && !s->is_there) {
		s->next_try_ms = w->now_ms + BLIND_TRY_MS;
	}
}

static int step_attempt(struct waiting *w, struct target *t, struct spot *s)
{
	switch (s->attempt.state) {
	case ATTEMPT_NONE:
		if (w->now_ms >= s->next_try_ms)
			begin_attempt(w, t, s);
		break;
	case ATTEMPT_CONNECTED:
		return judge_connected(w, t, s);
	case ATTEMPT_ANSWERED:
		judge_answer(w, t, s);
		break;
	case ATTEMPT_FAILED:
		judge_failure(w, s);
		break;
	case ATTEMPT_CONNECTING:
	case ATTEMPT_ASKING:
		break;
	}
	wait_wake_at(w, s->attempt.state == ATTEMPT_NONE      ? s->next_try_ms
			: s->attempt.state == ATTEMPT_CONNECTING ||
					  s->attempt.state == ATTEMPT_ASKING
				? s->attempt.give_up_ms
				: w->now_ms);
	return 0;
}

/* Whether the right program listens; asked again later while it is another one. */
static int check_owner(struct waiting *w, struct target *t, struct spot *s)
{
	int r;

	if (s->owner_cookie != s->cookie) {
		s->owner_cookie = s->cookie;
		s->is_owner_right = false;
		s->owner_next_ms = 0;
		s->owner_pause_ms = FIRST_OWNER_MS;
	}
	if (s->is_owner_right)
		return 0;
	if (w->now_ms < s->owner_next_ms) {
		wait_wake_at(w, s->owner_next_ms);
		return 0;
	}
	r = wait_owner_is_right(w, t, &s->found, s->cookie, &s->is_owner_right);
	w->now_ms = attempt_now_ms();
	s->owner_next_ms = w->now_ms + s->owner_pause_ms;
	s->owner_pause_ms = MIN_OF(s->owner_pause_ms * 2, MOST_OWNER_MS);
	wait_wake_at(w, s->owner_next_ms);
	return r;
}

static int step_spot(struct waiting *w, struct target *t, struct spot *s)
{
	bool connects = w->request->goal != WAIT_LISTENS || !s->is_local;
	int r = 0;

	if (s->is_there && w->request->by) {
		r = check_owner(w, t, s);
		if (r < 0 || !s->is_owner_right)
			return r;
	}
	if (!connects) {
		if (s->is_there)
			wait_meet(w, t, &s->found, s->cookie);
		return 0;
	}
	/* Where a listener would be seen, it is tried when it is: nothing is sent to a closed port
	 * more than once a second. */
	if (s->is_local && w->look && !s->is_there && s->attempt.state == ATTEMPT_NONE &&
	    (w->request->by || w->now_ms < s->next_try_ms)) {
		wait_wake_at(w, s->next_try_ms);
		return 0;
	}
	return step_attempt(w, t, s);
}

/* --- the goals ------------------------------------------------------------------------------- */

static int step_listening(struct waiting *w, struct target *t)
{
	bool has_local = false, is_looking = false;
	int r = 0;

	for (size_t i = 0; i < t->n_spots; i++) {
		has_local |= t->spots[i].is_local;
		is_looking |= t->spots[i].is_local && t->spots[i].attempt.state == ATTEMPT_NONE;
	}
	if (w->look && is_looking) {
		r = look_at_points(w, t);
		if (r == 0)
			r = look_at_listeners(w, t);
	}
	for (size_t i = 0; r == 0 && !t->is_met && i < t->n_spots; i++)
		r = step_spot(w, t, &t->spots[i]);
	/* An attempt that has just failed leaves its address to be looked at again. */
	for (size_t i = 0; w->look && !t->is_met && i < t->n_spots; i++) {
		if (t->spots[i].is_local && t->spots[i].attempt.state == ATTEMPT_NONE)
			*(t->spots[i].is_there ? &w->is_tick_due : &w->is_watch_due) = true;
	}
	if (r == 0 && !t->is_met && has_local && (w->request->goal == WAIT_LISTENS || !w->look))
		r = look_around(w, t);
	if (r == -ENOTSUP && w->request->goal != WAIT_LISTENS && !w->request->by)
		r = 0; /* connecting does without */
	return r;
}

/* Nobody at any of its addresses: and a dump, for those that no point look-up finds. */
static int confirm_quiet(struct waiting *w, struct target *t)
{
	struct arena_mark mark = arena_mark(w->arena);
	struct wait_rows rows = {0};
	bool is_quiet = true;
	int r;

	if (!t->is_any_address) {
		wait_meet(w, t, NULL, 0);
		return 0;
	}
	if (!wait_can_dump(w, t->next_dump_ms))
		return 0;
	plan_dump(w, t);
	r = wait_dump(w, t, false, &rows);
	for (size_t i = 0; i < rows.n; i++)
		is_quiet &= rows.items[i].state != LIVE_LISTENER ||
			    !(wait_wants(w, &rows.items[i].local) ||
			      (rows.items[i].is_dual_stack && w->request->want_v4));
	arena_reset(w->arena, mark);
	t->was_held |= !is_quiet;
	if (r == 0 && is_quiet)
		wait_meet(w, t, NULL, 0);
	return r;
}

static int step_unlistened(struct waiting *w, struct target *t)
{
	bool is_quiet = t->n_spots > 0, has_remote = false;
	int r = 0;

	if (w->look) {
		r = look_at_points(w, t);
	} else {
		r = look_around(w, t);
	}
	for (size_t i = 0; r == 0 && i < t->n_spots; i++) {
		struct spot *s = &t->spots[i];

		if (s->is_local) {
			t->was_held |= s->is_there;
			is_quiet &= !s->is_there;
			w->is_watch_due |= w->look && s->is_there;
			continue;
		}
		has_remote = true;
		r = step_attempt(w, t, s);
		t->was_held |= s->is_there;
		is_quiet &= s->is_gone;
	}
	if (r < 0 || !is_quiet)
		return r;
	if (has_remote || !w->look) {
		wait_meet(w, t, NULL, 0);
		return 0;
	}
	w->is_tick_due = true;
	return confirm_quiet(w, t);
}

int wait_target_step(struct waiting *w, struct target *t)
{
	int r = 0;

	if (t->asked->host && t->n_spots == 0)
		r = step_resolve(w, t);
	if (r < 0 || t->n_spots == 0)
		return r;
	switch (w->request->goal) {
	case WAIT_LISTENS:
	case WAIT_ACCEPTS:
	case WAIT_ANSWERS:
		return step_listening(w, t);
	case WAIT_UNLISTENED:
		return step_unlistened(w, t);
	case WAIT_FREE:
		return wait_free_step(w, t);
	}
	return -EINVAL;
}
