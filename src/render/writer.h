/*
 * Writer: one way of putting a record into bytes. render.c walks a record and tells a writer what
 * it meets; a writer knows its syntax and nothing of ports.
 *
 * Writers append to a struct str; nothing here does I/O. Memory failures are kept in that str.
 */
#pragma once

#include "base/attr.h"
#include "base/instant.h"
#include "base/str.h"
#include "live/live.h"

#include <stdbool.h>
#include <stdint.h>

struct writer;

/* What a writer is told. Keys are given before a value inside objects; lists have no keys. */
struct writer_ops {
	void (*begin_object)(struct writer *w);
	void (*end_object)(struct writer *w);
	void (*begin_list)(struct writer *w);
	void (*end_list)(struct writer *w);
	void (*key)(struct writer *w, const char *key);
	void (*text)(struct writer *w, const char *bytes); /* foreign bytes, never NULL */
	void (*number)(struct writer *w, int64_t value);
	void (*span)(struct writer *w, int64_t first, int64_t last); /* a pair, on one line */
	void (*boolean)(struct writer *w, bool value);
	void (*time)(struct writer *w, live_time value);
	void (*null)(struct writer *w);
};

/* The first member of every writer. */
struct writer {
	const struct writer_ops *ops;
	struct str *out; /* borrowed */
};

/* "2026-11-22T08:00:00Z"; `text` has WRITER_TIME_SIZE bytes. Sub-second digits are dropped. */
enum { WRITER_TIME_SIZE = INSTANT_TEXT_SIZE };
char *writer_format_time(live_time at, char *text);

/* JSON (RFC 8259). */
struct writer_json {
	struct writer base;
	bool is_pretty;      /* two blanks a level; otherwise one line */
	unsigned int depth;
	bool has_key;        /* a key was written and its value is due */
	bool is_empty[64];   /* for each open level: nothing was written in it yet */
};

void writer_json_init(struct writer_json *w, struct str *out, bool is_pretty);

/*
 * CSV (RFC 4180, one record a line): objects become dotted columns, lists of objects one column a
 * field with ';' between the entries, lists of words are separated by blanks. The walk must be of
 * the same record type for the header and every row.
 */
struct writer_csv {
	struct writer base;
	bool is_header;          /* write column names instead of values */
	bool has_columns;        /* the row has a column already */
	bool keeps_line_feeds;   /* line feeds stay (inside quotes); otherwise they are escaped */
	const char *line_end;    /* "\n" or "\r\n" */
};

void writer_csv_init(struct writer_csv *w, struct str *out);

/* One cell; quoted where needed. NULL = an empty one. */
void writer_csv_cell(struct writer_csv *w, const char *bytes);
void writer_csv_end_row(struct writer_csv *w);
