#include "live/passwd.h"

#include "base/array.h"
#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 4 * 1024 * 1024 };

struct passwd {
	char *text; /* names are terminated in place */
	size_t n, capacity;
	struct {
		uint32_t uid;
		const char *name;
	} *entries;
};

struct passwd *passwd_close(struct passwd *p)
{
	if (p) {
		free(p->text);
		free(p->entries);
		free(p);
	}
	return NULL;
}

/* "name:x:1000:1000:...": 0, or 1 when it is something else. */
static int parse_line(char *line, const char **name, uint32_t *uid)
{
	char *number;
	uint64_t value;

	*name = strsep(&line, ":");
	if (!line || **name == '\0' || **name == '#' || **name == '+' || **name == '-')
		return 1;
	strsep(&line, ":");
	number = strsep(&line, ":");
	if (!number || str_parse_u64(number, strlen(number), UINT32_MAX, &value) < 0)
		return 1;
	*uid = (uint32_t)value;
	return 0;
}

static int index_lines(struct passwd *p)
{
	char *rest = p->text, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		const char *name;
		uint32_t uid;

		if (parse_line(line, &name, &uid) != 0)
			continue;
		if (p->n == p->capacity) {
			size_t wider = p->capacity ? p->capacity * 2 : 64;
			void *grown = array_resize(p->entries, wider, sizeof(*p->entries));

			if (!grown)
				return -ENOMEM;
			p->entries = grown;
			p->capacity = wider;
		}
		p->entries[p->n].uid = uid;
		p->entries[p->n++].name = name;
	}
	return 0;
}

/* Takes over `text`. */
static int index_text(char *text, struct passwd **out)
{
	struct passwd *p = calloc(1, sizeof(*p));
	int r;

	if (!p) {
		free(text);
		return -ENOMEM;
	}
	p->text = text;
	r = index_lines(p);
	if (r < 0)
		passwd_close(p);
	else
		*out = p;
	return r;
}

int passwd_parse(const char *text, size_t n, struct passwd **out)
{
	char *copy = strndup(text, n);

	return copy ? index_text(copy, out) : -ENOMEM;
}

int passwd_open(struct passwd **out)
{
	char *text;
	size_t n;
	int r = fd_slurp("/etc/passwd", LARGEST, &text, &n);

	return r < 0 ? r : index_text(text, out);
}

const char *passwd_name(const struct passwd *p, uint32_t uid)
{
	for (size_t i = 0; p && i < p->n; i++) {
		if (p->entries[i].uid == uid)
			return p->entries[i].name;
	}
	return NULL;
}
