/*
 * Leases for people: a table.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/* A line each; a word when there are none. */
void text_leases(struct text *t, const struct answer_leases *l);
