/*
 * Until nothing holds a port. A dump tells all that holds it; one of these, the one that may last
 * longest, is then asked for alone until it is gone, and only then comes the next dump.
 */
#include "act/wait-parts.h"

#include <errno.h>

enum { NO_TABLES_EVERY_MS = 100, BOUND_EVERY_MS = 5 };

static bool stands_at(const struct live_socket *s, const struct address *a)
{
	if (address_is_wildcard(a))
		return s->local.family == a->family || s->is_dual_stack;
	if (address_is_wildcard(&s->local))
		return s->local.family == a->family || s->is_dual_stack;
	return address_is_equal(&s->local, a);
}

bool wait_is_in_the_way(const struct waiting *w, const struct target *t,
			const struct live_socket *s)
{
	if (s->local_port != t->asked->port ||
	    transport_port_space(s->transport) != t->asked->transport)
		return false;
	if (t->is_any_address)
		return wait_wants(w, &s->local) || (s->is_dual_stack && w->request->want_v4);
	for (size_t i = 0; i < t->n_spots; i++) {
		if (stands_at(s, &t->spots[i].address))
			return true;
	}
	return false;
}

/* How well it serves to be asked for alone: what ends on its own comes after what does not. */
static uint64_t endurance(const struct live_socket *s)
{
	switch (s->state) {
	case LIVE_LISTENER:
		return UINT64_MAX;
	case LIVE_CONNECTION:
		return UINT64_MAX - 1;
	case LIVE_TIME_WAIT:
		return (uint64_t)s->expires_ms + 1;
	case LIVE_BOUND:
		break;
	}
	return 0;
}

static void take_rows(struct waiting *w, struct target *t, const struct live_socket *rows, size_t n)
{
	t->has_holder = false;
	for (size_t i = 0; i < n; i++) {
		if (!wait_is_in_the_way(w, t, &rows[i]))
			continue;
		if (!t->has_holder || endurance(&rows[i]) > endurance(&t->holder))
			t->holder = rows[i];
		t->has_holder = true;
	}
	t->was_held |= t->has_holder;
	if (!t->has_holder)
		wait_meet(w, t, NULL, 0);
}

static int dump_holders(struct waiting *w, struct target *t)
{
	struct arena_mark mark = arena_mark(w->arena);
	struct wait_rows rows = {0};
	int r = wait_dump(w, t, true, &rows);

	if (r == 0)
		take_rows(w, t, rows.items, rows.n);
	arena_reset(w->arena, mark);
	return r;
}

static int look_around(struct waiting *w, struct target *t)
{
	struct arena_mark mark = arena_mark(w->arena);
	struct live_snapshot live;
	int r;

	if (w->now_ms < t->next_holders_ms) {
		wait_wake_at(w, t->next_holders_ms);
		return 0;
	}
	t->next_holders_ms = w->now_ms + NO_TABLES_EVERY_MS;
	wait_wake_at(w, t->next_holders_ms);
	r = wait_snapshot(w, t, LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS, false,
			  w->arena, &live);
	if (r == 0 && !live.could_look)
		r = -ENOTSUP;
	if (r == 0) {
		size_t n = 0, first;
		struct live_socket *here;

		n = live_snapshot_find(&live, t->asked->port, &first);
		here = arena_calloc(w->arena, n, sizeof(*here));
		if (!here)
			return -ENOMEM;
		for (size_t i = first, end = first + n; i < end; i++) {
			if (live.sockets[i].ns->is_here)
				*here++ = live.sockets[i];
			else
				n--;
		}
		take_rows(w, t, here - n, n);
	}
	arena_reset(w->arena, mark);
	return r;
}

int wait_free_step(struct waiting *w, struct target *t)
{
	int r = 0;

	if (!w->look)
		return look_around(w, t);
	if (t->has_holder) {
		r = wait_look_exists(w->look, &t->holder);
		w->is_watch_due |= r > 0;
		if (r > 0 || (r < 0 && r != -ENOTSUP))
			return r < 0 ? r : 0;
	}
	/* A bound socket cannot be asked for: dumps as often as they may be. */
	if (!wait_can_dump(w, r == -ENOTSUP ? t->next_holders_ms : 0))
		return 0;
	t->next_holders_ms = w->now_ms + BOUND_EVERY_MS;
	wait_wake_at(w, t->next_holders_ms);
	return dump_holders(w, t);
}
