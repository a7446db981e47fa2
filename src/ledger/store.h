/*
 * Store: where a ledger keeps its claims and its audit trail. No SQL above it, no rule below.
 *
 * Everything between store_begin() and store_commit() becomes visible together and for good, or not
 * at all; whatever happens to the process. One writer at a time; others wait. store-memory.c is the
 * reference that tests compare with; store-sqlite.c lasts.
 *
 * Errors of every function: -EBUSY another writer kept it locked all the time that was waited,
 * -ENOSPC, -EROFS and -EACCES, -EBADMSG not a ledger or damaged, -EPROTONOSUPPORT made by a newer
 * version of berth (untouched), -EIO, -ENOMEM, -EINVAL a value that cannot be stored.
 */
#pragma once

#include "base/attr.h"
#include "ledger/claim.h"
#include "ledger/entry.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/* What tells one ledger, and one state of it, from another. */
struct store_state {
	uint64_t identity;   /* drawn at random when it was made; never 0 */
	uint64_t generation; /* counts the commits that changed something */
};

/* Called for a claim; its strings live until the call returns. Nonzero ends the walk and is
 * returned. `claim->level` is CLAIM_LEVEL_LEDGER. */
typedef int store_visit(void *context, int64_t id, const struct claim *claim);
typedef int store_visit_entry(void *context, const struct ledger_entry *entry);

struct store_ops {
	int (*begin)(struct store *s);
	int (*commit)(struct store *s);
	void (*rollback)(struct store *s);
	int (*state)(struct store *s, struct store_state *out);
	int (*each)(struct store *s, store_visit *visit, void *context);
	int (*insert)(struct store *s, const struct claim *claim, int64_t *id);
	int (*remove)(struct store *s, int64_t id);
	int (*log)(struct store *s, const struct ledger_entry *entry);
	int (*each_entry)(struct store *s, int64_t most, store_visit_entry *visit, void *context);
	void (*close)(struct store *s);
};

/* What every store begins with. */
struct store {
	const struct store_ops *ops;
};

/* A store in memory, empty; it lasts as long as the process. */
int store_open_memory(struct store **out) BERTH_MUST_CHECK;

/*
 * The database file `path`, made when it is not there (mode 0600); its directory must be. It must
 * belong to root or the caller. `wait_ms`: how long to wait for another writer, each time.
 */
int store_open_sqlite(const char *path, unsigned int wait_ms, struct store **out) BERTH_MUST_CHECK;

/* Closes it; an open transaction is taken back. NULL is fine. Returns NULL. */
struct store *store_close(struct store *s);

/* Begin a transaction and take the right to write. Everything below needs it. */
int store_begin(struct store *s) BERTH_MUST_CHECK;

/* Make it last. After a failure nothing has changed, except that after -EIO it may have. */
int store_commit(struct store *s) BERTH_MUST_CHECK;
void store_rollback(struct store *s);

/* The state as it is: during a transaction that changed something, as it will be after it. */
int store_state(struct store *s, struct store_state *out) BERTH_MUST_CHECK;

/* All claims in the order in which they were added. */
int store_each(struct store *s, store_visit *visit, void *context) BERTH_MUST_CHECK;

/* Add a claim; its number, which is never given again, in `*id`. */
int store_insert(struct store *s, const struct claim *claim, int64_t *id) BERTH_MUST_CHECK;

/* Remove claim `id`. -ENOENT: there is none. */
int store_remove(struct store *s, int64_t id) BERTH_MUST_CHECK;

/* Add a line to the audit trail; `entry->number` is given by the store. */
int store_log(struct store *s, const struct ledger_entry *entry) BERTH_MUST_CHECK;

/* The newest `most` lines of the audit trail, the oldest of them first. */
int store_each_entry(struct store *s, int64_t most, store_visit_entry *visit,
		     void *context) BERTH_MUST_CHECK;
