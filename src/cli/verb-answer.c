/* berth WHAT...: the answer. */
#include "act/connect.h"
#include "answer/match.h"
#include "base/lang.h"
#include "cli/cli.h"
#include "cli/own-claims.h"
#include "cli/nearest.h"
#include "query/query.h"
#include "render/text-answer.h"

#include <string.h>

enum { MOST_SCREENS = 4, CONNECT_TIMEOUT_MS = 3000 };

/* All questions of one command line. */
struct session {
	struct cli *c;
	struct query *queries;
	struct cli_list list;
	size_t n_shown;   /* screens or tables so far */
	size_t n_gaps;
	bool has_listener, is_blind;
};

/* Whether a look misses nothing that could be in the way of bind(2). */
static bool sees_all_holders(const struct cli *c)
{
	const struct options *o = c->options;

	return !o->is_quiet && o->want_tcp == o->want_udp && o->want_v4 == o->want_v6;
}

static struct answer_options options_for(const struct cli *c, const struct query *q)
{
	const struct options *o = c->options;
	struct answer_options options = {.want_all_peers = o->want_peers,
					 .has_transport = q->has_transport,
					 .transport = q->transport};

	if (!q->has_transport && o->want_tcp != o->want_udp) {
		options.has_transport = true;
		options.transport = o->want_tcp ? TRANSPORT_TCP : TRANSPORT_UDP;
	}
	return options;
}

static bool is_listener_there(const struct answer *a)
{
	for (size_t i = 0; i < a->n_listeners; i++) {
		if (a->listeners[i].is_here && strcmp(a->listeners[i].role, "listener") == 0)
			return true;
	}
	return a->n_published > 0;
}

static bool is_one_object(const struct session *s)
{
	return s->c->options->n_words == 1 && query_is_one_port(&s->queries[0]);
}

static int show_structured(struct session *s, const struct answer *a)
{
	bool is_alone = is_one_object(s) && s->c->options->format == FORMAT_JSON;
	struct writer_json json;

	if (!is_alone)
		return cli_list_add(&s->list, &record_answer, a, "answer");
	writer_json_init(&json, &s->c->out, true);
	render_record(&record_answer, a, NULL, &json.base);
	str_append_char(&s->c->out, '\n');
	return 0;
}

/* One screen, apart from the one before. */
static void show_screen(struct session *s, const struct answer *a)
{
	struct text text;

	text_init(&text, &s->c->out, &s->c->style);
	if (s->n_shown++ > 0)
		text_blank(&text);
	text_answer(&text, a);
}

static void show_table(struct session *s, const struct answer *const *answers, size_t n)
{
	struct text text;

	text_init(&text, &s->c->out, &s->c->style);
	if (s->n_shown++ > 0)
		text_blank(&text);
	text_answers(&text, answers, n);
}

/* Every answer passes here once, whatever its face. */
static int take_answer(struct session *s, const struct answer *a)
{
	s->has_listener = s->has_listener || is_listener_there(a);
	s->is_blind = s->is_blind || a->tcp.word == VERDICT_UNKNOWN ||
		      a->udp.word == VERDICT_UNKNOWN;
	s->n_gaps = MAX_OF(s->n_gaps, a->n_gaps);
	if (s->c->options->is_quiet || s->c->options->format == FORMAT_TEXT)
		return 0;
	return show_structured(s, a);
}

/* Ports that are asked for together, and what led to each. */
struct batch {
	const struct answer_sources *from;
	const struct answer_options *options;
	const struct matches *matches; /* NULL = asked for by number */
	const struct answer_remote *remote;
	uint32_t first, last;
};

static const struct answer *answer_one(const struct batch *b, uint16_t port, struct arena *arena)
{
	const struct answer *a = answer_port(b->from, port, b->options, arena);
	struct answer *filled;

	if (!a || (!b->matches && !b->remote))
		return a;
	filled = arena_grow(arena, a, 1, 1, sizeof(*a));
	if (!filled)
		return NULL;
	filled->remote = b->remote;
	if (b->matches)
		filled->matched = match_of_port(b->matches, port, &filled->n_matched, arena);
	return filled;
}

static bool is_in_batch(const struct batch *b, uint32_t port)
{
	size_t low = 0, high = b->matches ? b->matches->n : 0;

	if (!b->matches)
		return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->matches->items[middle].port < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low < b->matches->n && b->matches->items[low].port == port;
}

/* A table keeps its answers until it is drawn; everything else is forgotten port by port. */
static int show_batch(struct session *s, const struct batch *b, bool is_table, struct arena *arena)
{
	bool is_text = s->c->options->format == FORMAT_TEXT && !s->c->options->is_quiet;
	const struct answer **kept = NULL;
	size_t n = 0, capacity = 0;

	for (uint32_t port = b->first; port <= b->last; port++) {
		struct arena_mark mark = arena_mark(arena);
		const struct answer *a, **slot;
		int r;

		if (!is_in_batch(b, port))
			continue;
		a = answer_one(b, (uint16_t)port, arena);
		if (!a)
			return cli_fail(EXIT_SYSTEM, "out of memory");
		r = take_answer(s, a);
		if (r != 0)
			return r;
		if (is_text && is_table) {
			slot = ARENA_PUSH(arena, kept, n, capacity);
			if (!slot)
				return cli_fail(EXIT_SYSTEM, "out of memory");
			*slot = a;
			continue;
		}
		if (is_text)
			show_screen(s, a);
		arena_reset(arena, mark);
	}
	if (is_text && is_table)
		show_table(s, kept, n);
	return 0;
}

static int answer_numbers(struct session *s, const struct query *q, struct arena *arena)
{
	struct live_request request = cli_request(s->c);
	struct answer_options options = options_for(s->c, q);
	struct live_snapshot live;
	struct answer_sources from = {.registry = &s->c->registry,
				      .live = &live,
				      .saw_all_holders = sees_all_holders(s->c),
				      .counts_every_namespace =
					      request.scope == LIVE_SCOPE_NAMED};
	struct batch b = {.from = &from, .options = &options, .first = q->first, .last = q->last};
	int r = 0;

	request.first_port = q->first;
	request.last_port = q->last;
	request.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS | LIVE_WANT_CONNECTIONS;
	request.flags = LIVE_FLAGS_FEW;
	if (s->c->options->is_quiet)
		request.want = LIVE_WANT_LISTENERS;
	if (!s->c->options->is_quiet)
		r = own_claims_gather(s->c, q->first, q->last, arena, &from);
	if (r == 0)
		r = cli_look(s->c, &request, arena, &live);
	if (r != 0)
		return r;
	if (!answer_index(&from, arena))
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (q->kind == QUERY_REMOTE)
		b.remote = connect_once(q->word, q->first, CONNECT_TIMEOUT_MS, arena);
	return show_batch(s, &b, q->last - q->first >= MOST_SCREENS, arena);
}

/* A name that the registry knows without a port is an answer, too. */
static int show_portless(struct session *s, const struct query *q, const struct matches *m)
{
	struct text text;

	if (s->c->options->format != FORMAT_TEXT || s->c->options->is_quiet)
		return 0;
	text_init(&text, &s->c->out, &s->c->style);
	text_begin(&text, "", 0);
	text_put(&text, TEXT_STRONG, 0, q->word);
	text_say(&text, TEXT_PLAIN, 3, _("a registered service name without a port"));
	if (m->portless)
		text_putf(&text, TEXT_PLAIN, 3, "\"%s\"", m->portless);
	text_end(&text);
	s->n_shown++;
	return 0;
}

static int refuse_word(const struct query *q, const struct answer_sources *from)
{
	char hint[160];

	if (q->kind == QUERY_PID)
		return cli_fail(EXIT_USAGE, "process %u is not seen to listen on any port", q->pid);
	if (nearest_words(from, q, hint, sizeof(hint)))
		return cli_fail(EXIT_USAGE, "nothing is called \"%.80s\"; did you mean %s?",
				q->word, hint);
	return cli_fail(EXIT_USAGE, "nothing is called \"%.80s\": no service, claim, running "
				    "program, unit or container (berth find searches)", q->word);
}

static int answer_word(struct session *s, const struct query *q, struct arena *arena)
{
	struct live_request request = cli_request(s->c);
	struct answer_options options = options_for(s->c, q);
	struct live_snapshot live;
	struct answer_sources from = {.registry = &s->c->registry,
				      .live = &live,
				      .saw_all_holders = sees_all_holders(s->c),
				      .counts_every_namespace =
					      request.scope == LIVE_SCOPE_NAMED};
	struct matches matches;
	struct batch b = {.from = &from, .options = &options, .matches = &matches};
	size_t n_ports = 0;
	int r;

	request.want = LIVE_WANT_LISTENERS | LIVE_WANT_HOLDERS | LIVE_WANT_CONNECTIONS;
	request.flags = LIVE_FLAGS_FEW;
	request.want_all_owners = request.want_all_owners || q->kind == QUERY_PID;
	r = own_claims_gather(s->c, 0, UINT16_MAX, arena, &from);
	if (r == 0)
		r = cli_look(s->c, &request, arena, &live);
	if (r != 0)
		return r;
	if (!answer_index(&from, arena) || !match_query(&from, q, &matches, arena))
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (matches.n == 0)
		return matches.has_portless ? show_portless(s, q, &matches)
					    : refuse_word(q, &from);
	for (size_t i = 0; i < matches.n; i++)
		n_ports += i == 0 || matches.items[i].port != matches.items[i - 1].port;
	b.first = matches.items[0].port;
	b.last = matches.items[matches.n - 1].port;
	return show_batch(s, &b, n_ports > MOST_SCREENS, arena);
}

static int answer_query(struct session *s, const struct query *q)
{
	struct arena arena;
	bool is_number = q->kind == QUERY_PORT || q->kind == QUERY_RANGE || q->kind == QUERY_REMOTE;
	int r;

	arena_init(&arena);
	r = is_number ? answer_numbers(s, q, &arena) : answer_word(s, q, &arena);
	arena_fini(&arena);
	return r;
}

static int parse_all(struct session *s)
{
	const struct options *o = s->c->options;

	s->queries = arena_calloc(&s->c->arena, o->n_words, sizeof(*s->queries));
	if (!s->queries)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	for (size_t i = 0; i < o->n_words; i++) {
		char error[QUERY_ERROR_SIZE];

		if (query_parse(o->words[i], &s->queries[i], error) < 0)
			return cli_fail(EXIT_USAGE, "%s", error);
	}
	return 0;
}

static void show_footer(struct session *s)
{
	struct answer_registry registry = answer_registry(&s->c->registry);
	const struct answer_gap *gaps;
	struct text text;
	size_t n;

	gaps = own_claims_gaps(s->c, &n);
	text_init(&text, &s->c->out, &s->c->style);
	text_footer(&text, &registry, gaps, n);
}

static int finish(struct session *s)
{
	const struct options *o = s->c->options;

	if (o->is_quiet)
		return s->has_listener ? EXIT_ANSWERED : s->is_blind ? EXIT_GAPS : EXIT_NO;
	if (o->format == FORMAT_TEXT)
		show_footer(s);
	if (o->format == FORMAT_TEXT || (o->format == FORMAT_JSON && is_one_object(s))) {
		if (cli_flush(s->c) < 0)
			return EXIT_SYSTEM;
	} else if (cli_list_end(&s->list) != 0) {
		return EXIT_SYSTEM;
	}
	return cli_strict(s->c, s->n_gaps, EXIT_ANSWERED);
}

int verb_answer(struct cli *c)
{
	struct session s = {.c = c};
	int r = parse_all(&s);

	if (r == 0)
		r = cli_open_registry(c);
	if (r != 0)
		return r;
	if (!c->options->is_quiet && !(is_one_object(&s) && c->options->format == FORMAT_JSON))
		cli_list_begin(&s.list, c);
	for (size_t i = 0; i < c->options->n_words; i++) {
		r = answer_query(&s, &s.queries[i]);
		if (r != 0)
			return r;
	}
	return finish(&s);
}
