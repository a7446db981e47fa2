/*
 * Recording fields: one row a field of the recording format, for the reader and the writer alike.
 *
 * Private to recording-read.c and recording-write.c.
 */
#pragma once

#include "live/live.h"

/* What a field's text looks like and which member it fills. */
enum field_type {
	FIELD_TEXT,      /* const char *; NULL = left out */
	FIELD_FLAG,      /* bool; a bare word when true */
	FIELD_U32,       /* uint32_t; left out when 0, or when its has_* member is false */
	FIELD_U64,       /* uint64_t; left out when 0 */
	FIELD_INSTANT,   /* live_time; left out when LIVE_TIME_NONE */
	FIELD_WORDS,     /* const char *const *, NULL-terminated; NULL = left out */
	FIELD_PARENTS,   /* struct live_process: parents, n_parents */
	FIELD_SPAN,      /* struct live_span, has_* member */
	FIELD_RESERVED,  /* struct live_rules: reserved, n_reserved, has_reserved */
	FIELD_SPANS,     /* struct live_spans; left out when there are none */
	FIELD_QUEUE,     /* struct live_socket: queued, limit, has_queue */
	FIELD_NAMESPACE, /* struct live_socket: ns */
	FIELD_OWNERS,    /* struct live_socket: owners, n_owners */
	FIELD_SEARCH,    /* struct live_socket: owners_search */
	FIELD_ADDRESS,   /* struct address, has_* member */
	FIELD_MAYBE,     /* enum maybe: yes or no; left out when not known */
	FIELD_STAGE,     /* enum live_stage; left out when LIVE_STAGE_NONE */
	FIELD_PORTS,     /* struct live_span; left out when 0-0 */
};

/* The has_at of a field without a has_* member. */
#define FIELD_ALWAYS SIZE_MAX

struct field {
	const char *key;
	enum field_type type;
	size_t at;     /* offset of the member in its record */
	size_t has_at; /* offset of the bool that says whether it is there; FIELD_ALWAYS = none */
};

/* The fields of one kind of record, in the order in which they are written. */
struct field_table {
	const char *record; /* "socket" */
	const struct field *fields;
	size_t n_fields; /* at most 32 */
};

extern const struct field_table recording_rules_fields;     /* of struct live_rules */
extern const struct field_table recording_namespace_fields; /* of struct live_namespace */
extern const struct field_table recording_process_fields;   /* of struct live_process */
extern const struct field_table recording_socket_fields;    /* of struct live_socket */
extern const struct field_table recording_published_fields; /* of struct live_published */
extern const struct field_table recording_container_fields; /* of struct live_container */
extern const struct field_table recording_gap_fields;       /* of struct live_gap */

/* The format's first line, without its end. */
extern const char recording_first_line[];

/* How far owners were searched when the record does not say it. */
enum live_search recording_default_search(enum live_state state);
