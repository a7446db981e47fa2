/*
 * Sock: sockets as test programs write them down, made for real; and the odd places to keep one.
 *
 * Shared by mksock and mkmix. Nothing here exits: what the system refuses comes back as -errno and
 * the name of the step; a description that makes no sense is -EINVAL.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* Where the only reference to a finished socket is left. */
enum sock_place {
	SOCK_IN_FD,           /* an ordinary descriptor */
	SOCK_IN_THREAD_TABLE, /* the private descriptor table of a thread */
	SOCK_IN_IO_URING,     /* registered with io_uring, descriptor closed */
	SOCK_IN_FLIGHT,       /* sent over a unix socket, not received, descriptor closed */
};

enum sock_action {
	SOCK_BOUND,
	SOCK_LISTEN,
	SOCK_TIMEWAIT, /* leaves a TIME_WAIT pair behind */
	SOCK_OPEN,     /* socket(2) and nothing else */
};

union endpoint {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* One socket as it was described. */
struct sock {
	const char *text; /* as given */
	int type, protocol;
	union endpoint local, remote;
	enum sock_action action;
	enum sock_place place;
	bool is_connected; /* connect() to `remote` */
	bool is_sent_from; /* send one datagram to `remote`, unconnected */
	bool is_v6only, has_v6only, is_reuseaddr, is_reuseport, is_accepting;
	int backlog;
	const char *device; /* NULL = any */
	int fd;             /* -1 until somebody keeps it here */
};

/* The part of a usage text that describes the language. */
extern const char sock_help[];

/* Read PROTOCOL:ADDRESS:PORT[:ACTION][,FLAG...]. What `*s` points into lives until the program
 * ends. Returns 0, -ENOMEM, or -EINVAL with `*wrong` set to what is meant. */
int sock_parse(struct sock *s, const char *text, const char **wrong);

/* Read ADDRESS:PORT, cutting up `text`. Returns 0 or -EINVAL. */
int sock_parse_endpoint(char *text, union endpoint *out);

socklen_t sock_endpoint_size(const union endpoint *e);

/* Make it, but for its place. Returns a descriptor, or -errno with `*step` set. */
int sock_open(const struct sock *s, const char **step);

/* A pair whose server end is closed first: that end's address stays in TIME_WAIT. Calls `tell` (may
 * be NULL) with the listener before it is closed. Returns 0, or -errno with `*step` set. */
int sock_leave_time_wait(const struct sock *s, void (*tell)(const struct sock *s, int fd),
			 const char **step);

/* Register `fd` with a new io_uring. Returns the ring's descriptor or -errno. */
int sock_register(int fd);

/* Send `fd` over a socket pair that nobody reads. Returns 0 or -errno. */
int sock_put_in_flight(int fd);

/* Send `fd` (with one byte) over a unix socket. Returns 0 or -errno. */
int sock_send_fd(int over, int fd);
