/* Any POSIX system: more rights are another user or group than the caller's. */
#include "base/environment.h"

#include <stdlib.h>
#include <unistd.h>

const char *environment_get(const char *name)
{
	return geteuid() != getuid() || getegid() != getgid() ? NULL : getenv(name);
}
