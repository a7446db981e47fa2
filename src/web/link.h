/*
 * Link: the front's end of the pipe to the collector (act/atlas-pipe.h).
 *
 * One thread reads what the collector sends, checks it as foreign bytes, and makes views of it:
 * immutable, counted, indexed, ready for pages and records. Any number of threads may hold views
 * and call every function here. Nothing here waits: who asks for something that is not there yet
 * gets a callback.
 *
 * Callbacks run in the link's thread, without a lock: they must not block, must not call
 * link_close(), and may call everything else.
 */
#pragma once

#include "act/atlas-pipe.h"
#include "answer/answer.h"
#include "ledger/ledger.h"
#include "web/page.h"

struct link;
struct registry;

/* What has changed. */
enum link_change {
	LINK_HERE,   /* another generation of what listens here */
	LINK_QUEUES, /* the same listeners; queues or times differ */
	LINK_CLAIMS, /* claims, or the day, on which they may have expired */
	LINK_FACES,  /* how pages were judged */
	LINK_LOST,   /* the collector is gone: the front is to end. The last one */
};

/* What was seen, as one reader may see it. Nothing in it ever changes. */
struct link_view {
	uint64_t serial;      /* no other view of this run has it; later ones have larger ones */
	uint32_t generation;  /* of the listeners; of a port's view 0 */
	enum page_sight sight;
	int32_t port;         /* the port that was looked at; -1: all listeners */
	live_time at;         /* when the look began; also in `from` */
	/*
	 * Registry, snapshot, claims, day and gaps; answer_index() was called. Views of a port have
	 * holders, connections and saw_all_holders.
	 */
	struct answer_sources from;
};

/* What a link is made with. */
struct link_options {
	const struct registry *registry; /* borrowed; for `from` of every view */
	void (*changed)(void *context, enum link_change what); /* NULL = nobody wants to know */
	void *context;
};

/*
 * Wait for the collector's ATLAS_HELLO on `fd` (which becomes the link's) for at most `wait_ms`,
 * then start the thread. Returns 0; -ETIMEDOUT; -EPROTO: the other end spoke otherwise; -EPIPE: it
 * is gone; or another negative errno. On failure `fd` stays the caller's.
 */
int link_open(int fd, unsigned int wait_ms, const struct link_options *options,
	      struct link **out) BERTH_MUST_CHECK;

/*
 * End the thread, tell everybody who waits that nothing comes, free. Views that are held stay good.
 * Always NULL; link_close(NULL) is fine. Not from a callback.
 */
struct link *link_close(struct link *l);

/* What ATLAS_HELLO said. */
bool link_is_privileged(const struct link *l);
bool link_is_replay(const struct link *l);

/* Whether the `n` bytes are the token; takes as long whatever they are. */
bool link_is_token(const struct link *l, const char *bytes, size_t n);

/* Whether the collector is gone. */
bool link_is_lost(struct link *l);

/*
 * Called once when a view has come, or with NULL: nothing came within LINK_PATIENCE_MS, or the
 * collector is gone. The view is the callee's, to be given to link_release().
 */
typedef void link_arrived(void *context, const struct link_view *view);

enum {
	LINK_PATIENCE_MS = 1000,
	LINK_WAITERS_MOST = 4096, /* who wait at one time */
	LINK_PORTS_MOST = 256,    /* ports whose views are kept, the least used go first ... */
	LINK_STAKES_MOST = 16,    /* claims on their way at one time */
};

/* ... or that are larger together, in bytes */
#define LINK_KEPT_MOST ((size_t)96 << 20)

/*
 * The newest view of all listeners, or of one port, in one sight. When there is one that is not
 * older than `most_age_ms` it is in `*out` and 1 is returned. Otherwise 0: the collector is asked
 * (once, however many wait), and `arrived` is called; with `arrived` NULL nobody is called, but the
 * collector is asked. -EAGAIN: LINK_WAITERS_MOST wait already. -EPIPE: the collector is gone.
 * UINT_MAX is any age, 0 a new look always. While somebody watches, the view of all listeners is at
 * most a second old.
 */
int link_here(struct link *l, enum page_sight sight, unsigned int most_age_ms,
	      link_arrived *arrived, void *context, const struct link_view **out) BERTH_MUST_CHECK;
int link_port(struct link *l, enum page_sight sight, uint16_t port, unsigned int most_age_ms,
	      link_arrived *arrived, void *context, const struct link_view **out) BERTH_MUST_CHECK;

/*
 * Take back what was asked with this `arrived` and `context`: the connection is gone. After it has
 * returned true no call comes any more; false: there was nothing to take back, the call has come or
 * is on its way right now.
 */
bool link_forget(struct link *l, link_arrived *arrived, void *context);

/* One more who holds a view, and one less. link_release(NULL) is fine. */
const struct link_view *link_hold(const struct link_view *view);
void link_release(const struct link_view *view);

/*
 * Somebody watches the listeners, or does not any more; counted, a call with true needs one with
 * false. While the count is above zero the collector looks each second, and `changed` tells.
 */
void link_watch(struct link *l, bool is_watching);

/*
 * Claim: one line of a claims file (ledger/claims-file.h), without its line feed. `done` is called
 * once, with the outcome and a line for people (NULL = none; LEDGER_DONE: it is claimed and kept).
 * LEDGER_FAILED also stands for a collector that is gone or did not answer within 10 s. Returns 0;
 * -EINVAL: longer than ATLAS_REQUEST_MOST, or not one line; -EAGAIN: LINK_STAKES_MOST are on their
 * way; -EPIPE.
 */
typedef void link_staked(void *context, enum ledger_outcome outcome, const char *message);
int link_stake(struct link *l, const char *line, link_staked *done,
	       void *context) BERTH_MUST_CHECK;

/* A page was judged; link_faces() counts it at once. Returns 0, -EAGAIN when too much is on its way
 * to the collector, -EPIPE. */
int link_judge(struct link *l, uint16_t port, enum atlas_face face) BERTH_MUST_CHECK;

/* How a port's page was judged so far, by enum atlas_face. */
void link_faces(struct link *l, uint16_t port, uint32_t out[3]);
