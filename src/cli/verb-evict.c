/* berth evict PORT...: ends what holds a port, and proves that it can be bound again. */
#include "cli/cli.h"

#include "act/end.h"
#include "act/evict-record.h"
#include "act/evict-run.h"
#include "answer/answer-parts.h"
#include "base/duration.h"
#include "base/lang.h"
#include "cli/ask.h"
#include "render/text-answer.h"
#include "render/text-evict.h"
#include "render/text-parts.h"

#include <string.h>

enum { GRACE_MS = 5000 };

/* One eviction on its way. */
struct evicting {
	struct cli *c;
	struct evict_request request;
	struct live_request look;   /* scope and namespace; every port */
	struct live_snapshot near;  /* the asked ports: its gaps are the answer's */
	struct live_snapshot live;  /* all ports: what else would end */
	struct evict_plan plan;
	struct evict_run run;
	bool has_run;               /* `run` was carried out, or proved something */
	int64_t grace_ms;
	struct ask *ask;            /* NULL: nobody is asked */
	struct answer_evict record;
};

/* --- what was asked -------------------------------------------------------------------------- */

static int take_port(const char *word, struct evict_ask *out)
{
	char error[QUERY_ERROR_SIZE];
	struct query q;

	if (query_parse(word, &q, error) < 0)
		return cli_fail(EXIT_USAGE, "%s", error);
	if (q.kind != QUERY_PORT || q.first == 0)
		return cli_fail(EXIT_USAGE,
				"berth evict takes ports (8080, 53/udp), not \"%.60s\"", word);
	if (q.has_transport && (q.transport == TRANSPORT_SCTP || q.transport == TRANSPORT_DCCP))
		return cli_fail(EXIT_USAGE, "berth does not see sockets of %s",
				transport_name(q.transport));
	*out = (struct evict_ask){q.first, q.has_transport, q.transport};
	return 0;
}

static int take_ports(struct evicting *e)
{
	const struct options *o = e->c->options;
	struct evict_ask *asks = arena_calloc(&e->c->arena, o->n_words, sizeof(*asks));
	int r = 0;

	if (!asks)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (o->n_words == 0)
		return cli_fail(EXIT_USAGE, "berth evict takes one or more ports");
	for (size_t i = 0; r == 0 && i < o->n_words; i++)
		r = take_port(o->words[i], &asks[i]);
	e->request.asks = asks;
	e->request.n_asks = o->n_words;
	return r;
}

static int take_options(struct evicting *e)
{
	const struct options *o = e->c->options;

	e->grace_ms = GRACE_MS;
	if (o->grace && duration_parse(o->grace, &e->grace_ms) < 0)
		return cli_fail(EXIT_USAGE, "--grace takes a duration (5s, 500ms, 1m), not "
					    "\"%.60s\"", o->grace);
	if (o->replay && !o->is_dry_run)
		return cli_fail(EXIT_USAGE, "nothing can be ended in a recording: --replay goes "
					    "with --dry-run only");
	if (o->netns && strcmp(o->netns, "all") == 0)
		return cli_fail(EXIT_USAGE, "berth evict takes one namespace, not all");
	e->request.may_stop = o->wants_stop;
	e->request.wants_time_wait = o->wants_time_wait;
	if (o->is_dry_run || o->is_sure)
		return 0;
	if (o->is_quiet)
		return cli_fail(EXIT_USAGE, "-q asks nothing: -y has to say that it is meant");
	e->ask = ask_open();
	if (!e->ask)
		return cli_fail(EXIT_USAGE,
				"there is no terminal to ask at: -y has to say that it is meant");
	return 0;
}

/* --- looking --------------------------------------------------------------------------------- */

static int look(struct evicting *e, uint16_t first, uint16_t last, struct live_snapshot *out)
{
	struct live_request request = e->look;
	int r;

	request.first_port = first;
	request.last_port = last;
	r = cli_look(e->c, &request, &e->c->arena, out);
	if (r == 0 && !out->could_look && request.scope == LIVE_SCOPE_NAMED)
		r = cli_fail(EXIT_USAGE, "cannot look into namespace %s: %s", request.netns,
			     out->n_gaps ? out->gaps[0].why : _("there is none"));
	else if (r == 0 && !out->could_look)
		r = cli_fail(EXIT_SYSTEM, "cannot look: %s",
			     out->n_gaps ? out->gaps[0].why : _("no namespace could be read"));
	return r;
}

static int make(struct evicting *e, const struct live_snapshot *live)
{
	int r = evict_make(&e->request, live, &e->c->arena, &e->plan);

	return r < 0 ? cli_fail(EXIT_SYSTEM, "%s", lang_error(r)) : 0;
}

static int look_and_plan(struct evicting *e)
{
	uint16_t first = UINT16_MAX, last = 0;
	int r;

	e->look = cli_request(e->c);
	e->look.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS;
	e->look.want_all_owners = true;
	for (size_t i = 0; i < e->request.n_asks; i++) {
		first = MIN_OF(first, e->request.asks[i].port);
		last = MAX_OF(last, e->request.asks[i].port);
	}
	r = look(e, first, last, &e->near);
	if (r == 0 && e->look.scope == LIVE_SCOPE_NAMED && e->near.n_namespaces > 0)
		e->request.ns_id = e->near.namespaces[0].id;
	if (r == 0)
		r = make(e, &e->near);
	e->live = e->near;
	if (r != 0 || e->plan.n_steps == 0)
		return r;
	r = look(e, 0, UINT16_MAX, &e->live);
	return r != 0 ? r : make(e, &e->live);
}

/* --- showing --------------------------------------------------------------------------------- */

static int record(struct evicting *e, const char *outcome)
{
	const struct answer_sources from = {.live = &e->live};
	struct answer_sources near = {.live = &e->near};
	int r = evict_record(&e->request, &e->plan, e->has_run ? &e->run : NULL, &from, &near,
			     &e->c->arena, &e->record);

	if (r < 0)
		return cli_fail(EXIT_SYSTEM, "%s", lang_error(r));
	e->record.outcome = outcome;
	e->record.is_dry_run = e->c->options->is_dry_run;
	return 0;
}

/* Other namespaces do not matter to this port, and an owner that is not seen is a refusal already.
 * Sockets of this namespace are told by their transport, those of others by its name. */
static bool is_gap_told(const struct answer_gap *gap)
{
	size_t n = strcspn(gap->where, " ");
	char word[16];
	enum transport t;

	if (strcmp(gap->what, "namespace") == 0 || strcmp(gap->what, "owner") == 0)
		return false;
	if (strcmp(gap->what, "sockets") != 0)
		return true;
	if (n >= sizeof(word) || gap->where[n])
		return false;
	memcpy(word, gap->where, n);
	word[n] = '\0';
	return transport_parse(word, &t) == 0;
}

static void put_gaps(struct evicting *e, struct text *text)
{
	for (size_t i = 0; i < e->record.n_gaps; i++) {
		const struct answer_gap *gap = &e->record.gaps[i];

		if (is_gap_told(gap) || e->c->options->is_verbose)
			text_gaps(text, gap, 1, TEXT_INDENT);
	}
}

static void write_plan(struct evicting *e, struct str *out)
{
	struct text text;

	text_init(&text, out, &e->c->style);
	text_evict_plan(&text, &e->record);
	put_gaps(e, &text);
}

/* The plan, before anything is done: on standard output, or where the question is asked. */
static int show_plan(struct evicting *e)
{
	struct str text = {0};
	int r = record(e, "planned");

	if (r != 0 || e->c->options->is_quiet)
		return r;
	if (e->c->options->format == FORMAT_TEXT) {
		write_plan(e, &e->c->out);
		return cli_flush(e->c) < 0 ? EXIT_SYSTEM : 0;
	}
	if (!e->ask)
		return 0;
	write_plan(e, &text);
	ask_say(e->ask, str_text(&text));
	str_fini(&text);
	return 0;
}

/* What came of it; as JSON this is all that is printed. */
static int show(struct evicting *e, const char *outcome)
{
	struct cli *c = e->c;
	bool is_lines = c->options->format == FORMAT_JSONL;
	struct writer_json json;
	struct text text;
	int r = record(e, outcome);

	if (r != 0 || c->options->is_quiet)
		return r;
	if (c->options->format == FORMAT_TEXT) {
		text_init(&text, &c->out, &c->style);
		text_evict_done(&text, &e->record);
	} else {
		writer_json_init(&json, &c->out, !is_lines);
		render_record(&record_evict, &e->record, is_lines ? "evict" : NULL, &json.base);
		str_append_char(&c->out, '\n');
	}
	return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
}

/* The outcome is shown, and is the answer. */
static int conclude(struct evicting *e, const char *outcome, enum cli_exit code)
{
	int r = show(e, outcome);

	return r != 0 ? r : cli_strict(e->c, e->record.n_gaps, (int)code);
}

/* --- asking ---------------------------------------------------------------------------------- */

/* Whether there is an owner whose unit or container could be stopped instead; what it is called. */
static const struct evict_step *find_stoppable(const struct evict_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		if (plan->steps[i].can_stop)
			return &plan->steps[i];
	}
	return NULL;
}

static bool ask_to_stop(struct evicting *e)
{
	const struct evict_step *step = find_stoppable(&e->plan);
	const struct answer_sources from = {.live = &e->live};
	bool is_unit = step && step->unit &&
		       (step->why == EVICT_WHY_ASK_UNIT || !step->runtime || !step->container);
	const char *name;

	if (!step || e->request.may_stop)
		return false;
	name = is_unit ? step->unit : answer_container(&from, step->container, &e->c->arena);
	return ask_yes(
		e->ask, _("Stop %s%s%s? [y/N] "), is_unit ? "" : _("container "), name ? name : "?",
		step->action == EVICT_SIGNAL ? _(", which may start it again, instead") : "");
}

/* 0: go on; 1: declined, or interrupted; an exit code else. */
static int ask_all(struct evicting *e, bool *is_meant)
{
	int r;

	if (ask_to_stop(e)) {
		e->request.may_stop = true;
		evict_let_go(&e->run);
		r = make(e, &e->live);
		if (r == 0)
			r = evict_hold(&e->run) < 0 ? cli_fail(EXIT_SYSTEM, "out of memory")
						    : show_plan(e);
		if (r != 0)
			return r;
	}
	*is_meant =
		!ask_was_interrupted() && !e->plan.is_idle && ask_yes(e->ask, _("Do it? [y/N] "));
	return 0;
}

/* --- acting ---------------------------------------------------------------------------------- */

static void say(void *context, const char *what)
{
	const struct cli *c = context;

	if (!c->options->is_quiet && ask_is_watched())
		cli_warn("%s", what);
}

static void prepare(struct evicting *e)
{
	e->run = (struct evict_run){
		.source = e->c->source,
		.look = e->look,
		.request = &e->request,
		.plan = &e->plan,
		.arena = &e->c->arena,
		.grace_ms = e->grace_ms,
		.is_forced = e->c->options->is_forced,
		.is_interrupted = &ask_interrupted,
		.tell = say,
		.context = e->c,
	};
}

static int interrupted(struct evicting *e, const char *what)
{
	(void)!show(e, "interrupted");
	cli_warn("interrupted: %s", what);
	ask_reraise();
	return EXIT_SYSTEM; /* not reached, unless the signal is blocked */
}

static int act(struct evicting *e)
{
	int r = evict_carry_out(&e->run);

	e->has_run = true;
	if (r < 0)
		return cli_fail(EXIT_SYSTEM, "%s", lang_error(r));
	if (e->run.was_interrupted)
		return interrupted(e, _("what is not shown as done was not done"));
	return e->run.is_held ? conclude(e, "held", EXIT_NO) : conclude(e, "freed", EXIT_ANSWERED);
}

/* Nothing can be done: whether the ports are free all the same. */
static int prove(struct evicting *e)
{
	int r = evict_prove(&e->run);

	e->has_run = true;
	if (r < 0)
		return cli_fail(EXIT_SYSTEM, "%s", lang_error(r));
	if (e->plan.is_blocked)
		return conclude(e, "refused", EXIT_NO);
	return e->run.is_held ? conclude(e, "held", EXIT_NO)
			      : conclude(e, "nothing-there", EXIT_ANSWERED);
}

static int carry_out(struct evicting *e)
{
	bool is_meant = !e->ask;
	int r;

	if (evict_hold(&e->run) < 0)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	r = show_plan(e);
	if (r == 0 && e->ask && (!e->plan.is_idle || e->plan.can_stop))
		r = ask_all(e, &is_meant);
	if (r != 0)
		return r;
	if (ask_was_interrupted())
		return interrupted(e, _("nothing was done"));
	if (e->plan.is_idle)
		return prove(e);
	if (is_meant)
		return act(e);
	ask_say(e->ask, _("Nothing was done.\n"));
	return conclude(e, "declined", EXIT_NO);
}

static int dry_run(struct evicting *e)
{
	const char *outcome = e->plan.is_blocked ? "refused" : e->plan.is_idle ? "nothing-there"
									       : "planned";
	int r = show_plan(e);

	return r != 0 ? r : conclude(e, outcome, e->plan.is_blocked ? EXIT_NO : EXIT_ANSWERED);
}

int verb_evict(struct cli *c)
{
	struct evicting e = {.c = c};
	int r = take_ports(&e);

	if (r == 0)
		r = take_options(&e);
	if (r == 0 && !c->options->replay && end_self(&c->arena, &e.request.self) < 0)
		r = cli_fail(EXIT_SYSTEM, "out of memory");
	if (r == 0)
		r = look_and_plan(&e);
	if (r == 0) {
		prepare(&e);
		ask_catch();
		r = c->options->is_dry_run ? dry_run(&e) : carry_out(&e);
		evict_let_go(&e.run);
	}
	ask_close(e.ask);
	return r;
}
