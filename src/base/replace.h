/*
 * Replace: a file is replaced whole or not at all, by one writer at a time.
 *
 * The new contents are written to FILE.new beside it, which is then fsynced and renamed over FILE,
 * and the directory is fsynced: whoever opens FILE sees the old contents or the new ones, also
 * after a crash. A lock (flock) on FILE.lock keeps other writers out; a writer that died leaves at
 * most FILE.new behind, which the next one removes. (Windows: FlushFileBuffers, MoveFileEx and
 * LockFileEx; its file systems keep the directory themselves, and modes and seals do not exist.)
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

/* A file that is being replaced. */
struct replace {
	char *path, *path_new; /* heap */
	int lock_fd;           /* -1 = none */
	bool has_waited;       /* another writer had the lock first */
	bool is_prepared;      /* FILE.new is there */
};

/*
 * Make the directories above `path` where they are missing (mode 0755) and take the lock, waiting
 * for another writer. Before waiting, `wait` (may be NULL) is called once. Returns 0 or a negative
 * errno, and `*out` must then be given to replace_fini() only after 0.
 */
int replace_begin(struct replace *out, const char *path, void (*wait)(void *context),
		  void *context) BERTH_MUST_CHECK;

/* The same, but waiting at most `most_ms`: then -ETIMEDOUT. */
int replace_begin_within(struct replace *out, const char *path, unsigned int most_ms,
			 void (*wait)(void *context), void *context) BERTH_MUST_CHECK;

/*
 * The two halves of replace_commit(), for contents that belong to something else which is made
 * final in between: write FILE.new whole and fsync it, so that a full disk shows here; then rename
 * it. replace_fini() without the second leaves FILE as it was.
 */
int replace_prepare(struct replace *r, const void *bytes, size_t n,
		    long modified_ns) BERTH_MUST_CHECK;
int replace_place(struct replace *r) BERTH_MUST_CHECK;

/* Put the contents into place, with mode 0644 and a time of modification of now to the second and
 * `modified_ns` nanoseconds (image_seal()). Returns 0 or a negative errno: the old contents are
 * then still there, except that after a failed fsync of the directory the new ones may be. */
int replace_commit(struct replace *r, const void *bytes, size_t n,
		   long modified_ns) BERTH_MUST_CHECK;

/* As replace_fini(), and FILE.lock is removed: for files that people keep, where nothing else may
 * lie about. Nobody can go wrong by it: who waits looks whether the lock still has its name. */
void replace_leave(struct replace *r);

/* Let go of the lock; what was prepared and not placed is removed. */
void replace_fini(struct replace *r);

/* fsync the directory that `path` is in: a name that was made or removed there lasts then. */
int replace_sync_directory(const char *path) BERTH_MUST_CHECK;
