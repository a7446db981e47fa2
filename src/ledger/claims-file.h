/*
 * Claims file: claims as text, one a line, in the manner of services(5). Pure: bytes in, claims and
 * faults out.
 *
 *     # a comment
 *     include ../platform/ports.claims
 *     web      8080/tcp                 owner=shop program=nginx   # the reason
 *     metrics  9100-9110/tcp 127.0.0.1  scope=prod until=2027-06-30
 *     old-api  8081/tcp  retired
 *
 * Name, ports and transports stand first; then, in any order and each at most once, a numeric
 * address, owner= since= until= scope= program=, and the word retired. A value with blanks or # is
 * written "between quotes", with \" and \\ inside. What follows # is the reason; # begins a comment
 * anywhere outside quotes. Lines end with LF or CR LF; a byte order mark is passed over.
 *
 * A fault names line and column and says what is wrong in fixed words: never a byte of the file,
 * which may be somebody's secret.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "ledger/claim.h"

/* The most that is read. */
enum {
	CLAIMS_FILE_LINE_MOST = 4096,     /* bytes of a line */
	CLAIMS_FILE_CLAIMS_MOST = 250000, /* claims of all files together */
	CLAIMS_FILE_FAULTS_MOST = 100,    /* faults that are kept of a file */
	CLAIMS_FILE_PATH_MOST = 1024,     /* bytes of the path of an include */
};

enum claims_fault_kind {
	CLAIMS_FAULT_SYNTAX,    /* the line cannot be read */
	CLAIMS_FAULT_NAME_LONG, /* longer than a service name may be: a warning */
	CLAIMS_FAULT_DATES,     /* until is before since */
	CLAIMS_FAULT_INCLUDE,   /* a file cannot be read; of a tree of files (claims-tree.h) */
	CLAIMS_FAULT_CYCLE,     /* a file includes itself, likewise */
};

/* Something to be said of a line. */
struct claims_fault {
	enum claims_fault_kind kind;
	unsigned int file;         /* number of the file in a tree */
	unsigned int line, column; /* from 1; 0 = the whole file. Columns count characters */
	const char *text;          /* fixed words */
};

enum claims_line_kind {
	CLAIMS_LINE_BLANK,
	CLAIMS_LINE_COMMENT, /* nothing but a comment */
	CLAIMS_LINE_INCLUDE,
	CLAIMS_LINE_CLAIM,
	CLAIMS_LINE_BAD,     /* a fault tells why */
};

/* A piece of the bytes that were read. */
struct claims_piece {
	const char *text;
	size_t n;
};

/* One line, understood. */
struct claims_line {
	enum claims_line_kind kind;
	struct claim claim;          /* without source and level; strings in the arena */
	const char *include;         /* the path, in the arena */
	struct claims_piece comment; /* from # on, without blanks at its end */
	unsigned int column;         /* where the name, or the path, stands */
	unsigned int ports_column;   /* where the ports stand */
};

/* One file that is being read; start with claims_reader_init(). */
struct claims_reader {
	const char *next, *end;
	unsigned int line;          /* number of the line that was read last */
	struct arena *arena;        /* for strings and faults */
	struct claims_fault *faults;
	size_t n_faults, capacity;
	bool is_no_text;            /* it is binary, say: reading ended there */
};

/* `bytes` must outlive what is read from it. */
void claims_reader_init(struct claims_reader *r, const void *bytes, size_t n, struct arena *arena);

/* Read the next line. False at the end, at bytes that are no text, or when out of memory: that is
 * in the arena. */
bool claims_reader_next(struct claims_reader *r, struct claims_line *out);

/* Add a fault; those beyond CLAIMS_FILE_FAULTS_MOST are not kept. */
void claims_reader_fault(struct claims_reader *r, enum claims_fault_kind kind,
			 unsigned int line, unsigned int column, const char *text);

/* Append a value as it has to be written: between quotes where it must. */
void claims_file_quote(struct str *out, const char *value);

/* Append a claim as its canonical line, without the line feed; `comment` (may be empty) from # on
 * takes the place of the reason. */
void claims_file_write(struct str *out, const struct claim *c, struct claims_piece comment);

/*
 * Append the whole file in canonical form: claims that stand together sorted by ports, one blank
 * between words, names and ports padded to a fixed width, so that a line never depends on another.
 * Comments and their places are kept; blank lines are kept, of several one. Nothing is appended,
 * and false returned, when the file has a fault that is an error, or when out of memory.
 */
bool claims_file_format(const void *bytes, size_t n, struct str *out);
