#include "render/writer.h"

#include <string.h>

void writer_csv_init(struct writer_csv *w, struct str *out)
{
	*w = (struct writer_csv){.base = {.out = out}, .line_end = "\n"};
}

static void append_quoted(struct str *out, const char *cell)
{
	str_append_char(out, '"');
	for (const char *quote; (quote = strchr(cell, '"')) != NULL; cell = quote + 1) {
		str_append_bytes(out, cell, (size_t)(quote - cell) + 1);
		str_append_char(out, '"');
	}
	str_append(out, cell);
	str_append_char(out, '"');
}

/* Escape line by line so that the line feeds between stay. */
static void append_lines_escaped(struct str *out, const char *bytes)
{
	for (;;) {
		size_t n = strcspn(bytes, "\n");
		struct str line = {0};

		str_append_bytes(&line, bytes, n);
		str_append_escaped(out, str_text(&line), false);
		out->has_failed = out->has_failed || line.has_failed;
		str_fini(&line);
		if (!bytes[n])
			return;
		str_append_char(out, '\n');
		bytes += n + 1;
	}
}

void writer_csv_cell(struct writer_csv *w, const char *bytes)
{
	struct str cell = {0};

	if (w->has_columns)
		str_append_char(w->base.out, ',');
	w->has_columns = true;
	if (w->keeps_line_feeds)
		append_lines_escaped(&cell, bytes ? bytes : "");
	else
		str_append_escaped(&cell, bytes ? bytes : "", false);
	if (strpbrk(str_text(&cell), "\",\r\n"))
		append_quoted(w->base.out, str_text(&cell));
	else
		str_append(w->base.out, str_text(&cell));
	w->base.out->has_failed = w->base.out->has_failed || cell.has_failed;
	str_fini(&cell);
}

void writer_csv_end_row(struct writer_csv *w)
{
	str_append(w->base.out, w->line_end);
	w->has_columns = false;
}
