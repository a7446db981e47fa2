/*
 * Metrics: what a monitoring system wants to know of this machine's listeners and of the atlas
 * itself, in OpenMetrics 1.0 text.
 */
#pragma once

#include "answer/answer.h"
#include "base/str.h"
#include "web/server.h"

struct metrics_state {
	const struct answer_sources *from; /* all listeners */
	struct server_counts *counts;
	size_t n_streams;                  /* of events */
	const char *version;
};

/*
 * Append the exposition, "# EOF" last. Listeners are those of berth's own network namespace, by
 * verdict, exposure and protocol; every combination that occurs is a sample. 0 or -ENOMEM.
 */
int metrics_write(const struct metrics_state *state, struct arena *arena,
		  struct str *out) BERTH_MUST_CHECK;

/* Append a label's value with what OpenMetrics wants escaped, bytes that are not UTF-8 as \\xNN. */
void metrics_append_escaped(struct str *out, const char *value);
