/*
 * Html check: whether bytes are a document, or parts of one, as berth writes them: another reading
 * of the rules than the writer's own.
 */
#pragma once

#include <stddef.h>

enum { HTML_CHECK_WHY = 160 };

/*
 * UTF-8 without a character that str_is_unsafe() names (line feeds aside); elements of a short
 * list, each closed where it has to be; attributes in double quotes, none that runs or loads but
 * href, src and action with a relative, http or https URL; every '&' begins one of the five
 * references. Returns 0; -1 with `why` (HTML_CHECK_WHY bytes) filled.
 */
int html_check(const char *bytes, size_t n, char *why);
