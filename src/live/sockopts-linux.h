/*
 * Sockopts: flags of sockets that only the sockets themselves tell.
 *
 * sock_diag says nothing of SO_REUSEADDR and SO_REUSEPORT, and of IPV6_V6ONLY only for sockets
 * without a peer. A copy of the owner's descriptor does (pidfd_getfd, Linux 5.6); it takes the
 * right to trace that process. The copy is closed at once: it keeps the socket alive.
 */
#pragma once

#include "live/socket-list.h"

/* Read the flags that `request` asks for; what cannot be read stays MAYBE_UNKNOWN. Owners must have
 * been found. */
void sockopts_read(const struct live_request *request, struct socket_list *list);
