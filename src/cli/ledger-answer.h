/*
 * Ledger answer: what berth claim, unclaim and claims --log say of a helper's answer.
 */
#pragma once

#include "act/stake.h"
#include "cli/cli.h"

/* Say why there is no answer: `error` of stake_...(). Returns an exit code. */
int ledger_answer_fail(int error);

/* Show a record, in the format that is asked for. Returns an exit code. */
int ledger_answer_put(struct cli *c, const struct answer_ledger *record);

/* Show what a write came to; `done` is the word for it, "claimed" or "unclaimed". Returns an exit
 * code. */
int ledger_answer_show(struct cli *c, const struct ledger_place *place,
		       const struct stake_reply *reply, const char *done);

/* Refuse for something that another claim stands in the way of: as a reply that says so. */
int ledger_answer_taken(struct cli *c, const struct ledger_place *place, const char *message);

/* The lines of the audit trail in a reply. NULL when out of memory. */
struct answer_entry *ledger_answer_entries(const struct stake_reply *reply, size_t *n,
					   struct arena *arena);
