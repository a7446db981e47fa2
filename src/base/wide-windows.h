/*
 * Wide, Windows: what its functions want and give, for the files that call them.
 */
#pragma once

#include "base/attr.h"

#include <stdint.h>
#include <wchar.h>

/* A path or a text for a W function: fresh heap memory, free() it; NULL when out of memory. */
wchar_t *wide_from_utf8(const char *text) BERTH_MUST_CHECK;

/* What a W function gave: fresh heap memory, free() it; NULL when out of memory. */
char *wide_to_utf8(const wchar_t *text) BERTH_MUST_CHECK;

/* The errno (> 0) that says what a Windows error code (GetLastError(), a registry's or a helper
 * API's result) means; EIO for those that no errno is like. */
int wide_errno(uint32_t error);
