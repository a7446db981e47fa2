#include "base/array.h"

#include <stdlib.h>

void *array_resize(void *old, size_t n, size_t size)
{
	size_t n_bytes;

	if (__builtin_mul_overflow(n, size, &n_bytes))
		return NULL;
	return realloc(old, n_bytes ? n_bytes : 1);
}
