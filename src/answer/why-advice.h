/*
 * Why-advice: the cause as a sentence, the ways out, and what speaks against a port that is free.
 * For answer/ only.
 */
#pragma once

#include "answer/answer.h"
#include "answer/why.h"

/* What advice is given about. */
struct why_advice {
	const struct answer_sources *from;
	const struct answer_why_question *question;
	const struct why_judgement *judgement;
	enum why_cause cause;               /* after the trial */
	const struct answer_why *why;       /* with holders */
	struct arena *arena;
};

/* The cause as a sentence without its end; NULL without a cause, or when out of memory. */
const char *why_sentence(const struct why_advice *a);

/* Ways out, the smallest first. False when out of memory. */
bool why_fixes(const struct why_advice *a, const struct answer_fix **out, size_t *n_out);

/* What should be known all the same. NULL when out of memory. */
const char *const *why_warnings(const struct why_advice *a);
