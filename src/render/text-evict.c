#include "render/text-evict.h"

#include "base/lang.h"
#include "render/text-answer.h"
#include "render/text-parts.h"

#include <stdio.h>
#include <string.h>

enum { MOST_SOCKETS = 8 };

static bool is_equal(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* "127.0.0.1:8080/tcp", "[::1]:53/udp" */
static void put_address(struct text *t, enum text_tone tone, size_t gap, const char *protocol,
			const char *address, uint16_t port)
{
	text_putf(t, tone, gap, strchr(address, ':') ? "[%s]:%u/%s" : "%s:%u/%s", address, port,
		  protocol);
}

static void put_sockets(struct text *t, enum text_tone tone, size_t gap,
			const struct answer_evict_socket *sockets, size_t n)
{
	for (size_t i = 0; i < MIN_OF(n, MOST_SOCKETS); i++)
		put_address(t, tone, i == 0 ? gap : 1, sockets[i].protocol, sockets[i].address,
			    sockets[i].port);
	if (n > MOST_SOCKETS)
		text_putf(t, TEXT_PLAIN, 1, "and %zu more", n - MOST_SOCKETS);
}

static void begin_detail(struct text *t)
{
	text_end(t);
	text_begin(t, "", TEXT_INDENT + 2);
}

static const char *label_of(const struct answer_evict_step *s)
{
	static const struct {
		const char *action, *label;
	} labels[] = {
		{"signal", N_("end")},		{"stop-unit", N_("stop")},
		{"stop-container", N_("stop")}, {"destroy", N_("remove")},
		{"refuse", N_("refused")},
	};

	if (is_equal(s->action, "refuse") && !s->is_blocking)
		return _("left");
	for (size_t i = 0; i < N_ELEMENTS(labels); i++) {
		if (is_equal(s->action, labels[i].action))
			return _(labels[i].label);
	}
	return s->action;
}

static void put_process(struct text *t, enum text_tone tone, size_t gap,
			const struct answer_evict_step *s)
{
	const char *label = s->label ? s->label : s->program ? s->program : "?";

	if (s->pid >= 0)
		text_putf(t, tone, gap, "%s (pid %lld)", label, (long long)s->pid);
}

/* What the step is about: a unit, a container, a process, or only sockets. */
static void put_subject(struct text *t, const struct answer_evict_step *s)
{
	char ports[TEXT_SPAN_SIZE];

	if (is_equal(s->action, "stop-unit")) {
		text_put(t, TEXT_STRONG, 0, s->unit);
		put_process(t, TEXT_PLAIN, 3, s);
	} else if (is_equal(s->action, "stop-container")) {
		text_putf(t, TEXT_STRONG, 0, "container %s", s->container);
		put_process(t, TEXT_PLAIN, 3, s);
	} else if (is_equal(s->action, "destroy")) {
		text_putf(t, TEXT_STRONG, 0,
			  lang_plural("%zu closed connection in TIME_WAIT",
				      "%zu closed connections in TIME_WAIT", s->n_sockets),
			  s->n_sockets);
	} else {
		put_process(t, TEXT_STRONG, 0, s);
	}
	if (s->published_by) {
		text_putf(t, TEXT_PLAIN, t->is_fresh ? 0 : 3, "%s/%s",
			  text_span(&s->published_ports, ports), s->published_protocol);
		text_putf(t, TEXT_PLAIN, 1, "published by %s", s->published_by);
	}
	if (s->user)
		text_putf(t, TEXT_PLAIN, 3, "user %s", s->user);
	if (!is_equal(s->action, "stop-unit") && s->unit &&
	    !(s->container_id && strstr(s->unit, s->container_id)))
		text_put(t, TEXT_PLAIN, t->is_fresh ? 0 : 3, s->unit);
	if (!is_equal(s->action, "stop-container") && s->container)
		text_putf(t, TEXT_PLAIN, t->is_fresh ? 0 : 3, "container %s", s->container);
}

static void put_lineage(struct text *t, const struct answer_evict_step *s)
{
	const char *arrow = t->style->is_utf8 ? "\xe2\x86\x90 " : "<- ";

	if ((!s->lineage && !s->origin) || is_equal(s->action, "refuse"))
		return;
	begin_detail(t);
	text_put(t, TEXT_FAINT, 0, _("started"));
	if (s->lineage && s->lineage[0])
		text_put(t, TEXT_FAINT, 1, _("by"));
	for (size_t i = 0; s->lineage && s->lineage[i]; i++)
		text_putf(t, TEXT_FAINT, 1, "%s%s", i == 0 ? "" : arrow, s->lineage[i]);
	if (s->origin)
		text_putf(t, TEXT_FAINT, 1, "in %s", s->origin);
}

/* Connections are many and alike: their number, and where they are. */
static void put_held(struct text *t, const struct answer_evict_step *s)
{
	size_t gap = t->is_fresh ? 0 : 3;

	if (is_equal(s->action, "destroy") || s->n_sockets == 0)
		return;
	if (!is_equal(s->sockets[0].kind, "connection")) {
		put_sockets(t, TEXT_PLAIN, gap, s->sockets, s->n_sockets);
		return;
	}
	text_putf(t, TEXT_PLAIN, gap,
		  lang_plural("%zu connection at", "%zu connections at", s->n_sockets),
		  s->n_sockets);
	put_sockets(t, TEXT_PLAIN, 1, s->sockets, 1);
}

static bool is_same_list(const struct answer_evict_socket *a, size_t n_a,
			 const struct answer_evict_socket *b, size_t n_b)
{
	for (size_t i = 0; n_a == n_b && i < n_a; i++) {
		if (!is_equal(a[i].cookie, b[i].cookie))
			return false;
	}
	return n_a == n_b;
}

/* One of several processes that share everything: a worker beside its master. */
static bool is_like(const struct answer_evict_step *a, const struct answer_evict_step *b)
{
	return is_equal(a->action, b->action) && is_equal(a->action, "signal") &&
	       (a->unit == b->unit || is_equal(a->unit, b->unit)) &&
	       is_same_list(a->sockets, a->n_sockets, b->sockets, b->n_sockets) &&
	       is_same_list(a->also_serves, a->n_also_serves, b->also_serves, b->n_also_serves);
}

static void put_short(struct text *t, const struct answer_evict_step *s)
{
	text_begin(t, "", TEXT_INDENT);
	put_process(t, TEXT_STRONG, 0, s);
	if (s->user)
		text_putf(t, TEXT_PLAIN, 3, "user %s", s->user);
	text_put(t, TEXT_FAINT, 3, _("the same"));
	text_end(t);
}

static void put_step(struct text *t, const struct answer_evict_step *s)
{
	bool is_refused = is_equal(s->action, "refuse");

	text_begin(t, label_of(s), TEXT_INDENT);
	put_subject(t, s);
	put_held(t, s);
	if (s->pid != 1 && !is_refused && !is_equal(s->action, "stop-container"))
		text_command(t, s->command);
	put_lineage(t, s);
	if (s->n_also_serves > 0) {
		begin_detail(t);
		text_put(t, TEXT_NOTE, 0, _("also serves"));
		put_sockets(t, TEXT_NOTE, 1, s->also_serves, s->n_also_serves);
	}
	if (s->reason) {
		begin_detail(t);
		text_say(t, is_refused && s->is_blocking ? TEXT_NOTE : TEXT_FAINT, 0, s->reason);
	}
	text_end(t);
}

void text_evict_plan(struct text *t, const struct answer_evict *e)
{
	for (size_t i = 0; i < e->n_steps; i++) {
		if (i > 0 && is_like(&e->steps[i - 1], &e->steps[i]))
			put_short(t, &e->steps[i]);
		else
			put_step(t, &e->steps[i]);
	}
	if (e->n_steps > 0)
		return;
	text_begin(t, _("here"), TEXT_INDENT);
	text_put(t, TEXT_PLAIN, 0, _("nothing holds"));
	for (size_t i = 0; i < e->n_ports; i++)
		text_putf(t, TEXT_PLAIN, 1, "%u%s%s%s", e->ports[i].port,
			  e->ports[i].protocol ? "/" : "",
			  e->ports[i].protocol ? e->ports[i].protocol : "",
			  i + 1 < e->n_ports ? "," : "");
	text_end(t);
}

/* --- afterwards ------------------------------------------------------------------------------ */

static const char *outcome_words(const struct answer_evict_step *s, bool is_of_windows)
{
	static const struct {
		const char *outcome, *words;
	} known[] = {
		{"ended", N_("ended")},
		{"killed", N_("had to be killed (SIGKILL)")},
		{"released", N_("gave the port up, and still runs")},
		{"stopped", N_("stopped")},
		{"destroyed", N_("removed")},
		{"survived", N_("still runs after SIGTERM; --force sends SIGKILL")},
		{"changed", N_("nothing was done")},
		{"failed", N_("failed")},
		{"not-done", N_("not done")},
	};

	if (is_of_windows && is_equal(s->outcome, "killed"))
		return _("had to be ended by force");
	if (is_of_windows && is_equal(s->outcome, "survived"))
		return _("still runs after its windows were asked to close; --force ends it");
	for (size_t i = 0; i < N_ELEMENTS(known); i++) {
		if (is_equal(s->outcome, known[i].outcome))
			return _(known[i].words);
	}
	return s->outcome;
}

static void put_deed(struct text *t, const struct answer_evict_step *s, bool is_of_windows)
{
	bool is_good = is_equal(s->outcome, "ended") || is_equal(s->outcome, "stopped") ||
		       is_equal(s->outcome, "destroyed");

	text_begin(t, is_good ? _("done") : "", TEXT_INDENT);
	if (is_equal(s->action, "stop-unit"))
		text_putf(t, TEXT_PLAIN, 0, "%s:", s->unit);
	else if (is_equal(s->action, "stop-container"))
		text_putf(t, TEXT_PLAIN, 0, "container %s:", s->container);
	else if (is_equal(s->action, "destroy"))
		text_put(t, TEXT_PLAIN, 0, _("closed connections:"));
	else
		text_putf(t, TEXT_PLAIN, 0, "%s (pid %lld):",
			  s->label ? s->label : s->program ? s->program : "?", (long long)s->pid);
	text_say(t, is_good ? TEXT_PLAIN : TEXT_NOTE, 1, outcome_words(s, is_of_windows));
	if (s->error) {
		text_put(t, TEXT_PLAIN, 0, ":");
		text_say(t, TEXT_PLAIN, 1, _(s->error));
	}
	text_end(t);
}

static void put_result(struct text *t, const struct answer_evict_result *r)
{
	bool is_free = is_equal(r->result, "free");

	text_begin(t, _(r->result), TEXT_INDENT);
	put_address(t, is_free ? TEXT_GOOD : TEXT_NOTE, 0, r->protocol, r->address, r->port);
	if (is_free && is_equal(r->tried, "ok"))
		text_put(t, TEXT_FAINT, 3, _("bind succeeds"));
	if (r->reason)
		text_say(t, is_free ? TEXT_FAINT : TEXT_NOTE, 3, r->reason);
	text_end(t);
}

void text_evict_done(struct text *t, const struct answer_evict *e)
{
	for (size_t i = 0; i < e->n_steps; i++) {
		if (e->steps[i].outcome && !is_equal(e->steps[i].action, "refuse"))
			put_deed(t, &e->steps[i], e->is_of_windows);
	}
	/* What is held because it was refused has been said. */
	for (size_t i = 0; i < e->n_results; i++) {
		if (!is_equal(e->outcome, "refused") || is_equal(e->results[i].result, "free"))
			put_result(t, &e->results[i]);
	}
}
