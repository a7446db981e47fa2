/*
 * Channel: sockets and pipes that no other program inherits and that nobody has to wait on.
 *
 * The build picks channel-atomic.c where the system makes them so at once, which also keeps them
 * from a program that another thread starts meanwhile, channel-posix.c on other POSIX systems, and
 * channel-windows.c, whose pipes are connections to itself: there only sockets can be polled.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* socket(2), closed on exec and non-blocking; the system's own numbers. Returns the descriptor, or
 * -1 and errno. */
int channel_socket(int family, int type);

/* accept(2), likewise. `address` (a sockaddr) and `*size` as there. */
int channel_accept(int fd, void *address, uint32_t *size);

/* pipe(2), closed on exec; `is_nonblocking`: both ends are. Returns 0, or -1 and errno. */
int channel_pipe(int ends[2], bool is_nonblocking);

/* Make the other end readable with one byte. Keeps errno; may be called by a signal handler. */
void channel_ring(int fd);

/* Close one; keeps errno; `fd` may be negative. Returns -1, to be assigned back. */
int channel_close(int fd);
