/*
 * Sysctl: settings and tables of the macOS kernel, and the arguments of a process.
 */
#pragma once

#include "base/attr.h"

/* An integer. Returns 0 and sets `*out`, or a negative errno. */
int sysctl_number(const char *name, int *out) BERTH_MUST_CHECK;

/*
 * A table that may grow while it is read, in fresh heap memory (`*out`, free() it) of `*n_out`
 * bytes, at most 64 MiB. Returns 0 or a negative errno (-EFBIG: larger, or never of one size).
 */
int sysctl_table(const char *name, void **out, size_t *n_out) BERTH_MUST_CHECK;

/*
 * The arguments of a process (KERN_PROCARGS2) in `buffer`; `*n` is its size, then that of what is
 * there. A buffer smaller than the longest arguments would get their end instead of their
 * beginning: sysctl_arguments_size() tells. Returns 0 or a negative errno; the kernel has -EINVAL
 * for processes of others and for those that have ended.
 */
int sysctl_arguments(int pid, void *buffer, size_t *n) BERTH_MUST_CHECK;

/* The size of a buffer for sysctl_arguments(). */
size_t sysctl_arguments_size(void);
