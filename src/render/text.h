/*
 * Text: lines for people. Labels at the left, content that wraps with a hanging indent, tables that
 * line up. On a terminal the width is known and nothing runs over it; in a pipe there is no width,
 * so nothing is wrapped or cut, and no colour.
 *
 * Everything put here is escaped for the terminal; ASCII-only when the locale is not UTF-8.
 */
#pragma once

#include "base/attr.h"
#include "base/str.h"

#include <stdbool.h>

/* How the text is to look. */
struct text_style {
	size_t columns;  /* of the terminal; 0 = a pipe: no wrapping */
	bool has_colour;
	bool is_utf8;    /* false: ASCII only */
	bool is_verbose; /* -v */
};

/* What a piece of text means; colours follow from it. */
enum text_tone {
	TEXT_PLAIN,
	TEXT_STRONG, /* what was asked for */
	TEXT_LABEL,  /* names of sections and columns */
	TEXT_FAINT,  /* asides */
	TEXT_GOOD,
	TEXT_NOTE,   /* worth a look */
	TEXT_ALARM,
	TEXT_QUIET,  /* nobody here */
};

/* Text under construction. */
struct text {
	struct str *out; /* borrowed */
	const struct text_style *style;
	size_t indent;   /* column at which content starts */
	size_t column;   /* where the next byte goes */
	bool is_fresh;   /* nothing stands in this line after the indent */
};

void text_init(struct text *t, struct str *out, const struct text_style *style);

/* Start a line: `label` (may be empty) at the left, content from column `indent` on. */
void text_begin(struct text *t, const char *label, size_t indent);

/*
 * Put a piece that is not torn apart, `gap` blanks after what stands before it; on a new line under
 * the indent when it does not fit. A piece wider than a line is broken at blanks, then anywhere.
 */
void text_put(struct text *t, enum text_tone tone, size_t gap, const char *text);
/* `fmt` is looked up in the language of its reader: write it in English, unmarked. */
void text_putf(struct text *t, enum text_tone tone, size_t gap, const char *fmt, ...)
	BERTH_PRINTF(4, 5);

/* Running text: words that may be torn apart at every blank. */
void text_say(struct text *t, enum text_tone tone, size_t gap, const char *words);

/* End the line. */
void text_end(struct text *t);

/* An empty line. */
void text_blank(struct text *t);

/* Pad so that `n` more columns end at the right edge of the terminal (or three blanks in a pipe);
 * false and nothing done when they do not fit in this line. */
bool text_align_right(struct text *t, size_t n);

/* Columns that `text` will take when put (escapes included). */
size_t text_width(const struct text *t, const char *text);

/* One cell of a table. NULL text = empty. */
struct text_cell {
	const char *text;
	enum text_tone tone;
};

/* One column of a table. */
struct text_column {
	const char *head;     /* NULL = no heads in this table */
	unsigned int drop;    /* on a terminal too narrow 1 goes first, then 2, ...; 0 = stays */
	size_t least;         /* may be shortened to so many columns on a terminal; 0 = never */
};

/*
 * A table: `n_rows` x `n_columns` cells, row by row, padded to the widest cell of a column, two
 * blanks between columns, from column `indent` on; `label` labels the first row. In a pipe nothing
 * is left out. On a terminal that is too narrow columns are dropped, then shortened (with an
 * ellipsis); what is still too wide continues below, indented. Returns how many were dropped.
 */
size_t text_table(struct text *t, const char *label, size_t indent,
		  const struct text_column *columns, const struct text_cell *cells, size_t n_rows,
		  size_t n_columns);
