/*
 * IANA table: the whole of IANA's registry in memory, between a reader and an image.
 *
 * Rows are given the order that an image wants: by first port, those without a port last, and
 * IANA's own order otherwise (which is the same but for files of 2014 and 2018). Several names of
 * the same ports and protocol are ranked in IANA's order.
 */
#pragma once

#include "base/arena.h"
#include "registry/builder.h"
#include "registry/iana-rules.h"

/* One row: what it means, and its cells as IANA wrote them (whitespace folded). */
struct iana_row {
	struct registry_row row;
	const char *cells[N_IANA_COLUMNS];
	uint32_t place; /* in the file */
};

struct iana_table {
	struct arena arena; /* everything below */
	struct iana_row *rows;
	size_t n_rows, rows_capacity, n_portless;
	const char *newest;    /* the latest full date in any row; NULL: there is none */
	bool has_top;          /* a row covers 49151, where IANA's rows end */
	size_t n_unread;       /* rows without name whose description no rule knows */
	const char *unread;    /* the first of these descriptions */
	struct iana_error *error; /* while it is being read */
};

/*
 * Read IANA's CSV, with or without berth's own columns. `out` must be given to iana_table_fini() in
 * any case. Returns 0; -EBADMSG with `*error` filled; -ENOMEM.
 */
int iana_table_read(struct iana_table *out, const char *bytes, size_t n,
		    struct iana_error *error) BERTH_MUST_CHECK;
void iana_table_fini(struct iana_table *t);

/*
 * Add all rows to a builder, each good for the date `as_of`. What berth knows beyond IANA is taken
 * from `built_in`: the rank of names where its table ranks all of them, organizations, and all
 * known uses. NULL: nothing is. Returns 0, -ENOMEM, or what the builder returned.
 */
int iana_table_build(const struct iana_table *t, const char *as_of,
		     const struct registry *built_in,
		     struct registry_builder *b) BERTH_MUST_CHECK;
