/* berth update: a newer registry takes the place of the old one. */
#include "cli/cli.h"

#include "act/update.h"
#include "base/lang.h"
#include "registry/choose.h"
#include "base/places.h"
#include "render/text-change.h"

#include <errno.h>
#include <string.h>

static void say_that_it_waits(void *context)
{
	const struct cli *c = context;

	if (!c->options->is_quiet)
		cli_warn("another update is at work: waiting for it");
}

/* The image to write: the one that was asked for, or the user's own. */
static int find_target(const struct cli *c, char *own, const char **out)
{
	const char *path = cli_registry_path(c);
	int r = 0;

	if (path && strcmp(path, "built-in") == 0)
		return cli_fail(EXIT_USAGE, "the built-in registry cannot be written");
	if (!path)
		r = choose_own_path(own);
	if (r == -ENOENT)
		return cli_fail(EXIT_USAGE, "no home directory (%s) to keep the registry in; "
					    "--registry FILE names a place", places_variables);
	if (r < 0)
		return cli_fail(EXIT_USAGE, "the path of the home directory is too long");
	*out = path ? path : own;
	return 0;
}

static bool fill_changes(struct cli *c, const struct update_result *u, struct answer_update *out)
{
	struct answer_change *changes = arena_calloc(&c->arena, u->diff.n, sizeof(*changes));

	if (!changes)
		return false;
	for (size_t i = 0; i < u->diff.n; i++) {
		const struct diff_change *change = &u->diff.changes[i];
		bool is_gone = change->new_row == DIFF_NO_ROW;
		struct history_entry entry;
		struct registry_row row;

		diff_entry(&u->before, &u->after, change, &entry);
		if (registry_row(is_gone ? &u->before : &u->after,
				 is_gone ? change->old_row : change->new_row, &row) < 0)
			return false;
		answer_fill_change(&entry, row.has_ports, &changes[i]);
	}
	out->changes = changes;
	out->n_changes = u->diff.n;
	return true;
}

static bool fill(struct cli *c, const struct update_result *u, const char *target,
		 struct answer_update *out)
{
	const char *from = c->options->from;
	const size_t *counts = u->diff.counts;

	*out = (struct answer_update){
		.result = u->outcome == UPDATE_DONE ? "updated" : "unchanged",
		.image = target,
		.from = from ? from : UPDATE_IANA_URL,
		.before = answer_registry(&u->before),
		.after = answer_registry(&u->after),
		.rows_before = registry_n_rows(&u->before),
		.rows_after = registry_n_rows(&u->after),
		.rows_added = (answer_number)u->diff.n_rows_added,
		.rows_removed = (answer_number)u->diff.n_rows_removed,
		.added = (answer_number)counts[HISTORY_ADDED],
		.removed = (answer_number)counts[HISTORY_REMOVED],
		.renamed = (answer_number)counts[HISTORY_RENAMED],
		.status = (answer_number)counts[HISTORY_STATUS],
		.re_dated = (answer_number)counts[HISTORY_RE_DATED],
		.edited = (answer_number)counts[HISTORY_EDITED],
	};
	return fill_changes(c, u, out);
}

static int show(struct cli *c, const struct answer_update *u, bool built_in_is_newer)
{
	bool is_lines = c->options->format == FORMAT_JSONL;
	struct writer_json json;
	struct text text;

	if (c->options->is_quiet)
		return EXIT_ANSWERED;
	if (c->options->format == FORMAT_TEXT) {
		text_init(&text, &c->out, &c->style);
		text_update(&text, u, built_in_is_newer);
	} else {
		writer_json_init(&json, &c->out, !is_lines);
		render_record(&record_update, u, is_lines ? "update" : NULL, &json.base);
		str_append_char(&c->out, '\n');
	}
	return cli_flush(c) < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
}

static int report(struct cli *c, const struct update_result *u, const char *target)
{
	const char *date = registry_source(&c->registry).names_as_of, *after;
	struct answer_update record;

	if (*u->warning)
		cli_warn("%s", u->warning);
	switch (u->outcome) {
	case UPDATE_REFUSED:
		return cli_fail(EXIT_USAGE, "%s", u->message);
	case UPDATE_FAILED:
		return cli_fail(EXIT_SYSTEM, "%s", u->message);
	case UPDATE_DONE:
	case UPDATE_SAME:
		break;
	}
	if (!fill(c, u, target, &record))
		return cli_fail(EXIT_SYSTEM, "out of memory");
	after = record.after.names_as_of;
	return show(c, &record, !cli_registry_path(c) && date && after && strcmp(date, after) > 0);
}

int verb_update(struct cli *c)
{
	struct update_request request = {
		.from = c->options->from,
		.cacert = c->options->cacert,
		.is_forced = c->options->is_forced,
		.built_in = &c->registry,
		.wait = say_that_it_waits,
		.context = c,
	};
	char own[CHOOSE_PATH_SIZE];
	const char *reason = NULL;
	struct update_result result;
	int r = cli_take_no_words(c);

	if (r == 0)
		r = find_target(c, own, &request.target);
	if (r != 0)
		return r;
	if (registry_open_builtin(&c->registry, &reason) < 0)
		return cli_fail(EXIT_SYSTEM, "the built-in registry is damaged: %s", _(reason));
	c->has_registry = true;
	update_run(&request, &result);
	r = report(c, &result, request.target);
	update_fini(&result);
	return r;
}
