/*
 * Trial: one bind(2), made and taken back at once.
 *
 * The only way to know for certain what the kernel says to a server is to ask as that server would.
 * A trial holds the port for some microseconds: another server that binds in just this moment is
 * refused. It never listens, never sets SO_REUSEPORT, and for UDP sets no reuse flag at all, since
 * such sockets take connections and datagrams away from those that are there. Nothing is sent. On
 * Windows it is made with SO_EXCLUSIVEADDRUSE, and never with SO_REUSEADDR, which does just that.
 *
 * Used by `berth why` (to check the judgement) and by `berth evict` (to prove that a port is free:
 * TCP with SO_REUSEADDR).
 */
#pragma once

#include "query/address.h"
#include "query/transport.h"

#include <stdbool.h>
#include <stdint.h>

/* What is to be tried. */
struct trial_request {
	enum transport transport; /* TCP or MPTCP (tried as TCP), UDP, UDP-Lite */
	struct address address;   /* where; its family is that of the socket; its zone counts */
	uint16_t port;            /* not 0 */
	bool has_reuse_address;   /* SO_REUSEADDR; TCP only */
	bool is_v6only;           /* IPV6_V6ONLY is set ... */
	bool is_dual_stack;       /* ... or cleared, as it is for a mapped address, which bind(2)
	                             would refuse otherwise; neither: the system's default */
	const char *device;       /* SO_BINDTODEVICE; NULL = none */
	uint64_t netns;           /* in the network namespace of that id; 0 = berth's own */
	bool has_uid;             /* as user `uid`, without any capability unless it is ours */
	uint32_t uid;
};

/* The steps of a trial, in their order. */
enum trial_step {
	TRIAL_SOCKET,  /* socket(2): the address family or the protocol is not there */
	TRIAL_OPTIONS, /* IPV6_V6ONLY or SO_REUSEADDR */
	TRIAL_DEVICE,  /* SO_BINDTODEVICE: no such device (ENODEV), not permitted (EPERM) */
	TRIAL_BIND,    /* bind(2) */
};

/* What came of it. */
struct trial_result {
	int error;            /* 0: bind(2) succeeded; else the errno ... */
	enum trial_step step; /* ... and where; TRIAL_BIND with 0 */
};

/*
 * Try it, once. Returns 0 and the result, or a negative errno when no trial was made, and the
 * result stays as it is: -EOPNOTSUPP (a transport or flags that are never tried), -EPERM (another
 * user's socket, another namespace: not permitted), -ENOENT (no such namespace within reach), or
 * what else kept it from being made.
 */
int trial_bind(const struct trial_request *request, struct trial_result *result) BERTH_MUST_CHECK;

/* Whether SO_REUSEADDR is how a server is to bind here that does not wait for connections of
 * before. Where it would take the port from whoever has it, it is not. */
extern const bool trial_is_reuse_safe;

/* "socket", "options", "device", "bind". */
const char *trial_step_name(enum trial_step step);
