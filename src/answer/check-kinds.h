/*
 * Check kinds: what a check can find, and how bad that is. They are rows of check.def.
 */
#pragma once

#include "base/attr.h"

enum check_severity { CHECK_NOTE, CHECK_WARNING, CHECK_ERROR };

enum check_kind {
#define FINDING(id, name, severity, text) CHECK_##id,
#include "answer/check.def"
#undef FINDING
	N_CHECK_KINDS,
};

struct check_kind_row {
	const char *name;
	enum check_severity severity;
	const char *text;
};

extern const struct check_kind_row check_kinds[N_CHECK_KINDS];

const char *check_severity_name(enum check_severity s); /* "note", "warning", "error" */
/* The severity of that name. Returns 0 or -EINVAL. */
int check_severity_parse(const char *name, enum check_severity *out) BERTH_MUST_CHECK;
