/*
 * A suggestion for people: the port, what speaks for and against it; on request what was passed
 * over.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/* `is_explained`: also what was passed over. */
void text_suggest(struct text *t, const struct answer_suggest *s, bool is_explained);

/* The numbers alone, one a line: for $(...). */
void text_suggest_numbers(struct str *out, const struct answer_suggest *s);
