/*
 * Sandbox's seccomp: the list of system calls that the front makes. Private to sandbox-linux.c.
 * sandbox-seccomp-none.c stands in where berth is built without libseccomp.
 */
#pragma once

#include "base/attr.h"

/*
 * Load the filter for every thread of the process. Returns 0 with the number of calls that are
 * allowed; -ENOTSUP: built without libseccomp; or another negative errno.
 */
int sandbox_seccomp(unsigned int *n_allowed) BERTH_MUST_CHECK;
