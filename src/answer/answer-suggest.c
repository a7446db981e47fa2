/* A suggestion as a record. */
#include "answer/answer-parts.h"
#include "answer/suggest.h"
#include "base/lang.h"

static bool fill_place(const struct suggest_place *p, struct answer_suggest_place *out,
		       struct arena *arena)
{
	struct answer_suggest_reason *reasons =
		arena_calloc(arena, p->n_reasons, sizeof(*reasons));

	for (size_t i = 0; reasons && i < p->n_reasons; i++) {
		const struct suggest_reason *r = &p->reasons[i];
		bool rejects = suggest_forbids(r->why);

		reasons[i] = (struct answer_suggest_reason){
			.port = r->port,
			.reason = suggest_why_name(r->why),
			.rejects = rejects,
			.cost = rejects ? ANSWER_NULL : (answer_number)r->cost,
			.text = r->text ? r->text : "",
		};
	}
	*out = (struct answer_suggest_place){
		.port = p->first,
		.ports = {p->first, p->last},
		.claimed = p->is_kept,
		.cost = p->is_forbidden ? ANSWER_NULL : (answer_number)p->cost,
		.reasons = reasons,
		.n_reasons = p->n_reasons,
	};
	return reasons != NULL;
}

static bool fill_places(const struct suggest_place *places, size_t n,
			struct answer_suggest_place *out, struct arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		if (!fill_place(&places[i], &out[i], arena))
			return false;
	}
	return true;
}

/* "nothing fits in 8000-8010 (tcp): 5 bound, 3 claimed" */
static const char *explain_nothing(const struct suggest_wish *wish,
				   const struct suggest_choice *choice, size_t n_found,
				   struct arena *arena)
{
	const char *what = wish->want_tcp && wish->want_udp ? _("tcp and udp")
			   : wish->want_tcp		    ? "tcp"
							    : "udp";
	const char *range = wish->first == wish->last
				    ? arena_printf(arena, "%u", wish->first)
				    : arena_printf(arena, "%u-%u", wish->first, wish->last);
	const char *text, *lead = ": ";

	if (wish->block > 1)
		text = arena_printf(arena, _("no block of %u ports fits in %s (%s)"), wish->block,
				    range, what);
	else
		text = arena_printf(arena, _("nothing fits in %s (%s)"), range, what);
	if (wish->count > 1 && n_found > 0)
		text = arena_printf(arena, _("only %zu of %u are to be had in %s (%s)"), n_found,
				    wish->count, range, what);
	for (unsigned int why = 0; why < N_SUGGEST_WHYS; why++) {
		if (choice->n_forbidden[why] == 0)
			continue;
		text = arena_printf(arena, "%s%s%u %s", text, lead, choice->n_forbidden[why],
				    suggest_why_name((enum suggest_why)why));
		lead = ", ";
	}
	if (choice->n_forbidden[SUGGEST_EPHEMERAL] > 0 && !wish->is_asked)
		text = arena_printf(arena, _("%s; --range inside the ephemeral range takes from "
					   "there all the same"), text);
	return text;
}

static const char *const *list_protocols(const struct suggest_wish *wish, struct arena *arena)
{
	const char **list = arena_calloc(arena, 3, sizeof(*list));
	size_t n = 0;

	if (list && wish->want_tcp)
		list[n++] = "tcp";
	if (list && wish->want_udp)
		list[n++] = "udp";
	return list;
}

static bool are_all_kept(const struct answer_suggest_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!places[i].claimed)
			return false;
	}
	return n > 0;
}

struct answer_suggest *answer_suggest(const struct answer_sources *from,
				      const struct suggest_wish *wish,
				      const struct suggest_choice *choice,
				      const struct suggest_place *kept, size_t n_kept,
				      struct arena *arena)
{
	struct answer_suggest *out = arena_alloc(arena, sizeof(*out));
	struct answer_suggest_place *places =
		arena_calloc(arena, n_kept + choice->n, sizeof(*places));
	struct answer_suggest_place *passed =
		arena_calloc(arena, choice->n_passed, sizeof(*passed));
	struct answer_suggest_place *next = arena_alloc(arena, sizeof(*next));
	size_t n = n_kept + choice->n;

	if (!out || !places || !passed || !next || !fill_places(kept, n_kept, places, arena) ||
	    !fill_places(choice->places, choice->n, places + n_kept, arena) ||
	    !fill_places(choice->passed, choice->n_passed, passed, arena) ||
	    (choice->runner_up && !fill_place(choice->runner_up, next, arena)))
		return NULL;
	*out = (struct answer_suggest){
		.result = n < wish->count		? "nothing"
			  : are_all_kept(places, n) ? "claimed"
							: "suggested",
		.protocols = list_protocols(wish, arena),
		.range = {wish->first, wish->last},
		.start = choice->start,
		.suggestions = places,
		.n_suggestions = n < wish->count ? 0 : n,
		.runner_up = choice->runner_up ? next : NULL,
		.passed = passed,
		.n_passed = choice->n_passed,
		.n_more = (answer_number)choice->n_more,
		.registry = answer_registry(from->registry),
		.checked = answer_checked(from->live),
	};
	if (n < wish->count)
		out->message = explain_nothing(wish, choice, n, arena);
	if (!answer_fill_gaps(from, &out->gaps, &out->n_gaps, arena) || arena_failed(arena))
		return NULL;
	return out;
}
