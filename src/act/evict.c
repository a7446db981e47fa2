#include "act/evict.h"

#include "act/evict-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A plan under construction. */
struct work {
	struct evict_making m;
	struct evict_step *steps;
	size_t n, capacity;
};

static const char *const action_names[] = {"signal", "stop-unit", "stop-container", "destroy",
					   "refuse"};

const char *evict_action_name(enum evict_action a)
{
	return (size_t)a < N_ELEMENTS(action_names) ? action_names[a] : "?";
}

bool evict_is_home(const struct evict_request *request, const struct live_namespace *ns)
{
	return request->ns_id == 0 ? ns->is_here : ns->id == request->ns_id;
}

static bool asks_for(const struct evict_request *r, uint16_t port, enum transport transport)
{
	for (size_t i = 0; i < r->n_asks; i++) {
		const struct evict_ask *a = &r->asks[i];

		if (a->port == port && (!a->has_transport ||
					transport_port_space(a->transport) ==
						transport_port_space(transport)))
			return true;
	}
	return false;
}

bool evict_asks(const struct evict_request *request, const struct live_socket *s)
{
	return asks_for(request, s->local_port, s->transport);
}

static bool is_holding(const struct live_socket *s)
{
	return s->state == LIVE_LISTENER || s->state == LIVE_BOUND;
}

bool evict_is_target(const struct evict_request *request, const struct live_socket *s)
{
	return is_holding(s) && evict_is_home(request, s->ns) && evict_asks(request, s);
}

/* --- gathering ------------------------------------------------------------------------------- */

static bool is_same_process(const struct live_process *a, const struct live_process *b)
{
	return a == b || (a && b && a->pid == b->pid && a->started == b->started);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* A manager holds sockets for several units: each unit is a step of its own. */
static bool is_manager(const struct live_process *p)
{
	return p->pid == 1 || is_same_text(p->program, "systemd");
}

static bool holds(const struct evict_step *step, const struct live_socket *s)
{
	for (size_t i = 0; i < step->n_sockets; i++) {
		if (step->sockets[i] == s)
			return true;
	}
	return false;
}

/* Append to one of a step's lists. */
static bool add_socket(struct work *w, const struct live_socket ***list, size_t *n,
		       const struct live_socket *s)
{
	const struct live_socket **grown = *list;

	if ((*n & (*n - 1)) == 0) /* full at every power of two */
		grown = arena_grow(w->m.arena, *list, *n, *n == 0 ? 1 : 2 * *n, sizeof(*grown));
	if (!grown)
		return false;
	grown[(*n)++] = s;
	*list = grown;
	return true;
}

static struct evict_step *new_step(struct work *w)
{
	struct evict_step *step = ARENA_PUSH(w->m.arena, w->steps, w->n, w->capacity);

	if (step)
		*step = (struct evict_step){.action = EVICT_SIGNAL}; /* a merged one was there */
	return step;
}

/* The step of a process, or of one unit that a manager holds sockets for. */
static struct evict_step *step_of(struct work *w, const struct live_process *p,
				  const struct live_socket *s, enum evict_why why)
{
	struct evict_step *step;

	for (size_t i = 0; i < w->n; i++) {
		step = &w->steps[i];
		if (step->process && step->why == why && is_same_process(step->process, p) &&
		    (!is_manager(p) || is_same_text(step->sockets[0]->unit, s->unit)))
			return step;
	}
	step = new_step(w);
	if (step) {
		step->process = p;
		step->why = why;
	}
	return step;
}

static bool add_owners(struct work *w, const struct live_socket *s)
{
	bool has_process = false;
	struct evict_step *step;

	for (size_t i = 0; i < s->n_owners; i++) {
		const struct live_owner *o = &s->owners[i];

		if (!o->process)
			continue;
		has_process = true;
		step = step_of(w, o->process, s,
			       o->method == LIVE_BY_CGROUP ? EVICT_WHY_GUESS : EVICT_WHY_NONE);
		if (!step || (!holds(step, s) &&
			      !add_socket(w, &step->sockets, &step->n_sockets, s)))
			return false;
	}
	if (has_process)
		return true;
	step = new_step(w);
	return step && add_socket(w, &step->sockets, &step->n_sockets, s);
}

/* Of another namespace: shown once for each, never touched. */
static bool add_elsewhere(struct work *w, const struct live_socket *s)
{
	struct evict_step *step = NULL;

	for (size_t i = 0; i < w->n && !step; i++) {
		if (w->steps[i].why == EVICT_WHY_NAMESPACE && w->steps[i].sockets[0]->ns == s->ns)
			step = &w->steps[i];
	}
	if (!step) {
		step = new_step(w);
		if (!step)
			return false;
		*step = (struct evict_step){
			.action = EVICT_REFUSE,
			.why = EVICT_WHY_NAMESPACE,
			.process = s->n_owners ? s->owners[0].process : NULL,
			.container = s->container ? s->container : s->ns->container,
			.unit = s->unit,
		};
	}
	return add_socket(w, &step->sockets, &step->n_sockets, s);
}

static bool gather_targets(struct work *w)
{
	const struct evict_request *r = w->m.request;

	for (size_t i = 0; i < w->m.live->n_sockets; i++) {
		const struct live_socket *s = &w->m.live->sockets[i];

		if (evict_is_target(r, s) && !add_owners(w, s))
			return false;
	}
	return true;
}

static bool is_published_asked(const struct work *w, const struct live_published *p)
{
	for (uint32_t port = p->ports.first; port <= p->ports.last; port++) {
		if (asks_for(w->m.request, (uint16_t)port, p->transport))
			return true;
	}
	return false;
}

/* Whether it is what an asked, published port leads to: no other port, but the service itself. */
static bool is_behind(const struct work *w, const struct live_socket *s)
{
	for (size_t i = 0; s->cookie != 0 && i < w->m.live->n_published; i++) {
		const struct live_published *p = &w->m.live->published[i];

		if (p->listener == s->cookie && is_published_asked(w, p))
			return true;
	}
	return false;
}

/* What listens on the number elsewhere, but for what the port itself leads to. */
static bool gather_elsewhere(struct work *w)
{
	const struct evict_request *r = w->m.request;

	for (size_t i = 0; i < w->m.live->n_sockets; i++) {
		const struct live_socket *s = &w->m.live->sockets[i];

		if (is_holding(s) && evict_asks(r, s) && !evict_is_home(r, s->ns) &&
		    !is_behind(w, s) && !add_elsewhere(w, s))
			return false;
	}
	return true;
}

/* Whether what publishes a port is one of the owners that are dealt with already. */
static bool is_published_known(const struct work *w, const struct live_published *p)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct evict_step *step = &w->steps[i];

		if (step->published && step->published->ports.first == p->ports.first &&
		    step->published->transport == p->transport &&
		    is_same_text(step->container, p->container) &&
		    is_same_text(step->published->by, p->by))
			return true;
		if (p->container && is_same_text(step->container, p->container))
			return true;
		for (size_t k = 0; p->via != 0 && k < step->n_sockets; k++) {
			if (step->sockets[k]->cookie == p->via)
				return true;
		}
	}
	return false;
}

static bool gather_published(struct work *w)
{
	for (size_t i = 0; i < w->m.live->n_published; i++) {
		const struct live_published *p = &w->m.live->published[i];
		struct evict_step *step;

		if (p->is_to_here || !is_published_asked(w, p) || is_published_known(w, p))
			continue;
		step = new_step(w);
		if (!step)
			return false;
		step->published = p;
		evict_settle_published(&w->m, step);
	}
	return true;
}

/* --- settling -------------------------------------------------------------------------------- */

static void settle(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct evict_step *step = &w->steps[i];

		if (step->why == EVICT_WHY_GUESS) {
			step->action = EVICT_REFUSE;
			step->is_blocking = true;
		} else if (step->process) {
			evict_settle_process(&w->m, step);
		} else {
			evict_settle_unowned(step);
		}
	}
}

static bool is_same_stop(const struct evict_step *a, const struct evict_step *b)
{
	if (a->action != b->action)
		return false;
	if (a->action == EVICT_STOP_UNIT)
		return is_same_text(a->unit, b->unit) && a->is_unit_of_user == b->is_unit_of_user;
	return a->action == EVICT_STOP_CONTAINER && is_same_text(a->container, b->container);
}

/* Several processes of one unit or container are one step; the oldest stands for it. */
static bool merge_stops(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct evict_step *into = &w->steps[i];
		size_t k = i + 1;

		while (k < w->n) {
			struct evict_step *from = &w->steps[k];

			if (!is_same_stop(into, from)) {
				k++;
				continue;
			}
			for (size_t s = 0; s < from->n_sockets; s++) {
				if (!holds(into, from->sockets[s]) &&
				    !add_socket(w, &into->sockets, &into->n_sockets,
						from->sockets[s]))
					return false;
			}
			if (!into->published)
				into->published = from->published;
			memmove(from, from + 1, (w->n - k - 1) * sizeof(*from));
			w->n--;
		}
	}
	return true;
}

static bool is_port_blocked(const struct work *w, uint16_t port, enum transport transport)
{
	enum transport space = transport_port_space(transport);

	for (size_t i = 0; i < w->n; i++) {
		const struct evict_step *step = &w->steps[i];

		if (step->action != EVICT_REFUSE || !step->is_blocking ||
		    step->why == EVICT_WHY_POINTLESS)
			continue;
		for (size_t k = 0; k < step->n_sockets; k++) {
			if (step->sockets[k]->local_port == port &&
			    transport_port_space(step->sockets[k]->transport) == space)
				return true;
		}
		if (step->published && step->published->transport == space &&
		    port >= step->published->ports.first && port <= step->published->ports.last)
			return true;
	}
	return false;
}

/* Whether every asked port that a step is about stays held by something that is refused. */
static bool is_pointless(const struct work *w, const struct evict_step *step)
{
	const struct live_published *p = step->published;
	bool is_blocked = step->n_sockets > 0 || p;

	for (size_t i = 0; i < step->n_sockets; i++)
		is_blocked &= is_port_blocked(w, step->sockets[i]->local_port,
					      step->sockets[i]->transport);
	for (size_t i = 0; p && i < w->m.request->n_asks; i++) {
		uint16_t port = w->m.request->asks[i].port;

		if (port >= p->ports.first && port <= p->ports.last)
			is_blocked &= is_port_blocked(w, port, p->transport);
	}
	return is_blocked;
}

/* Where a refusal keeps a port held, ending its other owners would free nothing. */
static void spare_the_others(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct evict_step *step = &w->steps[i];

		if (step->action == EVICT_REFUSE || !is_pointless(w, step))
			continue;
		step->action = EVICT_REFUSE;
		step->why = EVICT_WHY_POINTLESS;
		step->is_blocking = true;
	}
}

/* --- what else ------------------------------------------------------------------------------- */

static bool is_owner(const struct live_socket *s, const struct live_process *p)
{
	for (size_t i = 0; i < s->n_owners; i++) {
		if (s->owners[i].process && is_same_process(s->owners[i].process, p))
			return true;
	}
	return false;
}

/* Whether a socket ends together with a step. */
static bool ends_with(const struct evict_step *step, const struct live_socket *s)
{
	if (step->process && step->action != EVICT_STOP_UNIT && is_owner(s, step->process))
		return true;
	if (step->action == EVICT_STOP_UNIT && is_same_text(s->unit, step->unit))
		return true;
	if (step->action == EVICT_STOP_CONTAINER && is_same_text(s->container, step->container))
		return true;
	for (size_t i = 0; i < s->n_owners; i++) {
		const struct live_process *p = s->owners[i].process;

		if (p && ((step->action == EVICT_STOP_UNIT && is_same_text(p->unit, step->unit)) ||
			  (step->action == EVICT_STOP_CONTAINER &&
			   is_same_text(p->container, step->container))))
			return true;
	}
	return false;
}

static bool gather_also(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct evict_step *step = &w->steps[i];

		for (size_t k = 0; step->action != EVICT_REFUSE && k < w->m.live->n_sockets; k++) {
			const struct live_socket *s = &w->m.live->sockets[k];

			if (s->state != LIVE_LISTENER || evict_is_target(w->m.request, s) ||
			    is_behind(w, s) || !ends_with(step, s))
				continue;
			if (!add_socket(w, &step->also, &step->n_also, s))
				return false;
		}
	}
	return true;
}

/* Whether a process is one that the plan deals with as an owner. */
static bool is_dealt_with(const struct work *w, const struct live_process *p)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->steps[i].why != EVICT_WHY_CLIENT && w->steps[i].why != EVICT_WHY_NAMESPACE &&
		    w->steps[i].process && is_same_process(w->steps[i].process, p))
			return true;
	}
	return false;
}

/* Processes that only have connections with the number: named, and left alone. */
static bool gather_clients(struct work *w)
{
	const struct evict_request *r = w->m.request;

	for (size_t i = 0; i < w->m.live->n_sockets; i++) {
		const struct live_socket *s = &w->m.live->sockets[i];
		const struct live_process *p = s->n_owners ? s->owners[0].process : NULL;
		struct evict_step *step;

		if (s->state != LIVE_CONNECTION || !p || !evict_is_home(r, s->ns) ||
		    !evict_asks(r, s) || is_dealt_with(w, p))
			continue;
		step = step_of(w, p, s, EVICT_WHY_CLIENT);
		if (!step || !add_socket(w, &step->sockets, &step->n_sockets, s))
			return false;
		step->action = EVICT_REFUSE;
		step->unit = p->unit;
		step->container = p->container;
	}
	return true;
}

static bool gather_time_wait(struct work *w)
{
	const struct evict_request *r = w->m.request;
	struct evict_step *step = NULL;

	for (size_t i = 0; r->wants_time_wait && i < w->m.live->n_sockets; i++) {
		const struct live_socket *s = &w->m.live->sockets[i];

		if (s->state != LIVE_TIME_WAIT || !evict_is_home(r, s->ns) || !evict_asks(r, s))
			continue;
		if (!step) {
			step = new_step(w);
			if (!step)
				return false;
			step->action = EVICT_DESTROY;
		}
		if (!add_socket(w, &step->sockets, &step->n_sockets, s))
			return false;
	}
	return true;
}

/* --- the whole ------------------------------------------------------------------------------- */

static live_time started_of(const struct evict_step *step)
{
	return step->process ? step->process->started : LIVE_TIME_NONE;
}

/* Socket units before the services that they would start again, then containers, then signals,
 * the oldest process first; what is refused comes last. */
/* As texts; nothing stands before something. */
static int compare_names(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int compare_steps(const void *pa, const void *pb)
{
	static const int ranks[] = {[EVICT_STOP_UNIT] = 1, [EVICT_STOP_CONTAINER] = 2,
				    [EVICT_SIGNAL] = 3, [EVICT_DESTROY] = 4, [EVICT_REFUSE] = 5};
	const struct evict_step *a = pa, *b = pb;
	int r = ranks[a->action] - ranks[b->action];

	if (r == 0 && a->action == EVICT_STOP_UNIT)
		r = evict_is_unit(b->unit, ".socket") - evict_is_unit(a->unit, ".socket");
	if (r == 0)
		r = (started_of(a) > started_of(b)) - (started_of(a) < started_of(b));
	if (r == 0 && a->process && b->process)
		r = (a->process->pid > b->process->pid) - (a->process->pid < b->process->pid);
	if (r == 0)
		r = (int)a->why - (int)b->why;
	if (r == 0)
		r = compare_names(a->unit, b->unit);
	if (r == 0)
		r = compare_names(a->container, b->container);
	return r ? r : (a->found_as > b->found_as) - (a->found_as < b->found_as);
}

static void conclude(struct work *w, struct evict_plan *out)
{
	*out = (struct evict_plan){.steps = w->steps, .n_steps = w->n, .is_idle = true};
	for (size_t i = 0; i < w->n; i++)
		w->steps[i].found_as = i;
	if (w->n > 1)
		qsort(w->steps, w->n, sizeof(*w->steps), compare_steps);
	for (size_t i = 0; i < w->n; i++) {
		struct evict_step *step = &w->steps[i];

		step->reason = evict_reason(&w->m, step);
		out->is_blocked |= step->action == EVICT_REFUSE && step->is_blocking;
		out->is_idle &= step->action == EVICT_REFUSE;
		out->can_stop |= step->can_stop;
	}
}

int evict_make(const struct evict_request *request, const struct live_snapshot *live,
	       struct arena *arena, struct evict_plan *out)
{
	struct work w = {.m = {.request = request, .live = live, .arena = arena}};

	if (!gather_targets(&w))
		return -ENOMEM;
	settle(&w);
	if (!gather_published(&w) || !gather_elsewhere(&w) || !merge_stops(&w))
		return -ENOMEM;
	spare_the_others(&w);
	if (!gather_also(&w) || !gather_clients(&w) || !gather_time_wait(&w))
		return -ENOMEM;
	conclude(&w, out);
	return arena_failed(arena) ? -ENOMEM : 0;
}
