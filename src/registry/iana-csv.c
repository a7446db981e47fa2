#include "registry/iana-csv.h"

#include <errno.h>
#include <string.h>

enum { MAX_COLUMNS = 32 };

/* A file that is being read. */
struct reader {
	const char *next, *end;
	unsigned int line;               /* of `next` */
	struct str cells;                /* the fields of one record, each terminated */
	size_t starts[MAX_COLUMNS];      /* of each field in `cells` */
	size_t n_fields;                 /* of the record */
	size_t n_columns;                /* of the header */
	unsigned int meaning[MAX_COLUMNS]; /* what each column is; N_IANA_CELLS = passed over */
	struct iana_error *error;
};

static bool is_forbidden(char c)
{
	unsigned char byte = (unsigned char)c;

	return (byte < ' ' && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f;
}

static int check_bytes(struct reader *r, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		r->line += text[i] == '\n';
		if (is_forbidden(text[i]))
			return iana_refuse(r->error, r->line, "a control character (0x%02x)",
					   (unsigned int)(unsigned char)text[i]);
	}
	return 0;
}

/* Take `n` bytes into the field at hand. */
static int take(struct reader *r, const char *text, size_t n)
{
	int error = check_bytes(r, text, n);

	if (error < 0)
		return error;
	if (r->cells.length - r->starts[r->n_fields - 1] + n > IANA_MAX_CELL)
		return iana_refuse(r->error, r->line, "a field of more than %d bytes",
				   IANA_MAX_CELL);
	str_append_bytes(&r->cells, text, n);
	return r->cells.has_failed ? -ENOMEM : 0;
}

static int read_quoted(struct reader *r)
{
	unsigned int begin = r->line;

	for (r->next++;;) {
		const char *quote = memchr(r->next, '"', (size_t)(r->end - r->next));
		int error;

		if (!quote)
			return iana_refuse(r->error, begin,
					   "the file ends inside a quoted field that begins here: "
					   "cut short?");
		error = take(r, r->next, (size_t)(quote - r->next));
		if (error < 0)
			return error;
		r->next = quote + 1;
		if (r->next == r->end || *r->next != '"')
			return 0;
		error = take(r, "\"", 1);
		if (error < 0)
			return error;
		r->next++;
	}
}

static int read_plain(struct reader *r)
{
	const char *begin = r->next;

	while (r->next < r->end && *r->next != ',' && *r->next != '\n' && *r->next != '\r') {
		if (*r->next == '"')
			return iana_refuse(r->error, r->line, "a quote inside an unquoted field");
		r->next++;
	}
	return take(r, begin, (size_t)(r->next - begin));
}

/* One field, folded, and what ends it: 1 = a comma, 0 = the end of the record. */
static int read_field(struct reader *r)
{
	int error;
	char end;

	if (r->n_fields == MAX_COLUMNS)
		return iana_refuse(r->error, r->line, "more than %d columns", MAX_COLUMNS);
	r->starts[r->n_fields++] = r->cells.length;
	error = r->next < r->end && *r->next == '"' ? read_quoted(r) : read_plain(r);
	if (error < 0)
		return error;
	str_append_char(&r->cells, '\0'); /* room to fold in place; also never a NULL `bytes` */
	if (r->cells.has_failed)
		return -ENOMEM;
	r->cells.length = r->starts[r->n_fields - 1];
	r->cells.length += iana_fold(r->cells.bytes + r->cells.length,
				     strlen(r->cells.bytes + r->cells.length)) + 1;
	if (r->next == r->end)
		return iana_refuse(r->error, r->line, "the last line has no end: cut short?");
	end = *r->next++;
	if (end == ',')
		return 1;
	if (end == '\r' && r->next < r->end && *r->next == '\n')
		end = *r->next++;
	if (end != '\n')
		return iana_refuse(r->error, r->line, "%s",
				   end == '\r' ? "a carriage return without line feed"
					       : "text behind a closing quote");
	r->line++;
	return 0;
}

static int read_record(struct reader *r)
{
	int more;

	str_clear(&r->cells);
	r->n_fields = 0;
	do
		more = read_field(r);
	while (more == 1);
	return more;
}

static const char *field(const struct reader *r, size_t i)
{
	return r->cells.bytes + r->starts[i];
}

static unsigned int find_column(const char *name)
{
	for (unsigned int column = 0; column < N_IANA_CELLS; column++) {
		const char *old = iana_column_old_name(column);

		if (strcmp(name, iana_column_name(column)) == 0 || (old && strcmp(name, old) == 0))
			return column;
	}
	return N_IANA_CELLS;
}

static int read_header(struct reader *r)
{
	bool seen[N_IANA_CELLS + 1] = {false};
	int error;

	if (r->end - r->next >= 3 && memcmp(r->next, "\xef\xbb\xbf", 3) == 0)
		r->next += 3;
	if (r->next == r->end)
		return iana_refuse(r->error, 0, "the file is empty");
	error = read_record(r);
	if (error < 0)
		return error;
	r->n_columns = r->n_fields;
	for (size_t i = 0; i < r->n_columns; i++) {
		r->meaning[i] = find_column(field(r, i));
		if (seen[r->meaning[i]] && r->meaning[i] < N_IANA_CELLS)
			return iana_refuse(r->error, 1, "the column \"%s\" twice",
					   iana_column_name(r->meaning[i]));
		seen[r->meaning[i]] = true;
	}
	for (unsigned int column = 0; column < N_IANA_COLUMNS; column++) {
		if (!seen[column])
			return iana_refuse(r->error, 1, "not IANA's table: no column \"%s\"",
					   iana_column_name(column));
	}
	return 0;
}

static int give_record(struct reader *r, unsigned int line, const struct iana_sink *sink)
{
	struct iana_record record = {.line = line};

	if (r->n_fields != r->n_columns)
		return iana_refuse(r->error, line,
				   "%zu fields, where the header has %zu: cut short?",
				   r->n_fields, r->n_columns);
	for (size_t i = 0; i < N_IANA_CELLS; i++)
		record.cells[i] = "";
	for (size_t i = 0; i < r->n_columns; i++) {
		if (r->meaning[i] < N_IANA_CELLS)
			record.cells[r->meaning[i]] = field(r, i);
	}
	return sink->record(sink->context, &record);
}

static int read_records(struct reader *r, const struct iana_sink *sink)
{
	int error = read_header(r);

	for (unsigned int n = 0; error == 0 && r->next < r->end; n++) {
		unsigned int line = r->line;

		if (n == IANA_MAX_ROWS)
			return iana_refuse(r->error, line, "more than %d rows", IANA_MAX_ROWS);
		error = read_record(r);
		if (error == 0)
			error = give_record(r, line, sink);
	}
	return error;
}

int iana_csv_read(const char *bytes, size_t n, const struct iana_sink *sink,
		  struct iana_error *error)
{
	struct reader r = {.next = bytes, .end = bytes + n, .line = 1, .error = error};
	int result;

	if (n > IANA_MAX_FILE)
		return iana_refuse(error, 0, "larger than %zu MB", IANA_MAX_FILE >> 20);
	result = read_records(&r, sink);
	str_fini(&r.cells);
	return result;
}
