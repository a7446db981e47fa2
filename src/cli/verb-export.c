/* berth export FORMAT: the whole registry as services(5), JSON, JSON lines or IANA's CSV. */
#include "cli/cli.h"
#include "cli/own-claims.h"
#include "ledger/claims.h"
#include "registry/etc-services.h"
#include "registry/iana.h"

#include <string.h>

enum { FLUSH_AT = 64 * 1024 };

static int sink(void *context, const char *text, size_t n)
{
	struct cli *c = context;

	str_append_bytes(&c->out, text, n);
	return c->out.length >= FLUSH_AT ? cli_flush(c) : 0;
}

/* Own claims stand first: services(5) is read from the top, and the first line of a name or a port
 * counts. */
static int export_claims(struct cli *c)
{
	struct answer_sources from = {.today = NULL};
	int r = own_claims_gather(c, 0, UINT16_MAX, &c->arena, &from);

	for (size_t i = 0; r == 0 && i < from.claims->n; i++) {
		const struct claim *one = &from.claims->items[i];

		if (claim_state(one, from.today) != CLAIM_ACTIVE || !etc_services_fits(one->name))
			continue;
		for (uint32_t port = one->first; port <= one->last; port++) {
			for (unsigned int t = 0; t < N_REGISTRY_TRANSPORTS; t++) {
				if (one->protocols & TRANSPORT_BIT(t))
					str_printf(&c->out, "%s\t%u/%s\t# claim, %s\n", one->name,
						   port, transport_name((enum transport)t),
						   one->source);
			}
			if (c->out.length >= FLUSH_AT && cli_flush(c) < 0)
				return EXIT_SYSTEM;
		}
	}
	return r;
}

static int export_services(struct cli *c)
{
	struct etc_services_counts counts;
	int r = export_claims(c);

	if (r != 0)
		return r;
	r = etc_services_write(&c->registry, sink, c, &counts);

	if (r == 0)
		r = cli_flush(c);
	if (r < 0)
		return c->has_written_error ? EXIT_SYSTEM : cli_fail(EXIT_SYSTEM, "out of memory");
	if (counts.n_portless > 0 && !c->options->is_quiet)
		cli_warn("%u names without a port left out", counts.n_portless);
	if (counts.n_unfit > 0 && !c->options->is_quiet)
		cli_warn("%u names left out that services(5) cannot hold", counts.n_unfit);
	return EXIT_ANSWERED;
}

/* Call `add` for every row of the registry. */
static int for_each_row(struct cli *c, int (*add)(void *context, struct answer_assignment *row),
			void *context)
{
	struct arena arena;
	int r = 0;

	arena_init(&arena);
	for (uint32_t i = 0; r == 0 && i < registry_n_rows(&c->registry); i++) {
		struct arena_mark mark = arena_mark(&arena);
		struct answer_assignment row;

		if (!answer_fill_assignment(&c->registry, i, &row, &arena))
			r = cli_fail(EXIT_SYSTEM, "out of memory");
		else
			r = add(context, &row);
		arena_reset(&arena, mark);
	}
	arena_fini(&arena);
	return r;
}

static int add_json(void *context, struct answer_assignment *row)
{
	return cli_list_add(context, &record_row, row, "assignment");
}

static int export_json(struct cli *c)
{
	struct cli_list list;
	int r;

	cli_list_begin(&list, c);
	r = for_each_row(c, add_json, &list);
	return r ? r : cli_list_end(&list);
}

/* The twelve cells of every row, as IANA wrote them. */
static int add_csv_rows(struct cli *c, struct writer_csv *csv)
{
	struct str cell = {0};
	struct registry_row row;

	for (uint32_t i = 0; registry_row(&c->registry, i, &row) == 0; i++) {
		for (unsigned int column = 0; column < N_IANA_COLUMNS; column++) {
			str_clear(&cell);
			iana_cell(&c->registry, i, &row, (enum iana_column)column, &cell);
			writer_csv_cell(csv, str_text(&cell));
		}
		writer_csv_end_row(csv);
		if (c->out.length >= FLUSH_AT && cli_flush(c) < 0)
			break;
	}
	c->out.has_failed = c->out.has_failed || cell.has_failed;
	str_fini(&cell);
	return c->has_written_error || cli_flush(c) < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
}

static int export_csv(struct cli *c)
{
	struct writer_csv csv;

	writer_csv_init(&csv, &c->out);
	csv.line_end = "\r\n";
	csv.keeps_line_feeds = true;
	for (unsigned int i = 0; i < N_IANA_COLUMNS; i++)
		writer_csv_cell(&csv, iana_column_name(i));
	writer_csv_end_row(&csv);
	return add_csv_rows(c, &csv);
}

int verb_export(struct cli *c)
{
	static const char *const names[] = {"", "json", "jsonl", "csv"};
	struct options options = *c->options;
	const char *format = options.n_words ? options.words[0] : names[options.format];
	int r;

	if (options.n_words > 1 || !*format || (options.n_words && options.format != FORMAT_TEXT))
		return cli_fail(EXIT_USAGE,
				"berth export takes one format: services, json, jsonl or csv");
	r = cli_open_registry(c);
	if (r != 0)
		return r;
	if (strcmp(format, "services") == 0)
		return export_services(c);
	if (strcmp(format, "csv") == 0)
		return export_csv(c);
	if (strcmp(format, "json") != 0 && strcmp(format, "jsonl") != 0)
		return cli_fail(EXIT_USAGE,
				"there is no format \"%.60s\": services, json, jsonl or csv",
				format);
	options.format = format[4] ? FORMAT_JSONL : FORMAT_JSON;
	c->options = &options;
	r = export_json(c);
	c->options = NULL;
	return r;
}
