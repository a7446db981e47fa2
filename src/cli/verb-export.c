/* berth export FORMAT: the whole registry as services(5), JSON, JSON lines or IANA's CSV. */
#include "cli/cli.h"
#include "registry/etc-services.h"

#include <stdio.h>
#include <string.h>

enum { FLUSH_AT = 64 * 1024 };

static int sink(void *context, const char *text, size_t n)
{
	struct cli *c = context;

	str_append_bytes(&c->out, text, n);
	return c->out.length >= FLUSH_AT ? cli_flush(c) : 0;
}

static int export_services(struct cli *c)
{
	struct etc_services_counts counts;
	int r = etc_services_write(&c->registry, sink, c, &counts);

	if (r == 0)
		r = cli_flush(c);
	if (r < 0)
		return c->has_written_error ? EXIT_SYSTEM : cli_fail(EXIT_SYSTEM, "out of memory");
	if (counts.n_unfit + counts.n_portless > 0 && !c->options->is_quiet)
		cli_warn("%u names left out that services(5) cannot hold, and %u without a port",
			 counts.n_unfit, counts.n_portless);
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

/* IANA writes people as [Gilbert_Yeung], several in a row. */
static void append_people(struct str *cell, const char *people)
{
	while (people && *people) {
		size_t n = strcspn(people, ",");

		str_append_char(cell, '[');
		for (size_t i = 0; i < n; i++)
			str_append_char(cell, people[i] == ' ' ? '_' : people[i]);
		str_append_char(cell, ']');
		people += n;
		people += strspn(people, ", ");
	}
}

static void people_cell(struct writer_csv *csv, const char *people)
{
	struct str cell = {0};

	append_people(&cell, people);
	writer_csv_cell(csv, str_text(&cell));
	str_fini(&cell);
}

static void references_cell(struct writer_csv *csv, const char *const *references)
{
	struct str cell = {0};

	for (; *references; references++)
		str_printf(&cell, "[%s]", *references);
	writer_csv_cell(csv, str_text(&cell));
	str_fini(&cell);
}

static int add_csv(void *context, struct answer_assignment *row)
{
	struct writer_csv *csv = context;
	char number[24] = "", code[24] = "";

	if (row->has_ports)
		snprintf(number, sizeof(number),
			 row->ports.first == row->ports.last ? "%u" : "%u-%u", row->ports.first,
			 row->ports.last);
	if (row->service_code >= 0)
		snprintf(code, sizeof(code), "%lld", (long long)row->service_code);
	writer_csv_cell(csv, row->name);
	writer_csv_cell(csv, number);
	writer_csv_cell(csv, row->protocol);
	writer_csv_cell(csv, row->description);
	people_cell(csv, row->assignee);
	people_cell(csv, row->contact);
	writer_csv_cell(csv, row->registered);
	writer_csv_cell(csv, row->modified);
	references_cell(csv, row->references);
	writer_csv_cell(csv, code);
	writer_csv_cell(csv, row->unauthorized_use);
	writer_csv_cell(csv, row->note);
	writer_csv_end_row(csv);
	return csv->base.out->has_failed ? EXIT_SYSTEM : 0;
}

static int export_csv(struct cli *c)
{
	static const char *const heads[] = {
		"Service Name", "Port Number", "Transport Protocol", "Description", "Assignee",
		"Contact", "Registration Date", "Modification Date", "Reference", "Service Code",
		"Unauthorized Use Reported", "Assignment Notes",
	};
	struct writer_csv csv;
	int r;

	writer_csv_init(&csv, &c->out);
	csv.line_end = "\r\n";
	csv.keeps_line_feeds = true;
	for (size_t i = 0; i < N_ELEMENTS(heads); i++)
		writer_csv_cell(&csv, heads[i]);
	writer_csv_end_row(&csv);
	r = for_each_row(c, add_csv, &csv);
	return r ? r : cli_flush(c) < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
}

int verb_export(struct cli *c)
{
	struct options options = *c->options;
	const char *format = options.n_words ? options.words[0] : "";
	int r;

	if (options.n_words != 1)
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
