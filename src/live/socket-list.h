/*
 * Socket list: the rows of a look while they are being collected, on the heap.
 */
#pragma once

#include "live/live.h"

/* `{0}` is a valid empty list. */
struct socket_list {
	struct live_socket *items;
	size_t n, capacity;
	bool has_failed; /* out of memory: one row at least is missing */
};

void socket_list_fini(struct socket_list *l);

/* Append a copy of `s`. */
void socket_list_push(struct socket_list *l, const struct live_socket *s);

/*
 * Forget rows that are there twice: a socket met again later in the same dump (the same cookie,
 * as when a connection changes its state meanwhile: the later row is kept), and the TCP half of an
 * MPTCP socket, which the kernel shows in both of its dumps with one inode, or, before it is
 * accepted, with none but the same ends. A further subflow of an MPTCP connection becomes an MPTCP
 * row. Looks at the rows from index `first` on. Returns 0 or
 * -ENOMEM (then nothing was changed).
 */
int socket_list_unify(struct socket_list *l, size_t first) BERTH_MUST_CHECK;
