#include "base/lang.h"

#include <stdlib.h>
#include <string.h>

void lang_begin(void)
{
}

void lang_end(void)
{
}

bool lang_is_translated(void)
{
	return false;
}

const char *lang_text(const char *text)
{
	return text;
}

const char *lang_plural(const char *one, const char *many, unsigned long long n)
{
	return n == 1 ? one : many;
}

const char *lang_error(int error)
{
	return strerror(abs(error));
}

void lang_resolve(const char *domain BERTH_UNUSED, const char *language BERTH_UNUSED,
		  const char *const *msgids, const char **out, size_t n)
{
	memcpy(out, msgids, n * sizeof(*out));
}
