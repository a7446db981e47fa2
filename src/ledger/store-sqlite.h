/*
 * Store in SQLite: what its tests need beyond store.h.
 *
 * A rollback journal, not WAL: a write-ahead log of root's cannot be read by others, readers never
 * come here anyway (they read images), and a journal leaves one file to look after. synchronous is
 * EXTRA: with FULL a commit that is acknowledged can still be rolled back by a power cut, because
 * the journal's removal is not yet on the disk (SQLite's manual, PRAGMA synchronous).
 */
#pragma once

#include "ledger/store.h"

/* "brth" in the header of the file (PRAGMA application_id): a ledger, and nothing else. */
enum { STORE_APPLICATION_ID = 0x62727468 };

/* The same as store_open_sqlite() with `n` schema steps instead of those of this version. */
int store_open_sqlite_as(const char *path, unsigned int wait_ms, const char *const *steps,
			 unsigned int n, struct store **out) BERTH_MUST_CHECK;

/* The steps of this version. */
const char *const *store_sqlite_steps(unsigned int *n);
