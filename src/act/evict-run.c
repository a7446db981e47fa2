#include "act/evict-run.h"

#include "act/attempt.h"
#include "act/end.h"
#include "act/evict-prove.h"
#include "act/stop.h"
#include "base/lang.h"

#include <errno.h>
#include <string.h>

enum {
	STEP_MS = 50,     /* how often processes that end are looked after */
	LOOK_MS = 200,    /* how often their sockets are */
	KILL_MS = 10000,  /* SIGKILL needs no grace, but a process in the kernel may take a while */
};

static const char *const outcome_names[] = {"not-done",  "ended",   "killed",
					    "released",  "stopped", "destroyed",
					    "survived",  "changed", "failed"};

const char *evict_outcome_name(enum evict_outcome o)
{
	return (size_t)o < N_ELEMENTS(outcome_names) ? outcome_names[o] : "?";
}

static bool is_interrupted(struct evict_run *run)
{
	run->was_interrupted |= run->is_interrupted && *run->is_interrupted;
	return run->was_interrupted;
}

static void tell(const struct evict_run *run, const char *what)
{
	if (run->tell && what)
		run->tell(run->context, what);
}

/* --- holding --------------------------------------------------------------------------------- */

int evict_hold(struct evict_run *run)
{
	struct evict_deed *deeds =
		arena_calloc(run->arena, run->plan->n_steps, sizeof(*run->deeds));

	run->deeds = deeds;
	for (size_t i = 0; deeds && i < run->plan->n_steps; i++)
		deeds[i].handle = -1;
	for (size_t i = 0; deeds && i < run->plan->n_steps; i++) {
		const struct evict_step *step = &run->plan->steps[i];
		int r;

		if (step->action == EVICT_REFUSE || !step->process)
			continue;
		r = end_hold(step->process);
		deeds[i].handle = r < 0 ? -1 : r;
		deeds[i].hold_error = r < 0 ? r : 0;
	}
	return deeds ? 0 : -ENOMEM;
}

void evict_let_go(struct evict_run *run)
{
	for (size_t i = 0; run->deeds && i < run->plan->n_steps; i++)
		run->deeds[i].handle = end_release(run->deeds[i].handle);
}

/* --- is it still what it was? ---------------------------------------------------------------- */

static bool is_text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* A system that names no sockets tells them by their place; whose they are, by the handle. */
static bool is_same_socket(const struct live_socket *x, const struct live_socket *y)
{
	if (x->cookie)
		return x->cookie == y->cookie;
	if (x->inode)
		return x->inode == y->inode;
	return x->transport == y->transport && x->local_port == y->local_port &&
	       x->state == y->state && address_is_equal(&x->local, &y->local);
}

static bool has_same_socket(const struct evict_step *a, const struct evict_step *b)
{
	for (size_t i = 0; i < a->n_sockets; i++) {
		for (size_t k = 0; k < b->n_sockets; k++) {
			const struct live_socket *x = a->sockets[i], *y = b->sockets[k];

			if (is_same_socket(x, y))
				return true;
		}
	}
	return a->n_sockets == 0 && b->published;
}

/* Whether step `b`, planned now, is what `a` was: the handle tells that its process is the same. */
static bool is_same_step(const struct evict_step *a, const struct evict_step *b)
{
	if (a->action != b->action || !has_same_socket(a, b))
		return false;
	if (a->process && (!b->process || a->process->pid != b->process->pid))
		return false;
	return (a->action != EVICT_STOP_UNIT || is_text_equal(a->unit, b->unit)) &&
	       (a->action != EVICT_STOP_CONTAINER || is_text_equal(a->container, b->container));
}

/* The descriptor by which the process has the socket, as it was found. */
static const struct live_owner *owner_of(const struct live_socket *s, const struct live_process *p)
{
	for (size_t i = 0; i < s->n_owners; i++) {
		if (s->owners[i].process && s->owners[i].process->pid == p->pid)
			return &s->owners[i];
	}
	return NULL;
}

/*
 * The last look before a signal: through the handle, at the very descriptor. What a look found
 * without a descriptor (in a thread's own table, in io_uring) was found anew a moment ago.
 */
static bool still_holds(const struct evict_step *now, const struct evict_deed *deed)
{
	for (size_t i = 0; i < now->n_sockets; i++) {
		const struct live_owner *o = owner_of(now->sockets[i], now->process);

		if (!o || o->method != LIVE_BY_FD ||
		    end_has_socket(deed->handle, now->process->pid, o->fd, now->sockets[i]) != 0)
			return true;
	}
	return false;
}

/* The step of a fresh plan that is the same as step `i`; NULL = there is none. */
static const struct evict_step *find_again(const struct evict_run *run,
					   const struct evict_plan *fresh, size_t i)
{
	for (size_t k = 0; k < fresh->n_steps; k++) {
		if (is_same_step(&run->plan->steps[i], &fresh->steps[k]))
			return &fresh->steps[k];
	}
	return NULL;
}

/* Mark what is no longer as it was planned; `again` gets the fresh steps of the others. */
static int check_again(struct evict_run *run, const struct evict_step **again)
{
	struct evict_plan fresh = {0};
	struct live_snapshot live;
	int r = evict_look(run, true, &live);

	if (r == 0)
		r = evict_make(run->request, &live, run->arena, &fresh);
	for (size_t i = 0; r == 0 && i < run->plan->n_steps; i++) {
		const struct evict_step *step = &run->plan->steps[i];
		struct evict_deed *deed = &run->deeds[i];

		if (step->action == EVICT_REFUSE || step->action == EVICT_DESTROY)
			continue;
		if (deed->hold_error == -ESRCH || end_has_ended(deed->handle)) {
			deed->outcome = step->action == EVICT_SIGNAL ? EVICT_ENDED : EVICT_CHANGED;
			deed->error = _("it had ended before");
			continue;
		}
		again[i] = find_again(run, &fresh, i);
		if (deed->hold_error < 0) {
			deed->outcome = EVICT_FAILED;
			deed->error = arena_printf(run->arena, _("cannot be held on to: %s"),
						   lang_error(deed->hold_error));
		} else if (!again[i]) {
			deed->outcome = EVICT_CHANGED;
			deed->error = _("it is not what it was when it was looked at");
		}
	}
	return r;
}

/* --- stopping -------------------------------------------------------------------------------- */

/* Every process of the unit that holds one of the sockets has to be the main one, or below it. */
static int check_unit(const struct evict_step *step, char *error)
{
	for (size_t i = 0; i < step->n_sockets; i++) {
		const struct live_socket *s = step->sockets[i];

		for (size_t k = 0; k < s->n_owners; k++) {
			const struct live_process *p = s->owners[k].process;
			int r;

			if (!p || !is_text_equal(p->unit, step->unit))
				continue;
			r = stop_check_unit(step->unit, step->is_unit_of_user, p, error);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int stop(const struct evict_step *step, char *error)
{
	size_t n = step->unit ? strlen(step->unit) : 0;
	/* Services of Windows are called anything. */
	bool is_service = n < 7 || strcmp(step->unit + n - 7, ".socket") != 0;
	int r = 0;

	if (step->action == EVICT_STOP_CONTAINER)
		return stop_container(step->runtime, step->container, error);
	if (is_service)
		r = check_unit(step, error);
	return r < 0 ? r : stop_unit(step->unit, step->is_unit_of_user, error);
}

static void stop_all(struct evict_run *run, const struct evict_step *const *again)
{
	char error[STOP_ERROR_SIZE];

	for (size_t i = 0; i < run->plan->n_steps && !is_interrupted(run); i++) {
		const struct evict_step *step = &run->plan->steps[i];
		struct evict_deed *deed = &run->deeds[i];

		if ((step->action != EVICT_STOP_UNIT && step->action != EVICT_STOP_CONTAINER) ||
		    deed->outcome != EVICT_NOT_DONE)
			continue;
		tell(run, arena_printf(run->arena, _("stopping %s"),
				       step->action == EVICT_STOP_UNIT ? step->unit
								       : step->container));
		error[0] = '\0';
		if (stop(again[i], error) < 0) {
			deed->outcome = EVICT_FAILED;
			deed->error = arena_strdup(run->arena, error);
		} else {
			deed->outcome = EVICT_STOPPED;
		}
	}
}

/* --- signals --------------------------------------------------------------------------------- */

static void send_to(struct evict_run *run, size_t i, enum end_signal which)
{
	struct evict_deed *deed = &run->deeds[i];
	int r = end_send(deed->handle, run->plan->steps[i].process, which);

	if (r == -ESRCH) {
		deed->outcome = EVICT_ENDED;
		return;
	}
	if (r == -EOPNOTSUPP && which == END_ASK) {
		deed->outcome = run->is_forced ? EVICT_SURVIVED : EVICT_FAILED;
		deed->error = run->is_forced ? NULL
					     : _("it has no window that could be asked to close; "
					       "--force ends it all the same");
		return;
	}
	if (r < 0) {
		deed->outcome = EVICT_FAILED;
		deed->error = r == -EPERM ? _("not permitted")
					  : arena_printf(run->arena, "%s", lang_error(r));
		return;
	}
	deed->is_signalled = true;
	deed->outcome = EVICT_SURVIVED; /* until it is seen to end */
}

static void ask_all(struct evict_run *run, const struct evict_step *const *again)
{
	for (size_t i = 0; i < run->plan->n_steps && !is_interrupted(run); i++) {
		struct evict_deed *deed = &run->deeds[i];

		if (run->plan->steps[i].action != EVICT_SIGNAL || deed->outcome != EVICT_NOT_DONE)
			continue;
		if (still_holds(again[i], deed)) {
			send_to(run, i, END_ASK);
		} else {
			deed->outcome = EVICT_CHANGED;
			deed->error = _("it closed the socket meanwhile");
		}
	}
}

/* The handles of those that were sent a signal and have not been seen to end. */
static size_t gather_waiting(struct evict_run *run, enum evict_outcome when_ended, int *handles)
{
	size_t n = 0;

	for (size_t i = 0; i < run->plan->n_steps; i++) {
		struct evict_deed *deed = &run->deeds[i];

		if (deed->outcome != EVICT_SURVIVED)
			continue;
		if (end_has_ended(deed->handle))
			deed->outcome = when_ended;
		else
			handles[n++] = deed->handle;
	}
	return n;
}

static bool is_there(const struct live_snapshot *live, const struct live_socket *s)
{
	for (size_t i = 0; i < live->n_sockets; i++) {
		const struct live_socket *now = &live->sockets[i];

		if (now->local_port == s->local_port && is_same_socket(s, now))
			return true;
	}
	return false;
}

/* Those that run on but have given the sockets up need no longer be waited for. */
static void notice_released(struct evict_run *run)
{
	struct arena_mark mark = arena_mark(run->arena);
	struct live_snapshot live;

	if (evict_look(run, false, &live) < 0)
		return;
	for (size_t i = 0; i < run->plan->n_steps; i++) {
		const struct evict_step *step = &run->plan->steps[i];
		bool is_held = false;

		if (run->deeds[i].outcome != EVICT_SURVIVED)
			continue;
		for (size_t k = 0; k < step->n_sockets; k++)
			is_held |= is_there(&live, step->sockets[k]);
		if (!is_held && !end_has_ended(run->deeds[i].handle))
			run->deeds[i].outcome = EVICT_RELEASED;
	}
	arena_reset(run->arena, mark);
}

/* Most have ended before anybody could read that. */
static void tell_of_wait(const struct evict_run *run, int64_t patience_ms)
{
	bool is_whole = patience_ms % 1000 == 0;

	tell(run, arena_printf(run->arena, _("sent a signal; waiting up to %lld %s"),
			       (long long)(is_whole ? patience_ms / 1000 : patience_ms),
			       is_whole ? "s" : "ms"));
}

static int wait_for_ends(struct evict_run *run, int64_t patience_ms, enum evict_outcome when_ended)
{
	int *handles = arena_calloc(run->arena, run->plan->n_steps, sizeof(*handles));
	int64_t end = attempt_now_ms() + patience_ms, next_look = attempt_now_ms() + LOOK_MS;
	bool has_told = false;

	if (!handles)
		return -ENOMEM;
	for (;;) {
		size_t n = gather_waiting(run, when_ended, handles);
		int64_t now = attempt_now_ms();

		if (n == 0 || now >= end || is_interrupted(run))
			return 0;
		if (now >= next_look) {
			if (!has_told)
				tell_of_wait(run, patience_ms);
			has_told = true;
			notice_released(run);
			next_look = attempt_now_ms() + LOOK_MS;
			continue;
		}
		end_wait(handles, n, (int)MIN_OF(end - now, (int64_t)STEP_MS));
	}
}

static bool is_waiting(const struct evict_run *run)
{
	for (size_t i = 0; i < run->plan->n_steps; i++) {
		if (run->deeds[i].outcome == EVICT_SURVIVED)
			return true;
	}
	return false;
}

static bool has_asked(const struct evict_run *run)
{
	for (size_t i = 0; i < run->plan->n_steps; i++) {
		if (run->deeds[i].is_signalled)
			return true;
	}
	return false;
}

/* SIGKILL, to those that hold still what they held. */
static int force_all(struct evict_run *run)
{
	struct evict_plan fresh = {0};
	struct live_snapshot live;
	int r = evict_look(run, true, &live);

	if (r == 0)
		r = evict_make(run->request, &live, run->arena, &fresh);
	if (r < 0)
		return r;
	for (size_t i = 0; i < run->plan->n_steps && !is_interrupted(run); i++) {
		const struct evict_step *again;

		if (run->deeds[i].outcome != EVICT_SURVIVED)
			continue;
		again = find_again(run, &fresh, i);
		if (again && still_holds(again, &run->deeds[i]))
			send_to(run, i, END_FORCE);
	}
	return wait_for_ends(run, KILL_MS, EVICT_KILLED);
}

static int signal_all(struct evict_run *run, const struct evict_step *const *again)
{
	int r;

	ask_all(run, again);
	if (!is_waiting(run))
		return 0;
	r = has_asked(run) ? wait_for_ends(run, run->grace_ms, EVICT_ENDED) : 0;
	if (r < 0 || !run->is_forced || !is_waiting(run) || is_interrupted(run))
		return r;
	return force_all(run);
}

/* --- closed connections ---------------------------------------------------------------------- */

struct destroying {
	struct evict_run *run;
	const struct live_snapshot *live;
	int error;
};

/* Those of now: what was ended a moment ago may have left some of its own. */
static int destroy_all(void *context)
{
	struct destroying *d = context;
	const struct evict_request *request = d->run->request;

	for (size_t i = 0; i < d->live->n_sockets; i++) {
		const struct live_socket *s = &d->live->sockets[i];
		int r;

		if (s->state != LIVE_TIME_WAIT || !evict_is_home(request, s->ns) ||
		    !evict_asks(request, s))
			continue;
		r = end_destroy(s);
		if (r < 0 && r != -ENOENT)
			d->error = r;
	}
	return 0;
}

static int clear_time_wait(struct evict_run *run)
{
	struct destroying d = {.run = run};
	struct live_snapshot live;
	int r;

	if (!run->request->wants_time_wait || is_interrupted(run))
		return 0;
	r = evict_look(run, false, &live);
	d.live = &live;
	if (r == 0) {
		r = end_within(run->request->ns_id, destroy_all, &d);
		d.error = r < 0 ? r : d.error;
	}
	for (size_t i = 0; i < run->plan->n_steps; i++) {
		if (run->plan->steps[i].action != EVICT_DESTROY)
			continue;
		run->deeds[i].outcome = d.error < 0 ? EVICT_FAILED : EVICT_DESTROYED;
		if (d.error < 0)
			run->deeds[i].error =
				d.error == -EPERM
					? _("not permitted: it needs root (CAP_NET_ADMIN)")
					: arena_printf(run->arena, "%s", lang_error(d.error));
	}
	return 0;
}

int evict_carry_out(struct evict_run *run)
{
	const struct evict_step **again =
		arena_calloc(run->arena, run->plan->n_steps, sizeof(const struct evict_step *));
	int r = again ? check_again(run, again) : -ENOMEM;

	if (r == 0)
		stop_all(run, again);
	if (r == 0)
		r = signal_all(run, again);
	if (r == 0)
		r = clear_time_wait(run);
	if (r < 0)
		return r;
	return evict_prove(run);
}
