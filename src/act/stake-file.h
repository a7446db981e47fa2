/*
 * Stake file: a claims file is written to, under a lock, replaced whole (ledger/checkout.h). What
 * stands in it stays byte for byte, but for the canonical form that was asked for.
 */
#pragma once

#include "base/arena.h"
#include "ledger/claim.h"

/* What came of it. */
struct stake_file {
	const char *message; /* why not; NULL = done */
	size_t n_added;      /* lines that were appended; 0: all of it stood there already */
};

/*
 * Append claims as canonical lines at the end of the file `path`, all or none. Refused, with a
 * message, what collides with a claim of the file that holds on `today`; what stands there already
 * is not written again. Returns 0, 1 (refused), -EBADMSG: the file has faults, -EFBIG, -ELOOP: it
 * is a symbolic link, or another negative errno.
 */
int stake_file_claim(const char *path, const struct claim *wanted, size_t n, const char *today,
		     struct arena *arena, struct stake_file *out) BERTH_MUST_CHECK;

/* Write the file in its canonical form. Returns 0, 1: it is canonical already, or as above. */
int stake_file_format(const char *path) BERTH_MUST_CHECK;
