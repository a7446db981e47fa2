#include "render/text-check.h"

#include "base/lang.h"
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
		text_put(t, TEXT_STRONG, 0, _("this machine:"));
	else if (at->line > 0 && at->column > 0)
		text_putf(t, TEXT_STRONG, 0, "%s:%lld:%lld:", at->file, (long long)at->line,
			  (long long)at->column);
	else if (at->line > 0)
		text_putf(t, TEXT_STRONG, 0, "%s:%lld:", at->file, (long long)at->line);
	else
		text_putf(t, TEXT_STRONG, 0, "%s:", at->file);
}

static void say_total(struct text *t, const struct answer_check *check)
{
	char errors[40], warnings[40], notes[40];
	bool is_clean = check->n_findings == 0;

	text_begin(t, "", 0);
	text_putf(t, TEXT_PLAIN, 0,
		  lang_plural("%lld claim:", "%lld claims:", (unsigned long long)check->n_claims),
		  (long long)check->n_claims);
	snprintf(errors, sizeof(errors),
		 lang_plural("%lld error", "%lld errors", (unsigned long long)check->errors),
		 (long long)check->errors);
	snprintf(warnings, sizeof(warnings),
		 lang_plural("%lld warning", "%lld warnings", (unsigned long long)check->warnings),
		 (long long)check->warnings);
	snprintf(notes, sizeof(notes),
		 lang_plural("%lld note", "%lld notes", (unsigned long long)check->notes),
		 (long long)check->notes);
	if (is_clean)
		text_put(t, TEXT_GOOD, 1, _("nothing to find fault with"));
	else
		text_putf(t, check->errors ? TEXT_ALARM : TEXT_PLAIN, 1, "%s, %s, %s", errors,
			  warnings, notes);
	text_end(t);
}

void text_check(struct text *t, const struct answer_check *check)
{
	for (size_t i = 0; i < check->n_findings; i++) {
		const struct answer_finding *f = &check->findings[i];

		text_begin(t, "", 0);
		t->indent = 4; /* of what does not fit in the line */
		say_place(t, &f->at);
		text_putf(t, tone_of(f), 1, "%s:", _(f->severity));
		text_say(t, TEXT_PLAIN, 1, f->message);
		text_putf(t, TEXT_FAINT, 1, "[%s]", f->id);
		text_end(t);
	}
	say_total(t, check);
	text_gaps(t, check->gaps, check->n_gaps, 10);
}
