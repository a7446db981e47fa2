/*
 * Recording values: the words and values of one line of a recording, read and checked.
 *
 * Private to the recording reader. Lines are mutable copies in an arena: words are cut out of them
 * and escapes are undone in place. Functions return 0 or a negative errno; -EBADMSG means that
 * `error` of the reader says what is wrong with the line.
 */
#pragma once

#include "base/arena.h"
#include "live/live.h"

/* Where reading stands. */
struct value_reader {
	struct arena *arena;
	const char *name; /* of the file, foreign bytes */
	size_t line;      /* counted from 1 */
	char *error;      /* RECORDING_ERROR_SIZE bytes */
	size_t n_items;   /* elements of all lists so far, bounded by RECORDING_ITEMS_MAX */
};

/* Owners as they are written: the processes are joined when every line is read. */
struct value_owners {
	struct live_owner *owners; /* without `process` */
	uint64_t *pids;            /* one an owner; VALUE_NO_PID for the kernel */
	bool *late;                /* one an owner: marked +; NULL = none is */
	size_t n;
};

#define VALUE_NO_PID UINT64_MAX

/* Room for a foreign word in an error. */
enum { QUOTE_SIZE = 64 };

/* Foreign bytes for an error: escaped, shortened, in double quotes. Returns `text` (QUOTE_SIZE). */
const char *value_quote(const char *word, char *text);

/* Fills `error` with "NAME:LINE: what", the name escaped and shortened. Returns -EBADMSG. */
int value_fail(struct value_reader *r, const char *fmt, ...) BERTH_PRINTF(2, 3);

/* The next word of a line, cut out of it; NULL at its end. */
char *value_next_word(char **cursor);

/* Undo the escapes of a value. */
int value_decode(struct value_reader *r, char *value) BERTH_MUST_CHECK;

/* Decimal numbers up to `max`; `what` begins the error. */
int value_number(struct value_reader *r, const char *text, uint64_t max, const char *what,
		 uint64_t *out) BERTH_MUST_CHECK;
int value_u32(struct value_reader *r, const char *text, const char *what,
	      uint32_t *out) BERTH_MUST_CHECK;

int value_instant(struct value_reader *r, const char *text, const char *what,
		  live_time *out) BERTH_MUST_CHECK;

/* "A,B,C": a NULL-terminated vector. */
int value_words(struct value_reader *r, char *value, const char *const **out) BERTH_MUST_CHECK;

/* "PID:PROGRAM,PID,...": fills `parents` and `n_parents`. */
int value_parents(struct value_reader *r, char *value, struct live_process *p) BERTH_MUST_CHECK;

/* "FIRST-LAST", or "PORT" when `can_be_one`. */
int value_span(struct value_reader *r, const char *text, bool can_be_one,
	       struct live_span *out) BERTH_MUST_CHECK;

/* "127.0.0.1", "::1". */
int value_address(struct value_reader *r, char *value, struct address *out) BERTH_MUST_CHECK;

/* "PORT,FIRST-LAST,...". */
int value_spans(struct value_reader *r, char *value, struct live_spans *out) BERTH_MUST_CHECK;

/* "QUEUED/LIMIT": fills `queued` and `limit`. */
int value_queue(struct value_reader *r, char *value, struct live_socket *s) BERTH_MUST_CHECK;

/* "PID:FD", "PID:FD:METHOD", "PID::METHOD", "kernel:NAME", each perhaps behind a +. */
int value_owners(struct value_reader *r, char *value, struct value_owners *out) BERTH_MUST_CHECK;

/* Words of live_search_name() and live_state_name(). */
int value_search(struct value_reader *r, const char *value,
		 enum live_search *out) BERTH_MUST_CHECK;
int value_state(struct value_reader *r, const char *word, enum live_state *out) BERTH_MUST_CHECK;

/* "yes", "no"; and a word of live_stage_name(). */
int value_maybe(struct value_reader *r, const char *value, const char *key,
		enum maybe *out) BERTH_MUST_CHECK;
int value_stage(struct value_reader *r, const char *value, enum live_stage *out) BERTH_MUST_CHECK;

/* "127.0.0.1:22", "[::1]:22", "[fe80::1%2]:22". */
int value_endpoint(struct value_reader *r, const char *word, struct address *a,
		   uint16_t *port) BERTH_MUST_CHECK;
