/*
 * Winsock, Windows: what every file there that has to do with sockets needs.
 *
 * A socket is a handle. Handles are small numbers (32 bits are significant, says Microsoft's
 * "Interprocess Communication Between 32-bit and 64-bit Applications"), so they go as `int` where
 * other systems have descriptors; they are closed by channel_close() only.
 */
#pragma once

#include "base/attr.h"

/* Winsock has to be woken up; it ends with the program. Returns 0 or a negative errno. */
int winsock_wake(void) BERTH_MUST_CHECK;

/* An errno (> 0) for Winsock's number; EAGAIN for "it would block". */
int winsock_errno(int error);
