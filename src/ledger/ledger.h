/*
 * Ledger: the rules by which claims are made and given up. No file and no SQL: they work on a store
 * in the middle of a transaction (ledger/store.h), and the caller commits or takes back.
 *
 * A request is done whole or not at all. Each change leaves a line in the audit trail.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "ledger/store.h"

/* The most claims that one ledger holds. */
enum { LEDGER_MOST = 100000 };

/* Who writes, and when. */
struct ledger_writer {
	int64_t uid;
	const char *user;  /* for the audit trail, and the owner of claims that name none */
	int64_t now_ns;    /* the clock: it decides what has expired */
};

enum ledger_outcome {
	LEDGER_DONE,      /* `entries` tell what changed; none: it was so already */
	LEDGER_COLLIDES,  /* somebody has it: `message` says who */
	LEDGER_NOT_FOUND, /* there is no such claim to give up */
	LEDGER_REFUSED,   /* the request makes no sense: `message` says why */
	LEDGER_FAILED,    /* of a reply of the helper: the system failed */
};

/* What came of a request. Everything lives in the arena that was given. */
struct ledger_result {
	enum ledger_outcome outcome;
	const char *message;          /* one line; NULL when done */
	struct claim *claims;         /* the claims as they are now, or as they were: */
	size_t n;                     /* made, renewed or confirmed; given up */
	struct ledger_entry *entries; /* what was added to the audit trail */
	size_t n_entries;
};

/*
 * Claim. `wanted` needs a name, ports and transports; an owner that is NULL becomes the writer, a
 * day of since today. What collides with a claim of the ledger is refused, but: an expired claim
 * gives way (and is removed), and the same name for the same ports is renewed, what is said now
 * taking the place of what was said before, unless another owner is named. Returns 0 and the
 * result, or a negative errno of the store.
 */
int ledger_claim(struct store *store, const struct claim *wanted, size_t n,
		 const struct ledger_writer *writer, struct arena *arena,
		 struct ledger_result *out) BERTH_MUST_CHECK;

/*
 * Give up. Each word is the name of claims, or ports as they were claimed ("8080",
 * "8000-8010/tcp"); one port out of a range is not given up alone. Returns as ledger_claim().
 */
int ledger_unclaim(struct store *store, const char *const *words, size_t n,
		   const struct ledger_writer *writer, struct arena *arena,
		   struct ledger_result *out) BERTH_MUST_CHECK;

/* The newest `most` lines of the audit trail, as `entries` of a result. */
int ledger_log(struct store *store, int64_t most, struct arena *arena,
	       struct ledger_result *out) BERTH_MUST_CHECK;

/* The image of the store as it will be when the transaction is committed. Returns 0 or a negative
 * errno. */
int ledger_image(struct store *store, int64_t now_ns, struct str *out) BERTH_MUST_CHECK;
