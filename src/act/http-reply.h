/*
 * HTTP reply: the status of an answer, from as many bytes as have come. Pure.
 *
 * Only the head matters: "HTTP/1.1 200 OK" and, after an interim answer (1xx, RFC 9110 15.2), the
 * head that follows it. Nothing of it is kept but the number.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

/* More than this before the status of a final answer is no answer. */
enum { HTTP_REPLY_MOST = 16 * 1024 };

/*
 * Read `n` bytes. Returns 1 and sets `*status` (200 to 599) when the final status line is there; 0
 * when more must come; -EBADMSG when this is not HTTP, or `n` has reached HTTP_REPLY_MOST without a
 * final status.
 */
int http_reply_status(const char *bytes, size_t n, int *status) BERTH_MUST_CHECK;

/* Whether `path` can stand in a request line: it begins with '/' and has neither blanks nor control
 * characters. */
bool http_reply_is_path(const char *path);
