/* A claims image of a handful of claims, made in memory. */
#pragma once

#include "ledger/claims-image.h"

/* Write it into `out`. Ends the program when it cannot. */
void tiny_claims_make(struct str *out);

/* Read an open image through every function there is; a sum of what was seen, so that nothing is
 * left out by a compiler. */
uint64_t tiny_claims_walk(const struct claims_image *c);
