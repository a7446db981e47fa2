/* berth ranges: the three ranges and the kernel's own. */
#include "cli/cli.h"
#include "render/text-list.h"

static void show(struct cli *c, const struct answer_ranges *ranges)
{
	bool is_lines = c->options->format == FORMAT_JSONL;
	struct writer_json json;
	struct text text;

	if (c->options->format == FORMAT_TEXT) {
		text_init(&text, &c->out, &c->style);
		text_ranges(&text, ranges);
		return;
	}
	writer_json_init(&json, &c->out, !is_lines);
	render_record(&record_ranges, ranges, is_lines ? "ranges" : NULL, &json.base);
	str_append_char(&c->out, '\n');
}

int verb_ranges(struct cli *c)
{
	struct live_request request = cli_request(c);
	struct live_snapshot live;
	struct answer_sources from = {.registry = &c->registry,
				      .live = &live,
				      .counts_every_namespace =
					      request.scope == LIVE_SCOPE_NAMED};
	const struct answer_ranges *ranges;
	int r = cli_take_no_words(c);

	if (r == 0)
		r = cli_open_registry(c);
	if (r == 0)
		r = cli_look(c, &request, &c->arena, &live);
	if (r != 0)
		return r;
	ranges = answer_ranges(&from, &c->arena);
	if (!ranges)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	if (!c->options->is_quiet) {
		show(c, ranges);
		if (cli_flush(c) < 0)
			return EXIT_SYSTEM;
	}
	return cli_strict(c, ranges->n_gaps, EXIT_ANSWERED);
}
