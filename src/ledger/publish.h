/*
 * Publish: how a change reaches the database and every reader, in an order that survives a kill at
 * any step.
 *
 *     1. the lock of the image is taken: one writer at a time, from here to the end
 *     2. the mark is set, and lasts: database and image may differ from now on
 *     3. the change is made in a transaction; the new image is written beside the old one
 *     4. the transaction is committed: now the change is made, for good
 *     5. the image takes the old one's place
 *     6. the mark is removed; the change is acknowledged
 *
 * A kill before 4 leaves everything as it was; after it, the mark. The next writer, or the next
 * reader who may write here (publish_repair()), makes the image from the database again. A full
 * disk shows in 2 or 3, when nothing has changed.
 */
#pragma once

#include "base/attr.h"
#include "ledger/place.h"
#include "ledger/store.h"

/* Opens a store: store_open_sqlite(). */
typedef int publish_open(const char *path, unsigned int wait_ms, struct store **out);

/*
 * What is to be done in the transaction. Returns 0: commit; 1: nothing is to change; or a negative
 * errno of the store.
 */
typedef int publish_change(void *context, struct store *store);

/* How long a writer waits for another one, and how long a repair does, for which a reader waits. */
enum { PUBLISH_WAIT_MS = 10000, PUBLISH_REPAIR_WAIT_MS = 1000 };

enum publish_step {
	PUBLISH_LOCK,
	PUBLISH_MARK,
	PUBLISH_OPEN, /* of the database: it was opened, migrated, locked */
	PUBLISH_CHANGE,
	PUBLISH_IMAGE,
	PUBLISH_COMMIT,
	PUBLISH_PLACE,
};

/* Where a failure came from, for the one line that says so. */
struct publish_report {
	enum publish_step step;
	bool is_committed; /* the change is in the database for good, although it failed later */
};

/*
 * Make a change and publish it; `wait_ms` for each lock. Returns 0, or a negative errno: -ETIMEDOUT
 * another writer of berth's had the lock all the time, -EBUSY somebody else the database, and those
 * of the store and of replace.h. `report` is set in either case.
 */
int publish_run(const struct ledger_place *place, unsigned int wait_ms, int64_t now_ns,
		publish_open *open, publish_change *change, void *context,
		struct publish_report *report) BERTH_MUST_CHECK;

/* Make the image from the database again; without a database there is nothing to make, and a mark
 * is removed. */
int publish_repair(const struct ledger_place *place, unsigned int wait_ms, int64_t now_ns,
		   publish_open *open, struct publish_report *report) BERTH_MUST_CHECK;
