/* berth leases: the ports that are leased, to whom, since when. */
#include "act/leases.h"
#include "base/lang.h"
#include "cli/cli.h"
#include "render/text-answer.h"
#include "render/text-leases.h"

#include <errno.h>
#include <string.h>

static int show(struct cli *c, const struct answer_leases *list)
{
	struct writer_json json;
	struct text text;

	if (c->options->format == FORMAT_TEXT) {
		text_init(&text, &c->out, &c->style);
		text_leases(&text, list);
		text_gaps(&text, list->gaps, list->n_gaps, 10);
	} else if (c->options->format == FORMAT_JSON) {
		writer_json_init(&json, &c->out, true);
		render_record(&record_leases, list, NULL, &json.base);
		str_append_char(&c->out, '\n');
	} else {
		for (size_t i = 0; i < list->n_leases; i++) {
			writer_json_init(&json, &c->out, false);
			render_record(&record_lease, &list->leases[i], "lease", &json.base);
			str_append_char(&c->out, '\n');
		}
		for (size_t i = 0; i < list->n_gaps; i++)
			cli_warn("not seen: %s %s: %s", list->gaps[i].what, list->gaps[i].where,
				 list->gaps[i].why);
	}
	return cli_flush(c) < 0 ? EXIT_SYSTEM : 0;
}

int verb_leases(struct cli *c)
{
	struct answer_leases list;
	int r = cli_take_no_words(c);

	if (r != 0)
		return r;
	r = leases_list(&c->arena, &list);
	if (r == -ENOTSUP)
		return cli_fail(EXIT_SYSTEM, "this system has no leases");
	if (r < 0)
		return cli_fail(EXIT_SYSTEM, "the table of unix sockets cannot be read: %s",
				lang_error(r));
	if (c->options->is_quiet)
		return list.n_leases > 0 ? EXIT_ANSWERED : EXIT_NO;
	r = show(c, &list);
	return r ? r : cli_strict(c, list.n_gaps, EXIT_ANSWERED);
}
