/*
 * Serve's claims: what the collector asks of claims (act/collector.h), by the rules of the command
 * line: found as every verb finds them, made as `berth claim --to ledger` makes them.
 */
#pragma once

#include "act/collector.h"
#include "cli/cli.h"

/* `{0}`; begin with serve_claims_init(). */
struct serve_claims {
	const struct options *options;
	struct cli reader; /* a run of berth of its own for each time that claims are gathered */
	bool is_open;
	uint64_t seen;     /* what the files looked like */
};

void serve_claims_init(struct serve_claims *s, const struct options *options);
void serve_claims_fini(struct serve_claims *s);

/* The functions of a collector, for `s`. */
struct collector_host serve_claims_host(struct serve_claims *s);
