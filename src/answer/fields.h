/*
 * Fields: what the records of answer.h look like from outside, as tables.
 *
 * One row of fields.def is one field: its key, its type, its member, its meaning. The JSON, CSV and
 * schema faces walk these tables; adding a row adds the field everywhere.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

enum field_type {
	FIELD_TEXT,    /* const char *: NULL = null; bytes as they came */
	FIELD_WORD,    /* const char *: one of `words`; NULL = null */
	FIELD_BOOL,    /* bool */
	FIELD_PORT,    /* uint16_t */
	FIELD_NUMBER,  /* answer_number: negative = null */
	FIELD_TIME,    /* live_time: LIVE_TIME_NONE = null */
	FIELD_SPAN,    /* struct live_span: [first, last] */
	FIELD_TEXTS,   /* const char *const * up to a NULL; NULL: null if `is_nullable`, else [] */
	FIELD_OBJECT,  /* an embedded struct, or with `is_pointer` a pointer to one: NULL = null */
	FIELD_OBJECTS, /* pointer to the first of an array; its count stands at `count_offset` */
};

struct field_record;

struct field {
	const char *key;
	enum field_type type;
	bool is_nullable;
	bool is_pointer;      /* FIELD_OBJECT only */
	size_t offset;        /* of the member in its struct */
	size_t count_offset;  /* FIELD_OBJECTS: of the size_t count */
	size_t guard_offset;  /* FIELD_SPAN: of a bool that tells whether it is there; 0 = always */
	const struct field_record *record; /* FIELD_OBJECT(S) */
	const char *words;    /* FIELD_WORD: the possible values, "a|b|c" */
	const char *doc;      /* one line for the schema and the man page */
};

struct field_record {
	const char *name;     /* "answer", "listener", ... */
	size_t size;          /* of the struct */
	const struct field *fields;
	size_t n_fields;
	const char *schema;   /* "berth.answer/1" for top-level objects; NULL otherwise */
	const char *doc;
};

/* The records that verbs write whole. */
extern const struct field_record record_answer, record_here, record_ranges, record_row,
	record_found, record_here_listener, record_published, record_holder, record_gap,
	record_checked, record_update, record_evict, record_why, record_wait, record_knock,
	record_claim, record_entry, record_ledger, record_check, record_finding,
	record_suggest, record_lease, record_leases, record_atlas;
