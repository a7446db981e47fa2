/*
 * Source: the seam between berth and an operating system.
 *
 * A build has exactly one system source (source-linux.c, source-none.c, ...); the replay source is
 * always there. No word of an operating system stands in this header.
 */
#pragma once

#include "live/live.h"

struct source;

/* The source of the running system. Returns 0 and the source, or a negative errno. */
int source_open_system(struct source **out) BERTH_MUST_CHECK;

/*
 * A source that answers from the recording in file `path` (made by `berth report`). Returns 0, or a
 * negative errno; -EBADMSG: a malformed recording, then `error` (256 bytes) says where and why.
 */
int source_open_replay(const char *path, struct source **out, char *error) BERTH_MUST_CHECK;

/* Always NULL. source_close(NULL) is fine. */
struct source *source_close(struct source *s);

/*
 * Look. Fills `*out` with records in `arena`. Returns 0, or a negative errno only when nothing at
 * all can be told (out of memory); whatever else goes wrong is a gap in the snapshot.
 */
int source_look(struct source *s, const struct live_request *request, struct arena *arena,
		struct live_snapshot *out) BERTH_MUST_CHECK;

/*
 * Whether the process with that number is there still, told as cheaply as the system can; true
 * where it cannot be told, and of a recording. Another process may have got the number since.
 */
bool source_has_process(struct source *s, uint32_t pid);

/* For implementers: what a source is made of. */
struct source_ops {
	int (*look)(struct source *s, const struct live_request *request, struct arena *arena,
		    struct live_snapshot *out);
	void (*close)(struct source *s);
	bool (*has_process)(struct source *s, uint32_t pid); /* NULL = cannot be told */
};

/* The first member of every source's own struct. */
struct source {
	const struct source_ops *ops;
};
