/*
 * System: which verbs a build for one system leaves out. Their rows stay in verbs.def; help, man
 * page, completions and suggestions pass over them, and whoever types one is told so.
 *
 * A verb is left out where its system has no meaning for it, or nothing to carry it out yet.
 */
#pragma once

#include "cli/options.h"

/* A bit (1 << verb) for each verb that is left out. */
extern const unsigned int system_lacks;

/* What it means here when bind(2) says EACCES, behind an address: "needs a privilege to bind". */
extern const char system_bind_denied[];

/* What the system is called, for people: "Windows". */
extern const char system_name[];

static inline bool system_has_verb(enum verb_id verb)
{
	return !(system_lacks >> verb & 1U);
}

/* Whether any verb that is there takes the option. */
static inline bool system_has_option(const struct option_row *row)
{
	return (row->verbs & ~system_lacks & ((1U << N_VERBS) - 1)) != 0;
}
