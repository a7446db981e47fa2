/*
 * Own claims: what every verb that shows claims works with. They are gathered from the claims file
 * above the working directory, what it includes, and the published images of the user's ledger and
 * the system's (or of the one that --ledger names); what cannot be read is a gap.
 *
 * A recording is of another time, perhaps of another machine: with --replay only --ledger is read.
 */
#pragma once

#include "cli/cli.h"

struct ledger_place;
struct claims_tree;

/*
 * Gather the claims that have a port of first..last into `from` (claims, day, gaps), which live in
 * `arena` and as long as `c`. An image whose writer died is made again first, where that is
 * possible. Returns 0, or an exit code after saying why.
 */
int own_claims_gather(struct cli *c, uint16_t first, uint16_t last, struct arena *arena,
		      struct answer_sources *from) BERTH_MUST_CHECK;

/* The ledger that is written to: that of --ledger, else the user's own. 0 or an exit code. */
int own_claims_place(const struct cli *c, struct ledger_place *out) BERTH_MUST_CHECK;

/* Take these files instead of those that are found; before anything is gathered. 0 or an exit
 * code. */
int own_claims_use(struct cli *c, const struct claims_tree *files) BERTH_MUST_CHECK;

/* The claims files that were read when claims were gathered; NULL = there are none. */
const struct claims_tree *own_claims_files(const struct cli *c);

/* The gaps of what was gathered last, `*n` of them. */
const struct answer_gap *own_claims_gaps(const struct cli *c, size_t *n);

/*
 * What stands in the way of claiming `wanted` at `own_level`: a claim of another level that holds
 * on `today` and wants the same, as one line in `arena`. NULL = nothing. What other ledgers and
 * files have claimed is nobody's to take; the ledger that is written to is judged by its writer,
 * who has it locked.
 */
struct claims;
struct claim;
const char *own_claims_in_the_way(const struct claims *claims, const struct claim *wanted,
				  const char *today, unsigned int own_level, struct arena *arena);

/* The paths of the claims files that were read, at most `most`; as long as nothing is closed. */
size_t own_claims_paths(const struct cli *c, const char **out, size_t most);

/* Close the images. */
void own_claims_fini(struct cli *c);
