/*
 * An eviction for people: the plan, then what came of it.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/* The plan: who is ended, what it belongs to, what else it serves, what is refused and why. */
void text_evict_plan(struct text *t, const struct answer_evict *e);

/* What became of each step and of each address. */
void text_evict_done(struct text *t, const struct answer_evict *e);
