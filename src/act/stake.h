/*
 * Stake: a ledger is written to. berth itself never opens one: the helper berth-ledger does, and
 * answers with a claims image.
 */
#pragma once

#include "base/str.h"
#include "ledger/claims-image.h"
#include "ledger/ledger.h"
#include "ledger/place.h"

/* The answer of the helper. `{0}` is an empty one. */
struct stake_reply {
	struct str bytes;
	struct claims_image image; /* the claims concerned, the lines of the audit trail */
	enum ledger_outcome outcome;
	const char *message;       /* one line, NULL when done; lives in `bytes` */
};

enum { STAKE_LOG_MOST = 1000000 };

/*
 * Make claims, all or none: see ledger_claim(). Returns 0 when there is an answer, whatever it
 * says; -ENOENT: no such helper is installed; -EPROTO: it died or spoke otherwise; -EFBIG: too many
 * at once; or another negative errno. `reply` must be given to stake_fini() after 0.
 */
int stake_claim(const struct ledger_place *place, const struct claim *wanted, size_t n,
		struct stake_reply *reply) BERTH_MUST_CHECK;

/* Give up claims by name or ports: see ledger_unclaim(). */
int stake_give_up(const struct ledger_place *place, const char *const *words, size_t n,
		  struct stake_reply *reply) BERTH_MUST_CHECK;

/* The newest `most` lines of the audit trail. */
int stake_log(const struct ledger_place *place, unsigned int most,
	      struct stake_reply *reply) BERTH_MUST_CHECK;

/*
 * See to it that the image says what the database says: when somebody began to write and did not
 * come to the end, or there is a database and `is_missing` its image, the helper makes the image
 * again. A writer that is still at work is left alone. Returns 0: nothing was to do, or it is
 * done; 1: it is to be done, and `reply->message` says why it could not be; or an error as above.
 */
int stake_settle(const struct ledger_place *place, bool is_missing,
		 struct stake_reply *reply) BERTH_MUST_CHECK;

/* Whether somebody began to write a ledger some time ago and has not come to the end: for readers
 * who can do nothing about it. */
bool stake_is_unfinished(const struct ledger_place *place);

void stake_fini(struct stake_reply *reply);
