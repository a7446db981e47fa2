/*
 * Evict record: a plan, and what came of it, as every face shows it.
 */
#pragma once

#include "act/evict-run.h"
#include "answer/answer.h"

/*
 * Fill `*out`. `run` NULL: the plan was not carried out. `from` is what the plan was made from,
 * `near` a look at the asked ports only, whose gaps are told; neither needs a registry. `outcome`
 * and `is_dry_run` are left to the caller. Everything lives in `arena`. Returns 0 or -ENOMEM.
 */
int evict_record(const struct evict_request *request, const struct evict_plan *plan,
		 const struct evict_run *run, const struct answer_sources *from,
		 const struct answer_sources *near, struct arena *arena,
		 struct answer_evict *out) BERTH_MUST_CHECK;
