/*
 * Channel: sockets and pipes that no other program inherits and that nobody has to wait on.
 *
 * The build picks channel-atomic.c where the system makes them so at once, which also keeps them
 * from a program that another thread starts meanwhile, and channel-posix.c elsewhere.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <sys/socket.h>

/* socket(2), closed on exec and non-blocking. Returns the descriptor, or -1 and errno. */
int channel_socket(int family, int type);

/* accept(2), likewise. `address` and `*size` as there. */
int channel_accept(int fd, struct sockaddr *address, socklen_t *size);

/* pipe(2), closed on exec; `is_nonblocking`: both ends are. Returns 0, or -1 and errno. */
int channel_pipe(int ends[2], bool is_nonblocking);
