/*
 * Suggest: "did you mean" for a word that nothing is called by.
 */
#pragma once

#include "live/live.h"
#include "query/query.h"
#include "registry/registry.h"

/*
 * Near names among verbs, running programs, services and known programs, as "ssh, sshd or nssh" in
 * `hint` (`size` bytes). False when nothing is near.
 */
bool suggest_word(const struct registry *reg, const struct live_snapshot *live,
		  const struct query *q, char *hint, size_t size);
