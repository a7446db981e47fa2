/* berth unclaim NAME|PORT...: give claims of the ledger up. */
#include "cli/ledger-answer.h"
#include "cli/own-claims.h"

#include <string.h>

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
	r = ledger_answer_show(c, &place, &reply, "unclaimed");
	stake_fini(&reply);
	return r;
}
