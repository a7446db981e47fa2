#include "cli/ledger-answer.h"

#include "base/lang.h"
#include "render/text-claims.h"

#include <errno.h>
#include <string.h>

int ledger_answer_fail(int error)
{
	if (error == -ENOENT)
		return cli_fail(EXIT_SYSTEM, "the helper berth-ledger is not installed: this build "
					     "of berth reads ledgers and writes none");
	if (error == -EFBIG)
		return cli_fail(EXIT_USAGE, "too many claims at once");
	if (error == -EPROTO)
		return cli_fail(EXIT_SYSTEM, "the helper berth-ledger ended without an answer; "
					     "berth claims shows what is claimed");
	return cli_fail(EXIT_SYSTEM, "cannot ask the helper berth-ledger: %s", lang_error(error));
}

struct answer_entry *ledger_answer_entries(const struct stake_reply *reply, size_t *n,
					   struct arena *arena)
{
	uint32_t most = claims_image_n_entries(&reply->image);
	struct answer_entry *entries = arena_calloc(arena, most, sizeof(*entries));

	*n = 0;
	for (uint32_t i = 0; entries && i < most; i++) {
		struct ledger_entry entry;

		if (claims_image_entry(&reply->image, i, &entry) == 0)
			answer_fill_entry(&entry, &entries[(*n)++]);
	}
	return entries;
}

static struct answer_claim *fill_claims(const struct stake_reply *reply, size_t *n,
					struct arena *arena)
{
	uint32_t most = claims_image_n(&reply->image);
	struct answer_claim *claims = arena_calloc(arena, most, sizeof(*claims));

	*n = 0;
	for (uint32_t i = 0; claims && i < most; i++) {
		struct claim one;

		/* Nothing that was written a moment ago has expired. */
		if (claims_image_get(&reply->image, i, &one) == 0 &&
		    answer_fill_claim(&one, one.since, &claims[*n], arena))
			(*n)++;
	}
	return claims;
}

int ledger_answer_put(struct cli *c, const struct answer_ledger *record)
{
	bool is_lines = c->options->format == FORMAT_JSONL;
	struct writer_json json;
	struct text text;

	if (c->options->is_quiet)
		return 0;
	if (c->options->format == FORMAT_TEXT) {
		text_init(&text, &c->out, &c->style);
		text_ledger(&text, record);
	} else {
		writer_json_init(&json, &c->out, !is_lines);
		render_record(&record_ledger, record, is_lines ? "ledger" : NULL, &json.base);
		str_append_char(&c->out, '\n');
	}
	return cli_flush(c) < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
}

/* The answer is no: one line for people, the record for programs. */
static int refuse(struct cli *c, const struct ledger_place *place, const char *result,
		  const char *message)
{
	struct answer_ledger record = {
		.result = result,
		.message = message,
		.ledger = place->database,
	};
	int r = c->options->format == FORMAT_TEXT ? 0 : ledger_answer_put(c, &record);

	if (r != 0)
		return r;
	return c->options->is_quiet ? EXIT_NO : cli_fail(EXIT_NO, "%s", message);
}

int ledger_answer_taken(struct cli *c, const struct ledger_place *place, const char *message)
{
	return refuse(c, place, "taken", message ? message : _("it is claimed already"));
}

int ledger_answer_show(struct cli *c, const struct ledger_place *place,
		       const struct stake_reply *reply, const char *done)
{
	struct answer_ledger record = {.result = done, .ledger = place->database};

	switch (reply->outcome) {
	case LEDGER_DONE:
		break;
	case LEDGER_COLLIDES:
		return refuse(c, place, "taken", reply->message);
	case LEDGER_NOT_FOUND:
		return refuse(c, place, "not-found", reply->message);
	case LEDGER_REFUSED:
		return cli_fail(EXIT_USAGE, "%s", reply->message);
	case LEDGER_FAILED:
		return cli_fail(EXIT_SYSTEM, "%s", reply->message);
	}
	record.claims = fill_claims(reply, &record.n_claims, &c->arena);
	record.log = ledger_answer_entries(reply, &record.n_log, &c->arena);
	if (!record.claims || !record.log)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (record.n_log == 0)
		record.result = "unchanged";
	return ledger_answer_put(c, &record);
}
