#include "registry/iana.h"

#include "registry/format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *iana_column_name(unsigned int column)
{
	static const char *const names[N_IANA_CELLS] = {
		[IANA_NAME] = "Service Name",
		[IANA_NUMBER] = "Port Number",
		[IANA_PROTOCOL] = "Transport Protocol",
		[IANA_DESCRIPTION] = "Description",
		[IANA_ASSIGNEE] = "Assignee",
		[IANA_CONTACT] = "Contact",
		[IANA_REGISTERED] = "Registration Date",
		[IANA_MODIFIED] = "Modification Date",
		[IANA_REFERENCE] = "Reference",
		[IANA_SERVICE_CODE] = "Service Code",
		[IANA_UNAUTHORIZED] = "Unauthorized Use Reported",
		[IANA_NOTE] = "Assignment Notes",
		[IANA_ASSIGNEE_NAMES] = "berth:assignee",
		[IANA_CONTACT_NAMES] = "berth:contact",
		[IANA_ORGANIZATION] = "berth:organization",
	};

	return column < N_IANA_CELLS ? names[column] : "";
}

const char *iana_column_old_name(unsigned int column)
{
	return column == IANA_UNAUTHORIZED ? "Known Unauthorized Uses" : NULL;
}

/* "Gilbert Yeung, Jo Bloggs" -> "[Gilbert_Yeung][Jo_Bloggs]" */
static void append_people(struct str *out, const char *people)
{
	while (people && *people) {
		size_t n = strcspn(people, ",");

		str_append_char(out, '[');
		for (size_t i = 0; i < n; i++)
			str_append_char(out, people[i] == ' ' ? '_' : people[i]);
		str_append_char(out, ']');
		people += n;
		people += strspn(people, ", ");
	}
}

static void append_references(struct str *out, const char *list)
{
	struct registry_piece piece;

	while (registry_item(&list, &piece)) {
		str_append_char(out, '[');
		str_append_bytes(out, piece.text, piece.n);
		str_append_char(out, ']');
	}
}

static void append_number(struct str *out, const struct registry_row *row)
{
	if (row->has_ports)
		str_printf(out, row->first == row->last ? "%u" : "%u-%u", (unsigned int)row->first,
			   (unsigned int)row->last);
}

static void append_text(struct str *out, const char *text)
{
	if (text)
		str_append(out, text);
}

void iana_cell_of_row(const struct registry_row *row, enum iana_column column, struct str *out)
{
	switch (column) {
	case IANA_NAME:
		append_text(out, row->name);
		return;
	case IANA_NUMBER:
		append_number(out, row);
		return;
	case IANA_PROTOCOL:
		append_text(out, row->has_protocol ? transport_name(row->protocol) : NULL);
		return;
	case IANA_DESCRIPTION:
		append_text(out, row->description);
		return;
	case IANA_ASSIGNEE:
		append_people(out, row->assignee);
		return;
	case IANA_CONTACT:
		append_people(out, row->contact);
		return;
	case IANA_REGISTERED:
		append_text(out, row->registered);
		return;
	case IANA_MODIFIED:
		append_text(out, row->modified);
		return;
	case IANA_REFERENCE:
		append_references(out, row->references);
		return;
	case IANA_SERVICE_CODE:
		if (row->has_service_code)
			str_printf(out, "%lu", (unsigned long)row->service_code);
		return;
	case IANA_UNAUTHORIZED:
		append_text(out, row->unauthorized_use);
		return;
	case IANA_NOTE:
		append_text(out, row->note);
		return;
	}
}

/* The cell that is kept beside the row, or NULL when the fields say it all. */
static const char *find_raw(const struct registry *r, uint32_t id, enum iana_column column)
{
	const struct format_raw *raw = r->raw.items;
	uint64_t wanted = (uint64_t)id << 32 | (uint32_t)column;
	uint32_t low = 0, high = r->raw.n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		uint64_t here = (uint64_t)raw[middle].row << 32 | raw[middle].column;

		if (here == wanted) {
			const char *text = image_string(&r->strings, raw[middle].text);

			return text ? text : "";
		}
		if (here < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void iana_cell(const struct registry *r, uint32_t id, const struct registry_row *row,
	       enum iana_column column, struct str *out)
{
	const char *raw = find_raw(r, id, column);

	if (raw)
		str_append(out, raw);
	else
		iana_cell_of_row(row, column, out);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

size_t iana_fold(char *text, size_t n)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_blank(text[i]))
			text[length++] = text[i];
		else if (length > 0 && text[length - 1] != ' ')
			text[length++] = ' ';
	}
	if (length > 0 && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	return length;
}

int iana_refuse(struct iana_error *error, unsigned int line, const char *fmt, ...)
{
	va_list args;

	error->line = line;
	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	return -EBADMSG;
}
