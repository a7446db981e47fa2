/*
 * Evict run: carries a plan out and proves what came of it.
 *
 * Nothing is done on the strength of a number: every process is held by a handle from before the
 * question on, the plan is made anew right before it is carried out, and a step that would not be
 * the same now is not done. Success is a bind that works, and still works half a second later.
 */
#pragma once

#include "act/evict.h"
#include "base/arena.h"
#include "live/source.h"

#include <signal.h>

/* What became of a step. */
enum evict_outcome {
	EVICT_NOT_DONE,   /* refused, or berth was interrupted before it */
	EVICT_ENDED,      /* the process ended after SIGTERM (or had ended by itself) */
	EVICT_KILLED,     /* after SIGKILL */
	EVICT_RELEASED,   /* it was asked to end, still runs, and gave the sockets up */
	EVICT_STOPPED,    /* the unit or container */
	EVICT_DESTROYED,  /* the closed connections are removed */
	EVICT_SURVIVED,   /* it was sent a signal and still holds a socket */
	EVICT_CHANGED,    /* it was no longer what the plan said: nothing was done to it */
	EVICT_FAILED,     /* `error` says how */
};

/* One step, carried out. */
struct evict_deed {
	enum evict_outcome outcome;
	const char *error; /* NULL = none */
	bool is_signalled; /* SIGTERM was sent */
	int handle;        /* of its process; -1 = none */
	int hold_error;    /* why not, as a negative errno; 0 = it is held */
};

/* One address that was to be freed. */
struct evict_place {
	enum transport transport; /* of its port space */
	struct address address;
	uint16_t port;
	const char *interface;    /* NULL = any */
	bool is_v6only;
	bool is_free;
	bool is_tried;            /* `tried` is what bind(2) said ... */
	int tried;                /* ... 0 or a negative errno */
	uint32_t seconds_left;    /* until what closed connections keep is given back; 0 = none */
	const struct live_process *holder; /* who has it now; NULL = nobody, or not known */
	bool is_new_holder;       /* and it is none of the plan's processes */
	const char *reason;       /* for people; NULL = nothing to add */
};

/* A plan on its way. Fill in the first part; the rest is evict_hold()'s and evict_run()'s. */
struct evict_run {
	struct source *source;
	struct live_request look;  /* scope and namespace as they were asked for */
	const struct evict_request *request;
	const struct evict_plan *plan;
	struct arena *arena;
	int64_t grace_ms;
	bool is_forced;            /* SIGKILL for what outlives the grace */
	const volatile sig_atomic_t *is_interrupted;
	/* Says what is being done, for somebody who waits; may be NULL. */
	void (*tell)(void *context, const char *what);
	void *context;

	struct evict_deed *deeds;  /* one a step */
	struct evict_place *places;
	size_t n_places;
	bool is_held;              /* at least one of the asked ports is not free */
	bool was_interrupted;
	struct live_snapshot after; /* the last look */
};

/* Take hold of the plan's processes. Returns 0 or -ENOMEM; evict_let_go() is due in either case. */
int evict_hold(struct evict_run *run) BERTH_MUST_CHECK;
void evict_let_go(struct evict_run *run);

/* Carry the plan out. Returns 0, or a negative errno: nothing could be looked at any more. */
int evict_carry_out(struct evict_run *run) BERTH_MUST_CHECK;

/* Only the proof: what is free, without doing anything first. Likewise. */
int evict_prove(struct evict_run *run) BERTH_MUST_CHECK;

/* "not-done", "ended", "killed", "released", "stopped", "destroyed", "survived", "changed",
 * "failed". */
const char *evict_outcome_name(enum evict_outcome o);
