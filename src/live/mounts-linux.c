#include "live/mounts-linux.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 8 * 1024 * 1024, N_FIELDS_BEFORE = 5 };

static bool is_octal(const char *c)
{
	return c[0] >= '0' && c[0] <= '3' && c[1] >= '0' && c[1] <= '7' && c[2] >= '0' &&
	       c[2] <= '7';
}

/* "\040" and its like back into bytes, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3] && is_octal(from + 1)) {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
int mounts_parse_line(char *line, struct mount_line *out)
{
	char *fields[N_FIELDS_BEFORE], *rest, *type, *source, *options;

	for (size_t i = 0; i < N_FIELDS_BEFORE; i++) {
		fields[i] = strsep(&line, " ");
		if (!line)
			return -EBADMSG;
	}
	rest = strstr(line, "- ");
	if (!rest || (rest != line && rest[-1] != ' '))
		rest = strstr(line, " - ") ? strstr(line, " - ") + 1 : NULL;
	if (!rest)
		return -EBADMSG;
	rest += 2;
	type = strsep(&rest, " ");
	source = strsep(&rest, " ");
	options = strsep(&rest, " ");
	if (!type || !source)
		return -EBADMSG;
	unescape(fields[3]);
	unescape(fields[4]);
	*out = (struct mount_line){
		.root = fields[3],
		.point = fields[4],
		.type = type,
		.options = options ? options : "",
	};
	return 0;
}

int mounts_each(void (*each)(const struct mount_line *m, void *context), void *context)
{
	char *text, *rest, *line;
	size_t n;
	int r = fd_slurp_at(AT_FDCWD, "/proc/self/mountinfo", LARGEST, &text, &n);

	if (r < 0)
		return r;
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL) {
		struct mount_line m;

		if (mounts_parse_line(line, &m) == 0)
			each(&m, context);
	}
	free(text);
	return 0;
}
