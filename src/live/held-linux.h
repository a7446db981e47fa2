/*
 * Held: network namespaces that no process lives in and no mount names. Only a descriptor keeps
 * them, or a thread that entered one while its process stayed where it was.
 *
 * They are met when every descriptor table is read, which is after the sockets were asked for: each
 * becomes a gap whose fix is the command that looks into it.
 */
#pragma once

#include "live/fdscan-linux.h"
#include "live/netns-linux.h"
#include "live/number-map.h"

/* `{0}` is empty. */
struct held {
	struct number_map seen; /* id -> 1 */
	struct fdscan_namespace *items;
	size_t n, capacity; /* at most HELD_MOST are kept ... */
	uint32_t n_more;    /* ... and the others counted */
};

enum { HELD_MOST = 64 };

void held_fini(struct held *h);

/* Note one that was met, unless `known` has it; again is fine. Nothing is noted while some
 * namespace's id is not known: it might be that one. */
void held_add(struct held *h, const struct netns_list *known, const struct fdscan_namespace *ns);

/* A gap for each. */
void held_explain(const struct held *h, struct gaps *gaps);
