#include "answer/check-kinds.h"

#include <errno.h>
#include <string.h>

const struct check_kind_row check_kinds[N_CHECK_KINDS] = {
#define FINDING(id, name, severity, text) {name, CHECK_##severity, text},
#include "answer/check.def"
#undef FINDING
};

static const char *const severities[] = {"note", "warning", "error"};

const char *check_severity_name(enum check_severity s)
{
	return (size_t)s < N_ELEMENTS(severities) ? severities[s] : "?";
}

int check_severity_parse(const char *name, enum check_severity *out)
{
	for (size_t i = 0; i < N_ELEMENTS(severities); i++) {
		if (strcmp(name, severities[i]) == 0) {
			*out = (enum check_severity)i;
			return 0;
		}
	}
	return -EINVAL;
}
