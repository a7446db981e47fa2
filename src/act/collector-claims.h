/*
 * Collector's claims: all claims of one's own as what the pipe carries of them, and back.
 */
#pragma once

#include "act/atlas-pipe.h"
#include "ledger/claims.h"
#include "ledger/claims-image.h"

enum { ATLAS_N_CLAIMS = 3 }; /* files, the ledger, the system's ledger */

/* The argument of ATLAS_CLAIMS for number `i`. */
uint32_t atlas_claims_argument(unsigned int i);

/* Append to out[i] the payload of number `i`, each empty when it has no claims. Returns 0, -ENOMEM,
 * or -EFBIG: too many for a frame. */
int atlas_claims_write(const struct claims *claims,
		       struct str out[ATLAS_N_CLAIMS]) BERTH_MUST_CHECK;

/*
 * Add the claims of a payload to `out`. `bytes` must outlive them, and be aligned as for any
 * object; what is not borrowed is in `arena`. Returns 0, -EPROTO: it is no such payload, -ENOMEM.
 */
int atlas_claims_read(uint32_t argument, const char *bytes, size_t n, struct arena *arena,
		      struct claims *out) BERTH_MUST_CHECK;
