/* Where libc has secure_getenv(3), which sees AT_SECURE too: capabilities, not users alone. */
#include "base/environment.h"

#include <stdlib.h>

const char *environment_get(const char *name)
{
	return secure_getenv(name);
}
