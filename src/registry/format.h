/*
 * Format: what lies in the sections of a registry image. Shared by the readers and the builder of
 * this folder and by nothing else.
 *
 * Every reference is a number: an offset into the string pool, the number of a row, a list or a
 * known use. Readers check each of them against the section's size at each access.
 */
#pragma once

#include "base/image.h"
#include "query/transport.h"

#include <stdint.h>

#define REGISTRY_KIND IMAGE_ID('r', 'e', 'g', 'i')
enum { REGISTRY_KIND_VERSION = 2 };

enum {
	FORMAT_PAGE = 64,                            /* ports of one index page */
	FORMAT_PAGES = 65536 / FORMAT_PAGE,          /* of one protocol */
	FORMAT_ANY_PROTOCOL = N_REGISTRY_TRANSPORTS, /* a row that gives none: counts for all */
};

/* One struct format_head. */
#define FORMAT_HEAD IMAGE_ID('h', 'e', 'a', 'd')
struct format_head {
	uint32_t source, names_as_of, details_as_of; /* strings */
	uint32_t url, etag;                          /* strings: where an update came from */
	uint32_t is_exact; /* 1: cells that RAW does not hold are those of IANA's file, else 0 */
	/* For each range of RFC 6335: ports with a name, with a document, with a known use. */
	uint32_t counts[3][3];
};

/* The rows, in the order of the table they were made from. */
#define FORMAT_ROWS IMAGE_ID('r', 'o', 'w', 's')
struct format_row {
	uint32_t name, description, assignee, contact, organization, registered, modified;
	uint32_t references, unauthorized_use, alias_of, former, note, names_as_of, details_as_of;
	uint32_t service_code;
	uint16_t first, last;
	uint8_t protocol; /* enum transport or FORMAT_ANY_PROTOCOL */
	uint8_t status;   /* enum registry_status */
	uint8_t flags;    /* FORMAT_HAS_... */
	uint8_t rank;
};
enum {
	FORMAT_HAS_PORTS = 1,
	FORMAT_HAS_SERVICE_CODE = 2,
	FORMAT_IS_WIDESPREAD = 4,
	FORMAT_FLAGS = 7, /* all of them */
};

/* Cells of IANA's file that cannot be written again from the fields of their row, sorted by row and
 * column; none in the built-in registry. */
#define FORMAT_RAW IMAGE_ID('r', 'a', 'w', 'c')
struct format_raw {
	uint32_t row, column; /* enum iana_column */
	uint32_t text;        /* a string; 0 = an empty cell */
};

/* What changed about a number, sorted by first port; `reach` is the largest `last` up to here, so
 * that a search for a port can stop. */
#define FORMAT_HISTORY IMAGE_ID('h', 'i', 's', 't')
struct format_history {
	uint32_t date, seen_before, seen_after, name_before, name_after;
	uint16_t first, last, reach;
	uint8_t protocol;                    /* enum transport or FORMAT_ANY_PROTOCOL */
	uint8_t kind;                        /* enum history_kind */
	uint8_t status_before, status_after; /* enum registry_status */
	uint8_t padding[2];
};

/*
 * Index by number, one for each protocol, in three steps:
 *   tops[protocol * FORMAT_PAGES + port / FORMAT_PAGE]  -> page (uint16_t)
 *   pages[page * FORMAT_PAGE + port % FORMAT_PAGE]      -> list (uint16_t)
 *   entries[lists[list] .. lists[list + 1]]             -> rows (uint32_t), the name first
 * Equal pages and equal lists are stored once; list 0 is empty.
 */
#define FORMAT_TOPS IMAGE_ID('t', 'o', 'p', 's')
#define FORMAT_PAGE_ITEMS IMAGE_ID('p', 'a', 'g', 'e')
#define FORMAT_LISTS IMAGE_ID('l', 'i', 's', 't')
#define FORMAT_ENTRIES IMAGE_ID('e', 'n', 't', 'r')

/* Index by name: slots (a hash table, a power of two, at least a quarter free) -> names + 1, 0 for
 * a free one. The rows of one name are name_rows[first .. first + n], in the order of the table. */
#define FORMAT_NAME_SLOTS IMAGE_ID('n', 's', 'l', 't')
#define FORMAT_NAMES IMAGE_ID('n', 'a', 'm', 'e')
#define FORMAT_NAME_ROWS IMAGE_ID('n', 'r', 'o', 'w')
struct format_name {
	uint32_t name; /* a string: one of the spellings */
	uint32_t first, n;
};

/* Known uses, in the order of their table. */
#define FORMAT_USES IMAGE_ID('u', 's', 'e', 's')
struct format_use {
	uint32_t software, purpose, since, until, programs, platform, grade, evidence, quote,
		service;
	uint16_t first, last;
	uint8_t protocol; /* enum transport */
	uint8_t padding[3];
};

/* Known uses by number (sorted by port, then use) and by program (sorted by program, then use). */
#define FORMAT_USE_PORTS IMAGE_ID('u', 'p', 'r', 't')
struct format_use_port {
	uint16_t port, use;
};
#define FORMAT_USE_PROGRAMS IMAGE_ID('u', 'p', 'r', 'g')
struct format_use_program {
	uint32_t program; /* a string */
	uint32_t use;
};

/* The hash of the name index: without case (ASCII), the same on every machine. */
uint32_t format_name_hash(const char *name);
