/*
 * ETag: the name that a server gives a version of a file (RFC 9110 section 8.8.3), out of its
 * header lines.
 */
#pragma once

#include "base/attr.h"

enum { ETAG_SIZE = 256 };

/*
 * Look at one header line of `n` bytes, line end included or not: an ETag field becomes `etag`
 * (ETAG_SIZE bytes), a status line, which begins another response, empties it. An ETag that is
 * longer, or holds a control character, is none.
 */
void etag_of_header(const char *line, size_t n, char *etag);
