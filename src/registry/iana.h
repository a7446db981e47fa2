/*
 * IANA: one row of the registry as IANA publishes it, twelve cells of text. The readers of both of
 * its formats (iana-csv, iana-xml) make such records; iana-rules reads their meaning; a registry
 * gives them back (iana_cell()).
 *
 * Whitespace in cells is folded: blanks, tabs and line ends are trimmed at both ends, and a run of
 * them is one blank. IANA itself has written the same cell with one line feed, three, or a blank.
 */
#pragma once

#include "base/str.h"
#include "registry/registry.h"

/* The columns in IANA's order. */
enum iana_column {
	IANA_NAME,
	IANA_NUMBER,
	IANA_PROTOCOL,
	IANA_DESCRIPTION,
	IANA_ASSIGNEE,
	IANA_CONTACT,
	IANA_REGISTERED,
	IANA_MODIFIED,
	IANA_REFERENCE,
	IANA_SERVICE_CODE,
	IANA_UNAUTHORIZED,
	IANA_NOTE,
};
enum { N_IANA_COLUMNS = 12 };

/* What only the XML has, as columns of berth's own behind IANA's twelve. */
enum iana_extra {
	IANA_ASSIGNEE_NAMES = N_IANA_COLUMNS, /* people by name, separated by ", " */
	IANA_CONTACT_NAMES,
	IANA_ORGANIZATION, /* organizations, or domains of addresses, separated by ", " */
};
enum { N_IANA_CELLS = 15 };

/* One row: terminated cells with folded whitespace, never NULL. Borrowed by who receives it. */
struct iana_record {
	const char *cells[N_IANA_CELLS];
	unsigned int line; /* of the file, from 1 */
};

/* What is wrong with a file: one clear line, and where. */
enum { IANA_ERROR_SIZE = 200 };
struct iana_error {
	unsigned int line; /* 0 = the file as a whole */
	char text[IANA_ERROR_SIZE];
};

/* Limits of both readers. */
#define IANA_MAX_FILE ((size_t)100 << 20)
enum {
	IANA_MAX_CELL = 64 * 1024,
	IANA_MAX_ROWS = 256 * 1024,
};

/* Who receives the records. 0 = go on; a negative errno ends the reading and is passed on. */
struct iana_sink {
	int (*record)(void *context, const struct iana_record *record);
	void *context;
};

/* The name of a column in IANA's header today; those of berth's own begin with "berth:". */
const char *iana_column_name(unsigned int column);

/* The older name of a column, or NULL: "Known Unauthorized Uses" until 2018. */
const char *iana_column_old_name(unsigned int column);

/*
 * Append a cell as IANA would write it from the fields of a row: "[Gilbert_Yeung]" for Gilbert
 * Yeung. What the fields cannot say (people told apart by a digit, addresses in notes) is lost; a
 * registry made from IANA's file keeps such cells beside the row.
 */
void iana_cell_of_row(const struct registry_row *row, enum iana_column column, struct str *out);

/* Append a cell of row `id` (registry_row() has filled `row`) as IANA wrote it, whitespace folded,
 * where the registry is exact (struct registry_source), else as near as the fields allow. */
void iana_cell(const struct registry *r, uint32_t id, const struct registry_row *row,
	       enum iana_column column, struct str *out);

/* Fold whitespace in place; returns the new length. `text` is terminated afterwards. */
size_t iana_fold(char *text, size_t n);

/* Say what is wrong; returns -EBADMSG. */
int iana_refuse(struct iana_error *error, unsigned int line, const char *fmt, ...)
	BERTH_PRINTF(3, 4);
