#include "act/wait.h"

#include "act/wait-parts.h"
#include "act/wait-watcher.h"
#include "act/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	LEAST_PACE_US = 2000,
	MOST_PACE_US = 4150,        /* noticed, told and ended within 5 ms */
	FIRST_PACE_MS = 60,        /* until the first look at what the wait costs */
	PACE_EVERY_MS = 1000,      /* and until the next */
	COST_PER_1000 = 8,         /* of a core */
	FASTER_BY = 8,             /* slower at once, faster by little and little */
	FIRST_CREDIT_US = 20000,
	MOST_CREDIT_US = 100000,
	PROGRESS_MS = 100,
};

const char *wait_goal_name(enum wait_goal goal)
{
	switch (goal) {
	case WAIT_LISTENS:
		return "listens";
	case WAIT_ACCEPTS:
		return "accepts";
	case WAIT_ANSWERS:
		return "answers";
	case WAIT_UNLISTENED:
		return "unlistened";
	case WAIT_FREE:
		return "free";
	}
	return "?";
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Microseconds of dumps in a millisecond of the wait. Where they are all that there is to do, they
 * may take most of what the wait may. */
static int64_t dump_rate(const struct waiting *w)
{
	return w->request->goal == WAIT_FREE ? 7 : 2;
}

bool wait_can_dump(struct waiting *w, int64_t due_ms)
{
	if (w->dump_credit_us <= 0)
		due_ms = MAX_OF(due_ms, w->now_ms + 1 - w->dump_credit_us / dump_rate(w));
	if (w->now_ms >= due_ms)
		return true;
	wait_wake_at(w, due_ms);
	return false;
}

int wait_dump(struct waiting *w, const struct target *t, bool all, struct wait_rows *out)
{
	int64_t begun = clock_us(CLOCK_MONOTONIC);
	int r = all ? wait_look_holders(w->look, t->asked->transport, t->asked->port, w->arena, out)
		    : wait_look_listeners(w->look, t->asked->transport, t->asked->port, w->arena,
					  out);

	w->dump_credit_us -= clock_us(CLOCK_MONOTONIC) - begun;
	return r;
}

/* --- the pace -------------------------------------------------------------------------------- */

/* What the wait has cost up to some step. */
struct pace {
	int64_t wall_us, cpu_us;
	int64_t next_ms;
};

/* As fast as somewhat less than a hundredth of a core allows, within the bounds: what a wake-up
 * costs varies by a factor of three, with what else the machine does. */
static void keep_pace(struct waiting *w, struct pace *p)
{
	int64_t wall, cpu;

	if (w->now_ms < p->next_ms)
		return;
	p->next_ms = w->now_ms + PACE_EVERY_MS;
	wall = clock_us(CLOCK_MONOTONIC);
	cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	if (wall > p->wall_us) {
		int64_t share = (cpu - p->cpu_us) * 1000 * 1000 / (wall - p->wall_us);
		int64_t fit = w->pace_us * MIN_OF(MAX_OF(share, 1), 20000) / (COST_PER_1000 * 1000);

		if (fit < w->pace_us)
			fit = w->pace_us - (w->pace_us - fit) / FASTER_BY;
		w->pace_us = MIN_OF(MAX_OF(fit, LEAST_PACE_US), MOST_PACE_US);
	}
	p->wall_us = wall;
	p->cpu_us = cpu;
}

/* --- sleeping -------------------------------------------------------------------------------- */

/* Everything that can end a sleep. */
struct sleepers {
	struct wire_wait *fds;
	struct attempt **attempts; /* of fds[i]; NULL: a resolver, or the wish to stop */
	size_t n;
};

static void add_sleeper(struct sleepers *s, int fd, short events, struct attempt *a)
{
	if (fd < 0 || events == 0)
		return;
	s->fds[s->n] = (struct wire_wait){.fd = fd, .events = events};
	s->attempts[s->n++] = a;
}

static void gather_sleepers(struct waiting *w, struct sleepers *s)
{
	s->n = 0;
	add_sleeper(s, w->request->stop_fd, WIRE_READ, NULL);
	for (size_t i = 0; i < w->request->n_targets; i++) {
		struct target *t = &w->targets[i];

		if (t->is_met)
			continue;
		if (t->resolve)
			add_sleeper(s, resolve_fd(t->resolve), WIRE_READ, NULL);
		for (size_t k = 0; k < t->n_spots; k++)
			add_sleeper(s, t->spots[k].attempt.fd,
				    attempt_events(&t->spots[k].attempt), &t->spots[k].attempt);
	}
}

/* An attempt without anything to poll for goes on by time alone. */
static void step_attempts(struct waiting *w, const struct sleepers *s)
{
	w->now_ms = attempt_now_ms();
	for (size_t i = 0; i < s->n; i++) {
		if (s->attempts[i])
			attempt_step(s->attempts[i], s->fds[i].revents, w->now_ms);
	}
}

/* No connection or name is under way. */
static bool is_nothing_else(const struct waiting *w, const struct sleepers *s)
{
	return s->n == (w->request->stop_fd >= 0);
}

/* Until something is due or happens; a watch that fails is made up for by steps. Returns 0, or
 * -EINTR when the wait is to be given up. */
static int sleep_once(struct waiting *w, struct sleepers *s)
{
	int64_t wait_us = (w->wake_ms - w->now_ms) * 1000;
	int r = -ENOTSUP;

	gather_sleepers(w, s);
	if (w->is_watch_due && !w->is_tick_due && is_nothing_else(w, s))
		r = wait_watch(w, wait_us);
	if (r >= 0) {
		w->now_ms = attempt_now_ms();
		return r == 2 ? -EINTR : 0;
	}
	if (w->is_tick_due || w->is_watch_due)
		wait_us = MIN_OF(wait_us, w->pace_us);
	r = wire_wait(s->fds, s->n, MAX_OF(wait_us, 0));
	if (r < 0 && r != -EINTR)
		return r;
	step_attempts(w, s);
	if (r > 0 && s->n > 0 && s->fds[0].fd == w->request->stop_fd && s->fds[0].revents)
		return -EINTR;
	return 0;
}

/* --- the wait -------------------------------------------------------------------------------- */

static size_t count_met(const struct waiting *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->request->n_targets; i++)
		n += w->targets[i].is_met;
	return n;
}

static bool is_over(const struct waiting *w)
{
	size_t n = count_met(w);

	return w->request->is_any ? n > 0 : n == w->request->n_targets;
}

static int step_targets(struct waiting *w, size_t *culprit)
{
	w->is_tick_due = w->is_watch_due = false;
	w->wake_ms = w->now_ms + (w->request->progress ? PROGRESS_MS : 60 * 1000);
	wait_wake_at(w, w->deadline_ms);
	for (size_t i = 0; i < w->request->n_targets; i++) {
		int r = w->targets[i].is_met ? 0 : wait_target_step(w, &w->targets[i]);

		if (r < 0) {
			*culprit = i;
			return r;
		}
	}
	return 0;
}

static void show_progress(struct waiting *w, int64_t *next_ms)
{
	if (!w->request->progress || w->now_ms < *next_ms)
		return;
	*next_ms = w->now_ms + PROGRESS_MS;
	w->request->progress(w->request->context, w->now_ms - w->start_ms, count_met(w));
}

static int run(struct waiting *w, struct sleepers *s, size_t *culprit)
{
	struct pace pace = {.wall_us = clock_us(CLOCK_MONOTONIC),
			    .cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID),
			    .next_ms = w->start_ms + FIRST_PACE_MS};
	int64_t progress_ms = w->start_ms + PROGRESS_MS;
	int r = 0;

	while (r == 0) {
		int64_t before = w->now_ms;

		r = step_targets(w, culprit);
		if (r < 0 || is_over(w) || w->now_ms >= w->deadline_ms)
			break;
		keep_pace(w, &pace);
		if (w->is_watch_due)
			wait_wake_at(w, pace.next_ms);
		r = sleep_once(w, s);
		w->dump_credit_us += (w->now_ms - before) * dump_rate(w);
		w->dump_credit_us = MIN_OF(w->dump_credit_us, MOST_CREDIT_US);
		show_progress(w, &progress_ms);
	}
	return r;
}

static int open_targets(struct waiting *w, size_t *culprit)
{
	const struct wait_request *q = w->request;

	w->targets = arena_calloc(w->arena, q->n_targets, sizeof(*w->targets));
	if (!w->targets)
		return -ENOMEM;
	for (size_t i = 0; i < q->n_targets; i++)
		w->targets[i].asked = &q->targets[i];
	for (size_t i = 0; i < q->n_targets; i++) {
		int r = wait_target_open(w, &w->targets[i]);

		if (r < 0) {
			*culprit = i;
			return r;
		}
	}
	return 0;
}

/* What this system's tables do not tell of the goal. */
static int fill_gaps(struct waiting *w, struct answer_wait *out)
{
	enum wait_goal goal = w->request->goal;
	const char *why = NULL;
	struct answer_gap *gap;

	if (w->look && goal == WAIT_FREE)
		why = wait_look_unseen(w->look, WAIT_UNSEEN_BOUND);
	else if (w->look && goal == WAIT_ACCEPTS)
		why = wait_look_unseen(w->look, WAIT_UNSEEN_ACCEPTED);
	if (!why)
		return 0;
	gap = arena_calloc(w->arena, 1, sizeof(*gap));
	if (!gap)
		return -ENOMEM;
	*gap = (struct answer_gap){.what = "sockets", .where = "tcp", .why = why};
	out->gaps = gap;
	out->n_gaps = 1;
	return 0;
}

static int fill(struct waiting *w, struct answer_wait *out)
{
	const struct wait_request *q = w->request;
	struct answer_wait_target *targets = arena_calloc(w->arena, q->n_targets, sizeof(*targets));

	if (!targets)
		return -ENOMEM;
	w->is_over = is_over(w);
	*out = (struct answer_wait){
		.until = wait_goal_name(q->goal),
		.any = q->is_any,
		.by = q->by,
		.http_path = q->goal == WAIT_ANSWERS ? q->path : NULL,
		.http_status = q->goal == WAIT_ANSWERS && q->status ? q->status : ANSWER_NULL,
		.met = w->is_over,
		.timeout_ms = q->timeout_ms < 0 ? ANSWER_NULL : q->timeout_ms,
		.elapsed_ms = w->now_ms - w->start_ms,
		.targets = targets,
		.n_targets = q->n_targets,
	};
	if (fill_gaps(w, out) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < q->n_targets; i++) {
		int r = wait_fill_target(w, &w->targets[i], &targets[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int run_open(struct waiting *w, struct answer_wait *out, size_t *culprit)
{
	const size_t most = w->request->n_targets * (MOST_SPOTS + 1) + 1;
	struct sleepers sleepers = {
		.fds = arena_calloc(w->arena, most, sizeof(*sleepers.fds)),
		.attempts = arena_calloc(w->arena, most, sizeof(*sleepers.attempts)),
	};
	int r;

	if (!sleepers.fds || !sleepers.attempts)
		return -ENOMEM;
	r = open_targets(w, culprit);
	if (r == 0)
		r = run(w, &sleepers, culprit);
	w->now_ms = attempt_now_ms();
	return r < 0 ? r : fill(w, out);
}

int wait_run(const struct wait_request *request, struct source *source, struct arena *arena,
	     struct answer_wait *out, size_t *culprit)
{
	struct waiting w = {
		.request = request,
		.source = source,
		.arena = arena,
		.start_ms = attempt_now_ms(),
		.pace_us = LEAST_PACE_US,
		.dump_credit_us = FIRST_CREDIT_US,
	};
	int r = wait_look_open(&w.look);

	*culprit = 0;
	if (r < 0 && r != -ENOTSUP)
		return r;
	w.now_ms = w.start_ms;
	w.deadline_ms = request->timeout_ms < 0 ? INT64_MAX : w.start_ms + request->timeout_ms;
	r = wait_look_addresses(arena, &w.own);
	if (r < 0)
		w.own = (struct wait_addresses){0}; /* loopback is known without */
	r = run_open(&w, out, culprit);
	for (size_t i = 0; w.targets && i < request->n_targets; i++)
		wait_target_close(&w.targets[i]);
	w.watcher = wait_watcher_close(w.watcher);
	w.look = wait_look_close(w.look);
	return r;
}
