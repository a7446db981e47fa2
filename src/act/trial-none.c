/* A system on which no trial can be made. */
#include "act/trial.h"

#include <errno.h>

const bool trial_is_reuse_safe = true;

int trial_bind(const struct trial_request *request BERTH_UNUSED,
	       struct trial_result *result BERTH_UNUSED)
{
	return -EOPNOTSUPP;
}
