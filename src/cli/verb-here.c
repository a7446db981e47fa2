/* berth here: every listener on this machine beside its claim. */
#include "base/lang.h"
#include "cli/cli.h"
#include "cli/own-claims.h"
#include "render/text-answer.h"

#include <string.h>

static bool is_text_equal(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool is_user(const char *wanted, const char *user, answer_number uid)
{
	uint64_t number;

	if (is_text_equal(user, wanted))
		return true;
	return str_parse_u64(wanted, strlen(wanted), UINT32_MAX, &number) == 0 &&
	       uid == (answer_number)number;
}

/* "nginx" is nginx.service. */
static bool is_unit(const char *wanted, const char *unit)
{
	size_t n = strlen(wanted);

	return unit && strncmp(unit, wanted, n) == 0 &&
	       (!unit[n] || strcmp(unit + n, ".service") == 0);
}

static bool is_container(const char *wanted, const char *container)
{
	size_t n = strlen(wanted);

	return container && (strcmp(container, wanted) == 0 ||
			     (n >= 4 && strncmp(container, wanted, n) == 0));
}

static bool has_program(const struct answer_listener *l, const char *wanted)
{
	size_t n = strlen(wanted);

	for (size_t i = 0; i < l->n_owners; i++) {
		const struct answer_owner *o = &l->owners[i];

		if (is_text_equal(o->program, wanted) || is_text_equal(o->label, wanted))
			return true;
		/* "vxlan" of the kernel's "vxlan vx0" */
		if (strcmp(o->method, "kernel") == 0 && o->program &&
		    strncmp(o->program, wanted, n) == 0 && o->program[n] == ' ')
			return true;
	}
	return false;
}

static bool has_user(const struct answer_listener *l, const char *wanted)
{
	if (is_user(wanted, l->user, l->uid))
		return true;
	for (size_t i = 0; i < l->n_owners; i++) {
		if (is_user(wanted, l->owners[i].user, l->owners[i].uid))
			return true;
	}
	return false;
}

static bool has_unit(const struct answer_listener *l, const char *wanted)
{
	bool found = is_unit(wanted, l->unit) || is_unit(wanted, l->activates);

	for (size_t i = 0; i < l->n_owners; i++)
		found = found || is_unit(wanted, l->owners[i].unit);
	return found;
}

static bool has_container(const struct answer_listener *l, const char *wanted)
{
	bool found = is_container(wanted, l->container) || is_container(wanted, l->ns.container) ||
		     is_container(wanted, l->container_id) ||
		     is_container(wanted, l->ns_container_id) ||
		     (!l->is_here && is_container(wanted, l->ns.name));

	for (size_t i = 0; i < l->n_owners; i++)
		found = found || is_container(wanted, l->owners[i].container) ||
			is_container(wanted, l->owners[i].container_id);
	return found;
}

static bool is_asked_for(const struct options *o, const struct answer_listener *l)
{
	bool is_exposed = l->is_here && strcmp(l->role, "listener") == 0 &&
			  strcmp(l->exposure, "loopback") != 0;

	return (!o->is_exposed || is_exposed) &&
	       (!o->program || has_program(l, o->program)) && (!o->user || has_user(l, o->user)) &&
	       (!o->unit || has_unit(l, o->unit)) &&
	       (!o->container || has_container(l, o->container)) &&
	       (!o->verdict || is_text_equal(l->verdict, o->verdict));
}

/* What filters ask of a listener they ask of the one behind a published port. */
static bool is_published_asked_for(const struct options *o, const struct answer_published *p)
{
	const struct answer_listener behind = {.owners = p->owners,
					       .n_owners = p->n_owners,
					       .container = p->container,
					       .container_id = p->container_id,
					       .uid = ANSWER_NULL,
					       .is_here = true};

	return (!o->is_exposed || !p->is_loopback) &&
	       (!o->program || has_program(&behind, o->program) ||
		is_text_equal(p->by, o->program)) &&
	       (!o->user || has_user(&behind, o->user)) &&
	       (!o->unit || has_unit(&behind, o->unit)) &&
	       (!o->container || has_container(&behind, o->container)) &&
	       (!o->verdict || is_text_equal(verdict_word_name(p->judged.word), o->verdict));
}

/* The published ports that the filters leave. False when out of memory. */
static bool filter_published(const struct cli *c, const struct answer_here *here,
			     struct answer_here *out, struct arena *arena)
{
	struct answer_published *kept =
		arena_calloc(arena, here->n_published, sizeof(*here->published));

	out->n_published = 0;
	for (size_t i = 0; kept && i < here->n_published; i++) {
		if (is_published_asked_for(c->options, &here->published[i]))
			kept[out->n_published++] = here->published[i];
	}
	out->published = kept;
	return kept != NULL;
}

/* The listeners that the filters leave. NULL when out of memory. */
static const struct answer_here *filter(const struct cli *c, const struct answer_here *here,
					struct arena *arena)
{
	struct answer_here *out = arena_grow(arena, here, 1, 1, sizeof(*out));
	struct answer_listener *kept =
		arena_calloc(arena, here->n_listeners, sizeof(*here->listeners));

	if (!out || !kept || !filter_published(c, here, out, arena))
		return NULL;
	out->n_listeners = 0;
	out->n_maybe_clients = 0;
	for (size_t i = 0; i < here->n_listeners; i++) {
		if (!is_asked_for(c->options, &here->listeners[i]))
			continue;
		out->n_maybe_clients += strcmp(here->listeners[i].role, "maybe-client") == 0;
		kept[out->n_listeners++] = here->listeners[i];
	}
	out->listeners = kept;
	return out;
}

static void show_json(struct cli *c, const struct answer_here *here)
{
	struct writer_json json;

	writer_json_init(&json, &c->out, true);
	render_record(&record_here, here, NULL, &json.base);
	str_append_char(&c->out, '\n');
}

static void show_line(struct cli *c, const struct field_record *record, const void *data,
		      const char *type)
{
	struct writer_json json;

	writer_json_init(&json, &c->out, false);
	render_record(record, data, type, &json.base);
	str_append_char(&c->out, '\n');
}

static void show_jsonl(struct cli *c, const struct answer_here *here)
{
	for (size_t i = 0; i < here->n_listeners; i++)
		show_line(c, &record_here_listener, &here->listeners[i], "listener");
	for (size_t i = 0; i < here->n_published; i++)
		show_line(c, &record_published, &here->published[i], "published");
	for (size_t i = 0; i < here->n_holders; i++)
		show_line(c, &record_holder, &here->holders[i], "holder");
	for (size_t i = 0; i < here->n_gaps; i++)
		show_line(c, &record_gap, &here->gaps[i], "gap");
	show_line(c, &record_checked, &here->checked, "checked");
}

static void show_csv(struct cli *c, const struct answer_here *here)
{
	struct writer_csv csv;

	writer_csv_init(&csv, &c->out);
	render_csv_header(&record_here_listener, &csv);
	for (size_t i = 0; i < here->n_listeners; i++)
		render_csv_row(&record_here_listener, &here->listeners[i], &csv);
}

static void show_text(struct cli *c, const struct answer_here *here)
{
	const struct answer_registry registry = answer_registry(&c->registry);
	struct text text;

	text_init(&text, &c->out, &c->style);
	text_here(&text, here, !c->options->want_all && !options_has_filter(c->options));
	text_footer(&text, &registry, here->gaps, here->n_gaps);
	if (!c->options->is_bare)
		return;
	text_blank(&text);
	text_begin(&text, "", 0);
	text_say(&text, TEXT_FAINT, 0,
		 _("berth 3476 tells who claimed a port, who lives there and whether the two "
		   "agree;"));
	text_end(&text);
	text_begin(&text, "", 0);
	text_say(&text, TEXT_FAINT, 0, _("berth help lists everything else."));
	text_end(&text);
}

static void show(struct cli *c, const struct answer_here *here)
{
	switch (c->options->format) {
	case FORMAT_TEXT:
		show_text(c, here);
		return;
	case FORMAT_JSON:
		show_json(c, here);
		return;
	case FORMAT_JSONL:
		show_jsonl(c, here);
		return;
	case FORMAT_CSV:
		show_csv(c, here);
		return;
	}
}

int verb_here(struct cli *c)
{
	struct live_request request = cli_request(c);
	struct live_snapshot live;
	struct answer_sources from = {.registry = &c->registry,
				      .live = &live,
				      .counts_every_namespace =
					      request.scope == LIVE_SCOPE_NAMED};
	const struct answer_here *here;
	bool is_empty;
	int r = cli_take_no_words(c);

	if (r == 0)
		r = cli_open_registry(c);
	if (r == 0)
		r = own_claims_gather(c, 0, UINT16_MAX, &c->arena, &from);
	if (c->options->want_all)
		request.want |= LIVE_WANT_HOLDERS;
	if (r == 0)
		r = cli_look(c, &request, &c->arena, &live);
	if (r != 0)
		return r;
	here = answer_index(&from, &c->arena) ? answer_here(&from, &c->arena) : NULL;
	if (here && options_has_filter(c->options))
		here = filter(c, here, &c->arena);
	if (!here)
		return cli_fail(EXIT_SYSTEM, "out of memory");
	is_empty = here->n_listeners + here->n_published == 0;
	if (!c->options->is_quiet) {
		show(c, here);
		if (cli_flush(c) < 0)
			return EXIT_SYSTEM;
	} else if (!live.could_look && is_empty) {
		return EXIT_GAPS;
	}
	if (is_empty && (options_has_filter(c->options) || c->options->is_quiet))
		return EXIT_NO;
	return cli_strict(c, here->n_gaps, EXIT_ANSWERED);
}
