/*
 * The answer to `berth why` for people: the cause first, then who it is, then the way out.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/* One screen. */
void text_why(struct text *t, const struct answer_why *w);

/* One line of many. */
void text_why_line(struct text *t, const struct answer_why *w);
