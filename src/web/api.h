/*
 * API: the contract's records as JSON, the same bytes as `berth ... --json` prints.
 */
#pragma once

#include "answer/answer.h"
#include "base/str.h"

/* Append one object, with its line feed. 0 or -ENOMEM. */
int api_write_port(const struct answer_sources *from, uint16_t port, struct arena *arena,
		   struct str *out) BERTH_MUST_CHECK;
int api_write_here(const struct answer_sources *from, struct arena *arena,
		   struct str *out) BERTH_MUST_CHECK;

/* Append the list of what `words` (foreign bytes) find. 0, -ENOMEM; -EINVAL: no words, or too
 * many. */
int api_write_find(const struct answer_sources *from, const char *words, struct arena *arena,
		   struct str *out) BERTH_MUST_CHECK;
