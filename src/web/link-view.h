/*
 * Link view: recordings and claims as they came through the pipe, made into counted views.
 *
 * A store is one recording, read, in both sights; a claim set is all claims of one moment. A view
 * stands on one of each. All three are immutable and counted; counting is safe in any thread.
 */
#pragma once

#include "act/collector-claims.h"
#include "web/link.h"

#include <stdatomic.h>

struct link_store {
	atomic_uint n_holders;
	struct arena arena;
	struct live_snapshot snapshots[2]; /* by enum page_sight */
	/* By sight: gaps of claims, and what answer_index() made; without registry and claims, and
	 * `live` points to nothing that lasts. */
	struct answer_sources from[2];
	size_t n_bytes;
};

struct link_claims {
	atomic_uint n_holders;
	struct arena arena;
	struct claims claims;
	char today[CLAIM_DATE_SIZE];
};

/* What the collector said it is. */
struct link_nature {
	bool is_privileged, is_named;
};

/* Read a recording of all listeners, or of one port. Returns 0, -EPROTO, -ENOMEM. */
int link_store_read(const char *bytes, size_t n, bool is_port, struct link_nature nature,
		    struct link_store **out) BERTH_MUST_CHECK;
void link_store_release(struct link_store *s);

/* The claims of `payloads` on `today`. Returns 0, -EPROTO, -ENOMEM. */
int link_claims_read(const struct str payloads[ATLAS_N_CLAIMS], const char *today,
		     struct link_claims **out) BERTH_MUST_CHECK;
void link_claims_release(struct link_claims *c);

/* A new view of both, held once. `like` has serial, generation, sight, port, at. NULL when out of
 * memory. */
const struct link_view *link_view_new(const struct link_view *like, struct link_store *store,
				      struct link_claims *claims,
				      const struct registry *registry);
