/* berth help and berth version. Everything listed comes from verbs.def and options.def. */
#include "base/lang.h"
#include "cli/cli.h"
#include "cli/system.h"

#include <stdio.h>
#include <string.h>

enum { INDENT = 28 };

/* What is typed at the left, what it does at the right; below where there is no room. */
static void put_usage(struct text *t, const char *usage, const char *what)
{
	text_begin(t, "", 0);
	text_put(t, TEXT_STRONG, 0, usage);
	t->indent = INDENT;
	if (t->column + 2 > INDENT) {
		text_end(t);
		text_begin(t, "", INDENT);
	}
	text_putf(t, TEXT_PLAIN, 0, "%*s", t->column < INDENT ? (int)(INDENT - t->column) : 0, "");
	text_say(t, TEXT_PLAIN, 0, what);
	text_end(t);
}

static void put_verb(struct text *t, const struct verb_row *verb)
{
	char usage[96];

	snprintf(usage, sizeof(usage), "  berth %s%s%s", verb->name,
		 *verb->name && *verb->arguments ? " " : "", verb->arguments);
	put_usage(t, usage, _(verb->summary));
}

static void put_option(struct text *t, const struct option_row *option)
{
	char usage[96], letter[8] = "    ";

	if (option->letter)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	snprintf(usage, sizeof(usage), "  %s--%s%s%s", letter, option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	put_usage(t, usage, _(option->text));
}

static void put_heading(struct text *t, const char *heading)
{
	text_blank(t);
	text_begin(t, "", 0);
	text_put(t, TEXT_LABEL, 0, heading);
	text_end(t);
}

static void put_line(struct text *t, size_t indent, const char *words)
{
	text_begin(t, "", indent);
	text_say(t, TEXT_PLAIN, 0, words);
	text_end(t);
}

static void put_options(struct text *t, unsigned int verbs)
{
	put_heading(t, _("Options"));
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (option_rows[i].text && option_rows[i].verbs & verbs & ~system_lacks)
			put_option(t, &option_rows[i]);
	}
}

/* What WHAT may be, and what it means. */
static const struct text_cell forms[] = {
	{"3476  :3476  3476/udp", TEXT_STRONG}, {N_("a port"), TEXT_PLAIN},
	{"8000-8010", TEXT_STRONG}, {N_("a range of ports"), TEXT_PLAIN},
	{"HOST:PORT", TEXT_STRONG}, {N_("a port of another host: connects to it once"), TEXT_PLAIN},
	{"ssh  nginx  cron.service", TEXT_STRONG},
	{N_("a service, running program, unit or container by name"), TEXT_PLAIN},
	{"service:ssh  program:nginx  pid:7  unit:cron  container:web", TEXT_STRONG},
	{N_("one kind only"), TEXT_PLAIN},
};

static void put_overview(struct text *t)
{
	static const struct text_column columns[2] = {{.least = 0}};
	struct text_cell cells[N_ELEMENTS(forms)];

	put_line(t, 0,
		 _("berth tells who claimed a port, who lives there now, and whether the two "
		   "agree."));
	put_heading(t, _("Verbs"));
	for (size_t i = 0; i < N_VERBS; i++) {
		if (system_has_verb(verb_rows[i].id))
			put_verb(t, &verb_rows[i]);
	}
	put_heading(t, _("WHAT is one of"));
	for (size_t i = 0; i < N_ELEMENTS(forms); i++)
		cells[i] = (struct text_cell){_(forms[i].text), forms[i].tone};
	text_table(t, "", 2, columns, cells, N_ELEMENTS(forms) / 2, 2);
	put_options(t, ~0U);
	put_heading(t, _("Exit codes"));
	put_line(
		t, 2,
		_("0 answered; 1 the answer is no; 2 bad usage or input file; 3 answered with gaps "
		  "(--strict); 4 the system failed"));
}

static int put_one(struct text *t, const char *name)
{
	for (size_t i = 1; i < N_VERBS; i++) {
		if (strcmp(verb_rows[i].name, name) != 0 || !system_has_verb(verb_rows[i].id))
			continue;
		put_verb(t, &verb_rows[i]);
		put_options(t, 1U << i);
		return 0;
	}
	return cli_fail(EXIT_USAGE, "there is no verb \"%.60s\" (berth help lists them)", name);
}

int verb_help(struct cli *c)
{
	struct text text;
	int r = 0;

	text_init(&text, &c->out, &c->style);
	if (c->options->n_words > 1)
		return cli_fail(EXIT_USAGE, "berth help takes one verb");
	if (c->options->n_words == 1)
		r = put_one(&text, c->options->words[0]);
	else
		put_overview(&text);
	if (r != 0)
		return r;
	return cli_flush(c) < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
}

int verb_version(struct cli *c)
{
	struct registry_source source;
	int r = cli_open_registry(c);

	if (r != 0)
		return r;
	source = registry_source(&c->registry);
	str_printf(&c->out,
		   _("berth %s\nregistry: %s, names as of %s, people and dates as of %s (%s)\n"),
		   BERTH_VERSION, source.source ? source.source : "?",
		   source.names_as_of ? source.names_as_of : "?",
		   source.details_as_of ? source.details_as_of : "?",
		   source.is_built_in ? _("built in") : _("updated"));
	return cli_flush(c) < 0 ? EXIT_SYSTEM : EXIT_ANSWERED;
}
