/*
 * Wait question: a point look-up as sock_diag wants it. For wait-linux.c and wait-watcher-linux.c.
 *
 * The ids of a point look-up are seen from the socket for TCP, and from the packet for UDP (the
 * kernel keeps this swap for old programs): there the local address is the destination.
 */
#pragma once

#include "act/wait-look.h"

/* No question is longer. */
enum { WAIT_QUESTION_SIZE = 128 };

/* Append one question to `buffer`. Returns its length, a multiple of NLMSG_ALIGNTO. */
size_t wait_question_put(const struct wait_ends *e, uint32_t sequence, void *buffer);
