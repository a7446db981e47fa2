/*
 * Collector: the half of `berth serve` that looks. It keeps berth's privilege, never meets a byte
 * of HTTP, and speaks with the front through one pipe (act/atlas-pipe.h).
 *
 * It sleeps until it is asked. While somebody watches it looks COLLECTOR_EVERY_MS after the look
 * before: at sockets only, which costs little; owners are searched for what is new. Everything is
 * looked at again after COLLECTOR_WHOLE_MS, or soon after a change (collector-look.h). It makes one
 * look at a time, and none while the front has not taken what was sent: a front that stalls or
 * floods stops nothing but itself.
 */
#pragma once

#include "answer/answer.h"
#include "live/source.h"

struct str;

enum {
	COLLECTOR_EVERY_MS = 1000,
	COLLECTOR_WHOLE_MS = 30 * 1000,    /* later where that costs much: KEPT_WHOLE_FACTOR */
	COLLECTOR_CLAIMS_MS = 1000,        /* files of claims are looked at that often at most */
	COLLECTOR_SOCKETS_MOST = 50000,    /* of one recording; more is a gap */
};

/* What the collector needs and cannot know: how claims are found and made. */
struct collector_host {
	/* Whether claims may differ from what gather() found last; cheap. */
	bool (*has_news)(void *context);
	/* Gather all claims into `from` (claims, day, gaps), in `arena`. 0 or a negative errno. */
	int (*gather)(void *context, struct arena *arena, struct answer_sources *from);
	/* Claim what stands on one line of a claims file: append a claims image with the outcome
	 * to `out`. 0 or a negative errno. */
	int (*stake)(void *context, const char *line, size_t n, struct str *out);
	void *context;
};

struct collector_options {
	int pipe_fd; /* non-blocking; borrowed */
	int stop_fd; /* it ends when this is readable */
	struct source *source;
	struct live_request request; /* of the listeners; ports and wants are set here */
	bool is_replay;
	const char *faces_path; /* where pages' judgements are kept; NULL = only in memory */
	struct collector_host host;
};

enum { COLLECTOR_TOKEN_SIZE = 33 };

/* A new token: hexadecimal digits of 128 random bits, terminated. Returns 0 or a negative errno. */
int collector_draw_token(char token[COLLECTOR_TOKEN_SIZE]) BERTH_MUST_CHECK;

/*
 * Say hello with `token` and serve until told to stop: 0. -EPIPE: the front is gone; -EPROTO: it
 * broke the rules of the pipe; or another negative errno.
 */
int collector_run(const struct collector_options *options,
		  const char *token) BERTH_MUST_CHECK;
