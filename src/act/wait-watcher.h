/*
 * Wait watcher: sleeps, and asks the same questions again and again meanwhile, without a word while
 * the answers stay as they are. That is where a wait spends its time: a round is two system calls,
 * and touches as little memory as it can, since after some milliseconds of sleep all of it is cold.
 * The seam of wait to a system that can do so (wait-watcher-linux.c). For act/ only.
 *
 * What the watcher says is a hint: its caller then looks itself (act/wait-look.h).
 */
#pragma once

#include "act/wait-look.h"

struct wait_watcher;

enum { WAIT_MOST_WATCHED = 64 };

struct wait_watch {
	/* `n_always` that are asked for in each round, and behind them `n_others`, of which
	 * `n_at_once` (at least one) are, in turn. At most WAIT_MOST_WATCHED. */
	const struct wait_ends *ends;
	size_t n_always, n_others, n_at_once;
	bool is_until_gone; /* until one is not there any more; else: until one is there */
	int64_t pace_us;    /* between two rounds; the first is after a sleep */
	int64_t most_us;    /* so long at most */
	int stop_fd;        /* whoever makes this readable does so by a signal; -1 = none */
};

/* Returns 0, -ENOTSUP (this system or build has none), or another negative errno. */
int wait_watcher_open(struct wait_watcher **out) BERTH_MUST_CHECK;

/* Always NULL. wait_watcher_close(NULL) is fine. */
struct wait_watcher *wait_watcher_close(struct wait_watcher *w);

/* Watch. Returns 0 (nothing has happened, or a signal came), 1 (perhaps something has: look), 2
 * (`stop_fd` is readable), -E2BIG (too much to be watched), or another negative errno. */
int wait_watcher_run(struct wait_watcher *w, const struct wait_watch *watch) BERTH_MUST_CHECK;
