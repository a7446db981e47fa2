#include "base/command-line.h"

#include <string.h>

static void put_backslashes(struct str *line, size_t n)
{
	str_pad(line, '\\', n);
}

void command_line_put(struct str *line, const char *word)
{
	size_t n_backslashes = 0;

	if (line->length > 0)
		str_append_char(line, ' ');
	if (*word && !strpbrk(word, " \t\n\v\"")) {
		str_append(line, word);
		return;
	}
	str_append_char(line, '"');
	for (; *word; word++) {
		if (*word == '\\') {
			n_backslashes++;
			continue;
		}
		/* Those before a quote are said twice, and the quote with one of its own. */
		put_backslashes(line, *word == '"' ? 2 * n_backslashes + 1 : n_backslashes);
		n_backslashes = 0;
		str_append_char(line, *word);
	}
	put_backslashes(line, 2 * n_backslashes);
	str_append_char(line, '"');
}
