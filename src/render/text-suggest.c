#include "render/text-suggest.h"

#include "base/lang.h"
#include "render/text-answer.h"
#include "render/text-parts.h"

#include <stdio.h>
#include <string.h>

void text_suggest_numbers(struct str *out, const struct answer_suggest *s)
{
	for (size_t i = 0; i < s->n_suggestions; i++) {
		const struct live_span *p = &s->suggestions[i].ports;

		for (uint32_t port = p->first; port <= p->last; port++)
			str_printf(out, "%u\n", (unsigned int)port);
	}
}

/* "ephemeral ... ; ends in 00 (10)": of a block each with its port. */
static void put_reasons(struct text *t, const struct answer_suggest_place *p, size_t gap)
{
	bool is_block = p->ports.first < p->ports.last;

	for (size_t i = 0; i < p->n_reasons; i++) {
		const struct answer_suggest_reason *r = &p->reasons[i];
		enum text_tone tone = r->rejects ? TEXT_NOTE : TEXT_PLAIN;
		const char *end = i + 1 < p->n_reasons ? ";" : "";

		if (is_block)
			text_putf(t, TEXT_LABEL, gap, "%u:", r->port);
		text_say(t, tone, is_block ? 1 : gap, r->text);
		if (r->cost > 0)
			text_putf(t, TEXT_FAINT, 1, "(%lld)%s", (long long)r->cost, end);
		else
			text_put(t, tone, 0, end);
		gap = 1;
	}
}

static void put_place(struct text *t, const char *label, const struct answer_suggest_place *p)
{
	char span[TEXT_SPAN_SIZE];

	text_begin(t, label, TEXT_INDENT);
	text_put(t, TEXT_STRONG, 0, text_span(&p->ports, span));
	put_reasons(t, p, 2);
	text_end(t);
}

static const char *describe_protocols(const struct answer_suggest *s)
{
	return s->protocols[0] && s->protocols[1] ? _("tcp and udp") : s->protocols[0];
}

/* The numbers, and what for. */
static void put_head(struct text *t, const struct answer_suggest *s, size_t i)
{
	char span[TEXT_SPAN_SIZE];
	const struct answer_suggest_place *p = &s->suggestions[i];

	text_begin(t, p->ports.first < p->ports.last ? _("ports") : _("port"), TEXT_INDENT);
	text_put(t, TEXT_STRONG, 0, text_span(&p->ports, span));
	text_say(t, TEXT_PLAIN, 2, describe_protocols(s));
	if (s->name) {
		text_say(t, TEXT_PLAIN, 1, _("for"));
		text_put(t, TEXT_GOOD, 1, s->name);
	}
	text_say(t, TEXT_PLAIN, 1, _("in"));
	text_put(t, TEXT_PLAIN, 1, s->checkout);
	if (s->repository && strcmp(s->repository, s->checkout) != 0)
		text_putf(t, TEXT_FAINT, 1, "(%s)", s->repository);
	if (p->claimed)
		text_say(t, TEXT_GOOD, 1, s->ledger ? _("claimed just now") : _("claimed for it"));
	text_end(t);
}

static bool has_gap(const struct answer_suggest *s, const char *what)
{
	for (size_t i = 0; i < s->n_gaps; i++) {
		if (strcmp(s->gaps[i].what, what) == 0)
			return true;
	}
	return false;
}

/* "no claim, no lease and no socket has it": only what was looked for. */
static void put_looked(struct text *t, const struct answer_suggest *s,
		       const struct answer_suggest_place *p)
{
	static const struct {
		const char *what, *text;
	} sources[] = {{"claims", N_("no claim")},
		       {"leases", N_("no lease")},
		       {"sockets", N_("no socket")}};
	size_t n = 0, n_left = 0;

	for (size_t i = 0; i < N_ELEMENTS(sources); i++)
		n_left += !has_gap(s, sources[i].what);
	for (size_t i = 0; i < N_ELEMENTS(sources); i++) {
		if (has_gap(s, sources[i].what))
			continue;
		n_left--;
		if (n > 0)
			text_say(t, TEXT_PLAIN, n_left > 0 ? 0 : 1, n_left > 0 ? "," : _("and"));
		else if (p->cost == 0)
			text_say(t, TEXT_PLAIN, 0, ";");
		text_say(t, TEXT_PLAIN, n > 0 || p->cost == 0,
			 i == 0 && p->claimed ? _("no other claim") : _(sources[i].text));
		n++;
	}
	if (n > 0)
		text_say(t, TEXT_PLAIN, 1, s->tried && !p->claimed ? _("has it;") : _("has it"));
	if (s->tried && !p->claimed)
		text_say(t, TEXT_PLAIN, 1, _("bind(2) took it when tried"));
}

/* What speaks for it, as far as was looked. */
static void put_good(struct text *t, const struct answer_suggest *s,
		     const struct answer_suggest_place *p)
{
	bool is_free = p->cost >= 0;

	text_begin(t, _("why"), TEXT_INDENT);
	if (is_free && p->cost == 0)
		text_say(t, TEXT_PLAIN, 0,
			 _("IANA lists nothing within 3, no known software uses it "
			   "by default"));
	if (is_free)
		put_looked(t, s, p);
	else
		text_say(t, TEXT_NOTE, 0,
			 _("it is claimed for this, whatever else speaks against:"));
	text_end(t);
	if (p->n_reasons == 0)
		return;
	text_begin(t, is_free && p->cost == 0 ? _("note") : _("against"), TEXT_INDENT);
	put_reasons(t, p, 0);
	text_end(t);
}

static void put_passed(struct text *t, const struct answer_suggest *s)
{
	const char *label = _("passed");

	for (size_t i = 0; i < s->n_passed; i++) {
		put_place(t, label, &s->passed[i]);
		label = "";
	}
	if (s->n_more > 0) {
		text_begin(t, "", TEXT_INDENT);
		text_putf(t, TEXT_FAINT, 0, "and %lld more", (long long)s->n_more);
		text_end(t);
	}
	if (s->n_passed > 0)
		return;
	text_begin(t, label, TEXT_INDENT);
	text_say(t, TEXT_FAINT, 0, _("nothing: the search began there"));
	text_end(t);
}

static void put_range(struct text *t, const struct answer_suggest *s)
{
	char words[160], span[TEXT_SPAN_SIZE];

	text_begin(t, _("range"), TEXT_INDENT);
	text_putf(t, TEXT_PLAIN, 0, "%s,", text_span(&s->range, span));
	snprintf(words, sizeof(words),
		 _("searched from %u on, drawn by repository, checkout and name"), s->start);
	text_say(t, TEXT_PLAIN, 1, words);
	if (s->is_wide)
		text_say(t, TEXT_NOTE, 1, _("(nothing is left in the usual range)"));
	text_end(t);
}

void text_suggest(struct text *t, const struct answer_suggest *s, bool is_explained)
{
	bool is_kept = false;

	for (size_t i = 0; i < s->n_suggestions; i++) {
		put_head(t, s, i);
		put_good(t, s, &s->suggestions[i]);
		is_kept |= s->suggestions[i].claimed;
	}
	if (is_explained) {
		put_range(t, s);
		put_passed(t, s);
	}
	if (s->runner_up)
		put_place(t, _("next best"), s->runner_up);
	if (s->name && !is_kept && s->n_suggestions > 0) {
		text_begin(t, _("keep it"), TEXT_INDENT);
		text_say(t, TEXT_FAINT, 0, _("with --claim: then this checkout gets it whatever "
					   "happens"));
		text_end(t);
	}
	if (s->ledger) {
		text_begin(t, _("ledger"), TEXT_INDENT);
		text_put(t, TEXT_FAINT, 0, s->ledger);
		text_end(t);
	}
	text_gaps(t, s->gaps, s->n_gaps, TEXT_INDENT);
	text_footer(t, &s->registry, s->gaps, s->n_gaps);
}
