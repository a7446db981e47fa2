/*
 * mkdocs: what is written from the tables of verbs, options and fields, so that help, man page,
 * completions and schemas cannot disagree.
 *
 *   mkdocs man FILE         FILE (scdoc) with its lines @VERBS@ and @OPTIONS@ filled in
 *   mkdocs bash|zsh|fish    a completion script
 *   mkdocs schemas          the names of the records that have a schema, one a line
 *   mkdocs schema NAME      the JSON Schema of that record
 *
 * A build-time tool; everything goes to standard output.
 */
#include "answer/fields.h"
#include "answer/verdict.h"
#include "base/attr.h"
#include "cli/options.h"
#include "cli/system.h"
#include "render/render.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct field_record *const records[] = {
	&record_answer,        &record_here,      &record_ranges, &record_row, &record_found,
	&record_here_listener, &record_published, &record_holder, &record_gap, &record_checked,
	&record_update,        &record_why,       &record_evict,
	&record_wait,          &record_knock,
	&record_claim,         &record_entry,     &record_ledger,
	&record_check,         &record_finding,
	&record_suggest,       &record_leases,     &record_lease,    &record_atlas,
};

/* What an option or verb takes. */
enum value_kind {
	VALUE_NONE,
	VALUE_FREE,  /* anything: nothing to offer */
	VALUE_FILE,
	VALUE_VERB,
	VALUE_CLAIM, /* names of claims, asked from berth itself */
	VALUE_WORDS, /* some words, perhaps among others */
};

static enum value_kind kind_of(const char *argument, enum option_id id)
{
	if (!argument || !*argument)
		return VALUE_NONE;
	if (strcmp(argument, "FILE") == 0 || strcmp(argument, "[FILE...]") == 0 ||
	    strcmp(argument, "DIRECTORY") == 0)
		return VALUE_FILE;
	if (strcmp(argument, "[VERB]") == 0)
		return VALUE_VERB;
	if (strncmp(argument, "NAME|PORT", 9) == 0)
		return VALUE_CLAIM;
	if (id == OPTION_VERDICT || (strchr(argument, '|') && islower((unsigned char)*argument)))
		return VALUE_WORDS;
	return VALUE_FREE;
}

/* "auto always never": the lower-case alternatives of "auto|always|never". */
static void print_words(const char *argument, enum option_id id)
{
	const char *lead = "";

	if (id == OPTION_VERDICT) {
		for (int w = 0; w <= VERDICT_UNKNOWN; w++, lead = " ")
			printf("%s%s", lead, verdict_word_name((enum verdict_word)w));
		return;
	}
	while (*argument) {
		size_t n = strcspn(argument, "|");

		if (islower((unsigned char)*argument)) {
			printf("%s%.*s", lead, (int)n, argument);
			lead = " ";
		}
		argument += n;
		argument += *argument == '|';
	}
}

/* Prints the names of claims, a line each, and nothing else that a shell could read into them. */
#define CLAIM_NAMES(program)                                                                       \
	program " claims --csv 2>/dev/null | sed -n \"2,\\$s/^\\([A-Za-z0-9-]*\\),.*/\\1/p\""

/* Without a verb both the answer's options and those of `here` are understood. */
static unsigned int verbs_of(size_t verb)
{
	return verb == VERB_ANSWER ? 1U << VERB_ANSWER | 1U << VERB_HERE : 1U << verb;
}

static bool is_offered(const struct option_row *o)
{
	return o->text && *o->name;
}

/* `text` with a backslash before each of `special`. */
static void print_escaped(const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			putchar('\\');
		putchar(*text);
	}
}

/* --- man page -------------------------------------------------------------------------------- */

static void man_text(const char *text)
{
	print_escaped(text, "\\*_`");
}

static void man_verbs(void)
{
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb_row *v = &verb_rows[i];

		if (!system_has_verb(v->id))
			continue;
		printf("*berth*");
		if (*v->name) {
			printf(" *");
			man_text(v->name);
			putchar('*');
		}
		if (*v->arguments) {
			printf(" _");
			man_text(v->arguments);
			putchar('_');
		}
		printf("\n\t");
		man_text(v->summary);
		printf("\n\n");
	}
}

/* "; with here and find": the verbs that take an option, when not all do. */
static void man_option_verbs(const struct option_row *o)
{
	size_t n = 0, all = 0;

	for (size_t i = 0; i < N_VERBS; i++)
		all += o->verbs >> i & 1U;
	if (all == N_VERBS)
		return;
	printf("; with ");
	for (size_t i = 0; i < N_VERBS; i++) {
		if (!(o->verbs >> i & 1U))
			continue;
		printf("%s%s", n == 0 ? "" : n + 1 == all ? " and " : ", ",
		       *verb_rows[i].name ? verb_rows[i].name : "WHAT");
		n++;
	}
}

static void man_options(void)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *o = &option_rows[i];

		if (!is_offered(o))
			continue;
		if (o->letter)
			printf("*-%c*, ", o->letter);
		printf("*--%s*", o->name);
		if (o->argument) {
			printf(" _");
			man_text(o->argument);
			putchar('_');
		}
		printf("\n\t");
		man_text(o->text);
		man_option_verbs(o);
		printf("\n\n");
	}
}

static int man(const char *path)
{
	FILE *file = path ? fopen(path, "r") : NULL;
	char *line = NULL;
	size_t size = 0;

	if (!file) {
		fprintf(stderr, "mkdocs: %s: %s\n", path ? path : "man", strerror(errno));
		return EXIT_FAILURE;
	}
	while (getline(&line, &size, file) > 0) {
		if (strcmp(line, "@VERBS@\n") == 0)
			man_verbs();
		else if (strcmp(line, "@OPTIONS@\n") == 0)
			man_options();
		else
			fputs(line, stdout);
	}
	free(line);
	fclose(file);
	return EXIT_SUCCESS;
}

/* --- completions ----------------------------------------------------------------------------- */

static void print_made_by(const char *shell)
{
	printf("# %s completion for berth(1).\n"
	       "# Made by tools/mkdocs from src/cli/verbs.def and options.def: `make docs`.\n\n",
	       shell);
}

static void print_verbs(const char *separator)
{
	for (size_t i = 1; i < N_VERBS; i++)
		printf("%s%s", i == 1 ? "" : separator, verb_rows[i].name);
}

/* "--netns|--owners|-i": options with an argument, or only those that have nothing to offer. */
static void print_options_with_argument(bool all, const char *separator)
{
	const char *lead = "";

	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *o = &option_rows[i];

		if (!is_offered(o) || !o->argument ||
		    (!all && kind_of(o->argument, o->id) != VALUE_FREE))
			continue;
		printf("%s--%s", lead, o->name);
		if (o->letter)
			printf("%s-%c", separator, o->letter);
		lead = separator;
	}
}

static void bash_values(void)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *o = &option_rows[i];
		enum value_kind kind = kind_of(o->argument, o->id);

		if (!is_offered(o) || (kind != VALUE_FILE && kind != VALUE_WORDS))
			continue;
		printf("\t--%s)\n", o->name);
		if (kind == VALUE_FILE) {
			printf("\t\tcompopt -o filenames\n"
			       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
		} else {
			printf("\t\tmapfile -t COMPREPLY < <(compgen -W '");
			print_words(o->argument, o->id);
			printf("' -- \"$cur\")\n");
		}
		printf("\t\treturn ;;\n");
	}
}

static void bash_options(size_t verb)
{
	printf("\t'%s')\n\t\toptions='", verb_rows[verb].name);
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *o = &option_rows[i];

		if (is_offered(o) && o->verbs & verbs_of(verb))
			printf("%s--%s", i == 0 ? "" : " ", o->name);
	}
	printf("'\n");
	switch (kind_of(verb_rows[verb].arguments, N_OPTIONS)) {
	case VALUE_FILE:
		printf("\t\tfiles=yes\n");
		break;
	case VALUE_VERB:
		printf("\t\twords='");
		print_verbs(" ");
		printf("'\n");
		break;
	case VALUE_CLAIM:
		printf("\t\twords=$(" CLAIM_NAMES("\"${COMP_WORDS[0]}\"") ")\n");
		break;
	case VALUE_WORDS:
		printf("\t\twords='");
		print_words(verb_rows[verb].arguments, N_OPTIONS);
		printf("'\n");
		break;
	case VALUE_NONE:
	case VALUE_FREE:
		break;
	}
	printf("\t\t;;\n");
}

static int bash(void)
{
	print_made_by("bash");
	printf("_berth()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	       "\tlocal verb='' options='' words='' files='' i\n\n"
	       "\tCOMPREPLY=()\n"
	       "\t# Readline cuts --color=always into three words.\n"
	       "\tif [[ $cur == = ]]; then\n\t\tcur=''\n"
	       "\telif [[ $prev == = ]]; then\n\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n\tfi\n"
	       "\tcase $prev in\n");
	bash_values();
	printf("\t");
	print_options_with_argument(false, "|");
	printf(")\n\t\treturn ;;\n\tesac\n"
	       "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "\t\tcase ${COMP_WORDS[i]} in\n\t\t");
	print_options_with_argument(true, "|");
	printf(") [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++)); ((i++)) ;;\n\t\t-*) ;;\n\t\t");
	print_verbs("|");
	printf(")\n\t\t\tverb=${COMP_WORDS[i]}\n\t\t\tbreak ;;\n"
	       "\t\t*)\n\t\t\tbreak ;;\n\t\tesac\n\tdone\n\tcase $verb in\n");
	for (size_t i = 0; i < N_VERBS; i++)
		bash_options(i);
	printf("\tesac\n\tif [[ $cur == -* ]]; then\n\t\twords=$options\n"
	       "\telif [[ -z $verb && $i -eq $COMP_CWORD ]]; then\n\t\twords='");
	print_verbs(" ");
	printf("'\n\telif [[ -n $files ]]; then\n\t\tcompopt -o filenames\n"
	       "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\t\treturn\n\tfi\n"
	       "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
	       "complete -F _berth berth\n");
	return EXIT_SUCCESS;
}

/* Inside '...[text]': quotes end and begin again, brackets and colons are escaped. */
static void zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			printf("'\\''");
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_action(const char *argument, enum option_id id)
{
	printf(":");
	zsh_text(argument);
	switch (kind_of(argument, id)) {
	case VALUE_FILE:
		printf(":_files");
		break;
	case VALUE_VERB:
		printf(":(");
		print_verbs(" ");
		putchar(')');
		break;
	case VALUE_CLAIM:
		printf(":{compadd -- $(" CLAIM_NAMES("berth") ")}");
		break;
	case VALUE_WORDS:
		printf(":(");
		print_words(argument, id);
		putchar(')');
		break;
	case VALUE_NONE:
	case VALUE_FREE:
		printf(": ");
		break;
	}
}

static void zsh_option(const struct option_row *o)
{
	printf("\t\t\t");
	if (o->letter)
		printf("'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter, o->name, o->letter,
		       o->argument ? "+" : "", o->name, o->argument ? "=" : "");
	else
		printf("'--%s%s[", o->name, o->argument ? "=" : "");
	zsh_text(o->text);
	putchar(']');
	if (o->argument)
		zsh_action(o->argument, o->id);
	printf("' \\\n");
}

static void zsh_verb(size_t verb)
{
	const struct verb_row *v = &verb_rows[verb];

	printf("\t(%s)\n\t\t_arguments -S \\\n", *v->name ? v->name : "''");
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (is_offered(&option_rows[i]) && option_rows[i].verbs & verbs_of(verb))
			zsh_option(&option_rows[i]);
	}
	if (verb == VERB_ANSWER) {
		printf("\t\t\t'1: :->first' '*: : '\n"
		       "\t\t[[ $state == first ]] && _describe -t verbs verb verbs\n");
	} else {
		printf("\t\t\t'1: : ' '*");
		if (*v->arguments)
			zsh_action(v->arguments, N_OPTIONS);
		else
			printf(": : ");
		printf("'\n");
	}
	printf("\t\t;;\n");
}

static int zsh(void)
{
	printf("#compdef berth\n");
	print_made_by("zsh");
	printf("local verb word is_value state state_descr line\nlocal -a verbs\n"
	       "typeset -A opt_args\n\nverbs=(\n");
	for (size_t i = 1; i < N_VERBS; i++) {
		printf("\t'%s:", verb_rows[i].name);
		zsh_text(verb_rows[i].summary);
		printf("'\n");
	}
	printf(")\nfor word in ${words[2,CURRENT-1]}; do\n"
	       "\tif [[ -n $is_value ]]; then\n\t\tis_value=\n\t\tcontinue\n\tfi\n"
	       "\tcase $word in\n\t(");
	print_options_with_argument(true, "|");
	printf(") is_value=yes ;;\n\t(");
	print_verbs("|");
	printf(") verb=$word; break ;;\n\tesac\ndone\ncase $verb in\n");
	for (size_t i = 0; i < N_VERBS; i++)
		zsh_verb(i);
	printf("esac\n");
	return EXIT_SUCCESS;
}

/* Inside '...': quotes and backslashes are escaped. */
static void fish_text(const char *text)
{
	putchar('\'');
	print_escaped(text, "'\\");
	putchar('\'');
}

static void fish_values(const char *argument, enum option_id id)
{
	switch (kind_of(argument, id)) {
	case VALUE_FILE:
		printf(" -r -F");
		break;
	case VALUE_WORDS:
		printf(" -x -a '");
		print_words(argument, id);
		putchar('\'');
		break;
	case VALUE_VERB:
		printf(" -x -a '");
		print_verbs(" ");
		putchar('\'');
		break;
	case VALUE_CLAIM:
		printf(" -x -a '(" CLAIM_NAMES("berth") ")'");
		break;
	case VALUE_FREE:
		printf(" -x");
		break;
	case VALUE_NONE:
		break;
	}
}

static void fish_option(const struct option_row *o)
{
	printf("complete -c berth -n '__berth_verb_is");
	for (size_t i = 0; i < N_VERBS; i++) {
		if (o->verbs & verbs_of(i))
			printf(" %s", *verb_rows[i].name ? verb_rows[i].name : "answer");
	}
	printf("' -l %s", o->name);
	if (o->letter)
		printf(" -s %c", o->letter);
	fish_values(o->argument, o->id);
	printf(" -d ");
	fish_text(o->text);
	putchar('\n');
}

static int fish(void)
{
	print_made_by("fish");
	printf("function __berth_verb_is\n    set -l verb answer\n    set -l is_value no\n"
	       "    for word in (commandline -opc)[2..-1]\n"
	       "        if test $is_value = yes\n            set is_value no\n"
	       "        else if contains -- $word ");
	print_options_with_argument(true, " ");
	printf("\n            set is_value yes\n        else if contains -- $word ");
	print_verbs(" ");
	printf("\n            set verb $word\n            break\n        end\n    end\n"
	       "    contains -- $verb $argv\nend\n\ncomplete -c berth -f\n");
	for (size_t i = 1; i < N_VERBS; i++) {
		printf("complete -c berth -n '__berth_verb_is answer' -a %s -d ",
		       verb_rows[i].name);
		fish_text(verb_rows[i].summary);
		putchar('\n');
	}
	for (size_t i = 1; i < N_VERBS; i++) {
		enum value_kind kind = kind_of(verb_rows[i].arguments, N_OPTIONS);

		if (kind == VALUE_NONE || kind == VALUE_FREE)
			continue;
		printf("complete -c berth -n '__berth_verb_is %s'", verb_rows[i].name);
		fish_values(verb_rows[i].arguments, N_OPTIONS);
		putchar('\n');
	}
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (is_offered(&option_rows[i]))
			fish_option(&option_rows[i]);
	}
	return EXIT_SUCCESS;
}

/* --- schemas --------------------------------------------------------------------------------- */

static int schemas(void)
{
	for (size_t i = 0; i < N_ELEMENTS(records); i++)
		puts(records[i]->name);
	return EXIT_SUCCESS;
}

static int schema(const char *name)
{
	for (size_t i = 0; i < N_ELEMENTS(records); i++) {
		struct str text = {0};

		if (!name || strcmp(records[i]->name, name) != 0)
			continue;
		render_schema(records[i], &text);
		fputs(str_text(&text), stdout);
		str_fini(&text);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "mkdocs: there is no record \"%s\"\n", name ? name : "");
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *name = argc > 2 ? argv[2] : NULL;
	int code = EXIT_FAILURE;

	if (strcmp(what, "man") == 0)
		code = man(name);
	else if (strcmp(what, "bash") == 0)
		code = bash();
	else if (strcmp(what, "zsh") == 0)
		code = zsh();
	else if (strcmp(what, "fish") == 0)
		code = fish();
	else if (strcmp(what, "schemas") == 0)
		code = schemas();
	else if (strcmp(what, "schema") == 0)
		code = schema(name);
	else
		fprintf(stderr, "usage: mkdocs man FILE|bash|zsh|fish|schemas|schema NAME\n");
	if (fflush(stdout) != 0 || ferror(stdout))
		return EXIT_FAILURE;
	return code;
}
