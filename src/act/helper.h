/*
 * Helper: runs a program of berth's own that needs libraries which berth itself is not linked with.
 *
 * Helpers are berth's: they are looked for beside berth's own program (the build tree), in
 * ../libexec/berth seen from there, and at the compiled place; nowhere in PATH. A system for which
 * no helpers are built (helper-none.c) has none.
 */
#pragma once

#include "base/attr.h"
#include "base/str.h"

#include <stdbool.h>

/* How a helper ended. */
struct helper_end {
	int signal; /* that ended it; 0 = it ended on its own */
};

/*
 * Run helper `name` with `arguments` (NULL-terminated, without the name), standard input from
 * `input_fd` (-1 = nothing) and standard error shared; gather at most `limit` bytes of its standard
 * output in `out`. Returns 0 when it ran and ended; -ENOENT when there is no such helper; -EFBIG
 * when it wrote more (it is ended then); or another negative errno.
 */
int helper_run(const char *name, const char *const *arguments, int input_fd, size_t limit,
	       struct str *out, struct helper_end *end) BERTH_MUST_CHECK;

enum { HELPER_INPUT_MOST = 60000 };

/* The same with `n` bytes of standard input, all written before it starts. -EFBIG: more than
 * HELPER_INPUT_MOST, or than the system lets a pipe hold. */
int helper_run_on(const char *name, const char *const *arguments, const void *input, size_t n,
		  size_t limit, struct str *out, struct helper_end *end) BERTH_MUST_CHECK;

enum { HELPER_FDS_MOST = 16, HELPER_FIRST_FD = 3, HELPER_ARGUMENTS_MOST = 64 };

/* A helper that was started and not waited for. */
struct helper_running {
	long pid;
};

/*
 * Start helper `name` and let it run. It gets the descriptors `fds` as HELPER_FIRST_FD and
 * following, in their order, and no others but /dev/null as standard input and output and berth's
 * standard error; of the environment only what tells language and time zone. SIGINT and SIGHUP,
 * which a terminal sends to both, are blocked in it: who started it ends it. Returns 0; -ENOENT:
 * there is no such helper; -E2BIG: too many arguments or descriptors; or another negative errno.
 */
int helper_start(const char *name, const char *const *arguments, const int *fds, size_t n_fds,
		 struct helper_running *out) BERTH_MUST_CHECK;

/*
 * Wait until it has ended: at most `wait_ms`, then it is killed. With `asks` it is told to end by
 * SIGTERM first. Returns its exit status, or 128 and the signal that ended it.
 */
int helper_finish(struct helper_running *running, bool asks, unsigned int wait_ms);
