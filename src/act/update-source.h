/*
 * Update source: gets IANA's table for an update, from a file or over HTTPS, as CSV in memory.
 *
 * CSV is read by berth itself. XML and URLs are the business of the helper program berth-update
 * (expat, libcurl), which has neither the registry nor the right to write it: it gives back text,
 * and that is read as any other foreign text.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

/* What a fetch came to. */
enum update_got {
	UPDATE_GOT_TABLE,
	UPDATE_GOT_UNCHANGED, /* the server says that nothing changed since `etag` */
	UPDATE_GOT_REFUSED,   /* it came, and is not fit: malformed, too large... */
	UPDATE_GOT_FAILED,    /* it did not come: unreachable, no helper... */
};

enum { UPDATE_ERROR_SIZE = 512, UPDATE_ETAG_SIZE = 256, UPDATE_DATE_SIZE = 16 };

struct update_table {
	struct str bytes;               /* the CSV */
	char etag[UPDATE_ETAG_SIZE];    /* "" = none */
	char updated[UPDATE_DATE_SIZE]; /* the date that the file bears itself; "" = none (CSV) */
	char error[UPDATE_ERROR_SIZE];  /* for REFUSED and FAILED: one clear line */
};

/* Read the head of what the helper answered, in `out->bytes`; the table behind it stays there. */
enum update_got update_source_read_answer(struct update_table *out);

/* Whether `from` is a URL (it has a scheme), not the name of a file. */
bool update_source_is_url(const char *from);

/*
 * Get the table. `etag` (may be NULL) asks a server only for what is newer; `cacert` (may be NULL)
 * is a file of certificates to trust. `out->bytes` must be given to str_fini().
 */
enum update_got update_source_get(const char *from, const char *etag, const char *cacert,
				  struct update_table *out);
