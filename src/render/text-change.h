/*
 * Changes of the registry for people: the history of a registration, and what an update did.
 */
#pragma once

#include "answer/answer.h"
#include "render/text.h"

/* The history section of an answer: nothing when there is none, "none recorded" with -v. */
void text_history(struct text *t, const struct answer *a, size_t indent);

/* What an update did: counts, and the first changes of each kind (with -v all).
 * `built_in_is_newer`: the file was written, and the built-in registry still answers. */
void text_update(struct text *t, const struct answer_update *u, bool built_in_is_newer);
