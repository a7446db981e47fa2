/*
 * The verbs that system-windows.c leaves out: options_parse() refuses them, so these only fill
 * main.c's table.
 */
#include "cli/cli.h"

int verb_lease(struct cli *c BERTH_UNUSED)
{
	return cli_fail(EXIT_USAGE, "berth lease is not there on this system");
}

int verb_leases(struct cli *c BERTH_UNUSED)
{
	return cli_fail(EXIT_USAGE, "berth leases is not there on this system");
}

int verb_portserver(struct cli *c BERTH_UNUSED)
{
	return cli_fail(EXIT_USAGE, "berth portserver is not there on this system");
}

int verb_serve(struct cli *c BERTH_UNUSED)
{
	return cli_fail(EXIT_USAGE, "berth serve is not there on this system");
}
