#include "act/collector-faces.h"

#include "base/fd.h"
#include "base/replace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { N_FACES = 3, LOCK_WAIT_MS = 1000 };

bool faces_count(struct faces *f, uint16_t port, unsigned int face)
{
	if (face >= N_FACES)
		return false;
	if (f->counts[port][face] < FACES_COUNT_MOST)
		f->counts[port][face]++;
	return true;
}

/* The next number of a line, and what ends it. */
static bool take_number(const char **text, const char *end, uint64_t most, uint64_t *out)
{
	const char *start = *text;

	while (*text < end && **text >= '0' && **text <= '9')
		(*text)++;
	if (str_parse_u64(start, (size_t)(*text - start), most, out) < 0)
		return false;
	if (*text < end && **text == ' ')
		(*text)++;
	return true;
}

static void parse_line(struct faces *f, const char *text, const char *end)
{
	uint64_t port, counts[N_FACES];

	if (!take_number(&text, end, FACES_PORTS - 1, &port))
		return;
	for (size_t i = 0; i < N_FACES; i++) {
		if (!take_number(&text, end, FACES_COUNT_MOST, &counts[i]))
			return;
	}
	for (size_t i = 0; i < N_FACES && text == end; i++)
		f->counts[port][i] = (uint32_t)counts[i];
}

void faces_parse(struct faces *f, const char *bytes, size_t n)
{
	const char *end = bytes + n;

	while (bytes < end) {
		const char *line_end = memchr(bytes, '\n', (size_t)(end - bytes));

		parse_line(f, bytes, line_end ? line_end : end);
		bytes = line_end ? line_end + 1 : end;
	}
}

void faces_format(const struct faces *f, struct str *out)
{
	for (unsigned int port = 0; port < FACES_PORTS; port++) {
		const uint32_t *c = f->counts[port];

		if (c[0] | c[1] | c[2])
			str_printf(out, "%u %u %u %u\n", port, c[0], c[1], c[2]);
	}
}

int faces_read(struct faces *f, const char *path)
{
	char *bytes = NULL;
	size_t n = 0;
	int r = fd_slurp(path, FACES_FILE_MOST, &bytes, &n);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		faces_parse(f, bytes, n);
	free(bytes);
	return r;
}

int faces_write(const struct faces *f, const char *path)
{
	struct str text = {0};
	struct replace replace;
	int r;

	faces_format(f, &text);
	r = text.has_failed ? -ENOMEM
			    : replace_begin_within(&replace, path, LOCK_WAIT_MS, NULL, NULL);
	if (r == 0) {
		r = replace_commit(&replace, str_text(&text), text.length, 0);
		replace_fini(&replace);
	}
	str_fini(&text);
	return r;
}
