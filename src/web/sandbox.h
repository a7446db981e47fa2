/*
 * Sandbox: the front of the atlas gives up what it does not need before it reads the first byte
 * from anybody.
 *
 * On Linux, in this order: root becomes uid and gid 65534 without groups; every capability is
 * dropped, also from the bounding set where that is permitted; no_new_privs; not dumpable (nobody
 * of the same uid reads its memory or descriptors); Landlock (5.13): no file but below the
 * directories named, no TCP bind or connect where the kernel knows that (6.7); a seccomp list of
 * the system calls that the front makes, and EPERM for all others, but the process is killed for
 * those that only an attacker makes (execve, ptrace, ...). What stays: reading and writing
 * descriptors that are open, accepting connections on listening ones, memory, threads, clocks.
 *
 * To be called while the process has one thread, with everything open that it needs: of what is
 * given up, some is given up by the calling thread alone, and inherited by those it starts.
 * Elsewhere (sandbox-none.c) nothing is given up, and that is said.
 */
#pragma once

#include "base/str.h"

/* What is needed still. */
struct sandbox_wish {
	/* Directories whose files may be opened to read, NULL-terminated; NULL = none. Those that
	 * do not exist are passed over. */
	const char *const *readable;
};

/*
 * Enter. `in_force` gets one line that says what is ("uid 65534, no capabilities, ..."); `missing`
 * gets a line for each thing that could not be had ("seccomp: Operation not permitted"), each with
 * its line feed: a warning, not an error. Returns 0, or a negative errno when root could not be
 * given up or privileges would stay: then the caller must end.
 */
int sandbox_enter(const struct sandbox_wish *wish, struct str *in_force,
		  struct str *missing) BERTH_MUST_CHECK;
