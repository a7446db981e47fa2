#include "render/text-check.h"

#include "render/text-answer.h"

#include <stdio.h>
#include <string.h>

static enum text_tone tone_of(const struct answer_finding *f)
{
	switch (check_kinds[f->kind].severity) {
	case CHECK_NOTE:
		return TEXT_FAINT;
	case CHECK_WARNING:
		return TEXT_NOTE;
	case CHECK_ERROR:
		return TEXT_ALARM;
	}
	return TEXT_PLAIN;
}

static void say_place(struct text *t, const struct answer_place *at)
{
	if (!*at->file)
		text_put(t, TEXT_STRONG, 0, "this machine:");
	else if (at->line > 0 && at->column > 0)
		text_putf(t, TEXT_STRONG, 0, "%s:%lld:%lld:", at->file, (long long)at->line,
			  (long long)at->column);
	else if (at->line > 0)
		text_putf(t, TEXT_STRONG, 0, "%s:%lld:", at->file, (long long)at->line);
	else
		text_putf(t, TEXT_STRONG, 0, "%s:", at->file);
}

static const char *plural(long long n, const char *word, char *out, size_t size)
{
	snprintf(out, size, "%lld %s%s", n, word, n == 1 ? "" : "s");
	return out;
}

static void say_total(struct text *t, const struct answer_check *check)
{
	char claims[40], errors[40], warnings[40], notes[40];
	bool is_clean = check->n_findings == 0;

	text_begin(t, "", 0);
	plural(check->n_claims, "claim", claims, sizeof(claims));
	text_putf(t, TEXT_PLAIN, 0, "%s:", claims);
	if (is_clean)
		text_put(t, TEXT_GOOD, 1, "nothing to find fault with");
	else
		text_putf(t, check->errors ? TEXT_ALARM : TEXT_PLAIN, 1, "%s, %s, %s",
			  plural(check->errors, "error", errors, sizeof(errors)),
			  plural(check->warnings, "warning", warnings, sizeof(warnings)),
			  plural(check->notes, "note", notes, sizeof(notes)));
	text_end(t);
}

void text_check(struct text *t, const struct answer_check *check)
{
	for (size_t i = 0; i < check->n_findings; i++) {
		const struct answer_finding *f = &check->findings[i];

		text_begin(t, "", 0);
		t->indent = 4; /* of what does not fit in the line */
		say_place(t, &f->at);
		text_putf(t, tone_of(f), 1, "%s:", f->severity);
		text_say(t, TEXT_PLAIN, 1, f->message);
		text_putf(t, TEXT_FAINT, 1, "[%s]", f->id);
		text_end(t);
	}
	say_total(t, check);
	text_gaps(t, check->gaps, check->n_gaps, 10);
}
