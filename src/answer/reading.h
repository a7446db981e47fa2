/*
 * Reading: what the faces for people ask of a record alike, so that text and pages tell the same.
 * Pure.
 */
#pragma once

#include "answer/answer.h"

/*
 * The program on which a verdict of the port stands, or the socket unit where only that is there
 * yet: the one behind a published port before its proxy. NULL = nobody that has a name.
 */
const char *reading_resident(const struct answer *a, struct verdict v, bool is_udp);

/* Whether two changes differ in the protocol only: people read them as one. */
bool reading_is_same_change(const struct answer_change *a, const struct answer_change *b);

/* Whether change `i` is the same as one before it. */
bool reading_is_repeated(const struct answer_change *changes, size_t i);
