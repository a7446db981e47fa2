/* berth wait PORT...: until it listens, accepts, answers or is free again; then the command. */
#include "cli/cli.h"

#include "act/http-reply.h"
#include "act/wait.h"
#include "base/duration.h"
#include "base/lang.h"
#include "cli/interrupt.h"
#include "cli/launch.h"
#include "cli/terminal.h"
#include "query/query.h"
#include "render/text-wait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_TIMEOUT_MS = 30 * 1000 };

/* One wait and how it is shown. */
struct session {
	struct cli *c;
	struct wait_request request;
	struct wait_target *targets;
	bool has_progress;  /* a line is shown on the terminal while it lasts */
	int64_t shown_s;    /* what it says; -1 = it is not there */
	size_t shown_met;
};

/* With a command to run, berth's own failures are told from the command's. */
static int code_of(const struct cli *c, int code)
{
	if (!c->options->command || code == EXIT_ANSWERED)
		return code;
	return code == EXIT_NO ? EXIT_TIMED_OUT : EXIT_FAILED;
}

#define refuse(c, ...) cli_fail((enum cli_exit)code_of((c), EXIT_USAGE), __VA_ARGS__)

/* --- what was asked -------------------------------------------------------------------------- */

/* PATH[=STATUS]: three digits behind the last '='. */
static int parse_http(struct session *s, const char *text)
{
	const char *equals = strrchr(text, '=');
	uint64_t status = 0;
	char *path;

	if (equals && strlen(equals) == 4 && str_parse_u64(equals + 1, 3, 599, &status) == 0 &&
	    status < 200)
		return refuse(s->c, _("--http: %s is no status of a final answer (200 to 599)"),
			      equals + 1);
	path = arena_strndup(&s->c->arena, text,
			     status ? (size_t)(equals - text) : strlen(text));
	if (!path)
		return refuse(s->c, _("out of memory"));
	if (!http_reply_is_path(path))
		return refuse(s->c,
			      _("--http takes a path that begins with / and has no blanks, "
				"not \"%.60s\""),
			      path);
	s->request.path = path;
	s->request.status = (int)status;
	return 0;
}

static int parse_goal(struct session *s)
{
	const struct options *o = s->c->options;

	s->request.goal = o->http	    ? WAIT_ANSWERS
			  : o->is_accepting ? WAIT_ACCEPTS
					    : WAIT_LISTENS;
	if (o->until)
		s->request.goal = strcmp(o->until, "free") == 0 ? WAIT_FREE : WAIT_UNLISTENED;
	if (o->until && (o->http || o->is_accepting || o->by))
		return refuse(s->c,
			      _("--until %s waits for nobody: it does not go with --accepting, "
				"--http or --by"),
			      o->until);
	if (o->http && o->is_accepting)
		return refuse(s->c, _("--accepting and --http exclude each other"));
	return o->http ? parse_http(s, o->http) : 0;
}

static int parse_timeout(struct session *s)
{
	const char *text = s->c->options->timeout;
	int r;

	s->request.timeout_ms = DEFAULT_TIMEOUT_MS;
	r = text ? duration_parse(text, &s->request.timeout_ms) : 0;
	if (r < 0)
		return refuse(s->c,
			      _("--timeout takes a time like 30s, 500ms or 10m%s, not "
				"\"%.60s\""),
			      r == -ERANGE ? _(" up to a year") : "", text);
	if (s->request.timeout_ms == 0)
		s->request.timeout_ms = -1;
	return 0;
}

static int take_target(struct session *s, const struct query *q, uint16_t port, bool is_range)
{
	struct wait_target *t = &s->targets[s->request.n_targets];
	enum transport transport = q->has_transport ? q->transport : TRANSPORT_TCP;

	if (s->request.n_targets == WAIT_MOST_TARGETS)
		return refuse(s->c, _("at most %d ports can be waited for"), WAIT_MOST_TARGETS);
	if (port == 0)
		return refuse(s->c, _("0 is no port that anybody can listen on"));
	if (transport != TRANSPORT_UDP && transport_port_space(transport) != TRANSPORT_TCP)
		return refuse(s->c, _("only tcp and udp can be waited for, not %s"),
			      transport_name(transport));
	if (transport == TRANSPORT_UDP &&
	    (s->request.goal == WAIT_ACCEPTS || s->request.goal == WAIT_ANSWERS))
		return refuse(s->c,
			      _("--accepting and --http go with tcp only, not with \"%.60s\""),
			      q->text);
	*t = (struct wait_target){.text = q->text, .port = port,
				  .transport = transport_port_space(transport)};
	if (is_range)
		t->text = arena_printf(&s->c->arena, "%u%s", port,
				       transport == TRANSPORT_UDP ? "/udp" : "");
	if (q->kind == QUERY_REMOTE)
		t->host = arena_strdup(&s->c->arena, q->word);
	s->request.n_targets++;
	return !t->text || (q->kind == QUERY_REMOTE && !t->host) ? refuse(s->c, _("out of memory"))
								  : 0;
}

static int parse_target(struct session *s, const char *word)
{
	char error[QUERY_ERROR_SIZE];
	struct query q;
	int r = 0;

	if (query_parse(word, &q, error) < 0)
		return refuse(s->c, "%s", error);
	if (q.kind != QUERY_PORT && q.kind != QUERY_RANGE && q.kind != QUERY_REMOTE)
		return refuse(s->c, _("\"%.60s\" is neither PORT nor HOST:PORT"), word);
	for (uint32_t port = q.first; r == 0 && port <= q.last; port++)
		r = take_target(s, &q, (uint16_t)port, q.kind == QUERY_RANGE);
	return r;
}

static int parse(struct session *s)
{
	const struct options *o = s->c->options;
	int r = parse_goal(s);

	if (r == 0)
		r = parse_timeout(s);
	if (r != 0)
		return r;
	if (o->n_words == 0)
		return refuse(s->c, _("berth wait takes a PORT or HOST:PORT to wait for"));
	if (o->command && !o->command[0])
		return refuse(s->c, _("a command is missing behind --"));
	s->targets = arena_calloc(&s->c->arena, WAIT_MOST_TARGETS, sizeof(*s->targets));
	if (!s->targets)
		return refuse(s->c, _("out of memory"));
	for (size_t i = 0; r == 0 && i < o->n_words; i++)
		r = parse_target(s, o->words[i]);
	s->request.targets = s->targets;
	s->request.is_any = o->is_any;
	s->request.by = o->by;
	s->request.want_v4 = o->want_v4 || !o->want_v6;
	s->request.want_v6 = o->want_v6 || !o->want_v4;
	return r;
}

/* --- while it lasts -------------------------------------------------------------------------- */

static void put_terminal(const char *bytes, size_t n)
{
	(void)!terminal_write(2, bytes, n); /* or nobody is left to be told */
}

static void clear_progress(struct session *s)
{
	if (s->has_progress && s->shown_s >= 0)
		put_terminal("\r\033[K", 4);
	s->shown_s = -1;
}

/* One line, never wider than the terminal. */
static void show_progress(void *context, int64_t elapsed_ms, size_t n_met)
{
	struct session *s = context;
	struct str words = {0}, line = {0};
	size_t columns = MAX_OF(terminal_progress_columns(), (size_t)2);

	if (elapsed_ms / 1000 == s->shown_s && n_met == s->shown_met)
		return;
	s->shown_s = elapsed_ms / 1000;
	s->shown_met = n_met;
	str_printf(&words, "%" PRId64 " s", s->shown_s);
	if (s->request.timeout_ms >= 0) {
		str_append(&words, _(" of "));
		text_put_duration(&words, s->request.timeout_ms);
	}
	if (s->request.n_targets > 1)
		str_printf(&words, _(", %zu of %zu"), n_met, s->request.n_targets);
	str_append(&words, _("  waiting for"));
	for (size_t i = 0; i < s->request.n_targets && i < 8; i++)
		str_printf(&words, " %s", s->targets[i].text);
	str_append_escaped(&line, str_text(&words), true);
	if (line.length > columns - 1)
		line.length = columns - 1;
	put_terminal("\r", 1);
	put_terminal(str_text(&line), line.length);
	put_terminal("\033[K", 3);
	str_fini(&words);
	str_fini(&line);
}

static bool wants_progress(const struct cli *c)
{
	return !c->options->is_quiet && terminal_progress_columns() > 0;
}

/* --- afterwards ------------------------------------------------------------------------------ */

static void put_json(struct cli *c, const struct answer_wait *w)
{
	bool is_lines = c->options->format == FORMAT_JSONL;
	struct writer_json json;

	writer_json_init(&json, &c->out, !is_lines);
	render_record(&record_wait, w, is_lines ? "wait" : NULL, &json.base);
	str_append_char(&c->out, '\n');
}

/* What was seen instead, on standard error: it is why the command does not run. */
static void warn_unmet(const struct answer_wait *w)
{
	struct str took = {0};

	text_put_duration(&took, w->elapsed_ms);
	for (size_t i = 0; i < w->n_targets; i++) {
		const struct answer_wait_target *t = &w->targets[i];
		const char *seen = t->seen ? t->seen : "";

		if (t->met)
			continue;
		if (strstr(seen, t->target))
			cli_warn("timed out after %s: %s", str_text(&took), seen);
		else
			cli_warn("timed out after %s: %s: %s", str_text(&took), t->target, seen);
	}
	str_fini(&took);
}

/* With a command, standard output is the command's. */
static void put_text(struct cli *c, const struct answer_wait *w)
{
	bool has_command = c->options->command != NULL;
	struct text text;

	if (!w->met)
		warn_unmet(w);
	if (w->met && !has_command) {
		text_init(&text, &c->out, &c->style);
		text_wait(&text, w);
	}
	for (size_t i = 0; w->met && has_command && i < w->n_targets; i++) {
		if (w->targets[i].seen)
			cli_warn("%s: %s", w->targets[i].target, w->targets[i].seen);
	}
	for (size_t i = 0; i < w->n_gaps; i++)
		cli_warn("not seen: %s: %s", w->gaps[i].where, w->gaps[i].why);
}

static int run_command(struct cli *c)
{
	const char **command = c->options->command;
	int code = 0, r = launch(command, &code);

	if (r == 0)
		return code;
	return cli_fail(r == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, "cannot run %s: %s",
			command[0], lang_error(r));
}

static int report(struct cli *c, const struct answer_wait *w)
{
	if (c->options->format != FORMAT_TEXT && !c->options->is_quiet)
		put_json(c, w);
	else if (!c->options->is_quiet)
		put_text(c, w);
	if (cli_flush(c) < 0)
		return code_of(c, EXIT_SYSTEM);
	if (!w->met)
		return code_of(c, EXIT_NO);
	if (c->options->command)
		return run_command(c);
	return cli_strict(c, w->n_gaps, EXIT_ANSWERED);
}

static int fail(struct session *s, int error, size_t culprit)
{
	struct cli *c = s->c;
	const char *target = s->request.n_targets > 0 ? s->targets[culprit].text : "";

	switch (error) {
	case -EHOSTUNREACH:
		return refuse(c,
			      _("%s is another host: only this one's sockets can be looked into "
			      "(without --until free, --by and /udp it is connected to)"),
			      target);
	case -EAFNOSUPPORT:
		return refuse(c, _("%s is no address of the family that was asked for"), target);
	case -ENOTSUP:
		return cli_fail((enum cli_exit)code_of(c, EXIT_SYSTEM),
				"this system's sockets cannot be looked into; berth wait works "
				"here with --accepting, --http and other hosts");
	default:
		return cli_fail((enum cli_exit)code_of(c, EXIT_SYSTEM), "cannot wait for %s: %s",
				target, lang_error(error));
	}
}

int verb_wait(struct cli *c)
{
	struct session s = {.c = c, .shown_s = -1};
	struct answer_wait result;
	size_t culprit = 0;
	int r = parse(&s);

	if (r != 0)
		return r;
	r = cli_open_source(c);
	if (r != 0)
		return code_of(c, r);
	s.has_progress = wants_progress(c);
	s.request.want_owner = c->style.columns > 0 && !c->options->is_quiet &&
			       !c->options->command;
	s.request.stop_fd = interrupt_catch();
	if (s.has_progress) {
		s.request.progress = show_progress;
		s.request.context = &s;
	}
	r = wait_run(&s.request, c->source, &c->arena, &result, &culprit);
	clear_progress(&s);
	interrupt_release(); /* and this is the end, if it was one of those signals */
	return r < 0 ? fail(&s, r, culprit) : report(c, &result);
}
