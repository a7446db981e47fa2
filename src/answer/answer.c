#include "answer/answer.h"

#include "answer/answer-parts.h"
#include "answer/why.h"
#include "base/lang.h"
#include "registry/registry.h"

#include <string.h>

const char *answer_range_name(uint16_t port)
{
	return registry_range_name(registry_range_of(port));
}

bool answer_listener_counts(const struct answer_listener *l)
{
	return l->is_here && strcmp(l->role, "listener") == 0 &&
	       l->socket->transport != TRANSPORT_UDPLITE;
}

static bool is_ephemeral(const struct live_rules *rules, uint16_t port)
{
	return rules->has_ephemeral && port >= rules->ephemeral.first &&
	       port <= rules->ephemeral.last;
}

/* The kernel's own sockets (tunnels, NFS) are no clients. */
static bool is_kernel_owned(const struct live_socket *s)
{
	return s->n_owners > 0 && s->owners[0].method == LIVE_BY_KERNEL;
}

bool answer_judge_listener(const struct answer_sources *from, const struct answer_case *c,
			   struct answer_listener *l, struct arena *arena)
{
	struct answer_case here;
	struct verdict_resident resident = {
		.names = answer_resident_names(from, l->socket, arena)};
	bool is_known;

	if (!resident.names || !answer_case_at(c, &l->socket->local, &here, arena))
		return false;
	l->names = here.names;
	l->n_names = here.n_names;
	l->judged = verdict_of_resident(&here.world, &resident);
	is_known = l->judged.word == VERDICT_AS_CLAIMED || l->judged.word == VERDICT_CUSTOMARY;
	if (l->socket->transport == TRANSPORT_UDP && !is_known && !is_kernel_owned(l->socket) &&
	    here.world.n_claims == 0 && is_ephemeral(&from->live->rules, l->port))
		l->role = "maybe-client";
	l->verdict = answer_listener_counts(l) ? verdict_word_name(l->judged.word) : NULL;
	return true;
}

/* The heaviest of what was judged so far. */
struct heaviest {
	struct verdict verdict;
	bool has_one;
};

static void weigh(struct heaviest *h, struct verdict v)
{
	if (!h->has_one || v.word > h->verdict.word)
		h->verdict = v;
	h->has_one = true;
}

/* The verdict on one port space: the heaviest of its listeners and published ports, or who has it
 * while it is quiet. */
static struct verdict judge_port(const struct answer_case *c, enum transport space,
				 const struct answer *a)
{
	struct heaviest h = {.verdict = verdict_of_port(&c->world)};

	for (size_t i = 0; i < a->n_listeners; i++) {
		const struct answer_listener *l = &a->listeners[i];

		if (transport_port_space(l->socket->transport) == space &&
		    answer_listener_counts(l))
			weigh(&h, l->judged);
	}
	for (size_t i = 0; i < a->n_published; i++) {
		if (transport_port_space(a->published[i].transport) == space)
			weigh(&h, a->published[i].judged);
	}
	return h.verdict;
}

static struct answer_verdict show_verdict(struct verdict v)
{
	return (struct answer_verdict){verdict_word_name(v.word), verdict_basis_name(v.basis)};
}

static bool is_transport_wanted(const struct answer_options *options, enum transport t)
{
	return !options->has_transport || options->transport == t ||
	       transport_port_space(t) == options->transport;
}

/* Listeners into the record, everything else that holds the port into groups. */
static bool fill_sockets(const struct answer_sources *from, const struct answer_case cases[2],
			 const struct answer_options *options, struct answer *out,
			 struct arena *arena)
{
	size_t first, n = live_snapshot_find(from->live, out->port, &first), n_holding = 0;
	const struct live_socket **holding = arena_calloc(arena, n, sizeof(*holding));
	struct answer_listener *listeners = arena_calloc(arena, n, sizeof(*listeners));

	if (!holding || !listeners)
		return false;
	for (size_t i = first; i < first + n; i++) {
		const struct live_socket *s = &from->live->sockets[i];
		struct answer_listener *l = &listeners[out->n_listeners];
		bool is_stream = transport_port_space(s->transport) == TRANSPORT_TCP;

		if (!is_transport_wanted(options, s->transport))
			continue;
		if (s->state != LIVE_LISTENER) {
			holding[n_holding++] = s;
			continue;
		}
		if (!answer_fill_listener(from, s, l, arena) ||
		    !answer_judge_listener(from, &cases[is_stream ? 0 : 1], l, arena))
			return false;
		out->n_listeners++;
	}
	out->listeners = listeners;
	return answer_fill_holders(from, holding, n_holding, &out->holders, &out->n_holders, arena);
}

struct answer_registry answer_registry(const struct registry *reg)
{
	struct registry_source source = registry_source(reg);

	return (struct answer_registry){
		.source = source.source,
		.names_as_of = source.names_as_of,
		.details_as_of = source.details_as_of,
		.built_in = source.is_built_in,
	};
}

struct answer_checked answer_checked(const struct live_snapshot *live)
{
	return (struct answer_checked){.at = live->at,
				       .namespaces = (answer_number)live->n_namespaces,
				       .system = live->system};
}

bool answer_fill_gaps(const struct answer_sources *from, const struct answer_gap **out,
		      size_t *n_out, struct arena *arena)
{
	size_t n = from->live->n_gaps, n_claims = from->n_claim_gaps;
	struct answer_gap *gaps = arena_calloc(arena, n + n_claims, sizeof(*gaps));

	if (!gaps)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct live_gap *gap = &from->live->gaps[i];

		gaps[i] = (struct answer_gap){gap->what, gap->where, gap->why, gap->fix, false};
		if (gap->n_similar > 0)
			gaps[i].where = arena_printf(arena, _("%s and %u more"), gap->where,
						     gap->n_similar);
	}
	for (size_t i = 0; i < n_claims; i++)
		gaps[n + i] = from->claim_gaps[i];
	*out = gaps;
	*n_out = n + n_claims;
	return !arena_failed(arena);
}

static struct answer_bind_one judge_bind(const struct live_snapshot *live, enum transport transport,
					 uint16_t port)
{
	const struct why_candidate plain = why_plain(live, transport, ADDRESS_IPV4, port);
	const struct why_judgement j = why_judge(live, &plain);

	return (struct answer_bind_one){why_word_name(j.bind), why_cause_name(j.cause)};
}

/* Whether a plain server could have the port: 0.0.0.0 and no flags. Nobody can bind port 0. */
static bool fill_bind(const struct answer_sources *from, struct answer *out, struct arena *arena)
{
	struct answer_bind *bind;

	if (!from->saw_all_holders || out->port == 0)
		return true;
	bind = arena_alloc(arena, sizeof(*bind));
	if (!bind)
		return false;
	bind->tcp = judge_bind(from->live, TRANSPORT_TCP, out->port);
	bind->udp = judge_bind(from->live, TRANSPORT_UDP, out->port);
	out->bind = bind;
	return true;
}

static bool fill_answer(const struct answer_sources *from, const struct answer_options *options,
			struct answer *out, struct arena *arena)
{
	struct answer_case cases[2];

	if (!answer_fill_assignments(from->registry, out->port, options, out, arena) ||
	    !answer_fill_history(from->registry, out->port, options, out, arena) ||
	    !answer_fill_uses(from->registry, out->port, options, out, arena) ||
	    !answer_fill_claims(from, out->port, options, out, arena) ||
	    !answer_fill_case(from, out->port, TRANSPORT_TCP, &cases[0], arena) ||
	    !answer_fill_case(from, out->port, TRANSPORT_UDP, &cases[1], arena) ||
	    !fill_sockets(from, cases, options, out, arena) ||
	    !answer_fill_published(from, out->port, cases, options, out, arena) ||
	    !answer_fill_connections(from, out->port, options, out, arena) ||
	    !answer_fill_gaps(from, &out->gaps, &out->n_gaps, arena) ||
	    !fill_bind(from, out, arena))
		return false;
	out->policies = answer_policies(from, out->port, arena);
	out->tcp = judge_port(&cases[0], TRANSPORT_TCP, out);
	out->udp = judge_port(&cases[1], TRANSPORT_UDP, out);
	out->verdicts = (struct answer_verdicts){show_verdict(out->tcp), show_verdict(out->udp)};
	return out->policies != NULL && !arena_failed(arena);
}

const struct answer *answer_port(const struct answer_sources *from, uint16_t port,
				 const struct answer_options *options, struct arena *arena)
{
	struct answer *a = arena_alloc(arena, sizeof(*a));

	if (!a)
		return NULL;
	*a = (struct answer){
		.port = port,
		.range = answer_range_name(port),
		.registry = answer_registry(from->registry),
		.checked = answer_checked(from->live),
		.has_transport = options->has_transport,
		.transport = options->transport,
	};
	return fill_answer(from, options, a, arena) ? a : NULL;
}

static bool is_same_case(const struct live_socket *a, const struct live_socket *b)
{
	return a->local_port == b->local_port &&
	       (a->transport == b->transport ||
		transport_port_space(a->transport) == transport_port_space(b->transport));
}

/* Sockets stand sorted by port and port space, so a case serves its neighbours. */
static bool fill_here(const struct answer_sources *from, struct answer_here *out,
		      struct arena *arena)
{
	size_t n = from->live->n_sockets, n_holding = 0;
	const struct live_socket **holding = arena_calloc(arena, n, sizeof(*holding));
	struct answer_listener *listeners = arena_calloc(arena, n, sizeof(*listeners));
	const struct live_socket *before = NULL;
	struct answer_case c;

	if (!holding || !listeners)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct live_socket *s = &from->live->sockets[i];
		struct answer_listener *l = &listeners[out->n_listeners];

		if (s->state != LIVE_LISTENER) {
			holding[n_holding++] = s;
			continue;
		}
		if ((!before || !is_same_case(before, s)) &&
		    !answer_fill_case(from, s->local_port, s->transport, &c, arena))
			return false;
		before = s;
		if (!answer_fill_listener(from, s, l, arena) ||
		    !answer_judge_listener(from, &c, l, arena))
			return false;
		out->n_maybe_clients += strcmp(l->role, "maybe-client") == 0;
		out->n_listeners++;
	}
	out->listeners = listeners;
	return answer_fill_holders(from, holding, n_holding, &out->holders, &out->n_holders, arena);
}

const struct answer_here *answer_here(const struct answer_sources *from, struct arena *arena)
{
	struct answer_here *here = arena_alloc(arena, sizeof(*here));

	if (!here)
		return NULL;
	here->checked = answer_checked(from->live);
	if (!fill_here(from, here, arena) || !answer_fill_all_published(from, here, arena) ||
	    !answer_fill_gaps(from, &here->gaps, &here->n_gaps, arena))
		return NULL;
	return here;
}

static bool has_assigned_name(const struct answer *a)
{
	for (size_t i = 0; i < a->n_assignments; i++) {
		if (a->assignments[i].name || strcmp(a->assignments[i].status, "unassigned") != 0)
			return true;
	}
	return false;
}

bool answer_is_empty(const struct answer *a)
{
	return a->n_listeners == 0 && a->n_holders == 0 && a->n_known_uses == 0 &&
	       a->n_claims == 0 && a->n_published == 0 && a->connections.local == 0 &&
	       a->connections.remote == 0 && !a->remote && !has_assigned_name(a);
}
