/*
 * Render: the only walk over a record. Every structured face (JSON, CSV, ...) is a writer that is
 * led through the same fields in the same order.
 */
#pragma once

#include "answer/fields.h"
#include "render/writer.h"

/*
 * Write one record. `type` is written first as {"type":...} when not NULL (JSONL). A record whose
 * own strings are not all UTF-8 gets "lossy":true as its last key.
 */
void render_record(const struct field_record *record, const void *data, const char *type,
		   struct writer *w);

/* The column names and one row of a CSV table of that record. */
void render_csv_header(const struct field_record *record, struct writer_csv *w);
void render_csv_row(const struct field_record *record, const void *data, struct writer_csv *w);

/* The JSON Schema (draft 2020-12) of a record; pretty, ends with a line feed. */
void render_schema(const struct field_record *record, struct str *out);
