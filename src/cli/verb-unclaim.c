/* berth unclaim NAME|PORT...: give claims of the ledger up. */
#include "base/lang.h"
#include "cli/ledger-answer.h"
#include "cli/own-claims.h"
#include "ledger/claims.h"

#include <string.h>

/* What is not in the ledger may stand in a claims file, which people edit. */
static const char *explain_missing(struct cli *c, const char *message)
{
	struct answer_sources from = {.today = NULL};
	const char *longer;

	if (own_claims_gather(c, 0, UINT16_MAX, &c->arena, &from) != 0)
		return message;
	for (size_t i = 0; from.claims && i < c->options->n_words; i++) {
		size_t cursor = 0;
		const struct claim *one = claims_next_named(from.claims, c->options->words[i],
							    &cursor);

		if (!one || one->level >= CLAIM_LEVEL_FILES)
			continue;
		longer = arena_printf(&c->arena, _("%s; %s stands in %s: take that line out"),
				      message, one->name, one->source);
		return longer ? longer : message;
	}
	return message;
}

int verb_unclaim(struct cli *c)
{
	const struct options *o = c->options;
	struct ledger_place place;
	struct stake_reply reply;
	int r;

	if (o->n_words == 0)
		return cli_fail(EXIT_USAGE, "berth unclaim takes names and ports of claims");
	for (size_t i = 0; i < o->n_words; i++) {
		char error[CLAIM_ERROR_SIZE];
		transport_set protocols;
		uint16_t first, last;

		if (claim_name_check(o->words[i]) == CLAIM_NAME_BAD &&
		    claim_ports_parse(o->words[i], &first, &last, &protocols, error) < 0)
			return cli_fail(EXIT_USAGE, "\"%.80s\" is neither a name nor ports of a "
						    "claim", o->words[i]);
	}
	r = own_claims_place(c, &place);
	if (r != 0)
		return r;
	r = stake_give_up(&place, o->words, o->n_words, &reply);
	if (r < 0)
		return ledger_answer_fail(r);
	if (reply.outcome == LEDGER_NOT_FOUND)
		reply.message = explain_missing(c, reply.message);
	r = ledger_answer_show(c, &place, &reply, "unclaimed");
	stake_fini(&reply);
	return r;
}
