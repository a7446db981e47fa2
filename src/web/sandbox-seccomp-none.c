#include "web/sandbox-seccomp.h"

#include <errno.h>

int sandbox_seccomp(unsigned int *n_allowed BERTH_UNUSED)
{
	return -ENOTSUP;
}
