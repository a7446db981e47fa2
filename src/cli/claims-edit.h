/*
 * Claims edit: what berth claim does where there is a claims file, and the forms of berth claims
 * that are no list: --fmt, --sysctl.
 */
#pragma once

#include "cli/cli.h"
#include "ledger/claim.h"

/* Append claims to the claims file `path` and say so. Returns an exit code. */
int claims_edit_append(struct cli *c, const char *path, const struct claim *wanted, size_t n,
		       const char *today);

/* Print the claims file in its canonical form, or with --write put it back. An exit code. */
int claims_edit_format(struct cli *c);

/* Print the line that keeps claims out of the ephemeral range. An exit code. */
int claims_edit_sysctl(struct cli *c);
