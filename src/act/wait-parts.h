/*
 * Parts of a wait, shared by wait.c (the clock), wait-target.c (one target), wait-free.c (until
 * nothing holds it), wait-watch.c (asleep) and wait-seen.c (what to say). For these only.
 */
#pragma once

#include "act/attempt.h"
#include "act/resolve.h"
#include "act/wait-look.h"
#include "act/wait.h"

enum { MOST_SPOTS = WAIT_MOST_POINTS };

/* One address of a target. */
struct spot {
	struct address address;
	bool is_local;         /* the tables know about it */
	bool is_gone;          /* UNLISTENED: nobody listens here any more */
	bool is_there;         /* somebody listens */
	struct address found;  /* bound to that */
	uint64_t cookie;
	uint32_t queued, limit;
	struct attempt attempt;
	int64_t next_try_ms, pause_ms, connected_ms;
	int error;             /* of the last attempt; 0 = none failed */
	int status;            /* of the last answer; 0 = none came */
	bool was_left_waiting; /* the kernel took the connection, nobody accepted it */
	/* Who listens: asked for socket `owner_cookie`, and again at `owner_next_ms`. */
	uint64_t owner_cookie;
	bool is_owner_right;
	int64_t owner_next_ms, owner_pause_ms;
};

/* One target. */
struct target {
	const struct wait_target *asked;
	bool is_any_address;
	struct spot spots[MOST_SPOTS];
	size_t n_spots;
	size_t next_other; /* whose turn it is among the addresses beyond loopback */
	struct resolve *resolve;
	const char *resolve_error;
	int64_t next_resolve_ms, next_dump_ms, next_look_ms;
	bool is_met;
	int64_t met_ms;            /* since the beginning */
	bool was_held;             /* UNLISTENED, FREE: it has not been so from the beginning */
	bool has_met_at;
	struct address met_at;     /* bound to that, or connected to */
	uint64_t met_cookie;       /* the listener; 0 = not known */
	bool is_published;         /* met by rules that lead it elsewhere */
	const char *published_by;
	/* FREE */
	bool has_holder;
	struct live_socket holder; /* one that stood in the way at the last dump */
	int64_t next_holders_ms;
};

/* The whole wait. */
struct waiting {
	const struct wait_request *request;
	struct source *source;
	struct arena *arena;
	struct wait_look *look; /* NULL: connecting is all that can be done */
	struct wait_watcher *watcher; /* NULL: not needed yet, or there is none */
	bool cannot_watch;            /* there is none */
	struct wait_addresses own;
	struct target *targets;
	int64_t start_ms, now_ms, deadline_ms;
	int64_t wake_ms;        /* when the next step is due at the latest */
	bool is_over;           /* it has happened: what else there is does not matter */
	bool is_tick_due;       /* something goes on: the next step is due at the pace */
	bool is_watch_due;      /* the same, but look-ups are all of it: wait_watch() can do them */
	int64_t pace_us;
	int64_t dump_credit_us; /* how long dumps may still take: a small part of the time */
};

/* Step one target. Returns 0 or a negative errno. */
int wait_target_step(struct waiting *w, struct target *t) BERTH_MUST_CHECK;
/* Make a target's spots. Returns 0 or a negative errno (see wait_run()). */
int wait_target_open(struct waiting *w, struct target *t) BERTH_MUST_CHECK;
void wait_target_close(struct target *t);

/* Whether it is time for a dump and there is credit for it; if not, the next step is due when
 * there is. */
bool wait_can_dump(struct waiting *w, int64_t due_ms);

/* A dump of the target's port, paid for out of `dump_credit_us`: listeners, or `all` that has it as
 * its own. In the arena of the wait. Returns 0 or a negative errno. */
int wait_dump(struct waiting *w, const struct target *t, bool all,
	      struct wait_rows *out) BERTH_MUST_CHECK;

/* The goal FREE: see whether anything holds the port still. */
int wait_free_step(struct waiting *w, struct target *t) BERTH_MUST_CHECK;

/* Whether `s` is in the way of whoever wants the target's address and port. */
bool wait_is_in_the_way(const struct waiting *w, const struct target *t,
			const struct live_socket *s);

/*
 * Sleep at most so long, and do the look-ups of all targets at the pace meanwhile. Returns 0, 1
 * (something may have happened), 2 (the wish to stop), -ENOTSUP (this cannot be watched: the
 * targets have to be stepped), or another negative errno.
 */
int wait_watch(struct waiting *w, int64_t most_us) BERTH_MUST_CHECK;

/* It has happened; `cookie` 0 = not known. */
void wait_meet(struct waiting *w, struct target *t, const struct address *at, uint64_t cookie);

/* The next step is due at `ms`, or earlier. */
void wait_wake_at(struct waiting *w, int64_t ms);

/* Whether the address is of a family that counts. */
bool wait_wants(const struct waiting *w, const struct address *a);

/* Look with the whole source at the port of a target, into `arena`; `is_wide`: in all namespaces,
 * and at both of TCP and UDP. */
int wait_snapshot(struct waiting *w, const struct target *t, unsigned int want, bool is_wide,
		  struct arena *arena, struct live_snapshot *out) BERTH_MUST_CHECK;

/* Whether the program that listens on socket `cookie`, bound to `at`, is called as asked. */
int wait_owner_is_right(struct waiting *w, const struct target *t, const struct address *at,
			uint64_t cookie, bool *out) BERTH_MUST_CHECK;

/* Fill a target's record: what was found, or what was seen instead. Returns 0 or -ENOMEM. */
int wait_fill_target(struct waiting *w, const struct target *t,
		     struct answer_wait_target *out) BERTH_MUST_CHECK;
