#include "act/helper.h"

#include <errno.h>

int helper_run(const char *name BERTH_UNUSED, const char *const *arguments BERTH_UNUSED,
	       int input_fd BERTH_UNUSED, size_t limit BERTH_UNUSED, struct str *out BERTH_UNUSED,
	       struct helper_end *end BERTH_UNUSED)
{
	return -ENOENT;
}

int helper_run_on(const char *name BERTH_UNUSED, const char *const *arguments BERTH_UNUSED,
		  const void *input BERTH_UNUSED, size_t n BERTH_UNUSED,
		  size_t limit BERTH_UNUSED, struct str *out BERTH_UNUSED,
		  struct helper_end *end BERTH_UNUSED)
{
	return -ENOENT;
}
