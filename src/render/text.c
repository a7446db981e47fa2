#include "render/text.h"

#include "base/lang.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 16, LEAST_WIDTH = 20 };

void text_init(struct text *t, struct str *out, const struct text_style *style)
{
	*t = (struct text){.out = out, .style = style, .is_fresh = true};
}

static const char *colour_of(enum text_tone tone)
{
	static const char *const colours[] = {
		[TEXT_PLAIN] = NULL,        [TEXT_STRONG] = "\033[1m",  [TEXT_LABEL] = "\033[2m",
		[TEXT_FAINT] = "\033[2m",   [TEXT_GOOD] = "\033[32m",   [TEXT_NOTE] = "\033[33m",
		[TEXT_ALARM] = "\033[1;31m", [TEXT_QUIET] = "\033[36m",
	};

	return colours[tone];
}

/* Bytes that are escaped already, in their colour. */
static void emit(struct text *t, enum text_tone tone, const char *bytes, size_t n)
{
	const char *colour = t->style->has_colour ? colour_of(tone) : NULL;

	if (n == 0)
		return;
	if (colour)
		str_append(t->out, colour);
	str_append_bytes(t->out, bytes, n);
	if (colour)
		str_append(t->out, "\033[0m");
}

static void indent_line(struct text *t)
{
	str_pad(t->out, ' ', t->indent - MIN_OF(t->indent, t->column));
	t->column = MAX_OF(t->indent, t->column);
	t->is_fresh = true;
}

static void new_line(struct text *t)
{
	str_append_char(t->out, '\n');
	t->column = 0;
	indent_line(t);
}

void text_begin(struct text *t, const char *label, size_t indent)
{
	t->indent = indent;
	t->column = 0;
	if (*label)
		emit(t, TEXT_LABEL, label, strlen(label));
	t->column = str_columns(label);
	if (*label && t->column >= indent)
		t->indent = t->column + 1;
	indent_line(t);
}

/* The right edge; no edge in a pipe. */
static size_t edge(const struct text *t)
{
	if (t->style->columns == 0)
		return SIZE_MAX;
	return MAX_OF(t->style->columns, t->indent + LEAST_WIDTH);
}

/* How many of `left` bytes fit into `room` columns: up to a blank where there is one. */
static size_t fit(const char *bytes, size_t left, size_t room)
{
	size_t n = 0, columns = 0, blank = 0;

	while (left > 0) {
		uint32_t c;
		size_t step = str_utf8_decode(bytes + n, left, &c);
		char one[5] = {0};
		size_t width;

		step = MAX_OF(step, 1);
		memcpy(one, bytes + n, step);
		width = str_columns(one);
		if (columns + width > room)
			return blank ? blank : MAX_OF(n, step);
		if (bytes[n] == ' ')
			blank = n + 1;
		columns += width;
		n += step;
		left -= step;
	}
	return n;
}

/* A piece that is wider than a whole line. */
static void emit_broken(struct text *t, enum text_tone tone, const char *bytes, size_t left)
{
	while (left > 0) {
		size_t n = fit(bytes, left, edge(t) - t->column);
		size_t shown = n;

		while (n < left && shown > 0 && bytes[shown - 1] == ' ')
			shown--;
		emit(t, tone, bytes, shown);
		bytes += n;
		left -= n;
		t->is_fresh = false;
		if (left > 0)
			new_line(t);
		else
			t->column += shown;
	}
}

/* A piece of `n` bytes that is escaped already and `width` columns wide. */
static void put_safe(struct text *t, enum text_tone tone, size_t gap, const char *bytes, size_t n,
		     size_t width)
{
	gap = t->is_fresh ? 0 : gap;
	if (width > 0 && !t->is_fresh && t->column + gap + width > edge(t)) {
		new_line(t);
		gap = 0;
	}
	str_pad(t->out, ' ', gap);
	t->column += gap;
	if (t->column + width > edge(t)) {
		emit_broken(t, tone, bytes, n);
	} else if (width > 0) {
		emit(t, tone, bytes, n);
		t->column += width;
		t->is_fresh = false;
	}
}

void text_put(struct text *t, enum text_tone tone, size_t gap, const char *text)
{
	struct str safe = {0};
	size_t n = strlen(text);

	if (str_plain(text, n) == n) {
		put_safe(t, tone, gap, text, n, n);
		return;
	}
	str_append_escaped(&safe, text, !t->style->is_utf8);
	put_safe(t, tone, gap, str_text(&safe), safe.length, str_columns(str_text(&safe)));
	t->out->has_failed = t->out->has_failed || safe.has_failed;
	str_fini(&safe);
}

void text_putf(struct text *t, enum text_tone tone, size_t gap, const char *fmt, ...)
{
	char brief[256], *text = NULL;
	va_list args, again;
	int n;

	va_start(args, fmt);
	fmt = _(fmt);
	va_copy(again, args);
	n = vsnprintf(brief, sizeof(brief), fmt, args);
	if (n >= 0 && (size_t)n < sizeof(brief)) {
		text_put(t, tone, gap, brief);
	} else if (n < 0 || vasprintf(&text, fmt, again) < 0) {
		t->out->has_failed = true;
	} else {
		text_put(t, tone, gap, text);
		free(text);
	}
	va_end(again);
	va_end(args);
}

static void say_word(struct text *t, enum text_tone tone, size_t gap, const char *bytes, size_t n)
{
	struct str word = {0};

	if (str_plain(bytes, n) == n) {
		put_safe(t, tone, gap, bytes, n, n);
		return;
	}
	str_append_bytes(&word, bytes, n);
	text_put(t, tone, gap, str_text(&word));
	t->out->has_failed = t->out->has_failed || word.has_failed;
	str_fini(&word);
}

void text_say(struct text *t, enum text_tone tone, size_t gap, const char *words)
{
	size_t all = strlen(words);

	/* Where no line ends, single blanks stay what they are. */
	if (t->style->columns == 0 && all > 0 && words[0] != ' ' && words[all - 1] != ' ' &&
	    !strstr(words, "  ")) {
		text_put(t, tone, gap, words);
		return;
	}
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n > 0) {
			say_word(t, tone, gap, words, n);
			gap = 1;
		}
		words += n;
		words += *words == ' ';
	}
}

void text_end(struct text *t)
{
	str_append_char(t->out, '\n');
	t->column = 0;
	t->is_fresh = true;
}

void text_blank(struct text *t)
{
	t->indent = 0;
	text_end(t);
}

size_t text_width(const struct text *t, const char *text)
{
	struct str safe = {0};
	size_t width;

	str_append_escaped(&safe, text, !t->style->is_utf8);
	width = str_columns(str_text(&safe));
	str_fini(&safe);
	return width;
}

bool text_align_right(struct text *t, size_t n)
{
	size_t right = MIN_OF(t->style->columns, 100);
	size_t gap = 3;

	if (t->style->columns > 0) {
		if (t->column + gap + n > t->style->columns)
			return false;
		if (t->column + gap + n < right)
			gap = right - t->column - n;
	}
	str_pad(t->out, ' ', gap);
	t->column += gap;
	return true;
}

/* A table that is being laid out. */
struct layout {
	const struct text_column *columns;
	size_t n_columns;
	size_t widths[MOST_COLUMNS];  /* 0 = dropped or empty */
	bool is_cut[MOST_COLUMNS];    /* shortened: cells are wider */
	size_t n_dropped;
	bool is_flowing;              /* hopelessly too wide: cells follow each other, unaligned */
};

static void measure(const struct text *t, const struct text_cell *cells, size_t n_rows,
		    struct layout *l)
{
	size_t n = l->n_columns;

	for (size_t i = 0; i < n_rows * n; i++) {
		if (cells[i].text)
			l->widths[i % n] = MAX_OF(l->widths[i % n], text_width(t, cells[i].text));
	}
	for (size_t k = 0; k < n; k++) {
		if (l->columns[k].head && l->widths[k] > 0)
			l->widths[k] = MAX_OF(l->widths[k], text_width(t, _(l->columns[k].head)));
	}
}

static size_t total_width(const struct layout *l)
{
	size_t total = 0;

	for (size_t k = 0; k < l->n_columns; k++)
		total += l->widths[k] ? l->widths[k] + (total ? 2 : 0) : 0;
	return total;
}

/* Drop the next column that may go. False when none is left. */
static bool drop_column(struct layout *l)
{
	size_t next = l->n_columns;

	for (size_t k = 0; k < l->n_columns; k++) {
		if (l->columns[k].drop && l->widths[k] &&
		    (next == l->n_columns || l->columns[k].drop < l->columns[next].drop))
			next = k;
	}
	if (next == l->n_columns)
		return false;
	l->widths[next] = 0;
	l->n_dropped++;
	return true;
}

/* Shorten the widest column that may be shortened, by one. False when none may. */
static bool shrink_column(struct layout *l)
{
	size_t widest = l->n_columns;

	for (size_t k = 0; k < l->n_columns; k++) {
		if (l->columns[k].least && l->widths[k] > l->columns[k].least &&
		    (widest == l->n_columns || l->widths[k] > l->widths[widest]))
			widest = k;
	}
	if (widest == l->n_columns)
		return false;
	l->widths[widest]--;
	l->is_cut[widest] = true;
	return true;
}

static void fit_table(const struct text *t, size_t indent, struct layout *l)
{
	size_t room = t->style->columns;

	if (room == 0)
		return;
	room = room > indent ? room - indent : 0;
	while (total_width(l) > room && (drop_column(l) || shrink_column(l)))
		continue;
	l->is_flowing = total_width(l) > room;
}

/* Put a cell that is cut at `width` columns, the last of them an ellipsis. */
static void put_cut(struct text *t, enum text_tone tone, size_t gap, const char *text, size_t width)
{
	const char *ellipsis = t->style->is_utf8 ? "\xe2\x80\xa6" : "~";
	struct str safe = {0}, cut = {0};
	size_t n = 0, used = 0;

	str_append_escaped(&safe, text, !t->style->is_utf8);
	while (n < safe.length) {
		uint32_t c;
		size_t step = str_utf8_decode(safe.bytes + n, safe.length - n, &c);
		char one[5] = {0};

		step = MAX_OF(step, 1);
		memcpy(one, safe.bytes + n, step);
		if (used + str_columns(one) + 1 > width)
			break;
		used += str_columns(one);
		n += step;
	}
	str_append_bytes(&cut, str_text(&safe), n);
	str_append(&cut, ellipsis);
	text_put(t, tone, gap, str_text(&cut));
	t->out->has_failed = t->out->has_failed || safe.has_failed || cut.has_failed;
	str_fini(&cut);
	str_fini(&safe);
}

static void put_row(struct text *t, const struct text_cell *row, const struct layout *l)
{
	size_t due = 0; /* blanks owed before the next cell */

	for (size_t k = 0; k < l->n_columns; k++) {
		const char *text = row[k].text ? row[k].text : "";
		size_t width = text_width(t, text), before = t->column;

		if (l->widths[k] == 0 || (l->is_flowing && !*text))
			continue;
		if (!*text) {
			due += l->widths[k] + 2;
			continue;
		}
		if (t->is_fresh && due > 0 && t->column + due + width <= edge(t)) {
			str_pad(t->out, ' ', due);
			t->column += due;
			before = t->column;
		}
		if (l->is_cut[k] && width > l->widths[k]) {
			put_cut(t, row[k].tone, due, text, l->widths[k]);
			width = l->widths[k];
		} else {
			text_put(t, row[k].tone, due, text);
		}
		if (l->is_flowing || t->column < before || t->column - before < width)
			due = l->is_flowing ? 3 : 2;
		else
			due = l->widths[k] - MIN_OF(l->widths[k], width) + 2;
	}
	text_end(t);
}

static void put_heads(struct text *t, const struct layout *l)
{
	struct text_cell row[MOST_COLUMNS];

	for (size_t k = 0; k < l->n_columns; k++)
		row[k] = (struct text_cell){l->columns[k].head ? _(l->columns[k].head) : NULL,
					    TEXT_LABEL};
	put_row(t, row, l);
}

size_t text_table(struct text *t, const char *label, size_t indent,
		  const struct text_column *columns, const struct text_cell *cells, size_t n_rows,
		  size_t n_columns)
{
	struct layout l = {.columns = columns, .n_columns = MIN_OF(n_columns, MOST_COLUMNS)};
	bool has_heads = n_columns > 0 && columns[0].head;

	measure(t, cells, n_rows, &l);
	fit_table(t, indent, &l);
	if (has_heads && n_rows > 0) {
		text_begin(t, "", indent);
		put_heads(t, &l);
	}
	for (size_t i = 0; i < n_rows; i++) {
		text_begin(t, i == 0 ? label : "", indent);
		if (has_heads || l.is_flowing)
			t->indent = indent + (has_heads ? 4 : 2);
		put_row(t, cells + i * n_columns, &l);
	}
	return l.n_dropped;
}
