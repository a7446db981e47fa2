/*
 * Registry: what the world claims. IANA's Service Name and Transport Protocol Port Number Registry
 * (RFC 6335) and berth's known uses, read from one image (base/image.h), built in or updated.
 *
 * Opening does no work that grows with the registry, and no look-up allocates. Everything returned
 * is borrowed from the image and lives until registry_close(). A registry may be used by several
 * threads at once.
 *
 * Which name is "the" name of (port, protocol). Several rows can cover one: they come in this
 * order, and the first is "the" name:
 *
 *     1. a named row for this one port and this protocol, neither alias nor widespread use
 *     2. the same for a range that contains the port, narrower first (6001 is x11)
 *     3. a named row that gives no protocol, and so counts for all, narrower first (4200)
 *     4. a name that IANA calls "unassigned but widespread use" (3000 remoteware-cl)
 *     5. an alias or historic spelling (80 www)
 *     6. rows without a name: narrower first, one that gives the protocol before one that does not
 *
 * then by width, by rank (the source's order, or a correction with its reason, see
 * data/iana/SOURCE.md), and by the order of the table. The status of (port, protocol) is that of
 * the first row.
 *
 * UDP-Lite is looked up as UDP (RFC 3828 section 6: the same assignments), MPTCP as TCP.
 */
#pragma once

#include "base/attr.h"
#include "base/image.h"
#include "query/transport.h"

#include <stdbool.h>
#include <stdint.h>

/* The state of a row, or of (port, protocol). */
enum registry_status {
	REGISTRY_ASSIGNED,
	REGISTRY_RESERVED,
	REGISTRY_UNASSIGNED,
	REGISTRY_DE_ASSIGNED, /* de-registered, removed, deprecated: was assigned, is not free */
	REGISTRY_DYNAMIC,     /* 49152-65535: no row, these are never assigned (RFC 6335, 6) */
	REGISTRY_NONE,        /* no row: IANA lists the number for other protocols only */
};
enum { N_REGISTRY_STATUSES = 6 };

/* The ranges of RFC 6335 section 6. */
enum registry_range {
	REGISTRY_SYSTEM, /* 0-1023: IETF Review or IESG Approval */
	REGISTRY_USER,   /* 1024-49151: those or Expert Review */
	REGISTRY_PRIVATE /* 49152-65535: "dynamic": never assigned */
};
enum { N_REGISTRY_RANGES = 3 };

/*
 * One row of the registry. A string is NULL where the registry has nothing or nothing is known;
 * texts have their whitespace folded and no address of a person in them.
 */
struct registry_row {
	const char *name;        /* as registered; NULL for Reserved, Unassigned... */
	const char *description; /* for a row without name it tells the status in IANA's words */
	const char *assignee;    /* several people are separated by ", " */
	const char *contact;
	const char *organization;     /* only where a correction says so */
	const char *registered;       /* YYYY-MM-DD or YYYY-MM */
	const char *modified;         /* the same; may be earlier than `registered` (5316/tcp) */
	const char *references;       /* documents separated by ';', see registry_item() */
	const char *unauthorized_use; /* IANA's text; may speak of other ports than the row's */
	const char *alias_of;         /* the name this one stands for */
	const char *former;           /* earlier claimants, ';' between, see registry_former() */
	const char *note;
	const char *names_as_of;   /* date for which name, ports, status and description are good */
	const char *details_as_of; /* date for which the rest is good; NULL: it is not known */
	uint32_t service_code;     /* DCCP's, valid with has_service_code */
	uint16_t first, last;      /* both included; 0, 0 without has_ports */
	bool has_ports;            /* false: a service name only (DNS-SD) */
	bool has_protocol;         /* false: the row gives none and counts for all four */
	bool has_service_code;
	bool is_widespread;      /* "unassigned but widespread use" */
	enum transport protocol; /* valid with has_protocol */
	enum registry_status status;
	uint8_t rank; /* order among the names of the same ports and protocol; 0 = alone */
};

/* Numbers of rows, the most important first. Borrowed from the image. */
struct registry_rows {
	const uint32_t *ids;
	uint32_t n;
};

/* What an image was made from. */
struct registry_source {
	const char *source;        /* "iana" */
	const char *names_as_of;   /* names, ports, status, descriptions: "2026-08" */
	const char *details_as_of; /* the newest details: "2015-07-24" */
	const char *url;           /* where an update was fetched from; NULL: from a file */
	const char *etag;          /* what that server called this version; NULL: nothing */
	bool is_exact;             /* made from IANA's own file: every cell of it is kept */
	bool is_built_in;
};

/* How many ports of a range... Ports, not rows, whatever the protocol. */
struct registry_counts {
	uint32_t n_ports;      /* there are */
	uint32_t n_named;      /* have a row with a name */
	uint32_t n_documented; /* have a named row that cites a document */
	uint32_t n_known;      /* have a known use */
};

/* An open registry; embed it. `{0}` is a closed one. Fields belong to this folder. */
struct registry {
	struct image image;
	struct image_array strings, head, rows, tops, pages, lists, entries;
	struct image_array name_slots, names, name_rows, uses, use_ports, use_programs;
	struct image_array raw, history;
	bool is_built_in;
};

/* The largest file that registry_open_file() reads. */
#define REGISTRY_MAX_SIZE (64U << 20)

/* The registry that is linked into the program. Checks its header only. 0 or an image's refusal. */
int registry_open_builtin(struct registry *out, const char **reason) BERTH_MUST_CHECK;

/* A registry file, checked as a whole unless its seal says that it is as it was written: see
 * image_open(), also for the refusals; -EILSEQ also when the contents do not fit together. */
int registry_open_file(struct registry *out, const char *path,
		       const char **reason) BERTH_MUST_CHECK;

/* A registry in memory that outlives it, aligned to 8 bytes. With `is_checked` the checksum and all
 * contents are checked as for a file; without, the caller vouches for them. */
int registry_open_memory(struct registry *out, const void *bytes, size_t size, bool is_checked,
			 const char **reason) BERTH_MUST_CHECK;

/* registry_close(NULL) does nothing. */
void registry_close(struct registry *r);

/* Whether everything in the image fits together: every number points at something, every list is
 * in order. Opening a file has done it. 0 or -EILSEQ. */
int registry_validate(const struct registry *r) BERTH_MUST_CHECK;

/* The rows that cover (port, protocol), "the" name first; none for 49152 and above. */
struct registry_rows registry_lookup(const struct registry *r, uint16_t port, enum transport t);

/* The status of (port, protocol): what the first row says, or why there is none. */
enum registry_status registry_status(const struct registry *r, uint16_t port, enum transport t);

/* "The" name of (port, protocol), or NULL. Not necessarily an assignment: see is_widespread. */
const char *registry_name(const struct registry *r, uint16_t port, enum transport t);

/* The rows of a service name, compared without case, in the order of ports; those without a port
 * last. An alias or historic name finds its own rows; their alias_of names the other. */
struct registry_rows registry_by_name(const struct registry *r, const char *name);

/* Rows are numbered 0 .. registry_n_rows() - 1, sorted by first port, those without a port last;
 * rows of one port in the order of the source. */
uint32_t registry_n_rows(const struct registry *r);

/* The row of that number. Returns 0, or -ENOENT when there is none. */
int registry_row(const struct registry *r, uint32_t id, struct registry_row *out) BERTH_MUST_CHECK;

/* Distinct names are numbered 0 .. registry_n_names() - 1, in no order that means anything. */
uint32_t registry_n_names(const struct registry *r);

/* The name of that number and, where `rows` is not NULL, its rows; NULL when there is none. */
const char *registry_name_at(const struct registry *r, uint32_t i, struct registry_rows *rows);

struct registry_source registry_source(const struct registry *r);

enum registry_range registry_range_of(uint16_t port);

/* First and last port of a range. */
void registry_range_bounds(enum registry_range range, uint16_t *first, uint16_t *last);

struct registry_counts registry_counts(const struct registry *r, enum registry_range range);

/* "assigned", "reserved", "unassigned", "de-assigned", "dynamic", "none"; "system", "user",
 * "dynamic": the words of every output. */
const char *registry_status_name(enum registry_status status);
const char *registry_range_name(enum registry_range range);

/* A piece of a string that is borrowed and not terminated. */
struct registry_piece {
	const char *text;
	size_t n;
};

/*
 * Walk a list that is separated by ';': start with `*rest` at the list (NULL: an empty one); each
 * call takes one item and returns true, false at the end.
 */
bool registry_item(const char **rest, struct registry_piece *out);

/* An earlier claimant of a number. Empty pieces are not known. */
struct registry_former {
	struct registry_piece name;    /* service name or claimant */
	struct registry_piece listed;  /* the last date on which it is known to have been listed */
	struct registry_piece removed; /* date of removal or de-assignment */
};

/* Take one entry apart that registry_item() gave for `former`. */
struct registry_former registry_former(struct registry_piece item);
