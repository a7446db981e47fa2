#include "update/etag.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void etag_of_header(const char *line, size_t n, char *etag)
{
	static const char name[] = "etag:";
	size_t begin = sizeof(name) - 1, end = n;

	if (n >= 5 && strncasecmp(line, "HTTP/", 5) == 0)
		etag[0] = '\0';
	if (n < begin || strncasecmp(line, name, begin) != 0)
		return;
	etag[0] = '\0';
	while (begin < end && is_blank(line[begin]))
		begin++;
	while (end > begin && is_blank(line[end - 1]))
		end--;
	for (size_t i = begin; i < end; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			return;
	}
	if (end - begin >= ETAG_SIZE)
		return;
	memcpy(etag, line + begin, end - begin);
	etag[end - begin] = '\0';
}
