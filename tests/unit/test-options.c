#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The first verb that takes the option. */
static const char *verb_of(const struct option_row *row)
{
	for (size_t i = 0; i < N_VERBS; i++) {
		if (row->verbs & (1U << i))
			return verb_rows[i].name;
	}
	return "";
}

static void test_none_is_forgotten(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *row = &option_rows[i];
		char name[64], verb[32], value[] = "1", program[] = "berth";
		char *argv[5] = {program};
		int argc = 1;
		char error[OPTIONS_ERROR_SIZE] = "";
		struct options o;

		if (!*row->name)
			continue;
		snprintf(verb, sizeof(verb), "%s", verb_of(row));
		snprintf(name, sizeof(name), "--%s", row->name);
		if (*verb)
			argv[argc++] = verb;
		argv[argc++] = name;
		if (row->argument)
			argv[argc++] = value;
		if (options_parse(argc, argv, &o, error) < 0 && strstr(error, "forgotten"))
			fail_msg("%s", error);
		options_fini(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
