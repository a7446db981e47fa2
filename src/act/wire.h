/*
 * Wire: sockets for those that never block, in words of no system. The seam of attempt, wait and
 * listen to a system's sockets (wire-posix.c, wire-windows.c). For act/ only.
 *
 * A descriptor is what base/channel.h makes, and is closed by channel_close(). "Later" is -EAGAIN,
 * whatever the system calls it.
 */
#pragma once

#include "query/address.h"
#include "query/transport.h"

#include <stdint.h>

/* Begin a connection. Returns 0 (it stands), 1 (under way: WIRE_WRITE or WIRE_TROUBLE will tell),
 * or a negative errno. `*fd` is set to the descriptor for 0 and 1. */
int wire_connect(const struct address *to, uint16_t port, int *fd) BERTH_MUST_CHECK;

/* What came of a connection that was under way: 0 or a negative errno. */
int wire_result(int fd) BERTH_MUST_CHECK;

/* The own end of a connection. Returns 0 or a negative errno. */
int wire_own_end(int fd, struct address *a, uint16_t *port) BERTH_MUST_CHECK;

/* Send (without a signal when nobody is there any more), and receive. Returns how many bytes (0
 * received: the stream has ended), or a negative errno. */
long wire_send(int fd, const void *bytes, size_t n) BERTH_MUST_CHECK;
long wire_receive(int fd, void *bytes, size_t n) BERTH_MUST_CHECK;

/* Receive a datagram, and from whom it is. Likewise. */
long wire_receive_from(int fd, void *bytes, size_t n, struct address *from,
		       uint16_t *port) BERTH_MUST_CHECK;

/*
 * Bind a socket that shares its port with nobody, IPv6 without IPv4, and listen, if it is TCP's.
 * Connections of before are not waited for. Returns 0 and the descriptor, or a negative errno.
 */
int wire_listen(enum transport transport, const struct address *a, uint16_t port,
		int *fd) BERTH_MUST_CHECK;

/* Accept a connection, non-blocking, and from whom it is. Returns the descriptor or a negative
 * errno. */
int wire_accept(int fd, struct address *from, uint16_t *port) BERTH_MUST_CHECK;

/* How many descriptors the system lets a program have. */
uint64_t wire_most(void);

/* What can be waited for, and what happened. */
enum {
	WIRE_READ = 1,
	WIRE_WRITE = 2,
	WIRE_TROUBLE = 4, /* never asked for, always told */
};

struct wire_wait {
	int fd; /* negative = nothing */
	short events, revents;
};

enum { WIRE_MOST_WAITS = 4608 };

/* Wait for at most WIRE_MOST_WAITS descriptors and at most so long. Returns how many have something
 * to tell, or a negative errno (-EINTR: a signal came; `revents` are 0 then). */
int wire_wait(struct wire_wait *waits, size_t n, int64_t timeout_us) BERTH_MUST_CHECK;
