/*
 * What a check found, for people: "FILE:LINE:COLUMN: severity: message [id]", as compilers say it.
 */
#pragma once

#include "answer/check.h"
#include "render/text.h"

void text_check(struct text *t, const struct answer_check *check);
