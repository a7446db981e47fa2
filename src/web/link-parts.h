/*
 * Link parts: what the files of the link share. Private to link*.c.
 */
#pragma once

#include "web/link-view.h"

#include <pthread.h>

enum {
	LINK_N_SIGHTS = 2,
	LINK_ALL = -1,                 /* instead of a port */
};

/* Somebody who waits for a view. */
struct link_waiter {
	int32_t port; /* LINK_ALL = all listeners */
	enum page_sight sight;
	link_arrived *arrived;
	void *context;
	int64_t until_ms;
};

/* A claim on its way. */
struct link_staking {
	uint32_t id; /* 0 = free */
	link_staked *done;
	void *context;
	int64_t until_ms;
};

/* The newest views of one port. */
struct link_place {
	int32_t port; /* LINK_ALL = free */
	struct link_store *store;
	const struct link_view *views[LINK_N_SIGHTS];
	int64_t arrived_ms;
	uint64_t used; /* the larger, the later */
};

struct link {
	int fd, wake[2];
	struct link_options options;
	struct link_nature nature;
	bool is_replay;
	char token[ATLAS_TOKEN_SIZE];
	pthread_t thread;
	/* Only the thread. */
	char *in;
	size_t n_in, in_capacity;
	struct str payloads[ATLAS_N_CLAIMS];
	bool has_new_claims;
	/* Under the lock. */
	pthread_mutex_t lock;
	bool is_lost, is_closing;
	struct str out;
	uint64_t n_serials, n_uses;
	uint32_t n_watchers, n_ids, generation;
	struct link_claims *claims;
	struct link_place here;
	struct link_place places[LINK_PORTS_MOST];
	size_t n_bytes; /* of their stores */
	bool is_asked[UINT16_MAX + 2]; /* a look is on its way; the last: at everything */
	struct link_waiter waiters[LINK_WAITERS_MOST];
	size_t n_waiters;
	struct link_staking stakings[LINK_STAKES_MOST];
	uint32_t (*faces)[3]; /* by port */
};

/* A monotonic clock, and the day by the system's. */
int64_t link_clock_ms(void);
void link_today(char text[CLAIM_DATE_SIZE]);

/* Tell whoever wants to know. Without the lock. */
void link_tell(const struct link *l, enum link_change what);

/* Put a frame on its way. Under the lock. Returns 0, -EPIPE, -ENOMEM. */
int link_put(struct link *l, enum atlas_kind kind, uint32_t argument, const char *bytes,
	     size_t n) BERTH_MUST_CHECK;

/* Forget the views of a place. Under the lock, or when no thread is left. */
void link_empty_place(struct link *l, struct link_place *p);

/* In the thread, without the lock. Take the frames that are there; claims are new, or the day is;
 * tell those whose patience is over, or, of a lost link, all who wait. 0 or a negative errno. */
int link_take_frames(struct link *l) BERTH_MUST_CHECK;
int link_renew_claims(struct link *l) BERTH_MUST_CHECK;
int link_give_up_waiting(struct link *l) BERTH_MUST_CHECK;
void link_fail_stakings(struct link *l, int64_t now);
