/*
 * Leases: who has which. Read from the kernel's table of unix sockets (unix_diag, Linux 3.3: whole
 * records, so that no name can look like another line) and from descriptor tables.
 *
 * Anybody can give a socket any abstract name. What a lease says of itself counts only when the
 * same user made the lock; the processes that have it are looked up.
 */
#pragma once

#include "answer/answer.h"

/*
 * All leases of this network namespace, by port. Everything lives in `arena`. Returns 0; -ENOTSUP:
 * this system has none; or another negative errno.
 */
int leases_list(struct arena *arena, struct answer_leases *out) BERTH_MUST_CHECK;

/* The processes that have the lease of `port`, at most `most` of those that can be seen; 0 when
 * that cannot be told. */
size_t leases_holders(uint16_t port, uint32_t *pids, size_t most);
