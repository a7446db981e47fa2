/*
 * Collector's look: the listeners as they were seen last, kept, and brought up to date cheaply.
 *
 * A cheap look sees sockets only. Compared with what is kept, it tells which are gone, which are
 * new, and whether a queue moved noticeably. Owners are searched on the ports of what is new, or of
 * an owner that has ended: port by port when these are few, all of them otherwise. What a cheap
 * look cannot see (an owner more, NAT rules, a container's name) a whole one does: every
 * COLLECTOR_WHOLE_MS, or so seldom that it takes 1/KEPT_WHOLE_FACTOR of a processor, and soon after
 * each change.
 */
#pragma once

#include "base/str.h"
#include "live/source.h"
#include "query/port-set.h"

enum {
	KEPT_PORTS_MOST = 8,     /* so many ports are looked at one by one */
	KEPT_MERGES_MOST = 64,   /* then a whole look tidies up */
	KEPT_SOON_MS = 2000,     /* the whole look after a change, at the earliest */
	KEPT_SOON_FACTOR = 50,   /* ... and so many times what the last one took */
	KEPT_WHOLE_FACTOR = 250, /* the next one without a change, at the earliest, likewise */
	KEPT_ALIVE_EVERY = 4,    /* looks, one of which sees whether owners have ended */
};

/* What is kept. `{0}` is nothing yet. */
struct kept {
	struct arena arena;
	struct live_snapshot snapshot; /* of listeners in all namespaces of the request */
	struct live_socket *sockets;   /* its sockets; their queues change */
	bool has_snapshot;
	int64_t whole_due_ms;          /* when a whole look is due */
	int64_t whole_cost_ms;         /* what the last one took of a processor */
	unsigned int n_looks;
	unsigned int n_merges;         /* point looks since */
	struct port_set hopeless;      /* ports where a search did not find what is new */
	struct str text;               /* the snapshot without times and queues, as a recording */
};

/* How it differs from what was kept before. */
enum kept_change {
	KEPT_SAME,
	KEPT_QUEUES,  /* only queues: full or not full any more, or filled noticeably */
	KEPT_CHANGED,
};

void kept_fini(struct kept *k);

/*
 * Look, and bring `k` up to date. `request` asks for listeners on all ports. `now_ms` is called
 * for a monotonic clock. Returns an enum kept_change (the first time KEPT_CHANGED), or a negative
 * errno, and then what is kept has not changed.
 */
int kept_look(struct kept *k, struct source *source, const struct live_request *request,
	      int64_t (*now_ms)(void)) BERTH_MUST_CHECK;
