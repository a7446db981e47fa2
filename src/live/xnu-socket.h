/*
 * XNU socket: what the kernel of macOS tells about a socket, as one of berth's records.
 *
 * Pure: bytes of the kernel in, records out. The bytes are laid out as xnu-layout.h says.
 */
#pragma once

#include "live/live.h"

/*
 * Decode what PROC_PIDFDSOCKETINFO gave for one descriptor: `n` bytes of struct socket_fdinfo.
 * Filled in are protocol, state, addresses, ports, queue and `cookie`; a link-local address has its
 * zone in `scope_id`. Returns 0; 1: a socket without a port of TCP or UDP; -EBADMSG: cut short.
 *
 * The kernel has no name for a socket that all of its interfaces tell; it counts the control blocks
 * of each protocol (inp_gencnt). `cookie` is twice that count, plus one for UDP.
 */
int xnu_socket_decode(const void *bytes, size_t n, struct live_socket *out) BERTH_MUST_CHECK;

/* Takes one row of a list; it may change it. */
typedef void (*xnu_socket_fn)(struct live_socket *s, void *context);

/*
 * Decode the list net.inet.tcp.pcblist64 or net.inet.udp.pcblist64 (`t`), `n` bytes, and give each
 * socket that has a port to `take`, in the kernel's order, with `uid` besides what
 * xnu_socket_decode() tells. Returns 0, or -EBADMSG when the list is cut short, or laid out in
 * another way than xnu-layout.h says: then rows may have been given already.
 */
int xnu_socket_decode_list(const void *bytes, size_t n, enum transport t, xnu_socket_fn take,
			   void *context) BERTH_MUST_CHECK;
