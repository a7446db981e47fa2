/*
 * Nearest: "did you mean" for a word that nothing is called by.
 */
#pragma once

#include "answer/answer.h"

/*
 * Near names among verbs, claims, running programs, services and known programs, as "ssh, sshd or
 * nssh" in `hint` (`size` bytes). False when nothing is near.
 */
bool nearest_words(const struct answer_sources *from, const struct query *q, char *hint,
		   size_t size);
