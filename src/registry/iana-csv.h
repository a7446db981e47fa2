/*
 * IANA CSV: reads service-names-port-numbers.csv as IANA has published it since 2014 (RFC 4180).
 *
 * Columns are found by the names in the header, in any order: the twelve of IANA, column 11 by
 * either of its names, and berth's own three (iana.h) where they are; others are passed over.
 * Records end with CR LF or LF, quoted fields may hold line ends, a byte order mark may stand in
 * front. Refused, with the number of the line: a missing column, a record with more or fewer fields
 * than the header, a quote inside an unquoted field or text behind a closing quote, control
 * characters, and whatever ends in the middle: in a quoted field or without a line end. IANA's
 * files end with a line end; one that does not was cut short.
 */
#pragma once

#include "registry/iana.h"

/*
 * Read the whole file in `bytes` and give each record to the sink, in order. Returns 0; -EBADMSG
 * with `*error` filled when the file is refused; -ENOMEM; or what the sink returned.
 */
int iana_csv_read(const char *bytes, size_t n, const struct iana_sink *sink,
		  struct iana_error *error) BERTH_MUST_CHECK;
