/*
 * Holder: who has a lock on a file, as far as the kernel tells (/proc/locks, proc(5)).
 */
#pragma once

#include "base/attr.h"

#include <stddef.h>
#include <sys/types.h>

enum { HOLDER_TEXT_SIZE = 64 };

/* "process 812 (sqlite3)": who holds or waits first for any lock on the file `path`, this process
 * left out; "another process" when nothing can be seen of it. `text` has HOLDER_TEXT_SIZE bytes;
 * returned. */
char *holder_describe(const char *path, char *text);

/*
 * The same from `locks`, the text of /proc/locks: the first process that holds a lock on the file
 * (device, inode), `own` left out. 0 = none.
 */
pid_t holder_find(const char *locks, dev_t device, ino_t inode, pid_t own);
