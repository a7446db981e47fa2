#include "act/evict-record.h"

#include "answer/answer-parts.h"
#include "answer/identify.h"
#include "answer/lineage.h"
#include "answer/why.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const struct answer_evict_socket *fill_sockets(const struct live_socket *const *sockets,
						      size_t n, struct arena *arena)
{
	struct answer_evict_socket *out = arena_calloc(arena, n, sizeof(*out));

	for (size_t i = 0; out && i < n; i++) {
		const struct live_socket *s = sockets[i];

		out[i] = (struct answer_evict_socket){
			.kind = answer_holder_kind(s->state),
			.protocol = transport_name(s->transport),
			.address = answer_address(&s->local, arena),
			.port = s->local_port,
			.interface = s->interface,
			.peer_address = s->has_remote ? answer_address(&s->remote, arena) : NULL,
			.peer_port = s->has_remote ? s->remote_port : ANSWER_NULL,
			.inode = s->inode ? s->inode : ANSWER_NULL,
			.cookie = s->cookie ? arena_printf(arena, "%" PRIu64, s->cookie) : NULL,
			.namespace = s->ns->name,
		};
	}
	return out;
}

static const struct answer_parent *fill_parents(const struct live_process *p, size_t *n,
						struct arena *arena)
{
	struct answer_parent *out = arena_calloc(arena, p ? p->n_parents : 0, sizeof(*out));

	*n = out && p ? p->n_parents : 0;
	for (size_t i = 0; i < *n; i++) {
		out[i].pid = p->parents[i].pid;
		out[i].program = p->parents[i].program;
	}
	return out;
}

static void fill_process(const struct live_process *p, struct answer_evict_step *out,
			 struct arena *arena)
{
	struct lineage lineage;

	out->pid = p->pid;
	out->program = p->program;
	out->user = p->user;
	out->label = identify_label(p, arena);
	out->command = p->command;
	if (lineage_of(p, arena, &lineage)) {
		out->lineage = lineage.steps;
		out->origin = lineage.origin;
	}
}

static void fill_deed(const struct evict_deed *deed, struct answer_evict_step *out)
{
	out->outcome = evict_outcome_name(deed->outcome);
	out->is_signalled = deed->is_signalled;
	out->error = deed->error;
}

static const struct answer_evict_step *fill_steps(const struct evict_plan *plan,
						  const struct evict_run *run,
						  const struct answer_sources *from,
						  struct arena *arena)
{
	struct answer_evict_step *steps = arena_calloc(arena, plan->n_steps, sizeof(*steps));

	for (size_t i = 0; steps && i < plan->n_steps; i++) {
		const struct evict_step *step = &plan->steps[i];
		struct answer_evict_step *out = &steps[i];

		*out = (struct answer_evict_step){
			.action = evict_action_name(step->action),
			.pid = ANSWER_NULL,
			.unit = step->unit,
			.container = answer_container(from, step->container, arena),
			.sockets = fill_sockets(step->sockets, step->n_sockets, arena),
			.n_sockets = step->n_sockets,
			.also_serves = fill_sockets(step->also, step->n_also, arena),
			.n_also_serves = step->n_also,
			.container_id = step->container,
			.reason = step->reason,
			.is_blocking = step->action == EVICT_REFUSE && step->is_blocking,
		};
		out->parents = fill_parents(step->process, &out->n_parents, arena);
		if (step->published) {
			out->published_by = step->published->by;
			out->has_published = true;
			out->published_ports = step->published->ports;
			out->published_protocol = transport_name(step->published->transport);
		}
		if (step->process)
			fill_process(step->process, out, arena);
		if (run && run->deeds)
			fill_deed(&run->deeds[i], out);
	}
	return steps;
}

static const struct answer_evict_result *fill_results(const struct evict_run *run,
						      struct arena *arena)
{
	struct answer_evict_result *results = arena_calloc(arena, run->n_places, sizeof(*results));

	for (size_t i = 0; results && i < run->n_places; i++) {
		const struct evict_place *place = &run->places[i];
		struct answer_evict_result *out = &results[i];

		*out = (struct answer_evict_result){
			.protocol = transport_name(place->transport),
			.address = answer_address(&place->address, arena),
			.port = place->port,
			.interface = place->interface,
			.result = place->is_free ? "free" : "held",
			.tried = place->is_tried ? why_errno_name(-place->tried) : NULL,
			.seconds_left = place->seconds_left ? place->seconds_left : ANSWER_NULL,
			.reason = place->reason,
			.pid = place->holder ? place->holder->pid : ANSWER_NULL,
			.program = place->holder ? place->holder->program : NULL,
			.is_new = place->is_new_holder,
		};
		out->parents = fill_parents(place->holder, &out->n_parents, arena);
	}
	return results;
}

static const struct answer_evict_port *fill_ports(const struct evict_request *request,
						  struct arena *arena)
{
	struct answer_evict_port *ports = arena_calloc(arena, request->n_asks, sizeof(*ports));

	for (size_t i = 0; ports && i < request->n_asks; i++) {
		const struct evict_ask *ask = &request->asks[i];

		ports[i].port = ask->port;
		ports[i].protocol = ask->has_transport ? transport_name(ask->transport) : NULL;
	}
	return ports;
}

int evict_record(const struct evict_request *request, const struct evict_plan *plan,
		 const struct evict_run *run, const struct answer_sources *from,
		 const struct answer_sources *near, struct arena *arena,
		 struct answer_evict *out)
{
	*out = (struct answer_evict){
		.ports = fill_ports(request, arena),
		.n_ports = request->n_asks,
		.steps = fill_steps(plan, run, from, arena),
		.n_steps = plan->n_steps,
		.checked = answer_checked(from->live),
		.is_of_windows = from->live->system == LIVE_WINDOWS,
	};
	if (run && run->places) {
		out->results = fill_results(run, arena);
		out->n_results = run->n_places;
	}
	if (!answer_fill_gaps(near, &out->gaps, &out->n_gaps, arena))
		return -ENOMEM;
	return arena_failed(arena) ? -ENOMEM : 0;
}
