/*
 * Arrays on the heap that grow.
 */
#pragma once

#include "base/attr.h"

/*
 * realloc(3) to `n` elements of `size` bytes, the product checked. NULL when out of memory: `old`
 * is then as it was.
 */
void *array_resize(void *old, size_t n, size_t size) BERTH_MUST_CHECK;
