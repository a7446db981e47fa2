/*
 * Claims of one's own for people: in a list, as what a write came to, as an audit trail.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/* A table, a line each; a word when there are none. */
void text_claims(struct text *t, const struct answer_claim *claims, size_t n);

/* What was claimed, renewed, given up, and in which ledger. */
void text_ledger(struct text *t, const struct answer_ledger *l);

/* Lines of an audit trail. */
void text_entries(struct text *t, const struct answer_entry *entries, size_t n);
