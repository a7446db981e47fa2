/* The canonical form of a claims file. */
#include "ledger/claims-file.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_WIDTH = 16, PORTS_WIDTH = 16 };

void claims_file_quote(struct str *out, const char *value)
{
	if (*value && !value[strcspn(value, " \t\"#\\")]) {
		str_append(out, value);
		return;
	}
	str_append_char(out, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			str_append_char(out, '\\');
		str_append_char(out, *value);
	}
	str_append_char(out, '"');
}

static void append_pair(struct str *out, const char *key, const char *value)
{
	if (!value)
		return;
	str_printf(out, " %s=", key);
	claims_file_quote(out, value);
}

/* "  # text", one blank behind the #, whatever there was. */
static void append_comment(struct str *out, struct claims_piece comment)
{
	if (comment.n == 0)
		return;
	do {
		comment.text++;
		comment.n--;
	} while (comment.n > 0 && (*comment.text == ' ' || *comment.text == '\t'));
	if (comment.n == 0)
		return;
	str_append(out, "  # ");
	str_append_bytes(out, comment.text, comment.n);
}

static void pad_to(struct str *out, size_t start, size_t width)
{
	size_t n = out->length - start;

	str_pad(out, ' ', n < width ? width - n : 1);
}

void claims_file_write(struct str *out, const struct claim *c, struct claims_piece comment)
{
	size_t start = out->length, end;
	char text[MAX_OF((int)CLAIM_PORTS_SIZE, (int)ADDRESS_TEXT_SIZE)];

	str_append(out, c->name);
	pad_to(out, start, NAME_WIDTH);
	start = out->length;
	str_append(out, claim_ports_format(c, text));
	end = out->length;
	pad_to(out, start, PORTS_WIDTH - 1); /* each of what follows begins with a blank */
	start = out->length;
	if (c->has_address)
		str_printf(out, " %s", address_format(&c->address, text));
	append_pair(out, "owner", c->owner);
	append_pair(out, "scope", c->scope);
	append_pair(out, "program", c->program);
	append_pair(out, "since", c->since);
	append_pair(out, "until", c->until);
	if (c->is_retired)
		str_append(out, " retired");
	if (out->length == start && !out->has_failed) { /* nothing follows: no blanks either */
		out->length = end;
		out->bytes[end] = '\0';
	}
	append_comment(out, comment);
}

/* A claim on its way to its place among its neighbours. */
struct block_line {
	struct claim claim;
	struct claims_piece comment;
	size_t number;
};

struct block {
	struct block_line *lines;
	size_t n, capacity;
};

static int compare_lines(const void *pa, const void *pb)
{
	const struct block_line *a = pa, *b = pb;
	int r = claim_compare(&a->claim, &b->claim);

	return r ? r : (a->number > b->number) - (a->number < b->number);
}

static void end_block(struct block *b, struct str *out)
{
	if (b->n > 1)
		qsort(b->lines, b->n, sizeof(*b->lines), compare_lines);
	for (size_t i = 0; i < b->n; i++) {
		claims_file_write(out, &b->lines[i].claim, b->lines[i].comment);
		str_append_char(out, '\n');
	}
	b->n = 0;
}

static bool add_line(struct block *b, const struct claims_line *line, struct arena *arena)
{
	struct block_line *slot = ARENA_PUSH(arena, b->lines, b->n, b->capacity);

	if (!slot)
		return false;
	*slot = (struct block_line){line->claim, line->comment, b->n};
	return true;
}

/* What is no claim stays where it is. */
static void append_other(const struct claims_line *line, struct str *out)
{
	if (line->kind == CLAIMS_LINE_INCLUDE) {
		str_append(out, "include ");
		claims_file_quote(out, line->include);
		append_comment(out, line->comment);
	} else {
		str_append_bytes(out, line->comment.text, line->comment.n);
	}
	str_append_char(out, '\n');
}

static bool format(struct claims_reader *r, struct str *out, struct arena *arena)
{
	struct block block = {.n = 0};
	size_t start = out->length;
	struct claims_line line;
	bool has_gap = false;

	while (claims_reader_next(r, &line)) {
		if (line.kind == CLAIMS_LINE_BAD)
			return false;
		if (line.kind == CLAIMS_LINE_BLANK) {
			has_gap = true;
			continue;
		}
		if (line.kind != CLAIMS_LINE_CLAIM || has_gap)
			end_block(&block, out);
		if (has_gap && out->length > start)
			str_append_char(out, '\n');
		has_gap = false;
		if (line.kind != CLAIMS_LINE_CLAIM)
			append_other(&line, out);
		else if (!add_line(&block, &line, arena))
			return false;
	}
	end_block(&block, out);
	return !r->is_no_text && !arena_failed(arena) && !out->has_failed;
}

bool claims_file_format(const void *bytes, size_t n, struct str *out)
{
	struct claims_reader reader;
	struct arena arena;
	bool is_done;

	arena_init(&arena);
	claims_reader_init(&reader, bytes, n, &arena);
	is_done = format(&reader, out, &arena);
	arena_fini(&arena);
	return is_done;
}
