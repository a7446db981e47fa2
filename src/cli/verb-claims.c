/* berth claims: every claim of one's own; with --log who made and gave up which. */
#include "cli/claims-edit.h"
#include "cli/ledger-answer.h"
#include "cli/own-claims.h"
#include "ledger/claims.h"
#include "render/text-answer.h"
#include "render/text-claims.h"

/* Any list of records in any format but text. */
static int show_records(struct cli *c, const struct field_record *record, const void *items,
			size_t n, const char *type)
{
	struct cli_list list;
	struct writer_csv csv;
	int r = 0;

	if (c->options->format == FORMAT_CSV) {
		writer_csv_init(&csv, &c->out);
		render_csv_header(record, &csv);
		for (size_t i = 0; i < n; i++)
			render_csv_row(record, (const char *)items + i * record->size, &csv);
		return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
	}
	cli_list_begin(&list, c);
	for (size_t i = 0; i < n && r == 0; i++)
		r = cli_list_add(&list, record, (const char *)items + i * record->size, type);
	return r ? r : cli_list_end(&list);
}

static int show_claims(struct cli *c, const struct answer_sources *from)
{
	const struct answer_claim *claims = answer_claims(from->claims, from->today, &c->arena);
	size_t n = from->claims->n;
	struct text text;

	if (!claims)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (c->options->format != FORMAT_TEXT)
		return show_records(c, &record_claim, claims, n, "claim");
	text_init(&text, &c->out, &c->style);
	text_claims(&text, claims, n);
	text_gaps(&text, from->claim_gaps, from->n_claim_gaps, 10);
	return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
}

/* A list has no place for them: what could not be read is said beside it. */
static void warn_of_gaps(const struct cli *c, const struct answer_sources *from)
{
	for (size_t i = 0; c->options->format != FORMAT_TEXT && i < from->n_claim_gaps; i++)
		cli_warn("claims %s: %s", from->claim_gaps[i].where, from->claim_gaps[i].why);
}

static int show_log(struct cli *c)
{
	struct ledger_place place;
	struct stake_reply reply;
	struct answer_entry *entries;
	struct text text;
	size_t n = 0;
	int r = own_claims_place(c, &place);

	if (r != 0)
		return r;
	r = stake_log(&place, STAKE_LOG_MOST, &reply);
	if (r < 0)
		return ledger_answer_fail(r);
	entries = ledger_answer_entries(&reply, &n, &c->arena);
	if (reply.outcome != LEDGER_DONE) {
		r = cli_fail(EXIT_SYSTEM, "%s", reply.message);
	} else if (!entries) {
		r = cli_fail(EXIT_SYSTEM, "out of memory");
	} else if (c->options->format == FORMAT_TEXT) {
		text_init(&text, &c->out, &c->style);
		text_entries(&text, entries, n);
		r = cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
	} else {
		r = show_records(c, &record_entry, entries, n, "entry");
	}
	stake_fini(&reply);
	return r;
}

static int check_forms(const struct options *o)
{
	if (o->wants_fmt + o->wants_sysctl + o->wants_log > 1)
		return cli_fail(EXIT_USAGE, "--fmt, --sysctl and --log exclude each other");
	if (o->wants_write && !o->wants_fmt)
		return cli_fail(EXIT_USAGE, "--write goes with --fmt");
	if ((o->wants_fmt || o->wants_sysctl) && o->format != FORMAT_TEXT)
		return cli_fail(EXIT_USAGE, "--fmt and --sysctl print one form only");
	return 0;
}

int verb_claims(struct cli *c)
{
	struct answer_sources from = {.today = NULL};
	int r = cli_take_no_words(c);

	if (r == 0)
		r = check_forms(c->options);
	if (r == 0 && c->options->wants_fmt)
		return claims_edit_format(c);
	if (r == 0 && c->options->wants_sysctl)
		return claims_edit_sysctl(c);
	if (r == 0 && c->options->wants_log)
		return show_log(c);
	if (r == 0)
		r = own_claims_gather(c, 0, UINT16_MAX, &c->arena, &from);
	if (r != 0)
		return r;
	if (c->options->is_quiet)
		return from.claims->n > 0 ? EXIT_ANSWERED : EXIT_NO;
	warn_of_gaps(c, &from);
	r = show_claims(c, &from);
	return r ? r : cli_strict(c, from.n_claim_gaps, EXIT_ANSWERED);
}
