/*
 * Lists that people read: what a search found, the ranges of ports.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/* What a search found, a line each. */
void text_found(struct text *t, const struct answer_found *found, size_t n);

/* The ranges and the rules of kernel and browsers. */
void text_ranges(struct text *t, const struct answer_ranges *r);
