/*
 * Plural: the expression of a catalog's header that chooses the form of a word for a number, as in
 * "Plural-Forms: nplurals=2; plural=(n != 1);". C's operators ?: || && == != < > <= >= + - * / % !
 * and parentheses, over n and numbers.
 */
#pragma once

#include "base/attr.h"

/* Compute for `n`; the expression ends at a semicolon, a line feed or its end. Returns 0, or
 * -EINVAL (malformed, nested too deeply, a division by zero). */
int plural_compute(const char *expression, unsigned long long n,
		   unsigned long long *out) BERTH_MUST_CHECK;
