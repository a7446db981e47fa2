#include "registry/iana-table.h"

#include "registry/iana-csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void iana_table_fini(struct iana_table *t)
{
	arena_fini(&t->arena);
	*t = (struct iana_table){0};
}

static void note_date(struct iana_table *t, const char *date)
{
	bool is_full = false;

	if (date && iana_rules_is_date(date, &is_full) && is_full &&
	    (!t->newest || strcmp(t->newest, date) < 0))
		t->newest = date;
}

/* Many cells say the same as the field that was read from them: those are not copied. */
static const char *keep_cell(struct iana_table *t, const char *cell, const char *field)
{
	if (field && strcmp(cell, field) == 0)
		return field;
	return *cell ? arena_strdup(&t->arena, cell) : "";
}

static int take_record(void *context, const struct iana_record *record)
{
	struct iana_table *t = context;
	struct iana_meaning meaning;
	struct registry_row *row = &meaning.row;
	struct iana_row *out;
	int r = iana_rules_read(record, &t->arena, &meaning, t->error);

	if (r < 0)
		return r;
	out = ARENA_PUSH(&t->arena, t->rows, t->n_rows, t->rows_capacity);
	if (!out)
		return -ENOMEM;
	out->row = *row;
	out->place = (uint32_t)t->n_rows;
	for (size_t i = 0; i < N_IANA_COLUMNS; i++) {
		const char *field = i == IANA_NAME	    ? row->name
				    : i == IANA_DESCRIPTION ? row->description
				    : i == IANA_NOTE	    ? row->note
							    : NULL;

		out->cells[i] = keep_cell(t, record->cells[i], field);
	}
	t->n_portless += !row->has_ports;
	t->has_top = t->has_top || (row->has_ports && row->first <= 49151 && row->last >= 49151);
	note_date(t, row->registered);
	note_date(t, row->modified);
	if (meaning.is_unread && t->n_unread++ == 0)
		t->unread = row->description;
	return arena_failed(&t->arena) ? -ENOMEM : 0;
}

/* By first port, those without a port last; the order of the file otherwise. */
static int compare_places(const void *pa, const void *pb)
{
	const struct iana_row *a = pa, *b = pb;

	if (a->row.has_ports != b->row.has_ports)
		return a->row.has_ports ? -1 : 1;
	if (a->row.first != b->row.first)
		return a->row.first - b->row.first;
	return a->place < b->place ? -1 : a->place > b->place;
}

static bool is_same_key(const struct registry_row *a, const struct registry_row *b)
{
	return a->has_ports == b->has_ports && a->first == b->first && a->last == b->last &&
	       a->has_protocol == b->has_protocol && a->protocol == b->protocol;
}

/* Number the names of one (ports, protocol) in the order of the file, 1 first; 0 = alone. Rows of
 * one first port stand together. */
static void number_ranks(struct iana_table *t)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		struct registry_row *row = &t->rows[i].row;
		uint8_t rank = 1;

		if (!*row->name || !row->has_ports || row->rank > 0)
			continue;
		for (size_t j = i + 1; j < t->n_rows && t->rows[j].row.has_ports &&
				       t->rows[j].row.first == row->first; j++) {
			struct registry_row *other = &t->rows[j].row;

			if (*other->name && is_same_key(row, other) && rank < UINT8_MAX) {
				row->rank = 1;
				other->rank = ++rank;
			}
		}
	}
}

int iana_table_read(struct iana_table *out, const char *bytes, size_t n, struct iana_error *error)
{
	struct iana_sink sink = {take_record, out};
	int r;

	*out = (struct iana_table){.error = error};
	r = iana_csv_read(bytes, n, &sink, error);
	if (r < 0)
		return r;
	if (out->n_rows == 0)
		return iana_refuse(error, 0, "there is no row in it");
	qsort(out->rows, out->n_rows, sizeof(*out->rows), compare_places);
	number_ranks(out);
	return 0;
}

/* The row of another registry with the same name, ports and protocol. */
static bool find_same(const struct registry *r, const struct registry_row *row,
		      struct registry_row *out)
{
	struct registry_rows rows = registry_by_name(r, row->name);

	for (uint32_t i = 0; i < rows.n; i++) {
		if (registry_row(r, rows.ids[i], out) == 0 && is_same_key(row, out) && out->name &&
		    strcmp(row->name, out->name) == 0)
			return true;
	}
	return false;
}

/* The ranks of a group are berth's own where it ranks every name of it. */
static uint8_t find_rank(const struct iana_table *t, size_t at, const struct registry *built_in)
{
	const struct registry_row *row = &t->rows[at].row;
	struct registry_row known = {0};
	uint8_t own = 0;

	for (size_t i = at; i-- > 0 && t->rows[i].row.first == row->first;)
		at = i;
	for (size_t i = at; i < t->n_rows && t->rows[i].row.first == row->first; i++) {
		const struct registry_row *other = &t->rows[i].row;

		if (!other->has_ports || !*other->name || !is_same_key(row, other))
			continue;
		if (!find_same(built_in, other, &known) || known.rank == 0)
			return row->rank;
		own = other == row ? known.rank : own;
	}
	return own;
}

/* Keep what the fields of the row cannot say. */
static int add_raw(const struct iana_row *row, struct registry_builder *b, struct str *scratch)
{
	for (unsigned int i = 0; i < N_IANA_COLUMNS; i++) {
		int r = 0;

		str_clear(scratch);
		iana_cell_of_row(&row->row, (enum iana_column)i, scratch);
		if (scratch->has_failed)
			return -ENOMEM;
		if (strcmp(str_text(scratch), row->cells[i]) != 0)
			r = registry_builder_raw(b, (enum iana_column)i, row->cells[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int build_row(const struct iana_table *t, size_t at, const char *as_of,
		     const struct registry *built_in, struct registry_builder *b,
		     struct str *scratch)
{
	struct registry_row row = t->rows[at].row, known;
	int r;

	row.names_as_of = row.details_as_of = as_of;
	if (built_in && *row.name && row.has_ports) {
		if (row.rank > 0)
			row.rank = find_rank(t, at, built_in);
		if (!*row.organization && find_same(built_in, &row, &known))
			row.organization = known.organization;
	}
	r = registry_builder_row(b, &row);
	return r < 0 ? r : add_raw(&t->rows[at], b, scratch);
}

int iana_table_build(const struct iana_table *t, const char *as_of,
		     const struct registry *built_in, struct registry_builder *b)
{
	struct str scratch = {0};
	struct known_use use;
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n_rows; i++)
		r = build_row(t, i, as_of, built_in, b, &scratch);
	str_fini(&scratch);
	for (uint32_t i = 0; r == 0 && built_in && known_use_get(built_in, i, &use) == 0; i++)
		r = registry_builder_use(b, &use);
	return r;
}
