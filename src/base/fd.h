/*
 * File descriptors: closed by scope, files read whole and bounded.
 */
#pragma once

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* A local `BERTH_CLEANUP(fd_closep) int fd = -1;` closes itself; errno is kept. */
void fd_closep(int *fd);

/* close(2) that keeps errno; `fd` may be negative. Returns -1, to be assigned back. */
int fd_close(int fd);

/*
 * Read from an open descriptor until its end or until `size` bytes are there. Returns the number of
 * bytes (0..size) or a negative errno. Repeats after EINTR.
 */
long fd_read(int fd, void *buffer, size_t size) BERTH_MUST_CHECK;

/* Write all of it. Returns 0 or a negative errno. Repeats after EINTR. */
int fd_write(int fd, const void *bytes, size_t n) BERTH_MUST_CHECK;

/* Open for reading, whatever it is. Returns the descriptor or a negative errno. */
int fd_open(const char *path) BERTH_MUST_CHECK;

/*
 * Open a regular file for reading and tell how large it is; -EINVAL for anything else, which is not
 * waited for (a FIFO without a writer). Returns the descriptor or a negative errno.
 */
int fd_open_file(const char *path, uint64_t *size) BERTH_MUST_CHECK;

/* Make a new file that only its owner can read, and open it for writing; -EEXIST when there is
 * something of that name. Returns the descriptor or a negative errno. */
int fd_create(const char *path) BERTH_MUST_CHECK;

/* Read from the beginning again. Returns 0 or a negative errno. */
int fd_rewind(int fd) BERTH_MUST_CHECK;

/* Wait until what was written is on the disk; 0, too, for what cannot be (a pipe). Returns 0 or a
 * negative errno. */
int fd_sync(int fd) BERTH_MUST_CHECK;

/* Remove a file; whether there was one does not matter. */
void fd_remove(const char *path);

/*
 * Read a whole file of at most `limit` bytes into fresh heap memory (`*out`, free() it, terminated
 * by one NUL more than `*n_out` counts). -EFBIG when it is larger. Outputs stay as they are then.
 */
int fd_slurp(const char *path, size_t limit, char **out, size_t *n_out) BERTH_MUST_CHECK;

/*
 * The next two are there only where directories have descriptors (fd-posix.c).
 *
 * Read the file `path` relative to directory `dir` (AT_FDCWD allowed) into `buffer`, at most
 * `size` - 1 bytes, and terminate it. Returns the number of bytes, or a negative errno. When the
 * file is longer the rest is left out and `*is_cut` (may be NULL) becomes true.
 */
long fd_read_file_at(int dir, const char *path, char *buffer, size_t size,
		     bool *is_cut) BERTH_MUST_CHECK;

/* As fd_slurp(), relative to directory `dir`. */
int fd_slurp_at(int dir, const char *path, size_t limit, char **out,
		size_t *n_out) BERTH_MUST_CHECK;

/* For the files that open: fd_slurp() of what is open already; `opened` is closed in any case. */
int fd_slurp_open(int opened, size_t limit, char **out, size_t *n_out) BERTH_MUST_CHECK;
