#include "act/evict-prove.h"

#include "act/end.h"
#include "act/evict-parts.h"
#include "act/spare.h"
#include "act/trial.h"
#include "base/lang.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 500, MOST_PLACES = 256, MS_PER_S = 1000 };

int evict_look(struct evict_run *run, bool want_owners, struct live_snapshot *out)
{
	struct live_request request = run->look;

	request.want_all_owners = want_owners;
	request.first_port = UINT16_MAX;
	request.last_port = 0;
	for (size_t i = 0; i < run->request->n_asks; i++) {
		request.first_port = MIN_OF(request.first_port, run->request->asks[i].port);
		request.last_port = MAX_OF(request.last_port, run->request->asks[i].port);
	}
	return source_look(run->source, &request, run->arena, out);
}

bool evict_is_planned(const struct evict_plan *plan, const struct live_process *p)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct evict_step *step = &plan->steps[i];

		if (step->process && step->process->pid == p->pid &&
		    llabs(step->process->started - p->started) < 1000000000)
			return true;
		for (size_t k = 0; k < step->n_sockets; k++) {
			const struct live_socket *s = step->sockets[k];

			for (size_t o = 0; o < s->n_owners; o++) {
				if (s->owners[o].process && s->owners[o].process->pid == p->pid)
					return true;
			}
		}
	}
	return false;
}

/* --- places ---------------------------------------------------------------------------------- */

static bool is_text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static struct evict_place place_of(const struct live_socket *s)
{
	return (struct evict_place){
		.transport = s->transport == TRANSPORT_UDPLITE ? s->transport
							       : transport_port_space(s->transport),
		.address = s->has_remote ? address_unmapped(&s->local) : s->local,
		.port = s->local_port,
		.interface = s->interface,
		.is_v6only = s->local.family == ADDRESS_IPV6 && !s->is_dual_stack,
	};
}

static bool is_same_place(const struct evict_place *a, const struct evict_place *b)
{
	return a->transport == b->transport && a->port == b->port &&
	       a->is_v6only == b->is_v6only && address_is_equal(&a->address, &b->address) &&
	       is_text_equal(a->interface, b->interface);
}

/* Places under construction. */
struct places {
	struct evict_place *items;
	size_t n, capacity;
};

static bool add(struct evict_run *run, struct places *list, struct evict_place place)
{
	struct evict_place *slot;

	for (size_t i = 0; i < list->n; i++) {
		if (is_same_place(&list->items[i], &place))
			return true;
	}
	if (list->n == MOST_PLACES)
		return true;
	slot = ARENA_PUSH(run->arena, list->items, list->n, list->capacity);
	if (slot)
		*slot = place;
	return slot != NULL;
}

static bool add_published(struct evict_run *run, struct places *list,
			  const struct live_published *p)
{
	struct evict_place place = {.transport = p->transport};

	place.address.family = p->has_to ? p->to.family : ADDRESS_IPV4;
	place.is_v6only = place.address.family == ADDRESS_IPV6;
	if (p->has_address)
		place.address = p->address;
	for (uint32_t port = p->ports.first; port <= p->ports.last; port++) {
		struct live_socket s = {.transport = p->transport, .local_port = (uint16_t)port};

		place.port = (uint16_t)port;
		if (evict_asks(run->request, &s) && !add(run, list, place))
			return false;
	}
	return true;
}

static bool is_left_alone(const struct evict_step *step)
{
	return step->action == EVICT_REFUSE && !step->is_blocking;
}

/* What closed connections and clients keep, where nothing else was there. */
static bool add_leftovers(struct evict_run *run, struct places *list,
			  const struct live_snapshot *live)
{
	for (size_t i = 0; i < live->n_sockets; i++) {
		const struct live_socket *s = &live->sockets[i];

		if ((s->state == LIVE_TIME_WAIT || s->state == LIVE_CONNECTION) &&
		    transport_port_space(s->transport) == TRANSPORT_TCP &&
		    evict_is_home(run->request, s->ns) && evict_asks(run->request, s) &&
		    !add(run, list, place_of(s)))
			return false;
	}
	return true;
}

static bool find_places(struct evict_run *run, const struct live_snapshot *live)
{
	struct places list = {0};
	bool is_fine = true;

	for (size_t i = 0; is_fine && i < run->plan->n_steps; i++) {
		const struct evict_step *step = &run->plan->steps[i];

		if (is_left_alone(step) || step->action == EVICT_DESTROY)
			continue;
		for (size_t k = 0; is_fine && k < step->n_sockets; k++)
			is_fine = add(run, &list, place_of(step->sockets[k]));
		if (is_fine && step->published)
			is_fine = add_published(run, &list, step->published);
	}
	if (is_fine && list.n == 0)
		is_fine = add_leftovers(run, &list, live);
	run->places = list.items;
	run->n_places = list.n;
	return is_fine;
}

/* --- who is in the way ------------------------------------------------------------------------ */

/* Whether a socket can be what keeps a server from that place. */
static bool is_near(const struct evict_place *place, const struct live_socket *s)
{
	const struct address local = address_unmapped(&s->local);
	bool is_any = address_is_wildcard(&local) || address_is_wildcard(&place->address);

	if (s->local_port != place->port ||
	    transport_port_space(s->transport) != transport_port_space(place->transport))
		return false;
	if (local.family == place->address.family)
		return is_any || memcmp(local.bytes, place->address.bytes, 16) == 0;
	return local.family == ADDRESS_IPV6
		       ? s->is_dual_stack
		       : address_is_wildcard(&place->address) && !place->is_v6only;
}

static const struct live_socket *find_target(const struct evict_run *run,
					     const struct live_snapshot *live,
					     const struct evict_place *place)
{
	for (size_t i = 0; i < live->n_sockets; i++) {
		const struct live_socket *s = &live->sockets[i];

		if (evict_is_target(run->request, s) && is_near(place, s))
			return s;
	}
	return NULL;
}

/* Closed connections and those of others, at that place. */
static void find_rest(const struct evict_run *run, const struct live_snapshot *live,
		      struct evict_place *place)
{
	for (size_t i = 0; i < live->n_sockets; i++) {
		const struct live_socket *s = &live->sockets[i];

		if ((s->state != LIVE_TIME_WAIT && s->state != LIVE_CONNECTION) ||
		    !evict_is_home(run->request, s->ns) || !is_near(place, s))
			continue;
		if (s->inode == 0)
			place->seconds_left = MAX_OF(place->seconds_left,
						     (s->expires_ms + MS_PER_S - 1) / MS_PER_S);
		else if (s->n_owners > 0 && !place->holder)
			place->holder = s->owners[0].process;
	}
}

static const char *parent_of(const struct evict_run *run, const struct live_process *p)
{
	if (p->n_parents == 0)
		return "";
	return arena_printf(run->arena, _(", started by %s (pid %u)"),
			    p->parents[0].program ? p->parents[0].program : "?",
			    p->parents[0].pid);
}

/* What keeps starting it may be a unit. */
static const char *way_out(const struct evict_run *run, const struct live_process *p)
{
	if (!evict_is_unit(p->unit, ".service") || spare_unit(p->unit))
		return "";
	return arena_printf(run->arena, _("; --stop stops %s"), p->unit);
}

static const char *name(const struct live_process *p)
{
	return p->program ? p->program : "?";
}

static void blame_target(struct evict_run *run, const struct live_socket *s,
			 struct evict_place *place)
{
	const struct live_process *p = NULL;

	for (size_t i = 0; i < s->n_owners; i++) {
		if (s->owners[i].process && (!p || !evict_is_planned(run->plan,
								    s->owners[i].process)))
			p = s->owners[i].process;
	}
	place->holder = p;
	place->is_new_holder = p && !evict_is_planned(run->plan, p);
	if (!p)
		place->reason = _("held still, and its owner is not seen");
	else if (place->is_new_holder)
		place->reason = arena_printf(run->arena, _("%s (pid %u) took it again%s%s"),
					     name(p), p->pid, parent_of(run, p), way_out(run, p));
	else
		place->reason = arena_printf(run->arena, _("%s (pid %u) holds it still"), name(p),
					     p->pid);
}

static void blame_rest(struct evict_run *run, struct evict_place *place)
{
	if (place->holder)
		place->reason =
			arena_printf(run->arena,
				     _("a connection of %s (pid %u) uses it, and connections "
				       "are left alone"),
				     name(place->holder), place->holder->pid);
	else if (place->seconds_left > 0)
		place->reason = arena_printf(run->arena,
					     _("closed connections keep it for %u s more"),
					     place->seconds_left);
	else
		place->reason = arena_printf(run->arena, _("bind: %s, and nothing is seen there"),
					     lang_error(place->tried));
}

/* --- the proof ------------------------------------------------------------------------------- */

static void try(const struct evict_run *run, struct evict_place *place)
{
	bool is_stream = transport_port_space(place->transport) == TRANSPORT_TCP;
	const struct trial_request request = {
		.transport = place->transport,
		.address = place->address,
		.port = place->port,
		.has_reuse_address = is_stream && trial_is_reuse_safe,
		.is_v6only = place->is_v6only,
		.is_dual_stack = !place->is_v6only,
		.device = place->address.scope_id ? NULL : place->interface,
		.netns = run->request->ns_id,
	};
	struct trial_result result;
	int r = place->port == 0 ? -EINVAL : trial_bind(&request, &result);

	place->is_tried = r == 0 && (result.error == 0 || result.step == TRIAL_BIND);
	if (r == 0)
		r = -result.error;
	place->tried = r;
	/* Where it is what another program's SO_EXCLUSIVEADDRUSE says, it is not free either. */
	place->is_free = r != -EADDRINUSE && (r != -EACCES || trial_is_reuse_safe);
	if (r < 0 && place->is_free)
		place->reason = arena_printf(
			run->arena, _("nothing holds it; no bind proves it: %s"), lang_error(r));
}

/* Whether rules still lead an asked port elsewhere. */
static const struct live_published *find_rule(const struct evict_run *run,
					      const struct live_snapshot *live,
					      const struct evict_place *place)
{
	bool is_from_rule = false;

	for (size_t i = 0; i < run->plan->n_steps; i++)
		is_from_rule |= run->plan->steps[i].published != NULL;
	for (size_t i = 0; is_from_rule && i < live->n_published; i++) {
		const struct live_published *p = &live->published[i];

		if (!p->is_to_here && p->transport == place->transport &&
		    place->port >= p->ports.first && place->port <= p->ports.last)
			return p;
	}
	return NULL;
}

static void judge(struct evict_run *run, struct evict_place *place)
{
	const struct live_socket *target = find_target(run, &run->after, place);
	const struct live_published *rule = find_rule(run, &run->after, place);

	place->is_tried = place->is_free = place->is_new_holder = false;
	place->holder = NULL;
	place->seconds_left = 0;
	place->reason = NULL;
	if (target) {
		blame_target(run, target, place);
		return;
	}
	if (rule) {
		place->reason = arena_printf(run->arena, _("rules of %s lead it elsewhere still"),
					     rule->by);
		return;
	}
	try(run, place);
	find_rest(run, &run->after, place);
	if (!place->is_free)
		blame_rest(run, place);
	else if (place->seconds_left > 0 && !place->reason)
		place->reason = arena_printf(run->arena,
					     _("a server without SO_REUSEADDR has to wait %u s"),
					     place->seconds_left);
	if (place->is_free)
		place->holder = NULL;
}

static int judge_all(struct evict_run *run, bool *is_all_free)
{
	int r = evict_look(run, true, &run->after);

	*is_all_free = true;
	if (r == 0 && !run->places && !find_places(run, &run->after))
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < run->n_places; i++) {
		judge(run, &run->places[i]);
		*is_all_free &= run->places[i].is_free;
	}
	run->is_held = !*is_all_free;
	return r;
}

int evict_prove(struct evict_run *run)
{
	bool was_free, is_free;
	int r = judge_all(run, &was_free);

	if (r < 0 || run->plan->is_idle || run->n_places == 0 || run->was_interrupted)
		return r;
	/* What is started again is there by then; what was only slow to go is gone. */
	end_wait(NULL, 0, AGAIN_MS);
	r = judge_all(run, &is_free);
	if (r < 0 || was_free || !is_free)
		return r;
	end_wait(NULL, 0, AGAIN_MS);
	return judge_all(run, &is_free);
}
