/* Where system_lacks leaves `berth serve` out: this only fills main.c's table. */
#include "cli/cli.h"

int verb_serve(struct cli *c BERTH_UNUSED)
{
	return cli_fail(EXIT_USAGE, "berth serve is not there on this system");
}
