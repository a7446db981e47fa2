/*
 * What a wait sleeps over: while nothing but point look-ups is due, the watcher repeats them, and
 * the targets are stepped when it has noticed something, and every now and then.
 */
#include "act/wait-parts.h"
#include "act/wait-watcher.h"

#include <errno.h>

enum { MOST_WATCH_US = 1000 * 1000, OTHERS_AT_ONCE = 2 };

/* What is watched, under construction. */
struct watched {
	struct wait_ends always[WAIT_MOST_WATCHED], others[WAIT_MOST_WATCHED];
	size_t n_always, n_others, n_at_once;
	bool is_too_much;
};

static void add(struct watched *d, bool is_other, const struct wait_ends *ends)
{
	if (d->n_always + d->n_others == WAIT_MOST_WATCHED)
		d->is_too_much = true;
	else if (is_other)
		d->others[d->n_others++] = *ends;
	else
		d->always[d->n_always++] = *ends;
}

/* The same that wait_target_step() looks at. */
static void add_spots(struct watched *d, const struct target *t, bool is_until_gone)
{
	for (size_t i = 0; i < t->n_spots; i++) {
		const struct spot *s = &t->spots[i];
		const struct wait_ends ends = {.transport = t->asked->transport,
					       .local = s->address,
					       .local_port = t->asked->port};

		if (!s->is_local || s->attempt.state != ATTEMPT_NONE ||
		    s->is_there != is_until_gone)
			continue;
		add(d, !is_until_gone && t->is_any_address && i >= 2, &ends);
	}
	if (t->is_any_address)
		d->n_at_once += OTHERS_AT_ONCE;
}

static void collect(const struct waiting *w, struct watched *d)
{
	for (size_t i = 0; i < w->request->n_targets; i++) {
		const struct target *t = &w->targets[i];
		struct wait_ends ends;

		if (t->is_met)
			continue;
		switch (w->request->goal) {
		case WAIT_LISTENS:
		case WAIT_ACCEPTS:
		case WAIT_ANSWERS:
			add_spots(d, t, false);
			break;
		case WAIT_UNLISTENED:
			add_spots(d, t, true);
			break;
		case WAIT_FREE:
			if (t->has_holder && wait_look_ends_of(&t->holder, &ends))
				add(d, false, &ends);
			break;
		}
	}
}

/* Behind those that are always asked for. */
static void join_others(struct watched *d)
{
	for (size_t i = 0; i < d->n_others; i++)
		d->always[d->n_always + i] = d->others[i];
}

int wait_watch(struct waiting *w, int64_t most_us)
{
	struct watched d = {.n_at_once = 0};
	enum wait_goal goal = w->request->goal;
	struct wait_watch watch = {
		.ends = d.always,
		.is_until_gone = goal == WAIT_UNLISTENED || goal == WAIT_FREE,
		.pace_us = w->pace_us,
		.most_us = MIN_OF(most_us, (int64_t)MOST_WATCH_US),
		.stop_fd = w->request->stop_fd,
	};
	int r;

	if (w->cannot_watch)
		return -ENOTSUP;
	collect(w, &d);
	if (d.is_too_much || d.n_always + d.n_others == 0)
		return -ENOTSUP;
	join_others(&d);
	watch.n_always = d.n_always;
	watch.n_others = d.n_others;
	watch.n_at_once = d.n_at_once;
	r = w->watcher ? 0 : wait_watcher_open(&w->watcher);
	if (r == 0)
		r = wait_watcher_run(w->watcher, &watch);
	w->cannot_watch = r < 0 && r != -E2BIG;
	return r;
}
