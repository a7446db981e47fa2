/*
 * Claims image: the claims of one ledger, as every reader sees them.
 *
 * The one read-only form (base/image.h) in which a ledger is published after each write, and in
 * which berth and its helper speak with each other. Reading allocates nothing and never opens a
 * database. A file counts only if root or the caller owns it and nobody else can write to it; a
 * damaged one gives missing claims at worst, never a read outside it.
 */
#pragma once

#include "base/image.h"
#include "base/str.h"
#include "ledger/claim.h"
#include "ledger/entry.h"

/* The largest image that is opened: some 600,000 claims. */
#define CLAIMS_IMAGE_MOST ((uint64_t)64 << 20)

/* What an image says of itself. */
struct claims_head {
	uint64_t identity;   /* a number drawn when the ledger was made; 0 = of no ledger */
	uint64_t generation; /* counts the ledger's writes */
	int64_t written_ns;  /* when it was published, by the writer's clock */
	uint32_t outcome;    /* of a reply; 0 in a published image */
	const char *message; /* of a reply, one line; NULL = none */
};

/* An open image. `{0}` is a closed one. */
struct claims_image {
	struct image image;
	struct image_array head, rows, entries, strings;
	unsigned int level; /* what claims read from it get: CLAIM_LEVEL_LEDGER or _SYSTEM */
};

/*
 * Open the file `path`. Returns 0, or the refusals of image_open() with a sentence in `*reason`.
 * Claims read from it are of `level` and its source.
 */
int claims_image_open(struct claims_image *out, const char *path, unsigned int level,
		      const char **reason) BERTH_MUST_CHECK;

/* The same for bytes in memory, all of which are checked; they must outlive the image. */
int claims_image_open_memory(struct claims_image *out, const void *bytes, size_t size,
			     unsigned int level, const char **reason) BERTH_MUST_CHECK;

void claims_image_close(struct claims_image *c);

/* Whether all of it fits together: 0 or -EILSEQ. Opening does it unless the file is sealed. */
int claims_image_validate(const struct claims_image *c) BERTH_MUST_CHECK;

struct claims_head claims_image_head(const struct claims_image *c);

uint32_t claims_image_n(const struct claims_image *c);

/* Claim number `i`, strings borrowed from the image. 0; -ENOENT: no such number; -EILSEQ: it is
 * damaged. */
int claims_image_get(const struct claims_image *c, uint32_t i,
		     struct claim *out) BERTH_MUST_CHECK;

/* The next claim with a port of first..last, in order: `*cursor` starts at 0. False: no more.
 * Damaged ones are passed over. */
bool claims_image_next(const struct claims_image *c, uint16_t first, uint16_t last,
		       uint32_t *cursor, struct claim *out);

uint32_t claims_image_n_entries(const struct claims_image *c);

/* The same as claims_image_get() for a line of the audit trail. */
int claims_image_entry(const struct claims_image *c, uint32_t i,
		       struct ledger_entry *out) BERTH_MUST_CHECK;

/*
 * Write an image into `out` (cleared first): the claims in any order, and lines of an audit trail
 * (usually none). Returns 0, -ENOMEM, -EOVERFLOW: more than an image holds, or -EINVAL for a claim
 * that cannot be (no name, no day, no transport, first > last).
 */
int claims_image_write(const struct claims_head *head, const struct claim *claims, size_t n,
		       const struct ledger_entry *entries, size_t n_entries,
		       struct str *out) BERTH_MUST_CHECK;
