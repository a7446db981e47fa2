/*
 * Wait: until a port listens, accepts, answers, is quiet or can be bound again.
 *
 * On this host nothing is sent to find out whether something listens: the system's tables are
 * asked every few milliseconds (act/wait-look.h), without privilege; no event of Linux tells one
 * without privilege that somebody begins to listen. The pace keeps below one hundredth of a core
 * and never above 4.15 ms: 2 ms where waking up is cheap, slower on machines where a wake-up alone
 * costs 20 us and more (some virtual ones do). A quiet round is a sleep and one question with all
 * look-ups (act/wait-watcher.h). What no look-up finds, listeners on an odd address or a device, is
 * looked for after 250 ms, and in growing pauses up to half a second. Other hosts are connected
 * to, with growing pauses up to a second, their addresses in parallel (as RFC 8305 has it, 250 ms
 * apart).
 *
 * What is a wait over?
 *     LISTENS     a listener takes what is sent there; for UDP an unconnected bound socket. Of
 *                 another host: a connection succeeds.
 *     ACCEPTS     a connection succeeds and a process has accepted it: the kernel completes
 *                 connections on its own, and shows which nobody took yet. Where that cannot be
 *                 seen (other hosts, other namespaces) a connection that succeeds is enough.
 *     ANSWERS     an HTTP GET is answered with the wanted status.
 *     UNLISTENED  no listener; connections, TIME_WAIT and bound sockets may be left.
 *     FREE        nothing at all has the port: a plain bind(2) to it finds nobody in its way.
 */
#pragma once

#include "answer/answer.h"
#include "live/source.h"

enum wait_goal { WAIT_LISTENS, WAIT_ACCEPTS, WAIT_ANSWERS, WAIT_UNLISTENED, WAIT_FREE };

/* "listens", "accepts", "answers", "unlistened", "free". */
const char *wait_goal_name(enum wait_goal goal);

struct wait_target {
	const char *text; /* as it was given */
	const char *host; /* name or numeric address; NULL = any address of this host */
	uint16_t port;
	enum transport transport; /* TCP or UDP */
};

enum { WAIT_MOST_TARGETS = 256 };

struct wait_request {
	const struct wait_target *targets; /* at most WAIT_MOST_TARGETS */
	size_t n_targets;
	enum wait_goal goal;
	bool is_any;           /* one target is enough */
	bool want_v4, want_v6; /* at least one */
	int64_t timeout_ms;    /* negative = none */
	const char *path;      /* ANSWERS */
	int status;            /* ANSWERS: the wanted one; 0 = any from 200 to 299 */
	const char *by;        /* the listener's owner must be called so; NULL = anybody */
	bool want_owner;       /* say who listens although nothing asks for it: some milliseconds */
	int stop_fd;           /* the wait is given up when this is readable; -1 = none */
	/* Called now and then, at most every 100 ms; may be NULL. */
	void (*progress)(void *context, int64_t elapsed_ms, size_t n_met);
	void *context;
};

/*
 * Wait. `source` answers who listens and what stands in the way. Returns 0 and the result in
 * `arena` (`out->met` tells whether it has happened); -EINTR: given up; -ENOTSUP: this system's
 * tables cannot be looked into, and the goal needs them; -EHOSTUNREACH: the goal can only be seen
 * on this host, and a target is of another; or another negative errno. `*culprit` (an index) is the
 * target that the error is about.
 */
int wait_run(const struct wait_request *request, struct source *source, struct arena *arena,
	     struct answer_wait *out, size_t *culprit) BERTH_MUST_CHECK;
