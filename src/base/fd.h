/*
 * File descriptors: closed by scope, files read whole and bounded.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>

/* A local `BERTH_CLEANUP(fd_closep) int fd = -1;` closes itself; errno is kept. */
void fd_closep(int *fd);

/* close(2) that keeps errno; `fd` may be negative. Returns -1, to be assigned back. */
int fd_close(int fd);

/*
 * Read from an open descriptor until its end or until `size` bytes are there. Returns the number of
 * bytes (0..size) or a negative errno. Repeats after EINTR.
 */
long fd_read(int fd, void *buffer, size_t size) BERTH_MUST_CHECK;

/*
 * Read the file `path` relative to directory `dir` (AT_FDCWD allowed) into `buffer`, at most
 * `size` - 1 bytes, and terminate it. Returns the number of bytes, or a negative errno. When the
 * file is longer the rest is left out and `*is_cut` (may be NULL) becomes true.
 */
long fd_read_file_at(int dir, const char *path, char *buffer, size_t size,
		     bool *is_cut) BERTH_MUST_CHECK;

/*
 * Read a whole file of at most `limit` bytes into fresh heap memory (`*out`, free() it, terminated
 * by one NUL more than `*n_out` counts). -EFBIG when it is larger. Outputs stay as they are then.
 */
int fd_slurp_at(int dir, const char *path, size_t limit, char **out,
		size_t *n_out) BERTH_MUST_CHECK;
