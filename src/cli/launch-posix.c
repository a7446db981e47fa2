#include "cli/launch.h"

#include <errno.h>
#include <unistd.h>

int launch(const char *const *command, int *code BERTH_UNUSED)
{
	execvp(command[0], (char *const *)command);
	return -errno;
}
