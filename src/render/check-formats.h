/*
 * Check formats: what a check found, as other programs of CI want it.
 */
#pragma once

#include "answer/check.h"
#include "base/str.h"

/* SARIF 2.1.0 (OASIS): one run, the kinds of findings as its rules. Ends with a line feed. */
void check_sarif(const struct answer_check *check, const char *version, struct str *out);

/* GitHub's workflow commands: "::error file=F,line=3,col=1,title=T::message", a line each. */
void check_github(const struct answer_check *check, struct str *out);
