/*
 * The verbs that system-windows.c leaves out: options_parse() refuses them, so these only fill
 * main.c's table.
 */
#include "cli/cli.h"

int verb_evict(struct cli *c BERTH_UNUSED)
{
	return cli_fail(EXIT_USAGE, "berth evict is not there on this system");
}
