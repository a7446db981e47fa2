/*
 * Waits and knocks for people.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/* What a wait came to: one line a target that was met, or was not. */
void text_wait(struct text *t, const struct answer_wait *w);

/* "1.2 s", "40 ms", "2 min 5 s" appended. */
void text_put_duration(struct str *out, int64_t ms);

/* One knock: a line, and with -v its first bytes in a second one. */
void text_knock(struct text *t, const struct answer_knock *k);
